/*
 * runlog.c - what `cleave run APP` prints.
 *
 * JSON lines are for programs, text for people. As text, events are told as
 * they come: what was chosen, when and why. The live line goes to standard
 * error, and only if that is a terminal; whatever else is printed wipes it
 * away first.
 */
#include "runlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "report.h"
#include "runlines.h"

#define LIVE_EACH_NS 200000000
#define MOST_TIMES ((size_t)1 << 24) /* latencies remembered */

static int64_t now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

void runlog_open(struct runlog *log, int json, int shows_samples, int is_live,
                 int has_labels)
{
    *log = (struct runlog){
        .json = json,
        .shows_samples = shows_samples,
        .is_live = is_live && isatty(STDERR_FILENO),
        .has_labels = has_labels,
        .started_ns = now_ns(),
    };
    pthread_mutex_init(&log->lock, NULL);
}

void runlog_fini(struct runlog *log)
{
    pthread_mutex_destroy(&log->lock);
    free(log->total_ns);
}

/* Standard output is not the live line's, but on a terminal they meet. */
static void wipe_live_locked(struct runlog *log)
{
    if (log->shown > 0) {
        fprintf(stderr, "\r%*s\r", (int)log->shown, "");
        log->shown = 0;
    }
}

/* -- Samples and events -- */

static void remember_locked(struct runlog *log, int64_t total_ns)
{
    if (log->times == log->room && log->room < MOST_TIMES) {
        size_t room = log->room > 0 ? 2 * log->room : 1024;
        int64_t *more = realloc(log->total_ns, room * sizeof *more);
        if (more == NULL) {
            return; /* the summary then is of those before */
        }
        log->total_ns = more;
        log->room = room;
    }
    if (log->times < log->room) {
        log->total_ns[log->times++] = total_ns;
    }
}

static void count_locked(struct runlog *log, const cleave_result *x,
                         int64_t right_class)
{
    remember_locked(log, x->total_ns);
    log->finished_here += x->finish_ns > 0;
    log->bytes_up += x->bytes_up;
    log->bytes_down += x->bytes_down;
    if (right_class != NO_LABEL && x->top_count > 0) {
        log->labelled++;
        log->right += x->top[0].index == right_class;
    }
}

static void print_failure(const struct runlog *log, const char *name,
                          const cleave_error *error)
{
    if (log->json) {
        report_line(json_pack("{s:o, s:o}", "input", report_text(name), "error",
                              report_text(error->text)));
    }
    fprintf(stderr, "cleave: %s: %s%s%s\n", name, error->where,
            error->where[0] ? ": " : "", error->text);
}

void runlog_sample(struct runlog *log, const char *name,
                   const cleave_result *result, const cleave_error *error,
                   int64_t right_class)
{
    pthread_mutex_lock(&log->lock);
    log->done++;
    if (result == NULL) {
        if (log->failed++ == 0) {
            log->first_error = *error;
        }
        wipe_live_locked(log);
        print_failure(log, name, error);
    } else {
        count_locked(log, result, right_class);
        if (log->json) {
            report_line(runlines_sample(name, result));
        } else if (log->shows_samples) {
            wipe_live_locked(log);
            runlines_sample_text(name, result, right_class);
        }
    }
    pthread_mutex_unlock(&log->lock);
}

void runlog_event(void *self, const cleave_event *event)
{
    struct runlog *log = self;

    pthread_mutex_lock(&log->lock);
    log->switches += event->kind == CLEAVE_EVENT_SWITCH;
    if (log->json) {
        runlines_event_json(event);
    } else {
        wipe_live_locked(log);
        runlines_event_text(event);
    }
    fflush(stdout);
    pthread_mutex_unlock(&log->lock);
}

void runlog_live(struct runlog *log, cleave_runner *runner)
{
    cleave_runner_status s;
    int64_t now = now_ns();

    if (!log->is_live) {
        return;
    }
    cleave_runner_look(runner, &s);
    pthread_mutex_lock(&log->lock);
    if (now - log->shown_ns >= LIVE_EACH_NS) {
        size_t before = log->shown;
        int columns = fprintf(
            stderr,
            "\r%.60s%s | p50 %.1f p95 %.1f ms | %.2f Mbit/s %.0f ms | "
            "device x%.2f server x%.2f | %llu, %llu here",
            s.design, s.server_up ? "" : " (down)", (double)s.p50_ns / 1e6,
            (double)s.p95_ns / 1e6, s.estimates.up_bps / 1e6,
            s.estimates.rtt_ns / 1e6, s.estimates.device_slowdown,
            s.estimates.server_slowdown, (unsigned long long)s.inferences,
            (unsigned long long)s.finished_here);
        log->shown = columns > 0 ? (size_t)columns : 0;
        if (before > log->shown) { /* what the longer one left */
            fprintf(stderr, "%*s", (int)(before - log->shown), "");
            log->shown = before;
        }
        log->shown_ns = now;
    }
    pthread_mutex_unlock(&log->lock);
}

