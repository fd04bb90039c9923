/*
 * quantise_x86.c - quantise.c's kernels with AVX2 and with AVX-512.
 *
 * The processor's own conversion rounds to nearest even, and what it cannot
 * convert becomes the least integer. Narrowing to 16 bits saturates, so what
 * is too great stands at 32767, and what has no index or is too low at -32768:
 * two comparisons for each vector of 16-bit integers see it all.
 */
#if defined(__x86_64__)
#include "codec/quantise_paths.h"

#include <immintrin.h>

/* Without optimisation gathers are macros, whose own mask is converted. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

#define AVX2 __attribute__((target("avx2")))
#define AVX512 \
    __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl")))

static void widen16(struct clv_extent *extent, const int16_t *least,
                    const int16_t *greatest, size_t lanes)
{
    for (size_t i = 0; i < lanes; i++) {
        if (least[i] < extent->least) {
            extent->least = least[i];
        }
        if (greatest[i] > extent->greatest) {
            extent->greatest = greatest[i];
        }
    }
}

static void widen32(struct clv_order *order, const int32_t *least,
                    const int32_t *greatest, size_t lanes)
{
    for (size_t i = 0; i < lanes; i++) {
        if (least[i] < order->least) {
            order->least = least[i];
        }
        if (greatest[i] > order->greatest) {
            order->greatest = greatest[i];
        }
    }
}

AVX2 static void widen_avx2(struct clv_extent *extent, __m256i least,
                            __m256i greatest)
{
    int16_t lows[16];
    int16_t highs[16];

    _mm256_storeu_si256((__m256i *)(void *)lows, least);
    _mm256_storeu_si256((__m256i *)(void *)highs, greatest);
    widen16(extent, lows, highs, 16);
}

AVX512 static void widen_avx512(struct clv_extent *extent, __m512i least,
                                __m512i greatest)
{
    int16_t lows[32];
    int16_t highs[32];

    _mm512_storeu_si512(lows, least);
    _mm512_storeu_si512(highs, greatest);
    widen16(extent, lows, highs, 32);
}

/* Two vectors of products as one of indices, in order. */
AVX2 static inline __m256i indices_avx2(__m256 first, __m256 second)
{
    __m256i pairs = _mm256_packs_epi32(_mm256_cvtps_epi32(first),
                                       _mm256_cvtps_epi32(second));

    return _mm256_permute4x64_epi64(pairs, _MM_SHUFFLE(3, 1, 2, 0));
}

AVX512 static inline __m512i indices_avx512(__m512 first, __m512 second)
{
    __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    __m512i pairs = _mm512_packs_epi32(_mm512_cvtps_epi32(first),
                                       _mm512_cvtps_epi32(second));

    return _mm512_permutexvar_epi64(order, pairs);
}

AVX2 size_t clv_quantise_step_avx2(const float *values, size_t count,
                                   float reciprocal, int16_t *indices,
                                   struct clv_extent *extent)
{
    __m256 r = _mm256_set1_ps(reciprocal);
    __m256i least = _mm256_set1_epi16(INT16_MAX);
    __m256i greatest = _mm256_set1_epi16(INT16_MIN);
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m256i index =
            indices_avx2(_mm256_mul_ps(_mm256_loadu_ps(values + i), r),
                         _mm256_mul_ps(_mm256_loadu_ps(values + i + 8), r));
        least = _mm256_min_epi16(least, index);
        greatest = _mm256_max_epi16(greatest, index);
        _mm256_storeu_si256((__m256i *)(void *)(indices + i), index);
    }
    if (i > 0) {
        widen_avx2(extent, least, greatest);
    }
    return i;
}

AVX512 size_t clv_quantise_step_avx512(const float *values, size_t count,
                                       float reciprocal, int16_t *indices,
                                       struct clv_extent *extent)
{
    __m512 r = _mm512_set1_ps(reciprocal);
    __m512i least = _mm512_set1_epi16(INT16_MAX);
    __m512i greatest = _mm512_set1_epi16(INT16_MIN);
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m512i index =
            indices_avx512(_mm512_mul_ps(_mm512_loadu_ps(values + i), r),
                           _mm512_mul_ps(_mm512_loadu_ps(values + i + 16), r));
        least = _mm512_min_epi16(least, index);
        greatest = _mm512_max_epi16(greatest, index);
        _mm512_storeu_si512(indices + i, index);
    }
    if (i > 0) {
        widen_avx512(extent, least, greatest);
    }
    return i;
}

