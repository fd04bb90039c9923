/*
 * rans_avx512.h - the decoder's inner loop for AVX-512: 16 or 32 lanes.
 *
 * It does what decode_portable in rans.c does. On other machines it does not
 * exist and is never called.
 */
#ifndef CLV_RANS_AVX512_H
#define CLV_RANS_AVX512_H

#include "codec/rans.h"

void clv_rans_decode_row_avx512(struct clv_rans_decoder *d,
                                const uint32_t *slots, const uint8_t *base,
                                size_t width, size_t loud, uint8_t *tokens);

#endif
