/*
 * arena.c - a bump allocator in chunks.
 *
 * Chunks double from 16 KiB to 1 MiB; a piece larger than a chunk gets one
 * of its own. Every chunk counts against the maximum with its whole size.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16
#define FIRST_CHUNK ((size_t)16 << 10)
#define LAST_CHUNK ((size_t)1 << 20)

struct clv_arena_chunk {
    _Alignas(ALIGNMENT) struct clv_arena_chunk *next;
    size_t size; /* of the bytes behind this header */
    size_t used;
};

void clv_arena_init(struct clv_arena *arena, size_t max)
{
    *arena = (struct clv_arena){.max = max};
}

void clv_arena_fini(struct clv_arena *arena)
{
    while (arena->chunks != NULL) {
        struct clv_arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    arena->used = 0;
}

static int add_chunk(struct clv_arena *arena, size_t need)
{
    struct clv_arena_chunk *chunk;
    size_t size = FIRST_CHUNK;

    if (arena->chunks != NULL && arena->chunks->size < LAST_CHUNK) {
        size = arena->chunks->size * 2;
    } else if (arena->chunks != NULL) {
        size = LAST_CHUNK;
    }
    if (size > arena->max - arena->used) {
        size = need;
    }
    if (size < need) {
        size = need;
    }
    if (size > arena->max - arena->used) {
        return 0;
    }
    chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL) {
        return 0;
    }
    *chunk = (struct clv_arena_chunk){arena->chunks, size, 0};
    arena->chunks = chunk;
    arena->used += size;
    return 1;
}

void *clv_arena_alloc(struct clv_arena *arena, size_t size)
{
    struct clv_arena_chunk *chunk = arena->chunks;
    uint8_t *piece;

    if (size > arena->max || size > SIZE_MAX / 2) {
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (chunk == NULL || size > chunk->size - chunk->used) {
        if (!add_chunk(arena, size)) {
            return NULL;
        }
        chunk = arena->chunks;
    }
    piece = (uint8_t *)(chunk + 1) + chunk->used;
    chunk->used += size;
    return piece;
}

void *clv_arena_calloc(struct clv_arena *arena, size_t count, size_t size)
{
    void *piece;

    if (size > 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    piece = clv_arena_alloc(arena, count * size);
    if (piece != NULL) {
        memset(piece, 0, count * size);
    }
    return piece;
}

char *clv_arena_strdup(struct clv_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = clv_arena_alloc(arena, size);

    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}
