/*
 * ref_reader.c - numbers out of bytes, and where reading stops.
 *
 * Everything that the decoder reads comes through here, so this is where it
 * is made sure that nothing outside of the input is read, and where memory
 * is counted. XXH32 is written out in the plainest way it has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref.h"

struct ref_block {
    struct ref_block *next;
    max_align_t data[];
};

_Noreturn void ref_refuse(const struct ref_reader *in, const char *text)
{
    fprintf(stderr, "refdec: %s", in->name);
    if (in->frame > 0) {
        fprintf(stderr, ", frame %u", in->frame);
    }
    fprintf(stderr, ", byte %zu: %s\n", in->at, text);
    exit(1);
}

void *ref_take(const struct ref_reader *in, size_t count, size_t each)
{
    struct ref_memory *memory = in->memory;
    struct ref_block *block = NULL;

    if (count > memory->left / each) {
        ref_refuse(in, "this needs more memory than refdec allows");
    }
    block = calloc(1, sizeof *block + count * each);
    if (block == NULL) {
        ref_refuse(in, "out of memory");
    }
    memory->left -= count * each;
    block->next = memory->blocks;
    memory->blocks = block;
    return block->data;
}

void ref_memory_reset(struct ref_memory *memory, size_t limit)
{
    while (memory->blocks != NULL) {
        struct ref_block *next = memory->blocks->next;

        free(memory->blocks);
        memory->blocks = next;
    }
    memory->left = limit;
}

size_t ref_left(const struct ref_reader *in)
{
    return in->size - in->at;
}

const uint8_t *ref_bytes(struct ref_reader *in, uint64_t size)
{
    const uint8_t *data = in->data + in->at;

    if (size > ref_left(in)) {
        ref_refuse(in, "the bytes end too early");
    }
    in->at += (size_t)size;
    return data;
}

unsigned ref_u8(struct ref_reader *in)
{
    return *ref_bytes(in, 1);
}

unsigned ref_u16(struct ref_reader *in)
{
    unsigned low = ref_u8(in);

    return low | ref_u8(in) << 8;
}

uint32_t ref_u32(struct ref_reader *in)
{
    uint32_t low = ref_u16(in);

    return low | (uint32_t)ref_u16(in) << 16;
}

float ref_f32(struct ref_reader *in)
{
    uint32_t bits = ref_u32(in);
    float value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t ref_varint(struct ref_reader *in)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 9; i++) {
        unsigned byte = ref_u8(in);

        value |= (uint64_t)(byte & 127) << (7 * i);
        if (byte < 128) {
            if (byte == 0 && i > 0) {
                ref_refuse(in, "a varint ends with a zero byte");
            }
            return value;
        }
    }
    ref_refuse(in, "a varint is longer than 9 bytes");
}

uint32_t ref_bits(struct ref_reader *in, unsigned count)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        if (ref_left(in) == 0) {
            ref_refuse(in, "a bit stream ends too early");
        }
        value |= (uint32_t)(in->data[in->at] >> in->bit & 1) << i;
        in->bit = (in->bit + 1) % 8;
        in->at += in->bit == 0;
    }
    return value;
}

void ref_bits_end(struct ref_reader *in)
{
    while (in->bit != 0) {
        if (ref_bits(in, 1) != 0) {
            ref_refuse(in, "an unused bit is not zero");
        }
    }
}

int64_t ref_base_read(struct ref_reader *in)
{
    uint64_t value = ref_varint(in);
    int64_t half = (int64_t)(value / 2);

    return value % 2 == 0 ? half : -half - 1;
}

void ref_shape_read(struct ref_reader *in, struct ref_shape *shape)
{
    const uint64_t most = ((uint64_t)1 << 31) - 1;
    uint64_t rank = ref_varint(in);
    int is_empty = 0;

    if (rank > REF_RANK_MAX) {
        ref_refuse(in, "the rank is above 8");
    }
    *shape = (struct ref_shape){.rank = (unsigned)rank, .elements = 1};
    for (unsigned i = 0; i < shape->rank; i++) {
        shape->dim[i] = ref_varint(in);
        if (shape->dim[i] > most) {
            ref_refuse(in, "a dimension is above 2^31 - 1");
        }
        is_empty |= shape->dim[i] == 0;
    }
    for (unsigned i = 0; i < shape->rank && !is_empty; i++) {
        if (shape->dim[i] > most / shape->elements) {
            ref_refuse(in, "there are more than 2^31 - 1 elements");
        }
        shape->elements *= shape->dim[i];
    }
    if (is_empty) {
        shape->elements = 0;
    }
}

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t word_at(const uint8_t *data)
{
    return data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
           (uint32_t)data[3] << 24;
}

uint32_t ref_hash(const uint8_t *data, size_t size)
{
    const uint32_t p1 = 2654435761u, p2 = 2246822519u, p3 = 3266489917u,
                   p4 = 668265263u, p5 = 374761393u;
    uint32_t lane[4] = {p1 + p2, p2, 0, 0 - p1};
    uint32_t hash = p5;
    size_t at = 0;

    for (; size - at >= 16; at += 16) {
        for (unsigned i = 0; i < 4; i++) {
            lane[i] += word_at(data + at + (size_t)4 * i) * p2;
            lane[i] = rotate(lane[i], 13) * p1;
        }
    }
    if (size >= 16) {
        hash = rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) +
               rotate(lane[3], 18);
    }
    hash += (uint32_t)size;
    for (; size - at >= 4; at += 4) {
        hash = rotate(hash + word_at(data + at) * p3, 17) * p4;
    }
    for (; at < size; at++) {
        hash = rotate(hash + data[at] * p5, 11) * p1;
    }
    hash = (hash ^ hash >> 15) * p2;
    hash = (hash ^ hash >> 13) * p3;
    return hash ^ hash >> 16;
}
