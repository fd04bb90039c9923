/*
 * test_csv.c - RFC 4180: quotes, line ends, and what breaks it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "media/csv.h"

#define FIELDS 4

/* The text's rows as "a|b;c|d;", or the error's place in brackets. */
static const char *rows_of(const char *text, char *into)
{
    char *copy = strdup(text);
    char *fields[FIELDS];
    struct clv_csv csv;
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count = 1;

    assert_non_null(copy);
    into[0] = '\0';
    clv_csv_init(&csv, copy, strlen(copy), "f");
    while (count > 0) {
        if (clv_csv_next(&csv, fields, FIELDS, &count, &err) != CLEAVE_OK) {
            strcat(strcat(strcat(into, "["), err.where), "]");
            break;
        }
        for (size_t i = 0; i < count; i++) {
            strcat(strcat(into, fields[i]), i + 1 < count ? "|" : ";");
        }
    }
    free(copy);
    return into;
}

static void splits_rows_and_fields(void **state)
{
    char s[200];

    (void)state;
    assert_string_equal("a|b;c|d;", rows_of("a,b\nc,d\n", s));
    assert_string_equal("a|b;c|d;", rows_of("\xef\xbb\xbf"
                                            "a,b\r\nc,d",
                                            s));
    assert_string_equal("a||;|;", rows_of("a,,\n,\n", s));
    assert_string_equal("a;b;", rows_of("\n\na\r\n\r\n\nb\n\n", s));
    assert_string_equal("", rows_of("", s));
    assert_string_equal(" a | b;", rows_of(" a , b", s));
}

static void quotes_hold_anything(void **state)
{
    char s[200];

    (void)state;
    assert_string_equal("a,b|c;", rows_of("\"a,b\",c\n", s));
    assert_string_equal("say \"x\"|;", rows_of("\"say \"\"x\"\"\",\"\"", s));
    assert_string_equal("two\r\nlines|b;c;",
                        rows_of("\"two\r\nlines\",b\r\nc\r\n", s));
    assert_string_equal("\";", rows_of("\"\"\"\"\n", s));
}

static void errors_point_at_the_row(void **state)
{
    char s[200];

    (void)state;
    assert_string_equal("a;[f:2]", rows_of("a\nb\"c\n", s));
    assert_string_equal("a;[f:3]", rows_of("a\n\n\"b\n\nc\n", s));
    assert_string_equal("a\nb;[f:3]", rows_of("\"a\nb\"\n\"c\"d\n", s));
    assert_string_equal("a;[f:2]", rows_of("a\n1,2,3,4,5\n", s));
}

static void a_zero_byte_is_an_error(void **state)
{
    char text[] = "a,b\0c\n";
    char *fields[FIELDS];
    struct clv_csv csv;
    size_t count;

    (void)state;
    clv_csv_init(&csv, text, sizeof text - 1, "f");
    assert_int_equal(CLEAVE_CORRUPT,
                     clv_csv_next(&csv, fields, FIELDS, &count, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_rows_and_fields),
        cmocka_unit_test(quotes_hold_anything),
        cmocka_unit_test(errors_point_at_the_row),
        cmocka_unit_test(a_zero_byte_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
