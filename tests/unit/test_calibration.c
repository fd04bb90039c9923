/*
 * test_calibration.c - files are read as docs/format.md says, everything in
 * them is found again, and every wrong field is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "codec/calibration.h"
#include "hand_calibration.h"
#include "odd_books.h"
#include "scratch_folder.h"

#define MODEL "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const cleave_tensor_info form = {"relu", CLEAVE_TYPE_F32, 3, {4, 5, 6}};

static struct clv_calibration *read_back(const struct clv_buffer *b)
{
    struct clv_calibration *c = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_buffer_status(b), CLEAVE_OK);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(b), "x.calib", &c, &err),
        CLEAVE_OK);
    return c;
}

/* Any number of tensors with any books, named in ascending order. */
static void make_file(struct seeded *s, struct clv_buffer *b, size_t tensors)
{
    clv_buffer_reset(b);
    hand_begin(b, tensors);
    for (size_t i = 0; i < tensors; i++) {
        char name[32];
        cleave_tensor_info info = form;
        uint64_t books = seeded_below(s, 4);
        snprintf(name, sizeof name, "t%03zu", i);
        info.name = name;
        info.rank = seeded_below(s, CLEAVE_MAX_RANK + 1);
        for (uint32_t k = 0; k < info.rank; k++) {
            info.shape[k] = seeded_next(s) >> 1 >> seeded_below(s, 32);
        }
        hand_tensor(b, &info, -1.0f, (float)i, 0.5f, 2.0f, -3 * (int64_t)i,
                    books);
        for (uint64_t k = 0; k < books; k++) {
            struct clv_book *book = odd_book(s, (int)k & 1, 3);
            (void)hand_book(b, (float)k * 0.5f, book);
            clv_book_free(book);
        }
    }
    hand_end(b);
}

static void all_that_is_written_is_found(void **state)
{
    struct seeded s = seeded_init("files", 1);
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    for (size_t tensors = 0; tensors < 40; tensors++) {
        struct clv_calibration *c;
        const struct clv_calibrated *all;
        size_t count;
        make_file(&s, &b, tensors);
        c = read_back(&b);
        assert_string_equal(clv_calibration_model(c), MODEL);
        assert_int_equal(strlen(clv_calibration_id(c)), 16);
        all = clv_calibration_tensors(c, &count);
        assert_int_equal(count, tensors);
        for (size_t i = 0; i < count; i++) {
            assert_ptr_equal(clv_calibration_find(c, all[i].name), &all[i]);
            assert_true(all[i].lo == -1.0f && all[i].hi == (float)i);
            assert_true(all[i].mean == 0.5f && all[i].sd == 2.0f);
            assert_int_equal(all[i].base, -3 * (int64_t)i);
            for (size_t k = 0; k < all[i].book_count; k++) {
                const struct clv_calibrated *owner = NULL;
                assert_true(all[i].books[k].step == (float)k * 0.5f);
                const struct clv_book *found =
                    clv_calibration_book(c, all[i].books[k].hash, &owner);
                assert_true(owner <= &all[i]); /* before: the same by chance */
                assert_true(owner < &all[i] || found == all[i].books[k].book);
            }
        }
        assert_null(clv_calibration_find(c, "t"));
        assert_null(clv_calibration_find(c, "u"));
        assert_null(clv_calibration_find(c, ""));
        assert_null(clv_calibration_find(c, NULL));
        clv_calibration_free(c);
    }
    clv_calibration_free(NULL);
    clv_buffer_fini(&b);
}

