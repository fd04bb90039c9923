/*
 * fast_kernel.h - one block of the coder fast, over primitives.
 *
 * A block is 512 symbols in 8 groups of 64, and a set of symbols is a word of
 * 64 bits for each group. Coding works on such sets: "which symbols are at
 * least t", of those that were at least t - 1. A set within another travels
 * as one bit for each member of the other, so `pext` packs it and `pdep`
 * unpacks it, 64 symbols at a time. All groups take a step before the next
 * step begins: that keeps steps of one group from waiting for each other.
 *
 * The file that includes this defines KERNEL (what stands before a function)
 * and the primitives; those of bytes are for all 512 of a block:
 *
 *     pext, pdep, ones     of one word
 *     at_least, bits_at    the set of bytes >= t; with bit k set
 *     less_one             every byte less 1, but 0 stays
 *     greatest             of all bytes
 *     add_where            adds a number to the bytes of a set
 *     split_narrow         indices to symbols; 0 if one is wider than a byte
 *     join_narrow          and back
 */
#ifndef CLV_FAST_KERNEL_H
#define CLV_FAST_KERNEL_H

#include <string.h>

#include "codec/fast_paths.h"
#include "codec/symbol.h"

#define FOURS 0x1111111111111111u
#define SIXTEENS 0x0001000100010001u

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

/* ---- sets ---- */

/* The first `count` symbols. */
KERNEL void set_first(struct clv_fast_set *set, size_t count)
{
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        size_t some = count > 64 * g ? count - 64 * g : 0;
        set->groups[g] = some >= 64 ? UINT64_MAX : ((uint64_t)1 << some) - 1;
    }
}

KERNEL size_t set_size(const struct clv_fast_set *set)
{
    size_t size = 0;

    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        size += ones(set->groups[g]);
    }
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

KERNEL void put_within(struct bits_out *out, const struct clv_fast_set *inner,
                       const struct clv_fast_set *outer)
{
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        put(out, pext(inner->groups[g], outer->groups[g]),
            ones(outer->groups[g]));
    }
}

/* Reads it at bit `at`; returns the bit after it. */
KERNEL size_t get_within(const uint8_t *in, size_t at,
                         const struct clv_fast_set *outer,
                         struct clv_fast_set *inner)
{
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        inner->groups[g] = pdep(peek(in, at), outer->groups[g]);
        at += ones(outer->groups[g]);
    }
    return at;
}

/* ---- a way, and choosing it ---- */

struct way {
    unsigned turn;
    unsigned mask;
    unsigned low;
    unsigned levels;
};

/* What is known of a block's bytes when a way is chosen. */
struct traits {
    unsigned count;
    unsigned sum;
    unsigned greatest;
    unsigned significant; /* bytes not 0 */
    unsigned fours;       /* with a byte not 0 */
    unsigned sixteens;
};

KERNEL void traits_of(struct traits *t, const uint8_t *bytes,
                      const struct clv_fast_set *mask)
{
    t->greatest = greatest(bytes);
    t->significant = 0;
    t->fours = 0;
    t->sixteens = 0;
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        uint64_t fours = fours_of(mask->groups[g]);
        t->significant += ones(mask->groups[g]);
        t->fours += ones(fours);
        t->sixteens += ones(sixteens_of(fours));
    }
}

/* The number of low planes that suits a mean: about its logarithm. */
KERNEL unsigned low_for(unsigned sum, unsigned members)
{
    unsigned low = 0;

    low += 10 * sum > 14 * members;
    low += 10 * sum > 32 * members;
    low += 10 * sum > 68 * members;
    low += 10 * sum > 140 * members;
    return low;
}

KERNEL unsigned levels_for(unsigned greatest_rest, unsigned low)
{
    unsigned levels = greatest_rest >> low;

    return levels < CLV_FAST_OPEN ? levels : CLV_FAST_OPEN;
}

/* About how many bits `members` numbers with this sum take. */
KERNEL unsigned about_bits(unsigned sum, unsigned members, unsigned low,
                           unsigned levels)
{
    unsigned below = members * ((1u << low) - 1) / 2;
    unsigned ups = sum > below ? (sum - below) >> low : 0;
    unsigned ends = members;

    if (levels == 0) {
        ends = 0;
    } else if (levels < CLV_FAST_OPEN) {
        ends -= ups / levels < ends ? ups / levels : ends;
    }
    return members * low + ups + ends;
}

