/*
 * turns.c - who computes first, when tasks of one device want its cores.
 *
 * A waiting head lies on its thread's stack, in a list. Who may enter is
 * decided when one leaves, under the lock, and not by those who wake up: else
 * a task that computes without pause would be back before anybody else has
 * woken.
 */
#include "run/turns.h"

struct clv_turn {
    struct clv_turn *next;
    pthread_cond_t called;
    int priority;
    unsigned threads;
    unsigned overtaken;
    int is_in;
};

static int bounded(int priority)
{
    return priority < 1                      ? 1
           : priority > CLV_TURNS_PRIORITIES ? CLV_TURNS_PRIORITIES
                                             : priority;
}

static int may_enter_locked(const struct clv_turns *t, int priority,
                            unsigned threads)
{
    if (t->taken + threads <= t->cores) {
        return 1;
    }
    for (int p = 1; p < priority; p++) {
        if (t->in[p - 1] > 0) {
            return 0;
        }
    }
    return 1;
}

static void enter_locked(struct clv_turns *t, int priority, unsigned threads)
{
    t->taken += threads;
    t->in[priority - 1]++;
    for (struct clv_turn *w = t->first; w != NULL; w = w->next) {
        w->overtaken += w->priority > priority;
    }
}

/* By priority; of equals those that came before go first. */
static void queue_locked(struct clv_turns *t, struct clv_turn *turn)
{
    struct clv_turn **at = &t->first;

    while (*at != NULL && (*at)->priority <= turn->priority) {
        at = &(*at)->next;
    }
    turn->next = *at;
    *at = turn;
}

/* Lets in all whose turn it is. */
static void call_locked(struct clv_turns *t)
{
    struct clv_turn **at = &t->first;

    while (*at != NULL) {
        struct clv_turn *w = *at;
        if (w->overtaken >= CLV_TURNS_PATIENCE ||
            may_enter_locked(t, w->priority, w->threads)) {
            *at = w->next;
            enter_locked(t, w->priority, w->threads);
            w->is_in = 1;
            pthread_cond_signal(&w->called);
        } else {
            at = &w->next;
        }
    }
}

void clv_turns_enter(struct clv_turns *t, int priority, unsigned threads)
{
    struct clv_turn turn = {.priority = bounded(priority), .threads = threads};

    pthread_mutex_lock(&t->lock);
    if (may_enter_locked(t, turn.priority, threads)) {
        enter_locked(t, turn.priority, threads);
        call_locked(t); /* some may have been overtaken often enough */
        pthread_mutex_unlock(&t->lock);
        return;
    }
    pthread_cond_init(&turn.called, NULL);
    queue_locked(t, &turn);
    while (!turn.is_in) {
        pthread_cond_wait(&turn.called, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    pthread_cond_destroy(&turn.called);
}

void clv_turns_leave(struct clv_turns *t, int priority, unsigned threads)
{
    pthread_mutex_lock(&t->lock);
    t->taken -= threads;
    t->in[bounded(priority) - 1]--;
    call_locked(t);
    pthread_mutex_unlock(&t->lock);
}

size_t clv_turns_waiting(struct clv_turns *t)
{
    size_t count = 0;

    pthread_mutex_lock(&t->lock);
    for (const struct clv_turn *w = t->first; w != NULL; w = w->next) {
        count++;
    }
    pthread_mutex_unlock(&t->lock);
    return count;
}

void clv_turns_init(struct clv_turns *t, unsigned cores)
{
    *t = (struct clv_turns){.cores = cores > 0 ? cores : 1};
    pthread_mutex_init(&t->lock, NULL);
}

void clv_turns_fini(struct clv_turns *t)
{
    pthread_mutex_destroy(&t->lock);
}
