/*
 * test_spot.c - places within places, and complaints about them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/appschema.h"
#include "run/spot.h"

static struct clv_document *document(const char *yaml)
{
    struct clv_document *d = NULL;

    assert_int_equal(
        CLEAVE_OK,
        clv_document_new((clv_bytes){(const uint8_t *)yaml, strlen(yaml)},
                         "a.yaml", &clv_appschema, &d, NULL));
    return d;
}

static void points_at_lines(void **state)
{
    struct clv_document *d =
        document("tasks:\n  - name: a\n    models:\n      - m.onnx\n");
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_spot s = {.document = d, .err = &err};
    struct clv_spot task = clv_spot_in(&s, "tasks[%u]", 0);
    struct clv_spot model = clv_spot_in(&task, ".models[%u]", 0);

    (void)state;
    assert_int_equal(CLEAVE_INVALID, clv_spot_refuse(&model, "No %s.", "good"));
    assert_string_equal("a.yaml:4", err.where);
    assert_string_equal("No good.", err.text);
    clv_document_free(d);
}

static void passes_words_on(void **state)
{
    struct clv_document *d = document("tasks: [{name: a, models: [m]}]\n");
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_error inner = CLEAVE_ERROR_INIT;
    struct clv_spot s = {.document = d, .err = &err};
    char *copy = NULL;

    (void)state;
    clv_fail(&inner, CLEAVE_LIMIT, "80", "It has no unit.");
    assert_int_equal(CLEAVE_INVALID, clv_spot_pass_on(&s, &inner));
    assert_string_equal("a.yaml:1", err.where);
    assert_string_equal("80: It has no unit.", err.text);
    assert_int_equal(CLEAVE_OK, clv_spot_copy(&s, "text", &copy));
    assert_string_equal("text", copy);
    free(copy);
    clv_document_free(d);
}

/* A spot that is too long is cut, and still points into the file. */
static void survives_long_places(void **state)
{
    struct clv_document *d = document("tasks: [{name: a, models: [m]}]\n");
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_spot s = {.document = d, .err = &err};

    (void)state;
    for (int i = 0; i < 40; i++) {
        s = clv_spot_in(&s, ".tasks[%d]", i);
    }
    assert_true(strlen(s.at) < sizeof s.at);
    assert_int_equal(CLEAVE_INVALID, clv_spot_refuse(&s, "No."));
    assert_string_equal("a.yaml:1", err.where);
    clv_document_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_at_lines),
        cmocka_unit_test(passes_words_on),
        cmocka_unit_test(survives_long_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
