/*
 * managing.c - the manager's thread: looks ten times a second, and moves
 * runners when the state of the world is another one.
 *
 *     signs -> manager -> state changed? -> which lineup now?
 *                                               |
 *     told <- all are there <- each runner is asked to its post, and again at
 *                              the next look while the post is not ready
 *
 * While memory is to spare, all posts that the table may want stay loaded, and
 * a move is over at once. When it is short, only what runs and what is wanted
 * next stays; the old goes when the new is there. What was freed is given back
 * to the system several times, for an inference under way may stand in the
 * middle of it.
 *
 * A post that cannot be had (its file is gone) leaves its runner where it is,
 * and the others move: the event says so.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "engine/engine.h"
#include "run/ensembling.h"

#define TRIM_AFTER_NS 500000000
#define TRIMS 4 /* the second after as long again, then twice as long .. */
#define RETRY_NS 61000000000 /* runners try what failed after a minute */

/* -- What stays loaded -- */

static int is_short(const cleave_ensemble *e)
{
    return e->manager.state.memory != 0;
}

static void want_post(cleave_ensemble *e, size_t task,
                      const struct clv_config *config,
                      uint8_t wanted[CLV_POSTS_MOST])
{
    struct clv_post post = clv_reckon_post(e, task, config);
    size_t at;

    if (clv_runner_add_post(e->members[task].runner, &post, &at, NULL) ==
        CLEAVE_OK) {
        wanted[at] = 1;
    }
}

static void trim_soon(cleave_ensemble *e)
{
    e->trim_ns = clv_clock_now_ns(e->clock) + TRIM_AFTER_NS;
    e->trims = 0;
}

/* What runs, what it moves to and, with memory to spare, all that the table
   may want. What else is loaded goes, but where it is let lie. */
static void keep_loaded(cleave_ensemble *e)
{
    int all = e->by == CLV_MANAGES_BY_TABLE && !is_short(e);

    for (size_t i = 0; i < e->count; i++) {
        uint8_t wanted[CLV_POSTS_MOST] = {0};
        want_post(e, i, &e->lineup.configs[i], wanted);
        if (e->move.is_one) {
            want_post(e, i, &e->move.to.configs[i], wanted);
        }
        for (size_t d = 0; all && d < e->switching->kept_count; d++) {
            want_post(e, i, &e->switching->kept[d].configs[i], wanted);
        }
        clv_runner_keep(e->members[i].runner, wanted, !all);
    }
    if (!all) {
        trim_soon(e);
    }
}

/* What was freed goes back to the system, once inferences that were under way
   have let go of it, too. So does what opening took and running does not. */
static void give_back(cleave_ensemble *e, int64_t now_ns)
{
    if (e->trim_ns > 0 && now_ns >= e->trim_ns) {
        e->trims++;
        e->trim_ns = e->trims < TRIMS
                         ? now_ns + ((int64_t)TRIM_AFTER_NS << e->trims)
                         : 0;
        clv_engines_give_back();
    }
}

/* -- Moving -- */

static int is_same(const cleave_ensemble *e, const struct clv_lineup *a,
                   const struct clv_lineup *b)
{
    for (size_t i = 0; i < e->count; i++) {
        struct clv_post p = clv_reckon_post(e, i, &a->configs[i]);
        struct clv_post q = clv_reckon_post(e, i, &b->configs[i]);
        if (!clv_post_is_same(&p, &q) ||
            a->configs[i].place != b->configs[i].place) {
            return 0;
        }
    }
    return 1;
}

static void note_failure(struct clv_move *m, const char *task, const char *why)
{
    size_t used = strlen(m->failure);

    snprintf(m->failure + used, sizeof m->failure - used,
             "; %.60s stays as it is: %s", task, why);
}

static void begin_move(cleave_ensemble *e, const struct clv_lineup *to,
                       const char *reason, int64_t now_ns)
{
    /* what an unfinished move has come to is told with this one */
    e->move =
        (struct clv_move){.is_one = 1,
                          .from = e->move.is_one ? e->move.from : e->lineup,
                          .to = *to,
                          .decided_ns = now_ns,
                          .reason = reason};
    e->retry_ns = 0;
    for (size_t i = 0; i < e->count; i++) {
        struct clv_member *m = &e->members[i];
        struct clv_post post = clv_reckon_post(e, i, &to->configs[i]);
        cleave_error why = CLEAVE_ERROR_INIT;
        m->is_there = 0;
        if (clv_runner_add_post(m->runner, &post, &e->move.post[i], &why) !=
            CLEAVE_OK) {
            note_failure(&e->move, e->blueprint->task_names[i], why.text);
            m->is_there = 1;
        }
    }
}

