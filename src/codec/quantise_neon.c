/*
 * quantise_neon.c - quantise.c's kernels with NEON.
 *
 * The conversion rounds to nearest even and saturates, as the narrowing to 16
 * bits does: what is too great stands at 32767, what is too low at -32768. Only
 * a NaN becomes 0, so NaNs are looked for apart. The levels of a range are
 * looked up the portable way.
 */
#if defined(__aarch64__)
#include "codec/quantise_paths.h"

#include <arm_neon.h>

static void widen_neon(struct clv_extent *extent, int16x8_t least,
                       int16x8_t greatest)
{
    int16_t low = vminvq_s16(least);
    int16_t high = vmaxvq_s16(greatest);

    extent->least = low < extent->least ? low : extent->least;
    extent->greatest = high > extent->greatest ? high : extent->greatest;
}

static int16x8_t indices_neon(float32x4_t first, float32x4_t second)
{
    return vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(first)),
                        vqmovn_s32(vcvtnq_s32_f32(second)));
}

size_t clv_quantise_step_neon(const float *values, size_t count,
                              float reciprocal, int16_t *indices,
                              struct clv_extent *extent)
{
    int16x8_t least = vdupq_n_s16(INT16_MAX);
    int16x8_t greatest = vdupq_n_s16(INT16_MIN);
    uint32x4_t numbers = vdupq_n_u32(UINT32_MAX);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        float32x4_t a = vld1q_f32(values + i);
        float32x4_t b = vld1q_f32(values + i + 4);
        int16x8_t index = indices_neon(vmulq_n_f32(a, reciprocal),
                                       vmulq_n_f32(b, reciprocal));
        numbers = vandq_u32(numbers, vceqq_f32(a, a));
        numbers = vandq_u32(numbers, vceqq_f32(b, b));
        least = vminq_s16(least, index);
        greatest = vmaxq_s16(greatest, index);
        vst1q_s16(indices + i, index);
    }
    if (vminvq_u32(numbers) == 0) {
        least = vdupq_n_s16(INT16_MIN);
    }
    if (i > 0) {
        widen_neon(extent, least, greatest);
    }
    return i;
}

static float32x4_t scaled_neon(float32x4_t x, const struct clv_range *range)
{
    float32x4_t lo = vdupq_n_f32(range->lo);

    x = vminq_f32(vmaxq_f32(x, lo), vdupq_n_f32(range->hi));
    return vmulq_n_f32(vsubq_f32(x, lo), range->scale);
}

static uint32x4_t magnitude_neon(float32x4_t x)
{
    return vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x7fffffff));
}

size_t clv_quantise_range_neon(const float *values, size_t count,
                               const struct clv_range *range, int16_t *indices,
                               struct clv_extent *extent)
{
    int16x8_t least = vdupq_n_s16(INT16_MAX);
    int16x8_t greatest = vdupq_n_s16(INT16_MIN);
    uint32x4_t infinite = vdupq_n_u32(0);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        float32x4_t a = vld1q_f32(values + i);
        float32x4_t b = vld1q_f32(values + i + 4);
        int16x8_t index =
            indices_neon(scaled_neon(a, range), scaled_neon(b, range));
        infinite = vmaxq_u32(infinite, magnitude_neon(a));
        infinite = vmaxq_u32(infinite, magnitude_neon(b));
        least = vminq_s16(least, index);
        greatest = vmaxq_s16(greatest, index);
        vst1q_s16(indices + i, index);
    }
    if (vmaxvq_u32(infinite) > 0x7f7fffff) {
        least = vdupq_n_s16(INT16_MIN);
    }
    if (i > 0) {
        widen_neon(extent, least, greatest);
    }
    return i;
}

size_t clv_dequantise_step_neon(const int16_t *indices, size_t count,
                                float step, float *values)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        int16x8_t index = vld1q_s16(indices + i);
        float32x4_t a = vcvtq_f32_s32(vmovl_s16(vget_low_s16(index)));
        float32x4_t b = vcvtq_f32_s32(vmovl_s16(vget_high_s16(index)));
        vst1q_f32(values + i, vmulq_n_f32(a, step));
        vst1q_f32(values + i + 4, vmulq_n_f32(b, step));
    }
    return i;
}

size_t clv_values_order_neon(const float *values, size_t count,
                             struct clv_order *order)
{
    int32x4_t least = vdupq_n_s32(INT32_MAX);
    int32x4_t greatest = vdupq_n_s32(INT32_MIN);
    size_t i = 0;

    for (; i + 4 <= count; i += 4) {
        int32x4_t bits = vreinterpretq_s32_f32(vld1q_f32(values + i));
        uint32x4_t sign = vreinterpretq_u32_s32(vshrq_n_s32(bits, 31));
        int32x4_t x =
            veorq_s32(bits, vreinterpretq_s32_u32(vshrq_n_u32(sign, 1)));
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
