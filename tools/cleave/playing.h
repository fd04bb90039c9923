/*
 * playing.h - the inside of `cleave simulate`: policies, traces, outcomes.
 */
#ifndef CLEAVE_TOOL_PLAYING_H
#define CLEAVE_TOOL_PLAYING_H

#include "decision.h"
#include "plan/simulation.h"

#define PLAYING_POLICIES 16

struct playing_trace {
    const char *path; /* borrowed; NULL: a flat link */
    struct clv_trace trace;
    size_t gaps;
};

/* What one policy did on one trace. */
struct playing_outcome {
    int is_there; /* 0: the policy knows no design */
    struct clv_simulation_result result;
};

struct playing {
    struct decision decision;
    const struct clv_policy *policies[PLAYING_POLICIES];
    size_t policy_count;
    struct playing_trace *traces;
    size_t trace_count;
    struct clv_simulation_options options; /* but policy and trace */
    struct playing_outcome *outcomes;      /* trace by trace, a policy each */
    struct playing_outcome *oracle;        /* one a trace */
};

/* A policy over all traces: means, each trace counting alike. */
struct playing_summary {
    int is_there;
    struct clv_spread latency_ns; /* each statistic's mean */
    double throughput_per_s;
    double bytes; /* up, of an inference */
    double device_ns;
    double server_ns;
    double drop_pp;
    double late; /* shares */
    double violations;
    double finished_here;
    double dropped;
    double unanswered;
    double switches_per_min;
    double probes_per_min;
    double regret; /* against the oracle; in latency, or in throughput */
};

struct playing_summary playing_summarise(const struct playing *p,
                                         size_t policy);

/* 1 where inferences overlap, and regret is in throughput. */
int playing_is_throughput(const struct playing *p);

/* playtable.c: for people, and for programs. CLEAVE_MEMORY. */
void playtable_print(const struct playing *p);
cleave_status playtable_json(const struct playing *p, cleave_error *err);

#endif