/* Asks those that are not there yet. True when all are. */
static int advance(cleave_ensemble *e)
{
    int all = 1;

    for (size_t i = 0; i < e->count; i++) {
        struct clv_member *m = &e->members[i];
        cleave_error why = CLEAVE_ERROR_INIT;
        cleave_status status;
        if (m->is_there) {
            continue; /* or it cannot get there, and has not moved */
        }
        status = clv_runner_move(m->runner, e->move.post[i], &m->change, &why);
        m->is_there = status != CLEAVE_BUSY;
        if (status == CLEAVE_OK) {
            e->lineup.configs[i] = e->move.to.configs[i];
        } else if (status != CLEAVE_BUSY) {
            note_failure(&e->move, e->blueprint->task_names[i], why.text);
        }
        all = all && m->is_there;
    }
    e->move.done_ns = clv_clock_now_ns(e->clock);
    return all;
}

static void tell_members(cleave_ensemble *e)
{
    for (size_t i = 0; i < e->count; i++) {
        clv_runner_moved(e->members[i].runner, &e->members[i].change);
        e->members[i].change.is_one = 0;
    }
}

static void tell_move(cleave_ensemble *e)
{
    char texts[2][CLV_LINEUP_TEXT];
    char state[CLV_STATE_TEXT];
    char reason[400];
    cleave_event event = {
        .kind = CLEAVE_EVENT_ADAPT,
        .reason = reason,
        .from = clv_reckon_text(e, &e->move.from, texts[0]),
        .to = clv_reckon_text(e, &e->lineup, texts[1]),
        .state = clv_state_text(e->switching, &e->manager.state,
                                e->blueprint->options.product.servers, state),
        .cost_ns = e->move.done_ns - e->move.decided_ns,
    };

    snprintf(reason, sizeof reason, "%s%s", e->move.reason, e->move.failure);
    clv_ensemble_tell(e, &event);
}

static void end_move(cleave_ensemble *e)
{
    int is_other = !is_same(e, &e->move.from, &e->lineup);
    int has_failed = e->move.failure[0] != '\0';

    e->move.is_one = 0;
    e->retry_ns = has_failed ? clv_clock_now_ns(e->clock) + RETRY_NS : 0;
    if (is_other) {
        pthread_mutex_lock(&e->lock);
        e->status.switches++;
        pthread_mutex_unlock(&e->lock);
    }
    if (is_other || (has_failed && !e->move.is_retry)) {
        tell_move(e);
    }
}

/* Tells of what has been moved; `all`: everybody is there. */
static void tell_moved(cleave_ensemble *e, int all)
{
    tell_members(e);
    if (all) {
        end_move(e);
        keep_loaded(e);
    }
}

/* What could not be got a while ago, if that still is where to go. */
static int try_again(cleave_ensemble *e, int64_t now_ns)
{
    struct clv_lineup to = e->move.to;

    if (e->move.is_one || e->retry_ns == 0 || now_ns < e->retry_ns) {
        return 0;
    }
    begin_move(e, &to, "what was not to be had is", now_ns);
    e->move.is_retry = 1;
    return 1;
}

/* -- States -- */

static void tell_state(cleave_ensemble *e, const char *reason,
                       const struct clv_conditions *conditions)
{
    char state[CLV_STATE_TEXT];
    cleave_event event = {
        .kind = CLEAVE_EVENT_STATE,
        .reason = reason,
        .state = clv_state_text(e->switching, &e->manager.state,
                                e->blueprint->options.product.servers, state),
        .estimates = clv_logbook_estimates(
            conditions, e->switching->servers > 0 ? 0 : CLV_NO_SERVER),
    };

    clv_ensemble_tell(e, &event);
}

/* Where to now. 0: stay, whatever the state. */
static int find_lineup(const cleave_ensemble *e,
                       const struct clv_manager_change *change,
                       const struct clv_conditions *conditions,
                       struct clv_lineup *ret_lineup)
{
    switch (e->by) {
    case CLV_MANAGES_BY_TABLE:
        *ret_lineup = clv_reckon_kept(e, change->to);
        return 1;
    case CLV_MANAGES_BY_OODIN:
        return clv_resolve(e, &e->manager.state, conditions, ret_lineup,
                           NULL) == CLEAVE_OK;
    case CLV_MANAGES_NOTHING:
        break;
    }
    return 0;
}

