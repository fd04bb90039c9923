/*
 * ranking.c - putting a great many numbers in order.
 *
 * A number of 0 or more, rounded to a float, orders like its bits do, so a
 * radix sort of three passes does nearly all of the work on pairs of bits and
 * index. Bits count from the least number's, which makes digits short: there
 * are fewer places to write to at once. What the rounding made equal lies
 * together then, in runs that are put right by comparing the doubles.
 *
 * One value at a rank needs no order: numbers are counted in equal intervals
 * from least to greatest, and only the interval of the rank is looked at
 * further, again likewise.
 */
#include "plan/ranking.h"

#include <math.h>
#include <string.h>

#define DIGIT_MOST 11
#define PASSES 3
#define RADIX_MOST (1u << DIGIT_MOST)

/* -- Sorting -- */

static uint32_t bits_of(double key)
{
    float rounded = (float)key;
    uint32_t bits;

    memcpy(&bits, &rounded, sizeof bits);
    return bits;
}

/* Writes pairs of what bits are above the least and of the index, for all
   finite keys; how wide a digit is for three to hold them. */
static int write_pairs(const double *keys, size_t count, uint64_t *pairs,
                       size_t *ret_count)
{
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    size_t finite = 0;
    int digit = 1;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(keys[i]);
        int is_in = keys[i] < INFINITY;
        pairs[finite] = (uint64_t)bits << 32 | i;
        finite += (size_t)is_in;
        least = is_in && bits < least ? bits : least;
        most = is_in && bits > most ? bits : most;
    }
    for (size_t i = 0; i < finite; i++) {
        pairs[i] -= (uint64_t)least << 32;
    }
    while (finite > 0 && digit < DIGIT_MOST &&
           (most - least) >> (PASSES * digit) != 0) {
        digit++;
    }
    *ret_count = finite;
    return digit;
}

static uint32_t digit_of(uint64_t pair, int pass, int digit)
{
    return (uint32_t)(pair >> (32 + pass * digit)) & ((1u << digit) - 1);
}

/* Numbers become places. */
static void add_up(uint32_t *counts, uint32_t radix)
{
    uint32_t sum = 0;

    for (size_t d = 0; d < radix; d++) {
        uint32_t here = counts[d];
        counts[d] = sum;
        sum += here;
    }
}

/* Sorts `from`, with `to` to work in; where it ends up. */
static uint64_t *sort_pairs(uint64_t *from, uint64_t *to, size_t count,
                            int digit)
{
    uint32_t places[PASSES][RADIX_MOST] = {{0}};

    for (size_t i = 0; i < count; i++) {
        for (int pass = 0; pass < PASSES; pass++) {
            places[pass][digit_of(from[i], pass, digit)]++;
        }
    }
    for (int pass = 0; pass < PASSES; pass++) {
        uint64_t *swap = from;
        add_up(places[pass], 1u << digit);
        for (size_t i = 0; i < count; i++) {
            to[places[pass][digit_of(from[i], pass, digit)]++] = from[i];
        }
        from = to;
        to = swap;
    }
    return from;
}

static int goes_first(const double *keys, uint32_t a, uint32_t b)
{
    return keys[a] != keys[b] ? keys[a] < keys[b] : a < b;
}

/* Lets what is at `root` sink to where it belongs in a heap. */
static void sink(const double *keys, uint32_t *heap, size_t root, size_t count)
{
    uint32_t sinking = heap[root];

    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count) {
            break;
        }
        child +=
            child + 1 < count && goes_first(keys, heap[child], heap[child + 1]);
        if (!goes_first(keys, sinking, heap[child])) {
            break;
        }
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = sinking;
}

static void sort_run(const double *keys, uint32_t *run, size_t count)
{
    size_t sorted = 1;

    while (sorted < count && goes_first(keys, run[sorted - 1], run[sorted])) {
        sorted++;
    }
    if (sorted == count) {
        return;
    }
    for (size_t i = count / 2; i > 0; i--) {
        sink(keys, run, i - 1, count);
    }
    for (size_t end = count - 1; end > 0; end--) {
        uint32_t last = run[0];
        run[0] = run[end];
        run[end] = last;
        sink(keys, run, 0, end);
    }
}

size_t clv_ranking_sort(const double *keys, size_t count, uint32_t *order,
                        uint64_t *work)
{
    size_t finite;
    int digit = write_pairs(keys, count, work, &finite);
    const uint64_t *sorted = sort_pairs(work, work + count, finite, digit);

    for (size_t i = 0; i < finite; i++) {
        order[i] = (uint32_t)sorted[i];
    }
    for (size_t first = 0; first < finite;) {
        size_t end = first + 1;
        while (end < finite && sorted[end] >> 32 == sorted[first] >> 32) {
            end++;
        }
        if (end - first > 1) {
            sort_run(keys, order + first, end - first);
        }
        first = end;
    }
    return finite;
}

/* -- One value -- */

#define INTERVALS 4096

/* Least and greatest, and the intervals between; `per_unit` is 0 where the
   range is too large or too small for it. */
struct span {
    double low;
    double high;
    double per_unit;
};

static struct span span_of(const double *values, size_t count)
{
    struct span s = {values[0], values[0], 0};

    for (size_t i = 1; i < count; i++) {
        s.low = values[i] < s.low ? values[i] : s.low;
        s.high = values[i] > s.high ? values[i] : s.high;
    }
    s.per_unit = INTERVALS / (s.high - s.low);
    s.per_unit = isfinite(s.per_unit) ? s.per_unit : 0;
    return s;
}

static size_t interval_of(const struct span *s, double value)
{
    double at = s->per_unit > 0 ? (value - s->low) * s->per_unit
                                : (value / 2 - s->low / 2) /
                                      (s->high / 2 - s->low / 2) * INTERVALS;

    return at < INTERVALS - 1 ? (size_t)at : INTERVALS - 1;
}

/* For few values: each finds its place among those before it. */
static double value_of_few(double *values, size_t count, size_t rank)
{
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
    return values[rank - 1];
}

double clv_ranking_value(double *values, size_t count, size_t rank)
{
    uint32_t counts[INTERVALS];

    while (count > 64) {
        struct span s = span_of(values, count);
        size_t wanted = 0;
        size_t kept = 0;
        if (!(s.high > s.low)) {
            return s.low;
        }
        memset(counts, 0, sizeof counts);
        for (size_t i = 0; i < count; i++) {
            counts[interval_of(&s, values[i])]++;
        }
        while (rank > counts[wanted]) {
            rank -= counts[wanted++];
        }
        for (size_t i = 0; i < count; i++) {
            double value = values[i];
            values[kept] = value;
            kept += interval_of(&s, value) == wanted;
        }
        count = kept;
    }
    return value_of_few(values, count, rank);
}
