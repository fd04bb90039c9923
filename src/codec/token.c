/*
 * token.c - indices as tokens and extra bits.
 *
 * Nearly all symbols of a tensor worth packing are small and are their own
 * tokens, so vectors of 32 are converted at once, and a vector in which one
 * is not goes the long way.
 */
#include "codec/token.h"

#include <string.h>

#include "codec/book.h"
#include "codec/frame.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static unsigned symbol_of(int16_t index, int is_signed)
{
    return is_signed ? (unsigned)clv_zigzag(index) : (unsigned)index;
}

static unsigned tokens_portable(const int16_t *indices, size_t count,
                                int is_signed, uint8_t *tokens)
{
    unsigned most = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned token = clv_symbol_token(symbol_of(indices[i], is_signed));
        most = token > most ? token : most;
        tokens[i] = (uint8_t)token;
    }
    return most;
}

static void indices_portable(const uint8_t *tokens, size_t count, int is_signed,
                             int16_t *indices)
{
    for (size_t i = 0; i < count; i++) {
        indices[i] = is_signed ? (int16_t)clv_unzigzag(tokens[i]) : tokens[i];
    }
}

#if defined(__x86_64__)
#define AVX2_OUTER __attribute__((target("avx2"))) static

AVX2_OUTER unsigned tokens_avx2(const int16_t *indices, size_t count,
                                int is_signed, uint8_t *tokens)
{
    __m256i most = _mm256_setzero_si256();
    unsigned greatest = 0;
    uint8_t bytes[32];
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m256i a = _mm256_loadu_si256((const void *)(indices + i));
        __m256i b = _mm256_loadu_si256((const void *)(indices + i + 16));
        __m256i packed;
        if (is_signed) {
            a = _mm256_xor_si256(_mm256_slli_epi16(a, 1),
                                 _mm256_srai_epi16(a, 15));
            b = _mm256_xor_si256(_mm256_slli_epi16(b, 1),
                                 _mm256_srai_epi16(b, 15));
        }
        if (!_mm256_testz_si256(_mm256_or_si256(a, b),
                                _mm256_set1_epi16(~(CLV_TOKEN_PLAIN - 1)))) {
            unsigned token =
                tokens_portable(indices + i, 32, is_signed, tokens + i);
            greatest = token > greatest ? token : greatest;
            continue;
        }
        packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xd8);
        most = _mm256_max_epu8(most, packed);
        _mm256_storeu_si256((void *)(tokens + i), packed);
    }
    _mm256_storeu_si256((void *)bytes, most);
    for (size_t k = 0; k < sizeof bytes; k++) {
        greatest = bytes[k] > greatest ? bytes[k] : greatest;
    }
    if (i < count) {
        unsigned token =
            tokens_portable(indices + i, count - i, is_signed, tokens + i);
        greatest = token > greatest ? token : greatest;
    }
    return greatest;
}

AVX2_OUTER void indices_avx2(const uint8_t *tokens, size_t count, int is_signed,
                             int16_t *indices)
{
    __m256i one = _mm256_set1_epi16(1);
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        __m256i t =
            _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(tokens + i)));
        if (is_signed) {
            __m256i sign = _mm256_sub_epi16(_mm256_setzero_si256(),
                                            _mm256_and_si256(t, one));
            t = _mm256_xor_si256(_mm256_srli_epi16(t, 1), sign);
        }
        _mm256_storeu_si256((void *)(indices + i), t);
    }
    indices_portable(tokens + i, count - i, is_signed, indices + i);
}

#else
#define tokens_avx2(i, n, s, t) tokens_portable(i, n, s, t)
#define indices_avx2(t, n, s, i) indices_portable(t, n, s, i)
#endif

unsigned clv_tokens_of(enum clv_path path, const int16_t *indices, size_t count,
                       int is_signed, uint8_t *tokens)
{
    return path >= CLV_PATH_AVX2
               ? tokens_avx2(indices, count, is_signed, tokens)
               : tokens_portable(indices, count, is_signed, tokens);
}

/* The next token from `i` on that is not plain, or `count`. */
static size_t next_special(const uint8_t *tokens, size_t i, size_t count)
{
    for (; i + 8 <= count; i += 8) {
        uint64_t eight;
        memcpy(&eight, tokens + i, sizeof eight);
        if ((eight & 0xf0f0f0f0f0f0f0f0u) != 0) {
            break;
        }
    }
    while (i < count && tokens[i] < CLV_TOKEN_PLAIN) {
        i++;
    }
    return i;
}

void clv_tokens_put_extra(const uint8_t *tokens, const int16_t *indices,
                          size_t count, int is_signed, struct clv_buffer *into)
{
    struct clv_bit_writer bits;

    clv_bit_writer_init(&bits, into);
    for (size_t i = next_special(tokens, 0, count); i < count;
         i = next_special(tokens, i + 1, count)) {
        unsigned symbol = symbol_of(indices[i], is_signed);
        unsigned token = clv_symbol_token(symbol);
        unsigned extra = clv_token_extra(token);
        if (tokens[i] == CLV_TOKEN_ESCAPE) {
            clv_put_bits(&bits, token, 6);
        }
        clv_put_bits(&bits, symbol & ((1u << extra) - 1), extra);
    }
    clv_bit_writer_end(&bits);
}

/* The symbol of a token that has extra bits or is an escape. */
static unsigned read_symbol(struct clv_bit_reader *bits, unsigned token)
{
    unsigned extra;

    if (token == CLV_TOKEN_ESCAPE) {
        token = clv_read_bits(bits, 6);
    }
    extra = clv_token_extra(token);
    if (token >= CLV_TOKEN_ESCAPE) {
        return UINT32_MAX;
    }
    if (token < CLV_TOKEN_PLAIN) {
        return token;
    }
    return (2u + (token & 1)) << extra | clv_read_bits(bits, extra);
}

static int add_extra(const uint8_t *tokens, size_t count, int is_signed,
                     struct clv_reader *r, int16_t *indices)
{
    struct clv_bit_reader bits;
    unsigned limit = is_signed ? 2 * CLV_INDEX_MAX : CLV_INDEX_MAX;

    clv_bit_reader_init(&bits, r);
    for (size_t i = next_special(tokens, 0, count); i < count;
         i = next_special(tokens, i + 1, count)) {
        unsigned symbol = read_symbol(&bits, tokens[i]);
        if (symbol > limit) {
            return 0;
        }
        indices[i] =
            (int16_t)(is_signed ? clv_unzigzag(symbol) : (int64_t)symbol);
    }
    clv_bit_reader_end(&bits);
    return 1;
}

int clv_tokens_to_indices(enum clv_path path, const uint8_t *tokens,
                          size_t count, int is_signed, struct clv_reader *r,
                          int16_t *indices)
{
    if (path >= CLV_PATH_AVX2) {
        indices_avx2(tokens, count, is_signed, indices);
    } else {
        indices_portable(tokens, count, is_signed, indices);
    }
    return add_extra(tokens, count, is_signed, r, indices);
}
