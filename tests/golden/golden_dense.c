/*
 * golden_dense.c - the dense coder's other end, as plain as refdec.
 *
 * It goes through the walk as a decoder would and notes for each position
 * what is coded there; then it codes the notes from the last to the first.
 * Any book, any number of lanes, any number of quiet steps: what the
 * library's encoder would never choose is what decoders should be tried on.
 */
#include "golden.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "codec/bits.h"

#define ESCAPE 40

/* What is coded at a position, and at which slots. */
struct note {
    int is_void;
    unsigned frequency, cumulative;
};

struct dense {
    const struct golden_book *book;
    size_t count, planes, height, width, bands, rows, blocks, steps, lanes;
    unsigned threshold[7], up, right, energy_weight;
    uint8_t *tokens; /* of each element, escapes as they are */
    uint8_t *coded;  /* the same, escapes as 40 */
    unsigned *energy;
    unsigned *sums;
    struct note *notes;
    uint32_t loud; /* a bit for each lane */
};

static unsigned symbol_of(int16_t index, int is_signed)
{
    return is_signed ? (unsigned)clv_zigzag(index) : (unsigned)index;
}

static unsigned extra_bits(unsigned token)
{
    return token < 16 ? 0 : (token - 16) / 2 + 3;
}

static unsigned token_of(unsigned symbol)
{
    unsigned e = 4;

    if (symbol < 16) {
        return symbol;
    }
    while (symbol >> (e + 1) != 0) {
        e++;
    }
    return 16 + 2 * (e - 4) + (symbol >> (e - 1) & 1);
}

static void *room(size_t count, size_t each)
{
    void *memory = calloc(count + 1, each);

    if (memory == NULL) {
        golden_die("out of memory");
    }
    return memory;
}

static void walk_init(struct dense *d, const struct golden_form *form)
{
    d->count = golden_count(form);
    d->width = form->rank > 0 ? form->dim[form->rank - 1] : 1;
    d->height = form->rank > 1 ? form->dim[form->rank - 2] : 1;
    d->planes = d->count / d->width / d->height;
    if (d->planes * d->height < 32 && d->count >= 1024) {
        d->planes = 1;
        d->height = 32;
        d->width = (d->count + 31) / 32;
    }
    for (d->bands = 1; d->bands < d->height; d->bands++) {
        if (d->planes * d->bands >= d->lanes) {
            break;
        }
    }
    d->rows = (d->height + d->bands - 1) / d->bands;
    d->blocks = (d->planes * d->bands + d->lanes - 1) / d->lanes;
    d->steps = d->blocks * d->rows * d->width;
}

static void book_init(struct dense *d, const struct golden_book *book)
{
    static const unsigned plain[7] = {24, 72, 120, 168, 216, 255, 255};

    d->book = book;
    d->up = book->is_plain ? 48 : book->up;
    d->right = book->is_plain ? 8 : book->right;
    d->energy_weight = book->is_plain ? 0 : book->energy;
    memcpy(d->threshold, book->is_plain ? plain : book->threshold,
           sizeof d->threshold);
    for (size_t i = 0; i < d->rows * d->width; i++) {
        d->energy[i] = book->is_plain ? 0 : book->e0;
    }
}

static unsigned magnitude(const struct dense *d, size_t element)
{
    unsigned token = d->coded[element];
    unsigned m = d->book->is_signed ? (token + 1) / 2 : token;

    return m < 15 ? m : 15;
}

static const unsigned *table_at(const struct dense *d, size_t element,
                                size_t row, size_t column)
{
    size_t plane = element / d->width / d->height;
    unsigned rest = d->energy_weight * d->energy[row * d->width + column] / 64;
    unsigned left = column > 0 ? magnitude(d, element - 1) : 0;
    unsigned i = 0, k = 0;

    if (row > 0) {
        rest += d->up * magnitude(d, element - d->width);
    }
    if (row > 0 && column + 1 < d->width) {
        rest += d->right * magnitude(d, element - d->width + 1);
    }
    if (d->book->biases > 0 && !d->book->is_plain) {
        rest += d->book->bias[plane];
    }
    rest = rest < 255 ? rest : 255;
    for (unsigned t = 0; t < d->book->threshold_count; t++) {
        i += d->threshold[t] <= rest;
    }
    for (unsigned t = 0; t < d->book->cut_count; t++) {
        k += d->book->cut[t] <= left;
    }
    return d->book->frequency[i][k];
}

