/*
 * fast_avx512.c - fast's blocks with AVX-512 and BMI2.
 *
 * A comparison of 64 bytes gives a mask of 64 bits, and a mask takes part in
 * an addition: sets of symbols are at home here. What needs care is the
 * neighbour to the left, which may stand in another lane or vector.
 */
#if defined(__x86_64__)
#include "codec/fast_paths.h"

#include <immintrin.h>
#include <string.h>

#define TARGET      \
    __attribute__(( \
        target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl")))
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

KERNEL void at_least(const uint8_t *bytes, unsigned least,
                     struct clv_fast_set *set)
{
    __m512i t = _mm512_set1_epi8((char)least);

    UNROLLED
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        set->groups[g] =
            _mm512_cmpge_epu8_mask(_mm512_load_si512(bytes + 64 * g), t);
    }
}

KERNEL void bits_at(const uint8_t *bytes, unsigned k, struct clv_fast_set *set)
{
    __m512i bit = _mm512_set1_epi8((char)(1u << k));

    UNROLLED
    for (size_t g = 0; g < CLV_FAST_GROUPS; g++) {
        set->groups[g] =
            _mm512_test_epi8_mask(_mm512_load_si512(bytes + 64 * g), bit);
    }
}

KERNEL void less_one(uint8_t *bytes)
{
    __m512i one = _mm512_set1_epi8(1);

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 64) {
        _mm512_store_si512(bytes + i,
                           _mm512_subs_epu8(_mm512_load_si512(bytes + i), one));
    }
}

KERNEL unsigned greatest(const uint8_t *bytes)
{
    __m512i most = _mm512_load_si512(bytes);
    __m128i quarter;

    for (size_t i = 64; i < CLV_FAST_BLOCK; i += 64) {
        most = _mm512_max_epu8(most, _mm512_load_si512(bytes + i));
    }
    quarter = _mm_max_epu8(_mm_max_epu8(_mm512_castsi512_si128(most),
                                        _mm512_extracti32x4_epi32(most, 1)),
                           _mm_max_epu8(_mm512_extracti32x4_epi32(most, 2),
                                        _mm512_extracti32x4_epi32(most, 3)));
    /* The least of 8 words is found at once, so look for it among what is
       missing to 255. */
    quarter = _mm_max_epu8(quarter, _mm_srli_epi16(quarter, 8));
    quarter = _mm_and_si128(quarter, _mm_set1_epi16(255));
    quarter = _mm_minpos_epu16(_mm_sub_epi16(_mm_set1_epi16(255), quarter));
    return 255 - (unsigned)(_mm_cvtsi128_si32(quarter) & 0xffff);
}

KERNEL void set_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    _mm512_store_si512(bytes, _mm512_maskz_set1_epi8(word, (char)number));
}

KERNEL void add_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    __m512i x = _mm512_load_si512(bytes);
    __m512i n = _mm512_set1_epi8((char)number);

    _mm512_store_si512(bytes, _mm512_mask_add_epi8(x, word, x, n));
}

/* Each byte's left neighbour; `before` is the vector on the left. */
KERNEL __m512i left_of(__m512i x, __m512i before)
{
    return _mm512_alignr_epi8(x, _mm512_alignr_epi64(x, before, 6), 15);
}

KERNEL __m512i zigzag(__m512i x)
{
    __mmask64 negative = _mm512_movepi8_mask(x);
    __m512i twice = _mm512_add_epi8(x, x);

    return _mm512_xor_si512(twice, _mm512_movm_epi8(negative));
}

KERNEL __m512i from_zigzag(__m512i x)
{
    __m512i one = _mm512_set1_epi8(1);
    __m512i half =
        _mm512_and_si512(_mm512_srli_epi16(x, 1), _mm512_set1_epi8(127));
    __m512i odd =
        _mm512_sub_epi8(_mm512_setzero_si512(), _mm512_and_si512(x, one));

    return _mm512_xor_si512(half, odd);
}

/* 64 indices from two vectors of 32, as bytes in order. */
KERNEL __m512i narrow(__m512i lower, __m512i upper)
{
    __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);

    return _mm512_permutexvar_epi64(order, _mm512_packus_epi16(lower, upper));
}

