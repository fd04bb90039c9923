/*
 * workers.c - a bounded queue and the threads that work it off.
 *
 * One lock, one condition, first come first served. `taken` counts places
 * from reserve until the work has run, so it covers the works that are
 * announced, waiting and running; that is what the bound is about.
 */
#include "serve/workers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/fail.h"

struct clv_workers {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct clv_work *first;
    struct clv_work **end;
    size_t places;
    size_t taken;
    size_t announced; /* taken, but not pushed yet */
    bool stopping;
    size_t thread_count; /* started and not joined; not under the lock */
    pthread_t threads[];
};

/* Waits for work; NULL when there will be none any more. */
static struct clv_work *next_locked(struct clv_workers *w)
{
    struct clv_work *work;

    while (w->first == NULL && !(w->stopping && w->announced == 0)) {
        pthread_cond_wait(&w->changed, &w->lock);
    }
    work = w->first;
    if (work != NULL) {
        w->first = work->next;
        if (w->first == NULL) {
            w->end = &w->first;
        }
    }
    return work;
}

static void *work_off(void *self)
{
    struct clv_workers *w = self;
    struct clv_work *work;

    pthread_mutex_lock(&w->lock);
    while ((work = next_locked(w)) != NULL) {
        bool cancelled = w->stopping;
        pthread_mutex_unlock(&w->lock);
        work->run(work, cancelled); /* after this, `work` is gone */
        pthread_mutex_lock(&w->lock);
        w->taken--;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

cleave_status clv_workers_new(size_t count, size_t queue,
                              struct clv_workers **ret_workers,
                              cleave_error *err)
{
    struct clv_workers *w;
    size_t bytes = sizeof *w + count * sizeof w->threads[0];

    w = calloc(1, bytes);
    if (w == NULL) {
        return clv_fail_memory(err, "workers", bytes);
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->end = &w->first;
    w->places = count + queue;
    while (w->thread_count < count) {
        if (pthread_create(&w->threads[w->thread_count], NULL, work_off, w)) {
            clv_workers_stop(w);
            clv_workers_free(w);
            return clv_fail(err, CLEAVE_MEMORY, "workers",
                            "Thread %zu could not be started; ask for fewer "
                            "workers.",
                            count);
        }
        w->thread_count++;
    }
    *ret_workers = w;
    return CLEAVE_OK;
}

cleave_status clv_workers_reserve(struct clv_workers *w)
{
    cleave_status status = CLEAVE_BUSY;

    pthread_mutex_lock(&w->lock);
    if (!w->stopping && w->taken < w->places) {
        w->taken++;
        w->announced++;
        status = CLEAVE_OK;
    }
    pthread_mutex_unlock(&w->lock);
    return status;
}

void clv_workers_push(struct clv_workers *w, struct clv_work *work)
{
    bool stopping;

    work->next = NULL;
    pthread_mutex_lock(&w->lock);
    w->announced--;
    *w->end = work;
    w->end = &work->next;
    stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    /* Woken after the unlocking, the worker finds the lock free. */
    if (stopping) {
        pthread_cond_broadcast(&w->changed);
    } else {
        pthread_cond_signal(&w->changed);
    }
}

void clv_workers_stop(struct clv_workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    while (w->thread_count > 0) {
        pthread_join(w->threads[--w->thread_count], NULL);
    }
}

void clv_workers_free(struct clv_workers *w)
{
    if (w == NULL) {
        return;
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
