/*
 * test_partition.c - thresholds and cuts are where the counts change, and no
 * other thresholds would be better.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/partition.h"
#include "seeded.h"

static clv_seen *new_seen(void)
{
    clv_seen *seen = calloc(CLV_PREDICTIONS, sizeof *seen);

    assert_non_null(seen);
    return seen;
}

/* The bits that all tokens take under a book's contexts. */
static double cost(clv_seen *seen, const struct clv_book *book)
{
    double counts[CLV_CONTEXTS][CLV_TOKENS + 1];
    double bits = 0;

    memset(counts, 0, sizeof counts);
    for (unsigned p = 0; p < CLV_PREDICTIONS; p++) {
        for (unsigned m = 0; m < CLV_MAGNITUDES; m++) {
            unsigned c = 0;
            for (unsigned i = 0; i < book->threshold_count; i++) {
                c += book->thresholds[i] <= p ? 4 : 0;
            }
            for (unsigned i = 0; i < book->cut_count; i++) {
                c += book->cuts[i] <= m;
            }
            for (unsigned t = 0; t < CLV_TOKENS; t++) {
                counts[c][t] += seen[p][m][t];
                counts[c][CLV_TOKENS] += seen[p][m][t];
            }
        }
    }
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            if (counts[c][t] > 0) {
                bits +=
                    counts[c][t] * log2(counts[c][CLV_TOKENS] / counts[c][t]);
            }
        }
    }
    return bits;
}

static void assert_ascending(const uint8_t *numbers, unsigned count,
                             unsigned least)
{
    for (unsigned i = 0; i < count; i++) {
        assert_true(numbers[i] >= least);
        least = numbers[i] + 1u;
    }
}

static void partition(clv_seen *seen, struct clv_book *book)
{
    assert_int_equal(clv_partition((const clv_seen *)seen, book), CLEAVE_OK);
    assert_in_range(book->threshold_count, 0, CLV_THRESHOLDS);
    assert_in_range(book->cut_count, 0, CLV_CUTS);
    assert_ascending(book->thresholds, book->threshold_count, 0);
    assert_ascending(book->cuts, book->cut_count, 1);
}

static void thresholds_fall_where_the_tokens_change(void **state)
{
    clv_seen *seen = new_seen();
    struct clv_book *book = clv_book_new();

    (void)state;
    for (unsigned p = 0; p < 240; p++) {
        seen[p][0][p / 30] = 100; /* eight groups of 30 predictions */
    }
    partition(seen, book);
    assert_int_equal(book->threshold_count, 7);
    assert_true(cost(seen, book) < 1e-6);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(book->thresholds[i], 30 * (i + 1));
    }
    clv_book_free(book);
    free(seen);
}

static void cuts_fall_where_the_tokens_change(void **state)
{
    clv_seen *seen = new_seen();
    struct clv_book *book = clv_book_new();

    (void)state;
    for (unsigned m = 0; m < CLV_MAGNITUDES; m++) {
        unsigned token = m < 2 ? 0 : m < 5 ? 1 : m < 10 ? 2 : 3;
        seen[100][m][token] = 1000;
    }
    partition(seen, book);
    assert_int_equal(book->cut_count, 3);
    assert_memory_equal(book->cuts, ((const uint8_t[]){2, 5, 10}), 3);
    clv_book_free(book);
    free(seen);
}

/* So few predictions that each has a bin of its own: then the search is
   exact. */
static void no_moved_threshold_is_better(void **state)
{
    struct seeded s = seeded_init("moved", 1);
    struct clv_book *book = clv_book_new();

    (void)state;
    for (int round = 0; round < 4; round++) {
        clv_seen *seen = new_seen();
        double best;
        for (unsigned i = 0; i < 20000; i++) {
            unsigned p = 12 * seeded_below(&s, 20);
            int token = seeded_geometric(&s, 1 / (1 + p / 40.0));
            seen[p][0][token < 40 ? token : 39]++;
        }
        partition(seen, book);
        best = cost(seen, book);
        for (unsigned i = 0; i < book->threshold_count; i++) {
            uint8_t kept = book->thresholds[i];
            unsigned least = i > 0 ? book->thresholds[i - 1] + 1u : 0;
            unsigned end =
                i + 1 < book->threshold_count ? book->thresholds[i + 1] : 256u;
            for (unsigned at = least; at < end; at += 3) {
                book->thresholds[i] = (uint8_t)at;
                assert_true(cost(seen, book) >= best - 1e-6 * best);
            }
            book->thresholds[i] = kept;
        }
        free(seen);
    }
    clv_book_free(book);
}

static void few_or_no_counts_are_no_trouble(void **state)
{
    clv_seen *seen = new_seen();
    struct clv_book *book = clv_book_new();

    (void)state;
    partition(seen, book);
    seen[0][0][0] = 1;
    partition(seen, book);
    memset(seen[0], 0, sizeof seen[0]);
    seen[255][15][40] = UINT32_MAX;
    partition(seen, book);
    clv_book_free(book);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_fall_where_the_tokens_change),
        cmocka_unit_test(cuts_fall_where_the_tokens_change),
        cmocka_unit_test(no_moved_threshold_is_better),
        cmocka_unit_test(few_or_no_counts_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
