/*
 * shuffle.h - indices to bit planes and back, for a whole tensor.
 *
 * Bit k of symbol j is bit (j mod 8) of byte floor(j / 8) of plane k; planes
 * follow each other, of clv_plane_bytes(count) bytes each, and unused bits are
 * zero. Symbols are what docs/format.md makes of indices. All paths write the
 * same bytes.
 */
#ifndef CLV_SHUFFLE_H
#define CLV_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/processor.h"

/* The most planes. */
#define CLV_SHUFFLE_WIDTH_MAX 16

static inline size_t clv_plane_bytes(size_t count)
{
    return count / 8 + (count % 8 != 0);
}

/* All symbols, one or the other: as wide as the widest. */
unsigned clv_shuffle_bits(enum clv_path path, const int16_t *indices,
                          size_t count, int is_signed);

/* Writes the `width` lowest planes: width * clv_plane_bytes(count) bytes. */
void clv_shuffle(enum clv_path path, const int16_t *indices, size_t count,
                 int is_signed, unsigned width, uint8_t *planes);

/*
 * The reverse; other planes are zero. Returns 0, and means nothing by
 * `indices`, if a symbol is no index or an unused bit is set.
 */
int clv_unshuffle(enum clv_path path, const uint8_t *planes, size_t count,
                  int is_signed, unsigned width, int16_t *indices);

#endif
