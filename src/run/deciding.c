/*
 * deciding.c - which design an inference takes.
 *
 *     senses --conditions--> scheduler --choice--> ready? --yes--> take it
 *                                                    |
 *                                                    no: it is wanted, and
 *                                                    the current one stays,
 *                                                    or, with its server
 *                                                    down, the one at home
 *
 * The scheduler is the simulator's and knows the hysteresis. What this file
 * adds is what only a live run has: designs that are not ready yet, servers
 * that are not to be trusted, and bans, that is, designs that turned out not
 * to work as the profile says.
 *
 * The best of those designs that compute all on this device is made ready
 * first and stays. There, at home, inferences go when nothing else is left.
 *
 * Which scheduler decides, over which designs, is the post's (posting.c). Bans
 * are the runner's, and count at all posts.
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "plan/probing.h"
#include "run/adaptive.h"

#define HICCUP_NS 5e6

static const struct clv_measure mean_latency = {CLV_METRIC_LATENCY,
                                                CLV_STATISTIC_MEAN};

static double predict(const cleave_runner *r, size_t candidate,
                      const struct clv_conditions *conditions)
{
    return candidate == CLV_NONE
               ? CLV_UNKNOWN
               : clv_predict(r->space, candidate, conditions, mean_latency);
}

/* -- Bans -- */

static int is_hit(const cleave_runner *r, const struct clv_ban *ban,
                  const struct clv_candidate *c)
{
    return (ban->variant == CLV_ANY || ban->variant == c->variant) &&
           (ban->cut == CLV_ANY || ban->cut == c->cut) &&
           (ban->pack == CLV_ANY || ban->pack == c->pack) &&
           (ban->server == CLV_ANY || ban->server == c->server) &&
           (!ban->only_pictures ||
            (c->pack != CLV_NO_PACK &&
             clv_packing_is_picture(&r->space->costs->packs[c->pack].packing)));
}

static int is_banned(void *self, size_t candidate)
{
    const cleave_runner *r = self;

    for (size_t i = 0; i < r->ban_count; i++) {
        if (is_hit(r, &r->bans[i], &r->space->candidates[candidate])) {
            return 1;
        }
    }
    return 0;
}

static struct clv_desk *desk_locked(const cleave_runner *r)
{
    return r->desks[r->post];
}

/* Makes the schedulers obey the bans. Where they leave nothing, they are not
   obeyed: something has to run. */
void clv_deciding_obey_locked(cleave_runner *r, struct clv_desk *desk)
{
    clv_desk_exclude(desk, r->ban_count > 0 ? is_banned : NULL, r);
}

static void apply_bans_locked(cleave_runner *r)
{
    for (size_t i = 0; i < r->desk_count; i++) {
        clv_deciding_obey_locked(r, r->desks[i]);
    }
}

static void drop_ban_locked(cleave_runner *r, size_t at)
{
    for (size_t i = at + 1; i < r->ban_count; i++) {
        r->bans[i - 1] = r->bans[i];
    }
    r->ban_count--;
}

static void expire_bans_locked(cleave_runner *r, int64_t now_ns)
{
    size_t before = r->ban_count;

    for (size_t i = r->ban_count; i > 0; i--) {
        int64_t until_ns = r->bans[i - 1].until_ns;
        if (until_ns != 0 && until_ns <= now_ns) {
            drop_ban_locked(r, i - 1);
        }
    }
    if (r->ban_count != before) {
        apply_bans_locked(r);
    }
}

void clv_deciding_ban(cleave_runner *r, const struct clv_ban *ban,
                      size_t candidate, const char *reason)
{
    char design[CLV_DESIGN_TEXT];
    cleave_event event = {.kind = CLEAVE_EVENT_EXCLUDED, .reason = reason};

    pthread_mutex_lock(&r->lock);
    if (r->ban_count == CLV_BANS) {
        drop_ban_locked(r, 0);
    }
    r->bans[r->ban_count++] = *ban;
    apply_bans_locked(r);
    pthread_mutex_unlock(&r->lock);
    if (candidate != CLV_NONE) {
        event.from = clv_design_text(r->space, candidate, design);
    }
    clv_logbook_tell(&r->log, &event);
}

void clv_deciding_pardon(cleave_runner *r, uint32_t server)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = r->ban_count; i > 0; i--) {
        if (r->bans[i - 1].server == server) {
            drop_ban_locked(r, i - 1);
        }
    }
    apply_bans_locked(r);
    pthread_mutex_unlock(&r->lock);
}

/* -- Choosing -- */

