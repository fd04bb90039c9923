/*
 * bench_sweep.c - cleave's choice against every baseline's, as a surface.
 *
 * From measured profiles of trained networks: for each network, device
 * slow-down and uplink, in latency and in throughput, what each policy
 * chooses within one point of accuracy and what that choice gives. All
 * policies choose among the same measured parts and know the conditions
 * exactly, so that the ratios are those of deciding and packing. Slow-downs
 * are emulated: the profile's device times are multiplied.
 *
 * Besides the rows, the whole surface is written to build/bench/sweep.json
 * and, with gnuplot, build/bench/sweep.svg. Arguments name networks; none
 * means all.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bench/profiled.h"
#include "bench/stage.h"
#include "bench/surface.h"
#include "bench/tally.h"
#include "plan/scheduler.h"

#define RTT_NS 20e6 /* of every link of the sweep */
#define DOWN 4.0    /* times the uplink */

/* The link binds where at least this share of what dyno's choice takes is
   spent on it, the round trip left out. */
#define BINDS 0.25

static const double slowdowns[] = {1, 5, 10, 20, 40, 80};
static const double uplinks_bps[] = {0.2e6,  0.5e6, 1.6e6, 5e6,
                                     12.4e6, 50e6,  200e6};

#define SLOWDOWNS (sizeof slowdowns / sizeof slowdowns[0])
#define UPLINKS (sizeof uplinks_bps / sizeof uplinks_bps[0])

enum mode { LATENCY, THROUGHPUT, MODES };

static const char *const mode_names[MODES] = {"latency", "throughput"};

/* One policy against ours, over all points. */
struct rival {
    const struct clv_policy *policy;
    struct tally gains;
    double best_gain;
    struct surface_point best_at;
    double bound_log_sum; /* where the link binds; for dyno */
    size_t bound_count;
};

struct sweep {
    struct rival rivals[SURFACE_POLICIES];
    size_t rival_count;
    double worst_against_best;
    struct surface_point worst_at;
    double bytes_ratio; /* f32 over packed, the same cut, within a point */
    char bytes_at[256];
    struct surface surface;
};

/* -- One point -- */

static struct clv_conditions conditions_at(double slowdown, double up_bps)
{
    struct clv_conditions c = clv_conditions_reference(1);

    c.slowdown = slowdown;
    c.reach[0].up_bps = up_bps;
    c.reach[0].down_bps = DOWN * up_bps;
    c.reach[0].rtt_ns = RTT_NS;
    return c;
}

/* How many times better `ours` is. */
static double gain_over(enum mode mode, double ours, double theirs)
{
    return mode == LATENCY ? theirs / ours : ours / theirs;
}

static int link_binds(const struct clv_space *space, size_t candidate,
                      const struct clv_conditions *c)
{
    struct clv_terms t = clv_terms_of(space, candidate, c);
    double all = t.device_ns + t.up_ns + t.queue_ns + t.server_ns + t.down_ns;
    double link = t.up_ns + t.down_ns - RTT_NS;

    return space->candidates[candidate].server != CLV_NO_SERVER &&
           link >= BINDS * all;
}

static void meet(struct rival *r, double gain, int binds,
                 const struct surface_point *at)
{
    tally_add(&r->gains, gain);
    if (gain > r->best_gain) {
        r->best_gain = gain;
        r->best_at = *at;
    }
    if (binds) {
        r->bound_log_sum += log(gain);
        r->bound_count++;
    }
}

static void compare(struct sweep *s, const struct clv_space *space,
                    struct clv_scheduler *const *schedulers,
                    struct surface_point *at)
{
    struct clv_conditions c = conditions_at(at->slowdown, at->up_bps);
    struct clv_choice choices[SURFACE_POLICIES];
    double most = INFINITY;

    for (size_t i = 0; i < s->rival_count; i++) {
        clv_scheduler_decide(schedulers[i], &c, CLV_NONE, &choices[i]);
        at->values[i] = choices[i].value;
        at->candidates[i] = choices[i].candidate;
    }
    for (size_t i = 1; i < s->rival_count; i++) {
        double gain = gain_over(at->is_latency ? LATENCY : THROUGHPUT,
                                at->values[0], at->values[i]);
        meet(&s->rivals[i], gain, link_binds(space, at->candidates[i], &c), at);
        most = fmin(most, gain);
    }
    if (most < s->worst_against_best) {
        s->worst_against_best = most;
        s->worst_at = *at;
    }
    surface_add(&s->surface, at, space);
}

/* -- One network -- */

static struct clv_slo slo_of(enum mode mode)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_slo slo = clv_slo_default();

    stage_must(mode == LATENCY
                   ? clv_objective_parse("minimize", "latency", 0,
                                         &slo.objectives[0], &err)
                   : clv_objective_parse("maximize", "throughput", 0,
                                         &slo.objectives[0], &err),
               &err, "slo");
    slo.objective_count = 1;
    return slo;
}

static void sweep_mode(struct sweep *s, const struct profiled *p,
                       enum mode mode)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_space *space = &p->designs->space;
    struct clv_scheduler *schedulers[SURFACE_POLICIES] = {NULL};
    struct clv_slo slo = slo_of(mode);
    struct surface_point at = {.network = p->place->name,
                               .mode = mode_names[mode]};

    at.is_latency = mode == LATENCY;
    for (size_t i = 0; i < s->rival_count; i++) {
        stage_must(clv_scheduler_new(space, &slo, s->rivals[i].policy,
                                     &schedulers[i], &err),
                   &err, s->rivals[i].policy->name);
    }
    for (size_t d = 0; d < SLOWDOWNS; d++) {
        for (size_t u = 0; u < UPLINKS; u++) {
            at.slowdown = slowdowns[d];
            at.up_bps = uplinks_bps[u];
            compare(s, space, schedulers, &at);
        }
    }
    for (size_t i = 0; i < s->rival_count; i++) {
        clv_scheduler_free(schedulers[i]);
    }
}