/* -- The summary -- */

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Nearest rank, of sorted times. */
static double percentile_ms(const struct runlog *log, size_t percent)
{
    size_t rank = (log->times * percent + 99) / 100;

    return log->times > 0 ? clv_ns_to_ms(log->total_ns[rank > 0 ? rank - 1 : 0])
                          : 0;
}

static double mean_ms(const struct runlog *log)
{
    double sum = 0;

    for (size_t i = 0; i < log->times; i++) {
        sum += clv_ns_to_ms(log->total_ns[i]);
    }
    return log->times > 0 ? sum / (double)log->times : 0;
}

static void print_summary_json(const struct runlog *log,
                               const cleave_runner_status *s, double seconds)
{
    double n = log->times > 0 ? (double)log->times : 1;
    json_t *o = json_pack(
        "{s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
        "inputs", (json_int_t)log->done, "failed", (json_int_t)log->failed,
        "finished_here", (json_int_t)log->finished_here, "switches",
        (json_int_t)log->switches, "bytes_up", (double)log->bytes_up / n,
        "bytes_down", (double)log->bytes_down / n, "mean_ms", mean_ms(log),
        "p50_ms", percentile_ms(log, 50), "p95_ms", percentile_ms(log, 95),
        "p99_ms", percentile_ms(log, 99), "throughput",
        seconds > 0 ? (double)log->times / seconds : 0, "prediction_error",
        s->prediction_error);

    if (log->labelled > 0) {
        json_object_set_new(o, "labelled",
                            json_integer((json_int_t)log->labelled));
        json_object_set_new(
            o, "top1", json_real((double)log->right / (double)log->labelled));
    }
    report_line(json_pack("{s:o}", "summary", o));
}

static void print_summary_text(const struct runlog *log,
                               const cleave_runner_status *s, double seconds)
{
    double n = log->times > 0 ? (double)log->times : 1;

    printf("\n%llu inputs, %llu failed, %llu finished here, %llu switches, "
           "%.1f a second\n",
           (unsigned long long)log->done, (unsigned long long)log->failed,
           (unsigned long long)log->finished_here,
           (unsigned long long)log->switches,
           seconds > 0 ? (double)log->times / seconds : 0);
    printf("latency mean %.2f ms, p50 %.2f ms, p95 %.2f ms, p99 %.2f ms; "
           "predicted within %.1f %%\n",
           mean_ms(log), percentile_ms(log, 50), percentile_ms(log, 95),
           percentile_ms(log, 99), 100 * s->prediction_error);
    printf("mean: up %.0f B, down %.0f B\n", (double)log->bytes_up / n,
           (double)log->bytes_down / n);
    if (log->labelled > 0) {
        printf("accuracy: top-1 %.1f %% of %llu labelled\n",
               100 * (double)log->right / (double)log->labelled,
               (unsigned long long)log->labelled);
    } else if (log->has_labels) {
        printf("accuracy: none of these inputs is in the labels file\n");
    }
}

cleave_status runlog_close(struct runlog *log, cleave_runner *runner,
                           cleave_error *err)
{
    double seconds = (double)(now_ns() - log->started_ns) / 1e9;
    cleave_status status = CLEAVE_OK;
    cleave_runner_status s;

    cleave_runner_look(runner, &s);
    pthread_mutex_lock(&log->lock);
    wipe_live_locked(log);
    if (log->times > 0) {
        qsort(log->total_ns, log->times, sizeof *log->total_ns, compare_times);
    }
    if (log->json) {
        print_summary_json(log, &s, seconds);
    } else {
        print_summary_text(log, &s, seconds);
    }
    if (log->failed > 0) {
        status = clv_fail(err, log->first_error.code, "run",
                          "%llu of %llu inputs failed; the first: %.300s",
                          (unsigned long long)log->failed,
                          (unsigned long long)log->done, log->first_error.text);
    }
    pthread_mutex_unlock(&log->lock);
    return status;
}
