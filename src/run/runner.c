/*
 * runner.c - opening and closing a runner, and what it tells others.
 *
 * The parts of a runner are blind to each other; what one finds out that
 * another must know goes through here: a design that could not be made ready
 * is banned or held against its server, a server that is back is pardoned, a
 * packing that the guard caught is banned for good.
 */
#include "cleave/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/adaptive.h"

#define MAX_IN_FLIGHT 256
#define BAN_NS 60000000000 /* for a design that could not be made ready */

/* -- What the parts find out -- */

static const char *url_of(const cleave_runner *r, uint32_t server)
{
    return server != CLV_NO_SERVER ? clv_designs_server(r->designs, server)->url
                                   : NULL;
}

static int is_unreachable(cleave_status status)
{
    return status == CLEAVE_UNREACHABLE || status == CLEAVE_TIMEOUT ||
           status == CLEAVE_BUSY;
}

static void on_fleet(void *self, size_t candidate, cleave_status status,
                     const cleave_error *err)
{
    cleave_runner *r = self;
    const struct clv_candidate *c = &r->space->candidates[candidate];
    int64_t now_ns = clv_clock_now_ns(r->clock);
    struct clv_ban ban = {c->variant, CLV_ANY, CLV_ANY,
                          c->server,  0,       now_ns + BAN_NS};
    char design[CLV_DESIGN_TEXT];
    cleave_event event = {
        .kind = status == CLEAVE_OK ? CLEAVE_EVENT_READY : CLEAVE_EVENT_REFUSED,
        .reason = status == CLEAVE_OK ? "it was wanted" : err->text,
        .to = clv_design_text(r->space, candidate, design),
        .server = url_of(r, c->server),
    };
    int is_servers = c->server != CLV_NO_SERVER && is_unreachable(status);

    if (status != CLEAVE_OK && !is_servers) { /* who is told may ask at once */
        clv_posting_refused(r, candidate, ban.until_ns, status, err);
    }
    clv_logbook_tell(&r->log, &event);
    if (status == CLEAVE_OK) {
        return;
    }
    if (is_servers) {
        cleave_error why = *err;
        why.code = status;
        clv_watch_failed(r->watch, c->server, now_ns, &why, 1);
        return;
    }
    if (status != CLEAVE_MISMATCH && status != CLEAVE_NOT_FOUND) {
        ban.cut = c->cut; /* another cut may do */
    }
    clv_deciding_ban(r, &ban, candidate, err->text);
}

static void on_watch(void *self, size_t server, int is_up, const char *why)
{
    cleave_runner *r = self;
    struct clv_conditions c;
    cleave_event event = {
        .kind = is_up ? CLEAVE_EVENT_UP : CLEAVE_EVENT_DOWN,
        .reason = why,
        .server = url_of(r, (uint32_t)server),
    };

    clv_senses_look(&r->senses, clv_clock_now_ns(r->clock), &c);
    event.estimates = clv_logbook_estimates(&c, (uint32_t)server);
    clv_logbook_tell(&r->log, &event);
    if (is_up) {
        clv_deciding_pardon(r, (uint32_t)server);
    } else {
        clv_fleet_give_up(r->fleet, server);
    }
}

static void on_guard(void *self, size_t candidate,
                     const struct clv_guard_word *word)
{
    cleave_runner *r = self;
    struct clv_ban ban = {CLV_ANY, CLV_ANY, word->pack, CLV_ANY, 0, 0};
    char design[CLV_DESIGN_TEXT];
    char reason[200];
    cleave_event event = {
        .kind = CLEAVE_EVENT_GUARD,
        .reason = reason,
        .from = clv_design_text(r->space, candidate, design),
        .agreement = word->agreement,
        .compared = word->compared,
    };

    snprintf(reason, sizeof reason,
             "of %llu answers %.1f %% are as without packing; %s %.1f %%",
             (unsigned long long)word->compared, 100 * word->agreement,
             word->is_over ? "surely fewer than the budget's"
                           : "the budget asks for",
             100 * word->allowed);
    clv_logbook_tell(&r->log, &event);
    if (word->is_over) {
        clv_deciding_ban(r, &ban, candidate, reason);
    }
}

/* -- Life -- */

/* The bound on memory, if the task has one. */
static uint64_t memory_bound(const struct clv_designs *designs)
{
    const struct clv_slo *slo = &designs->task->slo;
    double least = 0;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *k = &slo->constraints[i];
        if (k->measure.metric == CLV_METRIC_MEMORY && !k->at_least &&
            (least == 0 || k->bound < least)) {
            least = k->bound;
        }
    }
    return (uint64_t)least;
}

