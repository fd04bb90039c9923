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
 * 2^15, and for the first steps none sheds words. These `quiet` steps fill
 * the states with what would otherwise be 15 wasted bits a lane. A lane that
 * says so much more than the others that it is full long before them (a plane
 * of rare values) is `loud`: it starts at 2^15 and sheds words throughout.
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

static void encode_token(struct clv_rans_encoder *e, size_t lane,
                         struct clv_code code)
{
    uint32_t *x = &e->state[lane];

    if (is_full(*x, code)) {
        *--e->at = (uint8_t)(*x >> 8);
        *--e->at = (uint8_t)*x;
        *x >>= 16;
    }
    *x = put(*x, code);
}

static void encode_portable(struct clv_rans_encoder *e,
                            const struct clv_codes *codes,
                            const uint8_t *contexts, const uint8_t *tokens,
                            size_t steps)
{
    for (size_t i = steps * e->lanes; i-- > 0;) {
        encode_token(e, i % e->lanes, codes->of[contexts[i]][tokens[i]]);
    }
}

#if defined(__x86_64__)
#define HAS(path, wanted) ((path) >= (wanted))
#else
#define HAS(path, wanted) ((void)(path), 0)
#endif

void clv_rans_encode(enum clv_path path, struct clv_rans_encoder *e,
                     const struct clv_codes *codes, const uint8_t *contexts,
                     const uint8_t *tokens, size_t steps)
{
    if (HAS(path, CLV_PATH_AVX2) && e->lanes >= 8) {
        clv_rans_encode_avx2(e, codes, contexts, tokens, steps);
    } else {
        encode_portable(e, codes, contexts, tokens, steps);
    }
}

/* What the last steps would put into a lane that starts at 1. */
struct fill {
    unsigned fits;                    /* steps until it is full */
    uint8_t bits[CLV_RANS_QUIET + 1]; /* of the state after so many steps */
};

static void measure(struct fill *fill, const struct clv_codes *codes,
                    size_t lanes, const uint8_t *contexts,
                    const uint8_t *tokens, size_t steps)
{
    uint32_t x = 1;
    unsigned n = 0;

    for (fill->bits[0] = 0; n < CLV_RANS_QUIET && n < steps; n++) {
        size_t i = (steps - n - 1) * lanes;
        struct clv_code code = codes->of[contexts[i]][tokens[i]];
        if (is_full(x, code)) {
            break;
        }
        x = put(x, code);
        fill->bits[n + 1] = (uint8_t)(31 - __builtin_clz(x));
    }
    fill->fits = n;
}

/* Bits that are wasted with so many quiet steps, and who is loud then. */
static unsigned waste_of(const struct fill *fills, size_t lanes, unsigned quiet,
                         uint32_t *ret_loud)
{
    unsigned waste = 0;
    uint32_t loud = 0;

    for (size_t lane = 0; lane < lanes; lane++) {
        if (fills[lane].fits < quiet) {
            loud |= 1u << lane;
            waste += 15;
        } else if (fills[lane].bits[quiet] < 15) {
            waste += 15u - fills[lane].bits[quiet];
        }
    }
    *ret_loud = loud;
    return loud != 0 ? waste + (unsigned)(lanes + 7) / 8 * 8 : waste;
}

/* The number of quiet steps that wastes least: as many as fit some lane. */
static unsigned choose_quiet(const struct fill *fills, size_t lanes,
                             uint32_t *ret_loud)
{
    unsigned least = UINT32_MAX;
    unsigned quiet = 0;

    for (size_t lane = 0; lane < lanes; lane++) {
        uint32_t loud;
        unsigned waste = waste_of(fills, lanes, fills[lane].fits, &loud);
        if (waste < least) {
            least = waste;
            quiet = fills[lane].fits;
            *ret_loud = loud;
        }
    }
    return quiet;
}

/*
 * A lane's state after its last `quiet` steps, started at 1 or, where it then
 * said too little to be above 2^15, at the least power of two with which it
 * is. 0 if with that it is too full: a state may leap over all of its bounds,
 * since a start below a frequency counts for nothing and one above for all.
 */
static uint32_t fill_lane(const struct clv_codes *codes, size_t lanes,
                          const uint8_t *contexts, const uint8_t *tokens,
                          size_t quiet)
{
    uint32_t x = 0;

    for (uint32_t start = 1; x < CLV_RANS_LOW; start *= 2) {
        x = start;
        for (size_t step = quiet; step-- > 0;) {
            struct clv_code code =
                codes->of[contexts[step * lanes]][tokens[step * lanes]];
            if (is_full(x, code)) {
                return 0;
            }
            x = put(x, code);
        }
    }
    return x;
}

/* Loud lanes through the quiet steps, as through all others. */
static void encode_loud(struct clv_rans_encoder *e,
                        const struct clv_codes *codes, const uint8_t *contexts,
                        const uint8_t *tokens, size_t quiet)
{
    for (size_t i = quiet * e->lanes; i-- > 0;) {
        size_t lane = i % e->lanes;
        if ((e->loud >> lane & 1) != 0) {
            encode_token(e, lane, codes->of[contexts[i]][tokens[i]]);
        }
    }
}

size_t clv_rans_encode_quiet(struct clv_rans_encoder *e,
                             const struct clv_codes *codes, size_t lanes,
                             const uint8_t *contexts, const uint8_t *tokens,
                             size_t steps, uint8_t *end)
{
    struct fill fills[CLV_LANES_MAX];
    size_t quiet;

    e->lanes = lanes;
    e->at = end;
    for (size_t lane = 0; lane < lanes; lane++) {
        measure(&fills[lane], codes, lanes, contexts + lane, tokens + lane,
                steps);
    }
    quiet = choose_quiet(fills, lanes, &e->loud);
    contexts += (steps - quiet) * lanes;
    tokens += (steps - quiet) * lanes;
    for (size_t lane = 0; lane < lanes; lane++) {
        uint32_t x = 0;
        if ((e->loud >> lane & 1) == 0) {
            x = fill_lane(codes, lanes, contexts + lane, tokens + lane, quiet);
        }
        if (x == 0) {
            e->loud |= 1u << lane;
            x = CLV_RANS_LOW;
        }
        e->state[lane] = x;
    }
    encode_loud(e, codes, contexts, tokens, quiet);
    return quiet;
}

void clv_rans_put_loud(const struct clv_rans_encoder *e,
                       struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    clv_put_bits(&bits, e->loud, (unsigned)e->lanes);
    clv_bit_writer_end(&bits);
}

void clv_rans_read_loud(struct clv_rans_decoder *d, size_t lanes,
                        struct clv_reader *r)
{
    struct clv_bit_reader bits;

    clv_bit_reader_init(&bits, r);
    for (size_t lane = 0; lane < lanes; lane++) {
        d->low[lane] = clv_read_bits(&bits, 1) != 0 ? CLV_RANS_LOW : 0;
    }
    clv_bit_reader_end(&bits);
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
            if (x < (col < loud ? CLV_RANS_LOW : d->low[lane])) {
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

int clv_rans_is_short(const struct clv_rans_decoder *d)
{
    return d->at > d->end;
}

int clv_rans_is_done(const struct clv_rans_decoder *d)
{
    if (clv_rans_is_short(d)) {
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
