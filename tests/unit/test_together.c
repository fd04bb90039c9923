/*
 * test_together.c - tasks tried together: which trials, in what order, what is
 * kept of them, what is not tried again, and where time ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile/together.h"
#include "rating_bed.h"

#define TASKS 3
#define ENGINES 2

/* Three tasks that say they have different models, which all are the bed's. */
struct party {
    struct rating_bed *bed;
    struct clv_engine *second;
    struct clv_network *other;
    struct clv_database *database;
    struct clv_network *networks[ENGINES];
    double alone_ns[ENGINES];
    struct clv_together_task tasks[TASKS];
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin;
    struct clv_together_options options;
    const char *engines[ENGINES];
    size_t planned;
    double possible;
    double seconds;
    char first[160]; /* step */
    char last[160];
    size_t patience;
};

static const char *const models[TASKS] = {"model a", "model b", "model c"};
static const char *const names[TASKS] = {"a", "b", "c"};

static void note_planned(void *self, size_t trials, double possible,
                         double seconds)
{
    struct party *p = self;

    p->planned = trials;
    p->possible = possible;
    p->seconds = seconds;
}

static void note_step(void *self, double seconds, const char *what)
{
    struct party *p = self;

    assert_true(seconds > 0);
    snprintf(p->first[0] == '\0' ? p->first : p->last, sizeof p->last, "%s",
             what);
}

static int is_cancelled(void *self)
{
    struct party *p = self;

    return p->patience-- == 0;
}

static void invite(struct party *p)
{
    char text[CLV_MACHINE_TEXT];

    clv_machine_id(p->machine, text);
    p->origin =
        (struct clv_origin){p->machine, cleave_version(), "engine 1", ""};
    p->networks[0] = p->bed->network;
    p->networks[1] = p->other;
    p->engines[0] = clv_engine_name(p->bed->engine);
    p->engines[1] = clv_engine_name(p->second);
    p->patience = SIZE_MAX;
    for (size_t i = 0; i < TASKS; i++) {
        p->tasks[i] = (struct clv_together_task){
            names[i],       models[i],       p->networks, p->alone_ns,
            p->bed->source, p->bed->samples, BED_ROWS};
    }
    p->options = (struct clv_together_options){
        .database = p->database,
        .origin = &p->origin,
        .tasks = p->tasks,
        .task_count = TASKS,
        .engines = p->engines,
        .engine_count = ENGINES,
        .cores = 2,
        .budget_ns = 1e12,
        .bout_ns = 4e6,
        .clock = clv_clock_machine(),
        .watch = {.self = p,
                  .planned = note_planned,
                  .step = note_step,
                  .is_cancelled = is_cancelled},
    };
}

static cleave_status open_second(struct party *p, cleave_error *err)
{
    cleave_status status = clv_engine_open("cpu:threads=2", &p->second, err);

    if (status == CLEAVE_OK) {
        status = clv_network_open(scratch_path(p->bed->scratch, "net.onnx"),
                                  p->second, p->bed->store, &p->other, err);
    }
    return status == CLEAVE_OK
               ? clv_database_open(scratch_path(p->bed->scratch, "p.db"),
                                   CLV_DATABASE_WRITE, &p->database, err)
               : status;
}

static int begin(void **state)
{
    struct party *p = calloc(1, sizeof *p);
    cleave_error err = CLEAVE_ERROR_INIT;
    void *bed = NULL;

    if (p == NULL || bed_begin(&bed) != 0) {
        return -1;
    }
    p->bed = bed;
    if (open_second(p, &err) != CLEAVE_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        return -1;
    }
    invite(p);
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct party *p = *state;
    void *bed = p->bed;

    clv_database_close(p->database);
    clv_network_close(p->other);
    clv_engine_close(p->second);
    free(p);
    return bed_end(&bed);
}

static struct clv_together_account run(struct party *p)
{
    struct clv_together_account account = {0};
    cleave_error err = CLEAVE_ERROR_INIT;

