/*
 * simulation.c - the loop: what has been heard, a decision, its outcome.
 *
 *     for each inference:
 *         hear      exchanges and probes that have ended by now
 *         decide    the scheduler, under what is estimated
 *         play      the world's answer
 *         settle    an answer, a local finish, or sending once more
 *         tell      what the estimators will hear, and when
 *
 * Nothing is heard before it has happened: in a pipeline the next decision is
 * made while exchanges are under way, so what they tell waits in a list until
 * its time has come.
 */
#include "plan/simulation.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"
#include "plan/play.h"
#include "plan/waiting.h"

#define MOST_INFERENCES ((uint64_t)1 << 24)
#define FIRST_VALUES 1024

/* How one inference ended. */
struct outcome {
    int64_t arrival_ns;
    int64_t end_ns;
    struct clv_passage passage;
    size_t candidate;
    enum clv_reason reason;
    double predicted_ns;
    double expected_ns; /* of it, from sending to the answer */
    double slowdown;    /* of the device, as far as it knows */
    double seen_bps;
    double device_ns; /* all in all, finishing too */
    int is_finished_here;
    int is_answered;
};

static const struct clv_measure mean_latency = {CLV_METRIC_LATENCY,
                                                CLV_STATISTIC_MEAN};

static const struct clv_simulation_options *options_of(const struct clv_play *p)
{
    return &p->world.options;
}

/* -- Deciding -- */

static struct clv_conditions known(const struct clv_play *p, int64_t now_ns)
{
    size_t servers = options_of(p)->space->costs->server_count;
    struct clv_conditions c = clv_conditions_reference(servers);
    struct clv_link_view view = clv_link_estimator_look(&p->link, now_ns);

    c.slowdown = clv_load_estimator_look(&p->device, now_ns);
    c.rate_per_s = options_of(p)->rate_per_s;
    for (size_t i = 0; i < servers && i < CLV_SERVERS; i++) {
        c.reach[i].up_bps = view.up_bps;
        c.reach[i].down_bps = view.down_bps;
        c.reach[i].rtt_ns = view.rtt_ns;
        c.reach[i].rate_std = view.rate_std;
        c.reach[i].slowdown = clv_load_estimator_look(&p->servers[i], now_ns);
        c.reach[i].is_up = p->is_up;
    }
    return c;
}

static struct clv_conditions truth(const struct clv_play *p, int64_t now_ns)
{
    const struct clv_simulation_options *o = options_of(p);
    size_t servers = o->space->costs->server_count;
    struct clv_conditions c = clv_conditions_reference(servers);
    double up = fmax(clv_trace_bps(o->up, now_ns), 1);

    c.slowdown = o->device_slowdown;
    c.rate_per_s = o->rate_per_s;
    for (size_t i = 0; i < servers && i < CLV_SERVERS; i++) {
        c.reach[i].up_bps = up;
        c.reach[i].down_bps = o->down != NULL
                                  ? fmax(clv_trace_bps(o->down, now_ns), 1)
                                  : up * o->down_ratio;
        c.reach[i].rtt_ns = o->rtt_ns;
        c.reach[i].slowdown = o->server_slowdown;
        c.reach[i].is_up = clv_world_is_up(&p->world, now_ns);
    }
    return c;
}

/* Whether it would be worth knowing that the link is fast again. */
static void look_ahead(struct clv_play *p,
                       const struct clv_conditions *known_now)
{
    const struct clv_simulation_options *o = options_of(p);
    struct clv_conditions better = *known_now;
    struct clv_choice choice;

    if (o->space->candidates[p->current].server != CLV_NO_SERVER) {
        return;
    }
    for (size_t i = 0; i < CLV_SERVERS; i++) {
        better.reach[i].up_bps *= CLV_PROBE_HOPE;
        better.reach[i].down_bps *= CLV_PROBE_HOPE;
    }
    clv_scheduler_decide(p->scheduler, &better, p->current, &choice);
    clv_probing_hope(
        &p->probing, choice.candidate != p->current,
        clv_predict(o->space, p->current, known_now, mean_latency));
}

