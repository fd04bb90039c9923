/*
 * pool.h - which blobs the loaded parts of a network map, and how often.
 *
 * Several parts that map one blob share its pages; this is the book that
 * says what unloading a part would give back. Not thread-safe: the network's
 * lock guards it.
 */
#ifndef CLV_POOL_H
#define CLV_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

struct clv_pool_blob {
    uint64_t id; /* the first 64 bits of its hash */
    uint64_t bytes;
    uint32_t users;
    uint8_t is_packed; /* the engine keeps a copy of its own, too */
};

struct clv_pool {
    struct clv_pool_blob *blobs;
    size_t count;
    size_t capacity;
    uint64_t bytes; /* of all blobs that have users, and of all copies */
};

/* Books the blobs of a part's stub. Returns 0 for want of memory. */
int clv_pool_add(struct clv_pool *pool, const struct clv_model *stub);

/* Takes them off the book again, but for the engine's copies: it shares those
   between sessions and keeps them until all are given back at once. */
void clv_pool_remove(struct clv_pool *pool, const struct clv_model *stub);

/* The engine has given its copies back. */
void clv_pool_forget_copies(struct clv_pool *pool);

/* Bytes of booked blobs that only this stub uses, with their copies. */
uint64_t clv_pool_unshared(const struct clv_pool *pool,
                           const struct clv_model *stub);

void clv_pool_fini(struct clv_pool *pool);

#endif
