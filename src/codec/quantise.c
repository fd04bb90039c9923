/*
 * quantise.c - numbers to indices and back.
 *
 * The plain C below is the reference. It rounds on the bits of the product,
 * in integers: no rounding mode and no compiler that fuses a multiplication
 * with an addition can change the result, and there is no branch for each
 * element. The vector paths (quantise_*.c) do the bulk where there are some.
 *
 * What cannot be quantised is not looked for while quantising. It leaves its
 * trace in the extent, which is looked at once, at the end.
 *
 * A step whose reciprocal is not a normal number is refused: there the
 * product would mean nothing, or depend on how the thread treats denormals.
 */
#include "codec/quantise.h"
#include "codec/quantise_paths.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define INDEX_MAX 32767

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * The nearest integer, ties to even; INT32_MIN for what is not below 2^16 in
 * magnitude, NaN included. The mantissa, with its hidden bit, is shifted right
 * until its unit is 1; 25 places leave nothing of it.
 */
static int32_t nearest(float x)
{
    uint32_t bits = bits_of(x);
    uint32_t exponent = (bits >> 23) & 0xff;
    uint32_t mantissa = (bits & 0x7fffff) | 0x800000;
    uint32_t shift = exponent > 142 ? 7 : 150 - exponent;
    int32_t magnitude;

    shift = shift > 25 ? 25 : shift;
    mantissa += (1u << (shift - 1)) - 1 + ((mantissa >> shift) & 1);
    magnitude = (int32_t)(mantissa >> shift);
    magnitude = (bits >> 31) != 0 ? -magnitude : magnitude;
    return exponent > 142 ? INT32_MIN : magnitude;
}

static void widen(struct clv_extent *extent, int32_t least, int32_t greatest)
{
    extent->least = least < extent->least ? least : extent->least;
    extent->greatest =
        greatest > extent->greatest ? greatest : extent->greatest;
}

static void step_portable(const float *values, size_t count, float reciprocal,
                          int16_t *indices, struct clv_extent *extent)
{
    struct clv_extent local = *extent;

    for (size_t i = 0; i < count; i++) {
        int32_t index = nearest(values[i] * reciprocal);
        widen(&local, index, index);
        indices[i] = (int16_t)index;
    }
    *extent = local;
}

static size_t step_path(enum clv_path path, const float *values, size_t count,
                        float reciprocal, int16_t *indices,
                        struct clv_extent *extent)
{
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        return clv_quantise_step_avx512(values, count, reciprocal, indices,
                                        extent);
    case CLV_PATH_AVX2:
        return clv_quantise_step_avx2(values, count, reciprocal, indices,
                                      extent);
#endif
#if defined(__aarch64__)
    case CLV_PATH_NEON:
        return clv_quantise_step_neon(values, count, reciprocal, indices,
                                      extent);
#endif
    default:
        return 0;
    }
}

int clv_quantise_step(enum clv_path path, const float *values, size_t count,
                      float step, int16_t *indices, struct clv_extent *extent)
{
    const struct clv_extent none = {INT32_MAX, INT32_MIN};
    struct clv_extent local = none;
    float reciprocal = 1.0f / step;
    size_t done;

    if (!isnormal(step) || !isnormal(reciprocal) || step < 0) {
        return 0;
    }
    done = step_path(path, values, count, reciprocal, indices, &local);
    if (local.greatest >= INDEX_MAX) { /* cut off there, or just there */
        local = none;
        done = 0;
    }
    step_portable(values + done, count - done, reciprocal, indices + done,
                  &local);
    if (local.least < -INDEX_MAX || local.greatest > INDEX_MAX) {
        return 0;
    }
    widen(extent, local.least, local.greatest);
    return 1;
}

/* True if x is neither NaN nor infinity. */
static int finite_bits(float x)
{
    return (bits_of(x) & 0x7fffffff) < 0x7f800000;
}

static float clipped(float x, float lo, float hi)
{
    x = x > lo ? x : lo;
    return x < hi ? x : hi;
}

static void range_portable(const float *values, size_t count,
                           const struct clv_range *range, int16_t *indices,
                           struct clv_extent *extent)
{
    struct clv_extent local = *extent;

    for (size_t i = 0; i < count; i++) {
        float x = clipped(values[i], range->lo, range->hi) - range->lo;
        int32_t index = nearest(x * range->scale);
        widen(&local, finite_bits(values[i]) ? index : INT16_MIN, index);
        indices[i] = (int16_t)index;
    }
    *extent = local;
}

/* The same in f64, for ranges whose width or scale f32 cannot hold. */
static void range_extreme(const float *values, size_t count, float lo, float hi,
                          unsigned levels, int16_t *indices,
                          struct clv_extent *extent)
{
    struct clv_extent local = *extent;
    double width = (double)hi - (double)lo;

