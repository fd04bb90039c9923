/*
 * runall.c - `cleave run APP` with several tasks: all of them at once.
 *
 *     each task once, unmeasured
 *     each task alone          half of --alone, or all of it without --for
 *     all tasks together       --for, or each sample once
 *     each task alone          the other half
 *
 * Every task has threads of its own, as many as inferences may be in flight.
 * What a task is slowed down by the others is measured against itself alone
 * in the same run, with the designs that the manager has then; before and
 * after, because machines get warm.
 *
 * What fails is reported and does not end the run; an interrupt does, with
 * the summary of what was done.
 */
#include "runall.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/wait.h"
#include "command.h"
#include "decision.h"
#include "interrupt.h"
#include "job.h"
#include "taskwish.h"

#define LIVE_NS 200000000
#define LONGEST_WAIT_NS 100000000 /* so that an interrupt is soon noticed */

struct crowd {
    const struct settings *settings;
    const struct clv_application *application;
    cleave_ensemble *ensemble;
    struct job jobs[CLV_TASKS];
    size_t count;
    struct crowdlog log;
    uint64_t threads; /* of each task */
    int64_t alone_ns; /* of each task, in all */
    struct interrupt interrupt;
    atomic_int is_finished; /* the whole run */
};

/* A part of the run: some tasks, for a while. */
struct part {
    struct crowd *crowd;
    enum crowdlog_part kind;
    int is_once;       /* each sample once; else until the end or interrupted */
    int64_t length_ns; /* 0: no end */
    int64_t began_ns;
    atomic_size_t running;                   /* tasks that still have turns */
    atomic_uint_least64_t active[CLV_TASKS]; /* threads of each */
};

/* One thread's. */
struct worker {
    struct part *part;
    struct job *job;
    pthread_t id;
};

static int64_t now(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

/* -- A part -- */

/* Waits until `due_ns` after the part's beginning; 0 if the part is over. */
static int await_due(const struct part *p, int64_t due_ns)
{
    while (!interrupt_came(&p->crowd->interrupt)) {
        int64_t elapsed_ns = now() - p->began_ns;
        if (p->length_ns > 0 &&
            (elapsed_ns >= p->length_ns || due_ns >= p->length_ns)) {
            return 0;
        }
        if (elapsed_ns >= due_ns) {
            return 1;
        }
        clv_wait_until(p->began_ns + (due_ns - elapsed_ns > LONGEST_WAIT_NS
                                          ? elapsed_ns + LONGEST_WAIT_NS
                                          : due_ns));
    }
    return 0;
}

/* NTT looks at times when all tasks ran. */
static enum crowdlog_part kind_now(const struct part *p)
{
    return p->kind == CROWD_JOINT && atomic_load(&p->running) < p->crowd->count
               ? CROWD_MIXED
               : p->kind;
}

/* The last of its task's threads: from now on others have more room. */
static void leave(struct worker *w)
{
    struct part *p = w->part;

    if (atomic_fetch_sub(&p->active[w->job->index], 1) == 1) {
        atomic_fetch_sub(&p->running, 1);
        crowdlog_end(w->job->log, w->job->index, p->kind,
                     (double)(now() - p->began_ns) / 1e9);
    }
}

/* Since the part's beginning; at its end the clock stops. */
static int64_t elapsed_of(const struct part *p)
{
    int64_t elapsed_ns = now() - p->began_ns;

    return p->length_ns > 0 && elapsed_ns > p->length_ns ? p->length_ns
                                                         : elapsed_ns;
}

/* The next turn, if there is one; those that are over are told. */
static int take(struct worker *w, uint64_t *ret_turn, int64_t *ret_due_ns)
{
    struct part *p = w->part;
    uint64_t missed;
    int is_there = job_take(w->job, p->is_once, elapsed_of(p), ret_turn,
                            ret_due_ns, &missed);

    if (missed > 0) {
        crowdlog_miss(w->job->log, w->job->index, kind_now(p), missed);
    }
    return is_there;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    uint64_t turn;
    int64_t due_ns;

    while (take(w, &turn, &due_ns) && await_due(w->part, due_ns)) {
        job_infer(w->job, turn, kind_now(w->part));
    }
    leave(w);
    return NULL;
}

/* Begins threads for these jobs; a task without any has no turns. */
static uint64_t begin(struct part *p, struct job *jobs, size_t count,
                      struct worker *workers)
{
    uint64_t threads = p->crowd->threads;
    uint64_t started = 0;

    p->began_ns = now();
    atomic_store(&p->running, count);
    for (size_t i = 0; i < count; i++) {
        job_rewind(&jobs[i]);
        atomic_store(&p->active[jobs[i].index], threads);
    }
    for (uint64_t i = 0; i < threads * count; i++) {
        struct worker *w = &workers[started];
        *w = (struct worker){.part = p, .job = &jobs[i / threads]};
        if (pthread_create(&w->id, NULL, work, w) == 0) {
            started++;
        } else {
            leave(w);
        }
    }
    return started;
}

/* Plays a part with these jobs to its end. */
static cleave_status play(struct part *p, struct job *jobs, size_t count,
                          cleave_error *err)
{
    uint64_t most = p->crowd->threads * count;
    struct worker *workers = calloc(most, sizeof *workers);
    uint64_t started;

    if (workers == NULL) {
        return clv_fail_memory(err, "run", most * sizeof *workers);
    }
    started = begin(p, jobs, count, workers);
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(workers[i].id, NULL);
    }
    free(workers);
    return started > 0 ? CLEAVE_OK
                       : clv_fail(err, CLEAVE_MEMORY, "run",
                                  "No thread could be started.");
}