static int is_reachable(const cleave_runner *r, size_t candidate,
                        const struct clv_conditions *conditions)
{
    uint32_t server = r->space->candidates[candidate].server;

    return server == CLV_NO_SERVER || conditions->reach[server].is_up;
}

static void change_locked(cleave_runner *r, size_t to, enum clv_reason reason,
                          struct clv_change *change)
{
    if (to != r->current) {
        *change =
            (struct clv_change){1, r->current, to, clv_reason_text(reason)};
        r->current = to;
        desk_locked(r)->current = to;
    }
}

/*
 * Whether the gain is so small that a hiccup of a machine may have feigned
 * it: then it has to be wanted twice in a row. Where inferences take no
 * longer than hiccups, each of those would drive a good design away, and the
 * next one tells too little of the link to bring it back.
 */
static int is_doubtful_locked(cleave_runner *r, const struct clv_choice *choice,
                              const struct clv_conditions *conditions)
{
    int is_again = choice->candidate == r->wished;
    double gain_ns;

    r->wished = choice->candidate;
    if (is_again || r->policy->patience <= 0 ||
        choice->reason != CLV_REASON_BETTER) {
        return 0;
    }
    gain_ns = predict(r, r->current, conditions) -
              predict(r, choice->candidate, conditions);
    return gain_ns < HICCUP_NS;
}

/* Goes where the choice says, as far as that is ready. */
static void steer_locked(cleave_runner *r, const struct clv_choice *choice,
                         const struct clv_conditions *conditions,
                         struct clv_change *change)
{
    size_t home = desk_locked(r)->home;

    if (home != CLV_NONE && choice->candidate != CLV_NONE &&
        !is_reachable(r, choice->candidate, conditions)) {
        r->wished = CLV_NONE; /* a post away whose servers are, too */
        change_locked(r, home, CLV_REASON_SERVER, change);
        return;
    }
    if (choice->candidate == CLV_NONE || choice->candidate == r->current) {
        r->wished = CLV_NONE;
        return;
    }
    if (is_doubtful_locked(r, choice, conditions)) {
        return;
    }
    if (clv_fleet_has(r->fleet, choice->candidate)) {
        change_locked(r, choice->candidate, choice->reason, change);
        return;
    }
    if (is_reachable(r, choice->candidate, conditions)) {
        clv_fleet_want(r->fleet, choice->candidate);
    }
    if (home == CLV_NONE || r->current == CLV_NONE) {
        return;
    }
    if (!is_reachable(r, r->current, conditions)) {
        change_locked(r, home, CLV_REASON_SERVER, change);
    } else if (is_banned(r, r->current)) {
        change_locked(r, home, CLV_REASON_EXCLUDED, change);
    }
}

void clv_deciding_tell(cleave_runner *r, const struct clv_change *change,
                       const struct clv_conditions *conditions)
{
    char from[CLV_DESIGN_TEXT];
    char to[CLV_DESIGN_TEXT];
    uint32_t server = r->space->candidates[change->to].server;
    cleave_event event = {
        .kind = CLEAVE_EVENT_SWITCH,
        .reason = change->reason,
        .to = clv_design_text(r->space, change->to, to),
        .from_ns = predict(r, change->from, conditions),
        .to_ns = predict(r, change->to, conditions),
    };

    if (change->from != CLV_NONE) {
        event.from = clv_design_text(r->space, change->from, from);
        if (server == CLV_NO_SERVER) { /* the link that was left */
            server = r->space->candidates[change->from].server;
        }
    }
    if (server != CLV_NO_SERVER) {
        event.server = clv_designs_server(r->designs, server)->url;
    }
    event.estimates = clv_logbook_estimates(conditions, server);
    clv_logbook_tell(&r->log, &event);
}

/* The berth of what is decided; the one at home if it has just gone. */
static struct clv_berth *board(cleave_runner *r, size_t home, size_t *candidate)
{
    struct clv_berth *berth = clv_fleet_take(r->fleet, *candidate);

    if (berth == NULL) {
        clv_fleet_want(r->fleet, *candidate);
        if (home != CLV_NONE) {
            *candidate = home;
            berth = clv_fleet_take(r->fleet, *candidate);
        }
    }
    return berth;
}

