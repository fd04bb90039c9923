/*
 * test_choice.c - the book that goes along can code every tensor it was made
 * for, and its size follows what there is to say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "codec/choice.h"
#include "seeded.h"

typedef uint32_t table_counts[CLV_CONTEXTS_ALL][CLV_TOKENS];

/* The counts as a poorer book's contexts have them. */
static void merge(table_counts counts, const struct clv_book *book,
                  table_counts merged)
{
    memset(merged, 0, sizeof(table_counts));
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        unsigned i =
            c / 4 < book->threshold_count ? c / 4 : book->threshold_count;
        unsigned k = c % 4 < book->cut_count ? c % 4 : book->cut_count;
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            merged[4 * i + k][t] += counts[c][t];
        }
    }
}

static void make_counts(struct seeded *s, table_counts counts)
{
    unsigned shift = seeded_below(s, 28);

    memset(counts, 0, sizeof(table_counts));
    for (unsigned c = 0; c < CLV_CONTEXTS_ALL; c++) {
        unsigned used = seeded_below(s, CLV_TOKEN_ESCAPE + 1);
        for (unsigned t = 0; t < used; t++) {
            counts[c][t] = seeded_next(s) >> shift >> seeded_below(s, 12) >> 5;
        }
    }
}

static void all_that_was_counted_has_slots(void **state)
{
    struct seeded s = seeded_init("slots", 1);
    struct clv_book *book = clv_book_new();
    table_counts counts;
    table_counts merged;

    (void)state;
    assert_non_null(book);
    for (int round = 0; round < 3000; round++) {
        make_counts(&s, counts);
        clv_choice_richest(book, round % 2);
        assert_int_equal(book->is_signed, round % 2);
        clv_choice_make(book, counts);
        assert_true(book->plain);
        assert_int_equal(book->is_signed, round % 2);
        merge(counts, book, merged);
        for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
            unsigned sum = 0;
            if (c / 4 > book->threshold_count || c % 4 > book->cut_count) {
                continue;
            }
            for (unsigned t = 0; t < CLV_TOKENS; t++) {
                sum += book->frequency[c][t];
                assert_true(merged[c][t] == 0 || book->frequency[c][t] > 0);
            }
            assert_int_equal(sum, CLV_SLOTS);
        }
    }
    clv_book_free(book);
}

static void few_tokens_get_one_table_and_many_get_contexts(void **state)
{
    struct clv_book *book = clv_book_new();
    table_counts counts = {{0}};

    (void)state;
    assert_non_null(book);
    counts[0][0] = 20;
    counts[31][1] = 5;
    clv_choice_richest(book, 0);
    clv_choice_make(book, counts);
    assert_int_equal(book->threshold_count, 0);
    assert_int_equal(book->cut_count, 0);
    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        memset(counts[c], 0, sizeof counts[c]);
        counts[c][c / 4 + c % 4] = 100000; /* each its own token */
        counts[c][12] = 50000;
    }
    clv_choice_richest(book, 0);
    clv_choice_make(book, counts);
    assert_int_equal(book->threshold_count, 7);
    assert_int_equal(book->cut_count, 3);
    clv_book_free(book);
}

static double bits_of(table_counts merged, const struct clv_book *book)
{
    double bits = 0;

    for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            if (merged[c][t] > 0) {
                bits -= merged[c][t] *
                        log2(book->frequency[c][t] / (double)CLV_SLOTS);
            }
        }
    }
    return bits;
}

/* Never much worse than one table for all; what tables cost is guessed. */
static void contexts_pay_for_themselves(void **state)
{
    struct seeded s = seeded_init("pay", 2);
    struct clv_book *book = clv_book_new();
    table_counts counts;
    table_counts merged;

    (void)state;
    assert_non_null(book);
    for (int round = 0; round < 500; round++) {
        struct clv_book *single = clv_book_new();
        struct clv_buffer bytes;
        double one;
        double chosen;
        make_counts(&s, counts);
        for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
            for (unsigned t = 0; t < CLV_TOKENS; t++) {
                counts[c][t] >>= 8;
            }
        }
        clv_choice_richest(book, 1);
        clv_choice_make(book, counts);
        merge(counts, book, merged);
        clv_buffer_init(&bytes, 1 << 16);
        clv_book_write(book, &bytes);
        chosen = bits_of(merged, book) + 8.0 * (double)bytes.size;
        merge(counts, single, merged);
        clv_book_scale(merged[0], 0, single->frequency[0]);
        clv_book_make_plain(single);
        clv_buffer_reset(&bytes);
        clv_book_write(single, &bytes);
        one = bits_of(merged, single) + 8.0 * (double)bytes.size;
        assert_true(chosen <= 1.15 * one + 200);
        clv_buffer_fini(&bytes);
        clv_book_free(single);
    }
    clv_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_counted_has_slots),
        cmocka_unit_test(few_tokens_get_one_table_and_many_get_contexts),
        cmocka_unit_test(contexts_pay_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
