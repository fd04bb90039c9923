/*
 * test_togetherrows.c - trials of several tasks come back from the database
 * for whoever has these tasks today, and files from before there were any do
 * as well as empty ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "base/cores.h"
#include "nearly.h"
#include "profile_file.h"

#define SHA_A "a9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"
#define SHA_B "b9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"
#define SHA_C "c9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"

static const char *const engines[] = {"cpu:threads=1", "cpu:threads=2"};

static const struct clv_wanted_variant variants[] = {
    {"a", SHA_A}, {"b", SHA_B}, {"c", SHA_C}};

static const struct clv_spread alone = {2, 0.5, 1, 3, 2, 2.5, 3, 3, 12};
static const struct clv_spread beside = {3, 0.5, 1, 4, 3, 3.5, 4, 4, 12};

static struct clv_origin be_here(char machine[CLV_MACHINE_TEXT])
{
    char text[CLV_MACHINE_TEXT];

    clv_machine_id(machine, text);
    return (struct clv_origin){machine, cleave_version(), "onnx 1", "inputs"};
}

/* Task 0 is a, task 1 is c; a on engine 0, c on engine 1. */
static void put(struct clv_database *d, double mean)
{
    const struct clv_sitter pair[] = {{SHA_A, engines[0]}, {SHA_C, engines[1]}};
    const struct clv_sitter one[] = {{NULL, NULL}, {SHA_C, engines[0]}};
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    struct clv_spread together = beside;
    cleave_error err = CLEAVE_ERROR_INIT;

    together.mean = mean;
    ok(clv_database_put_together(d, &origin, pair, 2, 0, 0, &alone, &together,
                                 &err),
       &err);
    ok(clv_database_put_together(d, &origin, pair, 2, 0, 1, &alone, &together,
                                 &err),
       &err);
    ok(clv_database_put_together(d, &origin, one, 2, 2, 1, &alone, &together,
                                 &err),
       &err);
}

static cleave_status load(struct clv_database *d,
                          const struct clv_wanted_variant *const *models,
                          size_t count, struct clv_contention *ret,
                          cleave_error *err)
{
    struct clv_wanted wanted[CLV_SEATS] = {{0}};

    for (size_t i = 0; i < count; i++) {
        wanted[i].variants = models[i];
        wanted[i].variant_count = 1;
        wanted[i].engines = engines;
        wanted[i].engine_count = 2;
    }
    return clv_database_load_contention(d, wanted, count, ret, err);
}

static double mean_in(const struct clv_contention *c, uint32_t a, uint32_t b,
                      uint32_t hogs, size_t task)
{
    struct clv_company who = {
        .tasks = 2, .seats = {a, b}, .duties = {1, 1}, .hogs = hogs};
    int known = 0;
    double mean = clv_contention_excess(c, &who, task, &known).mean;

    return known ? mean : -1;
}

static void trials_come_back(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;

    put(d, 3);
    clv_database_close(d);
    d = open_it(*state, CLV_DATABASE_READ);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 3);
    assert_nearly(mean_in(&c, 0, 1, 0, 0), 0.5, 1e-9);
    assert_nearly(mean_in(&c, 0, 1, 0, 1), 0.5, 1e-9);
    assert_nearly(mean_in(&c, CLV_NO_SEAT, 0, 2, 1), 0.5, 1e-9);
    assert_int_equal(c.hog_count, 1);
    clv_contention_fini(&c);
    clv_database_close(d);
}

static void the_latest_trial_counts(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    const struct clv_sitter pair[] = {{SHA_A, engines[0]}, {SHA_C, engines[1]}};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;
    int has = -1;

    put(d, 3);
    put(d, 4);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 3);
    assert_nearly(mean_in(&c, 0, 1, 0, 0), 1, 1e-9);
    clv_contention_fini(&c);
    ok(clv_database_has_together(d, &origin, pair, 2, 0, 1, &has, &err), &err);
    assert_int_equal(has, 1);
    ok(clv_database_has_together(d, &origin, pair, 2, 1, 1, &has, &err), &err);
    assert_int_equal(has, 0);
    clv_database_close(d);
}

/* Tasks change places in the file, and others come between. */
static void sitters_are_found_by_their_models(void **state)
{
    const struct clv_wanted_variant *const turned[] = {&variants[2],
                                                       &variants[0]};
    const struct clv_wanted_variant *const less[] = {&variants[2],
                                                     &variants[1]};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;

    put(d, 3);
    ok(load(d, turned, 2, &c, &err), &err);
    assert_int_equal(c.count, 3);
    assert_nearly(mean_in(&c, 1, 0, 0, 0), 0.5, 1e-9);
    assert_nearly(mean_in(&c, 0, CLV_NO_SEAT, 2, 0), 0.5, 1e-9);
    clv_contention_fini(&c);
    ok(load(d, less, 2, &c, &err), &err); /* a is not wanted */
    assert_int_equal(c.count, 1);
    clv_contention_fini(&c);
    ok(load(d, turned + 1, 1, &c, &err), &err);
    assert_int_equal(c.count, 0);
    clv_contention_fini(&c);
    clv_database_close(d);
}

static void two_tasks_may_share_a_model(void **state)
{
    const struct clv_wanted_variant *const twins[] = {&variants[0],
                                                      &variants[0]};
    const struct clv_sitter pair[] = {{SHA_A, engines[0]}, {SHA_A, engines[1]}};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;

    ok(clv_database_put_together(d, &origin, pair, 2, 0, 1, &alone, &beside,
                                 &err),
       &err);
    ok(load(d, twins, 2, &c, &err), &err);
    assert_int_equal(c.count, 1);
    assert_nearly(mean_in(&c, 0, 1, 0, 1), 0.5, 1e-9);
    clv_contention_fini(&c);
    clv_database_close(d);
}

