/*
 * ref_dense.c - the payload dense: the walk, the contexts, rANS, the bits.
 *
 *     for each step (block, row, column), for each lane:
 *         neighbours -> context -> token, and the lane's state goes on
 *     for each element: its extra bits
 *
 * Tokens are kept, one byte an element, so that a neighbour's magnitude is a
 * look back. The two passes stay apart as they do in the bytes.
 */
#include <string.h>

#include "ref.h"

struct dense {
    struct ref_reader *in;
    const struct ref_book *book;
    struct ref_walk walk;
    uint64_t bands, rows, blocks, steps;
    unsigned lanes, quiet;
    unsigned loud[32];
    uint32_t state[32];
    uint8_t *tokens; /* one an element */
    uint8_t *energy; /* one a position of strips */
    uint8_t *sums;   /* likewise: what the block adds to it */
};

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static void plan_walk(struct dense *d)
{
    const struct ref_walk *walk = &d->walk;

    d->bands = 1;
    while (d->bands < walk->height && walk->planes * d->bands < d->lanes) {
        d->bands++;
    }
    d->rows = (walk->height + d->bands - 1) / d->bands;
    d->blocks = (walk->planes * d->bands + d->lanes - 1) / d->lanes;
    d->steps = d->blocks * d->rows * walk->width;
}

static void states_read(struct dense *d)
{
    for (unsigned l = 0; l < d->lanes; l++) {
        unsigned e = ref_bits(d->in, 4);

        d->state[l] = ((uint32_t)1 << (e + 15)) + ref_bits(d->in, e + 15);
    }
    ref_bits_end(d->in);
}

static unsigned magnitude(const struct dense *d, uint64_t element)
{
    unsigned token = d->tokens[element];

    return smaller(15, d->book->is_signed ? (token + 1) / 2 : token);
}

/* The context of an element in this row of its strip. */
static unsigned context_of(const struct dense *d, uint64_t element,
                           uint64_t plane, uint64_t row, uint64_t column)
{
    const struct ref_book *book = d->book;
    uint64_t width = d->walk.width;
    unsigned up = row > 0 ? magnitude(d, element - width) : 0;
    unsigned left = column > 0 ? magnitude(d, element - 1) : 0;
    unsigned energy = d->energy[row * width + column];
    unsigned rest = book->up * up + book->energy * energy / 64;
    unsigned context = 0;

    if (row > 0 && column + 1 < width) {
        rest += book->right * magnitude(d, element - width + 1);
    }
    if (book->biases > 0) {
        rest += book->bias[plane];
    }
    rest = smaller(rest, 255);
    for (unsigned i = 0; i < book->thresholds; i++) {
        context += book->threshold[i] <= rest ? 4 : 0;
    }
    for (unsigned i = 0; i < book->cuts; i++) {
        context += book->cut[i] <= left ? 1 : 0;
    }
    return context;
}

/* Takes a token from a lane's state. */
static unsigned token_next(struct dense *d, unsigned lane, unsigned context,
                           uint64_t step)
{
    const unsigned *frequency = d->book->frequency[context];
    uint32_t x = d->state[lane];
    uint32_t slot = x % 1024;
    unsigned token = 0, cumulative = 0;

    while (slot >= cumulative + frequency[token]) {
        cumulative += frequency[token];
        token++;
    }
    x = frequency[token] * (x / 1024) + slot - cumulative;
    if ((step + d->quiet < d->steps || d->loud[lane]) && x < 1u << 15) {
        x = x << 16 | ref_u16(d->in);
    }
    d->state[lane] = x;
    return token;
}

