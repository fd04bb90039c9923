/*
 * fast_avx2.c - fast's blocks with AVX2 and BMI2.
 *
 * A comparison of 32 bytes is gathered into half a word; a word spreads over
 * bytes by giving each the byte with its bit, and looking at that bit alone.
 */
#if defined(__x86_64__)
#include "codec/fast_paths.h"

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define KERNEL TARGET static inline

KERNEL unsigned ones(uint64_t word)
{
    return (unsigned)_mm_popcnt_u64(word);
}

KERNEL uint64_t pext(uint64_t word, uint64_t mask)
{
    return _pext_u64(word, mask);
}

KERNEL uint64_t pdep(uint64_t word, uint64_t mask)
{
    return _pdep_u64(word, mask);
}

KERNEL __m256i load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

KERNEL void store(void *to, __m256i x)
{
    _mm256_storeu_si256((__m256i *)to, x);
}

/* The top bits of 64 bytes. */
KERNEL uint64_t tops(__m256i lower, __m256i upper)
{
    return (uint32_t)_mm256_movemask_epi8(lower) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(upper) << 32;
}

KERNEL void at_least(const uint8_t *bytes, unsigned least,
                     struct clv_fast_set *set)
{
    __m256i t = _mm256_set1_epi8((char)least);

    UNROLLED
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        __m256i a = load(bytes + 64 * g);
        __m256i b = load(bytes + 64 * g + 32);
        set->groups[g] = tops(_mm256_cmpeq_epi8(_mm256_max_epu8(a, t), a),
                              _mm256_cmpeq_epi8(_mm256_max_epu8(b, t), b));
    }
}

KERNEL void bits_at(const uint8_t *bytes, unsigned k, struct clv_fast_set *set)
{
    __m128i up = _mm_cvtsi32_si128(7 - (int)k);

    UNROLLED
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        set->groups[g] = tops(_mm256_sll_epi16(load(bytes + 64 * g), up),
                              _mm256_sll_epi16(load(bytes + 64 * g + 32), up));
    }
}

KERNEL void less_one(uint8_t *bytes)
{
    __m256i one = _mm256_set1_epi8(1);

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 32) {
        store(bytes + i, _mm256_subs_epu8(load(bytes + i), one));
    }
}

KERNEL unsigned greatest(const uint8_t *bytes)
{
    __m256i most = load(bytes);
    __m128i half;

    for (size_t i = 32; i < CLV_FAST_BLOCK; i += 32) {
        most = _mm256_max_epu8(most, load(bytes + i));
    }
    half = _mm_max_epu8(_mm256_castsi256_si128(most),
                        _mm256_extracti128_si256(most, 1));
    /* The least of 8 words is found at once, so look for it among what is
       missing to 255. */
    half = _mm_max_epu8(half, _mm_srli_epi16(half, 8));
    half = _mm_and_si128(half, _mm_set1_epi16(255));
    half = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(255), half));
    return 255 - (unsigned)(_mm_cvtsi128_si32(half) & 0xffff);
}

KERNEL __m256i where(uint32_t bits, __m256i number)
{
    const __m256i spread =
        _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2,
                         2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i own = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i x = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), spread);

    x = _mm256_cmpeq_epi8(_mm256_and_si256(x, own), own);
    return _mm256_and_si256(x, number);
}

KERNEL void set_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    __m256i n = _mm256_set1_epi8((char)number);

    store(bytes, where((uint32_t)word, n));
    store(bytes + 32, where((uint32_t)(word >> 32), n));
}

KERNEL void add_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    __m256i n = _mm256_set1_epi8((char)number);

    store(bytes, _mm256_add_epi8(load(bytes), where((uint32_t)word, n)));
    store(bytes + 32,
          _mm256_add_epi8(load(bytes + 32), where((uint32_t)(word >> 32), n)));
}

/* Each byte's left neighbour; `before` is the vector on the left. */
KERNEL __m256i left_of(__m256i x, __m256i before)
{
    return _mm256_alignr_epi8(x, _mm256_permute2x128_si256(before, x, 0x21),
                              15);
}

KERNEL __m256i zigzag(__m256i x)
{
    __m256i negative = _mm256_cmpgt_epi8(_mm256_setzero_si256(), x);

    return _mm256_xor_si256(_mm256_add_epi8(x, x), negative);
}

KERNEL __m256i from_zigzag(__m256i x)
{
    __m256i one = _mm256_set1_epi8(1);
    __m256i half =
        _mm256_and_si256(_mm256_srli_epi16(x, 1), _mm256_set1_epi8(127));
    __m256i odd =
        _mm256_sub_epi8(_mm256_setzero_si256(), _mm256_and_si256(x, one));

    return _mm256_xor_si256(half, odd);
}

KERNEL __m256i narrow(__m256i lower, __m256i upper)
{
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(lower, upper),
                                    _MM_SHUFFLE(3, 1, 2, 0));
}

KERNEL __m256i symbols_of(__m256i indices, int is_signed)
{
    return is_signed ? _mm256_xor_si256(_mm256_add_epi16(indices, indices),
                                        _mm256_srai_epi16(indices, 15))
                     : indices;
}

/* Past the last symbol only its right neighbour is not 0 yet. */
KERNEL void end_turns(struct clv_fast_symbols *s, size_t count)
{
    for (int turn = CLV_FAST_XOR; turn <= CLV_FAST_DELTA; turn++) {
        s->sums[turn] -= s->bytes[turn][count];
        s->bytes[turn][count] = 0;
    }
}

