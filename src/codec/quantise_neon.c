/*
 * quantise_neon.c - quantise.c's kernels with NEON.
 *
 * NEON rounds to nearest even and saturates, as wanted, but makes 0 of a NaN;
 * so what is not a number is marked by hand. It has no gather: the levels of
 * a range are left to the portable path.
 */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "codec/quantise_paths.h"

static void widen(struct clv_extent *extent, int16x8_t least,
                  int16x8_t greatest)
{
    int16_t low = vminvq_s16(least);
    int16_t high = vmaxvq_s16(greatest);

    extent->least = low < extent->least ? low : extent->least;
    extent->greatest = high > extent->greatest ? high : extent->greatest;
}

/* The nearest integers; the least there is for NaN. */
static inline int32x4_t nearest(float32x4_t x)
{
    return vbslq_s32(vceqq_f32(x, x), vcvtnq_s32_f32(x),
                     vdupq_n_s32(INT32_MIN));
}

static inline int16x8_t narrow(int32x4_t first, int32x4_t second)
{
    return vcombine_s16(vqmovn_s32(first), vqmovn_s32(second));
}

size_t clv_quantise_step_neon(const float *values, size_t count,
                              float reciprocal, int16_t *indices,
                              struct clv_extent *extent)
{
    int16x8_t least = vdupq_n_s16(INT16_MAX);
    int16x8_t greatest = vdupq_n_s16(INT16_MIN);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        int16x8_t index =
            narrow(nearest(vmulq_n_f32(vld1q_f32(values + i), reciprocal)),
                   nearest(vmulq_n_f32(vld1q_f32(values + i + 4), reciprocal)));
        least = vminq_s16(least, index);
        greatest = vmaxq_s16(greatest, index);
        vst1q_s16(indices + i, index);
    }
    if (i > 0) {
        widen(extent, least, greatest);
    }
    return i;
}

/* The nearest level of each; the least integer for NaN and infinity. */
static inline int32x4_t level(float32x4_t x, const struct clv_range *range)
{
    float32x4_t lo = vdupq_n_f32(range->lo);
    float32x4_t inside =
        vminnmq_f32(vmaxnmq_f32(x, lo), vdupq_n_f32(range->hi));
    uint32x4_t finite = vcltq_f32(vabsq_f32(x), vdupq_n_f32(__builtin_inff()));
    int32x4_t index =
        vcvtnq_s32_f32(vmulq_n_f32(vsubq_f32(inside, lo), range->scale));

    return vbslq_s32(finite, index, vdupq_n_s32(INT32_MIN));
}

size_t clv_quantise_range_neon(const float *values, size_t count,
                               const struct clv_range *range, int16_t *indices,
                               struct clv_extent *extent)
{
    int16x8_t least = vdupq_n_s16(INT16_MAX);
    int16x8_t greatest = vdupq_n_s16(INT16_MIN);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        int16x8_t index = narrow(level(vld1q_f32(values + i), range),
                                 level(vld1q_f32(values + i + 4), range));
        least = vminq_s16(least, index);
        greatest = vmaxq_s16(greatest, index);
        vst1q_s16(indices + i, index);
    }
    if (i > 0) {
        widen(extent, least, greatest);
    }
    return i;
}

size_t clv_dequantise_step_neon(const int16_t *indices, size_t count,
                                float step, float *values)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        int16x8_t index = vld1q_s16(indices + i);
        float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(index)));
        float32x4_t high = vcvtq_f32_s32(vmovl_s16(vget_high_s16(index)));
        vst1q_f32(values + i, vmulq_n_f32(low, step));
        vst1q_f32(values + i + 4, vmulq_n_f32(high, step));
    }
    return i;
}

size_t clv_dequantise_range_neon(const int16_t *indices, size_t count,
                                 const struct clv_levels *levels, float *values)
{
    (void)indices;
    (void)count;
    (void)levels;
    (void)values;
    return 0;
}

size_t clv_values_order_neon(const float *values, size_t count,
                             struct clv_order *order)
{
    int32x4_t least = vdupq_n_s32(INT32_MAX);
    int32x4_t greatest = vdupq_n_s32(INT32_MIN);
    size_t i = 0;

    for (; i + 4 <= count; i += 4) {
        int32x4_t bits = vreinterpretq_s32_f32(vld1q_f32(values + i));
        int32x4_t turned =
            vandq_s32(vshrq_n_s32(bits, 31), vdupq_n_s32(INT32_MAX));
        int32x4_t x = veorq_s32(bits, turned);
        least = vminq_s32(least, x);
        greatest = vmaxq_s32(greatest, x);
    }
    if (i > 0) {
        int32_t low = vminvq_s32(least);
        int32_t high = vmaxvq_s32(greatest);
        order->least = low < order->least ? low : order->least;
        order->greatest = high > order->greatest ? high : order->greatest;
    }
    return i;
}
#endif