static void note_status(cleave_ensemble *e,
                        const struct clv_manager_signs *signs)
{
    char state[CLV_STATE_TEXT];

    clv_state_text(e->switching, &e->manager.state,
                   e->blueprint->options.product.servers, state);
    pthread_mutex_lock(&e->lock);
    snprintf(e->status.state, sizeof e->status.state, "%s", state);
    e->status.design =
        e->by == CLV_MANAGES_BY_TABLE ? e->manager.design : e->status.design;
    e->status.others_cores = signs->pressure.others_cores;
    e->status.memory_pressure = signs->pressure.memory_share;
    e->status.resident_bytes = signs->pressure.resident_bytes > 0
                                   ? (uint64_t)signs->pressure.resident_bytes
                                   : 0;
    pthread_mutex_unlock(&e->lock);
}

/* All are moved before anybody is told: telling takes as long as he takes who
   is told. */
void clv_managing_look(cleave_ensemble *e)
{
    struct clv_manager_signs signs;
    struct clv_manager_change change;
    struct clv_lineup to;
    int64_t decided_ns;
    int begins = 0;
    int all;

    clv_reckon_signs(e, &signs);
    clv_manager_look(&e->manager, &signs, &change);
    decided_ns = clv_clock_now_ns(e->clock);
    if (change.is_one && find_lineup(e, &change, &signs.conditions, &to)) {
        begin_move(e, &to, change.reason, decided_ns);
        begins = 1;
    }
    begins |= try_again(e, decided_ns);
    all = e->move.is_one && advance(e);
    if (change.is_one) {
        tell_state(e, change.reason, &signs.conditions);
    }
    tell_moved(e, all);
    if (begins && !all) {
        keep_loaded(e); /* room for what is missing */
    }
    give_back(e, signs.now_ns);
    note_status(e, &signs);
}

/* -- The thread -- */

void clv_managing_stir(cleave_ensemble *e)
{
    pthread_mutex_lock(&e->lock);
    e->is_ready = 1;
    pthread_cond_signal(&e->stirred);
    pthread_mutex_unlock(&e->lock);
}

/* True if it is time to look, and not only that something is ready. */
static int wait_locked(cleave_ensemble *e, int64_t until_ns)
{
    struct timespec until = {.tv_sec = until_ns / 1000000000,
                             .tv_nsec = until_ns % 1000000000};

    while (!e->is_ending && !e->is_ready &&
           clv_clock_now_ns(e->clock) < until_ns) {
        (void)pthread_cond_timedwait(&e->stirred, &e->lock, &until);
    }
    e->is_ready = 0;
    return clv_clock_now_ns(e->clock) >= until_ns;
}

static void *manage(void *self)
{
    cleave_ensemble *e = self;
    int64_t next_ns = clv_clock_now_ns(e->clock);

    pthread_mutex_lock(&e->lock);
    while (!e->is_ending) {
        int is_time = wait_locked(e, next_ns);
        if (!e->is_ending) {
            pthread_mutex_unlock(&e->lock);
            if (is_time) {
                clv_managing_look(e);
                next_ns = clv_clock_now_ns(e->clock) + CLV_ENSEMBLE_TICK_NS;
            } else {
                trim_soon(e);
                tell_moved(e, e->move.is_one && advance(e));
            }
            pthread_mutex_lock(&e->lock);
        }
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

cleave_status clv_managing_start(cleave_ensemble *e, cleave_error *err)
{
    keep_loaded(e);
    e->has_thread = pthread_create(&e->thread, NULL, manage, e) == 0;
    return e->has_thread ? CLEAVE_OK
                         : clv_fail(err, CLEAVE_MEMORY, "ensemble",
                                    "No thread could be started.");
}

void clv_managing_stop(cleave_ensemble *e)
{
    if (e->has_thread) {
        pthread_mutex_lock(&e->lock);
        e->is_ending = 1;
        pthread_cond_signal(&e->stirred);
        pthread_mutex_unlock(&e->lock);
        pthread_join(e->thread, NULL);
        e->has_thread = 0;
    }
}
