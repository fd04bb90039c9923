/*
 * test_roster.c - the engines of this machine: names double, those that open
 * open, and of the others it is told why.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "engine/engine.h"
#include "engine/roster.h"

static struct clv_roster *take(uint32_t cores)
{
    struct clv_roster *r = calloc(1, sizeof *r);

    assert_non_null(r);
    assert_int_equal(clv_roster_take(cores, r, NULL), CLEAVE_OK);
    return r;
}

static void assert_names(const struct clv_roster *r, const char *const *names,
                         size_t count)
{
    size_t processor = 0;

    for (size_t i = 0; i < r->offer_count; i++) {
        processor += strncmp(r->offers[i].name, "cpu", 3) == 0;
    }
    assert_int_equal(processor, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(r->offers[i].name, names[i]);
        assert_true(r->offers[i].is_open);
    }
}

static void thread_counts_double_up_to_all_cores(void **state)
{
    static const char *const six[] = {
        "cpu:threads=1",         "cpu:threads=2",
        "cpu:threads=4",         "cpu:threads=6",
        "cpu:threads=2,spin=on", "cpu:threads=4,spin=on",
        "cpu:threads=6,spin=on"};
    static const char *const one[] = {"cpu:threads=1"};
    struct clv_roster *r = take(6);

    (void)state;
    assert_names(r, six, 7);
    assert_string_equal(r->offers[3].full, "cpu:threads=6,spin=off");
    free(r);
    r = take(1);
    assert_names(r, one, 1);
    free(r);
}

static void all_cores_of_this_process_are_offered(void **state)
{
    struct clv_roster *r = take(0);
    char last[64];
    int found = 0;

    (void)state;
    snprintf(last, sizeof last, "cpu:threads=%u", clv_cores_count());
    for (size_t i = 0; i < r->offer_count; i++) {
        found |= strcmp(r->offers[i].name, last) == 0;
    }
    assert_true(found);
    free(r);
}

/* Whatever this machine has: what is said to open does, and what is said not
   to does not, for the reason given. */
static void what_is_said_of_opening_is_true(void **state)
{
    struct clv_roster *r = take(2);

    (void)state;
    assert_true(r->provider_count >= 1);
    assert_non_null(strstr(r->runtime, "onnxruntime 1."));
    for (size_t i = 0; i < r->offer_count; i++) {
        const struct clv_offered_engine *e = &r->offers[i];
        cleave_error err = CLEAVE_ERROR_INIT;
        struct clv_engine *engine = NULL;
        cleave_status status = clv_engine_open(e->name, &engine, &err);
        if (e->is_open) {
            assert_int_equal(status, CLEAVE_OK);
            assert_string_equal(e->full, clv_engine_name(engine));
            assert_string_equal(e->identity, clv_engine_identity(engine));
            assert_string_equal(e->why, "");
        } else {
            assert_int_equal(status, CLEAVE_UNSUPPORTED);
            assert_non_null(strstr(err.text, e->why));
            assert_non_null(strstr(err.text, "`cleave engines`"));
            assert_true(e->why[0] != '\0');
        }
        clv_engine_close(engine);
    }
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_counts_double_up_to_all_cores),
        cmocka_unit_test(all_cores_of_this_process_are_offered),
        cmocka_unit_test(what_is_said_of_opening_is_true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
