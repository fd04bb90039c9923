/*
 * ref_fast.c - the payload fast: blocks of 512 symbols, each in its way.
 *
 *     planes of a wide block -> mask -> low planes -> levels -> rest
 *         -> numbers n -> bytes -> turned back -> symbols
 *
 * Everything of a block is undone element by element, in the text's order.
 */
#include <string.h>

#include "ref.h"

#define BLOCK 512
#define STRETCH 128 /* blocks */

/* One block: its elements' numbers become bytes, and these symbols. */
struct block {
    struct ref_reader *in;
    unsigned count;
    int is_signed;
    int is_wide;
    int is_member[BLOCK];
    unsigned number[BLOCK];
};

/* Adds so many planes, from bit `first` on, to the numbers of some. */
static void planes_read(struct block *b, const int *some, unsigned first,
                        unsigned planes)
{
    for (unsigned k = first; k < first + planes; k++) {
        for (unsigned i = 0; i < b->count; i++) {
            if (some[i]) {
                b->number[i] += ref_bits(b->in, 1) << k;
            }
        }
    }
}

/*
 * Bits of groups whose own bit is 1: `inner` for each group, of which
 * `count` in all are there; others must be 0.
 */
static void inner_bits_read(struct block *b, const int *outer, unsigned groups,
                            int *inner, unsigned count)
{
    for (unsigned i = 0; i < 4 * groups; i++) {
        int bit = outer[i / 4] ? (int)ref_bits(b->in, 1) : 0;

        if (i < count) {
            inner[i] = bit;
        } else if (bit != 0) {
            ref_refuse(b->in, "a mask has a bit past the last element");
        }
    }
}

static void mask_read(struct block *b, unsigned mask)
{
    unsigned fours = (b->count + 3) / 4;
    unsigned sixteens = (b->count + 15) / 16;
    int sixteen[BLOCK / 16], four[BLOCK / 4];

    for (unsigned i = 0; mask < 2 && i < b->count; i++) {
        b->is_member[i] = mask == 0 ? 1 : (int)ref_bits(b->in, 1);
    }
    for (unsigned i = 0; mask == 2 && i < fours; i++) {
        four[i] = (int)ref_bits(b->in, 1);
    }
    if (mask == 3) {
        for (unsigned i = 0; i < sixteens; i++) {
            sixteen[i] = (int)ref_bits(b->in, 1);
        }
        fours = 4 * sixteens; /* some may be past the last element */
        inner_bits_read(b, sixteen, sixteens, four, fours);
    }
    if (mask >= 2) {
        inner_bits_read(b, four, fours, b->is_member, b->count);
    }
}

/* What h is, level by level, times 2^low. */
static void levels_read(struct block *b, unsigned levels, unsigned low)
{
    unsigned most = levels == 3 ? 16 : levels;
    int some[BLOCK];

    memcpy(some, b->is_member, sizeof some);
    for (unsigned t = 1; t <= most; t++) {
        for (unsigned i = 0; i < b->count; i++) {
            if (some[i]) {
                some[i] = (int)ref_bits(b->in, 1);
                b->number[i] += (unsigned)some[i] << low;
            }
        }
    }
    if (levels == 3) {
        planes_read(b, some, low, 8 - low);
    }
}

static void turn_back(struct block *b, unsigned turn)
{
    unsigned last = 0;

    for (unsigned i = 0; i < b->count; i++) {
        unsigned n = b->number[i];

        if (turn == 1) {
            last ^= n;
        } else if (turn == 2) {
            last += n % 2 == 0 ? n / 2 : 255 - n / 2;
            last %= 256;
        } else {
            last = n;
        }
        b->number[i] = last;
        if (turn == 2 && b->is_signed && !b->is_wide) { /* an index, to 127 */
            b->number[i] = last < 128 ? 2 * last : 2 * (255 - last) + 1;
        }
    }
}

/* The bytes of a block, by a way from 4 to 7 or from 16 on. */
static void bytes_read(struct block *b, unsigned way)
{
    unsigned levels = (way - 16) % 4;
    unsigned low = (way - 16) / 4 % 5;
    unsigned mask = (way - 16) / 20 % 4;
    unsigned turn = (way - 16) / 80;

    if (way < 16) {
        levels = mask = turn = 0;
        low = way + 1;
    }
    if (mask == 0 && low == 0 && levels == 0) {
        ref_refuse(b->in, "a block has no way to say its bytes");
    }
    mask_read(b, mask);
    planes_read(b, b->is_member, 0, low);
    levels_read(b, levels, low);
    for (unsigned i = 0; i < b->count; i++) {
        b->number[i] += mask > 0 && b->is_member[i] ? 1 : 0;
        if (b->number[i] > 255) {
            ref_refuse(b->in, "a byte is above 255");
        }
    }
    turn_back(b, turn);
}

static void block_read(struct ref_reader *in, unsigned way, int is_signed,
                       unsigned count, uint16_t *symbols)
{
    struct block b = {.in = in, .count = count, .is_signed = is_signed};
    unsigned planes = way >= 8 && way < 16 ? way - 7 : 0;
    unsigned wide[BLOCK] = {0};

    if (planes > 0) {
        way = ref_u8(in);
        if (way < 4 || (way >= 8 && way < 16)) {
            ref_refuse(in, "a wide block's second way says no bytes");
        }
        b.is_wide = 1;
        for (unsigned i = 0; i < planes * count; i++) {
            wide[i % count] |= ref_bits(in, 1) << (i / count);
        }
    }
    bytes_read(&b, way);
    ref_bits_end(in);
    for (unsigned i = 0; i < count; i++) {
        symbols[i] = (uint16_t)(b.number[i] << planes | wide[i]);
    }
}

/* How many blocks have the value that was read, from the one on that `at` is
   in: one, or as many as follow from a byte. */
static uint64_t run_read(struct ref_reader *in, unsigned way, uint64_t at,
                         uint64_t elements)
{
    uint64_t first = at / BLOCK;
    uint64_t last = first;

    if (way == 1 || way == 3) {
        last += 1 + ref_u8(in);
    }
    if (last > (elements - 1) / BLOCK || first / STRETCH != last / STRETCH) {
        ref_refuse(in, "a run of blocks goes on past its stretch");
    }
    return last - first + 1;
}

void ref_fast_decode(struct ref_reader *in, uint64_t elements, int is_signed,
                     uint16_t *symbols)
{
    uint64_t at = 0;

    while (at < elements) {
        unsigned way = ref_u8(in);
        unsigned symbol = way == 2 || way == 3 ? ref_u16(in) : 0;
        uint64_t blocks = run_read(in, way, at, elements);
        uint64_t end = at + blocks * BLOCK;

        end = end < elements ? end : elements;
        if (way >= 4) {
            block_read(in, way, is_signed, (unsigned)(end - at), symbols + at);
        } else {
            for (uint64_t i = at; i < end; i++) {
                symbols[i] = (uint16_t)symbol;
            }
        }
        at = end;
    }
}
