/*
 * workers.h - a bounded queue and the threads that work it off.
 *
 * Work is intrusive: who wants something done embeds a clv_work, which stays
 * his and must live until it has run. Taking a place and filling it are two
 * steps, so that what must happen between them cannot fail half-way.
 */
#ifndef CLV_WORKERS_H
#define CLV_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "cleave/status.h"

struct clv_workers;

struct clv_work {
    struct clv_work *next;
    /* Runs on a worker; `cancelled` when the workers are being stopped. */
    void (*run)(struct clv_work *work, bool cancelled);
};

/* Starts `count` threads; `queue` works may wait besides those that run. */
cleave_status clv_workers_new(size_t count, size_t queue,
                              struct clv_workers **ret_workers,
                              cleave_error *err);

/* Takes a place. CLEAVE_BUSY at once if there is none. Thread-safe. */
cleave_status clv_workers_reserve(struct clv_workers *workers);

/* Fills the place taken. Cannot fail. Thread-safe. */
void clv_workers_push(struct clv_workers *workers, struct clv_work *work);

/*
 * No more places are given; what waits runs as cancelled; returns when all
 * threads have ended.
 */
void clv_workers_stop(struct clv_workers *workers);

/* After stop. Takes NULL. */
void clv_workers_free(struct clv_workers *workers);

#endif
