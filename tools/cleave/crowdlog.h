/*
 * crowdlog.h - what `cleave run APP` tells of several tasks at once: a line
 * for each inference, events, a live line, and a summary of each and of all.
 *
 * With JSON every line is an object as in runlog.h, and says which task it is
 * of. Statistics are of the time together; inferences of a task alone are
 * what NTT compares with. Thread-safe but for open, close and fini: events
 * come from threads of the library.
 */
#ifndef CLEAVE_TOOL_CROWDLOG_H
#define CLEAVE_TOOL_CROWDLOG_H

#include <pthread.h>

#include "cleave/ensemble.h"
#include "plan/outcomes.h"
#include "run/application.h"

/* One task. Times for NTT are those when all tasks ran. */
struct crowdlog_task {
    struct clv_outcomes together;
    struct clv_outcomes alone;
    double joint_ns;
    uint64_t joint;
    uint64_t finished_here;
    double seconds; /* together */
    double ntt;     /* at the end */
};

struct crowdlog {
    const struct clv_application *application; /* borrowed */
    int json;
    int shows_samples; /* as text, a line each */
    int is_live;
    int64_t opened_ns;
    pthread_mutex_t lock; /* guards what follows, and the output */
    struct crowdlog_task tasks[CLV_TASKS];
    uint64_t switches; /* of designs, by runners */
    uint64_t adapted;  /* of kept designs, by the manager */
    size_t shown;      /* columns of the live line */
    double alone_s;    /* each task, in all */
    uint64_t failed;
    cleave_error first_error;
};

/* How an inference stands in the run. */
enum crowdlog_part {
    CROWD_WARM,  /* the first of its task: counts for nothing */
    CROWD_ALONE, /* of its task alone */
    CROWD_MIXED, /* together, but not with all tasks: NTT looks away */
    CROWD_JOINT  /* together with all tasks */
};

void crowdlog_open(struct crowdlog *log,
                   const struct clv_application *application, int json,
                   int shows_samples, int is_live);
void crowdlog_fini(struct crowdlog *log);

/* One inference of a task; `result` is NULL if it failed with `error`.
   `right_class` as in report.h. */
void crowdlog_sample(struct crowdlog *log, size_t task, enum crowdlog_part part,
                     const char *name, const cleave_result *result,
                     const cleave_error *error, int64_t right_class);

/* Inferences that nobody began in time. */
void crowdlog_miss(struct crowdlog *log, size_t task, enum crowdlog_part part,
                   uint64_t count);

/* A task's part of the run is over, after so long. */
void crowdlog_end(struct crowdlog *log, size_t task, enum crowdlog_part part,
                  double seconds);

/* A cleave_event_fn; `self` is the log. */
void crowdlog_event(void *self, const cleave_event *event);

/* Renews the live line. */
void crowdlog_live(struct crowdlog *log, cleave_ensemble *ensemble);

/* The summary. Fails with the first sample's error if any failed. */
cleave_status crowdlog_close(struct crowdlog *log, cleave_ensemble *ensemble,
                             cleave_error *err);

#endif
