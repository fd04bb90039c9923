/*
 * test_blueprint.c - an application of two tasks, loaded to be decided on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "profile_bed.h"
#include "run/blueprint.h"

#define SHAPES TEST_SOURCE_DIR "/zoo/shapes.onnx"
#define OTHER TEST_SOURCE_DIR "/zoo/" OTHER_MODEL
#define OTHER_MODEL "ground.onnx"
#define TASKS                                          \
    "tasks:\n  - {name: what, models: [" SHAPES "]}\n" \
    "  - {name: where, models: [" OTHER "], rate: 5/s}\n"
#define ENGINES "engines: ['cpu:threads=1']\n"
#define SERVER "servers: [{url: 'http://far:8700', name: far}]\n"

static const char *profile_of_both(struct scratch *s)
{
    const char *path = scratch_path(s, "p.db");

    profile_bed_add(path, SHAPES, NULL, "far");
    profile_bed_add(path, OTHER, NULL, "far");
    return path;
}

/* What a trial told: beside the other, this one takes twice its time. */
static void put_trial(const char *path, const struct clv_blueprint *b)
{
    struct clv_database *db = NULL;
    char machine[CLV_MACHINE_TEXT];
    char words[CLV_MACHINE_TEXT];
    struct clv_origin origin = {machine, cleave_version(), "engine", ""};
    struct clv_spread alone = profile_bed_took(5e6);
    struct clv_spread together = profile_bed_took(10e6);
    struct clv_sitter sitters[2];

    clv_machine_id(machine, words);
    for (size_t t = 0; t < 2; t++) {
        sitters[t] = (struct clv_sitter){
            b->designs[t]->costs.variants[0].sha256, PROFILE_BED_ENGINE};
    }
    assert_int_equal(0, clv_database_open(path, CLV_DATABASE_WRITE, &db, NULL));
    for (size_t t = 0; t < 2; t++) {
        assert_int_equal(0,
                         clv_database_put_together(db, &origin, sitters, 2, 0,
                                                   t, &alone, &together, NULL));
    }
    clv_database_close(db);
}

static void has_all_that_deciding_needs(void **state)
{
    const char *path = profile_of_both(*state);
    struct clv_application *a = profile_bed_application(
        TASKS ENGINES SERVER "constraints: [memory <= 1GB]\nkept: 3\n");
    struct clv_blueprint *b = NULL;
    const struct clv_product_options *o;

    assert_int_equal(0, clv_blueprint_load(a, path, &b, NULL));
    o = &b->options.product;
    assert_int_equal(2, o->task_count);
    assert_string_equal("where", o->tasks[1].name);
    assert_ptr_equal(&b->designs[1]->space, o->tasks[1].space);
    assert_true(fabs(o->tasks[1].rate_per_s - 5) < 1e-9);
    assert_string_equal("far", o->servers[0]);
    assert_true(o->situation.conditions.reach[0].is_up);
    assert_int_equal(3, b->options.most);
    /* Of each task latency and accuracy.drop, of all the memory. */
    assert_int_equal(2, b->goals.goal_count);
    assert_int_equal(3, b->goals.bound_count);
    assert_int_equal(CLV_ALL_TASKS, b->goals.bounds[2].task);
    clv_blueprint_free(b);
    clv_application_free(a);
}

static void knows_what_was_measured_together(void **state)
{
    const char *path = profile_of_both(*state);
    struct clv_application *a = profile_bed_application(TASKS ENGINES);
    struct clv_company company = {.tasks = 2, .duties = {1, 1}};
    struct clv_blueprint *b = NULL;

    assert_int_equal(0, clv_blueprint_load(a, path, &b, NULL));
    assert_int_equal(0, b->contention.count);
    assert_non_null(strstr(b->note, "never measured together"));
    put_trial(path, b);
    clv_blueprint_free(b);
    assert_int_equal(0, clv_blueprint_load(a, path, &b, NULL));
    assert_int_equal(2, b->contention.count);
    assert_null(strstr(b->note, "never measured together"));
    assert_true(
        fabs(clv_contention_excess(&b->contention, &company, 1, NULL).mean -
             1) < 1e-6);
    clv_blueprint_free(b);
    clv_application_free(a);
}

static void an_error_names_the_task(void **state)
{
    const char *path = scratch_path(*state, "p.db");
    struct clv_application *a = profile_bed_application(TASKS ENGINES);
    struct clv_blueprint *b = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    profile_bed_add(path, SHAPES, NULL, "far");
    assert_int_equal(CLEAVE_NOT_FOUND, clv_blueprint_load(a, path, &b, &err));
    assert_int_equal(0, strncmp(err.text, "where: ", 7));
    assert_null(b);
    clv_blueprint_free(NULL);
    clv_application_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(has_all_that_deciding_needs,
                                        scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(knows_what_was_measured_together,
                                        scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(an_error_names_the_task, scratch_begin,
                                        scratch_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
