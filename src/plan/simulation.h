/*
 * simulation.h - a policy against a trace, in virtual time.
 *
 * A discrete-event simulation of one device, its links and its servers: the
 * scheduler, the estimators and the probing are the very ones of a live run;
 * only the world is played (world.h), from the profile and the trace.
 * Deterministic: the same inputs give the same numbers, bit for bit.
 *
 * In latency mode one inference follows the other, or comes at a fixed rate;
 * in throughput mode head, transfer and tail overlap as a pipeline of three
 * stages, each taking one inference at a time. Arrivals that find the device
 * busy wait; of more than CLV_SIMULATION_WAITING the oldest is dropped.
 *
 * Policies that learn begin with a probe, like a live run, and send probes
 * while all is computed on the device. When the servers go away in the middle
 * of an exchange, cleave finishes on the device, and so it does when an answer
 * cannot come by the deadline or is overdue (waiting.h); the other policies
 * have no such thing: they wait, and send once more when the servers are back.
 *
 * Left out: the time until a new design is loaded (live, the old one goes on
 * meanwhile), connections (they are kept), other traffic.
 *
 * Pure; belongs to one thread.
 */
#ifndef CLV_SIMULATION_H
#define CLV_SIMULATION_H

#include "plan/scheduler.h"
#include "plan/trace.h"

#define CLV_SIMULATION_WAITING 8

/* Inferences at once in throughput mode, unless somebody says otherwise. */
#define CLV_SIMULATION_IN_FLIGHT 4
#define CLV_SIMULATION_MOST_IN_FLIGHT 16

/* What the world is like; times are virtual. */
struct clv_simulation_options {
    const struct clv_space *space;
    const struct clv_slo *slo;
    const struct clv_policy *policy;
    const struct clv_trace *up;   /* one for all servers */
    const struct clv_trace *down; /* NULL: as fast as `up` times down_ratio */
    double down_ratio;            /* 0: 4 */
    double rtt_ns;
    double device_slowdown; /* 0: 1 */
    double server_slowdown; /* 0: 1 */
    int64_t outage_from_ns; /* servers are away; both 0: never */
    int64_t outage_to_ns;
    double rate_per_s;       /* arrivals; 0: one after the other */
    int is_throughput;       /* pipelined */
    uint32_t in_flight;      /* of the pipeline; 0: the default */
    int64_t duration_ns;     /* 0: the trace's length */
    uint64_t max_inferences; /* 0: no limit */
    uint64_t seed;
    int is_noisy; /* draw times from their spreads */
};

struct clv_simulation_result {
    uint64_t inferences;
    uint64_t in_time;    /* by the deadline, or all without one */
    uint64_t violations; /* inferences that broke a latency constraint */
    uint64_t finished_here;
    uint64_t dropped;    /* arrivals that found too many waiting */
    uint64_t unanswered; /* at the end, because the link was dead */
    uint64_t probes;
    uint64_t switches;
    struct clv_spread latency_ns;
    double throughput_per_s;
    double bytes_up; /* all in all, probes too */
    double server_ns;
    double device_ns;
    double drop_pp; /* mean over inferences */
};

/* Told after each inference; may be NULL. */
struct clv_simulation_step {
    uint64_t inference;
    int64_t at_ns;
    size_t candidate;
    enum clv_reason reason;
    double latency_ns;
    double predicted_ns;
    double true_bps; /* at the start */
    double seen_bps; /* estimated */
    int finished_here;
};
typedef void clv_simulation_told(void *self,
                                 const struct clv_simulation_step *step);

/* CLEAVE_INVALID for options without sense, errors of the scheduler, and
   CLEAVE_MEMORY. */
cleave_status clv_simulation_run(const struct clv_simulation_options *options,
                                 clv_simulation_told *told, void *self,
                                 struct clv_simulation_result *ret_result,
                                 cleave_error *err);

#endif
