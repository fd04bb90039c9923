/*
 * crowdlog.c - what `cleave run APP` tells of several tasks at once.
 *
 * Lines come as they happen, whichever task's they are; what is counted goes
 * to the task's tallies (plan/outcomes.h), of which crowdsum.c makes the
 * summary. Events carry the time of their runner; here all tasks have one
 * beginning.
 */
#include "crowdlog.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "crowdsum.h"
#include "report.h"
#include "runlines.h"

static int64_t now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

void crowdlog_open(struct crowdlog *log,
                   const struct clv_application *application, int json,
                   int shows_samples, int is_live)
{
    *log = (struct crowdlog){
        .application = application,
        .json = json,
        .shows_samples = shows_samples,
        .is_live = is_live && isatty(STDERR_FILENO),
        .opened_ns = now_ns(),
    };
    for (size_t i = 0; i < application->task_count; i++) {
        clv_outcomes_init(&log->tasks[i].together, &application->tasks[i].slo);
        clv_outcomes_init(&log->tasks[i].alone, &application->tasks[i].slo);
    }
    pthread_mutex_init(&log->lock, NULL);
}

void crowdlog_fini(struct crowdlog *log)
{
    if (log->application == NULL) {
        return;
    }
    for (size_t i = 0; i < log->application->task_count; i++) {
        clv_outcomes_fini(&log->tasks[i].together);
        clv_outcomes_fini(&log->tasks[i].alone);
    }
    pthread_mutex_destroy(&log->lock);
}

static void wipe_live_locked(struct crowdlog *log)
{
    if (log->shown > 0) {
        fprintf(stderr, "\r%*s\r", (int)log->shown, "");
        log->shown = 0;
    }
}

/* -- Inferences -- */

static struct clv_outcomes *tally_of(struct crowdlog_task *task,
                                     enum crowdlog_part part)
{
    return part == CROWD_ALONE ? &task->alone : &task->together;
}

static void count_locked(struct crowdlog_task *task, enum crowdlog_part part,
                         const cleave_result *x, int64_t right_class)
{
    int is_labelled = right_class != NO_LABEL && x->top_count > 0;
    struct clv_outcome outcome = {
        .total_ns = x->total_ns,
        .bytes_up = x->bytes_up,
        .bytes_down = x->bytes_down,
        .is_labelled = is_labelled,
        .is_right = is_labelled && x->top[0].index == right_class,
    };

    clv_outcomes_add(tally_of(task, part), &outcome);
    if (part != CROWD_ALONE) {
        task->finished_here += x->finish_ns > 0;
    }
    if (part == CROWD_JOINT) {
        task->joint_ns += (double)x->total_ns;
        task->joint++;
    }
}

static void print_failure(const struct crowdlog *log, const char *task,
                          const char *name, const cleave_error *error)
{
    if (log->json) {
        report_line(json_pack("{s:s, s:o, s:o}", "task", task, "input",
                              report_text(name), "error",
                              report_text(error->text)));
    }
    fprintf(stderr, "cleave: %s: %s: %s%s%s\n", task, name, error->where,
            error->where[0] ? ": " : "", error->text);
}

static void print_sample(const struct crowdlog *log, const char *task,
                         enum crowdlog_part part, const char *name,
                         const cleave_result *result, int64_t right_class)
{
    if (log->json) {
        json_t *object = runlines_sample(name, result);
        json_object_set_new(object, "task", report_text(task));
        if (part == CROWD_ALONE) {
            json_object_set_new(object, "alone", json_true());
        }
        report_line(object);
    } else if (log->shows_samples && part != CROWD_ALONE) {
        printf("%s: ", task);
        runlines_sample_text(name, result, right_class);
    }
}