AVX2 static inline __m256 scaled_avx2(__m256 x, const struct clv_range *range)
{
    __m256 lo = _mm256_set1_ps(range->lo);

    x = _mm256_min_ps(_mm256_max_ps(x, lo), _mm256_set1_ps(range->hi));
    return _mm256_mul_ps(_mm256_sub_ps(x, lo), _mm256_set1_ps(range->scale));
}

AVX2 size_t clv_quantise_range_avx2(const float *values, size_t count,
                                    const struct clv_range *range,
                                    int16_t *indices, struct clv_extent *extent)
{
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i least = _mm256_set1_epi16(INT16_MAX);
    __m256i greatest = _mm256_set1_epi16(INT16_MIN);
    __m256i infinite = _mm256_setzero_si256();
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m256 a = _mm256_loadu_ps(values + i);
        __m256 b = _mm256_loadu_ps(values + i + 8);
        __m256i index =
            indices_avx2(scaled_avx2(a, range), scaled_avx2(b, range));
        infinite = _mm256_max_epi32(
            infinite, _mm256_and_si256(_mm256_castps_si256(a), magnitude));
        infinite = _mm256_max_epi32(
            infinite, _mm256_and_si256(_mm256_castps_si256(b), magnitude));
        least = _mm256_min_epi16(least, index);
        greatest = _mm256_max_epi16(greatest, index);
        _mm256_storeu_si256((__m256i *)(void *)(indices + i), index);
    }
    infinite = _mm256_cmpgt_epi32(infinite, _mm256_set1_epi32(0x7f7fffff));
    if (!_mm256_testz_si256(infinite, infinite)) {
        least = _mm256_set1_epi16(INT16_MIN);
    }
    if (i > 0) {
        widen_avx2(extent, least, greatest);
    }
    return i;
}

AVX512 static inline __m512 scaled_avx512(__m512 x,
                                          const struct clv_range *range)
{
    __m512 lo = _mm512_set1_ps(range->lo);

    x = _mm512_min_ps(_mm512_max_ps(x, lo), _mm512_set1_ps(range->hi));
    return _mm512_mul_ps(_mm512_sub_ps(x, lo), _mm512_set1_ps(range->scale));
}

AVX512 size_t clv_quantise_range_avx512(const float *values, size_t count,
                                        const struct clv_range *range,
                                        int16_t *indices,
                                        struct clv_extent *extent)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i least = _mm512_set1_epi16(INT16_MAX);
    __m512i greatest = _mm512_set1_epi16(INT16_MIN);
    __m512i infinite = _mm512_setzero_si512();
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m512 a = _mm512_loadu_ps(values + i);
        __m512 b = _mm512_loadu_ps(values + i + 16);
        __m512i index =
            indices_avx512(scaled_avx512(a, range), scaled_avx512(b, range));
        infinite = _mm512_max_epi32(
            infinite, _mm512_and_si512(_mm512_castps_si512(a), magnitude));
        infinite = _mm512_max_epi32(
            infinite, _mm512_and_si512(_mm512_castps_si512(b), magnitude));
        least = _mm512_min_epi16(least, index);
        greatest = _mm512_max_epi16(greatest, index);
        _mm512_storeu_si512(indices + i, index);
    }
    if (_mm512_cmpgt_epi32_mask(infinite, _mm512_set1_epi32(0x7f7fffff)) != 0) {
        least = _mm512_set1_epi16(INT16_MIN);
    }
    if (i > 0) {
        widen_avx512(extent, least, greatest);
    }
    return i;
}

AVX2 size_t clv_dequantise_step_avx2(const int16_t *indices, size_t count,
                                     float step, float *values)
{
    __m256 by = _mm256_set1_ps(step);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m256i index = _mm256_cvtepi16_epi32(
            _mm_loadu_si128((const __m128i *)(const void *)(indices + i)));
        _mm256_storeu_ps(values + i,
                         _mm256_mul_ps(_mm256_cvtepi32_ps(index), by));
    }
    return i;
}

