/*
 * rans_avx2.h - the coder's inner loops for AVX2: 8, 16 or 32 lanes at once.
 *
 * They do what encode_portable and decode_portable in rans.c do, word for
 * word. On other machines they do not exist and are never called.
 */
#ifndef CLV_RANS_AVX2_H
#define CLV_RANS_AVX2_H

#include "codec/rans.h"

void clv_rans_encode_avx2(struct clv_rans_encoder *e,
                          const struct clv_codes *codes,
                          const uint8_t *contexts, const uint8_t *tokens,
                          size_t steps);

void clv_rans_decode_row_avx2(struct clv_rans_decoder *d, const uint32_t *slots,
                              const uint8_t *base, size_t width, size_t loud,
                              uint8_t *tokens);

#endif