/* Each task by itself. */
static cleave_status play_alone(struct crowd *c, int64_t length_ns,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < c->count; i++) {
        struct part part = {
            .crowd = c, .kind = CROWD_ALONE, .length_ns = length_ns};
        status = play(&part, &c->jobs[i], 1, err);
    }
    c->log.alone_s += (double)length_ns / 1e9;
    return status;
}

static cleave_status play_together(struct crowd *c, cleave_error *err)
{
    const struct settings *s = c->settings;
    struct part part = {
        .crowd = c,
        .kind = CROWD_JOINT,
        .is_once = s->for_ms == 0 && !s->repeat,
        .length_ns = (int64_t)s->for_ms * 1000000,
    };

    return play(&part, c->jobs, c->count, err);
}

/* What the head of this file draws. */
static cleave_status play_all(struct crowd *c, cleave_error *err)
{
    int has_after = c->settings->for_ms > 0 && c->alone_ns > 0;
    int64_t before_ns = has_after ? c->alone_ns / 2 : c->alone_ns;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; i < c->count; i++) {
        job_infer(&c->jobs[i], 0, CROWD_WARM);
    }
    if (c->alone_ns > 0) {
        status = play_alone(c, before_ns, err);
    }
    if (status == CLEAVE_OK) {
        status = play_together(c, err);
    }
    if (status == CLEAVE_OK && has_after && !interrupt_came(&c->interrupt)) {
        status = play_alone(c, c->alone_ns - before_ns, err);
    }
    return status;
}

/* The live line. */
static void *look_after(void *arg)
{
    struct crowd *c = arg;

    while (!atomic_load(&c->is_finished)) {
        clv_wait_until(now() + LIVE_NS);
        crowdlog_live(&c->log, c->ensemble);
    }
    return NULL;
}

static cleave_status watch_and_play(struct crowd *c, cleave_error *err)
{
    pthread_t looker;
    int has_looker = pthread_create(&looker, NULL, look_after, c) == 0;
    cleave_status status;

    interrupt_run(&c->interrupt, 1);
    status = play_all(c, err);
    interrupt_run(&c->interrupt, 0);
    atomic_store(&c->is_finished, 1);
    if (has_looker) {
        pthread_join(looker, NULL);
    }
    return status;
}

/* -- Opening -- */

int runall_is_meant(const struct settings *settings,
                    const struct clv_application *application)
{
    return settings->task == NULL &&
           (application->task_count > 1 || settings->manager != NULL ||
            settings->machine != NULL);
}