/* A file as the cleave before wrote it, with a row of its own. */
static void an_older_file_is_read_and_then_brought_up(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    struct clv_part_name part = {.origin = &origin, .model = SHA_A};
    struct clv_cost_variant row = {.score = 0.5};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    int found = 0;

    ok(clv_database_put_variant(d, &part, &row, &err), &err);
    clv_database_close(d);
    run_sql(*state, "DROP TABLE together; PRAGMA user_version = 1");
    d = open_it(*state, CLV_DATABASE_READ);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 0);
    clv_contention_fini(&c);
    clv_database_close(d);
    d = open_it(*state, CLV_DATABASE_WRITE);
    put(d, 3);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 3);
    clv_contention_fini(&c);
    ok(clv_database_find_variant(d, &part, &row, &found, &err), &err);
    assert_true(found && row.score == 0.5);
    clv_database_close(d);
}

/* More levels of load than are told apart: those of this machine are taken. */
static void too_many_numbers_of_hogs_are_chosen_from(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    const struct clv_sitter one[] = {{NULL, NULL}, {SHA_C, engines[0]}};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    uint32_t cores = clv_cores_count();
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;

    put(d, 3);
    for (uint32_t i = 0; i < 7; i++) {
        uint32_t hogs = i == 0 ? cores : 1000 + i;
        ok(clv_database_put_together(d, &origin, one, 2, hogs, 1, &alone,
                                     &beside, &err),
           &err);
    }
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.hog_count, CLV_HOG_NUMBERS);
    assert_int_equal(c.hogs_left_out, cores == 2 ? 3 : 4);
    assert_true(c.hogs[0] == cores || c.hogs[1] == cores);
    assert_int_equal(c.hogs[3], 1006);
    clv_contention_fini(&c);
    clv_database_close(d);
}

static void forgetting_a_model_forgets_its_trials(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    char machine[CLV_MACHINE_TEXT];
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;

    be_here(machine);
    put(d, 3);
    ok(clv_database_forget(d, SHA_A, machine, &err), &err);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 1); /* c and hogs */
    clv_contention_fini(&c);
    clv_database_close(d);
}

static void rows_of_nonsense_are_named(void **state)
{
    static const char *const texts[] = {
        "UPDATE together SET sitters = '[7'",
        "UPDATE together SET sitters = '[]'",
        "UPDATE together SET sitters = '[[\"a\"],[1,2]]'",
        "UPDATE together SET task = 99",
        "UPDATE together SET hogs = -1",
        "UPDATE together SET alone_ns = 'x'",
        "UPDATE together SET together_ns = "
        "'[0, 0, 0, 0, 0, 0, 0, 0, 0]'",
    };
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
        cleave_error err = CLEAVE_ERROR_INIT;
        struct clv_contention c;
        char machine[CLV_MACHINE_TEXT];
        char text[240];
        be_here(machine);
        ok(clv_database_forget(d, SHA_C, machine, &err), &err);
        put(d, 3);
        clv_database_close(d);
        snprintf(text, sizeof text, "%s WHERE hogs = 2", texts[i]);
        run_sql(*state, text);
        d = open_it(*state, CLV_DATABASE_READ);
        assert_int_equal(load(d, models, 2, &c, &err), CLEAVE_CORRUPT);
        assert_non_null(strstr(err.text, "together"));
        clv_database_close(d);
        run_sql(*state, "DELETE FROM together");
    }
}

static void a_task_that_did_not_run_has_no_row(void **state)
{
    const struct clv_sitter one[] = {{NULL, NULL}, {SHA_C, engines[0]}};
    struct clv_database *d = open_it(*state, CLV_DATABASE_WRITE);
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin = be_here(machine);
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_database_put_together(d, &origin, one, 2, 1, 0, &alone,
                                               &beside, &err),
                     CLEAVE_INVALID);
    assert_int_equal(clv_database_put_together(d, &origin, one, 2, 1, 2, &alone,
                                               &beside, &err),
                     CLEAVE_INVALID);
    clv_database_close(d);
}

/* Killed at any moment: what is there is whole rows. */
static void a_kill_leaves_whole_rows(void **state)
{
    const struct clv_wanted_variant *const models[] = {&variants[0],
                                                       &variants[2]};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_contention c;
    struct clv_database *d;
    int ends[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        d = open_it(*state, CLV_DATABASE_WRITE);
        for (int i = 0;; i++) {
            put(d, 3 + i);
            if (write(ends[1], "x", 1) != 1) {
                _exit(1);
            }
        }
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read(ends[0], &byte, 1), 1);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    d = open_it(*state, CLV_DATABASE_READ);
    ok(load(d, models, 2, &c, &err), &err);
    assert_int_equal(c.count, 3);
    assert_true(mean_in(&c, 0, 1, 0, 0) >= 1.5 - 1e-9); /* the third or later */
    clv_contention_fini(&c);
    clv_database_close(d);
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(trials_come_back),
        IN_SCRATCH(the_latest_trial_counts),
        IN_SCRATCH(sitters_are_found_by_their_models),
        IN_SCRATCH(two_tasks_may_share_a_model),
        IN_SCRATCH(an_older_file_is_read_and_then_brought_up),
        IN_SCRATCH(too_many_numbers_of_hogs_are_chosen_from),
        IN_SCRATCH(forgetting_a_model_forgets_its_trials),
        IN_SCRATCH(rows_of_nonsense_are_named),
        IN_SCRATCH(a_task_that_did_not_run_has_no_row),
        IN_SCRATCH(a_kill_leaves_whole_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
