/*
 * posting.c - which post of a runner decides.
 *
 *     asked for --ready?--yes--> the next inference decides there
 *                  |
 *                  no: its landing is held, so the fleet makes it ready, and
 *                  the runner stays where it is until it is asked again
 *
 * A move changes an index under the runner's lock; what an inference under
 * way has taken stays its own. Whether a post is ready is asked of the fleet,
 * which is where a design may have gone in the meantime.
 */
#include <string.h>

#include "base/fail.h"
#include "plan/formula.h"
#include "run/adaptive.h"

#define MOVED "the manager moves it"

/* All posts can be held at once, and what the one that counts chooses beside
   them: a fleet that is full would look like a server that is busy. */
_Static_assert(CLV_POSTS_MOST + CLV_FLEET_KEPT < CLV_FLEET_MOST,
               "a fleet has room for all posts");

static int find_post(cleave_runner *r, const struct clv_post *post,
                     size_t *ret_at)
{
    size_t at = 0;
    int is_listed;

    pthread_mutex_lock(&r->lock);
    while (at < r->desk_count && !clv_post_is_same(&r->desks[at]->post, post)) {
        at++;
    }
    is_listed = at < r->desk_count;
    pthread_mutex_unlock(&r->lock);
    if (is_listed) {
        *ret_at = at;
    }
    return is_listed;
}

static cleave_status list_desk(cleave_runner *r, struct clv_desk *desk,
                               size_t *ret_post, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    pthread_mutex_lock(&r->lock);
    if (r->desk_count < CLV_POSTS_MOST) {
        clv_deciding_obey_locked(r, desk);
        *ret_post = r->desk_count;
        r->desks[r->desk_count++] = desk;
    } else {
        status = clv_fail(err, CLEAVE_LIMIT, r->designs->task->name,
                          "A runner has at most %d posts.", CLV_POSTS_MOST);
    }
    pthread_mutex_unlock(&r->lock);
    return status;
}

cleave_status clv_runner_add_post(cleave_runner *r, const struct clv_post *post,
                                  size_t *ret_post, cleave_error *err)
{
    struct clv_desk *desk = NULL;
    cleave_status status;

    if (find_post(r, post, ret_post)) {
        return CLEAVE_OK;
    }
    status = clv_desk_new(r->space, &r->designs->task->slo, r->policy, post,
                          &desk, err);
    if (status == CLEAVE_OK) {
        status = list_desk(r, desk, ret_post, err);
    }
    if (status != CLEAVE_OK) {
        clv_desk_free(desk);
    }
    return status;
}

void clv_posting_refused(cleave_runner *r, size_t candidate, int64_t until_ns,
                         cleave_status status, const cleave_error *why)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->desk_count; i++) {
        if (r->desks[i]->landing == candidate) {
            r->desks[i]->failed_until_ns = until_ns;
            r->desks[i]->failure = *why;
            r->desks[i]->failure.code = status;
        }
    }
    pthread_mutex_unlock(&r->lock);
}

static int is_needed_locked(const cleave_runner *r, size_t post,
                            const uint8_t *wanted)
{
    const struct clv_desk *d = r->desks[post];

    return d->landing != CLV_NONE &&
           (post == r->post ||
            (wanted[post] && d->failed_until_ns <= clv_clock_now_ns(r->clock)));
}

void clv_runner_keep(cleave_runner *r, const uint8_t *wanted, int only)
{
    size_t held[CLV_POSTS_MOST + 1];
    size_t count = 0;

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->desk_count; i++) {
        if (is_needed_locked(r, i, wanted)) {
            held[count++] = r->desks[i]->landing;
        }
    }
    if (only && r->current != CLV_NONE) {
        held[count++] = r->current;
    }
    pthread_mutex_unlock(&r->lock);
    clv_fleet_hold(r->fleet, held, count, only);
}

/* Where to begin at a post: where it was last, else where it lands; CLV_NONE
   if neither is there. */
static size_t ready_at(cleave_runner *r, const struct clv_desk *d)
{
    if (d->landing == CLV_NONE || !clv_fleet_has(r->fleet, d->landing)) {
        return CLV_NONE;
    }
    return d->current != CLV_NONE && clv_fleet_has(r->fleet, d->current)
               ? d->current
               : d->landing;
}

/* Goes there if it is ready. */
static cleave_status move_locked(cleave_runner *r, size_t post,
                                 struct clv_change *change, cleave_error *err)
{
    struct clv_desk *d = r->desks[post];
    size_t to = ready_at(r, d);

    if (to == CLV_NONE && d->failed_until_ns > clv_clock_now_ns(r->clock)) {
        return clv_fail(err, d->failure.code, d->failure.where, "%s",
                        d->failure.text);
    }
    if (to == CLV_NONE) {
        return clv_fail(err, CLEAVE_BUSY, r->designs->task->name,
                        "The post is being made ready.");
    }
    *change = (struct clv_change){to != r->current, r->current, to, MOVED};
    r->post = post;
    r->wished = CLV_NONE;
    r->current = d->current = to;
    return CLEAVE_OK;
}

/* Makes a post ready. A server that is down refuses at once, and would without
   end. */
static void make_ready(cleave_runner *r, size_t landing)
{
    struct clv_conditions conditions;

    clv_senses_look(&r->senses, clv_clock_now_ns(r->clock), &conditions);
    if (clv_reach_is_usable(&conditions,
                            r->space->candidates[landing].server)) {
        clv_fleet_want(r->fleet, landing);
    }
}

cleave_status clv_runner_move(cleave_runner *r, size_t post,
                              struct clv_change *ret_change, cleave_error *err)
{
    struct clv_change change = {0};
    cleave_status status = CLEAVE_OK;
    size_t landing = CLV_NONE;

    pthread_mutex_lock(&r->lock);
    if (post != r->post) {
        status = move_locked(r, post, &change, err);
        landing = r->desks[post]->landing;
    }
    pthread_mutex_unlock(&r->lock);
    if (status == CLEAVE_BUSY && landing != CLV_NONE) {
        make_ready(r, landing);
    }
    if (status == CLEAVE_OK) {
        *ret_change = change;
    }
    return status;
}

void clv_runner_moved(cleave_runner *r, const struct clv_change *change)
{
    struct clv_conditions conditions;

    if (change->is_one) {
        clv_watch_wake(r->watch);
        clv_senses_look(&r->senses, clv_clock_now_ns(r->clock), &conditions);
        clv_deciding_tell(r, change, &conditions);
    }
}

void clv_runner_view(cleave_runner *r, struct clv_runner_view *ret_view)
{
    clv_senses_look(&r->senses, clv_clock_now_ns(r->clock),
                    &ret_view->conditions);
    pthread_mutex_lock(&r->lock);
    ret_view->post = r->post;
    ret_view->current = r->current;
    pthread_mutex_unlock(&r->lock);
}