    for (size_t i = 0; i < count; i++) {
        double x = (double)clipped(values[i], lo, hi) - (double)lo;
        int32_t index =
            width > 0 ? (int32_t)(x * (levels - 1) / width + 0.5) : 0;
        widen(&local, finite_bits(values[i]) ? index : INT16_MIN, index);
        indices[i] = (int16_t)index;
    }
    *extent = local;
}

static size_t range_path(enum clv_path path, const float *values, size_t count,
                         const struct clv_range *range, int16_t *indices,
                         struct clv_extent *extent)
{
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        return clv_quantise_range_avx512(values, count, range, indices, extent);
    case CLV_PATH_AVX2:
        return clv_quantise_range_avx2(values, count, range, indices, extent);
#endif
#if defined(__aarch64__)
    case CLV_PATH_NEON:
        return clv_quantise_range_neon(values, count, range, indices, extent);
#endif
    default:
        return 0;
    }
}

int clv_quantise_range(enum clv_path path, const float *values, size_t count,
                       float lo, float hi, unsigned bits, int16_t *indices,
                       struct clv_extent *extent)
{
    struct clv_extent local = {INT32_MAX, INT32_MIN};
    unsigned levels = 1u << bits;
    double width = (double)hi - (double)lo;
    struct clv_range range = {lo, hi, (float)((levels - 1) / width)};
    size_t done = 0;

    if (width > 0x1p-100 && width < 0x1p100) {
        done = range_path(path, values, count, &range, indices, &local);
        range_portable(values + done, count - done, &range, indices + done,
                       &local);
    } else {
        range_extreme(values, count, lo, hi, levels, indices, &local);
    }
    if (local.least < 0) {
        return 0;
    }
    widen(extent, local.least, local.greatest);
    return 1;
}

void clv_dequantise_step(enum clv_path path, const int16_t *indices,
                         size_t count, float step, float *values)
{
    size_t i = 0;

    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        i = clv_dequantise_step_avx512(indices, count, step, values);
        break;
    case CLV_PATH_AVX2:
        i = clv_dequantise_step_avx2(indices, count, step, values);
        break;
#endif
#if defined(__aarch64__)
    case CLV_PATH_NEON:
        i = clv_dequantise_step_neon(indices, count, step, values);
        break;
#endif
    default:
        break;
    }
    for (; i < count; i++) {
        values[i] = (float)indices[i] * step;
    }
}

static void levels_init(struct clv_levels *levels, float lo, float hi,
                        unsigned bits)
{
    unsigned last = (1u << bits) - 1;

    for (unsigned i = 0; i <= last || i < 16; i++) {
        double up = (double)i * ((double)hi - (double)lo) / (double)last;
        levels->values[i] = (float)((double)lo + up);
    }
    levels->mask = (uint16_t)last;
}

void clv_dequantise_range(enum clv_path path, const int16_t *indices,
                          size_t count, float lo, float hi, unsigned bits,
                          float *values)
{
    struct clv_levels levels;
    size_t i = 0;

    levels_init(&levels, lo, hi, bits);
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        i = clv_dequantise_range_avx512(indices, count, &levels, values);
        break;
    case CLV_PATH_AVX2:
        i = clv_dequantise_range_avx2(indices, count, &levels, values);
        break;
#endif
    default:
        break;
    }
    for (; i < count; i++) {
        values[i] = levels.values[(uint16_t)indices[i] & levels.mask];
    }
}

/*
 * As integers, floats of either sign ascend if the magnitude of the negative
 * ones is turned round; infinities and NaNs come to stand at both ends. The
 * same turns back.
 */
static int32_t ordered(uint32_t bits)
{
    return (int32_t)(bits ^ ((bits >> 31) != 0 ? 0x7fffffffu : 0));
}

static size_t order_path(enum clv_path path, const float *values, size_t count,
                         struct clv_order *order)
{
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        return clv_values_order_avx512(values, count, order);
    case CLV_PATH_AVX2:
        return clv_values_order_avx2(values, count, order);
#endif
#if defined(__aarch64__)
    case CLV_PATH_NEON:
        return clv_values_order_neon(values, count, order);
#endif
    default:
        return 0;
    }
}

int clv_values_extent(enum clv_path path, const float *values, size_t count,
                      float *ret_lo, float *ret_hi)
{
    struct clv_order order = {INT32_MAX, INT32_MIN};
    float lo, hi;

    if (count == 0) {
        order = (struct clv_order){0, 0};
    }
    for (size_t i = order_path(path, values, count, &order); i < count; i++) {
        int32_t x = ordered(bits_of(values[i]));
        order.least = x < order.least ? x : order.least;
        order.greatest = x > order.greatest ? x : order.greatest;
    }
    lo = float_of((uint32_t)ordered((uint32_t)order.least));
    hi = float_of((uint32_t)ordered((uint32_t)order.greatest));
    if (!finite_bits(lo) || !finite_bits(hi)) {
        return 0;
    }
    *ret_lo = lo;
    *ret_hi = hi;
    return 1;
}