/* The f32 message of a cut over its smallest one within a point. */
static void compare_bytes(struct sweep *s, const struct profiled *p)
{
    const struct clv_costs *costs = &p->designs->costs;

    for (size_t i = 0; i < costs->pack_count; i++) {
        const struct clv_cost_pack *row = &costs->packs[i];
        const struct clv_cost_cut *cut = &costs->cuts[row->cut];
        double ratio = (double)cut->raw_bytes / row->bytes_up.mean;
        char text[CLV_PACKING_TEXT];
        if (row->drop_pp <= 1 && !cut->is_picture && ratio > s->bytes_ratio) {
            s->bytes_ratio = ratio;
            snprintf(s->bytes_at, sizeof s->bytes_at,
                     "%.60s %.60s %s: %.0f bytes of %.0f", p->place->name,
                     cut->name, clv_packing_text(&row->packing, text),
                     row->bytes_up.mean, (double)cut->raw_bytes);
        }
    }
}

static void sweep_network(struct sweep *s, const char *data,
                          const struct profiled_place *place)
{
    struct profiled p;

    profiled_open(&p, data, place, "minimize: latency");
    printf("%s: %zu designs\n", place->name, p.designs->space.count);
    for (enum mode mode = LATENCY; mode < MODES; mode++) {
        sweep_mode(s, &p, mode);
    }
    compare_bytes(s, &p);
    profiled_close(&p);
}

/* -- Rows -- */

static json_t *context_of(const struct surface_point *at)
{
    json_t *context = tally_context();

    json_object_set_new(context, "rtt_ms", json_real(RTT_NS / 1e6));
    json_object_set_new(context, "device", json_string("emulated slow-down"));
    if (at != NULL && at->network != NULL) {
        json_object_set_new(context, "at",
                            json_pack("{s:s, s:s, s:f, s:f}", "network",
                                      at->network, "mode", at->mode, "slowdown",
                                      at->slowdown, "up_mbps",
                                      at->up_bps / 1e6));
    }
    return context;
}

static double bar_of(const char *policy)
{
    static const char *const published[] = {"neurosurgeon", "dads", "jalad",
                                            "spinn"};

    if (strcmp(policy, "device-only") == 0) {
        return 10;
    }
    if (strcmp(policy, "dyno") == 0) {
        return 1.7;
    }
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        if (strcmp(policy, published[i]) == 0) {
            return 7.9;
        }
    }
    return 0;
}

static void print_rival(struct rival *r)
{
    char id[64];
    json_t *context = context_of(&r->best_at);

    snprintf(id, sizeof id, "adapt.sweep.%s", r->policy->name);
    tally_describe(context, "gain", &r->gains);
    tally_row_least(id, "how many times better than this policy, at most",
                    r->best_gain, "x", bar_of(r->policy->name), context);
    if (r->bound_count > 0) {
        context = context_of(NULL);
        json_object_set_new(context, "points",
                            json_integer((json_int_t)r->bound_count));
        snprintf(id, sizeof id, "adapt.sweep.%s.bound", r->policy->name);
        tally_row_least(id,
                        "the same where its choice spends a quarter or more "
                        "on the link, geometric mean",
                        exp(r->bound_log_sum / (double)r->bound_count), "x",
                        strcmp(r->policy->name, "dyno") == 0 ? 1.2 : 0,
                        context);
    }
}

static void print_rows(struct sweep *s)
{
    json_t *context;

    tally_row_least("adapt.sweep.floor",
                    "cleave against the best baseline, the worst point",
                    s->worst_against_best, "x", 0.98, context_of(&s->worst_at));
    for (size_t i = 1; i < s->rival_count; i++) {
        print_rival(&s->rivals[i]);
    }
    context = context_of(NULL);
    json_object_set_new(context, "at", json_string(s->bytes_at));
    tally_row_least("adapt.sweep.bytes",
                    "bytes of a cut's tensors as f32 over those of a message "
                    "within one point of accuracy, at most",
                    s->bytes_ratio, "x", 60, context);
}

/* -- All together -- */

static void list_rivals(struct sweep *s)
{
    size_t count;
    const struct clv_policy *policies = clv_policies(&count);

    for (size_t i = 0; i < count && s->rival_count < SURFACE_POLICIES; i++) {
        if (!policies[i].is_clairvoyant) {
            struct rival *r = &s->rivals[s->rival_count++];
            r->policy = &policies[i];
            tally_init(&r->gains,
                       profiled_count() * MODES * SLOWDOWNS * UPLINKS);
        }
    }
}

static int is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return 1;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    struct sweep s = {.worst_against_best = INFINITY};
    const char *data = stage_data();

    if (data == NULL) {
        printf("no test data; name its folder in CLEAVE_DATA\n");
        return 77;
    }
    list_rivals(&s);
    surface_init(&s.surface, s.rivals[0].policy, s.rival_count);
    for (size_t i = 0; i < profiled_count(); i++) {
        const struct profiled_place *place = profiled_place(i);
        if (is_wanted(place->name, argc, argv)) {
            sweep_network(&s, data, place);
        }
    }
    print_rows(&s);
    surface_write(&s.surface);
    surface_fini(&s.surface);
    for (size_t i = 0; i < s.rival_count; i++) {
        tally_fini(&s.rivals[i].gains);
    }
    return 0;
}
