/*
 * test_dense.c - indices of any shape and kind come back, with a book of
 * their own or a named one; all paths write the same bytes and refuse the
 * same ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/dense.h"
#include "codec/walk.h"
#include "odd_books.h"
#include "odd_tensors.h"

#define MOST 40000

struct bench_top {
    struct clv_dense *dense;
    struct clv_buffer first;
    struct clv_buffer payload;
    int16_t indices[MOST];
    int16_t back[MOST + 1];
};

static int make_top(void **state)
{
    struct bench_top *top = calloc(1, sizeof *top);

    assert_non_null(top);
    top->dense = clv_dense_new(CLV_PATH_PORTABLE);
    assert_non_null(top->dense);
    clv_buffer_init(&top->first, 1 << 20);
    clv_buffer_init(&top->payload, 1 << 20);
    *state = top;
    return 0;
}

static int clear_top(void **state)
{
    struct bench_top *top = *state;

    clv_dense_free(top->dense);
    clv_dense_free(NULL);
    clv_buffer_fini(&top->first);
    clv_buffer_fini(&top->payload);
    free(top);
    return 0;
}

/* Decodes from a block of the exact size. */
static cleave_status decode(struct bench_top *top, clv_bytes payload,
                            const cleave_tensor_info *info, int is_signed,
                            const struct clv_book *book)
{
    uint8_t *exact = malloc(payload.size + 1);
    cleave_status status;

    assert_non_null(exact);
    if (payload.size > 0) {
        memcpy(exact + 1, payload.data, payload.size);
    }
    status = clv_dense_decode(top->dense, (clv_bytes){exact + 1, payload.size},
                              info, is_signed, book, top->back);
    free(exact);
    return status;
}

/* The same bytes on all paths, and the same indices from them. */
static cleave_status check(struct bench_top *top,
                           const cleave_tensor_info *info, int is_signed,
                           const struct clv_book *book)
{
    size_t count = odd_count(info);
    cleave_status status = CLEAVE_OK;

    SEEDED_EACH_PATH(path)
    {
        cleave_status got;
        clv_dense_take(top->dense, (enum clv_path)path);
        clv_buffer_reset(&top->payload);
        got = clv_dense_encode(top->dense, top->indices, info, is_signed, book,
                               &top->payload);
        if (path == CLV_PATH_PORTABLE) {
            status = got;
            clv_buffer_reset(&top->first);
            clv_buffer_append(&top->first, top->payload.data,
                              top->payload.size);
        }
        assert_int_equal(got, status);
        assert_int_equal(top->payload.size, top->first.size);
        if (status != CLEAVE_OK || count == 0) {
            continue;
        }
        assert_memory_equal(top->payload.data, top->first.data,
                            top->first.size);
        top->back[count] = 12345;
        assert_int_equal(
            decode(top, clv_buffer_bytes(&top->first), info, is_signed, book),
            CLEAVE_OK);
        assert_memory_equal(top->back, top->indices, count * sizeof *top->back);
        assert_int_equal(top->back[count], 12345);
    }
    return status;
}

static void indices_come_back_with_their_own_book(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("own books", 1);

    for (int round = 0; round < 400; round++) {
        cleave_tensor_info info = {0};
        odd_shape(&s, 1u << (2 + seeded_below(&s, 14)), 1, &info);
        odd_indices(&s, (enum odd_kind)(round % ODD_KINDS), round / 8 % 2,
                    top->indices, odd_count(&info));
        assert_int_equal(check(top, &info, round / 8 % 2, NULL), CLEAVE_OK);
    }
}

/* Books made for nothing in particular: nearly everything escapes. */
static void indices_come_back_with_any_named_book(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("named books", 2);

    for (int round = 0; round < 400; round++) {
        int is_signed = round / 8 % 2;
        cleave_tensor_info info = {0};
        struct clv_walk walk;
        struct clv_book *book;
        odd_shape(&s, 1u << (2 + seeded_below(&s, 14)), 0, &info);
        clv_walk_init(&walk, &info, odd_count(&info), 1);
        book = odd_book(&s, is_signed, walk.planes);
        odd_indices(&s, (enum odd_kind)(round % ODD_KINDS), is_signed,
                    top->indices, odd_count(&info));
        assert_int_equal(check(top, &info, is_signed, book), CLEAVE_OK);
        clv_book_free(book);
    }
}

static void a_book_that_does_not_suit_is_refused(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("unsuited", 3);
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 3, {5, 20, 20}};
    struct clv_book *book = odd_book(&s, 1, 5);

    memset(top->indices, 0, sizeof top->indices);
    free(book->bias);
    book->plain = 0;
    book->bias = calloc(1, 6);
    book->bias_count = 5;
    assert_int_equal(check(top, &info, 1, book), CLEAVE_OK);
    assert_int_equal(decode(top, clv_buffer_bytes(&top->first), &info, 0, book),
                     CLEAVE_CORRUPT);
    assert_int_equal(check(top, &info, 0, book), CLEAVE_INVALID);
    book->bias_count = 6;
    assert_int_equal(check(top, &info, 1, book), CLEAVE_INVALID);
    assert_int_equal(check(top, &info, 1, NULL), CLEAVE_OK);
    assert_int_equal(decode(top, clv_buffer_bytes(&top->first), &info, 1, book),
                     CLEAVE_CORRUPT);
    book->bias_count = 0;
    book->frequency[0][0] = (uint16_t)(book->frequency[0][0] +
                                       book->frequency[0][CLV_TOKEN_ESCAPE]);
    book->frequency[0][CLV_TOKEN_ESCAPE] = 0;
    clv_book_ready(book);
    assert_int_equal(check(top, &info, 1, book), CLEAVE_INVALID);
    clv_book_free(book);
}

