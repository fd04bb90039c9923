/*
 * bits.h - numbers in frames: little-endian integers, varints, bit streams.
 *
 * Readers never go past their end: what is missing reads as 0 and `failed` is
 * set, to be looked at once, at the end. Writers append to a clv_buffer,
 * whose errors stick in the same way.
 */
#ifndef CLV_BITS_H
#define CLV_BITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct clv_reader {
    const uint8_t *at;
    const uint8_t *end;
    int failed;
};

void clv_reader_init(struct clv_reader *r, clv_bytes bytes);
size_t clv_reader_left(const struct clv_reader *r);
uint8_t clv_read_u8(struct clv_reader *r);
uint16_t clv_read_u16(struct clv_reader *r);
uint32_t clv_read_u32(struct clv_reader *r);
float clv_read_f32(struct clv_reader *r);

/* Fails for a number that is not in its shortest form. */
uint64_t clv_read_varint(struct clv_reader *r);

void clv_put_u8(struct clv_buffer *b, uint8_t value);
void clv_put_u16(struct clv_buffer *b, uint16_t value);
void clv_put_u32(struct clv_buffer *b, uint32_t value);
void clv_put_f32(struct clv_buffer *b, float value);
void clv_put_varint(struct clv_buffer *b, uint64_t value);

/* Signed numbers as varints: 2v for v >= 0, -2v - 1 for v < 0. */
uint64_t clv_zigzag(int64_t value);
int64_t clv_unzigzag(uint64_t value);

/* A stream of bits, least significant first. */
struct clv_bit_reader {
    struct clv_reader *bytes;
    uint64_t window;
    unsigned held;
};

void clv_bit_reader_init(struct clv_bit_reader *r, struct clv_reader *bytes);

/* The next `count` bits, at most 32. */
uint32_t clv_read_bits(struct clv_bit_reader *r, unsigned count);

/* Ends the stream: the rest of its last byte must be zero bits. */
void clv_bit_reader_end(struct clv_bit_reader *r);

struct clv_bit_writer {
    struct clv_buffer *into;
    uint64_t window;
    unsigned held;
};

void clv_bit_writer_init(struct clv_bit_writer *w, struct clv_buffer *into);
void clv_put_bits(struct clv_bit_writer *w, uint32_t value, unsigned count);
void clv_bit_writer_end(struct clv_bit_writer *w);

#endif
