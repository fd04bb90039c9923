/*
 * test_goals.c - SLOs side by side, and what may be said of whom.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "plan/goals.h"

static struct clv_slo wish(const char *verb, const char *measure,
                           const char *bound)
{
    struct clv_slo slo = {.tolerance = 0.01};

    if (verb != NULL) {
        assert_int_equal(
            clv_objective_parse(verb, measure, 0, &slo.objectives[0], NULL),
            CLEAVE_OK);
        slo.objective_count = 1;
    }
    if (bound != NULL) {
        assert_int_equal(clv_constraint_parse(bound, &slo.constraints[0], NULL),
                         CLEAVE_OK);
        slo.constraint_count = 1;
    }
    return slo;
}

static void goals_lie_in_order_of_tasks_and_all_come_last(void **state)
{
    static const char *const names[] = {"scene", "faces"};
    struct clv_slo a = wish("minimize", "latency.p95", "accuracy.drop <= 1pp");
    struct clv_slo b = wish("minimize", "ntt", "ntt <= 1.5");
    struct clv_slo all = wish("maximize", "stp", "memory <= 200MB");
    const struct clv_slo *tasks[] = {&a, &b};
    struct clv_goals goals;
    char text[CLV_GOAL_TEXT];

    (void)state;
    assert_int_equal(clv_goals_init(&goals, tasks, 2, &all, NULL), CLEAVE_OK);
    assert_int_equal(goals.goal_count, 3);
    assert_int_equal(goals.bound_count, 3);
    assert_int_equal(goals.goals[1].task, 1);
    assert_int_equal(goals.goals[1].maximize, 0);
    assert_int_equal(goals.goals[2].task, CLV_ALL_TASKS);
    assert_int_equal(goals.goals[2].maximize, 1);
    assert_string_equal(clv_goal_text(&goals.goals[0], names, text),
                        "scene: latency.p95");
    assert_string_equal(clv_goal_text(&goals.goals[2], names, text),
                        "all: stp");
    assert_string_equal(clv_bound_text(&goals.bounds[1], names, text),
                        "faces: ntt <= 1.50");
    assert_string_equal(clv_bound_text(&goals.bounds[2], names, text),
                        "all: memory <= 200 MB");
    assert_int_equal(clv_goals_init(&goals, tasks, 2, NULL, NULL), CLEAVE_OK);
    assert_int_equal(goals.goal_count, 2);
}

static void measures_belong_to_one_or_to_all(void **state)
{
    static const struct {
        const char *verb;
        const char *measure;
        int of_one;
        int of_all;
    } rows[] = {
        {"minimize", "latency", 1, 0},    {"maximize", "throughput", 1, 0},
        {"maximize", "accuracy", 1, 0},   {"minimize", "accuracy.drop", 1, 0},
        {"minimize", "memory", 1, 1},     {"minimize", "size", 1, 1},
        {"minimize", "workload", 1, 1},   {"minimize", "energy", 1, 1},
        {"minimize", "energy.p95", 1, 0}, {"minimize", "bytes", 1, 1},
        {"minimize", "ntt", 1, 0},        {"minimize", "antt", 0, 1},
        {"maximize", "stp", 0, 1},        {"maximize", "fairness", 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clv_slo slo = wish(rows[i].verb, rows[i].measure, NULL);
        struct clv_slo other = clv_slo_default();
        const struct clv_slo *it = &slo;
        const struct clv_slo *no = &other;
        struct clv_goals goals = {.goal_count = 77};
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_goals_init(&goals, &it, 1, NULL, &err),
                         rows[i].of_one ? CLEAVE_OK : CLEAVE_INVALID);
        assert_int_equal(goals.goal_count, rows[i].of_one ? 1 : 77);
        if (!rows[i].of_one) {
            assert_non_null(strstr(err.text, "of all tasks together"));
        }
        err = (cleave_error)CLEAVE_ERROR_INIT;
        assert_int_equal(clv_goals_init(&goals, &no, 1, &slo, &err),
                         rows[i].of_all ? CLEAVE_OK : CLEAVE_INVALID);
        if (!rows[i].of_all) {
            assert_non_null(strstr(err.text, "of one task"));
        }
    }
}

static void constraints_are_looked_at_too(void **state)
{
    struct clv_slo one = wish("minimize", "latency", "fairness >= 50%");
    struct clv_slo two = wish("minimize", "latency", NULL);
    struct clv_slo all = wish(NULL, NULL, "latency <= 50ms");
    const struct clv_slo *tasks[] = {&two, &one};
    struct clv_goals goals;

    (void)state;
    assert_int_equal(clv_goals_init(&goals, tasks, 2, NULL, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(clv_goals_init(&goals, tasks, 1, &all, NULL),
                     CLEAVE_INVALID);
}

static void there_is_room_for_so_many(void **state)
{
    struct clv_slo slo = wish("minimize", "latency", "latency <= 50ms");
    const struct clv_slo *tasks[CLV_BOUNDS + 1];
    struct clv_goals goals;

    (void)state;
    for (size_t i = 0; i <= CLV_BOUNDS; i++) {
        tasks[i] = &slo;
    }
    assert_int_equal(clv_goals_init(&goals, tasks, CLV_GOALS, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_goals_init(&goals, tasks, CLV_GOALS + 1, NULL, NULL),
                     CLEAVE_LIMIT);
    slo.objective_count = 0;
    assert_int_equal(clv_goals_init(&goals, tasks, CLV_BOUNDS, NULL, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_goals_init(&goals, tasks, CLV_BOUNDS + 1, NULL, NULL),
                     CLEAVE_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goals_lie_in_order_of_tasks_and_all_come_last),
        cmocka_unit_test(measures_belong_to_one_or_to_all),
        cmocka_unit_test(constraints_are_looked_at_too),
        cmocka_unit_test(there_is_room_for_so_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
