/*
 * test_names.c - lists of class names.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "media/names.h"
#include "scratch_media.h"

static cleave_status split(const char *text, size_t size,
                           struct clv_names *names)
{
    return clv_names_init(names, (clv_bytes){(const uint8_t *)text, size}, "n",
                          NULL);
}

static void one_name_a_line(void **state)
{
    struct clv_names names = {0};

    (void)state;
    assert_int_equal(CLEAVE_OK, split("\xef\xbb\xbf"
                                      "a\r\nb c\n\nd",
                                      12, &names));
    assert_int_equal(4, names.count);
    assert_string_equal("a", names.list[0]);
    assert_string_equal("b c", names.list[1]);
    assert_string_equal("", names.list[2]);
    assert_string_equal("d", names.list[3]);
    clv_names_fini(&names);
    assert_int_equal(CLEAVE_OK, split("a\n", 2, &names));
    assert_int_equal(1, names.count);
    clv_names_fini(&names);
    assert_int_equal(CLEAVE_OK, split("", 0, &names));
    assert_int_equal(0, names.count);
    clv_names_fini(&names);
}

static void refuses_zero_bytes_and_too_many_lines(void **state)
{
    struct clv_names names = {0};
    char *lines = malloc(CLV_NAMES_MAX + 1);

    (void)state;
    assert_non_null(lines);
    assert_int_equal(CLEAVE_CORRUPT, split("a\0b", 3, &names));
    memset(lines, '\n', CLV_NAMES_MAX + 1);
    assert_int_equal(CLEAVE_LIMIT, split(lines, CLV_NAMES_MAX + 1, &names));
    assert_null(names.list);
    free(lines);
}

static void reads_a_file(void **state)
{
    struct clv_names names = {0};
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(
        CLEAVE_OK,
        clv_names_read(&names, scratch_text(*state, "n.txt", "x\ny\n"), &err));
    assert_int_equal(2, names.count);
    clv_names_fini(&names);
    assert_int_equal(
        CLEAVE_NOT_FOUND,
        clv_names_read(&names, scratch_path(*state, "none"), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_a_line),
        cmocka_unit_test(refuses_zero_bytes_and_too_many_lines),
        cmocka_unit_test(reads_a_file),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
