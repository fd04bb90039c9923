/*
 * adapting.c - one inference of a runner: decide, run, learn from it.
 *
 *     take a design -> load the sample as its model takes it -> pipeline
 *         -> what it took teaches the senses; what failed, the watch
 *         -> now and then the guard looks at the answer once more
 *
 * How long to wait for a server: with a deadline, until what finishing here
 * takes is all that is left of it. Where that would leave the server less
 * than it is expected to need, it was chosen because it is the best there
 * is; then it may have all of the deadline, and twice what is expected at
 * least. Without a deadline, five times what is expected, by as many as may
 * overlap: those wait for each other, which a deadline does not excuse.
 */
#include <math.h>

#include "base/fail.h"
#include "plan/waiting.h"
#include "run/adaptive.h"

#define PATIENT_NS 200e6   /* a server that was given so much .. */
#define PATIENT 2          /* .. and so many times what was expected .. */
                           /* .. and did not answer is not there */
#define BAN_NS 60000000000 /* for what did not work */
#define LONGEST_NS (300 * (int64_t)1000000000) /* for any answer */
#define ATTEMPTS 3 /* to find a design that the inputs suit */

/* One inference. */
struct trip {
    cleave_runner *runner;
    struct clv_decision decision;
    struct clv_lane *lane;
    struct clv_errand errand;
    struct clv_sensing sensing;
    int64_t called_ns;
    int64_t prepare_ns;
    double waited_ns; /* for the exchange */
};

static int64_t now(const cleave_runner *r)
{
    return clv_clock_now_ns(r->clock);
}

static const struct clv_cost_head *head_of(const cleave_runner *r,
                                           const struct clv_candidate *c)
{
    return &r->space->costs->heads[c->head];
}

/* -- How long to wait -- */

/* All of the network here; 0 if the post has no such design. */
static double whole_ns(const struct trip *t)
{
    size_t home = t->decision.home;

    return home != CLV_NONE ? t->runner->space->candidates[home].device_ns.mean
                            : 0;
}

/* What finishing here would take; the whole network if nobody measured it. */
static double finish_ns(const struct trip *t)
{
    const cleave_runner *r = t->runner;
    const struct clv_cost_head *head = head_of(r, t->decision.candidate);
    double profiled_ns = head->finish_ns.mean;

    if (head->finish_ns.count == 0 && t->decision.home != CLV_NONE) {
        profiled_ns = whole_ns(t);
    }
    return t->decision.conditions.slowdown * profiled_ns;
}

static double foreseen_ns(const struct trip *t)
{
    return fmax(t->decision.predicted_ns, 0);
}

/* What finishing here would take if the server failed now: those under way
   come before, for they have one device to be finished on. */
static double queued_finish_ns(const struct trip *t)
{
    cleave_runner *r = t->runner;
    uint32_t server = t->decision.candidate->server;
    unsigned ahead =
        server != CLV_NO_SERVER ? clv_senses_under_way(&r->senses, server) : 0;

    return r->may_finish ? (1 + ahead) * finish_ns(t) : 0;
}

/* A deadline counts from the call, whatever has passed since; without one the
   server may take its time from when it was asked. */
static void set_patience(struct trip *t)
{
    const cleave_runner *r = t->runner;
    double device_ns =
        t->decision.conditions.slowdown * t->decision.candidate->device_ns.mean;
    int64_t sent_ns = now(r) + (int64_t)device_ns;
    struct clv_waiting wait = {
        .began_ns = t->called_ns,
        .sent_ns = sent_ns,
        .expected_ns = fmax(foreseen_ns(t) - device_ns, 0),
        .finish_ns = queued_finish_ns(t),
        .deadline_ns = r->designs->task->slo.deadline_ns,
        .crowd = r->width,
    };
    int64_t until_ns = clv_waiting_until(&wait);

    if (until_ns == INT64_MAX) {
        return; /* the rig knows how long an exchange may take */
    }
    until_ns =
        until_ns < sent_ns + LONGEST_NS ? until_ns : sent_ns + LONGEST_NS;
    if (wait.deadline_ns > 0) {
        t->errand.answer_by_ns = until_ns;
    } else {
        t->errand.patience_ns = until_ns - sent_ns;
    }
}

/* Whether the server had so much time that being late is its own fault. */
static int was_patient(const struct trip *t)
{
    return t->waited_ns >= PATIENT_NS &&
           t->waited_ns >= PATIENT * t->runner->width * foreseen_ns(t);
}

/* -- Learning -- */

