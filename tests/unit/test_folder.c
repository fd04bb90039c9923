/*
 * test_folder.c - listing by suffix, sorted.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/folder.h"
#include "scratch_media.h"

static void lists_what_ends_so_sorted(void **state)
{
    const char *const suffixes[] = {".jpg", ".png"};
    struct clv_folder f = {0};
    const char *folder = scratch_folder(*state, "d");

    scratch_text(folder, "b.jpg", "");
    scratch_text(folder, "a.PNG", "");
    scratch_text(folder, "B.jpg", "");
    scratch_text(folder, "c.txt", "");
    scratch_text(folder, ".hidden.jpg", "");
    scratch_folder(folder, "below.jpg");
    assert_int_equal(CLEAVE_OK, clv_folder_init(&f, folder, suffixes, 2, NULL));
    assert_int_equal(3, f.count);
    assert_string_equal("B.jpg", f.names[0]);
    assert_string_equal("a.PNG", f.names[1]);
    assert_string_equal("b.jpg", f.names[2]);
    clv_folder_fini(&f);
}

static void a_missing_folder_is_an_error(void **state)
{
    struct clv_folder f = {0};
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(
        CLEAVE_NOT_FOUND,
        clv_folder_init(&f, scratch_path(*state, "none"), NULL, 0, &err));
    assert_non_null(strstr(err.where, "none"));
    clv_folder_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_ends_so_sorted),
        cmocka_unit_test(a_missing_folder_is_an_error),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
