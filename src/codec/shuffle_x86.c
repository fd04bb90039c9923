/*
 * shuffle_x86.c - shuffle.c's kernels with AVX2 and with AVX-512.
 *
 * Symbols of at most 8 bits are narrowed to bytes first. Then bit k of all of
 * them is shifted to the top of its byte, and the processor gathers the top
 * bits of a whole vector into one word: a piece of plane k. The way back
 * spreads a word's bits over bytes. Wider symbols go the portable way; they
 * are rare, and the reference is not slow.
 */
#if defined(__x86_64__)
#include "codec/shuffle.h"
#include "codec/shuffle_paths.h"

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 \
    __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl")))

AVX2 static inline __m256i symbols_avx2(const int16_t *indices, __m256i sign)
{
    __m256i i = _mm256_loadu_si256((const __m256i *)(const void *)indices);
    __m256i negative = _mm256_and_si256(_mm256_srai_epi16(i, 15), sign);

    return _mm256_xor_si256(_mm256_add_epi16(i, _mm256_and_si256(i, sign)),
                            negative);
}

AVX2 size_t clv_shuffle_bits_avx2(const int16_t *indices, size_t count,
                                  int is_signed, unsigned *bits)
{
    __m256i sign = _mm256_set1_epi16((int16_t)(is_signed ? -1 : 0));
    __m256i all = _mm256_setzero_si256();
    uint16_t lanes[16];
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        all = _mm256_or_si256(all, symbols_avx2(indices + i, sign));
    }
    _mm256_storeu_si256((__m256i *)(void *)lanes, all);
    for (int lane = 0; lane < 16; lane++) {
        *bits |= lanes[lane];
    }
    return i;
}

AVX2 size_t clv_shuffle_avx2(const int16_t *indices, size_t count,
                             int is_signed, unsigned width, uint8_t *planes)
{
    __m256i sign = _mm256_set1_epi16((int16_t)(is_signed ? -1 : 0));
    size_t plane = clv_plane_bytes(count);
    size_t i = 0;

    for (; i + 32 <= count && width <= 8; i += 32) {
        __m256i pairs =
            _mm256_packus_epi16(symbols_avx2(indices + i, sign),
                                symbols_avx2(indices + i + 16, sign));
        __m256i bytes =
            _mm256_permute4x64_epi64(pairs, _MM_SHUFFLE(3, 1, 2, 0));
        __m256i top =
            _mm256_sll_epi16(bytes, _mm_cvtsi32_si128(8 - (int)width));
        for (unsigned k = width; k-- > 0;) {
            int word = _mm256_movemask_epi8(top);
            memcpy(planes + k * plane + i / 8, &word, sizeof word);
            top = _mm256_add_epi8(top, top);
        }
    }
    return i;
}

AVX512 static inline __m512i symbols_avx512(const int16_t *indices,
                                            __m512i sign)
{
    __m512i i = _mm512_loadu_si512(indices);
    __m512i negative = _mm512_and_si512(_mm512_srai_epi16(i, 15), sign);

    return _mm512_xor_si512(_mm512_add_epi16(i, _mm512_and_si512(i, sign)),
                            negative);
}

AVX512 size_t clv_shuffle_avx512(const int16_t *indices, size_t count,
                                 int is_signed, unsigned width, uint8_t *planes)
{
    __m512i sign = _mm512_set1_epi16((int16_t)(is_signed ? -1 : 0));
    size_t plane = clv_plane_bytes(count);
    size_t i = 0;

    for (; i + 64 <= count && width <= 8; i += 64) {
        __m256i lower = _mm512_cvtepi16_epi8(symbols_avx512(indices + i, sign));
        __m256i upper =
            _mm512_cvtepi16_epi8(symbols_avx512(indices + i + 32, sign));
        __m512i bytes =
            _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
        for (unsigned k = 0; k < width; k++) {
            __m512i bit = _mm512_set1_epi8((char)(1u << k));
            uint64_t word = _mm512_test_epi8_mask(bytes, bit);
            memcpy(planes + k * plane + i / 8, &word, sizeof word);
        }
    }
    return i;
}

/* Sixteen symbols to indices, noting the least. */
AVX2 static inline __m256i indices_avx2(__m128i bytes, int is_signed)
{
    __m256i u = _mm256_cvtepu8_epi16(bytes);
    __m256i odd = _mm256_and_si256(u, _mm256_set1_epi16(1));

    if (!is_signed) {
        return u;
    }
    return _mm256_xor_si256(_mm256_srli_epi16(u, 1),
                            _mm256_sub_epi16(_mm256_setzero_si256(), odd));
}

/*
 * With 8 bits no symbol is out of bounds, so `least` stays as it is. Byte j
 * of the spread word is byte j / 8 of the plane's, and keeps its bit j % 8.
 */
AVX2 size_t clv_unshuffle_avx2(const uint8_t *planes, size_t count,
                               int is_signed, unsigned width, int16_t *indices,
                               int *least)
{
    const __m256i spread =
        _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2,
                         2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i own = _mm256_set1_epi64x((long long)0x8040201008040201u);
    size_t plane = clv_plane_bytes(count);
    size_t i = 0;

    (void)least;
    for (; i + 32 <= count && width <= 8; i += 32) {
        __m256i bytes = _mm256_setzero_si256();
        for (unsigned k = width; k-- > 0;) {
            int word;
            __m256i bit;
            memcpy(&word, planes + k * plane + i / 8, sizeof word);
            bit = _mm256_shuffle_epi8(_mm256_set1_epi32(word), spread);
            bit = _mm256_cmpeq_epi8(_mm256_and_si256(bit, own), own);
            bytes = _mm256_sub_epi8(_mm256_add_epi8(bytes, bytes), bit);
        }
        _mm256_storeu_si256(
            (__m256i *)(void *)(indices + i),
            indices_avx2(_mm256_castsi256_si128(bytes), is_signed));
        _mm256_storeu_si256(
            (__m256i *)(void *)(indices + i + 16),
            indices_avx2(_mm256_extracti128_si256(bytes, 1), is_signed));
    }
    return i;
}

AVX512 static inline __m512i indices_avx512(__m256i bytes, int is_signed)
{
    __m512i u = _mm512_cvtepu8_epi16(bytes);
    __m512i odd = _mm512_and_si512(u, _mm512_set1_epi16(1));

    if (!is_signed) {
        return u;
    }
    return _mm512_xor_si512(_mm512_srli_epi16(u, 1),
                            _mm512_sub_epi16(_mm512_setzero_si512(), odd));
}

AVX512 size_t clv_unshuffle_avx512(const uint8_t *planes, size_t count,
                                   int is_signed, unsigned width,
                                   int16_t *indices, int *least)
{
    size_t plane = clv_plane_bytes(count);
    size_t i = 0;

    (void)least;
    for (; i + 64 <= count && width <= 8; i += 64) {
        __m512i bytes = _mm512_setzero_si512();
        for (unsigned k = 0; k < width; k++) {
            uint64_t word;
            memcpy(&word, planes + k * plane + i / 8, sizeof word);
            bytes = _mm512_or_si512(
                bytes, _mm512_maskz_set1_epi8(word, (char)(1u << k)));
        }
        _mm512_storeu_si512(
            indices + i,
            indices_avx512(_mm512_castsi512_si256(bytes), is_signed));
        _mm512_storeu_si512(
            indices + i + 32,
            indices_avx512(_mm512_extracti64x4_epi64(bytes, 1), is_signed));
    }
    return i;
}
#endif
