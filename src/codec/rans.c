/*
 * rans.c - the reference coder, one token after the other.
 *
 * What a step does to a state x, for a token with frequency f that starts at
 * slot c (both out of 1024):
 *
 *     encode   x' = floor(x / f) * 1024 + c + x mod f
 *     decode   x  = f * floor(x' / 1024) + x' mod 1024 - c
 *
 * Before encoding, x sheds a word if x' would have more than 31 bits; after
 * decoding, x takes one if it has less than 16. Since states are 16 to 31
 * bits, there is never more than one.
 *
 * At its end an encoder has nothing to say yet: it starts lanes at 1, not at
 * 2^15, and for the first steps, until one lane is full, none sheds words.
 * These `quiet` steps fill the states with what would otherwise be 15 wasted
 * bits a lane.
 */
#include "codec/rans.h"

#include <string.h>

#include "codec/rans_avx2.h"
#include "codec/rans_avx512.h"

static unsigned frequency_of(struct clv_code code)
{
    return code.packed & 0x7ff;
}

/* One token into a state that has room for it. */
static uint32_t put(uint32_t x, struct clv_code code)
{
    uint32_t frequency = frequency_of(code);
    uint32_t bias = code.packed >> 11 & 0x7ff;
    uint32_t quotient =
        (uint32_t)((uint64_t)x * code.reciprocal >> 32) >> (code.packed >> 22);

    return x + bias + quotient * (CLV_SLOTS - frequency);
}

static int is_full(uint32_t x, struct clv_code code)
{
    return x >= frequency_of(code) << 21;
}

static void encode_portable(struct clv_rans_encoder *e,
                            const struct clv_book *book,
                            const uint8_t *contexts, const uint8_t *tokens,
                            size_t steps)
{
    for (size_t i = steps * e->lanes; i-- > 0;) {
        struct clv_code code = book->codes[contexts[i]][tokens[i]];
        uint32_t *x = &e->state[i % e->lanes];
        if (is_full(*x, code)) {
            *--e->at = (uint8_t)(*x >> 8);
            *--e->at = (uint8_t)*x;
            *x >>= 16;
        }
        *x = put(*x, code);
    }
}

#if defined(__x86_64__)
#define HAS(path, wanted) ((path) >= (wanted))
#else
#define HAS(path, wanted) 0
#endif

void clv_rans_encode(enum clv_path path, struct clv_rans_encoder *e,
                     const struct clv_book *book, const uint8_t *contexts,
                     const uint8_t *tokens, size_t steps)
{
    if (HAS(path, CLV_PATH_AVX2) && e->lanes >= 8) {
        clv_rans_encode_avx2(e, book, contexts, tokens, steps);
    } else {
        encode_portable(e, book, contexts, tokens, steps);
    }
}

/* True if no lane of this step is full. */
static int step_is_quiet(const struct clv_rans_encoder *e,
                         const struct clv_book *book, const uint8_t *contexts,
                         const uint8_t *tokens)
{
    for (size_t lane = 0; lane < e->lanes; lane++) {
        if (is_full(e->state[lane],
                    book->codes[contexts[lane]][tokens[lane]])) {
            return 0;
        }
    }
    return 1;
}

/*
 * A lane's state after its last `quiet` steps, started at 1 or, where it then
 * said too little to be above 2^15, at the least power of two with which it
 * is. 0 if with that it is too full: a state may leap over all of its bounds,
 * since a start below a frequency counts for nothing and one above for all.
 */
static uint32_t fill_lane(const struct clv_book *book, size_t lanes,
                          const uint8_t *contexts, const uint8_t *tokens,
                          size_t quiet)
{
    uint32_t x = 0;

    for (uint32_t start = 1; x < CLV_RANS_LOW; start *= 2) {
        x = start;
        for (size_t step = quiet; step-- > 0;) {
            struct clv_code code =
                book->codes[contexts[step * lanes]][tokens[step * lanes]];
            if (is_full(x, code)) {
                return 0;
            }
            x = put(x, code);
        }
    }
    return x;
}

/* Fills all lanes with their last `quiet` steps; 0 if one cannot. */
static int fill(struct clv_rans_encoder *e, const struct clv_book *book,
                const uint8_t *contexts, const uint8_t *tokens, size_t quiet)
{
    for (size_t lane = 0; lane < e->lanes; lane++) {
        e->state[lane] =
            fill_lane(book, e->lanes, contexts + lane, tokens + lane, quiet);
        if (e->state[lane] == 0) {
            return 0;
        }
    }
    return 1;
}

