/*
 * bench_traces.c - policies on recorded mobile links, against an oracle.
 *
 * From measured profiles of trained networks, every trace of the test data's
 * 3G, 4G and 5G sets is replayed in virtual time for every policy, with
 * emulated slow-downs of the device: the profile's device times multiplied.
 * The recordings are of downlinks; an uplink is taken to be a fifth of them.
 * Round trips are those usual for the kind of network. Regret is by how much
 * a policy's mean latency is above that of an oracle that knows the trace.
 *
 * Besides, tenfold steps of a flat link: the fifth inference after the step,
 * against the oracle's. Arguments name networks; none means three.
 */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/profiled.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "plan/simulation.h"

#define SCALE 0.2
#define POLICIES 16
#define PACED_PER_S 2
#define TRACE_BYTES ((size_t)16 << 20)
#define NETWORKS 3 /* of the benchmarks' list, unless some are named */

static const double slowdowns[] = {10, 20, 40, 80};

#define SLOWDOWNS (sizeof slowdowns / sizeof slowdowns[0])

static const struct {
    const char *name;
    double rtt_ns;
} sets[] = {{"3g", 64e6}, {"4g", 53e6}, {"5g", 25e6}};

#define SETS (sizeof sets / sizeof sets[0])

/* What one policy did over a set: sums, and how many simulations. */
struct account {
    double latency_ns;
    double regret;
    double p95_regret;
    double finished;
    double probes;
    double inferences;
};

struct replay {
    const struct clv_policy *policies;
    size_t policy_count;
    size_t oracle;
    struct account accounts[SETS][POLICIES];
    double paced_regret[SETS];
    double runs[SETS];
    size_t traces[SETS];
    struct tally cells; /* ours: regret of each simulation, in percent */
    double worst_cell;  /* the best baseline's latency over ours */
    char worst_at[256];
    double worst_step;
    char worst_step_at[256];
};

/* -- One trace -- */

static struct clv_simulation_result play(
    const struct clv_simulation_options *options,
    const struct clv_policy *policy)
{
    struct clv_simulation_options o = *options;
    struct clv_simulation_result result;
    cleave_error err = CLEAVE_ERROR_INIT;

    o.policy = policy;
    stage_must(clv_simulation_run(&o, NULL, NULL, &result, &err), &err,
               policy->name);
    return result;
}

static void add(struct account *a, const struct clv_simulation_result *r,
                const struct clv_simulation_result *oracle)
{
    a->latency_ns += r->latency_ns.mean;
    a->regret += r->latency_ns.mean / oracle->latency_ns.mean - 1;
    a->p95_regret += r->latency_ns.p95 / oracle->latency_ns.p95 - 1;
    a->finished += (double)r->finished_here;
    a->probes += (double)r->probes;
    a->inferences += (double)r->inferences;
}

static void play_cell(struct replay *b, size_t set, const char *where,
                      struct clv_simulation_options *o)
{
    struct clv_simulation_result oracle = play(o, &b->policies[b->oracle]);
    double ours = 0;
    double rival = INFINITY;

    for (size_t i = 0; i < b->policy_count; i++) {
        struct clv_simulation_result r =
            i == b->oracle ? oracle : play(o, &b->policies[i]);
        add(&b->accounts[set][i], &r, &oracle);
        if (i == 0) {
            ours = r.latency_ns.mean;
            tally_add(&b->cells, 100 * (ours / oracle.latency_ns.mean - 1));
        } else if (i != b->oracle) {
            rival = fmin(rival, r.latency_ns.mean);
        }
    }
    b->runs[set]++;
    if (rival / ours < b->worst_cell) {
        b->worst_cell = rival / ours;
        snprintf(b->worst_at, sizeof b->worst_at, "%s, device x%g", where,
                 o->device_slowdown);
    }
    o->rate_per_s = PACED_PER_S;
    oracle = play(o, &b->policies[b->oracle]);
    b->paced_regret[set] +=
        play(o, &b->policies[0]).latency_ns.mean / oracle.latency_ns.mean - 1;
    o->rate_per_s = 0;
}

