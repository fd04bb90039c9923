/*
 * fast_sets.h - sets of a block's symbols, and how they travel.
 *
 * A block is 512 symbols in 8 groups of 64, and a set of them is a word of 64
 * bits for each group. A set within another travels as one bit for each
 * member of the other, so `pext` packs it and `pdep` unpacks it, 64 symbols at
 * a time. All groups take a step before the next step begins: that keeps steps
 * of one group from waiting for each other.
 *
 * This file, fast_encode.h and fast_decode.h are code over primitives, and are
 * compiled once for each path. The file that includes them first defines
 * KERNEL (what stands before a function) and the primitives; those of bytes
 * are for all 512 of a block, or 64 of a group:
 *
 *     pext, pdep, ones     of one word
 *     at_least, bits_at    the set of bytes >= t; with bit k set
 *     less_one             every byte less 1, but 0 stays
 *     greatest             of all bytes
 *     set_group            a number for the bytes of a word, 0 for others
 *     add_group            adds a number to the bytes of a word
 *     split_narrow         indices to symbols; 0 if one is wider than a byte
 *     join_narrow          and back
 */
#ifndef CLV_FAST_SETS_H
#define CLV_FAST_SETS_H

#include <string.h>

#include "codec/fast_paths.h"
#include "codec/symbol.h"

#define EACH_GROUP(g) for (size_t g = 0; g < CLV_FAST_GROUPS; g++)

#define FOURS 0x1111111111111111u
#define SIXTEENS 0x0001000100010001u

/* What stands in a block's first byte, if it is no special one. */
struct way {
    unsigned turn;
    unsigned mask;
    unsigned low;
    unsigned levels;
};

/* ---- bit streams ---- */

struct bits_out {
    uint8_t *at;
    uint64_t word; /* what of the stream is at `at` already */
    unsigned fill; /* bits of it, below 64 */
};

/* `value` has no bits above the `count` that are written, 0 to 64. */
KERNEL void put(struct bits_out *out, uint64_t value, unsigned count)
{
    uint64_t beyond = (value >> 1) >> (63 - out->fill);
    unsigned total = out->fill + count;

    out->word |= value << out->fill;
    memcpy(out->at, &out->word, 8);
    out->at += total / 64 * 8;
    out->word = total >= 64 ? beyond : out->word;
    out->fill = total % 64;
}

/* Fills the last byte; returns where the stream ends. */
KERNEL uint8_t *put_end(struct bits_out *out)
{
    memcpy(out->at, &out->word, 8);
    return out->at + (out->fill + 7) / 8;
}

/* The 64 bits from a place on. */
KERNEL uint64_t peek(const uint8_t *in, size_t bit)
{
    uint64_t word;

    memcpy(&word, in + bit / 8, 8);
    return word >> bit % 8 | (uint64_t)in[bit / 8 + 8] << 1 << (63 - bit % 8);
}

/* At least 57 of them, which is less work. */
KERNEL uint64_t peek_57(const uint8_t *in, size_t bit)
{
    uint64_t word;

    memcpy(&word, in + bit / 8, 8);
    return word >> bit % 8;
}

/* ---- sets ---- */

/* How many of a block's `count` symbols are in a group. */
KERNEL unsigned group_size(size_t count, size_t group)
{
    size_t after = count > 64 * group ? count - 64 * group : 0;

    return (unsigned)(after < 64 ? after : 64);
}

/* The lowest bits of a word. */
KERNEL uint64_t lowest(unsigned bits)
{
    return bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
}

/* The first `count` symbols. */
KERNEL void set_first(struct clv_fast_set *set, size_t count)
{
    EACH_GROUP(g)
    {
        set->groups[g] = lowest(group_size(count, g));
    }
}

KERNEL unsigned set_size(const struct clv_fast_set *set)
{
    unsigned size = 0;

    UNROLLED
    EACH_GROUP(g)
    {
        size += ones(set->groups[g]);
    }
    return size;
}

/* The same, and whether a group has more than 57 members. */
KERNEL unsigned set_measure(const struct clv_fast_set *set, int *ret_crowded)
{
    unsigned size = 0;
    unsigned all = 0;

    UNROLLED
    EACH_GROUP(g)
    {
        unsigned members = ones(set->groups[g]);
        size += members;
        all |= members + 6; /* 64 or more above 57 */
    }
    *ret_crowded = all >= 64;
    return size;
}