/* Each post needs its landing, besides what the one that counts may need. */
static size_t kept_for(const cleave_runner_options *o, size_t posts)
{
    size_t kept = o->designs > 0 ? o->designs : CLV_FLEET_KEPT;

    return posts > 1 ? kept + posts - 1 : kept;
}

static cleave_status open_fleet(cleave_runner *r,
                                const cleave_runner_options *o,
                                const struct clv_runner_company *company,
                                cleave_error *err)
{
    uint32_t in_flight = o->in_flight > 0 ? o->in_flight : 1;
    struct clv_fleet_options options = {
        .designs = r->designs,
        .cache = o->cache,
        .lanes = in_flight + 1,   /* the guard may hold one */
        .clients = in_flight + 2, /* and so may who makes a design ready, and
                                     the watch */
        .kept = kept_for(o, company->post_count),
        .memory_bytes = memory_bound(r->designs),
        .slowdown = o->slowdown,
        .keeps_tails = r->may_finish,
        .turns = company->turns,
        .priority = company->priority,
        .told = on_fleet,
        .self = r,
    };

    r->width = in_flight;
    clv_gate_init(&r->in_flight, in_flight);
    return clv_fleet_open(&options, &r->fleet, err);
}

static cleave_status open_parts(cleave_runner *r,
                                const cleave_runner_options *o,
                                const struct clv_runner_company *company,
                                cleave_error *err)
{
    struct clv_watch_options watch = {.designs = r->designs,
                                      .senses = &r->senses,
                                      .told = on_watch,
                                      .self = r};
    struct clv_guard_options guard = {
        .designs = r->designs, .told = on_guard, .self = r};
    cleave_status status = open_fleet(r, o, company, err);

    if (status == CLEAVE_OK) {
        status = clv_deciding_open(r, company, err);
    }
    if (status == CLEAVE_OK) {
        guard.fleet = r->fleet;
        status = clv_guard_open(&guard, &r->guard, err);
    }
    if (status == CLEAVE_OK) {
        watch.fleet = r->fleet;
        status = clv_watch_open(&watch, &r->watch, err);
    }
    return status;
}

static cleave_status find_policy(const char *name,
                                 const struct clv_policy **ret_policy,
                                 cleave_error *err)
{
    const struct clv_policy *policy = NULL;
    cleave_status status =
        clv_policy_find(name != NULL ? name : "cleave", &policy, err);

    if (status == CLEAVE_OK && policy->is_clairvoyant) {
        return clv_fail(err, CLEAVE_INVALID, name,
                        "This policy knows the future, so it can only be "
                        "simulated; try `cleave simulate`.");
    }
    if (status == CLEAVE_OK) {
        *ret_policy = policy;
    }
    return status;
}

cleave_status clv_runner_open(const struct clv_designs *designs,
                              const cleave_runner_options *options,
                              cleave_runner **ret_runner, cleave_error *err)
{
    static const struct clv_runner_company alone = {0};

    return clv_runner_open_among(designs, options, &alone, ret_runner, err);
}

cleave_status clv_runner_open_among(const struct clv_designs *designs,
                                    const cleave_runner_options *options,
                                    const struct clv_runner_company *company,
                                    cleave_runner **ret_runner,
                                    cleave_error *err)
{
    const struct clv_policy *policy = NULL;
    cleave_runner *r;
    cleave_status status = find_policy(options->policy, &policy, err);

    if (status == CLEAVE_OK && options->in_flight > MAX_IN_FLIGHT) {
        status =
            clv_fail(err, CLEAVE_INVALID, "in_flight",
                     "At most %d inferences may be in flight.", MAX_IN_FLIGHT);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return clv_fail_memory(err, "runner", sizeof *r);
    }
    r->clock = clv_clock_machine();
    r->designs = designs;
    r->space = &designs->space;
    r->policy = policy;
    r->may_finish = strcmp(policy->name, "cleave") == 0;
    snprintf(r->notice, sizeof r->notice, "%s", designs->note);
    pthread_mutex_init(&r->lock, NULL);
    clv_senses_init(&r->senses, policy->learns, designs->costs.server_count);
    clv_logbook_init(&r->log, options->on_event, options->event_self);
    status = open_parts(r, options, company, err);
    if (status != CLEAVE_OK) {
        cleave_runner_close(r);
        return status;
    }
    *ret_runner = r;
    return CLEAVE_OK;
}

static cleave_status check_options(const cleave_runner_options *o,
                                   cleave_error *err)
{
    const char *missing = o->application == NULL ? "application file"
                          : o->database == NULL  ? "profile database"
                          : o->cache == NULL     ? "cache folder"
                                                 : NULL;

    return missing == NULL ? CLEAVE_OK
                           : clv_fail(err, CLEAVE_INVALID, "runner",
                                      "The options need a %s.", missing);
}