/* How many steps from the end fit into all lanes. */
static size_t count_quiet(struct clv_rans_encoder *e,
                          const struct clv_book *book, const uint8_t *contexts,
                          const uint8_t *tokens, size_t steps)
{
    size_t quiet = 0;

    for (size_t lane = 0; lane < e->lanes; lane++) {
        e->state[lane] = 1;
    }
    while (quiet < steps && quiet < CLV_RANS_QUIET) {
        size_t at = (steps - quiet - 1) * e->lanes;
        if (!step_is_quiet(e, book, contexts + at, tokens + at)) {
            break;
        }
        for (size_t lane = 0; lane < e->lanes; lane++) {
            e->state[lane] =
                put(e->state[lane],
                    book->codes[contexts[at + lane]][tokens[at + lane]]);
        }
        quiet++;
    }
    return quiet;
}

size_t clv_rans_encode_quiet(struct clv_rans_encoder *e,
                             const struct clv_book *book, size_t lanes,
                             const uint8_t *contexts, const uint8_t *tokens,
                             size_t steps, uint8_t *end)
{
    size_t quiet;

    e->lanes = lanes;
    e->at = end;
    quiet = count_quiet(e, book, contexts, tokens, steps);
    while (!fill(e, book, contexts + (steps - quiet) * lanes,
                 tokens + (steps - quiet) * lanes, quiet)) {
        quiet /= 2; /* without quiet steps any lane starts at 2^15 */
    }
    return quiet;
}

void clv_rans_put_states(const struct clv_rans_encoder *e,
                         struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    for (size_t lane = 0; lane < e->lanes; lane++) {
        unsigned e15 = 16u - (unsigned)__builtin_clz(e->state[lane]);
        clv_put_bits(&bits, e15, 4);
        clv_put_bits(&bits, e->state[lane] - (CLV_RANS_LOW << e15), e15 + 15);
    }
    clv_bit_writer_end(&bits);
}

void clv_rans_read_states(struct clv_rans_decoder *d, size_t lanes,
                          struct clv_reader *r)
{
    struct clv_bit_reader bits;

    d->lanes = lanes;
    clv_bit_reader_init(&bits, r);
    for (size_t lane = 0; lane < lanes; lane++) {
        uint32_t e15 = clv_read_bits(&bits, 4);
        d->state[lane] = (CLV_RANS_LOW << e15) + clv_read_bits(&bits, e15 + 15);
    }
    clv_bit_reader_end(&bits);
}

/* The next word; past the end any, and `at` stays past it. */
static uint32_t take_word(struct clv_rans_decoder *d)
{
    uint32_t word;

    if (d->end - d->at < 2) {
        d->at = d->end + 1;
        return 0;
    }
    word = d->at[0] | (uint32_t)d->at[1] << 8;
    d->at += 2;
    return word;
}

static void decode_portable(struct clv_rans_decoder *d, const uint32_t *slots,
                            const uint8_t *base, size_t width, size_t loud,
                            uint8_t *tokens)
{
    uint32_t left[CLV_LANES_MAX] = {0};
    size_t i = 0;

    for (size_t col = 0; col < width; col++) {
        for (size_t lane = 0; lane < d->lanes; lane++, i++) {
            uint32_t x = d->state[lane];
            uint32_t slot = x & (CLV_SLOTS - 1);
            uint32_t entry =
                slots[(uint32_t)base[i] << CLV_SLOT_BITS | left[lane] | slot];
            x = (entry >> 12 & 0x7ff) * (x >> CLV_SLOT_BITS) +
                (entry & (CLV_SLOTS - 1));
            if (col < loud && x < CLV_RANS_LOW) {
                x = x << 16 | take_word(d);
            }
            d->state[lane] = x;
            left[lane] = entry & 3u << CLV_SLOT_BITS;
            tokens[i] = (uint8_t)(entry >> 23);
        }
    }
}

void clv_rans_decode_row(enum clv_path path, struct clv_rans_decoder *d,
                         const uint32_t *slots, const uint8_t *base,
                         size_t width, size_t loud, uint8_t *tokens)
{
    if (HAS(path, CLV_PATH_AVX512) && d->lanes >= 16) {
        clv_rans_decode_row_avx512(d, slots, base, width, loud, tokens);
    } else if (HAS(path, CLV_PATH_AVX2) && d->lanes >= 8) {
        clv_rans_decode_row_avx2(d, slots, base, width, loud, tokens);
    } else {
        decode_portable(d, slots, base, width, loud, tokens);
    }
}

int clv_rans_is_done(const struct clv_rans_decoder *d)
{
    if (d->at > d->end) {
        return 0;
    }
    for (size_t lane = 0; lane < d->lanes; lane++) {
        uint32_t x = d->state[lane];
        if (x == 0 || (x & (x - 1)) != 0 || x > CLV_RANS_LOW) {
            return 0;
        }
    }
    return 1;
}