/* Notes one position. */
static void note_position(struct dense *d, size_t block, size_t position,
                          size_t lane)
{
    size_t row = position / d->width;
    size_t column = position % d->width;
    size_t strip = block * d->lanes + lane;
    size_t y = strip % d->bands * d->rows + row;
    size_t element = (strip / d->bands * d->height + y) * d->width + column;
    size_t step = block * d->rows * d->width + position;
    struct note *note = &d->notes[step * d->lanes + lane];
    const unsigned *table = NULL;
    unsigned token = 0;

    note->is_void =
        strip >= d->planes * d->bands || y >= d->height || element >= d->count;
    if (note->is_void) {
        return;
    }
    table = table_at(d, element, row, column);
    token = d->tokens[element];
    token = table[token] > 0 ? token : ESCAPE;
    d->coded[element] = (uint8_t)token;
    note->frequency = table[token];
    for (unsigned t = 0; t < token; t++) {
        note->cumulative += table[t];
    }
    if (note->frequency == 0) {
        golden_die("a table has neither the token nor the escape");
    }
    d->sums[position] += magnitude(d, element) < 3 ? magnitude(d, element) : 3;
}

static void note_all(struct dense *d)
{
    for (size_t block = 0; block < d->blocks; block++) {
        memset(d->sums, 0, d->rows * d->width * sizeof *d->sums);
        for (size_t i = 0; i < d->rows * d->width; i++) {
            for (size_t lane = 0; lane < d->lanes; lane++) {
                note_position(d, block, i, lane);
            }
        }
        for (size_t i = 0; i < d->rows * d->width; i++) {
            unsigned a = 64 * d->sums[i] / (unsigned)d->lanes;

            d->energy[i] = block == 0 ? a : (3 * d->energy[i] + a + 2) / 4;
        }
    }
}

/* A lane's state after its last `quiet` steps, 0 if it leaves its bounds. */
static uint32_t fill(const struct dense *d, size_t lane, unsigned quiet,
                     uint32_t start)
{
    uint64_t x = start;

    for (size_t step = d->steps; step-- > d->steps - quiet;) {
        const struct note *note = &d->notes[step * d->lanes + lane];

        if (!note->is_void) {
            x = x / note->frequency * 1024 + note->cumulative +
                x % note->frequency;
        }
        if (x >= (uint64_t)1 << 31) {
            return 0;
        }
    }
    return x >= 1 << 15 ? (uint32_t)x : 0;
}

/* Fills all states; 0 if one cannot hold as many steps. */
static int fill_all(const struct dense *d, const struct golden_lanes *lanes,
                    unsigned quiet, uint32_t *states)
{
    for (size_t lane = 0; lane < d->lanes; lane++) {
        if (d->loud >> lane & 1) {
            states[lane] = lanes->start != 0 ? lanes->start : 1 << 15;
            continue;
        }
        states[lane] = fill(d, lane, quiet, lanes->start);
        for (unsigned e = 0; lanes->start == 0 && e <= 15; e++) {
            states[lane] = fill(d, lane, quiet, 1u << e);
            if (states[lane] != 0) {
                break;
            }
        }
        if (states[lane] == 0) {
            return 0;
        }
    }
    return 1;
}

/* Codes all steps but those that are quiet. Words come out last first. */
static size_t code_all(const struct dense *d, unsigned quiet, uint32_t *states,
                       uint16_t *words)
{
    size_t count = 0;

    for (size_t i = d->steps * d->lanes; i-- > 0;) {
        const struct note *note = &d->notes[i];
        uint32_t *x = &states[i % d->lanes];

        if (note->is_void || (i / d->lanes >= d->steps - quiet &&
                              (d->loud >> i % d->lanes & 1) == 0)) {
            continue;
        }
        if (*x >= (uint64_t)note->frequency << 21) {
            words[count++] = (uint16_t)*x;
            *x >>= 16;
        }
        *x = *x / note->frequency * 1024 + note->cumulative +
             *x % note->frequency;
    }
    return count;
}

static void put_loud(const struct dense *d, struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    for (size_t lane = 0; lane < d->lanes; lane++) {
        clv_put_bits(&bits, d->loud >> lane & 1, 1);
    }
    clv_bit_writer_end(&bits);
}

static void put_states(const uint32_t *states, size_t lanes,
                       struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    for (size_t lane = 0; lane < lanes; lane++) {
        unsigned e = 0;

        while (states[lane] >> (e + 16) != 0) {
            e++;
        }
        clv_put_bits(&bits, e, 4);
        clv_put_bits(&bits, states[lane] - (1u << (e + 15)), e + 15);
    }
    clv_bit_writer_end(&bits);
}

static void put_extra(const struct dense *d, const int16_t *indices,
                      struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    for (size_t i = 0; i < d->count; i++) {
        unsigned extra = extra_bits(d->tokens[i]);
        unsigned symbol = symbol_of(indices[i], d->book->is_signed);

        if (d->coded[i] == ESCAPE) {
            clv_put_bits(&bits, d->tokens[i], 6);
        }
        clv_put_bits(&bits, symbol & ((1u << extra) - 1), extra);
    }
    clv_bit_writer_end(&bits);
}