/* The bits of the shortest mask, and which that is. */
KERNEL unsigned shortest_mask(const struct traits *t, unsigned *ret_mask)
{
    unsigned fours = (t->count + 3) / 4 + 4 * t->fours;
    unsigned sixteens = (t->count + 15) / 16 + 4 * t->sixteens + 4 * t->fours;
    unsigned best = t->count;

    *ret_mask = CLV_FAST_FLAT;
    if (fours < best) {
        best = fours;
        *ret_mask = CLV_FAST_FOURS;
    }
    if (sixteens < best) {
        best = sixteens;
        *ret_mask = CLV_FAST_SIXTEENS;
    }
    return best;
}

/* Chooses all but the turn; returns about how many bits that takes. */
KERNEL unsigned choose(const struct traits *t, struct way *way)
{
    unsigned rest = t->sum - t->significant;
    unsigned low = low_for(rest, t->significant);
    unsigned levels = levels_for(t->greatest - 1, low);
    unsigned all_low = low_for(t->sum, t->count);
    unsigned all_levels = levels_for(t->greatest, all_low);
    unsigned mask;
    unsigned masked =
        shortest_mask(t, &mask) + about_bits(rest, t->significant, low, levels);
    unsigned unmasked = about_bits(t->sum, t->count, all_low, all_levels);

    if (unmasked <= masked) {
        *way = (struct way){way->turn, CLV_FAST_NO_MASK, all_low, all_levels};
        return unmasked;
    }
    *way = (struct way){way->turn, mask, low, levels};
    return masked;
}

/* ---- encoding ---- */

KERNEL void put_planes(struct bits_out *out, const uint8_t *bytes,
                       unsigned planes, const struct clv_fast_set *members)
{
    struct clv_fast_set set;

    for (unsigned k = 0; k < planes; k++) {
        bits_at(bytes, k, &set);
        put_within(out, &set, members);
    }
}

KERNEL void put_fours(struct bits_out *out, const struct clv_fast_set *mask,
                      size_t count)
{
    for (size_t g = 0; 64 * g < count; g++) {
        size_t some = count - 64 * g < 64 ? count - 64 * g : 64;
        put(out, pext(fours_of(mask->groups[g]), FOURS),
            (unsigned)(some + 3) / 4);
    }
}

KERNEL void put_sixteens(struct bits_out *out, const struct clv_fast_set *mask,
                         size_t count)
{
    for (size_t g = 0; 64 * g < count; g++) {
        size_t some = count - 64 * g < 64 ? count - 64 * g : 64;
        uint64_t sixteens = sixteens_of(fours_of(mask->groups[g]));
        put(out, pext(sixteens, SIXTEENS), (unsigned)(some + 15) / 16);
    }
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        uint64_t fours = fours_of(mask->groups[g]);
        uint64_t sixteens = sixteens_of(fours);
        put(out, pext(fours, sixteens * 0x1111), 4 * ones(sixteens));
    }
}

/* Writes the mask; `members` becomes what the rest is written of. */
KERNEL void put_mask(struct bits_out *out, unsigned kind, size_t count,
                     const struct clv_fast_set *mask,
                     struct clv_fast_set *members)
{
    set_first(members, count);
    if (kind == CLV_FAST_NO_MASK) {
        return;
    }
    if (kind == CLV_FAST_FLAT) {
        put_within(out, mask, members);
        *members = *mask;
        return;
    }
    if (kind == CLV_FAST_FOURS) {
        put_fours(out, mask, count);
    } else {
        put_sixteens(out, mask, count);
    }
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        uint64_t fours = fours_of(mask->groups[g]);
        put(out, pext(mask->groups[g], fours * 15), 4 * ones(fours));
    }
    *members = *mask;
}

KERNEL void above_level(const uint8_t *bytes, unsigned least,
                        struct clv_fast_set *above)
{
    if (least > UINT8_MAX) {
        memset(above, 0, sizeof *above);
    } else {
        at_least(bytes, least, above);
    }
}

/* What is left above the last level: the bytes' high bits, less it. */
KERNEL void put_left(struct bits_out *out, const uint8_t *bytes, unsigned low,
                     const struct clv_fast_set *members)
{
    uint8_t left[CLV_FAST_BLOCK];

    for (size_t i = 0; i < CLV_FAST_BLOCK; i++) {
        left[i] = (uint8_t)((bytes[i] >> low) - CLV_FAST_LEVELS);
    }
    put_planes(out, left, 8 - low, members);
}