static void play_trace(struct replay *b, const struct profiled *p, size_t set,
                       const char *path)
{
    struct clv_buffer csv;
    struct clv_trace trace;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_buffer_init(&csv, TRACE_BYTES);
    stage_must(clv_file_read(path, TRACE_BYTES, &csv, &err), &err, path);
    stage_must(clv_trace_init_csv(&trace, clv_buffer_bytes(&csv), path, SCALE,
                                  NULL, &err),
               &err, path);
    for (size_t i = 0; i < SLOWDOWNS; i++) {
        struct clv_simulation_options o = {.space = &p->designs->space,
                                           .slo = &p->designs->task->slo,
                                           .up = &trace,
                                           .rtt_ns = sets[set].rtt_ns,
                                           .device_slowdown = slowdowns[i],
                                           .is_noisy = 1,
                                           .seed = 1};
        char where[160];
        snprintf(where, sizeof where, "%.60s %.80s", p->place->name,
                 clv_path_name(path));
        play_cell(b, set, where, &o);
    }
    clv_trace_fini(&trace);
    clv_buffer_fini(&csv);
}

static int is_csv(const struct dirent *entry)
{
    return clv_path_ends(entry->d_name, ".csv");
}

static void play_set(struct replay *b, const struct profiled *p,
                     const char *data, size_t set)
{
    struct dirent **entries;
    char path[CLV_PATH_MAX];
    int count;
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_path_print(path, sizeof path, &err, "%s/traces/%s", data,
                              sets[set].name),
               &err, data);
    count = scandir(path, &entries, is_csv, alphasort);
    stage_must(count > 0 ? CLEAVE_OK : CLEAVE_NOT_FOUND, NULL, path);
    for (int i = 0; i < count; i++) {
        stage_must(clv_path_print(path, sizeof path, &err, "%s/traces/%s/%s",
                                  data, sets[set].name, entries[i]->d_name),
                   &err, data);
        play_trace(b, p, set, path);
        free(entries[i]);
    }
    free(entries);
    b->traces[set] = (size_t)count;
}

/* -- Steps -- */

#define STEP_AT_S 20
#define STEP_INFERENCES 5

/* Latencies from the step on. */
struct after_step {
    double latencies[STEP_INFERENCES];
    size_t count;
};

static void note_step(void *self, const struct clv_simulation_step *step)
{
    struct after_step *a = self;

    if (step->at_ns >= STEP_AT_S * (int64_t)1000000000 &&
        a->count < STEP_INFERENCES) {
        a->latencies[a->count++] = step->latency_ns;
    }
}

static double fifth_after(const struct clv_simulation_options *options,
                          const struct clv_policy *policy)
{
    struct clv_simulation_options o = *options;
    struct clv_simulation_result result;
    struct after_step after = {.count = 0};
    cleave_error err = CLEAVE_ERROR_INIT;

    o.policy = policy;
    stage_must(clv_simulation_run(&o, note_step, &after, &result, &err), &err,
               policy->name);
    stage_must(after.count == STEP_INFERENCES ? CLEAVE_OK : CLEAVE_INVALID,
               NULL, "step");
    return after.latencies[STEP_INFERENCES - 1];
}

static void play_step(struct replay *b, const struct profiled *p,
                      double slowdown, double from_mbit, double factor)
{
    char text[128];
    struct clv_trace trace;
    struct clv_simulation_options o = {.space = &p->designs->space,
                                       .slo = &p->designs->task->slo,
                                       .up = &trace,
                                       .rtt_ns = sets[1].rtt_ns,
                                       .device_slowdown = slowdown};
    cleave_error err = CLEAVE_ERROR_INIT;
    double ratio;

    snprintf(text, sizeof text, "seconds,mbit_per_s\n0,%g\n%d,%g\n", from_mbit,
             STEP_AT_S, from_mbit * factor);
    stage_must(clv_trace_init_csv(
                   &trace, (clv_bytes){(const uint8_t *)text, strlen(text)},
                   "step", 1, NULL, &err),
               &err, "step");
    ratio = fifth_after(&o, &b->policies[0]) /
            fifth_after(&o, &b->policies[b->oracle]);
    if (ratio > b->worst_step) {
        b->worst_step = ratio;
        snprintf(b->worst_step_at, sizeof b->worst_step_at,
                 "%.60s, device x%g, %g to %g Mbit/s", p->place->name, slowdown,
                 from_mbit, from_mbit * factor);
    }
    clv_trace_fini(&trace);
}

static void play_steps(struct replay *b, const struct profiled *p)
{
    static const double rates[] = {0.5, 1.6, 5, 12.4, 50};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (size_t k = 0; k < SLOWDOWNS; k++) {
            play_step(b, p, slowdowns[k], rates[i], 10);
            play_step(b, p, slowdowns[k], 10 * rates[i], 0.1);
        }
    }
}

/* -- What comes out -- */