static void on_link(void *self, struct clv_errand *errand, int begins)
{
    struct trip *t = self;
    struct clv_senses *senses = &t->runner->senses;
    uint32_t server = t->decision.candidate->server;
    int64_t now_ns = now(t->runner);

    if (begins) {
        t->sensing = clv_senses_begin(senses, server, now_ns);
        return;
    }
    t->waited_ns = (double)(now_ns - t->sensing.began_ns);
    clv_senses_end(senses, server, t->sensing, now_ns,
                   errand->sent == CLEAVE_OK ? &errand->exchange : NULL,
                   errand->sent == CLEAVE_TIMEOUT ? errand->sent_bytes : 0);
}

/* What this device took for a part, if that tells of a load. */
static void learn_device(struct trip *t, int64_t now_ns, double measured_ns,
                         double profiled_ns)
{
    if (clv_load_is_told(measured_ns, profiled_ns, whole_ns(t))) {
        clv_senses_device_took(&t->runner->senses, now_ns, measured_ns,
                               profiled_ns);
    }
}

static void learn_server(struct trip *t, int64_t now_ns)
{
    const struct clv_candidate *c = t->decision.candidate;
    const struct clv_timing *timing = &t->errand.exchange.timing;
    double measured_ns = (double)(timing->unpack_ns + timing->tail_ns);

    clv_watch_served(t->runner->watch, c->server);
    if (t->errand.exchange.has_timing &&
        clv_load_is_told(measured_ns, c->server_ns.mean, 0)) {
        clv_senses_server_took(&t->runner->senses, c->server, now_ns,
                               measured_ns, c->server_ns.mean);
    }
}

/* The request itself is what the server does not take. */
static int is_request_at_fault(cleave_status code, int http)
{
    return code == CLEAVE_LIMIT || code == CLEAVE_UNSUPPORTED ||
           (code == CLEAVE_INVALID && http == 400);
}

static void learn_failure(struct trip *t, int64_t now_ns)
{
    const struct clv_candidate *c = t->decision.candidate;
    const struct clv_errand *e = &t->errand;
    struct clv_ban ban = {c->variant, c->cut, c->pack,
                          c->server,  0,      now_ns + BAN_NS};

    if (!e->was_sent) {
        return; /* there was no time; the server had no part in it */
    }
    if (is_request_at_fault(e->trouble.code, e->exchange.http)) {
        clv_deciding_ban(t->runner, &ban, t->decision.berth->candidate,
                         e->trouble.text);
        return;
    }
    clv_watch_failed(t->runner->watch, c->server, now_ns, &e->trouble,
                     was_patient(t));
}

static void learn(struct trip *t, const cleave_result *r)
{
    const struct clv_candidate *c = t->decision.candidate;
    int64_t now_ns = now(t->runner);

    if (t->errand.trouble.code != CLEAVE_OK) {
        learn_failure(t, now_ns);
    } else if (t->errand.was_sent) {
        learn_server(t, now_ns);
    }
    if (r != NULL) {
        learn_device(t, now_ns, (double)r->head_ns, c->device_ns.mean);
    }
    if (r != NULL && t->errand.tail_here_ns > 0) {
        learn_device(t, now_ns, (double)t->errand.tail_here_ns,
                     head_of(t->runner, c)->finish_ns.mean);
    }
}

static void tell_finished(struct trip *t, const cleave_result *result)
{
    cleave_runner *r = t->runner;
    uint32_t server = t->decision.candidate->server;
    cleave_event event = {
        .kind = CLEAVE_EVENT_FINISHED,
        .reason = t->errand.trouble.text,
        .from = result->design,
        .server = clv_designs_server(r->designs, server)->url,
        .predicted_ns = result->predicted_ns,
        .measured_ns = result->total_ns,
        .estimates = clv_logbook_estimates(&t->decision.conditions, server),
    };

    clv_logbook_tell(&r->log, &event);
}

/* -- Running -- */

static void leave(struct trip *t)
{
    if (t->lane != NULL) {
        clv_lanes_give(&t->decision.berth->rig->lanes, t->lane);
    }
    clv_fleet_give(t->runner->fleet, t->decision.berth);
}

/* What there is are tensors: designs that send pictures are out. */
static void ban_pictures(cleave_runner *r)
{
    struct clv_ban ban = {CLV_ANY, CLV_ANY, CLV_ANY, CLV_ANY, 1, 0};

    clv_deciding_ban(r, &ban, CLV_NONE,
                     "the inputs are arrays, which cannot travel as pictures");
}

static cleave_status load_sample(struct trip *t, struct clv_feed *feed,
                                 uint64_t sample, cleave_error *err)
{
    const struct clv_rig *rig = t->decision.berth->rig;
    const struct clv_source *source;
    int64_t started_ns = now(t->runner);
    cleave_status status = clv_feed_source(feed, t->decision.candidate->variant,
                                           rig->ground, &source, err);

    if (status == CLEAVE_OK) {
        status =
            rig->sends_picture
                ? clv_source_load_picture(source, sample, &t->lane->sample, err)
                : clv_source_load(source, sample, &t->lane->sample, err);
    }
    t->errand.inputs = t->lane->sample.tensors;
    t->errand.input_count = t->lane->sample.count;
    t->prepare_ns = now(t->runner) - started_ns;
    return status;
}

