/*
 * huffman.h - how long a tensor would be, Huffman coded as JALAD does.
 *
 * JALAD (ICPADS 2018) quantises to b bits between the tensor's least and
 * greatest value and Huffman codes the symbols, one code for the tensor.
 * Nobody sends that here, it is a baseline's cost; so nothing is coded, its
 * length is reckoned: the exact length of an optimal order-0 prefix code,
 * whole bytes, and a table of 4 bits for each of the 2^b code lengths, which
 * is what canonical codes of such alphabets travel as. A coder in use (the
 * entropy stage of zstd, say) takes a little more.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_HUFFMAN_H
#define CLV_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "codec/calibration.h"

/* Bits of an optimal prefix code for these counts of symbols; 0 of none. A
   single symbol takes one bit each time. */
uint64_t clv_huffman_bits(const uint64_t *counts, size_t symbols);

/*
 * Bytes of an f32 tensor at `bits` (2 to 8) over its calibrated range; over
 * its own, if it is not calibrated (`known` is NULL). CLEAVE_UNSUPPORTED for
 * other types and numbers that are not finite.
 */
cleave_status clv_huffman_bytes(const cleave_tensor *tensor,
                                const struct clv_calibrated *known,
                                unsigned bits, double *ret_bytes,
                                cleave_error *err);

#endif