/* Those fours, or sixteens of fours, in which something is set. */
KERNEL uint64_t fours_of(uint64_t word)
{
    word |= word >> 1;
    word |= word >> 2;
    return word & FOURS;
}

KERNEL uint64_t sixteens_of(uint64_t fours)
{
    fours |= fours >> 4;
    fours |= fours >> 8;
    return fours & SIXTEENS;
}

/* A set among all symbols; whole ones are copied if they stand on a byte. */
KERNEL void put_all(struct bits_out *out, const struct clv_fast_set *set,
                    size_t count)
{
    if (count == CLV_FAST_BLOCK && out->fill == 0) {
        memcpy(out->at, set, sizeof *set);
        out->at += sizeof *set;
        return;
    }
    for (size_t g = 0; 64 * g < count; g++) {
        put(out, set->groups[g], group_size(count, g));
    }
}

KERNEL void put_within(struct bits_out *out, const struct clv_fast_set *inner,
                       const struct clv_fast_set *outer)
{
    UNROLLED
    EACH_GROUP(g)
    {
        put(out, pext(inner->groups[g], outer->groups[g]),
            ones(outer->groups[g]));
    }
}

/* The reverse; `at` is the bit of `in`. Return the bit after what is read. */
KERNEL size_t get_all(const uint8_t *in, size_t at, size_t count,
                      struct clv_fast_set *ret_set)
{
    if (count == CLV_FAST_BLOCK && at % 8 == 0) {
        memcpy(ret_set, in + at / 8, sizeof *ret_set);
        return at + count;
    }
    set_first(ret_set, count);
    for (size_t g = 0; 64 * g < count; g++) {
        ret_set->groups[g] &= peek(in, at + 64 * g);
    }
    return at + count;
}

/*
 * Reads a set within `outer`, whose groups stand for themselves times `by`: 15
 * makes fours of flags. Both sets may be the same.
 */
KERNEL size_t get_within(const uint8_t *in, size_t at,
                         const struct clv_fast_set *outer, uint64_t by,
                         struct clv_fast_set *ret_inner)
{
    UNROLLED
    EACH_GROUP(g)
    {
        uint64_t members = outer->groups[g] * by;
        ret_inner->groups[g] = pdep(peek(in, at), members);
        at += ones(members);
    }
    return at;
}

/* ---- few members ---- */

#define FEW 64

/*
 * At most 64 members fit one word, whichever groups they are of, and a step
 * of theirs is one word's. Numbers of theirs are kept as planes: bit i of
 * planes[k] is bit k of member i's.
 */
struct few {
    const struct clv_fast_set *members;
    uint64_t all; /* a bit for each member */
    unsigned count;
};

KERNEL void few_init(struct few *f, const struct clv_fast_set *members)
{
    f->members = members;
    f->count = set_size(members);
    f->all = lowest(f->count);
}

/* A set within the members as a word. */
KERNEL uint64_t few_gather(const struct few *f, const struct clv_fast_set *set)
{
    uint64_t word = 0;
    unsigned at = 0;

    UNROLLED
    EACH_GROUP(g)
    {
        word |= pext(set->groups[g], f->members->groups[g]) << at % 64;
        at += ones(f->members->groups[g]);
    }
    return word;
}

/* Adds a number to the bytes of the members in a word. */
KERNEL void few_add(const struct few *f, uint64_t word, unsigned number,
                    uint8_t *bytes)
{
    unsigned at = 0;

    UNROLLED
    EACH_GROUP(g)
    {
        uint64_t members = f->members->groups[g];
        add_group(bytes + 64 * g, pdep(word >> at % 64, members), number);
        at += ones(members);
    }
}

/*
 * Counts up or down by one, for some members, in `width` planes; returns those
 * that went over. Called with constants, to be unrolled into registers.
 */
KERNEL uint64_t count_up(uint64_t *planes, unsigned width, uint64_t some)
{
    UNROLLED
    for (unsigned k = 0; k < width; k++) {
        uint64_t carry = planes[k] & some;
        planes[k] ^= some;
        some = carry;
    }
    return some;
}

KERNEL void count_down(uint64_t *planes, unsigned width, uint64_t some)
{
    UNROLLED
    for (unsigned k = 0; k < width; k++) {
        uint64_t borrow = some & ~planes[k];
        planes[k] ^= some;
        some = borrow;
    }
}

#endif
