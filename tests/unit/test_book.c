/*
 * test_book.c - books come back from their bytes, their tables say the same
 * to encoder and decoder, and hostile bytes are refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "odd_books.h"

static void assert_same_book(const struct clv_book *a, const struct clv_book *b)
{
    assert_int_equal(!a->is_signed, !b->is_signed);
    assert_int_equal(!a->plain, !b->plain);
    assert_int_equal(a->threshold_count, b->threshold_count);
    assert_int_equal(a->cut_count, b->cut_count);
    assert_memory_equal(a->cuts, b->cuts, a->cut_count);
    assert_memory_equal(a->thresholds, b->thresholds, a->threshold_count);
    assert_int_equal(a->up, b->up);
    assert_int_equal(a->right, b->right);
    assert_int_equal(a->energy, b->energy);
    assert_int_equal(a->e0, b->e0);
    assert_int_equal(a->bias_count, b->bias_count);
    if (a->bias_count > 0) {
        assert_memory_equal(a->bias, b->bias, a->bias_count);
    }
    assert_memory_equal(a->frequency, b->frequency, sizeof a->frequency);
    assert_memory_equal(clv_book_codes(a), clv_book_codes(b),
                        sizeof(struct clv_codes));
}

/* Any book, written. The caller ends both. */
static struct clv_book *write_any(struct seeded *s, struct clv_buffer *bytes)
{
    struct clv_book *book =
        odd_book(s, (int)seeded_below(s, 2), 1 + seeded_below(s, 300));

    clv_buffer_init(bytes, 1 << 20);
    clv_book_write(book, bytes);
    assert_int_equal(clv_buffer_status(bytes), CLEAVE_OK);
    return book;
}

static void books_come_back_from_their_bytes(void **state)
{
    struct seeded s = seeded_init("books", 1);
    struct clv_book *again = clv_book_new();

    (void)state;
    assert_non_null(again);
    for (int round = 0; round < 300; round++) {
        struct clv_buffer bytes;
        struct clv_book *book = write_any(&s, &bytes);
        struct clv_book *got = NULL;
        struct clv_reader r;
        clv_reader_init(&r, clv_buffer_bytes(&bytes));
        assert_int_equal(clv_book_read(&r, &got), CLEAVE_OK);
        assert_int_equal(clv_reader_left(&r), 0);
        assert_same_book(book, got);
        clv_reader_init(&r, clv_buffer_bytes(&bytes));
        assert_int_equal(clv_book_read_into(&r, again), CLEAVE_OK);
        assert_int_equal(again->bias_count, book->bias_count);
        assert_memory_equal(clv_book_codes(again)->of[0],
                            clv_book_codes(book)->of[0],
                            sizeof(struct clv_code[1 << CLV_CODE_BITS]));
        clv_book_free(got);
        clv_book_free(book);
        clv_buffer_fini(&bytes);
    }
    clv_book_free(again);
}

static void part_of_a_book_is_none(void **state)
{
    struct seeded s = seeded_init("truncation", 2);

    (void)state;
    for (int round = 0; round < 30; round++) {
        struct clv_buffer bytes;
        struct clv_book *book = write_any(&s, &bytes);
        for (size_t size = 0; size < bytes.size; size++) {
            struct clv_book *got = NULL;
            uint8_t *exact = malloc(size + 1);
            struct clv_reader r;
            assert_non_null(exact);
            memcpy(exact + 1, bytes.data, size);
            clv_reader_init(&r, (clv_bytes){exact + 1, size});
            assert_int_equal(clv_book_read(&r, &got), CLEAVE_CORRUPT);
            assert_null(got);
            free(exact);
        }
        clv_book_free(book);
        clv_buffer_fini(&bytes);
    }
}

static void changed_books_are_books_or_refused(void **state)
{
    struct seeded s = seeded_init("hostile", 3);
    struct clv_book *into = clv_book_new();
    int accepted = 0;

    (void)state;
    assert_non_null(into);
    for (int round = 0; round < 300; round++) {
        struct clv_buffer bytes;
        struct clv_book *book = write_any(&s, &bytes);
        for (int change = 0; change < 50; change++) {
            uint32_t at = seeded_below(&s, (uint32_t)bytes.size);
            struct clv_reader r;
            bytes.data[at] ^= (uint8_t)(1u << seeded_below(&s, 8));
            clv_reader_init(&r, clv_buffer_bytes(&bytes));
            if (clv_book_read_into(&r, into) == CLEAVE_OK) {
                assert_non_null(clv_book_slots(into));
                accepted++;
            }
        }
        clv_book_free(book);
        clv_buffer_fini(&bytes);
    }
    assert_in_range(accepted, 1, 300 * 50 - 1);
    clv_book_free(into);
}

