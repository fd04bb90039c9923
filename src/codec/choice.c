/*
 * choice.c - how many contexts pay for their tables.
 *
 * A plain book's contexts nest: with fewer thresholds or cuts, the contexts
 * beyond fall into the last ones left. So counts under the richest book give
 * those of all poorer ones by adding. Costs are in 1/256 bit; logarithms come
 * from a short series, for nothing here needs to be exact, only the same on
 * every machine.
 */
#include "codec/choice.h"

#include <string.h>

/* The sizes that are tried: thresholds, cuts. */
static const struct size {
    uint8_t thresholds;
    uint8_t cuts;
} sizes[] = {{0, 0}, {0, 2}, {1, 1}, {2, 2}, {4, 3}, {7, 3}};

#define SIZE_COUNT (sizeof sizes / sizeof sizes[0])
#define RICHEST (sizes[SIZE_COUNT - 1])

/* About what a table's bits are: its length, then each frequency. */
#define TABLE_BITS 6
#define FREQUENCY_BITS 7

static void make_size(struct clv_book *book, struct size size)
{
    book->threshold_count = size.thresholds;
    book->cut_count = size.cuts;
    for (unsigned i = 0; i < size.cuts; i++) {
        book->cuts[i] = (uint8_t)(i + 1);
    }
    clv_book_make_plain(book);
}

void clv_choice_richest(struct clv_book *book, int is_signed)
{
    book->is_signed = is_signed;
    book->bias_count = 0;
    memset(book->frequency, 0, sizeof book->frequency);
    make_size(book, RICHEST);
    clv_book_ready(book);
}

/* 256 * log2(x), to about 1 / 256; x > 0. */
static uint64_t log2_256(uint32_t x)
{
    unsigned e = 31 - (unsigned)__builtin_clz(x);
    uint64_t m = ((uint64_t)x << 32 >> e) & 0xffffffffu; /* 0 to 1 in 2^32 */

    /* log2(1 + m) = m + 0.343 m (1 - m), nearly. */
    uint64_t curve = (m >> 16) * ((0x100000000u - m) >> 16) >> 16;
    return 256 * (uint64_t)e + ((m >> 16) * 256 + curve * 88) / 65536;
}

/* What the tokens of one context cost, its table included. */
static uint64_t cost_of(const uint32_t counts[CLV_TOKENS])
{
    uint64_t cost = TABLE_BITS * 256;
    uint32_t sum = 0;
    unsigned listed = 0;

    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        if (counts[t] > 0) {
            cost -= counts[t] * log2_256(counts[t]);
            sum += counts[t];
            listed = t + 1;
        }
    }
    if (sum > 0) {
        cost += sum * log2_256(sum);
    }
    return cost + (uint64_t)listed * FREQUENCY_BITS * 256;
}

/* Adds the richest book's counts up to those of a smaller one. */
static void merge(uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS],
                  struct size size,
                  uint32_t ret_merged[CLV_CONTEXTS][CLV_TOKENS])
{
    memset(ret_merged, 0, CLV_CONTEXTS * sizeof ret_merged[0]);
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        unsigned i = c / 4 < size.thresholds ? c / 4 : size.thresholds;
        unsigned k = c % 4 < size.cuts ? c % 4 : size.cuts;
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            ret_merged[4 * i + k][t] += counts[c][t];
        }
    }
}

static uint64_t cost_of_size(uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS],
                             struct size size)
{
    uint32_t merged[CLV_CONTEXTS][CLV_TOKENS];
    uint64_t cost = 0;

    merge(counts, size, merged);
    for (unsigned i = 0; i <= size.thresholds; i++) {
        for (unsigned k = 0; k <= size.cuts; k++) {
            cost += cost_of(merged[4 * i + k]);
        }
    }
    return cost;
}

/* Every token that occurs gets a slot, so that none must escape. */
static void fill_tables(struct clv_book *book,
                        uint32_t merged[CLV_CONTEXTS][CLV_TOKENS])
{
    for (unsigned i = 0; i <= book->threshold_count; i++) {
        for (unsigned k = 0; k <= book->cut_count; k++) {
            clv_book_scale(merged[4 * i + k], 0, book->frequency[4 * i + k]);
        }
    }
}

void clv_choice_make(struct clv_book *book,
                     uint32_t counts[CLV_CONTEXTS_ALL][CLV_TOKENS])
{
    uint32_t merged[CLV_CONTEXTS][CLV_TOKENS];
    size_t best = 0;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < SIZE_COUNT; i++) {
        uint64_t cost = cost_of_size(counts, sizes[i]);
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    make_size(book, sizes[best]);
    merge(counts, sizes[best], merged);
    fill_tables(book, merged);
    clv_book_ready(book);
}
