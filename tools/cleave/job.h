/*
 * job.h - one task's work in a run of several: its inputs, its turns, its
 * runner.
 *
 * A job has turns: the n-th begins n / rate seconds after the part's
 * beginning, or as soon as a thread is free where there is no rate. With a
 * rate, a turn whose successor is due before anybody took it is missed, as a
 * camera's picture is: a task that falls behind does not drag a growing queue
 * along. Inputs go around.
 *
 * job_take and job_infer may be called by several threads.
 */
#ifndef CLEAVE_TOOL_JOB_H
#define CLEAVE_TOOL_JOB_H

#include <pthread.h>

#include "crowdlog.h"
#include "media/labels.h"
#include "run/feed.h"
#include "settings.h"

struct job {
    const struct clv_app_task *task; /* borrowed, as all else that is not
                                        made here */
    size_t index;
    struct crowdlog *log;
    cleave_runner *runner;
    struct clv_feed feed;
    const struct clv_source *names; /* the samples, to count and name */
    struct clv_labels *labels;
    uint64_t count; /* of samples */
    double rate;    /* 0: as fast as possible */
    pthread_mutex_t lock;
    uint64_t next; /* turn to be taken; under `lock` */
};

/* What the command line and the application say that it runs on. CLEAVE_INVALID
   for a task without inputs. Fini takes an all-zero job. */
cleave_status job_init(struct job *job, size_t index,
                       const struct settings *settings,
                       const struct clv_application *application,
                       cleave_error *err);
void job_fini(struct job *job);

/* The runner is there: finds the samples, as its design takes them. */
cleave_status job_open(struct job *job, cleave_runner *runner,
                       struct crowdlog *log, cleave_error *err);

/* A new part of the run: turns begin anew. */
void job_rewind(struct job *job);

/*
 * The next turn, and when it is due: `elapsed_ns` after the part's beginning.
 * 0 if there is none: with `is_once` each sample has one. `ret_missed` are
 * those that are over.
 */
int job_take(struct job *job, int is_once, int64_t elapsed_ns,
             uint64_t *ret_turn, int64_t *ret_due_ns, uint64_t *ret_missed);

/* One inference on the turn's sample, told to the log. */
void job_infer(struct job *job, uint64_t turn, enum crowdlog_part part);

#endif
