/*
 * test_application.c - what an application file says, and the line of what it
 * may not say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "application_bed.h"
#include "engine/roster.h"
#include "scratch_folder.h"

/* `auto` is this machine's engines; what is also named stands there once. */
static void auto_stands_for_the_engines_of_this_machine(void **state)
{
    struct clv_application *a =
        parsed("tasks: [{name: t, models: [a.onnx]}]\n"
               "engines: ['cpu:threads=1,slow=2', auto, 'cpu:threads=1']\n");
    struct clv_roster *roster = calloc(1, sizeof *roster);
    size_t open = 0;

    (void)state;
    assert_non_null(roster);
    assert_int_equal(CLEAVE_OK, clv_roster_take(0, roster, NULL));
    assert_string_equal("cpu:threads=1,spin=off,slow=2", a->engines[0]);
    for (size_t i = 0; i < roster->offer_count; i++) {
        if (roster->offers[i].is_open) {
            open++;
            assert_string_equal(roster->offers[i].full, a->engines[open]);
        }
    }
    assert_int_equal(open + 1, a->engine_count);
    free(roster);
    clv_application_free(a);
}

static void reads_every_key(void **state)
{
    struct clv_application *a =
        parsed("tasks:\n"
               "  - name: scene\n"
               "    models: [big.onnx, /models/small.onnx]\n"
               "    cards: [cards/big.yaml, /cards/small.yaml]\n"
               "    objectives:\n"
               "      - minimize: latency.p95\n"
               "        weight: 2\n"
               "      - maximize: throughput\n"
               "        weight: 0.5\n"
               "    constraints:\n"
               "      - accuracy.drop <= 0.5pp\n"
               "      - head >= 20%\n"
               "      - latency.p99 <= 80ms\n"
               "    tolerance: 5%\n"
               "    accuracy: surely\n"
               "    deadline: 200ms\n"
               "    rate: 20/s\n"
               "    guard: 2%\n"
               "engines: ['cpu:threads=1', 'cpu:threads=2,spin=on']\n"
               "servers:\n"
               "  - url: http://far:8700/\n"
               "    priority: 2\n"
               "  - {url: 'https://nas', name: nas, priority: 1}\n"
               "power: {compute: 4W, send: 2.5W, wait: 300mW}\n");
    const struct clv_app_task *t = &a->tasks[0];

    (void)state;
    assert_int_equal(1, a->task_count);
    assert_string_equal("scene", t->name);
    assert_int_equal(2, t->variant_count);
    assert_string_equal("big", t->variants[0].name);
    assert_string_equal("apps/big.onnx", t->variants[0].path);
    assert_string_equal("apps/cards/big.yaml", t->variants[0].card);
    assert_string_equal("small", t->variants[1].name);
    assert_string_equal("/models/small.onnx", t->variants[1].path);
    assert_string_equal("/cards/small.yaml", t->variants[1].card);
    assert_int_equal(2, t->slo.objective_count);
    assert_int_equal(CLV_METRIC_LATENCY, t->slo.objectives[0].measure.metric);
    assert_int_equal(CLV_STATISTIC_P95, t->slo.objectives[0].measure.statistic);
    assert_true(near(t->slo.objectives[0].weight, 2));
    assert_true(t->slo.objectives[1].maximize);
    assert_int_equal(3, t->slo.constraint_count);
    assert_int_equal(CLV_METRIC_DROP, t->slo.constraints[0].measure.metric);
    assert_true(near(t->slo.constraints[0].bound, 0.5));
    assert_int_equal(CLV_METRIC_HEAD, t->slo.constraints[1].measure.metric);
    assert_true(t->slo.constraints[1].at_least);
    assert_true(near(t->slo.constraints[1].bound, 0.2));
    assert_true(near(t->slo.constraints[2].bound, 80e6));
    assert_true(near(t->slo.tolerance, 0.05));
    assert_true(t->slo.accuracy_surely);
    assert_int_equal(200000000, t->slo.deadline_ns);
    assert_true(near(t->rate_per_s, 20));
    assert_true(near(t->guard, 0.02));
    assert_int_equal(2, a->engine_count);
    assert_string_equal("cpu:threads=1,spin=off", a->engines[0]);
    assert_string_equal("cpu:threads=2,spin=on", a->engines[1]);
    assert_int_equal(2, a->server_count);
    assert_string_equal("https://nas", a->servers[0].url);
    assert_string_equal("nas", a->servers[0].name);
    assert_string_equal("http://far:8700", a->servers[1].url);
    assert_string_equal("http://far:8700", a->servers[1].name);
    assert_true(near(a->power.compute_w, 4));
    assert_true(near(a->power.send_w, 2.5));
    assert_true(near(a->power.wait_w, 0.3));
    clv_application_free(a);
}

