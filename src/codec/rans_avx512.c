/*
 * rans_avx512.c - the decoder's inner loop for AVX-512: 16 lanes a vector.
 *
 * The same chain as in rans_avx2.c, but shorter: comparing makes a mask, and
 * words are expanded under it without a table.
 */
#include "codec/rans_avx512.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Without optimisation gathers are macros, whose own mask is converted. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

#define AVX512                                                 \
    __attribute__((target("avx512f,avx512bw,avx512vl,popcnt"), \
                   always_inline)) static inline
#define AVX512_OUTER __attribute__((target("avx512f,avx512bw,avx512vl,popcnt")))

struct chain {
    __m512i state;
    __m512i left; /* the cut class of the token to the left, in place */
};

/* One step of sixteen lanes; gives their tokens, one in each 32 bits.
   Words that lack leave `at` at `past`, one past the end, for good. */
AVX512 __m512i decode_step(struct chain *c, const uint32_t *slots,
                           __m512i context, __m512i low, const uint8_t **at,
                           const uint8_t *past)
{
    const __m512i slot_mask = _mm512_set1_epi32(CLV_SLOTS - 1);
    __m512i index = _mm512_or_si512(_mm512_or_si512(context, c->left),
                                    _mm512_and_si512(c->state, slot_mask));
    __m512i entry = _mm512_i32gather_epi32(index, (const void *)slots, 4);
    __m512i frequency = _mm512_and_si512(_mm512_srli_epi32(entry, 12),
                                         _mm512_set1_epi32(0x7ff));
    __m512i x = _mm512_add_epi32(
        _mm512_mullo_epi32(frequency,
                           _mm512_srli_epi32(c->state, CLV_SLOT_BITS)),
        _mm512_and_si512(entry, slot_mask));
    __mmask16 takes = _mm512_cmplt_epi32_mask(x, low);
    __m512i words = _mm512_maskz_expand_epi32(
        takes, _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)*at)));

    *at += 2 * (size_t)_mm_popcnt_u32(takes);
    *at = *at < past ? *at : past;
    x = _mm512_mask_slli_epi32(x, takes, x, 16);
    c->state = _mm512_or_si512(x, words);
    c->left = _mm512_and_si512(entry, _mm512_set1_epi32(3 << CLV_SLOT_BITS));
    return _mm512_srli_epi32(entry, 23);
}

/* Contexts of sixteen positions, where an index wants them. */
AVX512 __m512i contexts_of(const uint8_t *base)
{
    return _mm512_slli_epi32(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)base)),
        CLV_SLOT_BITS);
}

/* `vectors` is a constant wherever this is used. */
AVX512 void decode_row(struct clv_rans_decoder *d, const uint32_t *slots,
                       const uint8_t *base, size_t width, size_t loud,
                       uint8_t *tokens, const size_t vectors)
{
    const __m512i all = _mm512_set1_epi32(CLV_RANS_LOW);
    __m512i quiet[2];
    struct chain chains[2];
    const uint8_t *at = d->at;
    const uint8_t *past = d->end + 1;

    for (size_t v = 0; v < vectors; v++) {
        chains[v].state = _mm512_loadu_si512(d->state + 16 * v);
        chains[v].left = _mm512_setzero_si512();
        quiet[v] = _mm512_loadu_si512(d->low + 16 * v);
    }
    for (size_t col = 0; col < width; col++) {
        for (size_t v = 0; v < vectors; v++) {
            size_t i = (col * vectors + v) * 16;
            __m512i low = col < loud ? all : quiet[v];
            __m512i tokens_32 = decode_step(
                &chains[v], slots, contexts_of(base + i), low, &at, past);
            _mm_storeu_si128((void *)(tokens + i),
                             _mm512_cvtepi32_epi8(tokens_32));
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        _mm512_storeu_si512(d->state + 16 * v, chains[v].state);
    }
    d->at = at;
}

AVX512_OUTER void clv_rans_decode_row_avx512(struct clv_rans_decoder *d,
                                             const uint32_t *slots,
                                             const uint8_t *base, size_t width,
                                             size_t loud, uint8_t *tokens)
{
    if (d->lanes == 16) {
        decode_row(d, slots, base, width, loud, tokens, 1);
    } else {
        decode_row(d, slots, base, width, loud, tokens, 2);
    }
}
#endif
