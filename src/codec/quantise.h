/*
 * quantise.h - numbers to indices and back, as docs/format.md says.
 *
 * The step quantiser: index = round(x / step), ties to even, computed as x
 * times the reciprocal of the step, in f32. The range quantiser: the nearest
 * of 2^bits levels from lo to hi, what is outside clipped. All paths, SIMD or
 * not, give the same indices.
 *
 * Encoders call these on runs of some thousand elements, so that the indices
 * stay in the first-level cache.
 */
#ifndef CLV_QUANTISE_H
#define CLV_QUANTISE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/processor.h"

/* The least and the greatest index of a tensor. */
struct clv_extent {
    int32_t least;
    int32_t greatest;
};

/*
 * Indices of `count` f32. Returns 0, and means nothing by `indices`, if one
 * is not finite or its index is not within -32767 and 32767, and for a step
 * that is not above 0 or whose reciprocal is not a normal number. Widens
 * `extent` (begin with {INT32_MAX, INT32_MIN}).
 */
int clv_quantise_step(enum clv_path path, const float *values, size_t count,
                      float step, int16_t *indices, struct clv_extent *extent);

/* The same over a range; lo < hi. Returns 0 only for NaN and infinity. */
int clv_quantise_range(enum clv_path path, const float *values, size_t count,
                       float lo, float hi, unsigned bits, int16_t *indices,
                       struct clv_extent *extent);

/* (float)index * step. */
void clv_dequantise_step(enum clv_path path, const int16_t *indices,
                         size_t count, float step, float *values);

/* lo + index * (hi - lo) / (2^bits - 1), in f64, rounded to f32. Indices must
   be from 0 to 2^bits - 1. */
void clv_dequantise_range(enum clv_path path, const int16_t *indices,
                          size_t count, float lo, float hi, unsigned bits,
                          float *values);

/* Least and greatest of `count` f32; returns 0 if one is not finite. */
int clv_values_extent(enum clv_path path, const float *values, size_t count,
                      float *ret_lo, float *ret_hi);

#endif
