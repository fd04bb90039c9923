/*
 * rans_avx2.c - the coder's inner loops for AVX2.
 *
 * Eight lanes are one vector. A decoding step is one chain: slot, gather from
 * the table, multiply, compare, take words; it is some 50 cycles long
 * whatever the number of vectors, so 16 and 32 lanes run two and four chains
 * side by side. What a chain needs of the token to the left stands in the
 * gathered entry where the next index wants it.
 *
 * Words of a vector's lanes lie together. A permutation by the mask of lanes
 * that take one deals them out; encoding packs them by the reverse.
 */
#include "codec/rans_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2"), always_inline)) static inline
#define AVX2_OUTER __attribute__((target("avx2,popcnt")))

#define BIT(mask, lane) ((uint64_t)((mask) >> (lane) & 1))

/*
 * For each mask of 8 lanes, which word each lane takes: how many lanes before
 * it take one too. A lane's bit in the mask adds 1 to all lanes after it.
 */
#define AFTER(mask, lane) \
    (BIT(mask, lane) * (0x0101010101010101u << 8 * ((lane) + 1)))
#define DEAL(mask)                                                       \
    (AFTER(mask, 0) + AFTER(mask, 1) + AFTER(mask, 2) + AFTER(mask, 3) + \
     AFTER(mask, 4) + AFTER(mask, 5) + AFTER(mask, 6))

/*
 * And the reverse: the lanes in the mask, in order, moved to the end. A lane
 * stands as many places before the end as lanes from it on are in the mask.
 */
#define FROM(mask, lane) (__builtin_popcount((mask) >> (lane)))
#define PLACE(mask, lane) \
    (BIT(mask, lane) * ((uint64_t)(lane) << (8 * (8 - FROM(mask, lane)) & 63)))
#define HEAP(mask)                                                       \
    (PLACE(mask, 1) + PLACE(mask, 2) + PLACE(mask, 3) + PLACE(mask, 4) + \
     PLACE(mask, 5) + PLACE(mask, 6) + PLACE(mask, 7))

#define FOUR(of, mask) of(mask), of((mask) + 1), of((mask) + 2), of((mask) + 3)
#define SIXTEEN(of, mask)                                       \
    FOUR(of, mask), FOUR(of, (mask) + 4), FOUR(of, (mask) + 8), \
        FOUR(of, (mask) + 12)
#define SIXTY_FOUR(of, mask)                                               \
    SIXTEEN(of, mask), SIXTEEN(of, (mask) + 16), SIXTEEN(of, (mask) + 32), \
        SIXTEEN(of, (mask) + 48)
#define ALL(of)                                                     \
    {SIXTY_FOUR(of, 0u), SIXTY_FOUR(of, 64u), SIXTY_FOUR(of, 128u), \
     SIXTY_FOUR(of, 192u)}

static const uint64_t dealt[256] = ALL(DEAL);
static const uint64_t heaped[256] = ALL(HEAP);

AVX2 __m256i dealt_by(unsigned mask)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)&dealt[mask]));
}

struct chain {
    __m256i state;
    __m256i left; /* the cut class of the token to the left, in place */
};

/* One step of eight lanes; leaves their tokens' entries. Words that lack
   leave `at` at `past`, one past the end, for good. */
AVX2 __m256i decode_step(struct chain *c, const uint32_t *slots,
                         const uint8_t *base, __m256i low, const uint8_t **at,
                         const uint8_t *past)
{
    const __m256i slot_mask = _mm256_set1_epi32(CLV_SLOTS - 1);
    __m256i context = _mm256_slli_epi32(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)base)),
        CLV_SLOT_BITS);
    __m256i index = _mm256_or_si256(_mm256_or_si256(context, c->left),
                                    _mm256_and_si256(c->state, slot_mask));
    __m256i entry = _mm256_i32gather_epi32((const int *)slots, index, 4);
    __m256i frequency = _mm256_and_si256(_mm256_srli_epi32(entry, 12),
                                         _mm256_set1_epi32(0x7ff));
    __m256i x = _mm256_add_epi32(
        _mm256_mullo_epi32(frequency,
                           _mm256_srli_epi32(c->state, CLV_SLOT_BITS)),
        _mm256_and_si256(entry, slot_mask));
    __m256i takes = _mm256_cmpgt_epi32(low, x);
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(takes));
    __m256i words = _mm256_permutevar8x32_epi32(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)*at)),
        dealt_by(mask));

    *at += 2 * (size_t)_mm_popcnt_u32(mask);
    *at = *at < past ? *at : past;
    words = _mm256_or_si256(_mm256_slli_epi32(x, 16), words);
    c->state = _mm256_blendv_epi8(x, words, takes);
    c->left = _mm256_and_si256(entry, _mm256_set1_epi32(3 << CLV_SLOT_BITS));
    return _mm256_srli_epi32(entry, 23);
}

/* Tokens of eight lanes, one in each 32 bits, to bytes. */
AVX2 void store_8(uint8_t *to, __m256i tokens)
{
    __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(tokens),
                                      _mm256_extracti128_si256(tokens, 1));

    _mm_storel_epi64((void *)to, _mm_packus_epi16(halves, halves));
}

