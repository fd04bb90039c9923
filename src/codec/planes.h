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
#include "codec/quantise.h"

cleave_status clv_lz_encode(enum clv_path path, const int16_t *indices,
                            size_t count, int is_signed,
                            struct clv_buffer *scratch,
                            struct clv_buffer *into);
cleave_status clv_lz_decode(enum clv_path path, clv_bytes payload, size_t count,
                            int is_signed, struct clv_buffer *scratch,
                            int16_t *indices);

/* Elements in a block of fast, and in a stretch of blocks. */
#define CLV_FAST_BLOCK 512
#define CLV_FAST_RUN (128 * CLV_FAST_BLOCK)

/*
 * A payload may be written and read in runs, all but the last of them of
 * CLV_FAST_RUN elements or a multiple: encode appends a run; decode reads the
 * next `count` indices from *payload and moves it on.
 */
cleave_status clv_fast_encode(enum clv_path path, const int16_t *indices,
                              size_t count, int is_signed,
                              struct clv_buffer *into);
cleave_status clv_fast_decode(enum clv_path path, clv_bytes *payload,
                              size_t count, int is_signed, int16_t *indices);

/*
 * fast's payload or, if *ret_is_lz, lz's: a frame says which coder it has, so
 * one that is asked for fast may send lz. Surely not longer than lz's is the
 * result if lz would store its planes, and for up to 2048 elements; else as
 * far as a look at a small part tells. `extent` is that of all indices, which
 * are taken as signed if one is negative. `into` needs room for what is written
 * to compare: at most fast's payload and lz's planes.
 */
cleave_status clv_shorter_encode(enum clv_path path, const int16_t *indices,
                                 size_t count, struct clv_extent extent,
                                 struct clv_buffer *scratch,
                                 struct clv_buffer *into, int *ret_is_lz);

#endif
