/*
 * huffman.c - how long a tensor would be, Huffman coded as JALAD does.
 *
 * The length of a Huffman code is the sum of the weights of all inner nodes
 * of its tree, so merging the two smallest again and again gives it without
 * any code. Symbols are few (256 at most), so the two smallest are looked for.
 */
#include "profile/huffman.h"

#include <string.h>

#include "base/fail.h"
#include "codec/quantise.h"

#define SYMBOLS_MAX 256
#define RUN 4096
#define TABLE_BITS 4

static size_t least_of(const uint64_t *weights, size_t count)
{
    size_t least = 0;

    for (size_t i = 1; i < count; i++) {
        least = weights[i] < weights[least] ? i : least;
    }
    return least;
}

static uint64_t take_least(uint64_t *weights, size_t *count)
{
    size_t at = least_of(weights, *count);
    uint64_t weight = weights[at];

    weights[at] = weights[--*count];
    return weight;
}

uint64_t clv_huffman_bits(const uint64_t *counts, size_t symbols)
{
    uint64_t weights[SYMBOLS_MAX];
    uint64_t bits = 0;
    size_t count = 0;

    for (size_t i = 0; i < symbols && i < SYMBOLS_MAX; i++) {
        if (counts[i] > 0) {
            weights[count++] = counts[i];
        }
    }
    if (count == 1) {
        return weights[0];
    }
    while (count > 1) {
        uint64_t pair = take_least(weights, &count);
        pair += take_least(weights, &count);
        weights[count++] = pair;
        bits += pair;
    }
    return bits;
}

static int find_range(const float *values, size_t count,
                      const struct clv_calibrated *known, float *lo, float *hi)
{
    if (known != NULL) {
        *lo = known->lo;
        *hi = known->hi;
        return 1;
    }
    return clv_values_extent(clv_processor_best(), values, count, lo, hi);
}

static int count_symbols(const float *values, size_t count, float lo, float hi,
                         unsigned bits, uint64_t counts[SYMBOLS_MAX])
{
    int16_t indices[RUN];
    struct clv_extent extent = {INT32_MAX, INT32_MIN};

    for (size_t at = 0; at < count; at += RUN) {
        size_t run = count - at < RUN ? count - at : RUN;
        if (!clv_quantise_range(clv_processor_best(), values + at, run, lo, hi,
                                bits, indices, &extent)) {
            return 0;
        }
        for (size_t i = 0; i < run; i++) {
            counts[indices[i] & (SYMBOLS_MAX - 1)]++;
        }
    }
    return 1;
}

cleave_status clv_huffman_bytes(const cleave_tensor *tensor,
                                const struct clv_calibrated *known,
                                unsigned bits, double *ret_bytes,
                                cleave_error *err)
{
    uint64_t counts[SYMBOLS_MAX] = {0};
    size_t count = tensor->bytes / sizeof(float);
    uint64_t total;
    float lo = 0;
    float hi = 0;

    if (tensor->info.type != CLEAVE_TYPE_F32 || bits < 2 || bits > 8) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, tensor->info.name,
                        "Only f32 is reckoned, at 2 to 8 bits.");
    }
    if (!find_range(tensor->data, count, known, &lo, &hi) ||
        (lo < hi &&
         !count_symbols(tensor->data, count, lo, hi, bits, counts))) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, tensor->info.name,
                        "There are numbers in it that are not finite.");
    }
    total = clv_huffman_bits(counts, SYMBOLS_MAX) +
            (uint64_t)TABLE_BITS * (1u << bits);
    *ret_bytes = (double)((total + 7) / 8);
    return CLEAVE_OK;
}
