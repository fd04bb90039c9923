/*
 * confirm.c - points of the sweep lived through, and predictions put to the
 * test.
 *
 *     confirm    at points of the sweep: cleave and the two best baselines,
 *                each a running device, in turns over one link; their
 *                measured ratio against the predicted one
 *     traces     predictions over replayed traces
 *
 * A point's baselines are those whose designs the profile says are best
 * there, other than cleave's own design and each other's. They run just these
 * designs: in the sweep they know the conditions, and what their own moving
 * averages would make of a link is not its matter. cleave finds its own way.
 * Designs of jalad's Huffman coder are left out: they are priced in the
 * profile, and nothing here can run them.
 *
 * Of latency the median is compared, each message's difference from the
 * profile's mean message taken out at the link's rate: a few dozen pictures
 * are not the five hundred of the profile. Of throughput it is the median of
 * blocks.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "bench/adapt_sections.h"
#include "bench/live.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define RTT_NS 20e6 /* as in the sweep */
#define RIVALS 2
#define RUNS (1 + RIVALS)
#define BLOCKS 6
#define BLOCK 6       /* inferences of latency in a block .. */
#define BLOCK_FLOW 32 /* .. and of throughput */
#define IN_FLIGHT 4
#define RATIO_BAR 0.10
#define STEADY_BAR 0.05
#define TRACES_BAR 0.12
#define NUMBERS 20000

struct point {
    const char *network;
    double slowdown;
    double up_bps;
    int is_flow; /* throughput, not latency */
};

static const struct point points[] = {
    {"mobilenet_v2_fp32", 20, 5e6, 0},
    {"mobilenet_v2_fp32", 40, 12.4e6, 0},
    {"mobilenet_v2_fp32", 80, 1.6e6, 0},
    {"mobilenet_v2_fp32", 10, 50e6, 0},
    {"mobilenet_v2_fp32", 20, 1.6e6, 1},
    {"squeezenet1_1_fp32", 20, 1.6e6, 0},
    {"squeezenet1_1_fp32", 40, 5e6, 0},
    {"squeezenet1_1_fp32", 80, 50e6, 0},
    {"squeezenet1_1_fp32", 40, 1.6e6, 1},
    {"mobilenet_v1_1.0_224_fp32", 20, 5e6, 0},
    {"mobilenet_v1_1.0_224_fp32", 5, 12.4e6, 0},
    {"mobilenet_v1_1.0_224_fp32", 80, 0.5e6, 0},
};

#define POINTS (sizeof points / sizeof points[0])

/* One device at a point. */
struct run {
    const char *policy;
    size_t candidate; /* as predicted */
    double predicted; /* ns, or inferences a second */
    struct live_device device;
    struct tally measured;
    size_t answers;
    size_t as_predicted; /* answers of the predicted design */
};

/* What predictions were worth. */
struct trust {
    struct tally foreseen; /* shares by which inferences missed */
    struct tally sized;
    struct tally blocks;
    double foreseen_sum;
    double sized_sum;
    double blocks_sum;
};

struct confirm {
    const char *data;
    const struct course_effort *effort;
    json_t *told; /* every point */
    double worst;
    struct trust trust;
};

/* -- Trust -- */

static void trust_init(struct trust *t)
{
    *t = (struct trust){0};
    tally_init(&t->foreseen, NUMBERS);
    tally_init(&t->sized, NUMBERS);
    tally_init(&t->blocks, NUMBERS);
}

static void trust_fini(struct trust *t)
{
    tally_fini(&t->foreseen);
    tally_fini(&t->sized);
    tally_fini(&t->blocks);
}

static void miss(struct tally *t, double *sum, double predicted,
                 double measured)
{
    if (predicted > 0 && t->count < t->capacity) {
        double share = fabs(predicted - measured) / measured;
        tally_add(t, share);
        *sum += share;
    }
}

static void trust_note(struct trust *t, const struct live_answer *a)
{
    if (a->finish_ns == 0) {
        miss(&t->foreseen, &t->foreseen_sum, a->foreseen_ns, a->total_ns);
        miss(&t->sized, &t->sized_sum, a->sized_ns, a->total_ns);
    }
}

static double mean_of(const struct tally *t, double sum)
{
    return t->count > 0 ? sum / (double)t->count : 0;
}