cleave_status cleave_runner_open(const cleave_runner_options *options,
                                 cleave_runner **ret_runner, cleave_error *err)
{
    struct clv_application *application = NULL;
    struct clv_designs *designs = NULL;
    cleave_runner *r = NULL;
    cleave_status status = check_options(options, err);

    if (status == CLEAVE_OK) {
        status = clv_application_read(options->application, &application, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_designs_load(application, options->task, options->database,
                                  &designs, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_runner_open(designs, options, &r, err);
    }
    if (status != CLEAVE_OK) {
        clv_designs_free(designs);
        clv_application_free(application);
        return status;
    }
    r->own_designs = designs;
    r->application = application;
    *ret_runner = r;
    return CLEAVE_OK;
}

void clv_runner_end(cleave_runner *r)
{
    clv_watch_end(r->watch);
    clv_fleet_end(r->fleet);
}

void cleave_runner_close(cleave_runner *r)
{
    if (r == NULL) {
        return;
    }
    clv_runner_end(r);
    clv_fleet_stop(r->fleet); /* it tells the watch */
    clv_watch_close(r->watch);
    clv_guard_close(r->guard);
    if (r->fleet != NULL) {
        clv_fleet_close(r->fleet);
    }
    clv_gate_fini(&r->in_flight);
    clv_deciding_close(r);
    clv_logbook_fini(&r->log);
    clv_senses_fini(&r->senses);
    pthread_mutex_destroy(&r->lock);
    clv_designs_free(r->own_designs);
    clv_application_free(r->application);
    free(r);
}

const char *cleave_runner_notice(const cleave_runner *runner)
{
    return runner->notice[0] != '\0' ? runner->notice : NULL;
}

/* -- Inference -- */

cleave_status cleave_runner_infer(cleave_runner *runner,
                                  const cleave_tensor *inputs,
                                  size_t input_count,
                                  cleave_result **ret_result, cleave_error *err)
{
    return clv_adapting_infer(runner, inputs, input_count, ret_result, err);
}

cleave_status clv_runner_count(cleave_runner *r, struct clv_feed *feed,
                               const struct clv_source **ret_source,
                               cleave_error *err)
{
    const struct clv_candidate *c;
    const struct clv_ground *ground;
    cleave_status status;

    pthread_mutex_lock(&r->lock);
    c = &r->space->candidates[r->current];
    pthread_mutex_unlock(&r->lock);
    status = clv_fleet_ground(r->fleet, c->variant, c->engine, &ground, err);
    return status == CLEAVE_OK
               ? clv_feed_source(feed, c->variant, ground, ret_source, err)
               : status;
}

cleave_status cleave_runner_infer_file(cleave_runner *runner, const char *path,
                                       cleave_result **ret_result,
                                       cleave_error *err)
{
    struct clv_feed feed = {0};
    const struct clv_source *source;
    cleave_status status = clv_feed_init(&feed, &path, 1, err);

    if (status == CLEAVE_OK) {
        status = clv_runner_count(runner, &feed, &source, err);
    }
    if (status == CLEAVE_OK && clv_source_count(source) != 1) {
        status = clv_fail(err, CLEAVE_INVALID, path,
                          "This holds %llu samples; infer them one by one.",
                          (unsigned long long)clv_source_count(source));
    }
    if (status == CLEAVE_OK) {
        status = clv_runner_infer_sample(runner, &feed, 0, ret_result, err);
    }
    clv_feed_fini(&feed);
    return status;
}

void cleave_runner_look(cleave_runner *r, cleave_runner_status *ret_status)
{
    struct clv_conditions c;
    const struct clv_candidate *current;
    size_t candidate;

    *ret_status = (cleave_runner_status){.server_up = 1};
    clv_senses_look(&r->senses, clv_clock_now_ns(r->clock), &c);
    pthread_mutex_lock(&r->lock);
    candidate = r->current;
    pthread_mutex_unlock(&r->lock);
    current = &r->space->candidates[candidate];
    (void)clv_design_text(r->space, candidate, ret_status->design);
    ret_status->estimates =
        clv_logbook_estimates(&c, current->server == CLV_NO_SERVER &&
                                          r->space->costs->server_count > 0
                                      ? 0
                                      : current->server);
    if (current->server != CLV_NO_SERVER) {
        ret_status->server_up = c.reach[current->server].is_up;
    }
    clv_logbook_look(&r->log, ret_status);
}
