/*
 * shelf.h - tensors of many inputs, kept in memory as far as it goes.
 *
 * What is costly to compute and needed again (the tensors at a cut, the
 * answers of the whole network) is put here. A shelf has a bound in bytes;
 * what does not fit is not kept, and its owner computes it again when it
 * is needed. Nothing is ever thrown out to make room: when all inputs are
 * gone through in turn, again and again, what lies first lies best.
 *
 * Belongs to one thread.
 */
#ifndef CLV_SHELF_H
#define CLV_SHELF_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_shelf {
    struct clv_shelved *places;
    size_t count;
    uint64_t used_bytes;
    uint64_t max_bytes;
};

/* `count` empty places for `max_bytes` in all. CLEAVE_MEMORY. */
cleave_status clv_shelf_init(struct clv_shelf *shelf, size_t count,
                             uint64_t max_bytes, cleave_error *err);

/* Takes an all-zero one, too. */
void clv_shelf_fini(struct clv_shelf *shelf);

/* Empties all places. */
void clv_shelf_clear(struct clv_shelf *shelf);

/*
 * Keeps a copy of the tensors in a place that is empty, if they fit. Names
 * are borrowed, not copied. Returns the copy, NULL if there was no room.
 */
const cleave_tensor *clv_shelf_put(struct clv_shelf *shelf, size_t place,
                                   const cleave_tensor *tensors, size_t count);

/* What lies in a place, NULL if nothing does. Borrowed. */
const cleave_tensor *clv_shelf_get(const struct clv_shelf *shelf, size_t place,
                                   size_t *ret_count);

#endif