static void reads_what_several_tasks_want(void **state)
{
    struct clv_application *a =
        parsed("tasks:\n"
               "  - name: scene\n"
               "    models: [big.onnx]\n"
               "    priority: 3\n"
               "    input: photos\n"
               "    labels: /data/labels.csv\n"
               "  - name: faces\n"
               "    models: [faces.onnx]\n"
               "objectives: [{maximize: stp}, {minimize: energy}]\n"
               "constraints: [memory <= 200MB]\n"
               "kept: 6\n");

    (void)state;
    assert_int_equal(2, a->slo.objective_count);
    assert_int_equal(CLV_METRIC_STP, a->slo.objectives[0].measure.metric);
    assert_int_equal(1, a->slo.constraint_count);
    assert_true(near(a->slo.constraints[0].bound, 200e6));
    assert_int_equal(6, a->kept);
    assert_int_equal(3, a->tasks[0].priority);
    assert_string_equal("apps/photos", a->tasks[0].input);
    assert_string_equal("/data/labels.csv", a->tasks[0].labels);
    assert_int_equal(1, a->tasks[1].priority);
    assert_null(a->tasks[1].input);
    clv_application_free(a);
}

static void sets_defaults(void **state)
{
    struct clv_application *a =
        parsed("tasks: [{name: scene, models: [m.onnx]}]\n");
    const struct clv_app_task *t = &a->tasks[0];
    const struct clv_slo usual = clv_slo_default();

    (void)state;
    assert_null(t->variants[0].card);
    assert_int_equal(usual.objective_count, t->slo.objective_count);
    assert_int_equal(CLV_METRIC_LATENCY, t->slo.objectives[0].measure.metric);
    assert_int_equal(usual.constraint_count, t->slo.constraint_count);
    assert_int_equal(CLV_METRIC_DROP, t->slo.constraints[0].measure.metric);
    assert_false(t->slo.accuracy_surely);
    assert_int_equal(0, t->slo.deadline_ns);
    assert_true(t->rate_per_s == 0);
    assert_true(near(t->guard, 0.01));
    assert_int_equal(1, a->engine_count);
    assert_memory_equal("cpu:threads=", a->engines[0], 12);
    assert_int_equal(0, a->server_count);
    assert_true(a->power.compute_w == CLV_UNKNOWN);
    assert_true(a->power.wait_w == CLV_UNKNOWN);
    clv_application_free(a);
}

/* "cpu" is an engine with all cores, by whatever name. */
static void merges_engines_that_are_the_same(void **state)
{
    struct clv_application *a =
        parsed("tasks: [{name: a, models: [m.onnx]}]\n"
               "engines: [cpu, 'cpu:spin=off', 'cpu:spin=on']\n");

    (void)state;
    assert_int_equal(2, a->engine_count);
    clv_application_free(a);
}

static void servers_of_one_priority_keep_their_order(void **state)
{
    struct clv_application *a = parsed("tasks: [{name: a, models: [m.onnx]}]\n"
                                       "servers:\n"
                                       "  - {url: 'http://c', priority: 2}\n"
                                       "  - {url: 'http://a', priority: 1}\n"
                                       "  - {url: 'http://d', priority: 2}\n"
                                       "  - {url: 'http://b', priority: 1}\n");
    const char *const order[] = {"http://a", "http://b", "http://c",
                                 "http://d"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(order[i], a->servers[i].url);
    }
    clv_application_free(a);
}

static void structure_errors_have_lines(void **state)
{
    (void)state;
    assert_refused(TASK "    constrains: [head >= 20%]\n", "apps/a.yaml:4",
                   "'constraints'");
    assert_refused(TASK "deadline: 200ms\n", "apps/a.yaml:4", "elsewhere");
    assert_refused("engines: [cpu]\n", "apps/a.yaml:1", "tasks");
    assert_refused("tasks: []\n", "apps/a.yaml:1", "");
    assert_refused("tasks:\n  - name: a\n", "apps/a.yaml:2", "models");
    assert_refused("tasks:\n  - models: [m.onnx]\n", "apps/a.yaml:2", "name");
    assert_refused(TASK "    models: [b.onnx]\n", "apps/a.yaml:4", "twice");
    assert_refused(TASK "    accuracy: maybe\n", "apps/a.yaml:4", "maybe");
    assert_refused("", "apps/a.yaml:1", "empty");
}

static void names_must_be_unique(void **state)
{
    (void)state;
    assert_refused(TASK "  - name: a\n    models: [n.onnx]\n", "apps/a.yaml:4",
                   "Another task");
    assert_refused("tasks:\n  - name: a\n    models:\n      - m.onnx\n"
                   "      - m.onnx\n",
                   "apps/a.yaml:5", "twice");
    assert_refused("tasks:\n  - name: a\n    models:\n      - m.onnx\n"
                   "      - other/m.onnx\n",
                   "apps/a.yaml:5", "rename");
    assert_refused(TASK "  - name: b\n    models: [x/m.onnx]\n",
                   "apps/a.yaml:5", "rename");
    assert_refused(TASK "servers:\n  - url: http://a\n  - url: http://A/\n",
                   "apps/a.yaml:6", "twice");
    assert_refused(TASK "servers:\n  - {url: 'http://a', name: x}\n"
                        "  - {url: 'http://b', name: x}\n",
                   "apps/a.yaml:6", "Another server");
    assert_refused(TASK "engines:\n  - cpu\n  - cpu\n", "apps/a.yaml:6",
                   "twice");
}

