/*
 * fast_decode.h - reads one block of the coder fast.
 *
 * Bytes grow as planes and levels come in: each adds a number to the bytes of
 * a set. A block says nothing of its length; it may read on into what follows,
 * within bounds, and whoever calls checks afterwards where it ended. See
 * fast_sets.h for how this is compiled.
 */
#ifndef CLV_FAST_DECODE_H
#define CLV_FAST_DECODE_H

#include "codec/fast_sets.h"

KERNEL void set_where(uint8_t *bytes, const struct clv_fast_set *set,
                      unsigned number)
{
    UNROLLED
    EACH_GROUP(g)
    {
        set_group(bytes + 64 * g, set->groups[g], number);
    }
}

KERNEL void add_where(uint8_t *bytes, const struct clv_fast_set *set,
                      unsigned number)
{
    UNROLLED
    EACH_GROUP(g)
    {
        add_group(bytes + 64 * g, set->groups[g], number);
    }
}

/* A block being read: where, and what became of it. */
struct block {
    const uint8_t *in;
    size_t at; /* bits */
    size_t count;
    uint8_t bytes[CLV_FAST_BLOCK] __attribute__((aligned(64)));
    uint8_t low[CLV_FAST_BLOCK] __attribute__((aligned(64)));
    struct clv_fast_set members;
};

/* At least one plane. */
KERNEL void get_planes(struct block *b, uint8_t *bytes, unsigned planes)
{
    struct clv_fast_set set;

    b->at = get_all(b->in, b->at, b->count, &set);
    set_where(bytes, &set, 1);
    for (unsigned k = 1; k < planes; k++) {
        b->at = get_all(b->in, b->at, b->count, &set);
        add_where(bytes, &set, 1u << k);
    }
}

/* A plane of the members. */
KERNEL void get_plane_within(struct block *b, uint8_t *bytes, unsigned number,
                             int crowded)
{
    size_t at = b->at;

    UNROLLED
    EACH_GROUP(g)
    {
        uint64_t members = b->members.groups[g];
        uint64_t bits = crowded ? peek(b->in, at) : peek_57(b->in, at);
        add_group(bytes + 64 * g, pdep(bits, members), number);
        at += ones(members);
    }
    b->at = at;
}

/* Two loops, so that the usual one has no branches. */
KERNEL void get_planes_within(struct block *b, uint8_t *bytes, unsigned planes,
                              int crowded)
{
    for (unsigned k = 0; k < planes && crowded; k++) {
        get_plane_within(b, bytes, 1u << k, 1);
    }
    for (unsigned k = 0; k < planes && !crowded; k++) {
        get_plane_within(b, bytes, 1u << k, 0);
    }
}

/* A level of the members, who are then those above it; returns how many. */
KERNEL unsigned get_level(struct block *b, unsigned number, int crowded)
{
    size_t at = b->at;
    unsigned count = 0;

    UNROLLED
    EACH_GROUP(g)
    {
        uint64_t members = b->members.groups[g];
        uint64_t bits = crowded ? peek(b->in, at) : peek_57(b->in, at);
        uint64_t above = pdep(bits, members);
        add_group(b->bytes + 64 * g, above, number);
        b->members.groups[g] = above;
        at += ones(members);
        count += ones(above);
    }
    b->at = at;
    return count;
}

/* A shorter block has fewer flags; what was read for the others is cut off. */
KERNEL void cut_flags(struct clv_fast_set *flags, size_t count, uint64_t nodes)
{
    EACH_GROUP(g)
    {
        uint64_t there = lowest(group_size(count, g));
        uint64_t fours = fours_of(there);
        flags->groups[g] &= nodes == FOURS ? fours : sixteens_of(fours);
    }
}

/* Reads a flag for each of a block's fours or sixteens, `each` in a group. */
KERNEL void get_flags(struct block *b, uint64_t nodes, unsigned each,
                      struct clv_fast_set *ret_flags)
{
    UNROLLED
    EACH_GROUP(g)
    {
        ret_flags->groups[g] = pdep(peek(b->in, b->at + each * g), nodes);
    }
    if (b->count < CLV_FAST_BLOCK) {
        cut_flags(ret_flags, b->count, nodes);
    }
    b->at += (b->count * each + 63) / 64;
}

KERNEL void get_fours(struct block *b, unsigned kind,
                      struct clv_fast_set *ret_fours)
{
    if (kind == CLV_FAST_FOURS) {
        get_flags(b, FOURS, 16, ret_fours);
        return;
    }
    get_flags(b, SIXTEENS, 4, ret_fours);
    b->at = get_within(b->in, b->at, ret_fours, 0x1111, ret_fours);
}

/* Whether there is no member past the last symbol. */
KERNEL int are_inside(const struct clv_fast_set *members, size_t count)
{
    uint64_t outside = 0;

    EACH_GROUP(g)
    {
        outside |= members->groups[g] & ~lowest(group_size(count, g));
    }
    return outside == 0;
}

/* Reads the mask, which becomes the members. Returns 0 if it is none. */
KERNEL int get_mask(struct block *b, unsigned kind)
{
    struct clv_fast_set fours;

    if (kind == CLV_FAST_FLAT) {
        b->at = get_all(b->in, b->at, b->count, &b->members);
        return 1;
    }
    get_fours(b, kind, &fours);
    b->at = get_within(b->in, b->at, &fours, 15, &b->members);
    return b->count == CLV_FAST_BLOCK || are_inside(&b->members, b->count);
}