static void a_shared_book_belongs_to_the_first(void **state)
{
    struct seeded s = seeded_init("shared", 2);
    struct clv_book *book = odd_book(&s, 0, 3);
    cleave_tensor_info info = form;
    const struct clv_calibrated *owner = NULL;
    struct clv_calibration *c;
    struct clv_buffer b;
    uint32_t hash = 0;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, 5);
    for (int i = 0; i < 5; i++) {
        char name[] = {(char)('a' + i), '\0'};
        info.name = name;
        hand_tensor(&b, &info, 0, 1, 0, 1, 0, 1);
        hash = hand_book(&b, 1, book);
    }
    hand_end(&b);
    c = read_back(&b);
    assert_non_null(clv_calibration_book(c, hash, &owner));
    assert_string_equal(owner->name, "a");
    owner = NULL;
    assert_null(clv_calibration_book(c, hash + 1, &owner));
    assert_null(clv_calibration_book(c, 0, &owner));
    assert_null(clv_calibration_book(c, UINT32_MAX, &owner));
    assert_null(owner);
    clv_calibration_free(c);
    clv_book_free(book);
    clv_buffer_fini(&b);
}

static cleave_status status_of(clv_bytes bytes)
{
    struct clv_calibration *c = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    uint8_t *exact = malloc(bytes.size + 1);
    cleave_status status;

    assert_non_null(exact);
    memcpy(exact + 1, bytes.data, bytes.size);
    status = clv_calibration_new((clv_bytes){exact + 1, bytes.size}, "x.calib",
                                 &c, &err);
    assert_true((status == CLEAVE_OK) == (c != NULL));
    if (status != CLEAVE_OK) {
        assert_int_equal(err.code, status);
        assert_string_equal(err.where, "x.calib");
        assert_true(err.text[0] != '\0');
    }
    clv_calibration_free(c);
    free(exact);
    return status;
}

static void cut_off_or_changed_files_are_refused(void **state)
{
    struct seeded s = seeded_init("changes", 3);
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    make_file(&s, &b, 3);
    for (size_t size = 0; size < b.size; size++) {
        assert_int_equal(status_of((clv_bytes){b.data, size}), CLEAVE_CORRUPT);
    }
    for (size_t bit = 0; bit < 8 * b.size; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);
        b.data[bit / 8] ^= mask;
        assert_int_not_equal(status_of(clv_buffer_bytes(&b)), CLEAVE_OK);
        b.data[bit / 8] ^= mask;
    }
    assert_int_equal(status_of(clv_buffer_bytes(&b)), CLEAVE_OK);
    clv_buffer_fini(&b);
}

/* The same with a checksum that is right: what is read must be sound. */
static void any_content_is_read_or_refused(void **state)
{
    struct seeded s = seeded_init("content", 4);
    struct clv_buffer b;
    int accepted = 0;
    int refused = 0;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    for (int round = 0; round < 5; round++) {
        make_file(&s, &b, 3);
        for (size_t bit = 8 * 37; bit < 8 * (b.size - 4); bit++) {
            uint8_t mask = (uint8_t)(1u << bit % 8);
            b.data[bit / 8] ^= mask;
            b.size -= 4;
            hand_end(&b);
            if (status_of(clv_buffer_bytes(&b)) == CLEAVE_OK) {
                accepted++;
            } else {
                refused++;
            }
            b.data[bit / 8] ^= mask;
        }
        for (size_t size = 4; size < b.size - 4; size++) {
            struct clv_buffer part;
            clv_buffer_init(&part, b.size + 4);
            clv_buffer_append(&part, b.data, size);
            hand_end(&part);
            assert_int_equal(status_of(clv_buffer_bytes(&part)),
                             CLEAVE_CORRUPT);
            clv_buffer_fini(&part);
        }
    }
    assert_true(accepted > 0 && refused > 0);
    clv_buffer_fini(&b);
}

