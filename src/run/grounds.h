/*
 * grounds.h - what the designs of a task stand on: each variant's model,
 * opened on each engine when it is first needed.
 *
 * Opening takes seconds at times and is for one thread at a time, which the
 * caller sees to. Everything else may be done by any thread meanwhile: a ground
 * that is open does not change until the end.
 */
#ifndef CLV_GROUNDS_H
#define CLV_GROUNDS_H

#include <stdatomic.h>

#include "run/designs.h"
#include "run/rig.h"

struct clv_grounds_options {
    const struct clv_designs *designs; /* borrowed */
    const char *cache;                 /* where the store is */
    double slowdown;                   /* of an emulated device; 0 or 1: none */
    struct clv_turns *turns; /* of heads, with others' of this priority; NULL:
                                nobody else computes here */
    int priority;
};

/* An engine, opened when first needed, and who waits for it. */
struct clv_stand {
    struct clv_engine *engine;
    struct clv_gate gate;
};

struct clv_grounds {
    struct clv_grounds_options options;
    struct clv_store *store;
    struct clv_stand *stands;   /* one an engine */
    struct clv_ground *grounds; /* one a variant and engine */
    atomic_uchar *is_open;      /* of each ground */
};

/* Opens the store and nothing else. After a failure, too, the caller calls
   fini, which takes all zero. */
cleave_status clv_grounds_init(struct clv_grounds *grounds,
                               const struct clv_grounds_options *options,
                               cleave_error *err);
void clv_grounds_fini(struct clv_grounds *grounds);

/*
 * Opens the ground of a variant on an engine, unless it is open. What is wrong
 * with the file or the engine; CLEAVE_MISMATCH for a model that is not the one
 * that was profiled.
 */
cleave_status clv_grounds_open(struct clv_grounds *grounds, uint32_t variant,
                               uint32_t engine, cleave_error *err);

/* The ground if it is open, or NULL. */
const struct clv_ground *clv_grounds_find(const struct clv_grounds *grounds,
                                          uint32_t variant, uint32_t engine);

/* What the loaded parts of all models take. Not while one is being opened. */
uint64_t clv_grounds_bytes(const struct clv_grounds *grounds);

#endif