/* Whether few members' numbers can be added to bytes that are less than
   `below`. Seldom more than a glance. */
KERNEL int few_fit(const struct block *b, const struct few *f,
                   const uint64_t *planes, unsigned below)
{
    unsigned member = 0;

    if (below <= 128 && (planes[6] | planes[7]) == 0) {
        return 1;
    }
    for (size_t i = 0; i < CLV_FAST_BLOCK; i++) {
        unsigned number = b->bytes[i];
        if ((f->members->groups[i / 64] >> i % 64 & 1) == 0) {
            continue;
        }
        for (unsigned k = 0; k < 8; k++) {
            number += (unsigned)(planes[k] >> member & 1) << k;
        }
        if (number > UINT8_MAX) {
            return 0;
        }
        member++;
    }
    return 1;
}

/*
 * Levels above `level` of few members, and what is left above the last; adds
 * them up in the planes from low on. Returns 0 if one does not fit a byte.
 */
KERNEL int get_ups(struct block *b, const struct way *way, uint64_t members,
                   unsigned level, uint64_t *planes)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;
    uint64_t ups[5] = {0};
    uint64_t beyond = 0;
    uint64_t word = 0; /* of the stream, because loading takes longer */
    unsigned have = 0;

    while (level < most && members != 0) {
        unsigned need = ones(members);
        if (have < need) {
            word = peek(b->in, b->at);
            have = 64;
        }
        members = pdep(word, members);
        count_up(ups, 5, members);
        b->at += need;
        word >>= need % 64;
        have -= need;
        level++;
    }
    for (unsigned k = 0; k < 5; k++) {
        beyond |= way->low + k < 8 ? 0 : ups[k];
        planes[way->low + k] = ups[k];
    }
    for (unsigned k = way->low; k < 8 && level == CLV_FAST_LEVELS; k++) {
        uint64_t left = pdep(peek(b->in, b->at), members);
        b->at += ones(members);
        beyond |= count_up(planes + k, 8 - k, left);
    }
    return beyond == 0;
}

/* All that follows the mask, of few members. */
KERNEL int get_few(struct block *b, const struct way *way, unsigned level,
                   int with_low)
{
    uint64_t planes[16] = {0};
    struct few f;

    few_init(&f, &b->members);
    for (unsigned k = 0; k < way->low && with_low; k++) {
        planes[k] = peek(b->in, b->at) & f.all;
        b->at += f.count;
    }
    if (!get_ups(b, way, f.all, level, planes) ||
        !few_fit(b, &f, planes, ((level + 1) << way->low) + 1)) {
        return 0;
    }
    for (unsigned k = 0; k < 8; k++) {
        if (planes[k] != 0) {
            few_add(&f, planes[k], 1u << k, b->bytes);
        }
    }
    return 1;
}

/* What is left above the last level, of many members: no encoder of ours
   writes that, so it is not made fast. */
KERNEL int get_left(struct block *b, unsigned low)
{
    uint8_t left[CLV_FAST_BLOCK] __attribute__((aligned(64))) = {0};

    get_planes_within(b, left, 8 - low, 1);
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
KERNEL int are_bytes(const struct block *b, unsigned level, unsigned low)
{
    struct clv_fast_set some;
    uint64_t none = 0;

    if ((level + 1) << low <= UINT8_MAX) {
        return 1;
    }
    at_least(b->bytes, 1, &some);
    EACH_GROUP(g)
    {
        none |= b->members.groups[g] & ~some.groups[g];
    }
    return none == 0 &&
           (level << low <= UINT8_MAX || set_size(&b->members) == 0);
}

/* Levels above `level`, of `count` members. */
KERNEL int get_levels(struct block *b, const struct way *way, unsigned level,
                      unsigned count, int crowded)
{
    unsigned most = way->levels < CLV_FAST_OPEN ? way->levels : CLV_FAST_LEVELS;
    unsigned number = 1u << way->low;

    while (level < most && count > FEW) {
        count = crowded ? get_level(b, number, 1) : get_level(b, number, 0);
        level++;
        if (!are_bytes(b, level, way->low)) {
            return 0;
        }
    }
    if (count <= FEW) {
        return count == 0 || get_few(b, way, level, 0);
    }
    return way->levels < CLV_FAST_OPEN || get_left(b, way->low);
}

KERNEL int get_unmasked(struct block *b, const struct way *way)
{
    unsigned count;
    int crowded;

    if (way->low > 0) {
        get_planes(b, b->bytes, way->low);
    }
    if (way->levels == 0) {
        return way->low > 0; /* no planes and no levels: that is no way */
    }
    b->at = get_all(b->in, b->at, b->count, &b->members);
    if (way->low > 0) {
        add_where(b->bytes, &b->members, 1u << way->low);
    } else {
        set_where(b->bytes, &b->members, 1);
    }
    count = set_measure(&b->members, &crowded);
    return get_levels(b, way, 1, count, crowded);
}

KERNEL int get_masked(struct block *b, const struct way *way)
{
    unsigned count;
    int crowded;

    if (!get_mask(b, way->mask)) {
        return 0;
    }
    set_where(b->bytes, &b->members, 1);
    count = set_measure(&b->members, &crowded);
    if (count <= FEW) {
        return get_few(b, way, 0, 1);
    }
    get_planes_within(b, b->bytes, way->low, crowded);
    return get_levels(b, way, 0, count, crowded);
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
    return way.mask == CLV_FAST_NO_MASK ? get_unmasked(b, &way)
                                        : get_masked(b, &way);
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
    if (shift > 0) {
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
