/*
 * shuffle_paths.h - what the vector paths of shuffle.c offer.
 *
 * Each kernel does as many elements as fill its vectors, a multiple of 8 from
 * the first on, and returns how many those are. `planes` are those of the
 * whole tensor. clv_unshuffle_* lowers `least` to the least index it met.
 * Internal to shuffle*.c.
 */
#ifndef CLV_SHUFFLE_PATHS_H
#define CLV_SHUFFLE_PATHS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
size_t clv_shuffle_bits_avx2(const int16_t *indices, size_t count,
                             int is_signed, unsigned *bits);
size_t clv_shuffle_avx2(const int16_t *indices, size_t count, int is_signed,
                        unsigned width, uint8_t *planes);
size_t clv_shuffle_avx512(const int16_t *indices, size_t count, int is_signed,
                          unsigned width, uint8_t *planes);
size_t clv_unshuffle_avx2(const uint8_t *planes, size_t count, int is_signed,
                          unsigned width, int16_t *indices, int *least);
size_t clv_unshuffle_avx512(const uint8_t *planes, size_t count, int is_signed,
                            unsigned width, int16_t *indices, int *least);
#endif

#endif