static void trust_row(struct trust *t, const char *id, const char *what,
                      double bar, json_t *more)
{
    json_t *context = tally_context();
    char sub[80];

    json_object_set_new(context, "device", json_string("emulated slow-down"));
    json_object_update_missing(context, more);
    json_decref(more);
    tally_describe(context, "error", &t->foreseen);
    tally_row(id, what, mean_of(&t->foreseen, t->foreseen_sum), "share", bar,
              context);
    context = tally_context();
    tally_describe(context, "error", &t->sized);
    snprintf(sub, sizeof sub, "%s.sized", id);
    tally_row(sub,
              "the same of predictions that are told the message's size, "
              "which differs from picture to picture",
              mean_of(&t->sized, t->sized_sum), "share", bar, context);
    if (t->blocks.count > 0) {
        context = tally_context();
        tally_describe(context, "error", &t->blocks);
        snprintf(sub, sizeof sub, "%s.blocks", id);
        tally_row(sub, "the same of means over a few inferences in a row",
                  mean_of(&t->blocks, t->blocks_sum), "share", bar, context);
    }
}

/* -- Choosing who runs -- */

static int is_better(const struct point *at, double a, double b)
{
    return at->is_flow ? a > b : a < b;
}

static const char *objective_of(const struct point *at)
{
    return at->is_flow ? "maximize: throughput" : "minimize: latency";
}

static void put(struct run *run, const char *policy,
                const struct clv_choice *choice)
{
    run->policy = policy;
    run->candidate = choice->candidate;
    run->predicted = choice->value;
}

/* Puts the choice among the best `RIVALS`, if it is a design of its own. */
static void rank(struct run *runs, size_t *count, const struct point *at,
                 const char *policy, const struct clv_choice *choice)
{
    size_t place = *count;

    for (size_t i = 0; i < *count; i++) {
        if (runs[i].candidate == choice->candidate) {
            return;
        }
    }
    while (place > 1 &&
           is_better(at, choice->value, runs[place - 1].predicted)) {
        place--;
    }
    if (place >= RUNS) {
        return;
    }
    *count += *count < RUNS;
    for (size_t i = *count - 1; i > place; i--) {
        runs[i] = runs[i - 1];
    }
    put(&runs[place], policy, choice);
}

/* cleave first, then the best baselines. */
static size_t choose_runs(const struct profiled *p, const struct point *at,
                          const struct clv_conditions *c, struct run *runs)
{
    size_t policy_count;
    const struct clv_policy *policies = clv_policies(&policy_count);
    size_t count = 0;

    for (size_t i = 0; i < policy_count; i++) {
        struct clv_choice choice;
        if (policies[i].is_clairvoyant) {
            continue;
        }
        choice = live_choice(p, policies[i].name, objective_of(at), c);
        if (choice.candidate == CLV_NONE ||
            p->designs->space.candidates[choice.candidate].is_huffman) {
            continue;
        }
        if (count == 0) {
            put(&runs[count++], policies[i].name, &choice);
        } else {
            rank(runs, &count, at, policies[i].name, &choice);
        }
    }
    return count;
}

/* -- Running -- */

static void count_answer(struct run *run, const struct live_answer *a)
{
    run->answers++;
    run->as_predicted += a->candidate == run->candidate;
}

static void latency_block(struct run *run, uint64_t from, struct trust *trust)
{
    double predicted = 0;
    double measured = 0;

    for (uint64_t i = from; i < from + BLOCK; i++) {
        struct live_answer a;
        live_infer(&run->device, i, &a);
        count_answer(run, &a);
        tally_add(&run->measured, a.total_ns - a.more_ns);
        if (trust != NULL) {
            trust_note(trust, &a);
            predicted += a.foreseen_ns;
            measured += a.total_ns;
        }
    }
    if (trust != NULL) {
        miss(&trust->blocks, &trust->blocks_sum, predicted, measured);
    }
}

/* Inferences of one block, shared among threads. */
struct flow {
    struct run *run;
    pthread_mutex_t lock;
    uint64_t next;
    uint64_t end;
};

static void *work_off(void *self)
{
    struct flow *f = self;
    int is_one = 1;

    while (is_one) {
        struct live_answer a;
        uint64_t i;
        pthread_mutex_lock(&f->lock);
        i = f->next;
        is_one = i < f->end;
        f->next += (uint64_t)is_one;
        pthread_mutex_unlock(&f->lock);
        if (is_one) {
            live_infer(&f->run->device, i, &a);
            pthread_mutex_lock(&f->lock);
            count_answer(f->run, &a);
            pthread_mutex_unlock(&f->lock);
        }
    }
    return NULL;
}

static void flow_block(struct run *run, uint64_t from)
{
    struct flow f = {.run = run, .next = from, .end = from + BLOCK_FLOW};
    pthread_t threads[IN_FLIGHT];
    int64_t began_ns = tally_now_ns();

    pthread_mutex_init(&f.lock, NULL);
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        stage_must(pthread_create(&threads[i], NULL, work_off, &f) == 0
                       ? CLEAVE_OK
                       : CLEAVE_MEMORY,
                   NULL, "threads");
    }
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_mutex_destroy(&f.lock);
    tally_add(&run->measured,
              1e9 * BLOCK_FLOW / (double)(tally_now_ns() - began_ns));
}

