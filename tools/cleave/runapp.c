/*
 * runapp.c - `cleave run APP`: an application, adapting as it runs.
 *
 * As many threads as inferences may be in flight take samples in turn, at
 * once or at a rate: then the n-th begins n / rate seconds after the first,
 * or as soon as a thread is free. One more thread keeps the live line. What
 * fails is reported and does not end the run; an interrupt does, with the
 * summary of what was done.
 */
#include "runapp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/wait.h"
#include "command.h"
#include "decision.h"
#include "interrupt.h"
#include "media/labels.h"
#include "report.h"
#include "run/adaptive.h"
#include "runall.h"
#include "runlog.h"
#include "taskwish.h"

#define LIVE_NS 200000000
#define LONGEST_WAIT_NS 100000000 /* so that an interrupt is soon noticed */

struct running {
    const struct settings *settings;
    cleave_runner *runner;
    struct clv_feed feed;
    const struct clv_source *names; /* the samples, to count and name */
    struct clv_labels *labels;
    struct runlog log;
    uint64_t count; /* of samples */
    double rate;    /* 0: as they come */
    int64_t started_ns;
    int64_t until_ns; /* 0: when the samples end */
    atomic_uint_least64_t next;
    atomic_int is_over;
    struct interrupt interrupt;
};

static int64_t now(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

static int64_t class_of(const struct running *r, uint64_t sample)
{
    int64_t class_index = -1;

    if (r->labels == NULL ||
        clv_labels_find(r->labels, clv_source_file(r->names, sample),
                        clv_source_row(r->names, sample), &class_index,
                        NULL) != CLEAVE_OK) {
        return NO_LABEL;
    }
    return class_index;
}

/* Waits until this one is due; 0 if the run is over. */
static int await_turn(struct running *r, uint64_t turn)
{
    int64_t due_ns = r->started_ns + taskwish_due_ns(r->rate, turn);

    if (r->until_ns > 0 && due_ns >= r->until_ns) {
        return 0;
    }
    while (!interrupt_came(&r->interrupt)) {
        int64_t now_ns = now();
        if (r->until_ns > 0 && now_ns >= r->until_ns) {
            return 0;
        }
        if (now_ns >= due_ns) {
            return 1;
        }
        clv_wait_until(due_ns - now_ns > LONGEST_WAIT_NS
                           ? now_ns + LONGEST_WAIT_NS
                           : due_ns);
    }
    return 0;
}

static void *work(void *arg)
{
    struct running *r = arg;
    int goes_on = r->settings->repeat || r->until_ns > 0;

    for (;;) {
        uint64_t turn = atomic_fetch_add(&r->next, 1);
        uint64_t sample = turn % r->count;
        char name[CLV_SOURCE_NAME];
        cleave_error error = CLEAVE_ERROR_INIT;
        cleave_result *result = NULL;
        if ((!goes_on && turn >= r->count) || !await_turn(r, turn)) {
            return NULL;
        }
        (void)clv_runner_infer_sample(r->runner, &r->feed, sample, &result,
                                      &error);
        clv_source_name(r->names, sample, name);
        runlog_sample(&r->log, name, result, &error, class_of(r, sample));
        cleave_result_free(result);
    }
}

/* The live line. */
static void *look_after(void *arg)
{
    struct running *r = arg;

    while (!atomic_load(&r->is_over)) {
        clv_wait_until(now() + LIVE_NS);
        runlog_live(&r->log, r->runner);
    }
    return NULL;
}

static cleave_status run_all(struct running *r, uint64_t threads,
                             cleave_error *err)
{
    pthread_t *ids = calloc(threads, sizeof *ids);
    pthread_t looker;
    int has_looker;
    uint64_t started = 0;

    if (ids == NULL) {
        return clv_fail_memory(err, "run", threads * sizeof *ids);
    }
    r->started_ns = now();
    if (r->settings->for_ms > 0) {
        r->until_ns = r->started_ns + (int64_t)r->settings->for_ms * 1000000;
    }
    has_looker = pthread_create(&looker, NULL, look_after, r) == 0;
    while (started < threads &&
           pthread_create(&ids[started], NULL, work, r) == 0) {
        started++;
    }
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
    }
    atomic_store(&r->is_over, 1);
    if (has_looker) {
        pthread_join(looker, NULL);
    }
    free(ids);
    return started > 0 ? CLEAVE_OK
                       : clv_fail(err, CLEAVE_MEMORY, "run",
                                  "No thread could be started.");
}

int runapp_is_meant(const struct settings *s)
{
    return s->db != NULL || (s->model == NULL && s->rest_count > 0 &&
                             (clv_path_ends(s->rest[0], ".yaml") ||
                              clv_path_ends(s->rest[0], ".yml")));
}

/* True unless it is sure that nobody says what to run on: an application that
   cannot be read has its own errors. */
static int may_have_inputs(const struct settings *s)
{
    struct clv_application *a = NULL;
    int may = s->input_count + s->rest_count > 1 ||
              clv_application_read(s->rest[0], &a, NULL) != CLEAVE_OK;

    for (size_t i = 0; !may && i < a->task_count; i++) {
        may = a->tasks[i].input != NULL;
    }
    clv_application_free(a);
    return may;
}