KERNEL __m512i symbols_of(__m512i indices, int is_signed)
{
    return is_signed ? _mm512_xor_si512(_mm512_add_epi16(indices, indices),
                                        _mm512_srai_epi16(indices, 15))
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

KERNEL int split_block(const int16_t *indices, int is_signed,
                       struct clv_fast_symbols *s)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums[3] = {zero, zero, zero};
    __m512i before = zero;
    __m512i value_before = zero;
    __m512i all = zero;

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 64) {
        __m512i a = symbols_of(_mm512_loadu_si512(indices + i), is_signed);
        __m512i b = symbols_of(_mm512_loadu_si512(indices + i + 32), is_signed);
        __m512i x = narrow(a, b);
        __m512i value = is_signed ? from_zigzag(x) : x;
        __m512i turned = _mm512_xor_si512(x, left_of(x, before));
        __m512i delta =
            zigzag(_mm512_sub_epi8(value, left_of(value, value_before)));
        all = _mm512_or_si512(all, _mm512_or_si512(a, b));
        _mm512_store_si512(s->bytes[CLV_FAST_ITSELF] + i, x);
        _mm512_store_si512(s->bytes[CLV_FAST_XOR] + i, turned);
        _mm512_store_si512(s->bytes[CLV_FAST_DELTA] + i, delta);
        sums[0] = _mm512_add_epi64(sums[0], _mm512_sad_epu8(x, zero));
        sums[1] = _mm512_add_epi64(sums[1], _mm512_sad_epu8(turned, zero));
        sums[2] = _mm512_add_epi64(sums[2], _mm512_sad_epu8(delta, zero));
        before = x;
        value_before = value;
    }
    for (int turn = 0; turn < 3; turn++) {
        s->sums[turn] = (unsigned)_mm512_reduce_add_epi64(sums[turn]);
    }
    return _mm512_test_epi16_mask(all, _mm512_set1_epi16(-256)) == 0;
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

/* The running xor or sum of bytes: within lanes of 16, then of lanes. */
KERNEL __m512i join_two(__m512i a, __m512i b, unsigned turn)
{
    return turn == CLV_FAST_XOR ? _mm512_xor_si512(a, b)
                                : _mm512_add_epi8(a, b);
}

KERNEL __m512i running(__m512i x, __m512i before, unsigned turn)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i last = _mm512_set1_epi8(15);
    __m512i lanes;
    __m512i below;

    x = join_two(x, _mm512_bslli_epi128(x, 1), turn);
    x = join_two(x, _mm512_bslli_epi128(x, 2), turn);
    x = join_two(x, _mm512_bslli_epi128(x, 4), turn);
    x = join_two(x, _mm512_bslli_epi128(x, 8), turn);
    lanes = _mm512_alignr_epi64(_mm512_shuffle_epi8(x, last), zero, 6);
    below = join_two(lanes, _mm512_alignr_epi64(lanes, zero, 6), turn);
    below = join_two(below, _mm512_alignr_epi64(lanes, zero, 4), turn);
    return join_two(join_two(x, below, turn), before, turn);
}

/* The last byte, everywhere. */
KERNEL __m512i last_of(__m512i x)
{
    x = _mm512_shuffle_i64x2(x, x, 0xff);
    return _mm512_shuffle_epi8(x, _mm512_set1_epi8(15));
}

/* Symbols or, of the turn of differences, their running sums to indices. */
KERNEL void join_turn(const uint8_t *bytes, int is_signed, unsigned turn,
                      int16_t *indices)
{
    __m512i before = _mm512_setzero_si512();

    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 64) {
        __m512i x = _mm512_load_si512(bytes + i);
        __m256i lower;
        __m256i upper;
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
        lower = _mm512_castsi512_si256(x);
        upper = _mm512_extracti64x4_epi64(x, 1);
        _mm512_storeu_si512(indices + i, is_signed
                                             ? _mm512_cvtepi8_epi16(lower)
                                             : _mm512_cvtepu8_epi16(lower));
        _mm512_storeu_si512(indices + i + 32,
                            is_signed ? _mm512_cvtepi8_epi16(upper)
                                      : _mm512_cvtepu8_epi16(upper));
    }
}

#include "codec/fast_join.h"

#include "codec/fast_decode.h"
#include "codec/fast_encode.h"

TARGET size_t clv_fast_block_encode_avx512(const int16_t *indices, size_t count,
                                           int is_signed, uint8_t *out)
{
    return block_encode(indices, count, is_signed, out);
}

TARGET size_t clv_fast_block_decode_avx512(const uint8_t *in, size_t count,
                                           int is_signed, int16_t *indices)
{
    return block_decode(in, count, is_signed, indices);
}
#endif