static void other_files_and_versions_are_told_apart(void **state)
{
    struct seeded s = seeded_init("versions", 5);
    struct clv_buffer b;
    clv_bytes huge = {NULL, CLV_CALIBRATION_BYTES + 1};
    struct clv_calibration *c = NULL;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    make_file(&s, &b, 1);
    b.data[3] = 2;
    assert_int_equal(status_of(clv_buffer_bytes(&b)), CLEAVE_UNSUPPORTED);
    b.data[3] = 1;
    b.data[0] ^= 1;
    assert_int_equal(status_of(clv_buffer_bytes(&b)), CLEAVE_CORRUPT);
    assert_int_equal(clv_calibration_new(huge, "x", &c, NULL), CLEAVE_LIMIT);
    assert_int_equal(status_of((clv_bytes){(const uint8_t *)"CLC\1", 4}),
                     CLEAVE_CORRUPT);
    clv_buffer_fini(&b);
}

/* One tensor with these statistics. */
static cleave_status status_of_stats(const cleave_tensor_info *info, float lo,
                                     float hi, float mean, float sd)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, 1);
    hand_tensor(&b, info, lo, hi, mean, sd, 0, 0);
    hand_end(&b);
    status = status_of(clv_buffer_bytes(&b));
    clv_buffer_fini(&b);
    return status;
}

static void numbers_that_make_no_sense_are_refused(void **state)
{
    cleave_tensor_info info = form;

    (void)state;
    assert_int_equal(status_of_stats(&info, 0, 0, 0, 0), CLEAVE_OK);
    assert_int_equal(status_of_stats(&info, 1, 0, 0, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, NAN, 0, 0, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, 0, NAN, 0, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, 0, INFINITY, 0, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, -INFINITY, 0, 0, 1),
                     CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, 0, 1, NAN, 1), CLEAVE_OK);
    assert_int_equal(status_of_stats(&info, 0, 1, 0, NAN), CLEAVE_CORRUPT);
    assert_int_equal(status_of_stats(&info, 0, 1, 0, -1), CLEAVE_CORRUPT);
    info.rank = 9;
    assert_int_equal(status_of_stats(&info, 0, 1, 0, 1), CLEAVE_CORRUPT);
    info.rank = 3;
    info.shape[1] = (int64_t)INT32_MAX + 1;
    assert_int_equal(status_of_stats(&info, 0, 1, 0, 1), CLEAVE_CORRUPT);
}

static cleave_status status_of_steps(float first, float second)
{
    struct seeded s = {88172645463325252u};
    struct clv_book *book = odd_book(&s, 0, 3);
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, 1);
    hand_tensor(&b, &form, 0, 1, 0, 1, 0, 2);
    (void)hand_book(&b, first, book);
    (void)hand_book(&b, second, book);
    hand_end(&b);
    status = status_of(clv_buffer_bytes(&b));
    clv_buffer_fini(&b);
    clv_book_free(book);
    return status;
}