static void decide(struct clv_play *p, int64_t now_ns, struct outcome *out)
{
    const struct clv_simulation_options *o = options_of(p);
    struct clv_conditions c =
        o->policy->is_clairvoyant ? truth(p, now_ns) : known(p, now_ns);
    struct clv_choice choice = {.reason = CLV_REASON_BETTER};
    struct clv_terms t;
    int64_t answer_ns;

    if (p->has_oracle) {
        choice.candidate =
            clv_oracle_best(&p->oracle, &p->world, now_ns, &answer_ns);
        out->predicted_ns = (double)(answer_ns - now_ns);
    } else {
        clv_scheduler_decide(p->scheduler, &c, p->current, &choice);
        out->predicted_ns =
            clv_predict(o->space, choice.candidate, &c, mean_latency);
    }
    if (choice.candidate != p->current) {
        p->result.switches += p->current != CLV_NONE;
    }
    t = clv_terms_of(o->space, choice.candidate, &c);
    out->expected_ns = t.up_ns + t.queue_ns + t.server_ns + t.down_ns;
    out->slowdown = c.slowdown;
    p->current = choice.candidate;
    if (o->policy->learns != CLV_LEARNS_NOTHING && p->scheduler != NULL) {
        look_ahead(p, &c);
    }
    out->candidate = choice.candidate;
    out->reason = choice.reason;
    out->seen_bps = c.reach[0].up_bps;
}

/* -- How an inference ends -- */

/* The device's own work on the tail, from when the server is given up. */
static void finish_here(struct clv_play *p, struct outcome *out,
                        int64_t from_ns, double finish_ns)
{
    const struct clv_candidate *c =
        &options_of(p)->space->candidates[out->candidate];
    int64_t free_ns = p->world.device_free_ns;
    struct clv_news n;

    from_ns = from_ns > free_ns ? from_ns : free_ns;
    out->end_ns = clv_later(from_ns, finish_ns);
    out->device_ns += finish_ns;
    out->is_finished_here = 1;
    p->world.device_free_ns = out->end_ns;
    if (out->passage.lost_ns == INT64_MAX) {
        n = clv_news_of_timeout(from_ns, out->passage.sent_ns,
                                c->bytes_up.mean);
        if (p->world.link_free_ns > from_ns) {
            p->world.link_free_ns = from_ns; /* the rest is not sent */
        }
        clv_play_add_news(p, &n);
    }
}

/* Sends once more when the servers are back: who cannot finish must. */
static void send_again(struct clv_play *p, struct outcome *out)
{
    const struct clv_candidate *c =
        &options_of(p)->space->candidates[out->candidate];
    int64_t back_ns = options_of(p)->outage_to_ns;

    if (back_ns < out->passage.lost_ns) {
        back_ns = out->passage.lost_ns;
    }
    clv_world_exchange(&p->world, back_ns, c->bytes_up.mean, c->bytes_down,
                       out->passage.server_ns, &out->passage);
    clv_world_take(&p->world, &out->passage);
    p->result.bytes_up += c->bytes_up.mean;
    out->end_ns = out->passage.answer_ns;
}

/* The latest that the server is waited for. */
static int64_t answer_by(const struct clv_play *p, const struct outcome *out)
{
    const struct clv_space *space = options_of(p)->space;
    const struct clv_spread *finish =
        &space->costs->heads[space->candidates[out->candidate].head].finish_ns;
    struct clv_waiting wait = {.began_ns = out->arrival_ns,
                               .sent_ns = out->passage.sent_ns,
                               .expected_ns = out->expected_ns,
                               .finish_ns = p->finishes && finish->count > 0
                                                ? out->slowdown * finish->mean
                                                : 0,
                               .deadline_ns = options_of(p)->slo->deadline_ns};

    return clv_waiting_until(&wait);
}

static void tell_exchange(struct clv_play *p, const struct outcome *out)
{
    const struct clv_candidate *c =
        &options_of(p)->space->candidates[out->candidate];
    struct clv_news n =
        clv_news_of(&out->passage, c->bytes_up.mean, c->bytes_down);

    n.server = c->server;
    n.measured_ns = out->passage.server_ns;
    n.profiled_ns = c->server_ns.mean;
    clv_play_add_news(p, &n);
}

static void settle_remote(struct clv_play *p, struct outcome *out)
{
    const struct clv_candidate *c =
        &options_of(p)->space->candidates[out->candidate];
    double finish_ns = clv_world_finish_ns(&p->world, out->candidate, p->nth);
    int64_t by = answer_by(p, out);

    p->result.bytes_up += c->bytes_up.mean;
    if (out->passage.lost_ns != INT64_MAX) {
        struct clv_news n = {.at_ns = out->passage.lost_ns,
                             .kind = CLV_NEWS_LOST};
        clv_play_add_news(p, &n);
        if (p->finishes && finish_ns > 0 && out->passage.lost_ns < by) {
            by = out->passage.lost_ns;
        }
    }
    if (out->passage.answer_ns > by) {
        finish_here(p, out, by, finish_ns);
        return;
    }
    if (out->passage.lost_ns != INT64_MAX) {
        send_again(p, out);
    }
    tell_exchange(p, out);
}

