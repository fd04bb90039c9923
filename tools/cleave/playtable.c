/*
 * playtable.c - how the policies did: a table for people, or JSON.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "playing.h"

int playing_is_throughput(const struct playing *p)
{
    return p->options.is_throughput;
}

/* By how much worse than the oracle, a share. */
static double regret(const struct playing *p,
                     const struct clv_simulation_result *r,
                     const struct clv_simulation_result *best)
{
    return playing_is_throughput(p)
               ? best->throughput_per_s / r->throughput_per_s - 1
               : r->latency_ns.mean / best->latency_ns.mean - 1;
}

static void add_spread(struct clv_spread *sum, const struct clv_spread *s,
                       double share)
{
    sum->mean += share * s->mean;
    sum->std += share * s->std;
    sum->min += share * s->min;
    sum->max += share * s->max;
    sum->p50 += share * s->p50;
    sum->p90 += share * s->p90;
    sum->p95 += share * s->p95;
    sum->p99 += share * s->p99;
}

static double minutes_of(const struct playing *p, size_t trace)
{
    int64_t ns = p->options.duration_ns > 0 ? p->options.duration_ns
                                            : p->traces[trace].trace.length_ns;

    return (double)ns / 60e9;
}

static void add_outcome(struct playing_summary *s, const struct playing *p,
                        size_t trace, const struct playing_outcome *outcome,
                        double share)
{
    const struct clv_simulation_result *r = &outcome->result;
    double each = r->inferences > 0 ? share / (double)r->inferences : 0;
    double came = (double)(r->inferences + r->dropped + r->unanswered);
    double minute = share / minutes_of(p, trace);

    add_spread(&s->latency_ns, &r->latency_ns, share);
    s->throughput_per_s += share * r->throughput_per_s;
    s->bytes += each * r->bytes_up;
    s->device_ns += each * r->device_ns;
    s->server_ns += each * r->server_ns;
    s->drop_pp += share * r->drop_pp;
    s->late += each * (double)(r->inferences - r->in_time);
    s->violations += each * (double)r->violations;
    s->finished_here += each * (double)r->finished_here;
    s->dropped += came > 0 ? share * (double)r->dropped / came : 0;
    s->unanswered += (double)r->unanswered;
    s->switches_per_min += minute * (double)r->switches;
    s->probes_per_min += minute * (double)r->probes;
    s->regret += share * regret(p, r, &p->oracle[trace].result);
}

struct playing_summary playing_summarise(const struct playing *p, size_t policy)
{
    struct playing_summary s = {.is_there = 1};

    for (size_t i = 0; i < p->trace_count; i++) {
        const struct playing_outcome *outcome =
            &p->outcomes[i * p->policy_count + policy];
        s.is_there &= outcome->is_there;
        add_outcome(&s, p, i, outcome, 1 / (double)p->trace_count);
    }
    return s;
}

/* -- For people -- */

static void print_head(const struct playing *p)
{
    const struct clv_simulation_options *o = &p->options;
    double minutes = 0;
    char rtt[CLV_MEASURE_TEXT];

    for (size_t i = 0; i < p->trace_count; i++) {
        minutes += minutes_of(p, i);
    }
    printf("%s: ", p->decision.designs->task->name);
    if (p->traces[0].path == NULL) {
        char rate[32];
        printf("%s, ", decision_bandwidth_text(
                           clv_trace_bps(&p->traces[0].trace, 0), rate));
    } else {
        printf("%zu trace%s, ", p->trace_count, p->trace_count > 1 ? "s" : "");
    }
    printf("%.3g min, %s round trip; load of the device %.3g, of the servers "
           "%.3g; ",
           minutes, clv_value_text(o->rtt_ns, CLV_UNIT_TIME, rtt),
           o->device_slowdown, o->server_slowdown);
    if (o->rate_per_s > 0) {
        printf("%.3g inferences a second%s\n\n", o->rate_per_s,
               o->is_throughput ? ", overlapping" : "");
    } else {
        printf("%s\n\n", o->is_throughput ? "inferences overlap"
                                          : "one inference after the other");
    }
}

static void print_row(const struct playing *p, size_t policy)
{
    struct playing_summary s = playing_summarise(p, policy);
    char mean[CLV_MEASURE_TEXT];
    char p50[CLV_MEASURE_TEXT];
    char p95[CLV_MEASURE_TEXT];
    char bytes[CLV_MEASURE_TEXT];

    printf("%-13s", p->policies[policy]->name);
    if (!s.is_there) {
        printf(" knows no design\n");
        return;
    }
    printf(" %9s %9s %9s %8.3g %9s %6.1f%% %6.1f%% %8.1f %8.1f%%",
           clv_value_text(s.latency_ns.mean, CLV_UNIT_TIME, mean),
           clv_value_text(s.latency_ns.p50, CLV_UNIT_TIME, p50),
           clv_value_text(s.latency_ns.p95, CLV_UNIT_TIME, p95),
           s.throughput_per_s, clv_value_text(s.bytes, CLV_UNIT_BYTES, bytes),
           100 * s.violations, 100 * s.late, s.switches_per_min,
           100 * s.regret);
    if (s.dropped > 0) {
        printf("; %.1f%% dropped", 100 * s.dropped);
    }
    if (s.unanswered > 0) {
        printf("; never answered on %g of the traces", s.unanswered);
    }
    printf("\n");
}

