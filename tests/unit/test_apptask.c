/*
 * test_apptask.c - what a task wants, and the line of what it may not want;
 * and what is left when memory runs out in between.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "application_bed.h"
#include "scarce_memory.h"

/* A bound on accuracy is there unless the file has one of its own. */
static void accuracy_always_has_a_bound(void **state)
{
    struct clv_application *a = parsed(
        "tasks:\n"
        "  - {name: a, models: [m.onnx], constraints: [head >= 20%]}\n"
        "  - {name: b, models: [m.onnx], constraints: []}\n"
        "  - {name: c, models: [m.onnx], constraints: [accuracy >= 70%]}\n"
        "  - {name: d, models: [m.onnx], constraints: [accuracy.drop <= "
        "100pp]}\n");

    (void)state;
    assert_int_equal(2, a->tasks[0].slo.constraint_count);
    assert_int_equal(CLV_METRIC_DROP,
                     a->tasks[0].slo.constraints[1].measure.metric);
    assert_int_equal(1, a->tasks[1].slo.constraint_count);
    assert_int_equal(1, a->tasks[2].slo.constraint_count);
    assert_int_equal(CLV_METRIC_ACCURACY,
                     a->tasks[2].slo.constraints[0].measure.metric);
    assert_int_equal(1, a->tasks[3].slo.constraint_count);
    assert_true(near(a->tasks[3].slo.constraints[0].bound, 100));
    clv_application_free(a);
}

/* The same model may serve two tasks. */
static void tasks_may_share_a_model(void **state)
{
    struct clv_application *a =
        parsed(TASK "  - name: b\n    models: [m.onnx, n.onnx]\n");

    (void)state;
    assert_int_equal(2, a->task_count);
    clv_application_free(a);
}

static void wishes_need_sense(void **state)
{
    (void)state;
    assert_refused(TASK "    objectives:\n      - maximize: latency\n",
                   "apps/a.yaml:5", "latency");
    assert_refused(TASK "    objectives:\n      - minimize: latncy\n",
                   "apps/a.yaml:5", "latency");
    assert_refused(TASK "    objectives:\n      - weight: 2\n", "apps/a.yaml:5",
                   "minimize");
    assert_refused(TASK "    objectives:\n"
                        "      - {minimize: latency, maximize: accuracy}\n",
                   "apps/a.yaml:5", "either");
    assert_refused(TASK "    objectives:\n"
                        "      - {minimize: latency, weight: -1}\n",
                   "apps/a.yaml:5", "weight");
    assert_refused(TASK "    constraints:\n      - latency <= 80\n",
                   "apps/a.yaml:5", "");
    assert_refused(TASK "    constraints:\n      - latency < 80ms\n",
                   "apps/a.yaml:5", "");
}

/* Of two wishes that do not go together, the later one's line. */
static void contradictions_have_lines(void **state)
{
    (void)state;
    assert_refused(TASK "    objectives:\n"
                        "      - minimize: latency\n"
                        "      - minimize: latency\n",
                   "apps/a.yaml:6", "");
    assert_refused(TASK "    objectives:\n"
                        "      - {minimize: latency, weight: 1}\n"
                        "      - minimize: bytes\n",
                   "apps/a.yaml:6", "eight");
    assert_refused(TASK "    constraints:\n"
                        "      - head >= 20%\n"
                        "      - latency <= 80ms\n"
                        "      - head <= 10%\n",
                   "apps/a.yaml:7", "head");
    assert_refused(TASK "    constraints:\n"
                        "      - head >= 120%\n",
                   "apps/a.yaml:5", "head");
}

#if SCARCE_MEMORY
static const char everything[] =
    "tasks:\n"
    "  - name: a\n"
    "    models: [m.onnx, n.onnx]\n"
    "    cards: [m.yaml, n.yaml]\n"
    "    objectives: [{minimize: latency}, {minimize: bytes}]\n"
    "    constraints: [head >= 20%]\n"
    "    deadline: 1s\n"
    "  - {name: b, models: [m.onnx]}\n"
    "engines: [cpu, 'cpu:threads=1']\n"
    "servers: [{url: 'http://a', name: a}, {url: 'http://b'}]\n"
    "power: {compute: 1W}\n";

/* Whichever allocation fails: an error, and nothing is held. */
static void survives_scarce_memory(void **state)
{
    int failed = 1;
    long nth;

    (void)state;
    for (nth = 1; failed && nth < 10000; nth++) {
        struct clv_application *a = NULL;
        cleave_error err = CLEAVE_ERROR_INIT;
        long after;
        long before = scarce_begin(nth);
        cleave_status status = parse(everything, &a, &err);
        failed = scarce_end(&after);
        if (failed) {
            assert_int_equal(CLEAVE_MEMORY, status);
            assert_null(a);
            assert_int_equal(before, after);
        }
        clv_application_free(a);
    }
    assert_true(nth > 50);
    assert_false(failed);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy_always_has_a_bound),
        cmocka_unit_test(tasks_may_share_a_model),
        cmocka_unit_test(wishes_need_sense),
        cmocka_unit_test(contradictions_have_lines),
#if SCARCE_MEMORY
        cmocka_unit_test(survives_scarce_memory),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
