/*
 * test_grounds.c - a model is opened once on each engine, as it was profiled
 * or as an emulated device would; not another one in its place.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "nearly.h"
#include "run/grounds.h"
#include "runner_bed.h"

static int set_up(void **state)
{
    *state = runner_bed_new();
    return 0;
}

static int tear_down(void **state)
{
    runner_bed_free(*state);
    return 0;
}

static void grounds_begin(struct clv_grounds *g, struct runner_bed *b,
                          double slowdown)
{
    struct clv_grounds_options o = {
        .designs = &b->designs, .cache = b->cache, .slowdown = slowdown};

    assert_int_equal(clv_grounds_init(g, &o, NULL), CLEAVE_OK);
}

static void a_ground_is_opened_once(void **state)
{
    struct clv_grounds g;
    const struct clv_ground *ground;

    grounds_begin(&g, *state, 0);
    assert_null(clv_grounds_find(&g, 0, 0));
    assert_int_equal(clv_grounds_bytes(&g), 0);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_OK);
    ground = clv_grounds_find(&g, 0, 0);
    assert_non_null(ground);
    assert_nearly(clv_engine_slowdown(ground->engine), 100, 0);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_OK);
    assert_ptr_equal(clv_grounds_find(&g, 0, 0), ground);
    clv_grounds_fini(&g);
}

/* A device twice as slow as one that was emulated as 100 times as slow. */
static void an_emulated_device_is_slower_still(void **state)
{
    struct clv_grounds g;

    grounds_begin(&g, *state, 2);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_OK);
    assert_nearly(clv_engine_slowdown(clv_grounds_find(&g, 0, 0)->engine), 200,
                  0);
    clv_grounds_fini(&g);
}

static void a_model_that_was_replaced_is_not_used(void **state)
{
    struct runner_bed *b = *state;
    struct clv_cost_variant *v = &b->designs.costs.variants[0];
    struct clv_grounds g;
    struct clv_map map;
    cleave_error err = CLEAVE_ERROR_INIT;

    grounds_begin(&g, b, 0);
    memset(v->sha256, '5', sizeof v->sha256 - 1);
    assert_int_equal(clv_grounds_open(&g, 0, 0, &err), CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "replaced"));
    assert_null(clv_grounds_find(&g, 0, 0));
    assert_int_equal(clv_map_open(b->model, &map, NULL), CLEAVE_OK);
    memcpy(v->sha256, clv_sha256_of(map.bytes).hex, sizeof v->sha256);
    clv_map_close(&map);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_OK); /* back */
    assert_non_null(clv_grounds_find(&g, 0, 0));
    clv_grounds_fini(&g);
}

static void a_model_that_is_gone_can_come_back(void **state)
{
    struct runner_bed *b = *state;
    struct clv_grounds g;
    char away[sizeof b->model + 8];

    snprintf(away, sizeof away, "%s.away", b->model);
    grounds_begin(&g, b, 0);
    assert_int_equal(rename(b->model, away), 0);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_NOT_FOUND);
    assert_null(clv_grounds_find(&g, 0, 0));
    assert_int_equal(rename(away, b->model), 0);
    assert_int_equal(clv_grounds_open(&g, 0, 0, NULL), CLEAVE_OK);
    clv_grounds_fini(&g);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(a_ground_is_opened_once),
        IN_BED(an_emulated_device_is_slower_still),
        IN_BED(a_model_that_was_replaced_is_not_used),
        IN_BED(a_model_that_is_gone_can_come_back),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
