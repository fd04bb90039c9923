/*
 * buffer.c - a growing run of bytes.
 *
 * Capacity doubles, never above the maximum that the owner set at birth, so
 * a peer that sends without end meets CLEAVE_LIMIT and not the machine's
 * memory.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void clv_buffer_init(struct clv_buffer *b, size_t max)
{
    *b = (struct clv_buffer){.max = max};
}

void clv_buffer_fini(struct clv_buffer *b)
{
    free(b->data);
    clv_buffer_init(b, b->max);
}

void clv_buffer_reset(struct clv_buffer *b)
{
    b->size = 0;
    b->status = CLEAVE_OK;
}

static size_t grown(size_t capacity, size_t need, size_t max)
{
    size_t next = capacity > 0 ? capacity : FIRST_CAPACITY;

    while (next < need && next <= max / 2) {
        next *= 2;
    }
    if (next < need || next > max) {
        next = max;
    }
    return next;
}

cleave_status clv_buffer_reserve(struct clv_buffer *b, size_t more)
{
    size_t capacity;
    uint8_t *data;

    if (b->status != CLEAVE_OK) {
        return b->status;
    }
    if (more > b->max - b->size) {
        return b->status = CLEAVE_LIMIT;
    }
    if (b->size + more <= b->capacity) {
        return CLEAVE_OK;
    }
    capacity = grown(b->capacity, b->size + more, b->max);
    data = realloc(b->data, capacity);
    if (data == NULL) {
        return b->status = CLEAVE_MEMORY;
    }
    b->data = data;
    b->capacity = capacity;
    return CLEAVE_OK;
}

cleave_status clv_buffer_append(struct clv_buffer *b, const void *data,
                                size_t size)
{
    cleave_status status = clv_buffer_reserve(b, size);

    if (status == CLEAVE_OK && size > 0) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
    }
    return status;
}

cleave_status clv_buffer_printf(struct clv_buffer *b, const char *format, ...)
{
    va_list args;
    int length;
    cleave_status status;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        return b->status = CLEAVE_INVALID;
    }
    status = clv_buffer_reserve(b, (size_t)length + 1);
    if (status != CLEAVE_OK) {
        return status;
    }
    va_start(args, format);
    vsnprintf((char *)b->data + b->size, (size_t)length + 1, format, args);
    va_end(args);
    b->size += (size_t)length;
    return CLEAVE_OK;
}

cleave_status clv_buffer_status(const struct clv_buffer *b)
{
    return b->status;
}

clv_bytes clv_buffer_bytes(const struct clv_buffer *b)
{
    return (clv_bytes){b->data, b->size};
}