static void open_runs(struct run *runs, size_t count, const struct farside *far,
                      const struct point *at)
{
    double slowdown = live_calibrate(far, at->slowdown);

    for (size_t i = 0; i < count; i++) {
        struct live_wish wish = {
            .policy = runs[i].policy,
            .objective = objective_of(at),
            .slowdown = slowdown,
            .in_flight = at->is_flow ? IN_FLIGHT : 1,
            .is_pinned = i > 0,
            .candidate = runs[i].candidate,
        };
        live_device_open(&runs[i].device, far, &wish);
        tally_init(&runs[i].measured, BLOCKS * BLOCK);
        if (!live_settle(&runs[i].device)) {
            printf("%s has not settled\n", runs[i].policy);
        }
    }
}

static void run_blocks(struct confirm *c, struct run *runs, size_t count,
                       const struct point *at)
{
    size_t blocks = c->effort->quick ? 1 : BLOCKS;

    for (size_t b = 0; b < blocks; b++) {
        for (size_t i = 0; i < count; i++) {
            if (at->is_flow) {
                flow_block(&runs[i], b * BLOCK_FLOW);
            } else {
                latency_block(&runs[i], b * BLOCK, i == 0 ? &c->trust : NULL);
            }
        }
    }
}

static json_t *describe_run(struct run *run, const struct profiled *p,
                            const struct point *at)
{
    cleave_runner_status status;
    char design[CLV_DESIGN_TEXT];
    double scale = at->is_flow ? 1 : 1e-6;
    json_t *about = json_object();

    cleave_runner_look(run->device.runner, &status);
    json_object_set_new(about, "policy", json_string(run->policy));
    json_object_set_new(about, "believed",
                        json_pack("{s:f, s:f, s:f}", "up_mbps",
                                  status.estimates.up_bps / 1e6, "rtt_ms",
                                  status.estimates.rtt_ns / 1e6, "slowdown",
                                  status.estimates.device_slowdown));
    json_object_set_new(about, "failures",
                        json_integer((json_int_t)run->device.failures));
    json_object_set_new(about, "design",
                        json_string(clv_design_text(&p->designs->space,
                                                    run->candidate, design)));
    json_object_set_new(about, "predicted", json_real(scale * run->predicted));
    json_object_set_new(about, "measured",
                        json_real(scale * tally_median(&run->measured)));
    json_object_set_new(about, "spread",
                        json_real(scale * (tally_rank(&run->measured, 90) -
                                           tally_rank(&run->measured, 10))));
    json_object_set_new(
        about, "of_this_design",
        json_real((double)run->as_predicted / (double)run->answers));
    return about;
}

/* How far the measured ratio is from the predicted one; also puts it down. */
static double compare(struct confirm *c, const struct profiled *p,
                      const struct point *at, struct run *runs, size_t count)
{
    json_t *about =
        json_pack("{s:s, s:s, s:f, s:f}", "network", at->network, "mode",
                  at->is_flow ? "throughput" : "latency", "slowdown",
                  at->slowdown, "up_mbps", at->up_bps / 1e6);
    json_t *told = json_array();
    double worst = 0;

    for (size_t i = 0; i < count; i++) {
        json_t *one = describe_run(&runs[i], p, at);
        double predicted = runs[i].predicted / runs[0].predicted;
        double measured =
            tally_median(&runs[i].measured) / tally_median(&runs[0].measured);
        if (i > 0) {
            double off = fabs(measured / predicted - 1);
            json_object_set_new(one, "off", json_real(off));
            worst = fmax(worst, off);
        }
        json_array_append_new(told, one);
    }
    json_object_set_new(about, "runs", told);
    json_dumpf(about, stderr, JSON_COMPACT | JSON_REAL_PRECISION(4));
    fprintf(stderr, "\n");
    json_array_append_new(c->told, about);
    return worst;
}

static void confirm_point(struct confirm *c, const struct farside *far,
                          const struct farside_link *link,
                          const struct point *at)
{
    const struct profiled *p = far->profiled;
    struct clv_conditions conditions = farside_conditions(link, at->slowdown);
    struct run runs[RUNS] = {0};
    size_t count = choose_runs(p, at, &conditions, runs);

    open_runs(runs, count, far, at);
    run_blocks(c, runs, count, at);
    c->worst = fmax(c->worst, compare(c, p, at, runs, count));
    for (size_t i = 0; i < count; i++) {
        live_device_close(&runs[i].device);
        tally_fini(&runs[i].measured);
    }
}