static void refuse(const char *what, const uint8_t *bytes, size_t size)
{
    struct clv_book *got = NULL;
    struct clv_reader r;

    clv_reader_init(&r, (clv_bytes){bytes, size});
    if (clv_book_read(&r, &got) != CLEAVE_CORRUPT) {
        fail_msg("accepted: %s", what);
    }
}

static void each_rule_is_kept(void **state)
{
    uint8_t biases[16] = {0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};

    (void)state;
    refuse("bit 7", (const uint8_t[]){0xa0, 0}, 2);
    refuse("a cut of 0", (const uint8_t[]){0x28, 0, 0, 0}, 4);
    refuse("cuts the same", (const uint8_t[]){0x30, 3, 3, 0, 0, 0}, 6);
    refuse("cuts falling", (const uint8_t[]){0x30, 3, 2, 0, 0, 0}, 6);
    refuse("thresholds the same",
           (const uint8_t[]){0x02, 1, 1, 1, 1, 5, 5, 0, 0, 0, 0}, 11);
    refuse("41 tokens listed", (const uint8_t[]){0x20, 41, 0, 0, 0}, 5);
    refuse("a frequency of 1025", (const uint8_t[]){0x20, 0x41, 0x00, 0x01}, 4);
    refuse("unused bits", (const uint8_t[]){0x20, 0x40}, 2);
    refuse("more biases than bytes", biases, sizeof biases);
}

static void the_smallest_book_is_two_bytes(void **state)
{
    const uint8_t bytes[] = {0x20, 0x00};
    struct clv_book *book = NULL;
    struct clv_reader r;

    (void)state;
    clv_reader_init(&r, (clv_bytes){bytes, 2});
    assert_int_equal(clv_book_read(&r, &book), CLEAVE_OK);
    assert_int_equal(book->frequency[0][CLV_TOKEN_ESCAPE], CLV_SLOTS);
    assert_int_equal(book->up, 48);
    assert_int_equal(book->right, 8);
    clv_book_free(book);
}

static void a_full_table_leaves_no_escape(void **state)
{
    struct clv_book *book = clv_book_new();
    struct clv_book *got = NULL;
    struct clv_buffer bytes;
    struct clv_reader r;

    (void)state;
    clv_book_make_plain(book);
    book->frequency[0][3] = 1000;
    book->frequency[0][39] = 24;
    clv_book_ready(book);
    clv_buffer_init(&bytes, 100);
    clv_book_write(book, &bytes);
    clv_reader_init(&r, clv_buffer_bytes(&bytes));
    assert_int_equal(clv_book_read(&r, &got), CLEAVE_OK);
    assert_same_book(book, got);
    assert_int_equal(got->frequency[0][CLV_TOKEN_ESCAPE], 0);
    clv_book_free(book);
    clv_book_free(got);
    clv_buffer_fini(&bytes);
}

/* Encoding a state by multiplication, as rans.c does. */
static uint32_t encoded(uint32_t x, struct clv_code code)
{
    uint32_t quotient =
        (uint32_t)((uint64_t)x * code.reciprocal >> 32) >> (code.packed >> 22);

    return x + (code.packed >> 11 & 0x7ff) +
           quotient * (CLV_SLOTS - (code.packed & 0x7ff));
}

/* All frequencies, at the states where a reciprocal would first be wrong. */
static void reciprocals_divide_exactly(void **state)
{
    struct seeded s = seeded_init("reciprocals", 4);
    struct clv_book *book = clv_book_new();

    (void)state;
    for (uint32_t f = 1; f <= CLV_SLOTS; f++) {
        uint32_t limit = f << 21;
        memset(book->frequency, 0, sizeof book->frequency);
        book->frequency[0][0] = (uint16_t)(CLV_SLOTS - f);
        book->frequency[0][1] = (uint16_t)f;
        clv_book_ready(book);
        for (int i = 0; i < 300; i++) {
            uint32_t near = (1 + seeded_below(&s, limit / f - 1)) * f;
            uint32_t xs[] = {near, near + f - 1, near - 1 > 0 ? near - 1 : 1,
                             limit - 1 - seeded_below(&s, f)};
            for (size_t k = 0; k < 4; k++) {
                uint32_t want =
                    xs[k] / f * CLV_SLOTS + CLV_SLOTS - f + xs[k] % f;
                assert_int_equal(encoded(xs[k], clv_book_codes(book)->of[0][1]),
                                 want);
            }
        }
    }
    clv_book_free(book);
}

