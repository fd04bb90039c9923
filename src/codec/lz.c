/*
 * lz.c - DynO's coder: bit planes of the whole tensor, then LZ4.
 *
 * The published baseline, kept as it was and made as fast as its parts allow,
 * so that a comparison with it is an honest one. Planes that LZ4 cannot
 * shorten are stored. There is no model and no choice here; fast.c and the
 * dense coder are what came of asking for more.
 */
#include "codec/planes.h"
#include "codec/shuffle.h"

#include <limits.h>
#include <lz4.h>

#define STORED 0x80

static unsigned width_of(unsigned symbols)
{
    unsigned width = 0;

    while (symbols >> width != 0) {
        width++;
    }
    return width;
}

/* Appends the planes as one LZ4 block, or as they are if that is not more. */
static cleave_status append_planes(const struct clv_buffer *planes,
                                   unsigned width, struct clv_buffer *into)
{
    uint8_t *head;
    int packed = 0;
    cleave_status status = clv_buffer_reserve(into, 1 + planes->size);

    if (status != CLEAVE_OK) {
        return status;
    }
    head = into->data + into->size;
    if (planes->size > 1 && planes->size <= LZ4_MAX_INPUT_SIZE) {
        packed =
            LZ4_compress_default((const char *)planes->data, (char *)head + 1,
                                 (int)planes->size, (int)planes->size - 1);
    }
    if (packed > 0) {
        *head = (uint8_t)width;
        into->size += 1 + (size_t)packed;
        return CLEAVE_OK;
    }
    *head = (uint8_t)(width | (width > 0 ? STORED : 0));
    into->size++;
    return clv_buffer_append(into, planes->data, planes->size);
}

cleave_status clv_lz_encode(enum clv_path path, const int16_t *indices,
                            size_t count, int is_signed,
                            struct clv_buffer *scratch, struct clv_buffer *into)
{
    cleave_status status;
    unsigned width;

    if (count == 0) {
        return CLEAVE_OK;
    }
    width = width_of(clv_shuffle_bits(path, indices, count, is_signed));
    clv_buffer_reset(scratch);
    status = clv_buffer_reserve(scratch, width * clv_plane_bytes(count));
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_shuffle(path, indices, count, is_signed, width, scratch->data);
    scratch->size = width * clv_plane_bytes(count);
    return append_planes(scratch, width, into);
}

/* The rest of a length whose four bits are all set. */
static size_t more_length(clv_bytes block, size_t *at, size_t length)
{
    uint8_t byte = 255;

    while (length >= 15 && byte == 255 && *at < block.size) {
        byte = block.data[(*at)++];
        length += byte;
    }
    return length;
}

/*
 * An offset of 0 would copy what stood in the destination before, which may
 * be another peer's; liblz4 lets it pass. The block is whole otherwise.
 */
static int offsets_are_real(clv_bytes block)
{
    size_t at = 0;

    while (at < block.size) {
        uint8_t token = block.data[at++];
        size_t literals = more_length(block, &at, token >> 4);
        at += literals;
        if (at >= block.size) {
            return at == block.size; /* the last sequence is only literals */
        }
        if (block.size - at < 2 ||
            (block.data[at] == 0 && block.data[at + 1] == 0)) {
            return 0;
        }
        at += 2;
        more_length(block, &at, token & 15);
    }
    return 0;
}

/* Finds the planes: in the payload, or behind LZ4. */
static cleave_status open_planes(clv_bytes packed, int stored, size_t size,
                                 struct clv_buffer *scratch,
                                 const uint8_t **ret_planes)
{
    cleave_status status;

    if (stored || size == 0) {
        *ret_planes = packed.data;
        return packed.size == size ? CLEAVE_OK : CLEAVE_CORRUPT;
    }
    if (size > LZ4_MAX_INPUT_SIZE || packed.size >= size) {
        return CLEAVE_CORRUPT;
    }
    clv_buffer_reset(scratch);
    status = clv_buffer_reserve(scratch, size);
    if (status != CLEAVE_OK) {
        return status;
    }
    if (LZ4_decompress_safe((const char *)packed.data, (char *)scratch->data,
                            (int)packed.size, (int)size) != (int)size ||
        !offsets_are_real(packed)) {
        return CLEAVE_CORRUPT;
    }
    *ret_planes = scratch->data;
    return CLEAVE_OK;
}

cleave_status clv_lz_decode(enum clv_path path, clv_bytes payload, size_t count,
                            int is_signed, struct clv_buffer *scratch,
                            int16_t *indices)
{
    const uint8_t *planes = NULL;
    cleave_status status;
    unsigned width;
    int stored;

    if (count == 0) {
        return payload.size == 0 ? CLEAVE_OK : CLEAVE_CORRUPT;
    }
    if (payload.size == 0) {
        return CLEAVE_CORRUPT;
    }
    width = payload.data[0] & 0x7fu;
    stored = (payload.data[0] & STORED) != 0;
    if (width > CLV_SHUFFLE_WIDTH_MAX || (width == 0 && stored)) {
        return CLEAVE_CORRUPT;
    }
    status =
        open_planes((clv_bytes){payload.data + 1, payload.size - 1}, stored,
                    width * clv_plane_bytes(count), scratch, &planes);
    if (status == CLEAVE_OK &&
        !clv_unshuffle(path, planes, count, is_signed, width, indices)) {
        status = CLEAVE_CORRUPT;
    }
    return status;
}
