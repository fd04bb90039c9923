/*
 * bits.c - numbers in frames, byte by byte, the same on every machine.
 *
 * Nothing here is on a hot path: headers, tables and the few bits that do not
 * go through a coder.
 */
#include "codec/bits.h"

#include <string.h>

void clv_reader_init(struct clv_reader *r, clv_bytes bytes)
{
    r->at = bytes.data;
    r->end = bytes.size > 0 ? bytes.data + bytes.size : bytes.data;
    r->failed = 0;
}

size_t clv_reader_left(const struct clv_reader *r)
{
    return (size_t)(r->end - r->at);
}

uint8_t clv_read_u8(struct clv_reader *r)
{
    if (r->at == r->end) {
        r->failed = 1;
        return 0;
    }
    return *r->at++;
}

uint16_t clv_read_u16(struct clv_reader *r)
{
    uint32_t low = clv_read_u8(r);

    return (uint16_t)(low | (uint32_t)clv_read_u8(r) << 8);
}

uint32_t clv_read_u32(struct clv_reader *r)
{
    uint32_t low = clv_read_u16(r);

    return low | (uint32_t)clv_read_u16(r) << 16;
}

float clv_read_f32(struct clv_reader *r)
{
    uint32_t bits = clv_read_u32(r);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t clv_read_varint(struct clv_reader *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = clv_read_u8(r);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0) {
                r->failed = 1;
            }
            return value;
        }
    }
    r->failed = 1;
    return 0;
}

void clv_put_u8(struct clv_buffer *b, uint8_t value)
{
    (void)clv_buffer_append(b, &value, sizeof value);
}

void clv_put_u16(struct clv_buffer *b, uint16_t value)
{
    uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};

    (void)clv_buffer_append(b, bytes, sizeof bytes);
}

void clv_put_u32(struct clv_buffer *b, uint32_t value)
{
    clv_put_u16(b, (uint16_t)value);
    clv_put_u16(b, (uint16_t)(value >> 16));
}

void clv_put_f32(struct clv_buffer *b, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    clv_put_u32(b, bits);
}

void clv_put_varint(struct clv_buffer *b, uint64_t value)
{
    while (value >= 0x80) {
        clv_put_u8(b, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    clv_put_u8(b, (uint8_t)value);
}

uint64_t clv_zigzag(int64_t value)
{
    return value < 0 ? ((uint64_t)-(value + 1) << 1) + 1 : (uint64_t)value << 1;
}

int64_t clv_unzigzag(uint64_t value)
{
    int64_t half = (int64_t)(value >> 1);

    return (value & 1) != 0 ? -half - 1 : half;
}

void clv_bit_reader_init(struct clv_bit_reader *r, struct clv_reader *bytes)
{
    r->bytes = bytes;
    r->window = 0;
    r->held = 0;
}

uint32_t clv_read_bits(struct clv_bit_reader *r, unsigned count)
{
    uint32_t value;

    while (r->held < count) {
        r->window |= (uint64_t)clv_read_u8(r->bytes) << r->held;
        r->held += 8;
    }
    value = (uint32_t)(r->window & (((uint64_t)1 << count) - 1));
    r->window >>= count;
    r->held -= count;
    return value;
}

void clv_bit_reader_end(struct clv_bit_reader *r)
{
    if (r->window != 0) {
        r->bytes->failed = 1;
    }
    r->window = 0;
    r->held = 0;
}

void clv_bit_writer_init(struct clv_bit_writer *w, struct clv_buffer *into)
{
    w->into = into;
    w->window = 0;
    w->held = 0;
}

void clv_put_bits(struct clv_bit_writer *w, uint32_t value, unsigned count)
{
    w->window |= (uint64_t)value << w->held;
    w->held += count;
    while (w->held >= 8) {
        clv_put_u8(w->into, (uint8_t)w->window);
        w->window >>= 8;
        w->held -= 8;
    }
}

void clv_bit_writer_end(struct clv_bit_writer *w)
{
    if (w->held > 0) {
        clv_put_u8(w->into, (uint8_t)w->window);
    }
    w->window = 0;
    w->held = 0;
}
