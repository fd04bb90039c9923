/*
 * test_outline.c - lines are found; hostile YAML is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/outline.h"

static clv_bytes text(const char *s)
{
    return (clv_bytes){(const uint8_t *)s, strlen(s)};
}

static void knows_the_line_of_everything(void **state)
{
    struct clv_outline *o = NULL;

    (void)state;
    assert_int_equal(CLEAVE_OK,
                     clv_outline_new(text("# first\n"
                                          "task: array\n"
                                          "input:\n"
                                          "  - name: x\n"
                                          "    steps: [{crop: 1},\n"
                                          "            {crop: 2, a: [1,\n"
                                          "             2]}]\n"
                                          "  - name: y\n"),
                                     "f", &o, NULL));
    assert_int_equal(2, clv_outline_line(o, ""));
    assert_int_equal(2, clv_outline_line(o, "task"));
    assert_int_equal(4, clv_outline_line(o, "input[0]"));
    assert_int_equal(5, clv_outline_line(o, "input[0].steps[0].crop"));
    assert_int_equal(6, clv_outline_line(o, "input[0].steps[1]"));
    assert_int_equal(7, clv_outline_line(o, "input[0].steps[1].a[1]"));
    assert_int_equal(8, clv_outline_line(o, "input[1].name"));
    assert_int_equal(8, clv_outline_line(o, "input[1].absent.deeper[3]"));
    assert_int_equal(3, clv_outline_line(o, "input[9]"));
    assert_int_equal(8, clv_outline_line_of_key(o, "name", 5));
    assert_int_equal(0, clv_outline_line_of_key(o, "colour", 1));
    clv_outline_free(o);
}

static void assert_refused(const char *yaml, cleave_status want,
                           const char *where)
{
    struct clv_outline *o = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(want, clv_outline_new(text(yaml), "f", &o, &err));
    assert_string_equal(where, err.where);
    assert_null(o);
}

static void refuses_what_is_hostile(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: &x [1]\n", CLEAVE_UNSUPPORTED, "f:2");
    assert_refused("a: *x\n", CLEAVE_UNSUPPORTED, "f:1");
    assert_refused("a: !!int 3\n", CLEAVE_UNSUPPORTED, "f:1");
    assert_refused("a: 1\n---\nb: 2\n", CLEAVE_UNSUPPORTED, "f:2");
    assert_refused("a: 1\nb: 2\na: 3\n", CLEAVE_CORRUPT, "f:3");
    assert_refused("? [1, 2]\n: 3\n", CLEAVE_UNSUPPORTED, "f:1");
    assert_refused("a: 1\nb: [1, 2\nc: 3\n", CLEAVE_CORRUPT, "f:3");
    assert_refused("a: \"x\\0y\"\n", CLEAVE_CORRUPT, "f:1");
}

static void takes_the_depth_that_is_allowed(void **state)
{
    struct clv_outline *o = NULL;

    (void)state;
    assert_int_equal(
        CLEAVE_OK, clv_outline_new(text("[[[[[[[[1]]]]]]]]\n"), "f", &o, NULL));
    clv_outline_free(o);
}

static void refuses_depth_and_number(void **state)
{
    char *many = malloc(3 * CLV_OUTLINE_NODES + 10);
    char *p = many;

    (void)state;
    assert_refused("[[[[[[[[\n[1]]]]]]]]]\n", CLEAVE_LIMIT, "f:2");
    assert_non_null(many);
    *p++ = '[';
    for (int i = 0; i < CLV_OUTLINE_NODES; i++) {
        memcpy(p, "1,\n", 3);
        p += 3;
    }
    memcpy(p, "]\n", 3);
    assert_refused(many, CLEAVE_LIMIT, "f:4096");
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_line_of_everything),
        cmocka_unit_test(refuses_what_is_hostile),
        cmocka_unit_test(takes_the_depth_that_is_allowed),
        cmocka_unit_test(refuses_depth_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