KERNEL void put_levels(struct bits_out *out, const uint8_t *bytes,
                       const struct way *way, struct clv_fast_set *members)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;
    struct clv_fast_set above;

    for (unsigned level = 1; level <= most; level++) {
        if (way->levels == CLV_FAST_OPEN && set_size(members) == 0) {
            return;
        }
        above_level(bytes, level << way->low, &above);
        put_within(out, &above, members);
        *members = above;
    }
    if (way->levels == CLV_FAST_OPEN && set_size(members) > 0) {
        put_left(out, bytes, way->low, members);
    }
}

KERNEL void put_way(struct bits_out *out, uint8_t *bytes, const struct way *way,
                    size_t count, const struct clv_fast_set *mask)
{
    struct clv_fast_set members;

    put_mask(out, way->mask, count, mask, &members);
    if (way->mask != CLV_FAST_NO_MASK) {
        less_one(bytes);
    }
    put_planes(out, bytes, way->low, &members);
    put_levels(out, bytes, way, &members);
}

KERNEL unsigned width_of(unsigned byte)
{
    unsigned width = 0;

    while (byte >> width != 0) {
        width++;
    }
    return width;
}

/* The byte that says so many planes of all symbols. */
KERNEL uint8_t plain_code(unsigned width)
{
    return (uint8_t)(width <= CLV_FAST_LOW_MAX
                         ? CLV_FAST_WAYS + width * 4
                         : CLV_FAST_PLAIN + width - CLV_FAST_LOW_MAX - 1);
}

KERNEL uint8_t way_code(const struct way *way)
{
    return (uint8_t)(CLV_FAST_WAYS +
                     ((way->turn * 4 + way->mask) * 5 + way->low) * 4 +
                     way->levels);
}

/* Starts a block: the shift, the byte `code`, the low planes. */
KERNEL struct bits_out begin(const struct clv_fast_symbols *s, uint8_t code,
                             size_t count, uint8_t *out)
{
    struct bits_out bits = {out, 0, 0};
    struct clv_fast_set all;

    if (s->shift > 0) {
        *bits.at++ = (uint8_t)(CLV_FAST_SHIFT + s->shift - 1);
    }
    *bits.at++ = code;
    if (s->shift > 0) {
        set_first(&all, count);
        put_planes(&bits, s->low, s->shift, &all);
    }
    return bits;
}

KERNEL size_t plain_bytes(const struct clv_fast_symbols *s, unsigned width,
                          size_t count)
{
    return (s->shift > 0 ? 2 : 1) + ((s->shift + width) * count + 7) / 8;
}

KERNEL size_t write_plain(const struct clv_fast_symbols *s, unsigned width,
                          size_t count, uint8_t *out)
{
    struct bits_out bits = begin(s, plain_code(width), count, out);
    struct clv_fast_set all;

    set_first(&all, count);
    put_planes(&bits, s->bytes[CLV_FAST_ITSELF], width, &all);
    return (size_t)(put_end(&bits) - out);
}

KERNEL size_t write_way(struct clv_fast_symbols *s, const struct way *way,
                        size_t count, const struct clv_fast_set *mask,
                        uint8_t *out)
{
    struct bits_out bits = begin(s, way_code(way), count, out);

    put_way(&bits, s->bytes[way->turn], way, count, mask);
    return (size_t)(put_end(&bits) - out);
}

KERNEL size_t write_equal(uint16_t symbol, uint8_t *out)
{
    if (symbol == 0) {
        *out = CLV_FAST_ZERO;
        return 1;
    }
    *out = CLV_FAST_EQUAL;
    out[1] = (uint8_t)symbol;
    out[2] = (uint8_t)(symbol >> 8);
    return 3;
}

KERNEL int all_equal(const int16_t *indices, size_t count)
{
    size_t i = 1;

    while (i < count && indices[i] == indices[0]) {
        i++;
    }
    return i == count;
}

KERNEL unsigned best_turn(const unsigned sums[3])
{
    unsigned turn = sums[CLV_FAST_XOR] < sums[CLV_FAST_ITSELF]
                        ? CLV_FAST_XOR
                        : CLV_FAST_ITSELF;

    return sums[CLV_FAST_DELTA] < sums[turn] ? CLV_FAST_DELTA : turn;
}