AVX512 size_t clv_dequantise_step_avx512(const int16_t *indices, size_t count,
                                         float step, float *values)
{
    __m512 by = _mm512_set1_ps(step);
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m512i index = _mm512_cvtepi16_epi32(
            _mm256_loadu_si256((const __m256i *)(const void *)(indices + i)));
        _mm512_storeu_ps(values + i,
                         _mm512_mul_ps(_mm512_cvtepi32_ps(index), by));
    }
    return i;
}

/* Eight indices, kept inside the table. */
AVX2 static inline __m256i places_avx2(const int16_t *indices, __m128i mask)
{
    __m128i index = _mm_loadu_si128((const __m128i *)(const void *)indices);

    return _mm256_cvtepu16_epi32(_mm_and_si128(index, mask));
}

AVX2 size_t clv_dequantise_range_avx2(const int16_t *indices, size_t count,
                                      const struct clv_levels *levels,
                                      float *values)
{
    __m128i mask = _mm_set1_epi16((int16_t)levels->mask);
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m256i place = places_avx2(indices + i, mask);
        _mm256_storeu_ps(values + i,
                         _mm256_i32gather_ps(levels->values, place, 4));
    }
    return i;
}

AVX512 static inline __m512i places_avx512(const int16_t *indices, __m256i mask)
{
    __m256i index = _mm256_loadu_si256((const __m256i *)(const void *)indices);

    return _mm512_cvtepu16_epi32(_mm256_and_si256(index, mask));
}

AVX512 size_t clv_dequantise_range_avx512(const int16_t *indices, size_t count,
                                          const struct clv_levels *levels,
                                          float *values)
{
    __m256i mask = _mm256_set1_epi16((int16_t)levels->mask);
    __m512 lower = _mm512_loadu_ps(levels->values);
    size_t i = 0;

    for (; i + 16 <= count && levels->mask < 16; i += 16) {
        __m512i place = places_avx512(indices + i, mask);
        _mm512_storeu_ps(values + i, _mm512_permutexvar_ps(place, lower));
    }
    /* The gather of 16 warns of its own mask in builds without optimisation;
       what is left goes by eights. */
    return i + clv_dequantise_range_avx2(indices + i, count - i, levels,
                                         values + i);
}

AVX2 static inline __m256i ordered_avx2(const float *values)
{
    __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(values));

    return _mm256_xor_si256(bits,
                            _mm256_srli_epi32(_mm256_srai_epi32(bits, 31), 1));
}

AVX2 size_t clv_values_order_avx2(const float *values, size_t count,
                                  struct clv_order *order)
{
    __m256i least = _mm256_set1_epi32(INT32_MAX);
    __m256i greatest = _mm256_set1_epi32(INT32_MIN);
    int32_t lows[8];
    int32_t highs[8];
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m256i x = ordered_avx2(values + i);
        least = _mm256_min_epi32(least, x);
        greatest = _mm256_max_epi32(greatest, x);
    }
    _mm256_storeu_si256((__m256i *)(void *)lows, least);
    _mm256_storeu_si256((__m256i *)(void *)highs, greatest);
    widen32(order, lows, highs, 8);
    return i;
}

AVX512 size_t clv_values_order_avx512(const float *values, size_t count,
                                      struct clv_order *order)
{
    __m512i least = _mm512_set1_epi32(INT32_MAX);
    __m512i greatest = _mm512_set1_epi32(INT32_MIN);
    int32_t lows[16];
    int32_t highs[16];
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m512i bits = _mm512_castps_si512(_mm512_loadu_ps(values + i));
        __m512i x = _mm512_xor_si512(
            bits, _mm512_srli_epi32(_mm512_srai_epi32(bits, 31), 1));
        least = _mm512_min_epi32(least, x);
        greatest = _mm512_max_epi32(greatest, x);
    }
    _mm512_storeu_si512(lows, least);
    _mm512_storeu_si512(highs, greatest);
    widen32(order, lows, highs, 16);
    return i;
}
#endif
