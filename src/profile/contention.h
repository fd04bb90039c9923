/*
 * contention.h - what tasks on one device cost each other, as measured.
 *
 * Networks that run at the same time take longer than each of them alone, and
 * how much longer is what no profile of one network tells. So sets of tasks
 * are run together, and beside busy threads of nobody's ("hogs"), and what a
 * task's times then are is kept beside what they are alone:
 *
 *     excess = (statistic together - statistic alone) / mean alone
 *
 * for each statistic of the time, so that a time of its own, t alone with mean
 * m, becomes t + excess * m.
 *
 * Who shares with whom is told by seats: the engine each task runs on, or
 * CLV_NO_SEAT for one that leaves this device in peace. That is the model: of
 * two variants of a task on one engine, both suffer and press alike, in shares
 * of their own time; which is what makes a bounded number of measurements do,
 * and designs of many tasks separable once their seats are known. Full sets
 * that were measured count as they are; else pairs add up, and hogs with them.
 * Numbers of hogs between those measured lie on the line between them, and
 * none at all is none. Where seats were never tried, the mean of what the same
 * tasks cost each other in other seats stands in, so that what was not
 * measured does not look better than what was.
 *
 * Trials run without pause. A task that has inferences to do only now and then
 * presses less: by its duty, the share of time in which it computes; of its
 * excess on others that share is taken.
 *
 * Read-only once filled, and may then be read by all threads.
 */
#ifndef CLV_CONTENTION_H
#define CLV_CONTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "profile/costs.h"

/* Tasks that can run together. */
#define CLV_SEATS 16

#define CLV_NO_SEAT UINT32_MAX

/* Numbers of hogs that are told apart. */
#define CLV_HOG_NUMBERS 4

/* Who ran in a trial, or would. */
struct clv_company {
    size_t tasks;
    uint32_t seats[CLV_SEATS]; /* by task: an engine, or CLV_NO_SEAT */
    double duties[CLV_SEATS];  /* shares of time, 0 to 1; of trials 1 */
    uint32_t hogs;             /* busy threads beside */
};

/* What a trial told of one of its tasks. */
struct clv_contention_row {
    struct clv_company company;
    uint32_t task;
    struct clv_spread alone_ns; /* in the same run, so that both compare */
    struct clv_spread together_ns;
};

struct clv_contention {
    struct clv_contention_row *rows; /* sorted by task, hogs, seats */
    size_t count;
    uint32_t hogs[CLV_HOG_NUMBERS]; /* numbers of hogs measured, rising */
    size_t hog_count;
    size_t hogs_left_out; /* numbers that were measured, too, and are not in
                             it for want of room */
};

void clv_contention_init(struct clv_contention *contention);

/* Takes an all-zero one, too. */
void clv_contention_fini(struct clv_contention *contention);

/* Puts a row in, in place of one of the same company and task. CLEAVE_INVALID
   for one that makes no sense (a task without a seat, nobody beside it, no
   measurement), CLEAVE_LIMIT for a fifth number of hogs and 2^20 rows,
   CLEAVE_MEMORY. */
cleave_status clv_contention_add(struct clv_contention *contention,
                                 const struct clv_contention_row *row,
                                 cleave_error *err);

/*
 * What a task's times exceed those alone by in this company; shares of the
 * mean alone, never below 0 but for min. All 0 for a task without a seat or
 * without company, and where nothing of these tasks was measured.
 * `ret_is_known` (may be NULL) is 0 if something had to be guessed.
 */
struct clv_spread clv_contention_excess(const struct clv_contention *contention,
                                        const struct clv_company *company,
                                        size_t task, int *ret_is_known);

/* A spread of times alone, in that company; its statistics stay in order. */
struct clv_spread clv_contention_stretch(const struct clv_spread *alone,
                                         const struct clv_spread *excess);

#endif
