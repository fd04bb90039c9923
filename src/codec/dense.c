/*
 * dense.c - the coder for size, from indices to payload and back.
 *
 *     indices -> tokens -> dealt to lanes -> contexts -> rANS -> payload
 *
 * The modules below each do one arrow: token.c, walk.c, context.c, rans.c.
 * Without a named book this file also makes one, from the tensor's own counts:
 * as few contexts as pay for their tables.
 *
 * What it leaves out: adapting while coding. Measured on real activations,
 * tables from calibration were within a per cent of what adaptive ones
 * reach, and cost neither bytes nor time.
 */
#include "codec/dense.h"

#include <stdlib.h>
#include <string.h>

#include "codec/book.h"
#include "codec/choice.h"
#include "codec/context.h"
#include "codec/rans.h"
#include "codec/token.h"
#include "codec/walk.h"

/* Readable and writable behind every array, for whole vectors. */
#define SLACK 64

/* In the byte of the lanes: which of them are loud follows. */
#define HAS_LOUD 0x80u

struct clv_dense {
    enum clv_path path;
    struct clv_walk walk;
    struct clv_contexts contexts;
    struct clv_book *own; /* the book of a payload that brings one */
    uint8_t *tokens;      /* row-major */
    uint8_t *walked;
    uint8_t *context_of; /* each walked token's context */
    uint8_t *words;
    size_t capacity; /* of each, in tokens */
};

struct clv_dense *clv_dense_new(enum clv_path path)
{
    struct clv_dense *dense = calloc(1, sizeof *dense);

    if (dense != NULL) {
        dense->path = path;
        dense->own = clv_book_new();
        clv_contexts_init(&dense->contexts);
    }
    if (dense != NULL && dense->own == NULL) {
        free(dense);
        dense = NULL;
    }
    return dense;
}

void clv_dense_take(struct clv_dense *dense, enum clv_path path)
{
    dense->path = path;
}

static void free_arrays(struct clv_dense *dense)
{
    free(dense->tokens);
    free(dense->walked);
    free(dense->context_of);
    free(dense->words);
    dense->tokens = NULL;
    dense->walked = NULL;
    dense->context_of = NULL;
    dense->words = NULL;
    dense->capacity = 0;
}

void clv_dense_free(struct clv_dense *dense)
{
    if (dense != NULL) {
        free_arrays(dense);
        clv_book_free(dense->own);
        clv_contexts_fini(&dense->contexts);
        free(dense);
    }
}

/* Room for a walk's tokens in each of the arrays. */
static cleave_status reserve(struct clv_dense *dense)
{
    size_t size = clv_walk_size(&dense->walk);

    if (size <= dense->capacity) {
        return CLEAVE_OK;
    }
    free_arrays(dense);
    dense->tokens = malloc(size + SLACK);
    dense->walked = malloc(size + SLACK);
    dense->context_of = malloc(size + SLACK);
    dense->words = malloc(SLACK + 2 * size + SLACK);
    if (dense->tokens == NULL || dense->walked == NULL ||
        dense->context_of == NULL || dense->words == NULL) {
        free_arrays(dense);
        return CLEAVE_MEMORY;
    }
    dense->capacity = size;
    return CLEAVE_OK;
}

static size_t elements(const cleave_tensor_info *info)
{
    size_t count = 1;

    for (size_t i = 0; i < info->rank; i++) {
        count *= (size_t)info->shape[i];
    }
    return count;
}

static int suits(const struct clv_book *book, const struct clv_walk *walk,
                 int is_signed)
{
    return (book->is_signed != 0) == (is_signed != 0) &&
           (book->bias_count == 0 || book->bias_count == walk->planes);
}

/* Contexts of the whole walk; tokens that `limits` forbids become escapes. */
static cleave_status find_contexts(struct clv_dense *dense,
                                   const struct clv_book *book,
                                   const uint8_t *limits)
{
    struct clv_contexts *c = &dense->contexts;
    size_t row_size = dense->walk.width * dense->walk.lanes;
    size_t at = 0;

    if (!clv_contexts_begin(c, dense->path, book, &dense->walk)) {
        return CLEAVE_MEMORY;
    }
    for (size_t block = 0; block < dense->walk.blocks; block++) {
        clv_contexts_block(c, block);
        for (size_t row = 0; row < dense->walk.rows; row++) {
            clv_contexts_whole(c, row, limits, dense->walked + at,
                               dense->context_of + at);
            at += row_size;
        }
    }
    return CLEAVE_OK;
}

