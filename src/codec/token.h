/*
 * token.h - indices as tokens and extra bits; docs/format.md, "Tokens".
 */
#ifndef CLV_TOKEN_H
#define CLV_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "codec/bits.h"
#include "codec/processor.h"

/*
 * The tokens of `count` indices (not negative unless `is_signed`). Returns
 * the greatest token.
 */
unsigned clv_tokens_of(enum clv_path path, const int16_t *indices, size_t count,
                       int is_signed, uint8_t *tokens);

/*
 * Writes the extra bits that go with tokens, some of which may have become
 * escapes.
 */
void clv_tokens_put_extra(const uint8_t *tokens, const int16_t *indices,
                          size_t count, int is_signed, struct clv_buffer *into);

/*
 * Indices from tokens and extra bits. Returns 0, and indices mean nothing,
 * if an escape or an index is out of bounds; what lacks in `r` shows there.
 */
int clv_tokens_to_indices(enum clv_path path, const uint8_t *tokens,
                          size_t count, int is_signed, struct clv_reader *r,
                          int16_t *indices);

#endif
