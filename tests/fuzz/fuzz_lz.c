/*
 * fuzz_lz.c - any bytes as a payload of the coder lz, and as indices.
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

/* Encodes on all paths alike, and decodes. */
static void encode(const int16_t *indices, size_t count, int is_signed,
                   struct clv_buffer *scratch)
{
    struct clv_buffer first;
    struct clv_buffer other;
    int16_t back[MOST];

    clv_buffer_init(&first, 1 << 16);
    clv_buffer_init(&other, 1 << 16);
    must(clv_lz_encode(CLV_PATH_PORTABLE, indices, count, is_signed, scratch,
                       &first) == CLEAVE_OK);
    must(first.size <= 2 * (count + 7) + 1);
    must(clv_lz_encode(clv_processor_best(), indices, count, is_signed, scratch,
                       &other) == CLEAVE_OK);
    must(first.size == other.size &&
         (count == 0 || memcmp(first.data, other.data, first.size) == 0));
    must(clv_lz_decode(clv_processor_best(), clv_buffer_bytes(&first), count,
                       is_signed, scratch, back) == CLEAVE_OK);
    must(memcmp(back, indices, 2 * count) == 0);
    clv_buffer_fini(&first);
    clv_buffer_fini(&other);
}

static void decode(clv_bytes payload, size_t count, int is_signed,
                   struct clv_buffer *scratch)
{
    int16_t first[MOST];
    int16_t other[MOST];
    cleave_status want = CLEAVE_OK;

    for (int path = 0; path < CLV_PATH_COUNT; path++) {
        int16_t *indices = path == 0 ? first : other;
        cleave_status got;
        if (!clv_processor_has((enum clv_path)path)) {
            continue;
        }
        got = clv_lz_decode((enum clv_path)path, payload, count, is_signed,
                            scratch, indices);
        want = path == 0 ? got : want;
        must(got == want);
        must(got != CLEAVE_OK || memcmp(indices, first, 2 * count) == 0);
    }
    if (want == CLEAVE_OK) {
        encode(first, count, is_signed, scratch);
    }
}

static void code(const uint8_t *data, size_t size, int is_signed,
                 struct clv_buffer *scratch)
{
    int16_t indices[MOST];
    size_t count = size < MOST ? size : MOST;

    for (size_t i = 0; i < count; i++) {
        int index = data[i] << (data[0] & 7);
        indices[i] = (int16_t)(is_signed && (i + data[i]) % 2 ? -index : index);
    }
    encode(indices, count, is_signed, scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_buffer scratch;
    size_t count;

    if (size < 3) {
        return 0;
    }
    clv_buffer_init(&scratch, 1 << 16);
    count = (data[1] | (size_t)data[2] << 8) % (MOST + 1);
    decode((clv_bytes){data + 3, size - 3}, count, data[0] & 1, &scratch);
    code(data + 3, size - 3, data[0] & 1, &scratch);
    clv_buffer_fini(&scratch);
    return 0;
}
