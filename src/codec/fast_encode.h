/*
 * fast_encode.h - writes one block of the coder fast.
 *
 * What the symbols add up to, in each of three turns, decides the turn; that
 * sum, the greatest and the number of symbols that are not 0 tell closely
 * enough how long each way would be. Trying them all would make blocks half
 * a per cent shorter. See fast_sets.h for how this is compiled.
 */
#ifndef CLV_FAST_ENCODE_H
#define CLV_FAST_ENCODE_H

#include "codec/fast_sets.h"

/* ---- choosing a way ---- */

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

/* ---- writing ---- */

KERNEL void put_planes(struct bits_out *out, const uint8_t *bytes,
                       unsigned planes, size_t count)
{
    struct clv_fast_set set;

    for (unsigned k = 0; k < planes; k++) {
        bits_at(bytes, k, &set);
        put_all(out, &set, count);
    }
}

KERNEL void put_fours(struct bits_out *out, const struct clv_fast_set *mask,
                      size_t count)
{
    for (size_t g = 0; 64 * g < count; g++) {
        put(out, pext(fours_of(mask->groups[g]), FOURS),
            (group_size(count, g) + 3) / 4);
    }
}

KERNEL void put_sixteens(struct bits_out *out, const struct clv_fast_set *mask,
                         size_t count)
{
    for (size_t g = 0; 64 * g < count; g++) {
        uint64_t sixteens = sixteens_of(fours_of(mask->groups[g]));
        put(out, pext(sixteens, SIXTEENS), (group_size(count, g) + 15) / 16);
    }
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        uint64_t fours = fours_of(mask->groups[g]);
        uint64_t sixteens = sixteens_of(fours);
        put(out, pext(fours, sixteens * 0x1111), 4 * ones(sixteens));
    }
}

KERNEL void put_mask(struct bits_out *out, unsigned kind, size_t count,
                     const struct clv_fast_set *mask)
{
    if (kind == CLV_FAST_FLAT) {
        put_all(out, mask, count);
        return;
    }
    if (kind == CLV_FAST_FOURS) {
        put_fours(out, mask, count);
    } else {
        put_sixteens(out, mask, count);
    }
    UNROLLED
    EACH_GROUP(g)
    {
        uint64_t fours = fours_of(mask->groups[g]);
        put(out, pext(mask->groups[g], fours * 15), 4 * ones(fours));
    }
}

/* Who goes up to a level; nobody if that is above all bytes. */
KERNEL void above_level(const uint8_t *bytes, unsigned least,
                        struct clv_fast_set *ret_above)
{
    if (least > UINT8_MAX) {
        memset(ret_above, 0, sizeof *ret_above);
    } else {
        at_least(bytes, least, ret_above);
    }
}

/*
 * Levels above `level` of few members, whose rests are below 2^width, and
 * what is left above the last.
 */
KERNEL void put_ups(struct bits_out *out, uint64_t *ups, unsigned width,
                    uint64_t members, const struct way *way, unsigned level)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;

    for (unsigned i = 0; i < level; i++) {
        count_down(ups, width, members);
    }
    while (level < most && members != 0) {
        uint64_t above = 0;
        UNROLLED
        for (unsigned k = 0; k < width; k++) {
            above |= ups[k];
        }
        put(out, pext(above, members), ones(members));
        count_down(ups, width, above);
        members = above;
        level++;
    }
    for (unsigned k = 0; k < 8 - way->low && level == CLV_FAST_LEVELS; k++) {
        put(out, pext(k < width ? ups[k] : 0, members), ones(members));
    }
}

/* All that follows the mask, of few members; their bytes are below 2^width. */
KERNEL void put_few(struct bits_out *out, const uint8_t *bytes,
                    const struct way *way, const struct clv_fast_set *members,
                    unsigned width, unsigned level, int with_low)
{
    unsigned low = way->low;
    uint64_t planes[16] = {0};
    struct clv_fast_set set;
    struct few f;

    few_init(&f, members);
    for (unsigned k = with_low ? 0 : low; k < width; k++) {
        bits_at(bytes, k, &set);
        planes[k] = few_gather(&f, &set);
    }
    for (unsigned k = 0; k < low && with_low; k++) {
        put(out, planes[k], f.count);
    }
    if (width <= low + 4) {
        put_ups(out, planes + low, 4, f.all, way, level);
    } else {
        put_ups(out, planes + low, 8, f.all, way, level);
    }
}

/*
 * Levels above `level` as long as there are many members. Open levels get
 * through with them: were more than 64 of 512 above the sixteenth, then their
 * mean would have asked for more low planes, and with four there are no more
 * than fifteen.
 */
KERNEL void put_levels(struct bits_out *out, const uint8_t *bytes,
                       const struct way *way,
                       const struct clv_fast_set *members, unsigned width,
                       unsigned level)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;
    unsigned count = set_size(members);
    struct clv_fast_set above[2]; /* in turns: copying one would wait for it */

    for (; level < most && count > FEW; level++) {
        above_level(bytes, (level + 1) << way->low, &above[level % 2]);
        put_within(out, &above[level % 2], members);
        members = &above[level % 2];
        count = set_size(members);
    }
    if (count > 0 && count <= FEW) {
        put_few(out, bytes, way, members, width, level, 0);
    }
}

KERNEL void put_unmasked(struct bits_out *out, const uint8_t *bytes,
                         const struct way *way, size_t count, unsigned width)
{
    struct clv_fast_set above;

    put_planes(out, bytes, way->low, count);
    if (way->levels > 0) {
        at_least(bytes, 1u << way->low, &above);
        put_all(out, &above, count);
        put_levels(out, bytes, way, &above, width, 1);
    }
}

KERNEL void put_masked(struct bits_out *out, uint8_t *bytes,
                       const struct way *way, size_t count,
                       const struct clv_fast_set *mask, unsigned width)
{
    struct clv_fast_set set;

    put_mask(out, way->mask, count, mask);
    less_one(bytes);
    if (set_size(mask) <= FEW) {
        put_few(out, bytes, way, mask, width, 0, 1);
        return;
    }
    for (unsigned k = 0; k < way->low; k++) {
        bits_at(bytes, k, &set);
        put_within(out, &set, mask);
    }
    put_levels(out, bytes, way, mask, width, 0);
}

KERNEL unsigned width_of(unsigned byte)
{
    return byte == 0 ? 0 : 32 - (unsigned)__builtin_clz(byte);
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

    if (s->shift > 0) {
        *bits.at++ = (uint8_t)(CLV_FAST_SHIFT + s->shift - 1);
    }
    *bits.at++ = code;
    put_planes(&bits, s->low, s->shift, count);
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

    put_planes(&bits, s->bytes[CLV_FAST_ITSELF], width, count);
    return (size_t)(put_end(&bits) - out);
}

KERNEL size_t write_way(struct clv_fast_symbols *s, const struct way *way,
                        size_t count, const struct clv_fast_set *mask,
                        unsigned width, uint8_t *out)
{
    struct bits_out bits = begin(s, way_code(way), count, out);
    uint8_t *bytes = s->bytes[way->turn];

    if (way->mask == CLV_FAST_NO_MASK) {
        put_unmasked(&bits, bytes, way, count, width);
    } else {
        put_masked(&bits, bytes, way, count, mask, width);
    }
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
        size = write_way(&s, &way, count, &mask, width_of(t.greatest), out);
        if (size <= plain_bytes(&s, plain, count)) {
            return size;
        }
        split(indices, count, is_signed, &s); /* less_one undone */
    }
    return write_plain(&s, plain, count, out);
}

#endif