/* One step: this position of the strips of a block, for all lanes. */
static void step_decode(struct dense *d, uint64_t block, uint64_t row,
                        uint64_t column)
{
    const struct ref_walk *walk = &d->walk;
    uint64_t position = row * walk->width + column;
    uint64_t step = block * d->rows * walk->width + position;

    d->sums[position] = 0;
    for (unsigned l = 0; l < d->lanes; l++) {
        uint64_t strip = block * d->lanes + l;
        uint64_t plane = strip / d->bands;
        uint64_t y = strip % d->bands * d->rows + row;
        uint64_t element = (plane * walk->height + y) * walk->width + column;
        unsigned context = 0;

        if (plane >= walk->planes || y >= walk->height ||
            element >= walk->elements) {
            continue; /* void */
        }
        context = context_of(d, element, plane, row, column);
        d->tokens[element] = (uint8_t)token_next(d, l, context, step);
        d->sums[position] =
            (uint8_t)(d->sums[position] + smaller(3, magnitude(d, element)));
    }
}

/* What the energy becomes after a block. */
static void energy_learn(struct dense *d, uint64_t block)
{
    for (uint64_t i = 0; i < d->rows * d->walk.width; i++) {
        unsigned a = 64u * d->sums[i] / d->lanes;
        unsigned e = d->energy[i];

        d->energy[i] = (uint8_t)(block == 0 ? a : (3 * e + a + 2) / 4);
    }
}

static void tokens_decode(struct dense *d)
{
    for (uint64_t block = 0; block < d->blocks; block++) {
        for (uint64_t row = 0; row < d->rows; row++) {
            for (uint64_t column = 0; column < d->walk.width; column++) {
                step_decode(d, block, row, column);
            }
        }
        energy_learn(d, block);
    }
    for (unsigned l = 0; l < d->lanes; l++) {
        uint32_t x = d->state[l];

        if (x == 0 || x > 1u << 15 || (x & (x - 1)) != 0) {
            ref_refuse(d->in, "a lane does not end where one begins");
        }
    }
}

/* The symbol of a token: 1, a bit of the token's, and the extra bits. */
static uint16_t symbol_read(struct ref_reader *in, unsigned token)
{
    unsigned e = 0;

    if (token == REF_ESCAPE) {
        token = ref_bits(in, 6);
        if (token >= REF_ESCAPE) {
            ref_refuse(in, "an escape stands for no token");
        }
    }
    if (token < 16) {
        return (uint16_t)token;
    }
    e = (token - 16) / 2 + 4;
    return (uint16_t)((2 + token % 2) << (e - 1) | ref_bits(in, e - 1));
}

void ref_dense_decode(struct ref_reader *in, const struct ref_shape *shape,
                      int is_signed, const struct ref_book *book,
                      uint16_t *symbols)
{
    struct dense d = {.in = in, .walk = ref_walk_over(shape), .book = book};
    unsigned exponent = 0;
    int has_loud;

    if (book == NULL) {
        struct ref_book *own = ref_take(in, 1, sizeof *own);

        ref_book_read(in, own);
        d.book = own;
    }
    if (d.book->is_signed != is_signed) {
        ref_refuse(in, "frame and book differ in whether they are signed");
    }
    if (d.book->biases > 0 && d.book->biases != d.walk.planes) {
        ref_refuse(in, "the number of biases is not that of planes");
    }
    exponent = ref_u8(in);
    has_loud = exponent >= 128;
    exponent %= 128;
    if (exponent > 5) {
        ref_refuse(in, "there are more than 32 lanes");
    }
    d.lanes = 1u << exponent;
    d.quiet = ref_u8(in);
    for (unsigned lane = 0; lane < d.lanes; lane++) {
        d.loud[lane] = has_loud ? (unsigned)ref_bits(in, 1) : 0;
    }
    if (has_loud) {
        ref_bits_end(in);
    }
    plan_walk(&d);
    if (d.quiet > d.steps) {
        ref_refuse(in, "there are more quiet steps than steps");
    }
    states_read(&d);
    d.tokens = ref_take(in, (size_t)shape->elements, 1);
    d.energy = ref_take(in, (size_t)(d.rows * d.walk.width), 1);
    d.sums = ref_take(in, (size_t)(d.rows * d.walk.width), 1);
    memset(d.energy, (int)d.book->e0, (size_t)(d.rows * d.walk.width));
    tokens_decode(&d);
    for (uint64_t i = 0; i < shape->elements; i++) {
        symbols[i] = symbol_read(in, d.tokens[i]);
    }
    ref_bits_end(in);
}