void crowdlog_sample(struct crowdlog *log, size_t task, enum crowdlog_part part,
                     const char *name, const cleave_result *result,
                     const cleave_error *error, int64_t right_class)
{
    const char *whose = log->application->tasks[task].name;

    pthread_mutex_lock(&log->lock);
    if (result == NULL) {
        if (log->failed++ == 0) {
            log->first_error = *error;
        }
        clv_outcomes_fail(tally_of(&log->tasks[task], part));
        wipe_live_locked(log);
        print_failure(log, whose, name, error);
    } else if (part != CROWD_WARM) {
        count_locked(&log->tasks[task], part, result, right_class);
        if (log->shows_samples && !log->json) {
            wipe_live_locked(log);
        }
        print_sample(log, whose, part, name, result, right_class);
    }
    pthread_mutex_unlock(&log->lock);
}

void crowdlog_miss(struct crowdlog *log, size_t task, enum crowdlog_part part,
                   uint64_t count)
{
    pthread_mutex_lock(&log->lock);
    clv_outcomes_miss(tally_of(&log->tasks[task], part), count);
    pthread_mutex_unlock(&log->lock);
}

void crowdlog_end(struct crowdlog *log, size_t task, enum crowdlog_part part,
                  double seconds)
{
    pthread_mutex_lock(&log->lock);
    if (part == CROWD_JOINT) {
        log->tasks[task].seconds = seconds;
    }
    pthread_mutex_unlock(&log->lock);
}

/* -- Events and the live line -- */

void crowdlog_event(void *self, const cleave_event *event)
{
    struct crowdlog *log = self;
    cleave_event e = *event;

    e.at_ns = now_ns() - log->opened_ns;
    pthread_mutex_lock(&log->lock);
    log->switches += e.kind == CLEAVE_EVENT_SWITCH;
    log->adapted += e.kind == CLEAVE_EVENT_ADAPT;
    if (log->json) {
        runlines_event_json(&e);
    } else {
        wipe_live_locked(log);
        runlines_event_text(&e);
    }
    fflush(stdout);
    pthread_mutex_unlock(&log->lock);
}

void crowdlog_live(struct crowdlog *log, cleave_ensemble *ensemble)
{
    size_t count = cleave_ensemble_count(ensemble);
    cleave_ensemble_status s;
    char line[400] = "";
    size_t used = 0;

    if (!log->is_live) {
        return;
    }
    cleave_ensemble_look(ensemble, &s);
    for (size_t i = 0; i < count && used < sizeof line; i++) {
        cleave_runner_status r;
        cleave_runner_look(cleave_ensemble_runner(ensemble, i), &r);
        used += (size_t)snprintf(
            line + used, sizeof line - used, "%.20s p50 %.1f p95 %.1f ms | ",
            cleave_ensemble_name(ensemble, i), (double)r.p50_ns / 1e6,
            (double)r.p95_ns / 1e6);
    }
    pthread_mutex_lock(&log->lock);
    size_t before = log->shown;
    int columns = fprintf(stderr, "\r%s%.60s | design %zu of %zu", line,
                          s.state, s.design, s.designs);
    log->shown = columns > 0 ? (size_t)columns : 0;
    if (before > log->shown) { /* what the longer one left */
        fprintf(stderr, "%*s", (int)(before - log->shown), "");
        log->shown = before;
    }
    pthread_mutex_unlock(&log->lock);
}

/* -- The end -- */

cleave_status crowdlog_close(struct crowdlog *log, cleave_ensemble *ensemble,
                             cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    cleave_ensemble_status s;

    cleave_ensemble_look(ensemble, &s);
    pthread_mutex_lock(&log->lock);
    wipe_live_locked(log);
    if (log->json) {
        crowdsum_json(log, &s);
    } else {
        crowdsum_text(log, &s);
    }
    if (log->failed > 0) {
        status =
            clv_fail(err, log->first_error.code, "run",
                     "%llu inferences failed; the first: %.300s",
                     (unsigned long long)log->failed, log->first_error.text);
    }
    pthread_mutex_unlock(&log->lock);
    return status;
}
