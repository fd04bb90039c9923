/*
 * posts.c - a part of a runner's space, with a scheduler over it.
 *
 * The part is copied, so that a decision goes through no candidate of another
 * post. Its rows rise in the runner's space, and are found there by halving.
 */
#include "run/posts.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

int clv_post_is_same(const struct clv_post *a, const struct clv_post *b)
{
    return a->variant == b->variant && a->engine == b->engine &&
           a->is_away == b->is_away;
}

static int belongs(const struct clv_post *post, const struct clv_candidate *c)
{
    return (post->variant == CLV_ANY || post->variant == c->variant) &&
           (post->engine == CLV_ANY || post->engine == c->engine);
}

/* -- Numbers -- */

static size_t to_whole(const struct clv_desk *d, size_t own)
{
    return d->rows == NULL || own == CLV_NONE ? own : d->rows[own];
}

static size_t to_own(const struct clv_desk *d, size_t candidate)
{
    size_t low = 0;
    size_t high = d->space.count;

    if (d->rows == NULL || candidate == CLV_NONE) {
        return candidate;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->rows[middle] < candidate) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < d->space.count && d->rows[low] == candidate ? low : CLV_NONE;
}

/* -- What belongs to it -- */

static cleave_status copy_part(struct clv_desk *d, cleave_error *err)
{
    const struct clv_space *whole = d->whole;
    size_t count = 0;

    for (size_t i = 0; i < whole->count; i++) {
        count += belongs(&d->post, &whole->candidates[i]) ? 1 : 0;
    }
    d->space = *whole;
    if (count == whole->count) {
        return CLEAVE_OK;
    }
    d->space.count = 0;
    d->space.candidates = calloc(count + 1, sizeof *d->space.candidates);
    d->rows = calloc(count + 1, sizeof *d->rows);
    if (d->space.candidates == NULL || d->rows == NULL) {
        free(d->space.candidates);
        free(d->rows);
        d->rows = NULL; /* what tells that the part is a copy */
        return clv_fail_memory(err, "post", count * sizeof *d->rows);
    }
    for (size_t i = 0; i < whole->count; i++) {
        if (belongs(&d->post, &whole->candidates[i])) {
            d->rows[d->space.count] = (uint32_t)i;
            d->space.candidates[d->space.count++] = whole->candidates[i];
        }
    }
    return CLEAVE_OK;
}

/* -- What is left out -- */

struct leaving_out {
    const struct clv_desk *desk;
    int (*is_out)(void *self, size_t candidate);
    void *self;
};

/* Away, what computes here is out. */
static int is_not_away(void *self, size_t own)
{
    const struct clv_desk *d = self;

    return d->space.candidates[own].head_share > 0 ||
           d->space.candidates[own].server == CLV_NO_SERVER;
}

static int is_left_out(void *self, size_t own)
{
    const struct leaving_out *l = self;

    return l->is_out(l->self, to_whole(l->desk, own));
}

void clv_desk_exclude(struct clv_desk *d,
                      int (*is_out)(void *self, size_t candidate), void *self)
{
    struct leaving_out out = {d, is_out, self};

    (void)clv_scheduler_exclude(d->scheduler, NULL, NULL, NULL);
    if (d->post.is_away) {
        (void)clv_scheduler_exclude(d->scheduler, is_not_away, d, NULL);
    }
    if (is_out != NULL) {
        (void)clv_scheduler_exclude(d->scheduler, is_left_out, &out, NULL);
    }
}

/* -- Deciding -- */

void clv_desk_decide(struct clv_desk *d,
                     const struct clv_conditions *conditions, size_t current,
                     struct clv_choice *ret_choice)
{
    size_t own = to_own(d, current);

    clv_scheduler_decide(d->scheduler, conditions, own, ret_choice);
    if (own == CLV_NONE && current != CLV_NONE) {
        ret_choice->reason = CLV_REASON_EXCLUDED;
    }
    ret_choice->candidate = to_whole(d, ret_choice->candidate);
}

/* The best that needs no server, if the policy knows one. */
static void find_home(struct clv_desk *d, const struct clv_slo *slo,
                      const struct clv_policy *policy,
                      const struct clv_conditions *conditions)
{
    const struct clv_policy *device_only = NULL;
    struct clv_scheduler *scheduler = NULL;
    struct clv_choice choice = {.candidate = CLV_NONE};

    d->home = CLV_NONE;
    if (clv_policy_find("device-only", &device_only, NULL) == CLEAVE_OK &&
        clv_scheduler_new(&d->space, slo, device_only, &scheduler, NULL) ==
            CLEAVE_OK) {
        clv_scheduler_decide(scheduler, conditions, CLV_NONE, &choice);
    }
    clv_scheduler_free(scheduler);
    if (choice.candidate != CLV_NONE &&
        d->space.candidates[choice.candidate].server == CLV_NO_SERVER &&
        policy->knows(&d->space, choice.candidate)) {
        d->home = to_whole(d, choice.candidate);
    }
}

static void find_landing(struct clv_desk *d,
                         const struct clv_conditions *conditions)
{
    struct clv_choice choice;

    clv_desk_decide(d, conditions, CLV_NONE, &choice);
    d->is_feasible = choice.is_feasible;
    d->broken = choice.broken;
    d->landing = d->home != CLV_NONE ? d->home : choice.candidate;
    d->current = CLV_NONE;
}

/* -- Life -- */

cleave_status clv_desk_new(const struct clv_space *space,
                           const struct clv_slo *slo,
                           const struct clv_policy *policy,
                           const struct clv_post *post,
                           struct clv_desk **ret_desk, cleave_error *err)
{
    struct clv_conditions good =
        clv_conditions_reference(space->costs->server_count);
    struct clv_desk *d = calloc(1, sizeof *d);
    cleave_status status;

    if (d == NULL) {
        return clv_fail_memory(err, "post", sizeof *d);
    }
    d->post = *post;
    d->whole = space;
    status = copy_part(d, err);
    if (status == CLEAVE_OK && d->space.count == 0) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                          "The profile has no design of this variant on this "
                          "engine; measure it with 'cleave profile'.");
    }
    if (status == CLEAVE_OK) {
        status = clv_scheduler_new(&d->space, slo, policy, &d->scheduler, err);
    }
    if (status != CLEAVE_OK) {
        clv_desk_free(d);
        return status;
    }
    clv_desk_exclude(d, NULL, NULL);
    find_home(d, slo, policy, &good);
    find_landing(d, &good);
    *ret_desk = d;
    return CLEAVE_OK;
}

void clv_desk_free(struct clv_desk *d)
{
    if (d == NULL) {
        return;
    }
    clv_scheduler_free(d->scheduler);
    if (d->rows != NULL) {
        free(d->space.candidates);
    }
    free(d->rows);
    free(d);
}
