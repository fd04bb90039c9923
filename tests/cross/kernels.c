/*
 * kernels.c - what the packing kernels make of seeded inputs, as text.
 *
 * One line for each case: sizes, and hashes of indices, payloads and numbers.
 * Run on two machines, or on two paths of one, it must print the same. It
 * needs no library of others, so that a cross compiler alone builds it; the
 * kernels that are not in it (lz, frames, calibration files) are made of
 * LZ4 and xxHash.
 *
 *     kernels portable      the reference
 *     kernels best          what this processor has
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "codec/dense.h"
#include "codec/planes.h"
#include "codec/processor.h"
#include "codec/quantise.h"
#include "codec/shuffle.h"

#define MOST 20000

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

/* FNV-1a. */
static uint64_t hash_of(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211u;
    }
    return hash;
}

static float make_value(uint32_t kind)
{
    float x = (float)random_below(1u << 20) / 65536.0f;

    if (kind == 0) { /* sparse */
        x = random_below(5) == 0 ? x * x / 16 : 0;
    } else if (kind == 1) { /* ties of the step 0.5 */
        x = (float)random_below(64) * 0.25f;
    }
    return random_below(3) == 0 ? -x : x;
}

static void fail(const char *what)
{
    fprintf(stderr, "kernels: %s failed\n", what);
    exit(1);
}

static void show_fast(enum clv_path path, const int16_t *indices, size_t count,
                      int is_signed, struct clv_buffer *payload)
{
    int16_t *back = calloc(count + 1, sizeof *back);
    clv_bytes bytes;

    clv_buffer_reset(payload);
    if (back == NULL || clv_fast_encode(path, indices, count, is_signed,
                                        payload) != CLEAVE_OK) {
        fail("encoding fast");
    }
    bytes = clv_buffer_bytes(payload);
    printf(" fast %zu %016" PRIx64, bytes.size,
           hash_of(bytes.data, bytes.size));
    if (clv_fast_decode(path, &bytes, count, is_signed, back) != CLEAVE_OK ||
        memcmp(back, indices, count * sizeof *back) != 0) {
        fail("decoding fast");
    }
    free(back);
}

static void show_dense(enum clv_path path, const int16_t *indices,
                       const cleave_tensor_info *info, size_t count,
                       int is_signed, struct clv_buffer *payload)
{
    int16_t *back = calloc(count + 1, sizeof *back);
    struct clv_dense *dense = clv_dense_new(path);

    clv_buffer_reset(payload);
    if (back == NULL || dense == NULL ||
        clv_dense_encode(dense, indices, info, is_signed, NULL, payload) !=
            CLEAVE_OK) {
        fail("encoding dense");
    }
    printf(" dense %zu %016" PRIx64, payload->size,
           hash_of(payload->data, payload->size));
    if (clv_dense_decode(dense, clv_buffer_bytes(payload), info, is_signed,
                         NULL, back) != CLEAVE_OK ||
        memcmp(back, indices, count * sizeof *back) != 0) {
        fail("decoding dense");
    }
    clv_dense_free(dense);
    free(back);
}

/* Planes there and back. */
static void show_planes(enum clv_path path, const int16_t *indices,
                        size_t count, int is_signed)
{
    unsigned bits = clv_shuffle_bits(path, indices, count, is_signed);
    unsigned width = bits == 0 ? 0 : 32 - (unsigned)__builtin_clz(bits);
    size_t size = width * clv_plane_bytes(count);
    uint8_t *planes = calloc(size + 1, 1);
    int16_t *back = calloc(count + 1, sizeof *back);

    if (planes == NULL || back == NULL) {
        fail("memory");
    }
    clv_shuffle(path, indices, count, is_signed, width, planes);
    printf(" planes %u %016" PRIx64, width, hash_of(planes, size));
    if (!clv_unshuffle(path, planes, count, is_signed, width, back) ||
        memcmp(back, indices, count * sizeof *back) != 0) {
        fail("unshuffling");
    }
    free(planes);
    free(back);
}

static void show(enum clv_path path, const float *values, size_t count,
                 const cleave_tensor_info *info, struct clv_buffer *payload)
{
    int16_t *indices = calloc(count + 1, sizeof *indices);
    float *numbers = calloc(count + 1, sizeof *numbers);
    struct clv_extent extent = {INT32_MAX, INT32_MIN};
    struct clv_extent levels = {INT32_MAX, INT32_MIN};
    float step = 0.03f + (float)random_below(100) / 64.0f;
    int ok = clv_quantise_step(path, values, count, step, indices, &extent);
    int is_signed = extent.least < 0;

    clv_dequantise_step(path, indices, count, step, numbers);
    printf("%zu ok %d from %d to %d indices %016" PRIx64 " numbers %016" PRIx64,
           count, ok, extent.least, extent.greatest,
           hash_of(indices, count * sizeof *indices),
           hash_of(numbers, count * sizeof *numbers));
    show_planes(path, indices, count, is_signed);
    show_fast(path, indices, count, is_signed, payload);
    show_dense(path, indices, info, count, is_signed, payload);
    ok = clv_quantise_range(path, values, count, -3.5f, 9.0f, 5, indices,
                            &levels);
    clv_dequantise_range(path, indices, count, -3.5f, 9.0f, 5, numbers);
    printf(" range %d %016" PRIx64 " %016" PRIx64 "\n", ok,
           hash_of(indices, count * sizeof *indices),
           hash_of(numbers, count * sizeof *numbers));
    free(indices);
    free(numbers);
}

int main(int argc, char **argv)
{
    int portable = argc > 1 && strcmp(argv[1], "portable") == 0;
    enum clv_path path = portable ? CLV_PATH_PORTABLE : clv_processor_best();
    float *values = malloc(MOST * sizeof *values);
    struct clv_buffer payload;

    if (values == NULL) {
        return 1;
    }
    clv_buffer_init(&payload, (size_t)1 << 24);
    for (int round = 0; round < 200; round++) {
        cleave_tensor_info info = {.type = CLEAVE_TYPE_F32,
                                   .rank = 3,
                                   .shape = {1 + random_below(40),
                                             1 + random_below(20),
                                             1 + random_below(25)}};
        size_t count = (size_t)(info.shape[0] * info.shape[1] * info.shape[2]);
        uint32_t kind = random_below(3);
        for (size_t i = 0; i < count; i++) {
            values[i] = make_value(kind);
        }
        show(path, values, count, &info, &payload);
    }
    clv_buffer_fini(&payload);
    free(values);
    return 0;
}