static void slots_say_what_frequencies_say(void **state)
{
    struct seeded s = seeded_init("slots", 5);

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct clv_book *book = odd_book(&s, round % 2, 7);
        const uint32_t *slots = clv_book_slots(book);
        assert_non_null(slots);
        assert_ptr_equal(clv_book_slots(book), slots);
        for (unsigned c = 0; c < CLV_CONTEXTS; c++) {
            unsigned start = 0;
            if (c / 4 > book->threshold_count || c % 4 > book->cut_count) {
                continue;
            }
            for (unsigned t = 0; t < CLV_TOKENS; t++) {
                unsigned f = book->frequency[c][t];
                unsigned m = clv_token_magnitude(t, book->is_signed);
                for (unsigned i = 0; i < f; i++) {
                    uint32_t entry = slots[c * CLV_SLOTS + start + i];
                    assert_int_equal(entry & 0x3ff, i);
                    assert_int_equal(entry >> 10 & 3, book->cut_class[m]);
                    assert_int_equal(entry >> 12 & 0x7ff, f);
                    assert_int_equal(entry >> 23, t);
                }
                start += f;
            }
            assert_int_equal(start, CLV_SLOTS);
        }
        clv_book_free(book);
    }
}

struct tables {
    const struct clv_book *book;
    const uint32_t *slots;
    const struct clv_codes *codes;
};

static void *ask_for_tables(void *self)
{
    struct tables *t = self;

    t->codes = clv_book_codes(t->book);
    t->slots = clv_book_slots(t->book);
    return NULL;
}

static void many_threads_get_the_same_tables(void **state)
{
    struct seeded s = seeded_init("threads", 6);

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct clv_book *book = odd_book(&s, 0, 1);
        pthread_t threads[4];
        struct tables got[4];
        for (int i = 0; i < 4; i++) {
            got[i].book = book;
            assert_int_equal(
                pthread_create(&threads[i], NULL, ask_for_tables, &got[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_non_null(got[i].slots);
            assert_non_null(got[i].codes);
            assert_ptr_equal(got[i].slots, got[0].slots);
            assert_ptr_equal(got[i].codes, got[0].codes);
        }
        clv_book_free(book);
    }
}

static void scaled_counts_add_up(void **state)
{
    struct seeded s = seeded_init("scale", 7);

    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint32_t counts[CLV_TOKENS] = {0};
        uint16_t frequency[CLV_TOKENS];
        unsigned escape = seeded_below(&s, 3);
        unsigned used = seeded_below(&s, CLV_TOKENS + 1);
        unsigned sum = 0;
        uint64_t all = 0;
        for (unsigned t = 0; t < used; t++) {
            counts[t] = seeded_next(&s) >> seeded_below(&s, 32);
            all += counts[t];
        }
        clv_book_scale(counts, escape, frequency);
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            sum += frequency[t];
            if (t != CLV_TOKEN_ESCAPE) {
                assert_int_equal(frequency[t] > 0, counts[t] > 0);
            } else if (all > 0) {
                assert_true(frequency[t] >= escape);
            }
        }
        assert_int_equal(sum, CLV_SLOTS);
        assert_true(all > 0 || frequency[CLV_TOKEN_ESCAPE] == CLV_SLOTS);
    }
}

static void tokens_are_those_of_the_format(void **state)
{
    (void)state;
    for (unsigned u = 0; u < 65536; u++) {
        unsigned token = clv_symbol_token(u);
        unsigned e = 0;
        while (u >> (e + 1) != 0) {
            e++;
        }
        if (u < 16) {
            assert_int_equal(token, u);
            assert_int_equal(clv_token_extra(token), 0);
        } else {
            assert_int_equal(token, 16 + 2 * (e - 4) + (u >> (e - 1) & 1));
            assert_int_equal(clv_token_extra(token), e - 1);
        }
    }
    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        assert_int_equal(clv_token_magnitude(t, 0), t < 15 ? t : 15);
        assert_int_equal(clv_token_magnitude(t, 1),
                         (t + 1) / 2 < 15 ? (t + 1) / 2 : 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_come_back_from_their_bytes),
        cmocka_unit_test(part_of_a_book_is_none),
        cmocka_unit_test(changed_books_are_books_or_refused),
        cmocka_unit_test(each_rule_is_kept),
        cmocka_unit_test(the_smallest_book_is_two_bytes),
        cmocka_unit_test(a_full_table_leaves_no_escape),
        cmocka_unit_test(reciprocals_divide_exactly),
        cmocka_unit_test(slots_say_what_frequencies_say),
        cmocka_unit_test(many_threads_get_the_same_tables),
        cmocka_unit_test(scaled_counts_add_up),
        cmocka_unit_test(tokens_are_those_of_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