/*
 * Decides and has the inputs ready for what was decided. Decides again if
 * that sends pictures and the inputs are none.
 */
static cleave_status embark(struct trip *t, struct clv_feed *feed,
                            uint64_t sample, cleave_error *err)
{
    for (int attempt = 1;; attempt++) {
        cleave_error why = CLEAVE_ERROR_INIT;
        cleave_status status = clv_deciding_take(t->runner, &t->decision, err);
        int sends_picture;
        if (status != CLEAVE_OK) {
            return status;
        }
        t->lane = clv_lanes_take(&t->decision.berth->rig->lanes);
        sends_picture = t->decision.berth->rig->sends_picture;
        if (feed != NULL) {
            status = load_sample(t, feed, sample, &why);
        } else if (sends_picture) {
            status = clv_fail(&why, CLEAVE_UNSUPPORTED, "inputs",
                              "The design sends pictures, and a tensor came.");
        }
        if (status == CLEAVE_OK) {
            return CLEAVE_OK;
        }
        leave(t);
        if (status != CLEAVE_UNSUPPORTED || !sends_picture ||
            attempt == ATTEMPTS) {
            return clv_fail(err, status, why.where, "%s", why.text);
        }
        ban_pictures(t->runner);
    }
}

/*
 * What was to be expected of this message: messages of one design differ in
 * size, and what was decided on is their mean.
 */
static double predicted_ns(const struct trip *t, const cleave_result *result)
{
    const struct clv_decision *d = &t->decision;
    const struct clv_candidate *c = d->candidate;
    double more;

    if (d->predicted_ns <= 0 || isinf(d->predicted_ns)) {
        return 0;
    }
    if (c->server == CLV_NO_SERVER || result->bytes_up == 0) {
        return d->predicted_ns;
    }
    more = (double)result->bytes_up - c->bytes_up.mean;
    return fmax(1, d->predicted_ns +
                       8e9 * more / d->conditions.reach[c->server].up_bps);
}

static void name_result(const struct trip *t, cleave_result *result)
{
    char design[CLV_DESIGN_TEXT];

    clv_result_name(result,
                    clv_design_text(t->runner->space,
                                    t->decision.berth->candidate, design));
    result->prepare_ns = t->prepare_ns;
    result->predicted_ns = (int64_t)predicted_ns(t, result);
}

static cleave_status travel(struct trip *t, cleave_result **ret_result,
                            cleave_error *err)
{
    cleave_runner *r = t->runner;
    struct clv_berth *berth = t->decision.berth;
    cleave_result *result = NULL;
    cleave_status status;

    set_patience(t);
    t->errand.may_finish = r->may_finish;
    t->errand.on_link = on_link;
    t->errand.self = t;
    status = clv_pipeline_run(berth->rig, t->lane, &t->errand, &result, err);
    learn(t, result);
    if (status != CLEAVE_OK) {
        leave(t);
        return status;
    }
    name_result(t, result);
    clv_logbook_end(&r->log, result);
    if (result->finish_ns > 0) {
        tell_finished(t, result);
    }
    if (result->finish_ns > 0 || t->decision.candidate->pack == CLV_NO_PACK ||
        !clv_guard_offer(r->guard, berth, t->lane, result)) {
        leave(t);
    }
    *ret_result = result;
    return CLEAVE_OK;
}

static cleave_status infer(struct trip *t, struct clv_feed *feed,
                           uint64_t sample, cleave_result **ret_result,
                           cleave_error *err)
{
    cleave_runner *r = t->runner;
    cleave_status status;

    t->called_ns = now(r);
    clv_gate_enter(&r->in_flight);
    clv_logbook_begin(&r->log);
    clv_watch_stir(r->watch, now(r));
    status = embark(t, feed, sample, err);
    if (status == CLEAVE_OK) {
        status = travel(t, ret_result, err);
    }
    clv_gate_leave(&r->in_flight);
    return status;
}

cleave_status clv_adapting_infer(cleave_runner *runner,
                                 const cleave_tensor *inputs, size_t count,
                                 cleave_result **ret_result, cleave_error *err)
{
    struct trip trip = {.runner = runner,
                        .errand = {.inputs = inputs, .input_count = count}};

    return infer(&trip, NULL, 0, ret_result, err);
}

cleave_status clv_runner_infer_sample(cleave_runner *runner,
                                      struct clv_feed *feed, uint64_t sample,
                                      cleave_result **ret_result,
                                      cleave_error *err)
{
    struct trip trip = {.runner = runner};

    return infer(&trip, feed, sample, ret_result, err);
}
