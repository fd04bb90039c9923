/*
 * test_labels.c - classes by file and by row.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/labels.h"
#include "scratch_media.h"

static struct clv_labels *make(const char *text)
{
    struct clv_labels *labels = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_labels_new((clv_bytes){(const uint8_t *)text, strlen(text)}, "l",
                       &labels, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return labels;
}

static int64_t class_of(const struct clv_labels *labels, const char *file)
{
    int64_t class_index = -1;

    if (clv_labels_find(labels, file, 0, &class_index, NULL) != CLEAVE_OK) {
        return -1;
    }
    return class_index;
}

static void finds_files_with_and_without_folders(void **state)
{
    struct clv_labels *l =
        make("file,class_index\n"
             "images/b.jpg,2\na.jpg,1\nx/c.jpg,3\ny/c.jpg,4\n");

    (void)state;
    assert_int_equal(4, clv_labels_count(l));
    assert_false(clv_labels_by_row(l));
    assert_int_equal(1, class_of(l, "a.jpg"));
    assert_int_equal(1, class_of(l, "/data/set/a.jpg"));
    assert_int_equal(2, class_of(l, "b.jpg"));
    assert_int_equal(2, class_of(l, "images/b.jpg"));
    assert_int_equal(2, class_of(l, "set/images/b.jpg"));
    assert_int_equal(-1, class_of(l, "pictures/b.jpg"));
    assert_int_equal(3, class_of(l, "set/x/c.jpg"));
    assert_int_equal(4, class_of(l, "y/c.jpg"));
    assert_int_equal(CLEAVE_MISMATCH,
                     clv_labels_find(l, "c.jpg", 0, &(int64_t){0}, NULL));
    assert_int_equal(CLEAVE_NOT_FOUND,
                     clv_labels_find(l, "aa.jpg", 0, &(int64_t){0}, NULL));
    clv_labels_free(l);
}

static void finds_rows(void **state)
{
    struct clv_labels *l = make("row,text,class_index\r\n"
                                "7,\"x, \"\"y\"\"\",70\r\n0,z,5\r\n");
    int64_t class_index = -1;

    (void)state;
    assert_true(clv_labels_by_row(l));
    assert_int_equal(CLEAVE_OK, clv_labels_find(l, "", 7, &class_index, NULL));
    assert_int_equal(70, class_index);
    assert_int_equal(CLEAVE_OK, clv_labels_find(l, "", 0, &class_index, NULL));
    assert_int_equal(5, class_index);
    assert_int_equal(CLEAVE_NOT_FOUND,
                     clv_labels_find(l, "", 1, &class_index, NULL));
    clv_labels_free(l);
}

static void assert_refused(const char *text, cleave_status want,
                           const char *where)
{
    struct clv_labels *labels = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(
        want, clv_labels_new((clv_bytes){(const uint8_t *)text, strlen(text)},
                             "l", &labels, &err));
    assert_string_equal(where, err.where);
    assert_null(labels);
}

static void bad_files_have_lines(void **state)
{
    (void)state;
    assert_refused("", CLEAVE_INVALID, "l:1");
    assert_refused("file,class\na,1\n", CLEAVE_INVALID, "l:1");
    assert_refused("class_index\n1\n", CLEAVE_INVALID, "l:1");
    assert_refused("row,file,class_index\n", CLEAVE_INVALID, "l:1");
    assert_refused("row,class_index\n0,1\n\n0,2\n", CLEAVE_CORRUPT, "l:4");
    assert_refused("file,class_index\nb,1\na,1\nb,1\n", CLEAVE_CORRUPT, "l:4");
    assert_refused("row,class_index\n0,1\n1\n", CLEAVE_CORRUPT, "l:3");
    assert_refused("row,class_index\n0,-1\n", CLEAVE_CORRUPT, "l:2");
    assert_refused("row,class_index\n0,1.5\n", CLEAVE_CORRUPT, "l:2");
    assert_refused("row,class_index\n0,9999999999999\n", CLEAVE_CORRUPT, "l:2");
    assert_refused("row,class_index\n ,1\n", CLEAVE_CORRUPT, "l:2");
    assert_refused("file,class_index\n\"a\nb\",1\nimages/,1\n", CLEAVE_CORRUPT,
                   "l:4");
    assert_refused("file,class_index\na,\"1\n", CLEAVE_CORRUPT, "l:2");
}

static void real_labels_load(void **state)
{
    const char *pictures = data_path("imagenet-500/labels.csv");
    const char *texts = data_path("text-500/labels.csv");
    struct clv_labels *l = NULL;
    int64_t class_index;

    (void)state;
    if (pictures == NULL || texts == NULL) {
        skip();
    }
    assert_int_equal(CLEAVE_OK, clv_labels_read(pictures, &l, NULL));
    assert_int_equal(500, clv_labels_count(l));
    assert_int_equal(2, class_of(l, "images/n01484850.jpg"));
    clv_labels_free(l);
    assert_int_equal(CLEAVE_OK, clv_labels_read(texts, &l, NULL));
    assert_int_equal(500, clv_labels_count(l));
    assert_int_equal(CLEAVE_OK,
                     clv_labels_find(l, "", 499, &class_index, NULL));
    assert_in_range(class_index, 0, 149);
    clv_labels_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_files_with_and_without_folders),
        cmocka_unit_test(finds_rows),
        cmocka_unit_test(bad_files_have_lines),
        cmocka_unit_test(real_labels_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
