/*
 * estimator.h - what the link and the machines are like now.
 *
 * A link estimator is told of every exchange with one server and says what
 * rate and round trip to expect of the next. Ours is a regression of time on
 * bytes over recent exchanges, weighted by age, with change-point detection
 * that forgets what was before a step, and with what TCP itself says
 * (TCP_INFO) as a hint while there are few exchanges. The published systems'
 * is a moving average over their own transfers.
 *
 * A load estimator is told what a part took and what its profile says, and
 * gives the slow-down between the two.
 *
 * Time is what the caller says (`at_ns`); one that jumps back counts as
 * standing still. Pure, fixed size, allocates nothing, belongs to one
 * thread.
 */
#ifndef CLV_ESTIMATOR_H
#define CLV_ESTIMATOR_H

#include <stddef.h>
#include <stdint.h>

#include "plan/conditions.h"
#include "plan/policy.h"

/* One exchange with a server, the server's own time taken out. */
struct clv_transfer {
    int64_t at_ns;       /* its end */
    int64_t duration_ns; /* on the link, both ways */
    uint64_t bytes_up;
    uint64_t bytes_down;
    double tcp_rtt_ns;   /* of TCP_INFO: smoothed round trip; or CLV_UNKNOWN */
    double tcp_rate_bps; /* of TCP_INFO: delivery rate; or CLV_UNKNOWN */
};

#define CLV_TRANSFERS_KEPT 64

struct clv_link_estimator {
    enum clv_learns_by by;
    struct clv_transfer kept[CLV_TRANSFERS_KEPT]; /* a ring */
    size_t count;
    size_t next;
    double up_bps; /* the present estimate */
    double down_bps;
    double rtt_ns;
    double rate_std;
    int64_t last_ns;
    uint32_t surprises; /* in a row, all on one side: a change point */
    int surprise_side;
    double evidence; /* summed weight of what the estimate rests on */
};

/* What is known now, and how well. */
struct clv_link_view {
    double up_bps;
    double down_bps;
    double rtt_ns;
    double rate_std;   /* of the rates, a share of their mean */
    double confidence; /* 0 (a guess) to 1 */
    int64_t age_ns;    /* since the last exchange; INT64_MAX: none yet */
};

/* Begins from a guess, which the first exchanges replace. */
void clv_link_estimator_init(struct clv_link_estimator *e,
                             enum clv_learns_by by, double up_bps,
                             double down_bps, double rtt_ns);

void clv_link_estimator_note(struct clv_link_estimator *e,
                             const struct clv_transfer *transfer);

/*
 * An exchange that did not end in time: so many bytes were not through after
 * `duration_ns`, which bounds the rate from above.
 */
void clv_link_estimator_note_timeout(struct clv_link_estimator *e,
                                     int64_t at_ns, int64_t duration_ns,
                                     uint64_t bytes_up);

struct clv_link_view clv_link_estimator_look(const struct clv_link_estimator *e,
                                             int64_t now_ns);

/* A slow-down: measured over profiled, a median-like average that outliers
   do not carry away, quick to follow what stays. */
struct clv_load_estimator {
    double recent[8];
    size_t count;
    size_t next;
    double slowdown;
    int64_t last_ns;
};

void clv_load_estimator_init(struct clv_load_estimator *e);
void clv_load_estimator_note(struct clv_load_estimator *e, int64_t at_ns,
                             double measured_ns, double profiled_ns);

/* 1 until something was noted; goes back to 1 slowly when nothing is noted
   any more (a load nobody has seen for minutes is not known). */
double clv_load_estimator_look(const struct clv_load_estimator *e,
                               int64_t now_ns);

#endif