/* For each context the least token it lacks. 0 if one has no escape: then not
   every tensor can be coded. */
static int limits_of(const struct clv_book *book, uint8_t *limits)
{
    memset(limits, CLV_TOKENS, CLV_CONTEXTS_ALL);
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        unsigned token = 0;
        if (c / 4 > book->threshold_count || c % 4 > book->cut_count) {
            continue;
        }
        while (token < CLV_TOKEN_ESCAPE && book->frequency[c][token] > 0) {
            token++;
        }
        limits[c] = (uint8_t)token;
        if (book->frequency[c][CLV_TOKEN_ESCAPE] == 0) {
            return 0;
        }
    }
    return 1;
}

/* Makes the book that goes along: contexts are found with the richest plain
   book, and clv_choice_make merges what does not pay. */
static cleave_status make_own_book(struct clv_dense *dense, int is_signed)
{
    uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS];
    struct clv_book *own = dense->own;
    size_t size = clv_walk_size(&dense->walk);
    cleave_status status;

    clv_choice_richest(own, is_signed);
    status = find_contexts(dense, own, NULL);
    if (status != CLEAVE_OK) {
        return status;
    }
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < size; i++) {
        counts[dense->context_of[i]][dense->walked[i]]++;
    }
    clv_choice_make(own, counts);
    return find_contexts(dense, own, NULL);
}

static cleave_status put_payload(struct clv_dense *dense,
                                 const struct clv_book *book, int own,
                                 struct clv_buffer *into)
{
    const struct clv_codes *codes = clv_book_codes(book);
    const struct clv_walk *walk = &dense->walk;
    size_t steps = clv_walk_size(walk) / walk->lanes;
    uint8_t *end = dense->words + SLACK + 2 * clv_walk_size(walk);
    struct clv_rans_encoder e;
    size_t quiet;

    if (codes == NULL) {
        return CLEAVE_MEMORY;
    }
    quiet = clv_rans_encode_quiet(&e, codes, walk->lanes, dense->context_of,
                                  dense->walked, steps, end);
    clv_rans_encode(dense->path, &e, codes, dense->context_of, dense->walked,
                    steps - quiet);
    if (own) {
        clv_book_write(book, into);
    }
    clv_put_u8(into, (uint8_t)((unsigned)__builtin_ctzl(walk->lanes) |
                               (e.loud != 0 ? HAS_LOUD : 0)));
    clv_put_u8(into, (uint8_t)quiet);
    if (e.loud != 0) {
        clv_rans_put_loud(&e, into);
    }
    clv_rans_put_states(&e, into);
    return clv_buffer_append(into, e.at, (size_t)(end - e.at));
}

/* `most` is the greatest token there was before some became escapes. */
static cleave_status put_extra(struct clv_dense *dense, const int16_t *indices,
                               int is_signed, unsigned most,
                               struct clv_buffer *into)
{
    if (most < CLV_TOKEN_PLAIN && !dense->contexts.escaped) {
        return CLEAVE_OK;
    }
    clv_walk_gather(dense->path, &dense->walk, dense->walked, dense->tokens);
    clv_tokens_put_extra(dense->tokens, indices, dense->walk.count, is_signed,
                         into);
    return clv_buffer_status(into);
}

cleave_status clv_dense_encode(struct clv_dense *dense, const int16_t *indices,
                               const cleave_tensor_info *info, int is_signed,
                               const struct clv_book *book,
                               struct clv_buffer *into)
{
    uint8_t limits[CLV_CONTEXTS_ALL];
    size_t count = elements(info);
    const struct clv_book *used = book;
    unsigned most;
    cleave_status status;

    if (count == 0) {
        return CLEAVE_OK;
    }
    clv_walk_init(&dense->walk, info, count, clv_walk_lanes(info, count));
    if (book != NULL &&
        (!suits(book, &dense->walk, is_signed) || !limits_of(book, limits))) {
        return CLEAVE_INVALID;
    }
    status = reserve(dense);
    if (status != CLEAVE_OK) {
        return status;
    }
    most = clv_tokens_of(dense->path, indices, count, is_signed, dense->tokens);
    clv_walk_deal(dense->path, &dense->walk, dense->tokens, dense->walked);
    if (book != NULL) {
        status = find_contexts(dense, book, limits);
    } else {
        status = make_own_book(dense, is_signed);
        used = dense->own;
    }
    if (status == CLEAVE_OK) {
        status = put_payload(dense, used, book == NULL, into);
    }
    return status == CLEAVE_OK
               ? put_extra(dense, indices, is_signed, most, into)
               : status;
}

