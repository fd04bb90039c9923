/*
 * live.c - devices that run a profiled network over a real link.
 *
 * Devices are runners as users open them, with an application file that
 * names the relay as their server. A device is looked into for two things
 * that users do not see: which design answered, as a number, and what was
 * predicted of it before its message had a size.
 */
#include "bench/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define ENGINE "cpu:threads=1"
#define QUIET_NS 3000000000
#define QUIET_INFERENCES 8
#define SETTLE_MOST_NS 60000000000
#define ATTEMPTS 20 /* of a baseline, whose server may fail */
#define CALIBRATIONS 9
#define STRIDE 37 /* from sample to sample: they are sorted by class */

struct clv_choice live_choice(const struct profiled *p, const char *policy,
                              const char *objective,
                              const struct clv_conditions *conditions)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_slo slo = p->application->tasks[0].slo;
    const char *what = strchr(objective, ' ');
    char direction[16];
    const struct clv_policy *found = NULL;
    struct clv_scheduler *scheduler = NULL;
    struct clv_choice choice;

    snprintf(direction, sizeof direction, "%.*s", (int)strcspn(objective, ":"),
             objective);
    stage_must(what != NULL ? CLEAVE_OK : CLEAVE_INVALID, NULL, objective);
    stage_must(
        clv_objective_parse(direction, what + 1, 0, &slo.objectives[0], &err),
        &err, objective);
    stage_must(clv_policy_find(policy, &found, &err), &err, policy);
    stage_must(
        clv_scheduler_new(&p->designs->space, &slo, found, &scheduler, &err),
        &err, policy);
    clv_scheduler_decide(scheduler, conditions, CLV_NONE, &choice);
    clv_scheduler_free(scheduler);
    return choice;
}

/* -- Devices -- */

static void on_event(void *self, const cleave_event *event)
{
    struct live_device *d = self;

    pthread_mutex_lock(&d->lock);
    if (event->kind != CLEAVE_EVENT_GUARD) {
        d->told_ns = tally_now_ns();
    }
    d->switches += event->kind == CLEAVE_EVENT_SWITCH;
    pthread_mutex_unlock(&d->lock);
    if (getenv("CLEAVE_BENCH_EVENTS") != NULL) {
        fprintf(stderr, "%8.3f %llu %s %s: %s -> %s (%s) %.4g Mbit/s %.3g ms\n",
                (double)event->at_ns / 1e9,
                (unsigned long long)event->inference,
                cleave_event_name(event->kind),
                event->reason != NULL ? event->reason : "",
                event->from != NULL ? event->from : "",
                event->to != NULL ? event->to : "",
                event->server != NULL ? event->server : "",
                event->estimates.up_bps / 1e6, event->estimates.rtt_ns / 1e6);
    }
}

static const char *given(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void open_feed(struct live_device *d, const struct profiled *p)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const char *paths[] = {p->inputs};
    const struct clv_source *source;

    stage_must(clv_feed_init(&d->feed, paths, 1, &err), &err, p->inputs);
    stage_must(clv_runner_count(d->runner, &d->feed, &source, &err), &err,
               p->inputs);
    d->samples = clv_source_count(source);
}

/* Leaves nothing else to choose. */
static void pin(struct clv_space *space, size_t candidate)
{
    space->candidates[0] = space->candidates[candidate];
    space->count = 1;
}

static void load_designs(struct live_device *d, const struct farside *far,
                         const struct live_wish *wish)
{
    const struct profiled *p = far->profiled;
    cleave_error err = CLEAVE_ERROR_INIT;
    char app[CLV_PATH_MAX];

    stage_path(app, "%s/%s.live.yaml", p->folder, p->place->name);
    profiled_write_app(p, app, ENGINE, far->url,
                       given(wish->objective, "minimize: latency"), wish->more);
    stage_must(clv_application_read(app, &d->application, &err), &err, app);
    stage_must(
        clv_designs_load(d->application, NULL, p->database, &d->designs, &err),
        &err, p->database);
    if (wish->is_pinned) {
        pin(&d->designs->space, wish->candidate);
    }
}

void live_device_open(struct live_device *d, const struct farside *far,
                      const struct live_wish *wish)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char cache[CLV_PATH_MAX];
    cleave_runner_options o = {
        .policy = wish->policy,
        .cache = cache,
        .in_flight = wish->in_flight,
        .slowdown = wish->slowdown,
        .on_event = on_event,
        .event_self = d,
    };

    *d = (struct live_device){.is_pinned = wish->is_pinned,
                              .pinned = wish->candidate,
                              .told_ns = tally_now_ns()};
    pthread_mutex_init(&d->lock, NULL);
    stage_path(cache, "%s/device-cache", far->profiled->folder);
    load_designs(d, far, wish);
    stage_must(clv_runner_open(d->designs, &o, &d->runner, &err), &err,
               "runner");
    open_feed(d, far->profiled);
}

