/*
 * dense.h - the coder for size: contexts from neighbours, interleaved rANS.
 *
 * docs/format.md tells the walk, the contexts and the code. With a book from
 * a calibration only the code travels; without, a small book made for this
 * tensor goes along.
 *
 * A clv_dense is working memory, kept from tensor to tensor; it belongs to
 * one thread.
 */
#ifndef CLV_DENSE_H
#define CLV_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "codec/processor.h"

struct clv_book;
struct clv_dense;

/* NULL if there is no memory. */
struct clv_dense *clv_dense_new(enum clv_path path);

/* From now on on this path. */
void clv_dense_take(struct clv_dense *dense, enum clv_path path);

/* Takes NULL. */
void clv_dense_free(struct clv_dense *dense);

/*
 * Appends the payload for indices of a tensor of this shape. `book` may be
 * NULL: then one is made and put in the payload. CLEAVE_INVALID if the book
 * does not suit (signedness, number of planes). CLEAVE_MEMORY.
 */
cleave_status clv_dense_encode(struct clv_dense *dense, const int16_t *indices,
                               const cleave_tensor_info *info, int is_signed,
                               const struct clv_book *book,
                               struct clv_buffer *into);

/* The reverse. `book` is the named one, NULL if it is in the payload. */
cleave_status clv_dense_decode(struct clv_dense *dense, clv_bytes payload,
                               const cleave_tensor_info *info, int is_signed,
                               const struct clv_book *book, int16_t *indices);

#endif