static void values_need_units_and_sense(void **state)
{
    (void)state;
    assert_refused(TASK "    deadline: 200\n", "apps/a.yaml:4", "");
    assert_refused(TASK "    deadline: 0ms\n", "apps/a.yaml:4", "above 0");
    assert_refused(TASK "    deadline: 9000000s\n", "apps/a.yaml:4",
                   "too much");
    assert_refused(TASK "    rate: 20\n", "apps/a.yaml:4", "");
    assert_refused(TASK "    priority: 0\n", "apps/a.yaml:4", "1 or more");
    assert_refused(TASK "objectives: [{minimize: latency}]\n", "apps/a.yaml:4",
                   "of one task");
    assert_refused(TASK "    constraints: [stp >= 1.5]\n", "apps/a.yaml:4",
                   "of all tasks");
    assert_refused(TASK "kept: 33\n", "apps/a.yaml:4", "From 1 to 32");
    assert_refused(TASK "constraints:\n  - memory <= 1MB\n  - memory >= 2MB\n",
                   "apps/a.yaml:6", "");
    assert_refused(TASK "    guard: 120%\n", "apps/a.yaml:4", "too much");
    assert_refused(TASK "    tolerance: 3ms\n", "apps/a.yaml:4", "");
    assert_refused(TASK "power: {compute: 4}\n", "apps/a.yaml:4", "watts");
    assert_refused(TASK "power:\n  send: 4J\n", "apps/a.yaml:5", "watts");
    assert_refused(TASK "power:\n  wait: W\n", "apps/a.yaml:5", "watts");
    assert_refused(TASK "power:\n  wait: 99kW\n", "apps/a.yaml:5", "watts");
    assert_refused(TASK "servers:\n  - url: nas:8700\n", "apps/a.yaml:5",
                   "address");
    assert_refused(TASK "servers:\n  - url: 'http://'\n", "apps/a.yaml:5",
                   "address");
    assert_refused(TASK "servers:\n  - {url: 'http://a', priority: 0}\n",
                   "apps/a.yaml:5", "priority");
    assert_refused(TASK "engines: ['cpu:thread=1']\n", "apps/a.yaml:4",
                   "threads");
    assert_refused(TASK "    cards: [a.yaml, b.yaml]\n", "apps/a.yaml:4",
                   "cards");
    assert_refused("tasks:\n  - name: a\n    models: [.onnx]\n",
                   "apps/a.yaml:3", "model file");
}

static void finds_tasks_by_name(void **state)
{
    struct clv_application *a =
        parsed(TASK "  - name: faces\n    models: [n.onnx]\n");
    const struct clv_app_task *task = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLEAVE_OK, clv_application_task(a, "faces", &task, NULL));
    assert_ptr_equal(&a->tasks[1], task);
    assert_int_equal(CLEAVE_NOT_FOUND,
                     clv_application_task(a, "face", &task, &err));
    assert_non_null(strstr(err.text, "Near it: 'faces'"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(CLEAVE_NOT_FOUND,
                     clv_application_task(a, NULL, &task, &err));
    assert_non_null(strstr(err.text, "'a', 'faces'"));
    clv_application_free(a);
    a = parsed(TASK);
    assert_int_equal(CLEAVE_OK, clv_application_task(a, NULL, &task, NULL));
    assert_ptr_equal(&a->tasks[0], task);
    clv_application_free(a);
    clv_application_free(NULL);
}

static void reads_files(void **state)
{
    struct scratch *s = *state;
    const char *path = scratch_path(s, "a.yaml");
    struct clv_application *a = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    scratch_write(path, TASK, strlen(TASK));
    assert_int_equal(CLEAVE_OK, clv_application_read(path, &a, NULL));
    assert_string_equal(scratch_path(s, "m.onnx"),
                        a->tasks[0].variants[0].path);
    clv_application_free(a);
    assert_int_equal(
        CLEAVE_NOT_FOUND,
        clv_application_read(scratch_path(s, "none.yaml"), &a, &err));
    assert_non_null(strstr(err.where, "none.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_stands_for_the_engines_of_this_machine),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(reads_what_several_tasks_want),
        cmocka_unit_test(sets_defaults),
        cmocka_unit_test(merges_engines_that_are_the_same),
        cmocka_unit_test(servers_of_one_priority_keep_their_order),
        cmocka_unit_test(structure_errors_have_lines),
        cmocka_unit_test(names_must_be_unique),
        cmocka_unit_test(values_need_units_and_sense),
        cmocka_unit_test(finds_tasks_by_name),
        cmocka_unit_test_setup_teardown(reads_files, scratch_begin,
                                        scratch_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
