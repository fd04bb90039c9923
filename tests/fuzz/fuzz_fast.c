/*
 * fuzz_fast.c - any bytes as a payload of the coder fast, and as indices.
 *
 * The first byte is the sign, the next two the number of elements. All paths
 * must answer alike; what can be decoded and what is coded must come back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/planes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 2048

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static int16_t greater_than_any(const int16_t *indices, size_t count)
{
    int bits = 0;

    for (size_t i = 0; i < count; i++) {
        bits |= indices[i];
    }
    return (int16_t)bits;
}

/* Encodes on all paths alike, and decodes. */
static void encode(const int16_t *indices, size_t count, int is_signed)
{
    struct clv_buffer first;
    struct clv_buffer other;
    int16_t back[MOST];
    clv_bytes rest;

    clv_buffer_init(&first, 1 << 16);
    clv_buffer_init(&other, 1 << 16);
    must(clv_fast_encode(CLV_PATH_PORTABLE, indices, count, is_signed,
                         &first) == CLEAVE_OK);
    must(first.size <= 2 * count + 2 * (count / CLV_FAST_BLOCK + 1));
    must(clv_fast_encode(clv_processor_best(), indices, count, is_signed,
                         &other) == CLEAVE_OK);
    must(first.size == other.size &&
         (count == 0 || memcmp(first.data, other.data, first.size) == 0));
    rest = clv_buffer_bytes(&first);
    must(clv_fast_decode(clv_processor_best(), &rest, count, is_signed, back) ==
         CLEAVE_OK);
    must(rest.size == 0 && memcmp(back, indices, 2 * count) == 0);
    clv_buffer_fini(&first);
    clv_buffer_fini(&other);
}

static void decode(clv_bytes payload, size_t count, int is_signed)
{
    int16_t first[MOST];
    int16_t other[MOST];
    cleave_status want = CLEAVE_OK;
    size_t left = 0;

    for (int path = 0; path < CLV_PATH_COUNT; path++) {
        clv_bytes rest = payload;
        int16_t *indices = path == 0 ? first : other;
        cleave_status got;
        if (!clv_processor_has((enum clv_path)path)) {
            continue;
        }
        got = clv_fast_decode((enum clv_path)path, &rest, count, is_signed,
                              indices);
        if (path == 0) {
            want = got;
            left = rest.size;
        }
        must(got == want && rest.size == left);
        must(got != CLEAVE_OK || memcmp(indices, first, 2 * count) == 0);
    }
    if (want == CLEAVE_OK) {
        must(is_signed || greater_than_any(first, count) >= 0);
        encode(first, count, is_signed);
    }
}

/* Bytes as small indices, pairs as great ones. */
static void code(const uint8_t *data, size_t size, int is_signed, int wide)
{
    int16_t indices[MOST];
    size_t count = wide ? size / 2 : size;

    count = count < MOST ? count : MOST;
    for (size_t i = 0; i < count; i++) {
        int index = wide ? data[2 * i] | (data[2 * i + 1] & 0x7f) << 8
                         : data[i] >> (data[0] & 7);
        indices[i] = (int16_t)(is_signed && (i + data[i]) % 2 ? -index : index);
    }
    encode(indices, count, is_signed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;

    if (size < 3) {
        return 0;
    }
    count = (data[1] | (size_t)data[2] << 8) % (MOST + 1);
    decode((clv_bytes){data + 3, size - 3}, count, data[0] & 1);
    code(data + 3, size - 3, data[0] & 1, data[0] & 2);
    return 0;
}
