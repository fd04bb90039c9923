/*
 * coded.c - one tensor as dense sends it, opened up again.
 *
 * The ideal length is computed as the encoder walks (src/codec/dense.c), but
 * from the decoded indices and on the portable path: a frame that its own
 * decoder cannot read has no ideal length here either.
 */
#include "bench/coded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stage.h"
#include "codec/bits.h"
#include "codec/book.h"
#include "codec/context.h"
#include "codec/symbol.h"
#include "codec/token.h"
#include "codec/walk.h"

/* Readable behind arrays, for whole vectors. */
#define SLACK 64

/* An escape is followed by its true token. */
#define ESCAPE_BITS 6

static void *must_alloc(size_t size)
{
    void *memory = malloc(size + SLACK);

    stage_must(memory != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "memory");
    return memory;
}

void coded_init(struct coded *c, const struct clv_calibration *calibration)
{
    *c = (struct coded){.calibration = calibration};
    clv_buffer_init(&c->message, SIZE_MAX / 2);
    stage_must(clv_codec_new(calibration, &c->codec), NULL, "codec");
    c->dense = clv_dense_new(clv_processor_best());
    stage_must(c->dense != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "dense");
}

void coded_fini(struct coded *c)
{
    clv_buffer_fini(&c->message);
    clv_codec_free(c->codec);
    clv_dense_free(c->dense);
    free(c->indices);
    free(c->symbol_memory);
}

static void reserve(struct coded *c, size_t count)
{
    if (count > c->capacity || c->indices == NULL) {
        free(c->indices);
        free(c->symbol_memory);
        c->indices = must_alloc(count * sizeof *c->indices);
        c->symbol_memory = must_alloc(count);
        c->capacity = count;
    }
}

static void find_symbols(struct coded *c)
{
    c->symbols = c->symbol_memory;
    for (size_t i = 0; i < c->frame.elements; i++) {
        unsigned symbol = clv_symbol(c->indices[i], c->frame.is_signed);
        if (symbol > UINT8_MAX) {
            c->symbols = NULL;
            return;
        }
        c->symbol_memory[i] = (uint8_t)symbol;
    }
}

int coded_make(struct coded *c, const cleave_tensor *tensor, double step_sd)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = step_sd, .step_in_sd = 1};

    clv_buffer_reset(&c->message);
    stage_must(clv_codec_pack(c->codec, &packing, tensor, 1, &c->message, &err),
               &err, tensor->info.name);
    stage_must(clv_frame_read(clv_buffer_bytes(&c->message), c->calibration,
                              &c->frame, &err),
               &err, tensor->info.name);
    if (c->frame.coder != CLV_CODER_DENSE) {
        return 0;
    }
    reserve(c, (size_t)c->frame.elements);
    stage_must(clv_dense_decode(c->dense, c->frame.payload, &c->frame.info,
                                c->frame.is_signed, c->frame.book, c->indices),
               NULL, tensor->info.name);
    find_symbols(c);
    return 1;
}

/* -- The ideal length -- */

static double bits_of(const struct clv_book *book, unsigned context,
                      unsigned token)
{
    return log2((double)CLV_SLOTS / book->frequency[context][token]);
}

/* `coded` is the token, or the escape that the encoder makes of it. */
static void add_token(const struct clv_book *book, unsigned context,
                      unsigned token, unsigned coded, struct coded_ideal *ideal)
{
    unsigned extra = clv_token_extra(token);
    double escape =
        ESCAPE_BITS + bits_of(book, context, CLV_TOKEN_ESCAPE) + extra;
    double plain = bits_of(book, context, token) + extra;

    ideal->bits += book->frequency[context][token] > 0 ? plain : escape;
    ideal->escaping_bits += coded == CLV_TOKEN_ESCAPE ? escape : plain;
}

/* For each context the least token that it lacks. */
static void find_limits(const struct clv_book *book, uint8_t *limits)
{
    memset(limits, CLV_TOKENS, CLV_CONTEXTS_ALL);
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        uint8_t token = 0;
        while (token < CLV_TOKEN_ESCAPE && book->frequency[c][token] > 0) {
            token++;
        }
        if (c / 4 <= book->threshold_count && c % 4 <= book->cut_count) {
            limits[c] = token;
        }
    }
}

struct sum {
    const struct clv_book *book;
    const struct clv_walk *walk;
    uint8_t *walked;  /* tokens */
    uint8_t *escaped; /* the same with the encoder's escapes */
    uint8_t *contexts;
};

static void add_row(const struct sum *s, size_t at, size_t count,
                    struct coded_ideal *ideal)
{
    for (size_t i = at; i < at + count; i++) {
        if (s->contexts[i] < CLV_CONTEXTS) { /* else void */
            add_token(s->book, s->contexts[i], s->walked[i], s->escaped[i],
                      ideal);
        }
    }
}

static struct coded_ideal sum_up(const struct sum *s)
{
    uint8_t limits[CLV_CONTEXTS_ALL];
    struct coded_ideal ideal = {0};
    struct clv_contexts c;
    size_t row_size = s->walk->width * s->walk->lanes;
    size_t at = 0;

    find_limits(s->book, limits);
    clv_contexts_init(&c);
    stage_must(clv_contexts_begin(&c, CLV_PATH_PORTABLE, s->book, s->walk)
                   ? CLEAVE_OK
                   : CLEAVE_MEMORY,
               NULL, "contexts");
    for (size_t block = 0; block < s->walk->blocks; block++) {
        clv_contexts_block(&c, block);
        for (size_t row = 0; row < s->walk->rows; row++) {
            clv_contexts_whole(&c, row, limits, s->escaped + at,
                               s->contexts + at);
            add_row(s, at, row_size, &ideal);
            at += row_size;
        }
    }
    clv_contexts_fini(&c);
    return ideal;
}

/* The book in the payload, NULL if it is a named one. */
static struct clv_book *read_own_book(const struct coded *c)
{
    struct clv_book *own = NULL;
    struct clv_reader r;

    clv_reader_init(&r, c->frame.payload);
    if (c->frame.book == NULL) {
        stage_must(clv_book_read(&r, &own), NULL, "book");
    }
    return own;
}

struct coded_ideal coded_find_ideal(const struct coded *c)
{
    struct clv_book *own = read_own_book(c);
    size_t count = (size_t)c->frame.elements;
    uint8_t *tokens = must_alloc(count);
    struct clv_walk walk;
    struct sum s = {.book = own != NULL ? own : c->frame.book, .walk = &walk};
    struct coded_ideal ideal;
    size_t size;

    clv_walk_init(&walk, &c->frame.info, count,
                  clv_walk_lanes(&c->frame.info, count));
    size = clv_walk_size(&walk);
    s.walked = must_alloc(size);
    s.escaped = must_alloc(size);
    s.contexts = must_alloc(size);
    clv_tokens_of(CLV_PATH_PORTABLE, c->indices, count, c->frame.is_signed,
                  tokens);
    clv_walk_deal(CLV_PATH_PORTABLE, &walk, tokens, s.walked);
    memcpy(s.escaped, s.walked, size);
    ideal = sum_up(&s);
    free(tokens);
    free(s.walked);
    free(s.escaped);
    free(s.contexts);
    clv_book_free(own);
    return ideal;
}