void live_device_close(struct live_device *d)
{
    clv_feed_fini(&d->feed);
    cleave_runner_close(d->runner);
    clv_designs_free(d->designs);
    clv_application_free(d->application);
    pthread_mutex_destroy(&d->lock);
}

/* The candidate that answered: most often the one that is in use. */
static size_t candidate_of(cleave_runner *r, const char *design)
{
    char text[CLV_DESIGN_TEXT];
    size_t current;

    pthread_mutex_lock(&r->lock);
    current = r->current;
    pthread_mutex_unlock(&r->lock);
    if (strcmp(clv_design_text(r->space, current, text), design) == 0) {
        return current;
    }
    for (size_t i = 0; i < r->space->count; i++) {
        if (strcmp(clv_design_text(r->space, i, text), design) == 0) {
            return i;
        }
    }
    return CLV_NONE;
}

static void read_answer(const cleave_runner *r, const cleave_result *result,
                        const struct clv_conditions *c, struct live_answer *a)
{
    const struct clv_measure latency = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};
    const struct clv_candidate *k = &r->space->candidates[a->candidate];

    a->total_ns = (double)result->total_ns;
    a->foreseen_ns = clv_predict(r->space, a->candidate, c, latency);
    if (!(a->foreseen_ns > 0) || isinf(a->foreseen_ns)) {
        a->foreseen_ns = -1;
    }
    a->sized_ns = result->predicted_ns > 0 ? (double)result->predicted_ns : -1;
    a->finish_ns = (double)result->finish_ns;
    a->bytes_up = result->bytes_up;
    if (k->server != CLV_NO_SERVER && result->bytes_up > 0) {
        a->more_ns = 8e9 * ((double)result->bytes_up - k->bytes_up.mean) /
                     c->reach[k->server].up_bps;
    }
}

static cleave_result *infer(struct live_device *d, uint64_t i,
                            struct clv_conditions *ret_conditions)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *result = NULL;
    cleave_status status = CLEAVE_BUSY;

    for (int n = 0; n < ATTEMPTS && status != CLEAVE_OK; n++) {
        clv_senses_look(&d->runner->senses, tally_now_ns(), ret_conditions);
        status = clv_runner_infer_sample(
            d->runner, &d->feed, i * STRIDE % d->samples, &result, &err);
        stage_must(d->runner->may_finish ? status : CLEAVE_OK, &err,
                   "inference");
        pthread_mutex_lock(&d->lock);
        d->failures += status != CLEAVE_OK;
        pthread_mutex_unlock(&d->lock);
    }
    stage_must(status, &err, "inference");
    return result;
}

void live_infer(struct live_device *d, uint64_t i,
                struct live_answer *ret_answer)
{
    struct clv_conditions conditions;
    cleave_result *result = infer(d, i, &conditions);

    *ret_answer = (struct live_answer){
        .candidate = candidate_of(d->runner, result->design)};
    stage_must(ret_answer->candidate != CLV_NONE ? CLEAVE_OK : CLEAVE_NOT_FOUND,
               NULL, result->design);
    read_answer(d->runner, result, &conditions, ret_answer);
    if (d->is_pinned) {
        ret_answer->candidate = d->pinned;
    }
    cleave_result_free(result);
}

int live_settle(struct live_device *d)
{
    int64_t began_ns = tally_now_ns();
    uint64_t since = 0;
    int64_t told_ns = 0;

    for (uint64_t i = 0; tally_now_ns() - began_ns < SETTLE_MOST_NS; i++) {
        struct live_answer a;
        int64_t latest_ns;
        live_infer(d, i, &a);
        pthread_mutex_lock(&d->lock);
        latest_ns = d->told_ns;
        pthread_mutex_unlock(&d->lock);
        since = latest_ns == told_ns ? since + 1 : 0;
        told_ns = latest_ns;
        if (since >= QUIET_INFERENCES && tally_now_ns() - told_ns > QUIET_NS) {
            return 1;
        }
    }
    return 0;
}

double live_calibrate(const struct farside *far, double slowdown)
{
    const struct live_wish wish = {.policy = "device-only",
                                   .slowdown = slowdown};
    struct live_device device;
    struct live_answer a;
    struct tally took;
    double seen;

    tally_init(&took, CALIBRATIONS);
    live_device_open(&device, far, &wish);
    live_infer(&device, 0, &a);
    for (uint64_t i = 0; i < CALIBRATIONS; i++) {
        live_infer(&device, i, &a);
        tally_add(&took, a.total_ns);
    }
    seen = tally_median(&took) /
           device.designs->space.candidates[a.candidate].device_ns.mean;
    live_device_close(&device);
    tally_fini(&took);
    return fmax(1, slowdown * slowdown / seen);
}