static void confirm_network(struct confirm *c, size_t first, size_t count)
{
    struct profiled p;
    struct farside far;
    struct farside_link link = {.rtt_ns = RTT_NS};

    profiled_open(&p, c->data, profiled_find(points[first].network),
                  "minimize: latency");
    farside_open(&far, &p, &link);
    for (size_t i = first; i < first + count; i++) {
        link.up_bps = points[i].up_bps;
        farside_relink(&far, &link);
        confirm_point(c, &far, &link, &points[i]);
    }
    farside_close(&far);
    profiled_close(&p);
}

static void confirm_rows(struct confirm *c)
{
    json_t *context = tally_context();

    json_object_set_new(context, "device", json_string("emulated slow-down"));
    json_object_set_new(
        context, "left_out",
        json_string("designs with jalad's Huffman coder cannot be run"));
    json_object_set(context, "points", c->told);
    tally_row("adapt.confirm.ratio",
              "cleave against the two best baselines, lived through: how far "
              "the measured ratio is from the predicted one, the worst point",
              c->worst, "share", RATIO_BAR, context);
    trust_row(&c->trust, "adapt.predict.steady",
              "latency predicted before an inference against measured, over "
              "a steady link, mean error",
              STEADY_BAR,
              json_pack("{s:i}", "points", (int)json_array_size(c->told)));
}

void section_confirm(const char *data, const struct course_effort *effort)
{
    struct confirm c = {.data = data, .effort = effort, .told = json_array()};
    size_t first = 0;

    trust_init(&c.trust);
    for (size_t i = 1; i <= POINTS; i++) {
        if (i == POINTS ||
            strcmp(points[i].network, points[first].network) != 0) {
            confirm_network(&c, first, effort->quick ? 1 : i - first);
            first = i;
        }
    }
    confirm_rows(&c);
    trust_fini(&c.trust);
    json_decref(c.told);
}

/* -- Traces -- */

#define TRACE_SCALE 0.2 /* uplinks are slower than the downlinks measured */
#define TRACE_NS 60000000000
#define TRACE_SLOWDOWN 20
#define TRACE_BYTES ((size_t)16 << 20)

static const char *const traces[] = {
    "3g/norway_bus_11.csv",
    "4g/4g_trace_driving_50227_dr.csv",
};

#define TRACES (sizeof traces / sizeof traces[0])

static void read_trace(const char *data, const char *name,
                       struct clv_trace *trace)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_buffer buffer;
    char path[CLV_PATH_MAX];

    snprintf(path, sizeof path, "%s/traces/%s", data, name);
    clv_buffer_init(&buffer, TRACE_BYTES);
    stage_must(clv_file_read(path, TRACE_BYTES, &buffer, &err), &err, path);
    stage_must(clv_trace_init_csv(trace, clv_buffer_bytes(&buffer), path,
                                  TRACE_SCALE, NULL, &err),
               &err, path);
    clv_buffer_fini(&buffer);
}

static void live_trace(struct farside *far, const struct farside_link *link,
                       const struct course_effort *effort, struct trust *trust)
{
    int64_t length_ns = effort->quick ? TRACE_NS / 20 : TRACE_NS;
    struct live_wish wish = {.slowdown = TRACE_SLOWDOWN};
    struct live_device device;
    int64_t began_ns;

    farside_relink(far, link);
    live_device_open(&device, far, &wish);
    (void)live_settle(&device);
    began_ns = tally_now_ns();
    for (uint64_t i = 0; tally_now_ns() - began_ns < length_ns; i++) {
        struct live_answer a;
        live_infer(&device, i, &a);
        trust_note(trust, &a);
    }
    live_device_close(&device);
}

void section_traces(const char *data, const struct course_effort *effort)
{
    struct profiled p;
    struct farside far;
    struct farside_link link = {.rtt_ns = RTT_NS};
    struct trust trust;
    json_t *means = json_object();

    trust_init(&trust);
    profiled_open(&p, data, profiled_find("mobilenet_v2_fp32"),
                  "minimize: latency");
    farside_open(&far, &p, &link);
    for (size_t i = 0; i < TRACES; i++) {
        struct clv_trace trace;
        double sum = trust.foreseen_sum;
        size_t count = trust.foreseen.count;
        read_trace(data, traces[i], &trace);
        link.trace = &trace;
        live_trace(&far, &link, effort, &trust);
        json_object_set_new(means, traces[i],
                            json_real((trust.foreseen_sum - sum) /
                                      (double)(trust.foreseen.count - count)));
        farside_relink(&far, &(struct farside_link){0});
        clv_trace_fini(&trace);
    }
    farside_close(&far);
    profiled_close(&p);
    trust_row(&trust, "adapt.predict.traces",
              "latency predicted before an inference against measured, over "
              "replayed traces, mean error",
              TRACES_BAR,
              json_pack("{s:f, s:o}", "scale", TRACE_SCALE, "means", means));
    trust_fini(&trust);
}
