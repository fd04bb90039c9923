/*
 * conditions.h - what changes by itself, and what a design costs under it.
 *
 *     latency    = T_head + T_pack + T_up + T_tail + T_down
 *     throughput = 1 / max(T_head + T_pack, 8 * bytes / B, T_tail / slots)
 *
 * with T_up = 8 * bytes_up / up_bps + rtt / 2 and T_down likewise. A
 * statistic of latency is the sum of the means plus the root of the summed
 * squares of each term's own excursion, that is, terms vary independently.
 * Waiting is no stage: of throughput T_tail is without the queue. Bytes are
 * those of both ways.
 *
 * Energy is the device's: of computing as measured, else as declared, times
 * the slow-down; what it draws to send while bytes go out, and what it draws
 * waiting from then to the answer.
 *
 * A server that is up at a rate of zero (or none that is a number) counts as
 * not up; slow-downs and slots that nobody has set count as 1.
 *
 * Pure; plain values.
 */
#ifndef CLV_CONDITIONS_H
#define CLV_CONDITIONS_H

#include "plan/metric.h"
#include "plan/space.h"

/* Servers of one application. */
#define CLV_SERVERS 8

/* One server and the link to it. */
struct clv_reach {
    double up_bps;
    double down_bps;
    double rtt_ns;
    double rate_std; /* of the rates, a share of their mean */
    double slowdown; /* sigma_s: measured over profiled; 1 as profiled */
    double queue_ns; /* wait before a request is computed */
    double slots;    /* requests computed at once; 1 or more */
    int is_up;       /* 0: designs that need it are out */
};

struct clv_conditions {
    double slowdown;   /* sigma_e of the device */
    double rate_per_s; /* arrivals; 0: one after the other */
    struct clv_reach reach[CLV_SERVERS];
};

/* An idle device and idle servers over a fast, near link: `count` servers up,
   1 Gbit/s, 1 ms. A place to start from. */
struct clv_conditions clv_conditions_reference(size_t server_count);

/* The terms of one inference's mean latency, for explanations. */
struct clv_terms {
    double device_ns;
    double up_ns;
    double queue_ns;
    double server_ns;
    double down_ns;
};

struct clv_terms clv_terms_of(const struct clv_space *space, size_t candidate,
                              const struct clv_conditions *conditions);

/*
 * The value of a measure for a candidate, in the metric's base unit;
 * CLV_UNKNOWN where a part of it was never measured. Where the server is not
 * up, times and energy are infinite and throughput is 0.
 */
double clv_predict(const struct clv_space *space, size_t candidate,
                   const struct clv_conditions *conditions,
                   struct clv_measure measure);

#endif