static void put_code(struct dense *d, const struct golden_lanes *lanes,
                     unsigned *quiet, struct clv_buffer *into)
{
    uint16_t *words = room(d->steps * d->lanes, sizeof *words);
    uint32_t states[32];
    size_t count = 0;

    *quiet = lanes->quiet < d->steps ? lanes->quiet : (unsigned)d->steps;
    while (!fill_all(d, lanes, *quiet, states)) {
        if (*quiet == 0) {
            golden_die("no start fits the states");
        }
        --*quiet;
    }
    count = code_all(d, *quiet, states, words);
    clv_put_u8(into,
               (uint8_t)(lanes->log2_lanes | (lanes->has_loud ? 128u : 0)));
    clv_put_u8(into, (uint8_t)*quiet);
    if (lanes->has_loud) {
        put_loud(d, into);
    }
    put_states(states, d->lanes, into);
    while (count > 0) {
        clv_put_u16(into, words[--count]);
    }
    free(words);
}

unsigned golden_put_dense(const struct golden_form *form,
                          const struct golden_book *book,
                          const struct golden_lanes *lanes,
                          const int16_t *indices, struct clv_buffer *into)
{
    struct dense d = {.lanes = (size_t)1 << lanes->log2_lanes,
                      .loud = lanes->has_loud ? lanes->loud : 0};
    unsigned quiet = 0;

    walk_init(&d, form);
    d.tokens = room(d.count, 1);
    d.coded = room(d.count, 1);
    d.energy = room(d.rows * d.width, sizeof *d.energy);
    d.sums = room(d.rows * d.width, sizeof *d.sums);
    d.notes = room(d.steps * d.lanes, sizeof *d.notes);
    book_init(&d, book);
    for (size_t i = 0; i < d.count; i++) {
        d.tokens[i] = (uint8_t)token_of(symbol_of(indices[i], book->is_signed));
    }
    note_all(&d);
    put_code(&d, lanes, &quiet, into);
    put_extra(&d, indices, into);
    free(d.tokens);
    free(d.coded);
    free(d.energy);
    free(d.sums);
    free(d.notes);
    return quiet;
}

static void put_table(const unsigned *frequency, struct clv_bit_writer *bits)
{
    unsigned listed = ESCAPE;
    unsigned left = 1024;

    while (listed > 0 && frequency[listed - 1] == 0) {
        listed--;
    }
    clv_put_bits(bits, listed, 6);
    for (unsigned t = 0; t < listed; t++) {
        unsigned length = 0;

        while (left >> length != 0) {
            length++;
        }
        clv_put_bits(bits, frequency[t], length);
        left -= frequency[t];
    }
}

void golden_put_book(const struct golden_book *book, struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_put_u8(into, (uint8_t)(book->threshold_count | book->cut_count << 3 |
                               (book->is_plain ? 1u << 5 : 0) |
                               (book->is_signed ? 1u << 6 : 0)));
    for (unsigned i = 0; i < book->cut_count; i++) {
        clv_put_u8(into, (uint8_t)book->cut[i]);
    }
    if (!book->is_plain) {
        clv_put_u8(into, (uint8_t)book->up);
        clv_put_u8(into, (uint8_t)book->right);
        clv_put_u8(into, (uint8_t)book->energy);
        clv_put_u8(into, (uint8_t)book->e0);
        for (unsigned i = 0; i < book->threshold_count; i++) {
            clv_put_u8(into, (uint8_t)book->threshold[i]);
        }
        clv_put_varint(into, book->biases);
        clv_buffer_append(into, book->bias, book->biases);
    }
    clv_bit_writer_init(&bits, into);
    for (unsigned i = 0; i <= book->threshold_count; i++) {
        for (unsigned k = 0; k <= book->cut_count; k++) {
            put_table(book->frequency[i][k], &bits);
        }
    }
    clv_bit_writer_end(&bits);
}

uint32_t golden_hash(const struct golden_book *book)
{
    struct clv_buffer bytes;
    uint32_t hash = 0;

    clv_buffer_init(&bytes, GOLDEN_BYTES_MAX);
    golden_put_book(book, &bytes);
    hash = XXH32(bytes.data, bytes.size, 0);
    clv_buffer_fini(&bytes);
    return hash;
}

void golden_table(unsigned frequency[GOLDEN_TOKENS], unsigned zero,
                  unsigned listed)
{
    unsigned left = 1023 - zero;

    memset(frequency, 0, GOLDEN_TOKENS * sizeof frequency[0]);
    frequency[0] = zero;
    for (unsigned t = 1; t < listed; t++) {
        frequency[t] = (left + 1) / 2;
        left -= frequency[t];
    }
    frequency[ESCAPE] = left + 1;
}

void golden_tables(struct golden_book *book, unsigned zero, unsigned listed)
{
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned k = 0; k < 4; k++) {
            golden_table(book->frequency[i][k], zero, listed);
        }
    }
}
