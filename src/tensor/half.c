/*
 * half.c - f32 to f16 and back.
 *
 * The plain C below is the reference: integer arithmetic on the bits, exact
 * on every machine. Where the processor converts in hardware (F16C), found
 * at run time, a vector loop does the bulk; both round to nearest even, so they
 * agree bit for bit (NaN payloads aside, which stay NaN).
 */
#include "tensor/element.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/* Shifts right by `shift`, rounding to nearest, ties to even. */
static uint32_t round_shift(uint32_t x, uint32_t shift)
{
    uint32_t half = 1u << (shift - 1);
    uint32_t rest = x & ((1u << shift) - 1);
    uint32_t out = x >> shift;

    if (rest > half || (rest == half && (out & 1) != 0)) {
        out++;
    }
    return out;
}

static uint16_t to_half(float x)
{
    uint32_t bits = bits_of(x);
    uint32_t sign = (bits >> 16) & 0x8000u;
    uint32_t exponent = (bits >> 23) & 0xffu;
    uint32_t mantissa = bits & 0x7fffffu;

    if (exponent == 0xff) {
        uint32_t nan = mantissa != 0 ? 0x200u | (mantissa >> 13) : 0;
        return (uint16_t)(sign | 0x7c00u | nan);
    }
    if (exponent > 142) { /* 2^16 and above */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (exponent > 112) { /* normal; a carry may make it infinity */
        uint32_t out = round_shift(mantissa, 13) + ((exponent - 112) << 10);
        return (uint16_t)(sign | out);
    }
    if (exponent < 102) { /* below half the least subnormal */
        return (uint16_t)sign;
    }
    return (uint16_t)(sign | round_shift(mantissa | 0x800000u, 126 - exponent));
}

static float to_single(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t exponent = (h >> 10) & 0x1fu;
    uint32_t mantissa = h & 0x3ffu;

    if (exponent == 31) {
        uint32_t nan = mantissa != 0 ? 0x400000u : 0;
        return float_of(sign | 0x7f800000u | nan | (mantissa << 13));
    }
    if (exponent == 0) { /* zero or subnormal: mantissa * 2^-24, exact */
        float x = (float)mantissa * 0x1p-24f;
        return sign != 0 ? -x : x;
    }
    return float_of(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) static size_t to_half_f16c(const float *in,
                                                               size_t count,
                                                               uint16_t *out)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m128i h =
            _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(void *)(out + i), h);
    }
    return i;
}

__attribute__((target("avx,f16c"))) static size_t to_single_f16c(
    const uint16_t *in, size_t count, float *out)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m128i h = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(h));
    }
    return i;
}

/*
 * Not every compiler can ask for F16C by name, and asking the processor
 * itself is slow in virtual machines. Whatever has AVX2 has F16C.
 */
static int has_f16c(void)
{
    return __builtin_cpu_supports("avx2");
}
#endif

void clv_f32_to_f16(const float *in, size_t count, uint16_t *out)
{
    size_t i = 0;

#if defined(__x86_64__)
    if (has_f16c()) {
        i = to_half_f16c(in, count, out);
    }
#endif
    for (; i < count; i++) {
        out[i] = to_half(in[i]);
    }
}

void clv_f16_to_f32(const uint16_t *in, size_t count, float *out)
{
    size_t i = 0;

#if defined(__x86_64__)
    if (has_f16c()) {
        i = to_single_f16c(in, count, out);
    }
#endif
    for (; i < count; i++) {
        out[i] = to_single(in[i]);
    }
}