KERNEL void split(const int16_t *indices, size_t count, int is_signed,
                  struct clv_fast_symbols *s)
{
    unsigned bits = 0;

    s->shift = 0;
    if (split_narrow(indices, count, is_signed, s)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bits |= clv_symbol(indices[i], is_signed);
    }
    s->shift = width_of(bits) - 8;
    clv_fast_split(indices, count, is_signed, s);
}

/* The choice rests on estimates, so the plain way is kept as the bound. */
KERNEL size_t block_encode(const int16_t *indices, size_t count, int is_signed,
                           uint8_t *out)
{
    struct clv_fast_symbols s;
    struct way way;
    struct traits t;
    struct clv_fast_set mask;
    unsigned plain;
    size_t size;

    split(indices, count, is_signed, &s);
    plain = width_of(greatest(s.bytes[CLV_FAST_ITSELF]));
    if (s.sums[CLV_FAST_XOR] == s.bytes[CLV_FAST_ITSELF][0] &&
        all_equal(indices, count) &&
        (plain == 0 || plain_bytes(&s, plain, count) >= 3)) {
        return write_equal(clv_symbol(indices[0], is_signed), out);
    }
    way.turn = best_turn(s.sums);
    at_least(s.bytes[way.turn], 1, &mask);
    traits_of(&t, s.bytes[way.turn], &mask);
    t.count = (unsigned)count;
    t.sum = s.sums[way.turn];
    if (choose(&t, &way) < plain * t.count) {
        size = write_way(&s, &way, count, &mask, out);
        if (size <= plain_bytes(&s, plain, count)) {
            return size;
        }
        split(indices, count, is_signed, &s); /* less_one undone */
    }
    return write_plain(&s, plain, count, out);
}

/* ---- decoding ---- */

/* A block being read: where, and what became of it. */
struct block {
    const uint8_t *in;
    size_t at; /* bits */
    size_t count;
    uint8_t bytes[CLV_FAST_BLOCK] __attribute__((aligned(64)));
    uint8_t low[CLV_FAST_BLOCK] __attribute__((aligned(64)));
    struct clv_fast_set members;
};

KERNEL void get_planes(struct block *b, uint8_t *bytes, unsigned planes)
{
    struct clv_fast_set set;

    for (unsigned k = 0; k < planes; k++) {
        b->at = get_within(b->in, b->at, &b->members, &set);
        add_where(bytes, &set, 1u << k);
    }
}

/* Flags of fours or sixteens as one bit each; at most 16 in a group. */
KERNEL uint64_t get_flags(struct block *b, size_t group, size_t each)
{
    size_t some = b->count - 64 * group;
    unsigned flags = (unsigned)(((some < 64 ? some : 64) + each - 1) / each);
    uint64_t word = peek(b->in, b->at) & ((1u << flags) - 1);

    b->at += flags;
    return word;
}

KERNEL void get_fours(struct block *b, struct clv_fast_set *fours)
{
    for (size_t g = 0; 64 * g < b->count; g++) {
        fours->groups[g] = pdep(get_flags(b, g, 4), FOURS);
    }
}

KERNEL void get_sixteens(struct block *b, struct clv_fast_set *fours)
{
    struct clv_fast_set inside = {{0}};

    for (size_t g = 0; 64 * g < b->count; g++) {
        inside.groups[g] = pdep(get_flags(b, g, 16), SIXTEENS) * 0x1111;
    }
    b->at = get_within(b->in, b->at, &inside, fours);
}

/* Reads the mask, which becomes the members. Returns 0 if it names symbols
   past the last. */
KERNEL int get_mask(struct block *b, unsigned kind)
{
    struct clv_fast_set fours = {{0}};
    struct clv_fast_set all = b->members;
    uint64_t outside = 0;

    if (kind == CLV_FAST_NO_MASK) {
        return 1;
    }
    if (kind == CLV_FAST_FLAT) {
        b->at = get_within(b->in, b->at, &all, &b->members);
        return 1;
    }
    if (kind == CLV_FAST_FOURS) {
        get_fours(b, &fours);
    } else {
        get_sixteens(b, &fours);
    }
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        fours.groups[g] *= 15;
    }
    b->at = get_within(b->in, b->at, &fours, &b->members);
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        outside |= b->members.groups[g] & ~all.groups[g];
    }
    return outside == 0;
}

