/*
 * step.c - a tenfold step of the link's rate, and how soon the device is as
 * good as one that knows.
 *
 * A settled device infers one after the other; the rate steps, down and later
 * back up. Half of the steps come between two inferences, half in the middle
 * of one, which then counts as number 0. Counted is up to the first inference
 * from which on latency stays within a tenth of the oracle's: that one is
 * within it, and so is the median of it and the nine that follow.
 *
 * The oracle's latency is that of the best design under the true conditions
 * as measured when settled: the median of a phase's second half; where the
 * device settled for another design than the best, less by as much as the
 * profile says. Messages differ in size from picture to picture; what a
 * message took more than the profile's mean one, at the true rate, is taken
 * out of both.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "bench/adapt_sections.h"
#include "bench/live.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define RTT_NS 20e6
#define SLOWDOWN 20
#define STEPS 6  /* down and up, of each pair of rates */
#define PHASE 40 /* inferences from step to step */
#define WINDOW 10
#define WITHIN 1.1
#define BAR 5

static const double rates_bps[][2] = {{20e6, 2e6}, {50e6, 5e6}};

#define PAIRS (sizeof rates_bps / sizeof rates_bps[0])

enum direction { DOWN, UP, DIRECTIONS };

static const char *const direction_names[] = {"down", "up"};

struct step {
    struct farside far;
    struct live_device device;
    const struct profiled *p;
    uint64_t next;                   /* sample */
    struct tally counts[DIRECTIONS]; /* inferences until as good */
    json_t *told;
};

/* What one phase saw. */
struct phase {
    double latency_ns[PHASE]; /* of mean messages */
    size_t candidates[PHASE];
    double predicted_ratio; /* the oracle's over the settled design's */
    size_t oracle;
};

/* -- Running -- */

static double of_mean_message(const struct step *s, const struct live_answer *a,
                              double up_bps)
{
    const struct clv_candidate *c =
        &s->p->designs->space.candidates[a->candidate];

    return c->server == CLV_NO_SERVER || a->bytes_up == 0
               ? a->total_ns
               : a->total_ns -
                     8e9 * ((double)a->bytes_up - c->bytes_up.mean) / up_bps;
}

/* A step at a moment. */
struct timed_step {
    struct farside *far;
    double up_bps;
    int64_t at_ns;
};

static void *step_later(void *self)
{
    const struct timed_step *t = self;

    clv_wait_until(t->at_ns);
    farside_set_rate(t->far, t->up_bps);
    return NULL;
}

/* The rate steps in the middle of an inference. */
static void step_amid(struct step *s, double up_bps, double latency_ns)
{
    struct timed_step timed = {&s->far, up_bps,
                               tally_now_ns() + (int64_t)(latency_ns / 2)};
    struct live_answer a;
    pthread_t thread;

    stage_must(pthread_create(&thread, NULL, step_later, &timed) == 0
                   ? CLEAVE_OK
                   : CLEAVE_MEMORY,
               NULL, "thread");
    live_infer(&s->device, s->next++, &a);
    pthread_join(thread, NULL);
}

static void note_oracle(struct step *s, struct phase *ph, double up_bps)
{
    const struct clv_measure latency = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};
    const struct farside_link link = {.up_bps = up_bps, .rtt_ns = RTT_NS};
    struct clv_conditions c = farside_conditions(&link, SLOWDOWN);
    struct clv_choice choice =
        live_choice(s->p, "cleave", "minimize: latency", &c);
    double settled = clv_predict(&s->p->designs->space,
                                 ph->candidates[PHASE - 1], &c, latency);

    ph->oracle = choice.candidate;
    ph->predicted_ratio = fmin(1, choice.value / settled);
}

static void run_phase(struct step *s, double up_bps, struct phase *ph)
{
    for (size_t i = 0; i < PHASE; i++) {
        struct live_answer a;
        live_infer(&s->device, s->next++, &a);
        ph->latency_ns[i] = of_mean_message(s, &a, up_bps);
        ph->candidates[i] = a.candidate;
    }
    note_oracle(s, ph, up_bps);
}

/* -- Counting -- */

static double median_of(const double *values, size_t count)
{
    struct tally t;
    double median;

    tally_init(&t, count);
    for (size_t i = 0; i < count; i++) {
        tally_add(&t, values[i]);
    }
    median = tally_median(&t);
    tally_fini(&t);
    return median;
}

static double oracle_ns(const struct phase *ph)
{
    return ph->predicted_ratio *
           median_of(ph->latency_ns + PHASE / 2, PHASE - PHASE / 2);
}

/* Inferences up to the first that is as good, and stays so. */
static size_t count_until_good(const struct phase *ph)
{
    double good_ns = WITHIN * oracle_ns(ph);
    size_t i = 0;

    while (i + WINDOW < PHASE &&
           !(ph->latency_ns[i] <= good_ns &&
             median_of(ph->latency_ns + i, WINDOW) <= good_ns)) {
        i++;
    }
    return i + 1;
}

