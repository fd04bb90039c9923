/*
 * hand_calibration.h - calibration files written field by field, so that any
 * field can be wrong.
 */
#ifndef HAND_CALIBRATION_H
#define HAND_CALIBRATION_H

#include <string.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "codec/bits.h"
#include "codec/book.h"
#include "codec/layout.h"

/* What is before the tensors; the model's hash is 00 01 02 ... */
static inline void hand_begin(struct clv_buffer *b, uint64_t tensors)
{
    clv_put_u32(b, CLV_LAYOUT_MAGIC | (uint32_t)CLV_LAYOUT_VERSION << 24);
    for (unsigned i = 0; i < CLV_LAYOUT_MODEL_BYTES; i++) {
        clv_put_u8(b, (uint8_t)i);
    }
    clv_put_varint(b, tensors);
}

/* A tensor but for its books. */
static inline void hand_tensor(struct clv_buffer *b,
                               const cleave_tensor_info *info, float lo,
                               float hi, float mean, float sd, int64_t base,
                               uint64_t books)
{
    clv_put_varint(b, strlen(info->name));
    (void)clv_buffer_append(b, info->name, strlen(info->name));
    clv_put_u8(b, (uint8_t)clv_layout_number(info->type));
    clv_put_varint(b, info->rank);
    for (uint32_t i = 0; i < info->rank && i < CLEAVE_MAX_RANK; i++) {
        clv_put_varint(b, (uint64_t)info->shape[i]);
    }
    clv_put_f32(b, lo);
    clv_put_f32(b, hi);
    clv_put_f32(b, mean);
    clv_put_f32(b, sd);
    clv_put_varint(b, clv_zigzag(base));
    clv_put_varint(b, books);
}

/* A book; returns its hash. */
static inline uint32_t hand_book(struct clv_buffer *b, float step,
                                 const struct clv_book *book)
{
    struct clv_buffer bytes;
    uint32_t hash;

    clv_buffer_init(&bytes, (size_t)1 << 20);
    clv_book_write(book, &bytes);
    clv_put_f32(b, step);
    clv_put_varint(b, bytes.size);
    (void)clv_buffer_append(b, bytes.data, bytes.size);
    hash = XXH32(bytes.data, bytes.size, 0);
    clv_buffer_fini(&bytes);
    return hash;
}

/* The checksum. */
static inline void hand_end(struct clv_buffer *b)
{
    clv_put_u32(b, XXH32(b->data, b->size, 0));
}

#endif
