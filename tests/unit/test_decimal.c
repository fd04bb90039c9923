/*
 * test_decimal.c - numbers are read and written with a point, also where the
 * locale has a comma.
 *
 * Where no locale with a comma is installed, that part is skipped.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "base/decimal.h"

static void assert_reads(const char *text, double want, const char *rest)
{
    double value = -1;
    const char *end = clv_decimal_read(text, &value);

    assert_non_null(end);
    assert_string_equal(end, rest);
    assert_true(value == want);
}

static void assert_refused(const char *text)
{
    double value = 77;

    if (clv_decimal_read(text, &value) != NULL) {
        fail_msg("'%s' is no number", text);
    }
    assert_true(value == 77);
}

static void check_all(void)
{
    char text[CLV_DECIMAL_TEXT];
    double value;

    assert_reads("12", 12, "");
    assert_reads("0.25", 0.25, "");
    assert_reads(".5sd", 0.5, "sd");
    assert_reads("3.", 3, "");
    assert_reads("1e-3ms", 1e-3, "ms");
    assert_reads("2E+2", 200, "");
    assert_reads("2em", 2, "em");
    assert_reads("1.5.5", 1.5, ".5");
    assert_reads("1,5", 1, ",5");
    assert_reads("0x10", 0, "x10");
    assert_reads("0.1000000000000000055511151231257827", 0.1, "");
    assert_refused("");
    assert_refused(".");
    assert_refused(" 1");
    assert_refused("-1");
    assert_refused("+1");
    assert_refused("inf");
    assert_refused("nan");
    assert_refused("e5");
    assert_refused("1e999");
    assert_refused("1000000000000000000000000000000000000000000000000000000000"
                   "0000");
    assert_string_equal(clv_decimal_print(0.5, 9, text), "0.5");
    assert_string_equal(clv_decimal_print(12, 9, text), "12");
    assert_string_equal(clv_decimal_print(1e-7, 3, text), "1e-07");
    assert_string_equal(clv_decimal_print(1.0 / 3, 9, text), "0.333333333");
    clv_decimal_print(-1.2345678901234567e-300, 99, text);
    assert_non_null(clv_decimal_read(text + 1, &value));
    assert_true(-value == -1.2345678901234567e-300);
}

static void numbers_have_a_point(void **state)
{
    (void)state;
    check_all();
}

static void also_where_the_locale_has_a_comma(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE",
                                        "fr_FR", "ps_AF.UTF-8"};
    int found = 0;

    (void)state;
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++) {
        found = setlocale(LC_NUMERIC, names[i]) != NULL &&
                strcmp(nl_langinfo(RADIXCHAR), ".") != 0;
    }
    if (found) {
        check_all();
    }
    setlocale(LC_NUMERIC, "C");
    if (!found) {
        print_message("no locale with a comma is installed\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_a_point),
        cmocka_unit_test(also_where_the_locale_has_a_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
