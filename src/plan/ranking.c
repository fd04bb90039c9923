/*
 * ranking.c - putting a great many numbers in order.
 *
 * Numbers of 0 or more order like their bits do. So bits, counted from the
 * least number's, are shifted up until the greatest number's reach the top of a
 * word, the index takes the place of the lowest, and the words are sorted:
 *
 *     63                index bits     0
 *     | above the least | 0 |  index   |
 *
 * They are dealt by their leading bits to a few hundred slices, as many as can
 * be written to at once; a slice fits a cache, where two passes of a radix sort
 * over as many bits as it has words to tell apart leave it nearly in order.
 * Runs that those bits do not tell apart are sorted likewise by the next ones.
 * What does not fit in beside the index, of numbers that lie very far apart, is
 * put right by comparing the doubles.
 *
 * One value at a rank needs no order: numbers are counted in equal intervals
 * from least to greatest, and only the interval of the rank is looked at
 * further, again likewise.
 */
#include "plan/ranking.h"

#include <math.h>
#include <string.h>

#define SLICE_BITS 8
#define SLICES (1u << SLICE_BITS)
#define DIGIT_MOST 8
#define RADIX_MOST (1u << DIGIT_MOST)

/* Bits that are sorted by beyond those that as many words need: so that few
   runs are left. */
#define SPARE_BITS 2

/* So few words are sorted by insertion. */
#define FEW 24

/* -- Words -- */

/* How keys become words. */
struct wording {
    uint64_t least; /* bits of the least key */
    int shift;
    uint64_t index; /* bits that are the index's */
    int is_whole;   /* nothing of a key had to give way to it */
};

static uint64_t bits_of(double key)
{
    uint64_t bits;

    memcpy(&bits, &key, sizeof bits);
    return bits;
}

static int width_of(uint64_t number)
{
    return number == 0 ? 1 : 64 - __builtin_clzll(number);
}

#define CHAINS 4

/* Least and greatest, chain by chain, so that comparisons do not wait for each
   other. */
struct extremes {
    double low[CHAINS];
    double high[CHAINS];
};

static void note_extremes(struct extremes *e, const double keys[CHAINS])
{
    for (size_t c = 0; c < CHAINS; c++) {
        double finite = keys[c] < INFINITY ? keys[c] : 0;
        e->low[c] = keys[c] < e->low[c] ? keys[c] : e->low[c];
        e->high[c] = finite > e->high[c] ? finite : e->high[c];
    }
}

/* Of finite keys. */
static struct wording wording_of(const double *keys, size_t count)
{
    struct extremes e = {{INFINITY, INFINITY, INFINITY, INFINITY}, {0}};
    struct wording w;
    size_t i = 0;

    for (; i + CHAINS <= count; i += CHAINS) {
        note_extremes(&e, keys + i);
    }
    for (; i < count; i++) {
        double key[CHAINS] = {keys[i], keys[i], keys[i], keys[i]};
        note_extremes(&e, key);
    }
    for (size_t c = 1; c < CHAINS; c++) {
        e.low[0] = e.low[c] < e.low[0] ? e.low[c] : e.low[0];
        e.high[0] = e.high[c] > e.high[0] ? e.high[c] : e.high[0];
    }
    w.least = bits_of(e.low[0] < INFINITY ? e.low[0] : 0);
    w.shift = 64 - width_of(bits_of(e.high[0]) - w.least);
    w.index = (UINT64_C(1) << width_of(count)) - 1;
    w.is_whole = w.shift >= width_of(count);
    return w;
}

static uint64_t above_least(const struct wording *w, double key)
{
    return (bits_of(key) - w->least) << w->shift;
}

/* Which slice a key belongs to; what is not finite to one of the second half.
   A branch would be guessed wrong. */
static size_t slice_of(uint64_t above, double key)
{
    return above >> (64 - SLICE_BITS) | (size_t)!(key < INFINITY) << SLICE_BITS;
}

/* -- Sorting words -- */

/* Numbers become places. */
static void add_up(uint32_t *counts, size_t radix)
{
    uint32_t sum = 0;

    for (size_t d = 0; d < radix; d++) {
        uint32_t here = counts[d];
        counts[d] = sum;
        sum += here;
    }
}

