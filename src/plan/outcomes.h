/*
 * outcomes.h - what was asked of a task, and what came of it.
 *
 * It is told of every inference that was wanted: how long it took and
 * what it sent, or that it failed, or that it was missed: not begun before
 * the next one was due. It says what the times were like, and how far the
 * task's SLO was kept:
 *
 *     an inference breaks a bound on latency (whichever statistic the bound is
 *     of, but std), on bytes, or its deadline, if it is beyond it; what failed
 *     or was missed breaks them all
 *
 * so a constraint of p95 is kept if no more than five in a hundred break it.
 * Bounds on what one inference cannot tell (accuracy, memory, ..) are not
 * looked at, but for throughput, which is one number of the whole run.
 *
 * Belongs to one thread.
 */
#ifndef CLV_OUTCOMES_H
#define CLV_OUTCOMES_H

#include "plan/slo.h"
#include "profile/costs.h"

/* As many times are remembered; the statistics are of those. */
#define CLV_OUTCOMES_TIMES ((size_t)1 << 24)

struct clv_outcomes {
    const struct clv_slo *slo; /* borrowed */
    double *times_ns;          /* of each that went well */
    size_t times;
    size_t room;
    uint64_t done; /* that went well */
    uint64_t failed;
    uint64_t missed;
    uint64_t late;                    /* beyond the deadline */
    uint64_t beyond[CLV_CONSTRAINTS]; /* each constraint's bound */
    uint64_t breaking;                /* one bound or the deadline at least */
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t labelled;
    uint64_t right;
};

/* One inference that went well. */
struct clv_outcome {
    int64_t total_ns;
    uint64_t bytes_up;
    uint64_t bytes_down;
    int is_labelled;
    int is_right;
};

void clv_outcomes_init(struct clv_outcomes *outcomes,
                       const struct clv_slo *slo);
void clv_outcomes_fini(struct clv_outcomes *outcomes);

/* Cannot fail: where memory is short the time is not remembered, and the rest
   is counted. */
void clv_outcomes_add(struct clv_outcomes *outcomes,
                      const struct clv_outcome *outcome);
void clv_outcomes_fail(struct clv_outcomes *outcomes);
void clv_outcomes_miss(struct clv_outcomes *outcomes, uint64_t count);

/* Inferences wanted: done, failed and missed. */
uint64_t clv_outcomes_wanted(const struct clv_outcomes *outcomes);

/* Of the times remembered; sorts them. */
struct clv_spread clv_outcomes_times(struct clv_outcomes *outcomes);

/*
 * The share of inferences wanted that break at least one bound; that break
 * constraint number `constraint`, CLV_UNKNOWN if one inference cannot tell;
 * and those behind the deadline, CLV_UNKNOWN without one. 0 of nothing.
 */
double clv_outcomes_breaking(const struct clv_outcomes *outcomes);
double clv_outcomes_beyond(const struct clv_outcomes *outcomes,
                           size_t constraint);
double clv_outcomes_late(const struct clv_outcomes *outcomes);

/*
 * What a constraint's measure was over the run: latency and its statistics,
 * bytes, throughput (inferences a second, mean only), and accuracy where
 * there are labels. CLV_UNKNOWN for all else. `seconds` is how long the run
 * took.
 */
double clv_outcomes_measured(struct clv_outcomes *outcomes,
                             struct clv_measure measure, double seconds);

#endif