static json_t *context_of(const struct replay *b, size_t set)
{
    json_t *context = tally_context();
    json_t *policies = json_object();

    for (size_t i = 0; i < b->policy_count; i++) {
        const struct account *a = &b->accounts[set][i];
        json_object_set_new(
            policies, b->policies[i].name,
            json_pack("{s:f, s:f, s:f}", "mean_ms",
                      a->latency_ns / b->runs[set] / 1e6, "regret_percent",
                      100 * a->regret / b->runs[set], "p95_regret_percent",
                      100 * a->p95_regret / b->runs[set]));
    }
    json_object_set_new(context, "policies", policies);
    json_object_set_new(context, "traces",
                        json_integer((json_int_t)b->traces[set]));
    json_object_set_new(context, "simulations", json_real(b->runs[set]));
    json_object_set_new(context, "rtt_ms", json_real(sets[set].rtt_ns / 1e6));
    json_object_set_new(context, "uplink_scale", json_real(SCALE));
    json_object_set_new(context, "device",
                        json_string("slow-downs 10, 20, 40, "
                                    "emulated"));
    json_object_set_new(context, "probes_percent_of_inferences",
                        json_real(100 * b->accounts[set][0].probes /
                                  b->accounts[set][0].inferences));
    json_object_set_new(context, "paced_regret_percent",
                        json_real(100 * b->paced_regret[set] / b->runs[set]));
    return context;
}

static void report_set(const struct replay *b, size_t set)
{
    const struct account *ours = &b->accounts[set][0];
    double rival = INFINITY;
    char id[64];
    char what[160];

    for (size_t i = 1; i < b->policy_count; i++) {
        if (i != b->oracle) {
            rival = fmin(rival, b->accounts[set][i].latency_ns);
        }
    }
    snprintf(id, sizeof id, "adapt.regret.%s", sets[set].name);
    snprintf(what, sizeof what,
             "simulated on all %s traces: mean latency above the oracle's",
             sets[set].name);
    tally_row(id, what, 100 * ours->regret / b->runs[set], "%", 5,
              context_of(b, set));
    snprintf(id, sizeof id, "adapt.regret.%s.rival", sets[set].name);
    snprintf(what, sizeof what,
             "simulated on all %s traces: the best baseline's mean latency "
             "over ours",
             sets[set].name);
    tally_row_least(id, what, rival / ours->latency_ns, "x", 1,
                    context_of(b, set));
}

static void report(struct replay *b)
{
    double regret = 0;
    json_t *context = tally_context();

    for (size_t i = 0; i < SETS; i++) {
        regret += b->accounts[i][0].regret / b->runs[i] / SETS;
        report_set(b, i);
    }
    tally_describe(context, "regret_percent", &b->cells);
    json_object_set_new(context, "worst_against_best_baseline",
                        json_real(b->worst_cell));
    json_object_set_new(context, "worst_at", json_string(b->worst_at));
    tally_row("adapt.regret.mean",
              "simulated on 3G, 4G and 5G traces: mean latency above the "
              "oracle's",
              100 * regret, "%", 5, context);
    context = tally_context();
    json_object_set_new(context, "at", json_string(b->worst_step_at));
    tally_row("adapt.regret.step",
              "simulated: the fifth inference after a tenfold step of the "
              "link, over the oracle's, at worst",
              b->worst_step, "x", 1.1, context);
}

static int is_wanted(size_t index, const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return 1;
        }
    }
    return argc < 2 && index < NETWORKS;
}

int main(int argc, char **argv)
{
    static struct replay b = {.worst_cell = INFINITY};
    const char *data = stage_data();

    if (data == NULL) {
        printf("There is no test data; CLEAVE_DATA=DIR says where it is.\n");
        return 77;
    }
    b.policies = clv_policies(&b.policy_count);
    for (size_t i = 0; i < b.policy_count; i++) {
        b.oracle = b.policies[i].is_clairvoyant ? i : b.oracle;
    }
    tally_init(&b.cells, 10000);
    for (size_t i = 0; i < profiled_count(); i++) {
        struct profiled p;
        if (!is_wanted(i, profiled_place(i)->name, argc, argv)) {
            continue;
        }
        profiled_open(&p, data, profiled_place(i), "minimize: latency");
        for (size_t set = 0; set < SETS; set++) {
            play_set(&b, &p, data, set);
        }
        play_steps(&b, &p);
        profiled_close(&p);
    }
    report(&b);
    tally_fini(&b.cells);
    return 0;
}