/* A tenth of the run, 1 to 5 seconds, unless --alone says otherwise. */
static cleave_status set_alone(struct crowd *c, cleave_error *err)
{
    const struct settings *s = c->settings;
    double tenth = s->repeat && s->for_ms == 0 ? 5e9 : 1e5 * (double)s->for_ms;
    double ns = tenth < 1e9 ? 1e9 : tenth > 5e9 ? 5e9 : tenth;
    if (s->alone != NULL && strcmp(s->alone, "0") == 0) {
        return CLEAVE_OK;
    }
    if (s->alone != NULL &&
        (clv_value_parse(s->alone, CLV_UNIT_TIME, &ns, NULL) != CLEAVE_OK ||
         !(ns <= 3.6e12))) {
        return clv_fail(err, CLEAVE_INVALID, "--alone",
                        "'%.60s' is not a time such as 2s or 500ms, an hour "
                        "at most; 0 is not at all.",
                        s->alone);
    }
    c->alone_ns = (int64_t)ns;
    return CLEAVE_OK;
}

/* What the command line says that a run of all tasks cannot do. */
static cleave_status check(const struct crowd *c, cleave_error *err)
{
    const struct settings *s = c->settings;
    cleave_status status = taskwish_know(s, c->application, err);

    if (status == CLEAVE_OK && (s->policy != NULL || s->labels != NULL)) {
        status = clv_fail(
            err, CLEAVE_INVALID, s->policy != NULL ? "--policy" : "--labels",
            "This is of one task; name it with --task. For several, %s.",
            s->policy != NULL ? "--manager says how to decide"
                              : "labels stand in the application file");
    }
    return status;
}

static cleave_status open_jobs(struct crowd *c, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < c->application->task_count;
         i++) {
        c->count = i + 1;
        status = job_init(&c->jobs[i], i, c->settings, c->application, err);
    }
    return status;
}

static cleave_status open_ensemble(struct crowd *c, cleave_error *err)
{
    const struct settings *s = c->settings;
    cleave_ensemble_options o = CLEAVE_ENSEMBLE_OPTIONS_INIT;
    char cache[CLV_PATH_MAX];
    cleave_status status = command_cache(s, cache, err);

    o.application = s->rest[0];
    o.database = s->db;
    o.cache = cache;
    o.manager = s->manager;
    o.machine = s->machine;
    o.in_flight = (uint32_t)c->threads;
    o.on_event = crowdlog_event;
    o.event_self = &c->log;
    if (status == CLEAVE_OK) {
        status =
            decision_load("--device-load", s->device_load, &o.slowdown, err);
    }
    if (status == CLEAVE_OK) {
        status = cleave_ensemble_open(&o, &c->ensemble, err);
    }
    if (status == CLEAVE_OK && !s->quiet &&
        cleave_ensemble_notice(c->ensemble) != NULL) {
        fprintf(stderr, "cleave run: %s\n",
                cleave_ensemble_notice(c->ensemble));
    }
    for (size_t i = 0; status == CLEAVE_OK && i < c->count; i++) {
        status = job_open(&c->jobs[i], cleave_ensemble_runner(c->ensemble, i),
                          &c->log, err);
    }
    return status;
}

static cleave_status open_all(struct crowd *c, cleave_error *err)
{
    cleave_status status = check(c, err);

    if (status == CLEAVE_OK) {
        status = set_alone(c, err);
    }
    if (status == CLEAVE_OK) {
        status = open_jobs(c, err);
    }
    return status == CLEAVE_OK ? open_ensemble(c, err) : status;
}

cleave_status runall_run(const struct settings *s,
                         const struct clv_application *application,
                         cleave_error *err)
{
    struct crowd *c = calloc(1, sizeof *c);
    cleave_status status;

    if (c == NULL) {
        return clv_fail_memory(err, "run", sizeof *c);
    }
    c->settings = s;
    c->application = application;
    c->threads = s->in_flight > 0 ? s->in_flight : 1;
    status = interrupt_open(&c->interrupt, err);
    crowdlog_open(&c->log, application, s->json, !s->repeat && s->for_ms == 0,
                  !s->quiet);
    if (status == CLEAVE_OK) {
        status = open_all(c, err);
    }
    if (status == CLEAVE_OK) {
        status = watch_and_play(c, err);
        if (status == CLEAVE_OK) {
            status = crowdlog_close(&c->log, c->ensemble, err);
        }
    }
    for (size_t i = 0; i < c->count; i++) {
        job_fini(&c->jobs[i]);
    }
    cleave_ensemble_close(c->ensemble);
    crowdlog_fini(&c->log);
    interrupt_close(&c->interrupt);
    free(c);
    return status;
}
