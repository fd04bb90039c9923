/*
 * together.h - what an application's tasks cost each other, measured.
 *
 * One model stands for each task. Sets of tasks are run at once (bout.h), and
 * each member alone in between, again and again, so that a machine that is
 * slow for a moment is slow for both. What is tried, in this order, as far as
 * the time goes:
 *
 *     1. each task on each engine beside hogs: half as many as cores, and as
 *        many as cores
 *     2. pairs of tasks: on one engine, then on all pairs of engines
 *     3. all tasks (of three and more): on one engine, then on all tuples
 *
 * Others' work is not wanted among it: where somebody waited for a processor
 * while a member ran alone (stall.h), that round of the trial is made again,
 * twice at most, and the calmest counts.
 *
 * Each trial is a row of the database as soon as it is done (contention.h);
 * those that are there are not run again.
 *
 * Belongs to one thread; bouts run in threads of their own meanwhile.
 */
#ifndef CLV_TOGETHER_H
#define CLV_TOGETHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/source.h"
#include "network/network.h"
#include "profile/contention.h"
#include "profile/database.h"
#include "profile/stall.h"

/* Engines at most. */
#define CLV_TOGETHER_ENGINES 16

/* A task, by the model that stands for it. */
struct clv_together_task {
    const char *name;
    const char *model;                   /* SHA-256 */
    struct clv_network *const *networks; /* one an engine */
    const double *alone_ns;              /* about, one an engine */
    const struct clv_source *source;
    const uint64_t *samples; /* a few of them are run on, in turn */
    size_t sample_count;     /* at least 1 */
};

/* Whoever looks on; each function may be NULL. */
struct clv_together_watch {
    void *self;
    /* So many trials, of so many that there could be, in about so long. */
    void (*planned)(void *self, size_t trials, double possible, double seconds);
    void (*step)(void *self, double seconds, const char *what);
    void (*stepped)(void *self);
    int (*is_cancelled)(void *self);
};

/* All is borrowed. */
struct clv_together_options {
    struct clv_database *database;
    const struct clv_origin *origin;
    const struct clv_together_task *tasks;
    size_t task_count;          /* 1 to CLV_SEATS */
    const char *const *engines; /* full names */
    size_t engine_count;
    uint32_t cores;
    double budget_ns; /* 0: nothing is tried */
    double bout_ns;   /* how long a bout lasts at least; 0: 40 ms */
    struct clv_clock clock;
    struct clv_stall stall; /* all zero: not known */
    struct clv_together_watch watch;
};

/* What was tried, and what there was no time for. */
struct clv_together_account {
    size_t trials;
    size_t known;     /* there already */
    size_t disturbed; /* of the trials, by others' work */
    double possible;  /* all there could be */
};

/*
 * Tries. CLEAVE_CANCELLED if the user wants to stop: what was tried is kept.
 * Errors of inputs, of the engine, of the database. `ret_account` may be NULL.
 */
cleave_status clv_together_run(const struct clv_together_options *options,
                               struct clv_together_account *ret_account,
                               cleave_error *err);

#endif
