/*
 * bout.c - networks run at once for a while, beside busy threads.
 *
 *     thread    warm up |gate| infer, infer, .. until all may stop
 *     hog               |gate| count .. until all may stop
 *
 * Whoever finishes an inference and sees that the time is over and that
 * everybody has enough tells all to stop. An inference that ends later than
 * that is not counted: somebody may have stopped beside it.
 *
 * Threads are made for each bout. That costs some tens of microseconds before
 * the gate, and none behind it.
 */
#include "profile/bout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/fail.h"

#define TIMES_MAX ((size_t)1 << 16)
#define FIRST_TIMES 256
#define COUNTS_A_LOOK 4096

struct running {
    const struct clv_bout *bout;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t waiting;  /* at the gate; under the lock */
    size_t expected; /* 0: nobody need wait any more */
    int64_t begun_ns;
    atomic_int is_over;
    atomic_size_t short_of; /* members that have not had enough yet */
};

struct runner {
    struct running *all;
    const struct clv_bout_member *member; /* NULL: a hog */
    pthread_t thread;
    cleave_status status;
    cleave_error err;
};

/* -- The gate -- */

static void pass_gate(struct running *all)
{
    pthread_mutex_lock(&all->lock);
    all->waiting++;
    if (all->waiting >= all->expected) {
        all->begun_ns = clv_clock_now_ns(all->bout->clock);
        pthread_cond_broadcast(&all->changed);
    }
    while (all->waiting < all->expected) {
        pthread_cond_wait(&all->changed, &all->lock);
    }
    pthread_mutex_unlock(&all->lock);
}

/* Some threads could not be made: those that were need not wait for them. */
static void open_gate(struct running *all)
{
    pthread_mutex_lock(&all->lock);
    all->expected = 0;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

/* -- Threads -- */

static cleave_status note_time(struct clv_bout_times *t, double ns,
                               cleave_error *err)
{
    size_t room = t->room > 0 ? 2 * t->room : FIRST_TIMES;
    double *grown;

    if (t->count == TIMES_MAX) {
        return CLEAVE_OK;
    }
    if (t->count == t->room) {
        grown = realloc(t->ns, room * sizeof *grown);
        if (grown == NULL) {
            return clv_fail_memory(err, "times", room * sizeof *grown);
        }
        t->ns = grown;
        t->room = room;
    }
    t->ns[t->count++] = ns;
    return CLEAVE_OK;
}

static cleave_status infer(struct runner *r, size_t turn)
{
    const struct clv_bout_member *m = r->member;
    const struct clv_sample *sample = &m->samples[turn % m->sample_count];
    const cleave_tensor *outputs;
    size_t count;

    return clv_seam_tail(m->seam, sample->tensors, sample->count, &outputs,
                         &count, &r->err);
}

static int is_over(struct running *all)
{
    return atomic_load_explicit(&all->is_over, memory_order_relaxed);
}

static void compete(struct runner *r)
{
    struct running *all = r->all;
    int64_t from = clv_clock_now_ns(all->bout->clock);
    int64_t to;

    for (size_t turn = 1; r->status == CLEAVE_OK && !is_over(all); turn++) {
        r->status = infer(r, turn);
        to = clv_clock_now_ns(all->bout->clock);
        if (r->status != CLEAVE_OK || is_over(all)) {
            break;
        }
        r->status = note_time(r->member->times, (double)(to - from), &r->err);
        if (turn == all->bout->least) {
            atomic_fetch_sub(&all->short_of, 1);
        }
        if (to - all->begun_ns >= all->bout->for_ns &&
            atomic_load(&all->short_of) == 0) {
            atomic_store(&all->is_over, 1);
        }
        from = clv_clock_now_ns(all->bout->clock);
    }
    if (r->status != CLEAVE_OK) {
        atomic_store(&all->is_over, 1);
    }
}

static void *run_member(void *self)
{
    struct runner *r = self;

    r->status = infer(r, 0);
    pass_gate(r->all);
    compete(r);
    return NULL;
}

static void *run_hog(void *self)
{
    struct runner *r = self;
    volatile unsigned counted = 0;

    pass_gate(r->all);
    while (!is_over(r->all)) {
        for (unsigned i = 0; i < COUNTS_A_LOOK; i++) {
            counted = counted + i;
        }
    }
    return NULL;
}

/* -- All together -- */

static size_t start_all(struct running *all, struct runner *runners,
                        cleave_error *err, cleave_status *status)
{
    size_t count = all->expected;
    size_t started = 0;

    while (started < count) {
        struct runner *r = &runners[started];
        int is_member = started < all->bout->count;
        r->all = all;
        r->member = is_member ? &all->bout->members[started] : NULL;
        r->err = (cleave_error)CLEAVE_ERROR_INIT;
        if (pthread_create(&r->thread, NULL, is_member ? run_member : run_hog,
                           r) != 0) {
            atomic_store(&all->is_over, 1);
            open_gate(all);
            *status = clv_fail(err, CLEAVE_MEMORY, "together",
                               "%zu threads are not to be had; let fewer "
                               "tasks run together.",
                               count);
            break;
        }
        started++;
    }
    return started;
}

cleave_status clv_bout_run(const struct clv_bout *bout, cleave_error *err)
{
    struct running all = {.bout = bout, .expected = bout->count + bout->hogs};
    struct runner *runners;
    size_t started;
    cleave_status status = CLEAVE_OK;

    if (all.expected > CLV_BOUT_THREADS) {
        return clv_fail(err, CLEAVE_LIMIT, "together",
                        "%zu threads at once, and %d are the most.",
                        all.expected, CLV_BOUT_THREADS);
    }
    runners = calloc(all.expected, sizeof *runners);
    if (runners == NULL) {
        return clv_fail_memory(err, "together", all.expected * sizeof *runners);
    }
    atomic_init(&all.is_over, 0);
    atomic_init(&all.short_of, bout->least > 0 ? bout->count : 0);
    pthread_mutex_init(&all.lock, NULL);
    pthread_cond_init(&all.changed, NULL);
    started = start_all(&all, runners, err, &status);
    for (size_t i = 0; i < started; i++) {
        pthread_join(runners[i].thread, NULL);
        if (status == CLEAVE_OK && runners[i].status != CLEAVE_OK) {
            status = clv_fail(err, runners[i].status, runners[i].err.where,
                              "%s", runners[i].err.text);
        }
    }
    pthread_cond_destroy(&all.changed);
    pthread_mutex_destroy(&all.lock);
    free(runners);
    return status;
}