static void insert_words(uint64_t *words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t word = words[i];
        size_t at = i;
        for (; at > 0 && words[at - 1] > word; at--) {
            words[at] = words[at - 1];
        }
        words[at] = word;
    }
}

/* Two passes over digits of so many bits, beginning with bit `shift`. */
static void sort_digits(uint64_t *words, uint64_t *work, size_t count,
                        int shift, int digit)
{
    uint32_t low[RADIX_MOST];
    uint32_t high[RADIX_MOST];
    size_t radix = (size_t)1 << digit;

    memset(low, 0, radix * sizeof *low);
    memset(high, 0, radix * sizeof *high);
    for (size_t i = 0; i < count; i++) {
        low[words[i] >> shift & (radix - 1)]++;
        high[words[i] >> (shift + digit) & (radix - 1)]++;
    }
    add_up(low, radix);
    add_up(high, radix);
    for (size_t i = 0; i < count; i++) {
        work[low[words[i] >> shift & (radix - 1)]++] = words[i];
    }
    for (size_t i = 0; i < count; i++) {
        words[high[work[i] >> (shift + digit) & (radix - 1)]++] = work[i];
    }
}

/* Sorts words that are alike but for their last `width` bits. Each time that
   runs are left, fewer bits are. */
static void sort_words(uint64_t *words, uint64_t *work, size_t count, int width)
{
    int digit = (width_of(count) + SPARE_BITS + 1) / 2;
    int shift;

    if (count <= FEW) {
        insert_words(words, count);
        return;
    }
    digit = digit < DIGIT_MOST ? digit : DIGIT_MOST;
    shift = width > 2 * digit ? width - 2 * digit : 0;
    sort_digits(words, work, count, shift, digit);
    for (size_t i = 1; i < count; i++) {
        if (words[i - 1] > words[i]) {
            size_t first = i - 1;
            uint64_t same = words[i] >> shift;
            while (first > 0 && words[first - 1] >> shift == same) {
                first--;
            }
            while (i < count && words[i] >> shift == same) {
                i++;
            }
            sort_words(words + first, work, i - first, shift);
        }
    }
}

/* Deals words to slices; ends[s] is where a slice ends. */
static void deal(const struct wording *w, const double *keys, size_t count,
                 uint64_t *words, uint32_t ends[2 * SLICES])
{
    memset(ends, 0, 2 * SLICES * sizeof *ends);
    for (size_t i = 0; i < count; i++) {
        ends[slice_of(above_least(w, keys[i]), keys[i])]++;
    }
    add_up(ends, 2 * SLICES);
    for (size_t i = 0; i < count; i++) {
        uint64_t above = above_least(w, keys[i]);
        words[ends[slice_of(above, keys[i])]++] = (above & ~w->index) | i;
    }
}

/* -- What words do not tell apart -- */

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

/* Runs of words that are alike but for their index. */
static void sort_runs(const struct wording *w, const double *keys,
                      const uint64_t *words, size_t count, uint32_t *order)
{
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && (words[end] ^ words[first]) <= w->index) {
            end++;
        }
        if (end - first > 1) {
            sort_run(keys, order + first, end - first);
        }
        first = end;
    }
}

/* The indices of words; 1 if some words are alike but for these. */
static int write_order(const struct wording *w, const uint64_t *words,
                       size_t count, uint32_t *order)
{
    uint64_t last = ~words[0];
    int are_alike = 0;

    for (size_t i = 0; i < count; i++) {
        are_alike |= (words[i] ^ last) <= w->index;
        last = words[i];
        order[i] = (uint32_t)(last & w->index);
    }
    return are_alike;
}

size_t clv_ranking_sort(const double *keys, size_t count, uint32_t *order,
                        uint64_t *work)
{
    struct wording w = wording_of(keys, count);
    uint32_t ends[2 * SLICES];
    size_t first = 0;

    deal(&w, keys, count, work, ends);
    for (size_t s = 0; s < SLICES; s++) {
        size_t here = ends[s] - first;
        uint64_t *words = work + first;
        if (here == 0) {
            continue;
        }
        sort_words(words, work + count, here, 64 - SLICE_BITS);
        if (write_order(&w, words, here, order + first) && !w.is_whole) {
            sort_runs(&w, keys, words, here, order + first);
        }
        first = ends[s];
    }
    return first;
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
