/*
 * planes.h - the two coders without a model: lz (DynO's) and fast.
 *
 * Both code indices as symbols of few bits, in planes. lz shuffles the bits
 * of the whole tensor into planes and gives them to LZ4. fast looks at small
 * blocks and writes each the shortest of a few plain ways. docs/format.md has
 * the bytes.
 *
 * Encoders take indices -32767 to 32767 (none below 0 unless `is_signed`) and
 * append a payload; decoders give indices back and check every byte:
 * CLEAVE_CORRUPT. Working memory is the caller's clv_buffer `scratch`.
 */
#ifndef CLV_PLANES_H
#define CLV_PLANES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "codec/processor.h"

cleave_status clv_lz_encode(enum clv_path path, const int16_t *indices,
                            size_t count, int is_signed,
                            struct clv_buffer *scratch,
                            struct clv_buffer *into);
cleave_status clv_lz_decode(enum clv_path path, clv_bytes payload, size_t count,
                            int is_signed, struct clv_buffer *scratch,
                            int16_t *indices);

/* Elements in a block of fast. Runs but the last are whole blocks. */
#define CLV_FAST_BLOCK 512

/*
 * A payload may be written and read in runs of whole blocks, so that indices
 * stay in the cache: encode appends a run; decode reads the next `count`
 * indices from *payload and moves it on.
 */
cleave_status clv_fast_encode(enum clv_path path, const int16_t *indices,
                              size_t count, int is_signed,
                              struct clv_buffer *into);
cleave_status clv_fast_decode(enum clv_path path, clv_bytes *payload,
                              size_t count, int is_signed, int16_t *indices);

#endif
