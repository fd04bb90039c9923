/*
 * ref_lz.c - the payload lz: bit planes, as they are or in one LZ4 block.
 *
 * A block is a row of sequences: some bytes as they are, then a copy of
 * what came `offset` bytes before. Its last sequence has only the former.
 */
#include <string.h>

#include "ref.h"

/* A length whose first part was 15 goes on in bytes, until one is not 255. */
static size_t length_read(struct ref_reader *in, unsigned first)
{
    size_t length = first;
    unsigned byte = first == 15 ? 255 : 0;

    while (byte == 255) {
        byte = ref_u8(in);
        length += byte;
    }
    return length;
}

/* LZ4's rules: the last match starts 12 bytes and ends 5 before the end. */
static size_t match_copy(struct ref_reader *in, unsigned first, uint8_t *out,
                         size_t size, size_t at)
{
    size_t offset = ref_u16(in);
    size_t length = length_read(in, first) + 4;

    if (offset == 0 || offset > at) {
        ref_refuse(in, "an LZ4 match begins before the block");
    }
    if (size - at < 12 || length > size - at - 5) {
        ref_refuse(in, "an LZ4 match comes too near to the block's end");
    }
    for (size_t i = 0; i < length; i++) {
        out[at + i] = out[at + i - offset];
    }
    return at + length;
}

static void block_decode(struct ref_reader *in, uint8_t *out, size_t size)
{
    size_t at = 0;

    for (;;) {
        unsigned token = ref_u8(in);
        size_t literals = length_read(in, token >> 4);
        const uint8_t *from = ref_bytes(in, literals);

        if (literals > size - at) {
            ref_refuse(in, "an LZ4 block is longer than its planes");
        }
        if (literals > 0) {
            memcpy(out + at, from, literals);
        }
        at += literals;
        if (ref_left(in) == 0) {
            break;
        }
        at = match_copy(in, token & 15, out, size, at);
    }
    if (at != size) {
        ref_refuse(in, "an LZ4 block is shorter than its planes");
    }
}

/* Bit k of element j is bit j mod 8 of byte j / 8 of plane k. */
static void planes_read(struct ref_reader *in, const uint8_t *planes,
                        unsigned width, uint64_t elements, uint16_t *symbols)
{
    size_t stride = (size_t)(elements + 7) / 8;

    for (unsigned k = 0; k < width; k++) {
        const uint8_t *plane = planes + k * stride;

        for (size_t j = 0; j < elements; j++) {
            unsigned bit = plane[j / 8] >> (j % 8) & 1;

            symbols[j] = (uint16_t)(symbols[j] | bit << k);
        }
        if (elements % 8 != 0 && plane[stride - 1] >> (elements % 8) != 0) {
            ref_refuse(in, "an unused bit of a plane is not zero");
        }
    }
}

void ref_lz_decode(struct ref_reader *in, uint64_t elements, uint16_t *symbols)
{
    unsigned first = ref_u8(in);
    unsigned width = first & 127;
    size_t size = width * (size_t)((elements + 7) / 8);
    uint8_t *planes = NULL;

    if (width > 16) {
        ref_refuse(in, "there are more than 16 planes");
    }
    if (first == 128) {
        ref_refuse(in, "no planes, but stored ones");
    }
    planes = ref_take(in, size, 1);
    if (width > 0 && first >= 128) {
        memcpy(planes, ref_bytes(in, size), size);
    } else if (width > 0 && ref_left(in) >= size) {
        ref_refuse(in, "an LZ4 block is not shorter than its planes");
    } else if (width > 0) {
        block_decode(in, planes, size);
    }
    planes_read(in, planes, width, elements, symbols);
}