static void settle(struct clv_play *p, struct outcome *out)
{
    const struct clv_candidate *c =
        &options_of(p)->space->candidates[out->candidate];

    clv_world_take(&p->world, &out->passage);
    out->end_ns = out->passage.answer_ns;
    out->device_ns = out->passage.device_ns;
    if (c->server != CLV_NO_SERVER) {
        settle_remote(p, out);
    }
    if (options_of(p)->policy->learns != CLV_LEARNS_NOTHING &&
        clv_load_is_told(out->passage.device_ns, c->device_ns.mean,
                         p->whole_ns)) {
        clv_load_estimator_note(&p->device, out->passage.head_end_ns,
                                out->passage.device_ns, c->device_ns.mean);
    }
    out->is_answered = out->end_ns != INT64_MAX;
}

/* -- Accounts -- */

static int breaks(const struct clv_slo *slo, double latency_ns)
{
    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        if (c->measure.metric == CLV_METRIC_LATENCY && !c->at_least &&
            latency_ns > c->bound) {
            return 1;
        }
    }
    return 0;
}

static cleave_status keep_latency(struct clv_play *p, double latency_ns,
                                  cleave_error *err)
{
    size_t more = p->capacity > 0 ? 2 * p->capacity : FIRST_VALUES;
    double *grown;

    if (p->result.inferences == p->capacity) {
        grown = realloc(p->latencies, more * sizeof *grown);
        if (grown == NULL) {
            return clv_fail_memory(err, "simulation", more * sizeof *grown);
        }
        p->latencies = grown;
        p->capacity = more;
    }
    p->latencies[p->result.inferences++] = latency_ns;
    return CLEAVE_OK;
}

static cleave_status account(struct clv_play *p, const struct outcome *out,
                             cleave_error *err)
{
    const struct clv_simulation_options *o = options_of(p);
    struct clv_simulation_result *r = &p->result;
    double latency_ns = (double)(out->end_ns - out->arrival_ns);

    r->in_time +=
        o->slo->deadline_ns == 0 || latency_ns <= (double)o->slo->deadline_ns;
    r->violations += (uint64_t)breaks(o->slo, latency_ns);
    r->finished_here += (uint64_t)out->is_finished_here;
    r->device_ns += out->device_ns;
    if (o->space->candidates[out->candidate].server != CLV_NO_SERVER &&
        !out->is_finished_here) {
        r->server_ns += out->passage.server_ns;
    }
    p->drops += o->space->candidates[out->candidate].drop_pp;
    if (out->end_ns > p->last_end_ns) {
        p->last_end_ns = out->end_ns;
    }
    return keep_latency(p, latency_ns, err);
}

static void tell(const struct clv_play *p, const struct outcome *out,
                 clv_simulation_told *told, void *self)
{
    struct clv_simulation_step step = {
        .inference = p->nth,
        .at_ns = out->passage.begin_ns,
        .candidate = out->candidate,
        .reason = out->reason,
        .latency_ns = (double)(out->end_ns - out->arrival_ns),
        .predicted_ns = out->predicted_ns,
        .true_bps = clv_trace_bps(options_of(p)->up, out->passage.begin_ns),
        .seen_bps = out->seen_bps,
        .finished_here = out->is_finished_here,
    };

    if (told != NULL) {
        told(self, &step);
    }
}

/* -- The loop -- */

/* When the next inference begins, and when it came; 0 at the end. */
static int next_one(struct clv_play *p, int64_t start_ns,
                    int64_t *ret_arrival_ns, int64_t *ret_begin_ns)
{
    const struct clv_simulation_options *o = options_of(p);
    int64_t ready = p->world.device_free_ns;
    int64_t oldest = p->ends[p->nth % o->in_flight];

    ready = ready > oldest ? ready : oldest;
    ready = ready > start_ns ? ready : start_ns;
    *ret_arrival_ns = ready;
    if (o->rate_per_s > 0) {
        double came = ((double)ready - (double)start_ns) / 1e9 * o->rate_per_s;
        uint64_t waiting_from =
            came > CLV_SIMULATION_WAITING
                ? (uint64_t)came + 1 - CLV_SIMULATION_WAITING
                : 0;
        if (waiting_from > p->arrivals) {
            p->result.dropped += waiting_from - p->arrivals;
            p->arrivals = waiting_from;
        }
        *ret_arrival_ns =
            clv_later(start_ns, (double)p->arrivals++ * 1e9 / o->rate_per_s);
        ready = ready > *ret_arrival_ns ? ready : *ret_arrival_ns;
    }
    *ret_begin_ns = ready;
    return ready - start_ns < o->duration_ns && p->nth < MOST_INFERENCES &&
           (o->max_inferences == 0 || p->nth < o->max_inferences);
}

