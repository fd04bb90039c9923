/*
 * shelf.c - tensors of many inputs, kept in memory as far as it goes.
 *
 * One block of memory a place: the list of tensors, then their bytes, each
 * aligned for any element and for vectors.
 */
#include "profile/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define ALIGNMENT ((size_t)64)

struct clv_shelved {
    cleave_tensor *tensors;
    size_t count;
};

cleave_status clv_shelf_init(struct clv_shelf *shelf, size_t count,
                             uint64_t max_bytes, cleave_error *err)
{
    struct clv_shelved *places = calloc(count + 1, sizeof *places);

    if (places == NULL) {
        return clv_fail_memory(err, "shelf", count * sizeof *places);
    }
    *shelf = (struct clv_shelf){
        .places = places, .count = count, .max_bytes = max_bytes};
    return CLEAVE_OK;
}

void clv_shelf_clear(struct clv_shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        free(shelf->places[i].tensors);
        shelf->places[i] = (struct clv_shelved){0};
    }
    shelf->used_bytes = 0;
}

void clv_shelf_fini(struct clv_shelf *shelf)
{
    clv_shelf_clear(shelf);
    free(shelf->places);
    *shelf = (struct clv_shelf){0};
}

static size_t align(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The block's size, 0 if it does not fit. */
static size_t measure(const struct clv_shelf *shelf,
                      const cleave_tensor *tensors, size_t count)
{
    uint64_t room = shelf->max_bytes - shelf->used_bytes;
    size_t size = align(count * sizeof *tensors);

    for (size_t i = 0; i < count; i++) {
        if (size > room || tensors[i].bytes > room) {
            return 0;
        }
        size += align(tensors[i].bytes);
    }
    return size <= room ? size : 0;
}

const cleave_tensor *clv_shelf_put(struct clv_shelf *shelf, size_t place,
                                   const cleave_tensor *tensors, size_t count)
{
    size_t size = measure(shelf, tensors, count);
    uint8_t *block = size > 0 ? aligned_alloc(ALIGNMENT, size) : NULL;
    uint8_t *at = block;

    if (block == NULL) {
        return NULL;
    }
    memcpy(block, tensors, count * sizeof *tensors);
    at += align(count * sizeof *tensors);
    for (size_t i = 0; i < count; i++) {
        cleave_tensor *copy = &((cleave_tensor *)(void *)block)[i];
        copy->data = at;
        if (copy->bytes > 0) {
            memcpy(at, tensors[i].data, copy->bytes);
        }
        at += align(copy->bytes);
    }
    shelf->used_bytes += size;
    shelf->places[place] =
        (struct clv_shelved){(cleave_tensor *)(void *)block, count};
    return shelf->places[place].tensors;
}

const cleave_tensor *clv_shelf_get(const struct clv_shelf *shelf, size_t place,
                                   size_t *ret_count)
{
    *ret_count = shelf->places[place].count;
    return shelf->places[place].tensors;
}
