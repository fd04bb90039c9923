/*
 * simulate.c - `cleave simulate`: policies against recorded links.
 *
 * Reads an application and its profile, replays every trace for every policy
 * in virtual time (plan/simulation.h), and prints how they did, next to an
 * oracle that knows the trace. Nothing is computed and nothing is sent.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "base/file.h"
#include "command.h"
#include "playing.h"
#include "progress.h"

#define TRACE_BYTES ((size_t)64 << 20)
#define TRACES_MOST 10000
#define RTT_NS 50e6 /* of a mobile link */
#define FLAT_S 60   /* how long a link without a trace is simulated */
#define WORD 32

/* -- What the flags say -- */

/* A word of a list such as "cleave,dyno"; moves behind its comma. */
static int next_word(const char **list, char into[WORD])
{
    size_t length = strcspn(*list, ",");

    if (**list == '\0') {
        return 0;
    }
    snprintf(into, WORD, "%.*s", (int)(length < WORD ? length : WORD - 1),
             *list);
    *list += length + ((*list)[length] == ',');
    return 1;
}

static cleave_status add_policy(struct playing *p,
                                const struct clv_policy *policy,
                                cleave_error *err)
{
    for (size_t i = 0; i < p->policy_count; i++) {
        if (p->policies[i] == policy) {
            return CLEAVE_OK;
        }
    }
    if (p->policy_count == PLAYING_POLICIES) {
        return clv_fail(err, CLEAVE_LIMIT, "--policy", "%d are the most.",
                        PLAYING_POLICIES);
    }
    p->policies[p->policy_count++] = policy;
    return CLEAVE_OK;
}

static cleave_status read_policies(struct playing *p, const char *list,
                                   cleave_error *err)
{
    const struct clv_policy *policy = NULL;
    cleave_status status = CLEAVE_OK;
    size_t count;
    char word[WORD];

    if (list == NULL || strcmp(list, "all") == 0) {
        policy = clv_policies(&count);
        for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
            status = add_policy(p, &policy[i], err);
        }
        return status;
    }
    while (status == CLEAVE_OK && next_word(&list, word)) {
        status = clv_policy_find(word, &policy, err);
        if (status == CLEAVE_OK) {
            status = add_policy(p, policy, err);
        }
    }
    if (status == CLEAVE_OK && p->policy_count == 0) {
        return clv_fail(err, CLEAVE_INVALID, "--policy", "Name a policy.");
    }
    return status;
}

static cleave_status read_mode(const char *text, int *ret_is_throughput,
                               cleave_error *err)
{
    if (text == NULL || strcmp(text, "latency") == 0) {
        *ret_is_throughput = 0;
    } else if (strcmp(text, "throughput") == 0) {
        *ret_is_throughput = 1;
    } else {
        return clv_fail(err, CLEAVE_INVALID, "--mode",
                        "'%.100s' is neither latency nor throughput.", text);
    }
    return CLEAVE_OK;
}

static cleave_status read_factor(const char *flag, const char *text,
                                 double most, double *ret_factor,
                                 cleave_error *err)
{
    double factor;
    const char *end = text != NULL ? clv_decimal_read(text, &factor) : NULL;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    if (end == NULL || *end != '\0' || !(factor > 0 && factor <= most)) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "'%.100s' is not a number above 0, and at most %g.",
                        text, most);
    }
    *ret_factor = factor;
    return CLEAVE_OK;
}

static cleave_status read_options(const struct settings *s, struct playing *p,
                                  double *ret_scale, cleave_error *err)
{
    struct clv_simulation_options *o = &p->options;
    struct clv_conditions c;
    cleave_status status = decision_conditions(s, 1, &c, err);

    *ret_scale = 1;
    *o = (struct clv_simulation_options){
        .rtt_ns = s->rtt != NULL ? c.reach[0].rtt_ns : RTT_NS,
        .device_slowdown = c.slowdown,
        .server_slowdown = c.reach[0].slowdown,
        .in_flight = (uint32_t)s->in_flight,
        .duration_ns = (int64_t)s->for_ms * 1000000,
        .seed = s->seed > 0 ? s->seed : 1,
        .is_noisy = 1,
    };
    if (status == CLEAVE_OK) {
        status = read_mode(s->mode, &o->is_throughput, err);
    }
    if (status == CLEAVE_OK) {
        status = read_factor("--rate", s->pace, 1e6, &o->rate_per_s, err);
    }
    if (status == CLEAVE_OK) {
        status = read_factor("--scale", s->scale, 1e6, ret_scale, err);
    }
    if (status == CLEAVE_OK && s->outage != NULL) {
        status = decision_stretch("--outage", s->outage, &o->outage_from_ns,
                                  &o->outage_to_ns, err);
    }
    if (status == CLEAVE_OK) {
        status = read_policies(p, s->policy, err);
    }
    return status;
}