static cleave_status decode_walk(struct clv_dense *dense,
                                 const struct clv_book *book, size_t quiet,
                                 struct clv_rans_decoder *d)
{
    struct clv_contexts *c = &dense->contexts;
    const uint32_t *slots = clv_book_slots(book);
    size_t width = dense->walk.width;
    size_t loud = clv_walk_size(&dense->walk) / dense->walk.lanes - quiet;
    uint8_t *tokens = dense->walked;

    if (slots == NULL ||
        !clv_contexts_begin(c, dense->path, book, &dense->walk)) {
        return CLEAVE_MEMORY;
    }
    for (size_t block = 0; block < dense->walk.blocks; block++) {
        clv_contexts_block(c, block);
        for (size_t row = 0; row < dense->walk.rows; row++) {
            size_t here = loud < width ? loud : width;
            clv_contexts_base(c, row, dense->context_of);
            clv_rans_decode_row(dense->path, d, slots, dense->context_of, width,
                                here, tokens);
            clv_contexts_learn(c, row, tokens);
            if (clv_rans_is_short(d)) {
                return CLEAVE_CORRUPT; /* however much the header promises */
            }
            tokens += width * dense->walk.lanes;
            loud -= here;
        }
    }
    return clv_rans_is_done(d) ? CLEAVE_OK : CLEAVE_CORRUPT;
}

/* What stands before the words. */
static cleave_status read_head(struct clv_dense *dense, struct clv_reader *r,
                               const cleave_tensor_info *info, size_t count,
                               size_t *ret_quiet, struct clv_rans_decoder *d)
{
    unsigned byte = clv_read_u8(r);
    unsigned log2_lanes = byte & ~HAS_LOUD;
    size_t quiet = clv_read_u8(r);

    if (r->failed || log2_lanes > CLV_LANES_LOG2_MAX) {
        return CLEAVE_CORRUPT;
    }
    clv_walk_init(&dense->walk, info, count, (size_t)1 << log2_lanes);
    if (quiet > clv_walk_size(&dense->walk) / dense->walk.lanes) {
        return CLEAVE_CORRUPT;
    }
    memset(d->low, 0, sizeof d->low);
    if ((byte & HAS_LOUD) != 0) {
        clv_rans_read_loud(d, dense->walk.lanes, r);
    }
    clv_rans_read_states(d, dense->walk.lanes, r);
    *ret_quiet = quiet;
    return r->failed ? CLEAVE_CORRUPT : reserve(dense);
}

/* Words are read past their end by vectors, so they are moved to where that
   does no harm. */
static void move_words(struct clv_dense *dense, struct clv_reader *r,
                       struct clv_rans_decoder *d)
{
    size_t left = clv_reader_left(r);
    size_t room = 2 * dense->capacity;

    /* More than this no walk can use; the rest is extra bits. */
    size_t words = left < room ? left : room;

    memcpy(dense->words, r->at, words);
    memset(dense->words + words, 0, CLV_RANS_SLACK);
    d->at = dense->words;
    d->end = dense->words + words;
}

cleave_status clv_dense_decode(struct clv_dense *dense, clv_bytes payload,
                               const cleave_tensor_info *info, int is_signed,
                               const struct clv_book *book, int16_t *indices)
{
    size_t count = elements(info);
    struct clv_rans_decoder d;
    struct clv_reader r;
    size_t quiet;
    cleave_status status = CLEAVE_OK;

    if (count == 0) {
        return payload.size == 0 ? CLEAVE_OK : CLEAVE_CORRUPT;
    }
    clv_reader_init(&r, payload);
    if (book == NULL) {
        status = clv_book_read_into(&r, dense->own);
        book = dense->own;
    }
    if (status == CLEAVE_OK) {
        status = read_head(dense, &r, info, count, &quiet, &d);
    }
    if (status == CLEAVE_OK && !suits(book, &dense->walk, is_signed)) {
        status = CLEAVE_CORRUPT;
    }
    if (status == CLEAVE_OK) {
        move_words(dense, &r, &d);
        status = decode_walk(dense, book, quiet, &d);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    r.at += d.at - dense->words;
    clv_walk_gather(dense->path, &dense->walk, dense->walked, dense->tokens);
    if (!clv_tokens_to_indices(dense->path, dense->tokens, count, is_signed, &r,
                               indices)) {
        return CLEAVE_CORRUPT;
    }
    return r.failed || clv_reader_left(&r) > 0 ? CLEAVE_CORRUPT : CLEAVE_OK;
}