static void steps_ascend(void **state)
{
    (void)state;
    assert_int_equal(status_of_steps(0, 1), CLEAVE_OK);
    assert_int_equal(status_of_steps(1, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_steps(2, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_steps(-1, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_steps(NAN, 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_steps(1, INFINITY), CLEAVE_CORRUPT);
    assert_int_equal(status_of_steps(1, NAN), CLEAVE_CORRUPT);
}

static cleave_status status_of_names(const char *first, const char *second,
                                     uint64_t announced)
{
    struct clv_buffer b;
    cleave_tensor_info info = form;
    cleave_status status;

    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, announced);
    info.name = first;
    hand_tensor(&b, &info, 0, 1, 0, 1, 0, 0);
    info.name = second;
    hand_tensor(&b, &info, 0, 1, 0, 1, 0, 0);
    hand_end(&b);
    status = status_of(clv_buffer_bytes(&b));
    clv_buffer_fini(&b);
    return status;
}

static void names_ascend_and_counts_are_true(void **state)
{
    (void)state;
    assert_int_equal(status_of_names("a", "b", 2), CLEAVE_OK);
    assert_int_equal(status_of_names("", "a", 2), CLEAVE_OK);
    assert_int_equal(status_of_names("z", "\xc3\xa9", 2), CLEAVE_OK);
    assert_int_equal(status_of_names("a", "a", 2), CLEAVE_CORRUPT);
    assert_int_equal(status_of_names("b", "a", 2), CLEAVE_CORRUPT);
    assert_int_equal(status_of_names("a", "b", 1), CLEAVE_CORRUPT);
    assert_int_equal(status_of_names("a", "b", 3), CLEAVE_CORRUPT);
    assert_int_equal(status_of_names("a", "b", CLV_CALIBRATION_TENSORS + 1),
                     CLEAVE_CORRUPT);
    assert_int_equal(status_of_names("a", "b", UINT64_MAX >> 1),
                     CLEAVE_CORRUPT);
}

/* So many of the smallest books, spread over tensors. */
static cleave_status status_of_books(size_t books)
{
    size_t tensors =
        (books + CLV_CALIBRATION_BOOKS - 1) / CLV_CALIBRATION_BOOKS;
    cleave_tensor_info info = {.type = CLEAVE_TYPE_F32};
    struct clv_book *book = clv_book_new();
    struct clv_buffer b;
    char name[24];
    cleave_status status;

    assert_non_null(book);
    clv_book_make_plain(book);
    book->frequency[0][CLV_TOKEN_ESCAPE] = CLV_SLOTS;
    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, tensors);
    info.name = name;
    for (size_t i = 0; i < tensors; i++) {
        size_t here =
            books < CLV_CALIBRATION_BOOKS ? books : CLV_CALIBRATION_BOOKS;
        snprintf(name, sizeof name, "%04zu", i);
        hand_tensor(&b, &info, 0, 1, 0, 1, 0, here);
        for (size_t k = 0; k < here; k++) {
            hand_book(&b, (float)k, book);
        }
        books -= here;
    }
    hand_end(&b);
    status = status_of(clv_buffer_bytes(&b));
    clv_buffer_fini(&b);
    clv_book_free(book);
    return status;
}

static void books_are_so_many_at_most(void **state)
{
    (void)state;
    assert_int_equal(status_of_books(CLV_CALIBRATION_BOOKS), CLEAVE_OK);
    assert_int_equal(status_of_books(CLV_CALIBRATION_BOOKS_ALL), CLEAVE_OK);
    assert_int_equal(status_of_books(CLV_CALIBRATION_BOOKS_ALL + 1),
                     CLEAVE_CORRUPT);
}

static void files_are_read_and_belong_to_a_model(void **state)
{
    struct seeded s = seeded_init("file", 6);
    const char *path = scratch_path(*state, "x.calib");
    struct clv_calibration *c = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_buffer b;

    assert_int_not_equal(clv_calibration_read(path, &c, &err), CLEAVE_OK);
    assert_non_null(strstr(err.where, "x.calib"));
    clv_buffer_init(&b, 1 << 20);
    make_file(&s, &b, 3);
    scratch_write(path, b.data, b.size);
    assert_int_equal(clv_calibration_read(path, &c, NULL), CLEAVE_OK);
    assert_int_equal(clv_calibration_check(c, MODEL, "x", NULL), CLEAVE_OK);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_calibration_check(c, "ff", "x", &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, MODEL));
    clv_calibration_free(c);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_written_is_found),
        cmocka_unit_test(a_shared_book_belongs_to_the_first),
        cmocka_unit_test(cut_off_or_changed_files_are_refused),
        cmocka_unit_test(any_content_is_read_or_refused),
        cmocka_unit_test(other_files_and_versions_are_told_apart),
        cmocka_unit_test(numbers_that_make_no_sense_are_refused),
        cmocka_unit_test(steps_ascend),
        cmocka_unit_test(names_ascend_and_counts_are_true),
        cmocka_unit_test(books_are_so_many_at_most),
        cmocka_unit_test_setup_teardown(files_are_read_and_belong_to_a_model,
                                        scratch_begin, scratch_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
