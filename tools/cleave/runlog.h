/*
 * runlog.h - what `cleave run APP` prints: samples, events, a live line and a
 * summary.
 *
 * With JSON every line is an object: {"input": ..} for a sample, {"event": ..}
 * for an event, {"summary": ..} at the end. Thread-safe but for open, close
 * and fini: events come from the runner's threads.
 */
#ifndef CLEAVE_TOOL_RUNLOG_H
#define CLEAVE_TOOL_RUNLOG_H

#include <pthread.h>
#include <stdint.h>

#include "cleave/runner.h"

struct runlog {
    int json;
    int shows_samples; /* as text, a line each */
    int is_live;       /* a line on the terminal that tells how it goes */
    int has_labels;
    pthread_mutex_t lock; /* guards what follows, and the output */
    uint64_t done;
    uint64_t failed;
    uint64_t finished_here;
    uint64_t labelled;
    uint64_t right;
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t switches;
    int64_t *total_ns; /* of each that went well */
    size_t times;
    size_t room;
    int64_t started_ns;
    int64_t shown_ns;
    size_t shown; /* columns of the live line */
    cleave_error first_error;
};

void runlog_open(struct runlog *log, int json, int shows_samples, int is_live,
                 int has_labels);
void runlog_fini(struct runlog *log);

/* One sample; `result` is NULL if it failed with `error`. `right_class` as in
   report.h. */
void runlog_sample(struct runlog *log, const char *name,
                   const cleave_result *result, const cleave_error *error,
                   int64_t right_class);

/* A cleave_event_fn; `self` is the log. */
void runlog_event(void *self, const cleave_event *event);

/* Renews the live line, at most five times a second. */
void runlog_live(struct runlog *log, cleave_runner *runner);

/* The summary. Fails with the first sample's error if any failed. */
cleave_status runlog_close(struct runlog *log, cleave_runner *runner,
                           cleave_error *err);

#endif
