/*
 * buffer.h - a growing run of bytes that is born with a maximum.
 *
 * Not thread-safe. Errors stick: after a failed append the buffer refuses
 * more and clv_buffer_status() tells why, so a writer may check once, at the
 * end.
 */
#ifndef CLV_BUFFER_H
#define CLV_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

/* A borrowed run of bytes. */
typedef struct clv_bytes {
    const uint8_t *data;
    size_t size;
} clv_bytes;

struct clv_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t max;
    cleave_status status;
};

/* An empty buffer that never grows above `max` bytes. Allocates nothing. */
void clv_buffer_init(struct clv_buffer *b, size_t max);

/* Gives the memory back; the buffer is empty and usable again. */
void clv_buffer_fini(struct clv_buffer *b);

/* Forgets the content and any error, keeps the memory. */
void clv_buffer_reset(struct clv_buffer *b);

/* Room for `more` bytes after the content. CLEAVE_LIMIT, CLEAVE_MEMORY. */
cleave_status clv_buffer_reserve(struct clv_buffer *b, size_t more);

/* Appends bytes. CLEAVE_LIMIT above the maximum, CLEAVE_MEMORY. */
cleave_status clv_buffer_append(struct clv_buffer *b, const void *data,
                                size_t size);

/* Appends formatted text without its final zero. */
cleave_status clv_buffer_printf(struct clv_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first error since init or reset. */
cleave_status clv_buffer_status(const struct clv_buffer *b);

/* The content, borrowed until the next change. */
clv_bytes clv_buffer_bytes(const struct clv_buffer *b);

#endif