/* `vectors` is a constant wherever this is used, so all loops unroll. */
AVX2 void decode_row(struct clv_rans_decoder *d, const uint32_t *slots,
                     const uint8_t *base, size_t width, size_t loud,
                     uint8_t *tokens, const size_t vectors)
{
    const __m256i all = _mm256_set1_epi32(CLV_RANS_LOW);
    __m256i quiet[4];
    struct chain chains[4];
    const uint8_t *at = d->at;
    const uint8_t *past = d->end + 1;

    for (size_t v = 0; v < vectors; v++) {
        chains[v].state = _mm256_loadu_si256((const void *)(d->state + 8 * v));
        chains[v].left = _mm256_setzero_si256();
        quiet[v] = _mm256_loadu_si256((const void *)(d->low + 8 * v));
    }
    for (size_t col = 0; col < width; col++) {
        for (size_t v = 0; v < vectors; v++) {
            size_t i = (col * vectors + v) * 8;
            __m256i low = col < loud ? all : quiet[v];
            store_8(tokens + i,
                    decode_step(&chains[v], slots, base + i, low, &at, past));
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        _mm256_storeu_si256((void *)(d->state + 8 * v), chains[v].state);
    }
    d->at = at;
}

AVX2_OUTER void clv_rans_decode_row_avx2(struct clv_rans_decoder *d,
                                         const uint32_t *slots,
                                         const uint8_t *base, size_t width,
                                         size_t loud, uint8_t *tokens)
{
    if (d->lanes == 8) {
        decode_row(d, slots, base, width, loud, tokens, 1);
    } else if (d->lanes == 16) {
        decode_row(d, slots, base, width, loud, tokens, 2);
    } else {
        decode_row(d, slots, base, width, loud, tokens, 4);
    }
}

/* x * y >> 32 for eight unsigned 32-bit numbers. */
AVX2 __m256i multiply_high(__m256i x, __m256i y)
{
    __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(x, y), 32);
    __m256i odd =
        _mm256_mul_epu32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));

    return _mm256_blend_epi32(even, odd, 0xaa);
}

/* Codes of eight tokens: their index counts pairs of 32 bits. */
AVX2 __m256i code_index(const uint8_t *contexts, const uint8_t *tokens)
{
    __m256i context =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)contexts));
    __m256i token = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)tokens));

    return _mm256_or_si256(_mm256_slli_epi32(context, CLV_CODE_BITS + 1),
                           _mm256_add_epi32(token, token));
}

/* The lower halves of the lanes in the mask, in order, before `at`. Writes 16
   bytes, of which the lower ones mean nothing. */
AVX2 uint8_t *shed(uint8_t *at, __m256i x, unsigned mask)
{
    __m256i order =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)&heaped[mask]));
    __m256i words = _mm256_and_si256(_mm256_permutevar8x32_epi32(x, order),
                                     _mm256_set1_epi32(0xffff));

    _mm_storeu_si128((void *)(at - 16),
                     _mm_packus_epi32(_mm256_castsi256_si128(words),
                                      _mm256_extracti128_si256(words, 1)));
    return at - 2 * (size_t)_mm_popcnt_u32(mask);
}

AVX2 __m256i encode_step(__m256i x, const int *codes, const uint8_t *contexts,
                         const uint8_t *tokens, uint8_t **at)
{
    const __m256i eleven = _mm256_set1_epi32(0x7ff);
    __m256i index = code_index(contexts, tokens);
    __m256i reciprocal = _mm256_i32gather_epi32(codes, index, 4);
    __m256i packed = _mm256_i32gather_epi32(codes + 1, index, 4);
    __m256i frequency = _mm256_and_si256(packed, eleven);
    __m256i bias = _mm256_and_si256(_mm256_srli_epi32(packed, 11), eleven);
    /* Not below frequency << 21; as signed numbers, less one on both sides,
       since 1024 << 21 is 2^31. */
    __m256i most = _mm256_sub_epi32(_mm256_slli_epi32(frequency, 21),
                                    _mm256_set1_epi32(1));
    __m256i full = _mm256_cmpgt_epi32(x, most);
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(full));
    __m256i quotient;

    *at = shed(*at, x, mask);
    x = _mm256_blendv_epi8(x, _mm256_srli_epi32(x, 16), full);
    quotient = _mm256_srlv_epi32(multiply_high(x, reciprocal),
                                 _mm256_srli_epi32(packed, 22));
    return _mm256_add_epi32(
        _mm256_add_epi32(x, bias),
        _mm256_mullo_epi32(
            quotient,
            _mm256_sub_epi32(_mm256_set1_epi32(CLV_SLOTS), frequency)));
}

AVX2 void encode_all(struct clv_rans_encoder *e, const struct clv_codes *codes,
                     const uint8_t *contexts, const uint8_t *tokens,
                     size_t steps, const size_t vectors)
{
    const int *first = (const int *)&codes->of[0][0];
    __m256i states[4];
    uint8_t *at = e->at;

    for (size_t v = 0; v < vectors; v++) {
        states[v] = _mm256_loadu_si256((const void *)(e->state + 8 * v));
    }
    for (size_t step = steps; step-- > 0;) {
        for (size_t v = vectors; v-- > 0;) {
            size_t i = (step * vectors + v) * 8;
            states[v] =
                encode_step(states[v], first, contexts + i, tokens + i, &at);
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        _mm256_storeu_si256((void *)(e->state + 8 * v), states[v]);
    }
    e->at = at;
}

AVX2_OUTER void clv_rans_encode_avx2(struct clv_rans_encoder *e,
                                     const struct clv_codes *codes,
                                     const uint8_t *contexts,
                                     const uint8_t *tokens, size_t steps)
{
    if (e->lanes == 8) {
        encode_all(e, codes, contexts, tokens, steps, 1);
    } else if (e->lanes == 16) {
        encode_all(e, codes, contexts, tokens, steps, 2);
    } else {
        encode_all(e, codes, contexts, tokens, steps, 4);
    }
}
#endif