/* Arguments behind APP are traces: a shell writes --trace *.csv so. */
static cleave_status check(const struct settings *s, cleave_error *err)
{
    struct settings alone = *s;
    struct playing p = {.policy_count = 0};
    double scale;
    cleave_status status;

    alone.rest_count = s->rest_count > 1 ? 1 : s->rest_count;
    status = decision_check(&alone, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    if ((s->trace_count + s->rest_count > 1) == (s->bandwidth != NULL)) {
        return clv_fail(err, CLEAVE_INVALID, "--trace",
                        "Say what link to simulate: traces of its rate, or a "
                        "--bandwidth that stays.");
    }
    return read_options(s, &p, &scale, err);
}

/* -- Traces -- */

static cleave_status read_trace(const char *path, double scale,
                                struct playing_trace *trace, cleave_error *err)
{
    struct clv_buffer csv;
    cleave_status status;

    clv_buffer_init(&csv, TRACE_BYTES);
    trace->path = path;
    status = clv_file_read(path, TRACE_BYTES, &csv, err);
    if (status == CLEAVE_OK) {
        status = clv_trace_init_csv(&trace->trace, clv_buffer_bytes(&csv), path,
                                    scale, &trace->gaps, err);
    }
    clv_buffer_fini(&csv);
    return status;
}

static cleave_status read_flat(const struct settings *s, struct playing *p,
                               cleave_error *err)
{
    double bps = 0;
    cleave_status status =
        decision_bandwidth("--bandwidth", s->bandwidth, &bps, err);

    if (p->options.duration_ns == 0) {
        p->options.duration_ns = FLAT_S * (int64_t)1000000000;
    }
    return status == CLEAVE_OK
               ? clv_trace_init_flat(&p->traces[0].trace, bps, err)
               : status;
}

static cleave_status read_traces(const struct settings *s, struct playing *p,
                                 double scale, cleave_error *err)
{
    size_t count = s->trace_count + s->rest_count - 1;
    cleave_status status = CLEAVE_OK;

    p->trace_count = s->bandwidth != NULL ? 1 : count;
    if (p->trace_count > TRACES_MOST) {
        return clv_fail(err, CLEAVE_LIMIT, "--trace", "%d traces are the most.",
                        TRACES_MOST);
    }
    p->traces = calloc(p->trace_count, sizeof *p->traces);
    p->outcomes = calloc(p->trace_count * p->policy_count, sizeof *p->outcomes);
    p->oracle = calloc(p->trace_count, sizeof *p->oracle);
    if (p->traces == NULL || p->outcomes == NULL || p->oracle == NULL) {
        return clv_fail_memory(err, "simulate",
                               p->trace_count * p->policy_count *
                                   sizeof *p->outcomes);
    }
    if (s->bandwidth != NULL) {
        return read_flat(s, p, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        const char *path =
            i < s->trace_count ? s->traces[i] : s->rest[i - s->trace_count + 1];
        status = read_trace(path, scale, &p->traces[i], err);
        if (status == CLEAVE_OK && p->traces[i].gaps > 0) {
            fprintf(stderr,
                    "cleave: %s: gaps: %zu; the rate before them holds on\n",
                    path, p->traces[i].gaps);
        }
    }
    return status;
}

/* -- Playing -- */

/* A policy that knows no design is no failure: its row says so. The oracle
   knows all, so if that finds none, nobody does. */
static cleave_status play_one(const struct playing *p,
                              const struct clv_trace *trace,
                              const struct clv_policy *policy,
                              struct playing_outcome *ret_outcome,
                              cleave_error *err)
{
    struct clv_simulation_options o = p->options;
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status;

    o.space = &p->decision.designs->space;
    o.slo = &p->decision.designs->task->slo;
    o.up = trace;
    o.policy = policy;
    status = clv_simulation_run(&o, NULL, NULL, &ret_outcome->result, &inner);
    ret_outcome->is_there = status == CLEAVE_OK;
    if (status != CLEAVE_OK &&
        (status != CLEAVE_NOT_FOUND || policy->is_clairvoyant)) {
        return clv_fail(err, status, inner.where, "%s", inner.text);
    }
    return CLEAVE_OK;
}

static cleave_status play_trace(struct playing *p, size_t trace,
                                const struct clv_policy *oracle,
                                struct progress *progress, cleave_error *err)
{
    const struct clv_trace *t = &p->traces[trace].trace;
    cleave_status status = play_one(p, t, oracle, &p->oracle[trace], err);

    for (size_t i = 0; status == CLEAVE_OK && i < p->policy_count; i++) {
        struct playing_outcome *outcome =
            &p->outcomes[trace * p->policy_count + i];
        progress_step(progress, 1,
                      p->traces[trace].path != NULL
                          ? clv_path_name(p->traces[trace].path)
                          : p->policies[i]->name);
        if (p->policies[i] == oracle) {
            *outcome = p->oracle[trace];
        } else {
            status = play_one(p, t, p->policies[i], outcome, err);
        }
        progress_stepped(progress);
    }
    return status;
}

static cleave_status play_all(struct playing *p, cleave_error *err)
{
    const struct clv_policy *oracle = NULL;
    struct progress progress;
    cleave_status status = clv_policy_find("oracle", &oracle, err);

    progress_begin(&progress, 1, (double)(p->trace_count * p->policy_count));
    for (size_t i = 0; status == CLEAVE_OK && i < p->trace_count; i++) {
        status = play_trace(p, i, oracle, &progress, err);
    }
    progress_clear(&progress);
    return status;
}

static void playing_fini(struct playing *p)
{
    for (size_t i = 0; p->traces != NULL && i < p->trace_count; i++) {
        clv_trace_fini(&p->traces[i].trace);
    }
    free(p->traces);
    free(p->outcomes);
    free(p->oracle);
    decision_close(&p->decision);
}

static cleave_status simulate(const struct settings *s, cleave_error *err)
{
    struct playing p = {.policy_count = 0};
    double scale = 1;
    cleave_status status = read_options(s, &p, &scale, err);

    if (status == CLEAVE_OK) {
        status = decision_open(s, &p.decision, err);
    }
    if (status == CLEAVE_OK && s->pace == NULL) {
        p.options.rate_per_s = p.decision.designs->task->rate_per_s;
    }
    if (status == CLEAVE_OK) {
        status = read_traces(s, &p, scale, err);
    }
    if (status == CLEAVE_OK) {
        status = play_all(&p, err);
    }
    if (status == CLEAVE_OK && s->json) {
        status = playtable_json(&p, err);
    } else if (status == CLEAVE_OK) {
        playtable_print(&p);
    }
    playing_fini(&p);
    return status;
}

const struct command command_simulate = {
    .name = "simulate",
    .taker = TAKES_SIMULATE,
    .usage = "APP --db FILE --trace FILE... [OPTION...]",
    .summary = "replay recorded links for every policy, in virtual time",
    .text =
        "Plays the application's task against recorded links: the scheduler\n"
        "and the estimators are those of a live run, the times are those of\n"
        "the profile, and seconds of the trace take no time. Beside the\n"
        "policies stands an oracle that knows the trace; regret is by how\n"
        "much a policy's mean is worse than its. The same command gives the\n"
        "same numbers.\n"
        "\nexamples:\n"
        "  cleave simulate app.yaml --db app.db --trace lte/*.csv --scale 0.2\n"
        "  cleave simulate app.yaml --db app.db --trace bus.csv --outage "
        "30s..40s\n"
        "  cleave simulate app.yaml --db app.db --bandwidth 5Mbps --policy "
        "cleave,dyno\n",
    .check = check,
    .run = simulate,
};