static void tell(struct step *s, enum direction direction, double from_bps,
                 double to_bps, const struct phase *ph, size_t count)
{
    const struct clv_space *space = &s->p->designs->space;
    char settled[CLV_DESIGN_TEXT];
    char oracle[CLV_DESIGN_TEXT];
    cleave_runner_status status;
    json_t *first = json_array();
    json_t *about;

    for (size_t i = 0; i < WINDOW; i++) {
        json_array_append_new(first, json_real(ph->latency_ns[i] / 1e6));
    }
    about = json_pack(
        "{s:s, s:f, s:f, s:i, s:f, s:s, s:s, s:o}", "step",
        direction_names[direction], "from_mbps", from_bps / 1e6, "to_mbps",
        to_bps / 1e6, "inferences", (int)count, "oracle_ms",
        oracle_ns(ph) / 1e6, "settled",
        clv_design_text(space, ph->candidates[PHASE - 1], settled), "oracle",
        clv_design_text(space, ph->oracle, oracle), "first_ms", first);
    cleave_runner_look(s->device.runner, &status);
    json_object_set_new(about, "believed",
                        json_pack("{s:f, s:f, s:f, s:f}", "up_mbps",
                                  status.estimates.up_bps / 1e6, "rtt_ms",
                                  status.estimates.rtt_ns / 1e6, "slowdown",
                                  status.estimates.device_slowdown,
                                  "server_slowdown",
                                  status.estimates.server_slowdown));
    json_dumpf(about, stderr, JSON_COMPACT | JSON_REAL_PRECISION(4));
    fprintf(stderr, "\n");
    json_array_append_new(s->told, about);
}

static void step_once(struct step *s, double from_bps, double to_bps,
                      int is_amid, double latency_ns)
{
    enum direction direction = to_bps < from_bps ? DOWN : UP;
    struct phase ph;
    size_t count;

    if (is_amid) {
        step_amid(s, to_bps, latency_ns);
    } else {
        farside_set_rate(&s->far, to_bps);
    }
    run_phase(s, to_bps, &ph);
    count = count_until_good(&ph);
    tally_add(&s->counts[direction], (double)count);
    tell(s, direction, from_bps, to_bps, &ph, count);
}

static void step_pair(struct step *s, double high_bps, double low_bps,
                      size_t steps)
{
    const struct live_wish wish = {.slowdown = SLOWDOWN};
    struct phase before;

    farside_relink(
        &s->far, &(struct farside_link){.up_bps = high_bps, .rtt_ns = RTT_NS});
    live_device_open(&s->device, &s->far, &wish);
    (void)live_settle(&s->device);
    run_phase(s, high_bps, &before);
    for (size_t i = 0; i < steps; i++) {
        step_once(s, high_bps, low_bps, i % 2 == 1, oracle_ns(&before));
        step_once(s, low_bps, high_bps, i % 2 == 1, oracle_ns(&before));
    }
    live_device_close(&s->device);
}

static void step_row(struct step *s, enum direction direction)
{
    struct tally *t = &s->counts[direction];
    json_t *context = tally_context();
    char id[32];

    json_object_set_new(context, "device", json_string("emulated slow-down"));
    json_object_set_new(context, "slowdown", json_integer(SLOWDOWN));
    json_object_set_new(context, "network", json_string(s->p->place->name));
    tally_describe(context, "inferences", t);
    json_object_set(context, "steps", s->told);
    snprintf(id, sizeof id, "adapt.step.%s", direction_names[direction]);
    tally_row(id,
              direction == DOWN
                  ? "inferences after a tenfold fall of the link's rate until "
                    "latency is within a tenth of the oracle's, the worst step"
                  : "inferences after a tenfold rise of the link's rate until "
                    "latency is within a tenth of the oracle's, the worst step",
              tally_rank(t, 100), "inferences", BAR, context);
}

void section_step(const char *data, const struct course_effort *effort)
{
    struct step s = {.told = json_array()};
    struct profiled p;

    profiled_open(&p, data, profiled_find("squeezenet1_1_fp32"),
                  "minimize: latency");
    s.p = &p;
    tally_init(&s.counts[DOWN], PAIRS * STEPS);
    tally_init(&s.counts[UP], PAIRS * STEPS);
    farside_open(&s.far, &p, &(struct farside_link){0});
    for (size_t i = 0; i < PAIRS; i++) {
        step_pair(&s, rates_bps[i][0], rates_bps[i][1],
                  effort->quick ? 1 : STEPS);
    }
    farside_close(&s.far);
    step_row(&s, DOWN);
    step_row(&s, UP);
    tally_fini(&s.counts[DOWN]);
    tally_fini(&s.counts[UP]);
    json_decref(s.told);
    profiled_close(&p);
}
