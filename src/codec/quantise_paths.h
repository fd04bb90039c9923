/*
 * quantise_paths.h - what the vector paths of quantise.c must offer.
 *
 * Each kernel does as many elements as fill its vectors, from the first on,
 * and returns how many those are; quantise.c does the rest. Kernels widen
 * `extent` and refuse nothing: what has no index is put as INT16_MIN, which
 * shows as extent->least, and an index too great as 32767, which shows as
 * extent->greatest. Internal to quantise*.c.
 */
#ifndef CLV_QUANTISE_PATHS_H
#define CLV_QUANTISE_PATHS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/quantise.h"

/* The range quantiser, made ready for a run. */
struct clv_range {
    float lo, hi;
    float scale; /* levels - 1 for each unit */
};

/* The least and greatest of floats as integers of the same order. */
struct clv_order {
    int32_t least;
    int32_t greatest;
};

/* What the indices of a range mean; `mask` keeps any index inside. At least
   16 values are there. */
struct clv_levels {
    float values[256];
    uint16_t mask;
};

#define CLV_QUANTISE_PATH(path)                                             \
    size_t clv_quantise_step_##path(const float *values, size_t count,      \
                                    float reciprocal, int16_t *indices,     \
                                    struct clv_extent *extent);             \
    size_t clv_quantise_range_##path(                                       \
        const float *values, size_t count, const struct clv_range *range,   \
        int16_t *indices, struct clv_extent *extent);                       \
    size_t clv_dequantise_step_##path(const int16_t *indices, size_t count, \
                                      float step, float *values);           \
    size_t clv_values_order_##path(const float *values, size_t count,       \
                                   struct clv_order *order);

#if defined(__x86_64__)
CLV_QUANTISE_PATH(avx2)
CLV_QUANTISE_PATH(avx512)
size_t clv_dequantise_range_avx2(const int16_t *indices, size_t count,
                                 const struct clv_levels *levels,
                                 float *values);
size_t clv_dequantise_range_avx512(const int16_t *indices, size_t count,
                                   const struct clv_levels *levels,
                                   float *values);
#endif
#if defined(__aarch64__)
CLV_QUANTISE_PATH(neon)
#endif

#endif