/* What is left above the last level. Returns 0 if a byte becomes too great.
   Rare, so it is not made fast. */
KERNEL int get_left(struct block *b, unsigned low)
{
    uint8_t left[CLV_FAST_BLOCK] __attribute__((aligned(64))) = {0};

    get_planes(b, left, 8 - low);
    for (size_t i = 0; i < CLV_FAST_BLOCK; i++) {
        unsigned byte = b->bytes[i] + ((unsigned)left[i] << low);
        if (byte > UINT8_MAX) {
            return 0;
        }
        b->bytes[i] = (uint8_t)byte;
    }
    return 1;
}

/*
 * Whether the members, who have just gone up to this level, are still bytes.
 * Only with four low planes may they not be: on the sixteenth level, or on
 * the one below with all else set, when they have become 0.
 */
KERNEL int are_bytes(const struct block *b, unsigned level,
                     const struct way *way)
{
    struct clv_fast_set some;
    uint64_t none = 0;

    if (level << way->low > UINT8_MAX) {
        return set_size(&b->members) == 0;
    }
    at_least(b->bytes, 1, &some);
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        none |= b->members.groups[g] & ~some.groups[g];
    }
    return none == 0;
}

KERNEL int get_levels(struct block *b, const struct way *way)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;
    struct clv_fast_set above;

    for (unsigned level = 1; level <= most; level++) {
        if (way->levels == CLV_FAST_OPEN && set_size(&b->members) == 0) {
            return 1;
        }
        b->at = get_within(b->in, b->at, &b->members, &above);
        b->members = above;
        if (level << way->low <= UINT8_MAX) {
            add_where(b->bytes, &above, 1u << way->low);
        }
        if ((level + 1) << way->low > UINT8_MAX && !are_bytes(b, level, way)) {
            return 0;
        }
    }
    if (way->levels < CLV_FAST_OPEN || set_size(&b->members) == 0) {
        return 1;
    }
    return get_left(b, way->low);
}

KERNEL int get_way(struct block *b, unsigned code, struct way *ret_way)
{
    struct way way;

    code -= CLV_FAST_WAYS;
    way.levels = code % 4;
    way.low = code / 4 % 5;
    way.mask = code / 20 % 4;
    way.turn = code / 80;
    *ret_way = way;
    if (!get_mask(b, way.mask)) {
        return 0;
    }
    get_planes(b, b->bytes, way.low);
    if (way.mask != CLV_FAST_NO_MASK) {
        add_where(b->bytes, &b->members, 1);
    }
    return get_levels(b, &way);
}

KERNEL size_t block_decode(const uint8_t *in, size_t count, int is_signed,
                           int16_t *indices)
{
    struct block b;
    struct way way = {CLV_FAST_ITSELF, 0, 0, 0};
    unsigned code = *in;
    unsigned shift = 0;
    size_t head = 1;
    int ok = 1;

    if (code >= CLV_FAST_SHIFT && code < CLV_FAST_WAYS) {
        shift = code - CLV_FAST_SHIFT + 1;
        code = in[head++];
    }
    if (code < CLV_FAST_PLAIN ||
        (code >= CLV_FAST_SHIFT && code < CLV_FAST_WAYS)) {
        return 0;
    }
    b.in = in + head;
    b.at = 0;
    b.count = count;
    memset(b.bytes, 0, sizeof b.bytes);
    set_first(&b.members, count);
    if (shift > 0) {
        memset(b.low, 0, sizeof b.low);
        get_planes(&b, b.low, shift);
    }
    if (code < CLV_FAST_WAYS) {
        get_planes(&b, b.bytes, code - CLV_FAST_PLAIN + CLV_FAST_LOW_MAX + 1);
    } else {
        ok = get_way(&b, code, &way);
    }
    if (!ok || (b.at % 8 != 0 && b.in[b.at / 8] >> b.at % 8 != 0)) {
        return 0;
    }
    if (shift == 0) {
        join_narrow(b.bytes, count, is_signed, way.turn, indices);
    } else if (!clv_fast_join(b.bytes, b.low, shift, count, is_signed, way.turn,
                              indices)) {
        return 0;
    }
    return head + (b.at + 7) / 8;
}

#endif