static void part_of_a_payload_is_no_payload(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("truncation", 4);

    for (int round = 0; round < 100; round++) {
        cleave_tensor_info info = {0};
        int is_signed = round % 2;
        clv_bytes all;
        odd_shape(&s, 1u << (2 + seeded_below(&s, 9)), 0, &info);
        odd_indices(&s, (enum odd_kind)(round / 2 % ODD_KINDS), is_signed,
                    top->indices, odd_count(&info));
        assert_int_equal(check(top, &info, is_signed, NULL), CLEAVE_OK);
        clv_buffer_append(&top->first, "", 1);
        all = clv_buffer_bytes(&top->first);
        for (size_t size = 0; size <= all.size; size++) {
            cleave_status want =
                size == all.size - 1 ? CLEAVE_OK : CLEAVE_CORRUPT;
            SEEDED_EACH_PATH(path)
            {
                clv_dense_take(top->dense, (enum clv_path)path);
                assert_int_equal(decode(top, (clv_bytes){all.data, size}, &info,
                                        is_signed, NULL),
                                 want);
            }
        }
    }
}

static void changed_payloads_are_the_same_to_all_paths(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("changes", 5);
    int refused = 0;

    for (int round = 0; round < 2000; round++) {
        cleave_tensor_info info = {0};
        int is_signed = round % 2;
        cleave_status first = CLEAVE_OK;
        int16_t want[2048];
        size_t count;
        odd_shape(&s, 2048, 0, &info);
        count = odd_count(&info);
        odd_indices(&s, (enum odd_kind)(round / 2 % ODD_KINDS), is_signed,
                    top->indices, count);
        clv_buffer_reset(&top->first);
        clv_dense_take(top->dense, CLV_PATH_PORTABLE);
        clv_dense_encode(top->dense, top->indices, &info, is_signed, NULL,
                         &top->first);
        for (uint32_t flips = 1 + seeded_below(&s, 3); flips > 0; flips--) {
            top->first.data[seeded_below(&s, (uint32_t)top->first.size)] ^=
                (uint8_t)(1u << seeded_below(&s, 8));
        }
        SEEDED_EACH_PATH(path)
        {
            cleave_status got;
            clv_dense_take(top->dense, (enum clv_path)path);
            got = decode(top, clv_buffer_bytes(&top->first), &info, is_signed,
                         NULL);
            if (path == CLV_PATH_PORTABLE) {
                first = got;
                memcpy(want, top->back, sizeof want);
                refused += got != CLEAVE_OK;
            }
            assert_int_equal(got, first);
            if (got == CLEAVE_OK) {
                assert_memory_equal(top->back, want, count * sizeof *want);
            } else {
                assert_int_equal(got, CLEAVE_CORRUPT);
            }
        }
    }
    assert_in_range(refused, 1, 1999);
}

static void heads_that_break_the_format_are_refused(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 1, {10}};
    size_t book;

    for (int i = 0; i < 10; i++) {
        top->indices[i] = (int16_t)i;
    }
    assert_int_equal(check(top, &info, 0, NULL), CLEAVE_OK);
    book = 0;
    {
        struct clv_book *read = NULL;
        struct clv_reader r;
        clv_reader_init(&r, clv_buffer_bytes(&top->first));
        assert_int_equal(clv_book_read(&r, &read), CLEAVE_OK);
        book = top->first.size - clv_reader_left(&r);
        clv_book_free(read);
    }
    for (int lanes = 0; lanes < 256; lanes++) {
        top->first.data[book] = (uint8_t)lanes;
        if (lanes != 0) {
            assert_int_equal(
                decode(top, clv_buffer_bytes(&top->first), &info, 0, NULL),
                CLEAVE_CORRUPT);
        }
    }
    top->first.data[book] = 0;
    top->first.data[book + 1] = 11; /* more quiet steps than steps */
    assert_int_equal(decode(top, clv_buffer_bytes(&top->first), &info, 0, NULL),
                     CLEAVE_CORRUPT);
}

static void zeros_cost_nothing(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 1, {MOST}};

    memset(top->indices, 0, sizeof top->indices);
    assert_int_equal(check(top, &info, 0, NULL), CLEAVE_OK);
    assert_in_range(top->first.size, 1, 100);
}

static void an_empty_tensor_has_an_empty_payload(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 2, {0, 5}};

    assert_int_equal(check(top, &info, 0, NULL), CLEAVE_OK);
    assert_int_equal(top->first.size, 0);
    assert_int_equal(decode(top, (clv_bytes){NULL, 0}, &info, 0, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        decode(top, (clv_bytes){(const uint8_t *)"", 1}, &info, 0, NULL),
        CLEAVE_CORRUPT);
}

static void room_that_is_too_small_is_said(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("room", 6);
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 1, {3000}};
    struct clv_buffer tight;

    odd_indices(&s, ODD_UNIFORM, 1, top->indices, 3000);
    assert_int_equal(check(top, &info, 1, NULL), CLEAVE_OK);
    for (size_t room = 0; room < top->first.size; room += 37) {
        clv_buffer_init(&tight, room);
        assert_int_equal(
            clv_dense_encode(top->dense, top->indices, &info, 1, NULL, &tight),
            CLEAVE_LIMIT);
        clv_buffer_fini(&tight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indices_come_back_with_their_own_book),
        cmocka_unit_test(indices_come_back_with_any_named_book),
        cmocka_unit_test(a_book_that_does_not_suit_is_refused),
        cmocka_unit_test(part_of_a_payload_is_no_payload),
        cmocka_unit_test(changed_payloads_are_the_same_to_all_paths),
        cmocka_unit_test(heads_that_break_the_format_are_refused),
        cmocka_unit_test(zeros_cost_nothing),
        cmocka_unit_test(an_empty_tensor_has_an_empty_payload),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