static cleave_status run_all(struct clv_play *p, clv_simulation_told *told,
                             void *self, cleave_error *err)
{
    const struct clv_simulation_options *o = options_of(p);
    int64_t start_ns = clv_play_first_words(p);
    int64_t begin_ns;
    struct outcome out = {0};
    cleave_status status = CLEAVE_OK;

    while (status == CLEAVE_OK &&
           next_one(p, start_ns, &out.arrival_ns, &begin_ns)) {
        out = (struct outcome){.arrival_ns = out.arrival_ns};
        clv_play_hear(p, begin_ns);
        decide(p, begin_ns, &out);
        clv_world_play(&p->world, out.candidate, p->nth, begin_ns,
                       &out.passage);
        settle(p, &out);
        if (!out.is_answered) {
            p->result.unanswered++;
            break;
        }
        p->ends[p->nth % o->in_flight] = out.end_ns;
        status = account(p, &out, err);
        tell(p, &out, told, self);
        p->nth++;
    }
    if (p->last_end_ns > start_ns) {
        p->result.throughput_per_s =
            (double)p->result.inferences /
            ((double)(p->last_end_ns - start_ns) / 1e9);
    }
    return status;
}

static double whole_of(const struct clv_space *space)
{
    double least = 0;

    for (size_t i = 0; i < space->count; i++) {
        const struct clv_candidate *c = &space->candidates[i];
        if (c->server == CLV_NO_SERVER &&
            (least == 0 || c->device_ns.mean < least)) {
            least = c->device_ns.mean;
        }
    }
    return least;
}

static cleave_status open_play(struct clv_play *p, cleave_error *err)
{
    const struct clv_simulation_options *o = options_of(p);
    const struct clv_slo *slo = o->slo;

    p->current = CLV_NONE;
    p->is_up = 1;
    p->whole_ns = whole_of(o->space);
    p->finishes = o->policy->learns == CLV_LEARNS_BY_REGRESSION &&
                  !o->policy->is_clairvoyant;
    clv_link_estimator_init(&p->link, o->policy->learns, CLV_GUESS_UP_BPS,
                            CLV_GUESS_DOWN_BPS, CLV_GUESS_RTT_NS);
    clv_load_estimator_init(&p->device);
    for (size_t i = 0; i < CLV_SERVERS; i++) {
        clv_load_estimator_init(&p->servers[i]);
    }
    clv_probing_init(&p->probing);
    p->has_oracle = o->policy->is_clairvoyant && !o->is_throughput &&
                    (slo->objective_count == 0 ||
                     slo->objectives[0].measure.metric == CLV_METRIC_LATENCY);
    return p->has_oracle
               ? clv_oracle_init(&p->oracle, o->space, slo, o->policy, err)
               : clv_scheduler_new(o->space, slo, o->policy, &p->scheduler,
                                   err);
}

cleave_status clv_simulation_run(const struct clv_simulation_options *options,
                                 clv_simulation_told *told, void *self,
                                 struct clv_simulation_result *ret_result,
                                 cleave_error *err)
{
    struct clv_play *p = calloc(1, sizeof *p);
    cleave_status status;

    if (p == NULL) {
        return clv_fail_memory(err, "simulation", sizeof *p);
    }
    status = clv_world_init(&p->world, options, err);
    if (status == CLEAVE_OK) {
        status = open_play(p, err);
    }
    if (status == CLEAVE_OK) {
        status = run_all(p, told, self, err);
    }
    if (status == CLEAVE_OK) {
        size_t count = (size_t)p->result.inferences;
        p->result.drop_pp = count > 0 ? p->drops / (double)count : 0;
        p->result.latency_ns = clv_spread_of(p->latencies, count);
        *ret_result = p->result;
    }
    clv_scheduler_free(p->scheduler);
    clv_oracle_fini(&p->oracle);
    free(p->latencies);
    free(p);
    return status;
}
