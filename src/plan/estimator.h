/*
 * estimator.h - what the link and the machines are like now.
 *
 * A link estimator is told of every exchange with one server and says what
 * rate and round trip to expect of the next. Ours fits time = round trip +
 * bits * pace, recursively: the round trip is taken to change slowly and the
 * pace quickly, so that exchanges of different sizes tell the two apart, and
 * the last ones count most. How quickly is not a constant: several fits
 * compete, from one that believes the last exchange to one that averages
 * over many, and the one that has predicted best lately is believed. An
 * exchange far from what a fit foresaw is a step of the link: the fit forgets
 * the pace that was before it. Of TCP itself (TCP_INFO) only the first
 * exchange's hint is taken, because behind a proxy it is about the proxy.
 * Exchanges that are all of one size tell the sum of the two only, and
 * predict that size well and others less so.
 *
 * The published systems' way is a moving average over their own transfers:
 * the last CLV_AVERAGED exchanges of fewer than CLV_SMALL_BYTES are averaged
 * to the round trip, the last CLV_AVERAGED others, less that, to the rate.
 *
 * Up and down are not told apart: the ratio of the two rates stays as first
 * guessed.
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

/* The moving averages' window, in exchanges, and what measures a round
   trip. */
#define CLV_AVERAGED 8
#define CLV_SMALL_BYTES 1024

/* Fits of different quickness, of which the best is believed. */
#define CLV_FITS 4

struct clv_link_fit {
    double rtt_ns;
    double pace; /* ns per bit up */
    double pace_var;
    double rtt_var;
    double covariance;
    double score; /* summed squares of misses, the late ones most */
};

/* A mean of the last few. */
struct clv_moving_average {
    double values[CLV_AVERAGED];
    size_t count;
    size_t next;
};

struct clv_link_estimator {
    enum clv_learns_by by;
    double ratio; /* of the rates, down to up */
    struct clv_link_fit fits[CLV_FITS];
    size_t best;
    double spread; /* of the rates: mean square of their relative change */
    double evidence;
    uint64_t steps; /* of the link, noticed */
    int64_t last_ns;
    struct clv_moving_average rates;
    struct clv_moving_average trips;
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

/* What a link is taken for before anything was heard of it: a mobile one. */
#define CLV_GUESS_UP_BPS 5e6
#define CLV_GUESS_DOWN_BPS 20e6
#define CLV_GUESS_RTT_NS 50e6

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

/* A slow-down: measured over profiled. The last few are averaged without the
   least and the most, so that one outlier counts for nothing and what stays
   is followed within three. */
#define CLV_LOADS_KEPT 5

struct clv_load_estimator {
    double recent[CLV_LOADS_KEPT];
    size_t count;
    size_t next;
    double slowdown;
    int64_t last_ns;
};

void clv_load_estimator_init(struct clv_load_estimator *e);
void clv_load_estimator_note(struct clv_load_estimator *e, int64_t at_ns,
                             double measured_ns, double profiled_ns);

/*
 * Whether a part is large enough to tell: one that takes little by its
 * profile, beside the whole network here, varies too much of itself, and
 * often is no network (a picture's encoding).
 */
int clv_load_is_told(double measured_ns, double profiled_ns, double whole_ns);

/* 1 until something was noted; goes back to 1 slowly when nothing is noted
   any more (a load nobody has seen for minutes is not known). */
double clv_load_estimator_look(const struct clv_load_estimator *e,
                               int64_t now_ns);

#endif