static cleave_status check_manager(const char *name, cleave_error *err)
{
    return name == NULL || strcmp(name, "table") == 0 ||
                   strcmp(name, "none") == 0 || strcmp(name, "oodin") == 0
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, "--manager",
                          "'%.60s' is no manager; there are table, none and "
                          "oodin.",
                          name);
}

cleave_status runapp_check(const struct settings *s, cleave_error *err)
{
    double rate;

    if (s->db == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say which profile to decide by: --db FILE. `cleave "
                        "profile` makes one.");
    }
    if (s->model != NULL || s->cut != NULL || s->pack != NULL ||
        s->server != NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "With --db, model, server, cut and packing are "
                        "decided from the application file; leave the "
                        "options that name them out.");
    }
    if (s->rest_count == 0) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say which application to run: cleave run APP.yaml "
                        "--db FILE.");
    }
    if (s->task != NULL &&
        (s->manager != NULL || s->machine != NULL || s->alone != NULL)) {
        return clv_fail(err, CLEAVE_INVALID, "--task",
                        "--manager, --machine and --alone are of all tasks; "
                        "leave them out, or --task.");
    }
    if (!may_have_inputs(s)) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say what to run it on: --input FILE or DIR.");
    }
    if (s->device_load != NULL) {
        cleave_status status =
            decision_load("--device-load", s->device_load, &rate, err);
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    if (check_manager(s->manager, err) != CLEAVE_OK) {
        return CLEAVE_INVALID;
    }
    return taskwish_check(s, err);
}

static cleave_status open_runner(struct running *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    cleave_runner_options o = CLEAVE_RUNNER_OPTIONS_INIT;
    char cache[CLV_PATH_MAX];
    cleave_status status = command_cache(s, cache, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    o.application = s->rest[0];
    o.database = s->db;
    o.task = s->task;
    o.policy = s->policy;
    o.cache = cache;
    o.in_flight = (uint32_t)s->in_flight;
    o.on_event = runlog_event;
    o.event_self = &r->log;
    status = decision_load("--device-load", s->device_load, &o.slowdown, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    status = cleave_runner_open(&o, &r->runner, err);
    if (status == CLEAVE_OK && !s->quiet &&
        cleave_runner_notice(r->runner) != NULL) {
        fprintf(stderr, "cleave run: %s\n", cleave_runner_notice(r->runner));
    }
    return status;
}

static cleave_status open_feed(struct running *r, cleave_error *err)
{
    cleave_status status =
        clv_runner_count(r->runner, &r->feed, &r->names, err);

    if (status == CLEAVE_OK) {
        r->count = clv_source_count(r->names);
    }
    return status;
}

/* What the command line and the application say of the task. */
static cleave_status set_task(struct running *r,
                              const struct clv_app_task *task,
                              cleave_error *err)
{
    const struct settings *s = r->settings;
    const char *labels = s->labels != NULL ? s->labels : task->labels;
    cleave_status status = taskwish_rate(s, task, &r->rate, err);

    if (status == CLEAVE_OK) {
        status = taskwish_feed(s, task, &r->feed, err);
    }
    if (status == CLEAVE_OK && labels != NULL) {
        status = clv_labels_read(labels, &r->labels, err);
    }
    return status;
}

static cleave_status open_all(struct running *r,
                              const struct clv_app_task *task,
                              cleave_error *err)
{
    cleave_status status = set_task(r, task, err);

    if (status == CLEAVE_OK) {
        status = open_runner(r, err);
    }
    return status == CLEAVE_OK ? open_feed(r, err) : status;
}

static cleave_status run_one(const struct settings *s,
                             const struct clv_app_task *task, cleave_error *err)
{
    struct running r = {.settings = s};
    uint64_t threads = s->in_flight > 0 ? s->in_flight : 1;
    int ends = !s->repeat && s->for_ms == 0;
    cleave_status status;

    status = interrupt_open(&r.interrupt, err);
    runlog_open(&r.log, s->json, ends, !s->quiet,
                s->labels != NULL || task->labels != NULL);
    if (status == CLEAVE_OK) {
        status = open_all(&r, task, err);
    }
    if (status == CLEAVE_OK) {
        interrupt_run(&r.interrupt, 1);
        status = run_all(&r, threads, err);
        interrupt_run(&r.interrupt, 0);
        if (status == CLEAVE_OK) {
            status = runlog_close(&r.log, r.runner, err);
        }
    }
    clv_feed_fini(&r.feed);
    cleave_runner_close(r.runner);
    clv_labels_free(r.labels);
    runlog_fini(&r.log);
    interrupt_close(&r.interrupt);
    return status;
}

cleave_status runapp_run(const struct settings *s, cleave_error *err)
{
    struct clv_application *application = NULL;
    const struct clv_app_task *task = NULL;
    cleave_status status = clv_application_read(s->rest[0], &application, err);

    if (status == CLEAVE_OK && runall_is_meant(s, application)) {
        status = runall_run(s, application, err);
        goto out;
    }
    if (status == CLEAVE_OK) {
        status = taskwish_know(s, application, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_application_task(application, s->task, &task, err);
    }
    if (status == CLEAVE_OK) {
        status = run_one(s, task, err);
    }
out:
    clv_application_free(application);
    return status;
}