    p->first[0] = '\0';
    if (clv_together_run(&p->options, &account, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return account;
}

static void load(struct party *p, struct clv_contention *ret)
{
    struct clv_wanted wanted[TASKS] = {{0}};
    struct clv_wanted_variant variants[TASKS];
    cleave_error err = CLEAVE_ERROR_INIT;

    for (size_t i = 0; i < TASKS; i++) {
        variants[i] = (struct clv_wanted_variant){names[i], models[i]};
        wanted[i] = (struct clv_wanted){.variants = &variants[i],
                                        .variant_count = 1,
                                        .engines = p->engines,
                                        .engine_count = ENGINES};
    }
    if (clv_database_load_contention(p->database, wanted, TASKS, ret, &err) !=
        CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* 3 tasks on 2 engines: 6 beside hogs, 3 pairs on 4, 8 tuples of all. */
static void all_there_is_time_for_is_tried(void **state)
{
    struct party *p = *state;
    struct clv_together_account account = run(p);
    struct clv_company who = {.tasks = 3, .duties = {1, 1, 1}};
    struct clv_contention c;

    assert_int_equal(account.trials, 6 + 12 + 8);
    assert_true(account.possible == 26 && account.known == 0);
    assert_int_equal(p->planned, 26);
    assert_true(p->seconds > 26 * 5 * 0.008);
    assert_non_null(strstr(p->first, "a on cpu:threads=1"));
    assert_non_null(strstr(p->first, "beside hogs"));
    load(p, &c);
    assert_int_equal(c.count, 2 * 6 + 2 * 12 + 3 * 8);
    assert_int_equal(c.hog_count, 2);
    assert_true(c.hogs[0] == 1 && c.hogs[1] == 2);
    for (uint32_t i = 0; i < 8; i++) {
        int known = 0;
        who.seats[0] = i & 1;
        who.seats[1] = i >> 1 & 1;
        who.seats[2] = i >> 2;
        clv_contention_excess(&c, &who, 1, &known);
        assert_int_equal(known, 1);
    }
    for (size_t i = 0; i < c.count; i++) {
        assert_true(c.rows[i].alone_ns.count >= 9); /* in three bouts or more */
        assert_true(c.rows[i].together_ns.count >= 9);
    }
    clv_contention_fini(&c);
}

static void what_was_tried_is_not_tried_again(void **state)
{
    struct party *p = *state;
    struct clv_together_account account;

    p->options.task_count = 2;
    p->options.engine_count = 1;
    account = run(p);
    assert_int_equal(account.trials, 2 + 1);
    account = run(p);
    assert_int_equal(account.trials, 0);
    assert_int_equal(account.known, 3);
    p->options.engine_count = 2; /* what is new is tried */
    account = run(p);
    assert_int_equal(account.trials, 2 + 3);
    assert_int_equal(account.known, 3);
}

static void one_task_is_tried_beside_hogs_alone(void **state)
{
    struct party *p = *state;
    struct clv_contention c;
    struct clv_together_account account;

    p->options.task_count = 1;
    p->options.cores = 1;
    account = run(p);
    assert_int_equal(account.trials, 2);
    load(p, &c);
    assert_int_equal(c.count, 2); /* one hog is half of a core and all */
    assert_int_equal(c.hog_count, 1);
    clv_contention_fini(&c);
}

static void time_ends_the_list_from_behind(void **state)
{
    struct party *p = *state;
    struct clv_together_account account;

    p->options.budget_ns = 0.09e9;
    account = run(p);
    assert_true(account.trials >= 3 && account.trials < 15);
    assert_true(account.possible == 26);
    assert_true(p->seconds <= 0.09);
    assert_non_null(strstr(p->first, "beside hogs"));
    p->options.budget_ns = 0;
    account = run(p);
    assert_true(account.trials == 0 && account.possible == 0);
}

/* Slow networks make longer bouts, and so fewer trials. */
static void slow_ones_take_longer(void **state)
{
    struct party *p = *state;

    p->options.budget_ns = 60e9;
    p->patience = 0;
    p->alone_ns[0] = p->alone_ns[1] = 1e9;
    assert_int_equal(clv_together_run(&p->options, NULL, NULL),
                     CLEAVE_CANCELLED);
    assert_true(p->planned < 10);
}

/* Somebody waits for as many looks as there are left. */
static double wait_for_looks(void *self)
{
    static const double a_second = 1e9;
    size_t *looks = self;

    return *looks > 0 ? (double)(100 - (*looks)--) * a_second : 100 * a_second;
}

static void a_round_that_others_disturb_is_made_again(void **state)
{
    struct party *p = *state;
    struct clv_together_account account;
    size_t looks = 2; /* before and behind the first bout */

    p->options.task_count = 1;
    p->options.engine_count = 1;
    p->options.stall = (struct clv_stall){wait_for_looks, &looks};
    account = run(p);
    assert_int_equal(account.trials, 1);
    assert_int_equal(account.disturbed, 0);
    looks = 90;
    p->options.engine_count = 2;
    account = run(p);
    assert_int_equal(account.trials, 1);
    assert_int_equal(account.disturbed, 1);
}

static void it_may_stop_and_go_on(void **state)
{
    struct party *p = *state;
    struct clv_together_account account;
    struct clv_contention c;
    cleave_error err = CLEAVE_ERROR_INIT;

    p->options.task_count = 2;
    p->patience = 11; /* five looks a trial */
    assert_int_equal(clv_together_run(&p->options, &account, &err),
                     CLEAVE_CANCELLED);
    assert_non_null(strstr(err.text, "goes on from here"));
    assert_int_equal(account.trials, 2);
    p->patience = SIZE_MAX;
    account = run(p);
    assert_int_equal(account.known, 2);
    assert_int_equal(account.trials, 6);
    load(p, &c);
    assert_int_equal(c.count, 2 * 4 + 2 * 4);
    clv_contention_fini(&c);
}

static void tell_stepped(void *self)
{
    const int *into = self;

    if (write(*into, "x", 1) != 1) {
        _exit(1);
    }
}

/* A party of its own in a process of its own, begun without any threads; tells
   its folder, then a letter after each trial. */
static pid_t party_elsewhere(int *ret_from)
{
    int ends[2];
    void *state = NULL;
    struct party *p;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child != 0) {
        close(ends[1]);
        *ret_from = ends[0];
        return child;
    }
    if (begin(&state) != 0) {
        _exit(1);
    }
    p = state;
    p->options.task_count = 2;
    p->options.watch =
        (struct clv_together_watch){.self = &ends[1], .stepped = tell_stepped};
    if (write(ends[1], p->bed->scratch->folder,
              sizeof p->bed->scratch->folder) < 0) {
        _exit(1);
    }
    clv_together_run(&p->options, NULL, NULL);
    pause();
    _exit(0);
}

/* Killed amid the trials: those that were done are whole, the rest is run. */
static void a_kill_loses_only_the_trial_it_hits(void **state)
{
    struct scratch *theirs = calloc(1, sizeof *theirs);
    struct clv_together_account account;
    struct party *p;
    void *party = NULL;
    char byte;
    int from;
    pid_t child = party_elsewhere(&from);

    (void)state;
    assert_non_null(theirs);
    assert_int_equal(read(from, theirs->folder, sizeof theirs->folder),
                     sizeof theirs->folder);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read(from, &byte, 1), 1);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(from);
    assert_int_equal(begin(&party), 0);
    p = party;
    assert_int_equal(clv_database_open(scratch_path(theirs, "p.db"),
                                       CLV_DATABASE_WRITE, &p->options.database,
                                       NULL),
                     CLEAVE_OK);
    p->options.task_count = 2;
    account = run(p);
    assert_true(account.known >= 3);
    assert_int_equal(account.known + account.trials, 8);
    clv_database_close(p->options.database);
    end(&party);
    party = theirs;
    scratch_end(&party);
}

#define AT_PARTY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: it forks, and must not have threads yet */
        cmocka_unit_test(a_kill_loses_only_the_trial_it_hits),
        AT_PARTY(all_there_is_time_for_is_tried),
        AT_PARTY(what_was_tried_is_not_tried_again),
        AT_PARTY(one_task_is_tried_beside_hogs_alone),
        AT_PARTY(time_ends_the_list_from_behind),
        AT_PARTY(slow_ones_take_longer),
        AT_PARTY(a_round_that_others_disturb_is_made_again),
        AT_PARTY(it_may_stop_and_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