void playtable_print(const struct playing *p)
{
    print_head(p);
    printf("%-13s %9s %9s %9s %8s %9s %7s %7s %8s %9s\n", "policy", "mean",
           "p50", "p95", "per s", "bytes up", "broken", "late", "switches",
           "regret");
    for (size_t i = 0; i < p->policy_count; i++) {
        print_row(p, i);
    }
    printf("\nMeans over the traces. bytes up: of an inference, probes too; "
           "broken: a latency\nconstraint; late: behind the deadline; "
           "switches: a minute; regret: of the mean\n%s against the oracle's, "
           "which knows the trace.\n",
           playing_is_throughput(p) ? "throughput" : "latency");
}

/* -- For programs -- */

static json_t *spread_json(const struct clv_spread *s)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "mean",
                     s->mean, "std", s->std, "min", s->min, "max", s->max,
                     "p50", s->p50, "p90", s->p90, "p95", s->p95, "p99",
                     s->p99);
}

static json_t *outcome_json(const struct playing *p, size_t trace,
                            size_t policy)
{
    const struct playing_outcome *outcome =
        &p->outcomes[trace * p->policy_count + policy];
    const struct clv_simulation_result *r = &outcome->result;

    if (!outcome->is_there) {
        return json_pack("{s:s}", "policy", p->policies[policy]->name);
    }
    return json_pack(
        "{s:s, s:o, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, "
        "s:f, s:f, s:f}",
        "policy", p->policies[policy]->name, "latency_ns",
        spread_json(&r->latency_ns), "throughput_per_s", r->throughput_per_s,
        "regret", regret(p, r, &p->oracle[trace].result), "inferences",
        (json_int_t)r->inferences, "in_time", (json_int_t)r->in_time,
        "violations", (json_int_t)r->violations, "finished_here",
        (json_int_t)r->finished_here, "dropped", (json_int_t)r->dropped,
        "unanswered", (json_int_t)r->unanswered, "switches",
        (json_int_t)r->switches, "probes", (json_int_t)r->probes, "bytes_up",
        r->bytes_up, "device_ns", r->device_ns, "server_ns", r->server_ns,
        "drop_pp", r->drop_pp);
}

static json_t *trace_json(const struct playing *p, size_t trace)
{
    const struct playing_trace *t = &p->traces[trace];
    json_t *policies = json_array();

    for (size_t i = 0; i < p->policy_count; i++) {
        json_array_append_new(policies, outcome_json(p, trace, i));
    }
    return json_pack("{s:s?, s:f, s:f, s:I, s:o}", "trace", t->path, "seconds",
                     60 * minutes_of(p, trace), "mean_bps",
                     t->trace.bits / ((double)t->trace.length_ns / 1e9), "gaps",
                     (json_int_t)t->gaps, "policies", policies);
}

static json_t *summary_json(const struct playing *p, size_t policy)
{
    struct playing_summary s = playing_summarise(p, policy);

    if (!s.is_there) {
        return json_pack("{s:s}", "policy", p->policies[policy]->name);
    }
    return json_pack(
        "{s:s, s:o, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, "
        "s:f}",
        "policy", p->policies[policy]->name, "latency_ns",
        spread_json(&s.latency_ns), "throughput_per_s", s.throughput_per_s,
        "regret", s.regret, "bytes_up", s.bytes, "device_ns", s.device_ns,
        "server_ns", s.server_ns, "drop_pp", s.drop_pp, "late", s.late,
        "violations", s.violations, "finished_here", s.finished_here, "dropped",
        s.dropped, "switches_per_min", s.switches_per_min, "probes_per_min",
        s.probes_per_min);
}

cleave_status playtable_json(const struct playing *p, cleave_error *err)
{
    const struct clv_simulation_options *o = &p->options;
    json_t *traces = json_array();
    json_t *policies = json_array();
    json_t *all;
    int failed;

    for (size_t i = 0; i < p->trace_count; i++) {
        json_array_append_new(traces, trace_json(p, i));
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        json_array_append_new(policies, summary_json(p, i));
    }
    all =
        json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:o, s:o}", "task",
                  p->decision.designs->task->name, "mode",
                  o->is_throughput ? "throughput" : "latency", "rtt_ns",
                  o->rtt_ns, "device_load", o->device_slowdown, "server_load",
                  o->server_slowdown, "rate_per_s", o->rate_per_s, "seed",
                  (json_int_t)o->seed, "policies", policies, "traces", traces);
    failed = all == NULL ||
             json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    printf("\n");
    json_decref(all);
    return failed ? clv_fail_memory(err, "json", 0) : CLEAVE_OK;
}
