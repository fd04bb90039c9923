/*
 * arena.h - memory for things that live and die together.
 *
 * Pieces are handed out one after the other and given back all at once. An
 * arena is born with a maximum, so whoever parses foreign bytes into one is
 * bounded by it. Not thread-safe.
 */
#ifndef CLV_ARENA_H
#define CLV_ARENA_H

#include <stddef.h>

struct clv_arena_chunk;

struct clv_arena {
    struct clv_arena_chunk *chunks;
    size_t used;
    size_t max;
};

/* An empty arena of at most `max` bytes. Allocates nothing. */
void clv_arena_init(struct clv_arena *arena, size_t max);

/* Gives everything back; the arena is empty and usable again. */
void clv_arena_fini(struct clv_arena *arena);

/* `size` bytes aligned for any object, or NULL: no memory, or the maximum. */
void *clv_arena_alloc(struct clv_arena *arena, size_t size);

/* `count` zeroed elements of `size` bytes, or NULL. Never overflows. */
void *clv_arena_calloc(struct clv_arena *arena, size_t count, size_t size);

/* A copy of a string, or NULL. */
char *clv_arena_strdup(struct clv_arena *arena, const char *text);

#endif