KERNEL unsigned sum_of(__m256i sums)
{
    __m128i half = _mm_add_epi64(_mm256_castsi256_si128(sums),
                                 _mm256_extracti128_si256(sums, 1));

    return (unsigned)(_mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1));
}

KERNEL int split_block(const int16_t *indices, int is_signed,
                       struct clv_fast_symbols *s)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i wide = _mm256_set1_epi16(-256);
    __m256i sums[3] = {zero, zero, zero};
    __m256i before = zero;
    __m256i value_before = zero;
    __m256i all = zero;

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 32) {
        __m256i a = symbols_of(load(indices + i), is_signed);
        __m256i b = symbols_of(load(indices + i + 16), is_signed);
        __m256i x = narrow(a, b);
        __m256i value = is_signed ? from_zigzag(x) : x;
        __m256i turned = _mm256_xor_si256(x, left_of(x, before));
        __m256i delta =
            zigzag(_mm256_sub_epi8(value, left_of(value, value_before)));
        all = _mm256_or_si256(all, _mm256_or_si256(a, b));
        store(s->bytes[CLV_FAST_ITSELF] + i, x);
        store(s->bytes[CLV_FAST_XOR] + i, turned);
        store(s->bytes[CLV_FAST_DELTA] + i, delta);
        sums[0] = _mm256_add_epi64(sums[0], _mm256_sad_epu8(x, zero));
        sums[1] = _mm256_add_epi64(sums[1], _mm256_sad_epu8(turned, zero));
        sums[2] = _mm256_add_epi64(sums[2], _mm256_sad_epu8(delta, zero));
        before = x;
        value_before = value;
    }
    for (int turn = 0; turn < 3; turn++) {
        s->sums[turn] = sum_of(sums[turn]);
    }
    return _mm256_testz_si256(all, wide);
}

/* The last block, which may be shorter. */
KERNEL int split_part(const int16_t *indices, size_t count, int is_signed,
                      struct clv_fast_symbols *s)
{
    int16_t whole[CLV_FAST_BLOCK] = {0};
    int narrow_enough;

    memcpy(whole, indices, count * sizeof *indices);
    narrow_enough = split_block(whole, is_signed, s);
    end_turns(s, count);
    return narrow_enough;
}

KERNEL int split_narrow(const int16_t *indices, size_t count, int is_signed,
                        struct clv_fast_symbols *s)
{
    if (count < CLV_FAST_BLOCK) {
        return split_part(indices, count, is_signed, s);
    }
    return is_signed ? split_block(indices, 1, s) : split_block(indices, 0, s);
}

/* The running xor or sum of bytes: within lanes of 16, then of the two. */
KERNEL __m256i join_two(__m256i a, __m256i b, unsigned turn)
{
    return turn == CLV_FAST_XOR ? _mm256_xor_si256(a, b)
                                : _mm256_add_epi8(a, b);
}

KERNEL __m256i running(__m256i x, __m256i before, unsigned turn)
{
    __m256i lanes;

    x = join_two(x, _mm256_slli_si256(x, 1), turn);
    x = join_two(x, _mm256_slli_si256(x, 2), turn);
    x = join_two(x, _mm256_slli_si256(x, 4), turn);
    x = join_two(x, _mm256_slli_si256(x, 8), turn);
    lanes = _mm256_shuffle_epi8(x, _mm256_set1_epi8(15));
    lanes = _mm256_permute2x128_si256(lanes, lanes, 0x08);
    return join_two(join_two(x, lanes, turn), before, turn);
}

/* The last byte, everywhere. */
KERNEL __m256i last_of(__m256i x)
{
    x = _mm256_permute2x128_si256(x, x, 0x11);
    return _mm256_shuffle_epi8(x, _mm256_set1_epi8(15));
}

/* Symbols or, of the turn of differences, their running sums to indices. */
KERNEL void join_turn(const uint8_t *bytes, int is_signed, unsigned turn,
                      int16_t *indices)
{
    __m256i before = _mm256_setzero_si256();

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 32) {
        __m256i x = load(bytes + i);
        __m128i lower;
        __m128i upper;
        if (turn == CLV_FAST_DELTA) {
            x = from_zigzag(x);
        }
        if (turn != CLV_FAST_ITSELF) {
            x = running(x, before, turn);
            before = last_of(x);
        }
        if (turn != CLV_FAST_DELTA && is_signed) {
            x = from_zigzag(x);
        }
        lower = _mm256_castsi256_si128(x);
        upper = _mm256_extracti128_si256(x, 1);
        store(indices + i, is_signed ? _mm256_cvtepi8_epi16(lower)
                                     : _mm256_cvtepu8_epi16(lower));
        store(indices + i + 16, is_signed ? _mm256_cvtepi8_epi16(upper)
                                          : _mm256_cvtepu8_epi16(upper));
    }
}

#include "codec/fast_join.h"

#include "codec/fast_decode.h"
#include "codec/fast_encode.h"

TARGET size_t clv_fast_block_encode_avx2(const int16_t *indices, size_t count,
                                         int is_signed, uint8_t *out)
{
    return block_encode(indices, count, is_signed, out);
}

TARGET size_t clv_fast_block_decode_avx2(const uint8_t *in, size_t count,
                                         int is_signed, int16_t *indices)
{
    return block_decode(in, count, is_signed, indices);
}
#endif
