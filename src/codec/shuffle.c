/*
 * shuffle.c - bit planes of a whole tensor.
 *
 * The reference takes eight symbols at a time, puts their lower bytes in one
 * word and their upper bytes in another, and turns each, a matrix of 8 by 8
 * bits, on its diagonal: then byte k of the word belongs to plane k. The
 * vector paths are in shuffle_x86.c; they gather bit k of 32 or 64 symbols
 * with one instruction.
 */
#include "codec/shuffle.h"
#include "codec/shuffle_paths.h"
#include "codec/symbol.h"

/* Byte j bit k becomes byte k bit j. */
static uint64_t turned(uint64_t x)
{
    uint64_t t;

    t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAu;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCu;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0u;
    x ^= t ^ (t << 28);
    return x;
}

static unsigned bits_portable(const int16_t *indices, size_t count,
                              int is_signed)
{
    unsigned bits = 0;

    for (size_t i = 0; i < count; i++) {
        bits |= clv_symbol(indices[i], is_signed);
    }
    return bits;
}

unsigned clv_shuffle_bits(enum clv_path path, const int16_t *indices,
                          size_t count, int is_signed)
{
    unsigned bits = 0;
    size_t done = 0;

    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
    case CLV_PATH_AVX2:
        done = clv_shuffle_bits_avx2(indices, count, is_signed, &bits);
        break;
#endif
    default:
        break;
    }
    return bits | bits_portable(indices + done, count - done, is_signed);
}

/* Up to eight symbols from `indices` on, turned: lower and upper planes. */
static void turn_out(const int16_t *indices, size_t count, int is_signed,
                     uint64_t words[2])
{
    uint64_t lower = 0;
    uint64_t upper = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t symbol = clv_symbol(indices[i], is_signed);
        lower |= (symbol & 0xff) << (8 * i);
        upper |= (symbol >> 8) << (8 * i);
    }
    words[0] = turned(lower);
    words[1] = turned(upper);
}

static void shuffle_portable(const int16_t *indices, size_t done, size_t count,
                             int is_signed, unsigned width, uint8_t *planes)
{
    size_t plane = clv_plane_bytes(count);
    uint64_t words[2];

    for (size_t i = done; i < count; i += 8) {
        size_t some = count - i < 8 ? count - i : 8;
        turn_out(indices + i, some, is_signed, words);
        for (unsigned k = 0; k < width; k++) {
            planes[k * plane + i / 8] = (uint8_t)(words[k / 8] >> (k % 8 * 8));
        }
    }
}

void clv_shuffle(enum clv_path path, const int16_t *indices, size_t count,
                 int is_signed, unsigned width, uint8_t *planes)
{
    size_t done = 0;

    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        done = clv_shuffle_avx512(indices, count, is_signed, width, planes);
        break;
    case CLV_PATH_AVX2:
        done = clv_shuffle_avx2(indices, count, is_signed, width, planes);
        break;
#endif
    default:
        break;
    }
    shuffle_portable(indices, done, count, is_signed, width, planes);
}

/* The reverse of turn_out; the lowest index, so that negative ones show. */
static int turn_in(const uint64_t words[2], size_t count, int is_signed,
                   int16_t *indices)
{
    uint64_t lower = turned(words[0]);
    uint64_t upper = turned(words[1]);
    int least = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t symbol =
            ((lower >> (8 * i)) & 0xff) | ((upper >> (8 * i)) & 0xff) << 8;
        indices[i] = clv_symbol_index((uint16_t)symbol, is_signed);
        least = indices[i] < least ? indices[i] : least;
    }
    return least;
}

static int unshuffle_portable(const uint8_t *planes, size_t done, size_t count,
                              int is_signed, unsigned width, int16_t *indices)
{
    size_t plane = clv_plane_bytes(count);
    int least = 0;

    for (size_t i = done; i < count; i += 8) {
        size_t some = count - i < 8 ? count - i : 8;
        uint64_t words[2] = {0, 0};
        int some_least;

        for (unsigned k = 0; k < width; k++) {
            words[k / 8] |= (uint64_t)planes[k * plane + i / 8] << (k % 8 * 8);
        }
        some_least = turn_in(words, some, is_signed, indices + i);
        least = some_least < least ? some_least : least;
    }
    return least;
}

static int unused_bits_are_zero(const uint8_t *planes, size_t count,
                                unsigned width)
{
    size_t plane = clv_plane_bytes(count);
    unsigned unused = count % 8 != 0 ? 0xffu << (count % 8) : 0;
    unsigned bits = 0;

    for (unsigned k = 0; k < width && unused != 0; k++) {
        bits |= planes[(k + 1) * plane - 1] & unused;
    }
    return (bits & 0xff) == 0;
}

int clv_unshuffle(enum clv_path path, const uint8_t *planes, size_t count,
                  int is_signed, unsigned width, int16_t *indices)
{
    size_t done = 0;
    int least = 0;
    int rest;

    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        done = clv_unshuffle_avx512(planes, count, is_signed, width, indices,
                                    &least);
        break;
    case CLV_PATH_AVX2:
        done = clv_unshuffle_avx2(planes, count, is_signed, width, indices,
                                  &least);
        break;
#endif
    default:
        break;
    }
    rest = unshuffle_portable(planes, done, count, is_signed, width, indices);
    least = rest < least ? rest : least;
    return least >= (is_signed ? -INT16_MAX : 0) &&
           unused_bits_are_zero(planes, count, width);
}