/* Whether it would be worth knowing that a link is fast again. */
static void look_ahead(cleave_runner *r, size_t candidate,
                       const struct clv_conditions *conditions)
{
    struct clv_conditions better = *conditions;
    struct clv_choice choice;

    if (r->space->candidates[candidate].server != CLV_NO_SERVER) {
        return;
    }
    for (size_t i = 0; i < CLV_SERVERS; i++) {
        better.reach[i].up_bps *= CLV_PROBE_HOPE;
        better.reach[i].down_bps *= CLV_PROBE_HOPE;
    }
    pthread_mutex_lock(&r->lock);
    clv_desk_decide(desk_locked(r), &better, candidate, &choice);
    pthread_mutex_unlock(&r->lock);
    clv_watch_hope(r->watch, choice.candidate != candidate,
                   predict(r, candidate, conditions));
}

cleave_status clv_deciding_take(cleave_runner *r, struct clv_decision *decision,
                                cleave_error *err)
{
    int64_t now_ns = clv_clock_now_ns(r->clock);
    struct clv_conditions *conditions = &decision->conditions;
    struct clv_change change = {0};
    struct clv_choice choice;
    cleave_status status = CLEAVE_OK;
    size_t candidate;

    clv_senses_look(&r->senses, now_ns, conditions);
    pthread_mutex_lock(&r->lock);
    expire_bans_locked(r, now_ns);
    clv_desk_decide(desk_locked(r), conditions, r->current, &choice);
    steer_locked(r, &choice, conditions, &change);
    candidate = r->current;
    decision->home = desk_locked(r)->home;
    pthread_mutex_unlock(&r->lock);
    if (change.is_one) {
        clv_watch_wake(r->watch);
        clv_deciding_tell(r, &change, conditions);
    }
    look_ahead(r, candidate, conditions);
    decision->berth = board(r, decision->home, &candidate);
    if (decision->berth == NULL) { /* no home, and its rig was retired */
        status = clv_fleet_prepare(r->fleet, candidate, 0, err);
        decision->berth =
            status == CLEAVE_OK ? clv_fleet_take(r->fleet, candidate) : NULL;
    }
    if (decision->berth == NULL) {
        return clv_fail(err, status != CLEAVE_OK ? status : CLEAVE_BUSY,
                        "designs", "No design is ready to run.");
    }
    decision->candidate = &r->space->candidates[candidate];
    decision->predicted_ns = predict(r, candidate, conditions);
    return CLEAVE_OK;
}

/* -- The beginning -- */

/* Says what the best design cannot keep. */
static void note_infeasible(cleave_runner *r, const struct clv_desk *desk)
{
    const struct clv_slo *slo = &r->designs->task->slo;
    char text[2 * CLV_MEASURE_TEXT];
    size_t used = strlen(r->notice);

    if (desk->is_feasible || desk->broken < 0) {
        return;
    }
    (void)clv_constraint_text(&slo->constraints[desk->broken], text);
    snprintf(r->notice + used, sizeof r->notice - used,
             "%sNo design keeps '%s', even over a good link; the nearest is "
             "taken. `cleave plan --explain` shows what is in the way.",
             used > 0 ? " " : "", text);
}

/* Its first design; where that is at home, it stays. */
static cleave_status begin_at(cleave_runner *r, size_t post, cleave_error *err)
{
    struct clv_desk *desk = r->desks[post];

    if (desk->landing == CLV_NONE) {
        return clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                        "The policy '%s' finds nothing to run in the profile.",
                        r->policy->name);
    }
    r->post = post;
    r->current = desk->current = desk->landing;
    return clv_fleet_prepare(r->fleet, desk->landing,
                             desk->landing == desk->home, err);
}

/* At the first post that can be made ready. */
static cleave_status begin(cleave_runner *r, cleave_error *err)
{
    cleave_status status = begin_at(r, 0, err);

    for (size_t i = 1; status != CLEAVE_OK && i < r->desk_count; i++) {
        if (begin_at(r, i, NULL) == CLEAVE_OK) {
            status = CLEAVE_OK;
        }
    }
    return status;
}

cleave_status clv_deciding_open(cleave_runner *r,
                                const struct clv_runner_company *company,
                                cleave_error *err)
{
    static const struct clv_post anywhere = {CLV_ANY, CLV_ANY, 0};
    const struct clv_post *posts = company->posts;
    size_t count = company->post_count;
    cleave_status status = CLEAVE_OK;

    r->current = CLV_NONE;
    r->wished = CLV_NONE;
    if (count == 0) {
        posts = &anywhere;
        count = 1;
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        size_t post;
        status = clv_runner_add_post(r, &posts[i], &post, err);
    }
    if (status == CLEAVE_OK) {
        note_infeasible(r, r->desks[0]);
        status = begin(r, err);
    }
    return status;
}

void clv_deciding_close(cleave_runner *r)
{
    while (r->desk_count > 0) {
        clv_desk_free(r->desks[--r->desk_count]);
    }
}
