/*
 * stack.h - a .npy file as samples of one input of a model.
 *
 * For an input of shape 1 x rest (or a free batch), a file of that shape or
 * of shape `rest` is one sample and one of shape N x rest is N. For an input
 * with another first dimension, a file of its shape is one sample and one
 * with N in front of it is N.
 *
 * The file stays mapped; rows are read by whoever uses them. Read-only once
 * opened, and may then be read by all threads.
 */
#ifndef CLV_STACK_H
#define CLV_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_stack {
    struct clv_map map;
    const uint8_t *data;
    uint64_t rows;
    cleave_tensor_info row; /* what each sample is; borrows the name */
    size_t row_bytes;
    int is_aligned; /* rows may be used in place */
};

/*
 * Opens the file at `path` as samples of `want`, whose name is borrowed.
 * CLEAVE_MISMATCH if type or shape do not go together, naming both; also
 * what clv_npy_view and clv_map_open refuse. The caller closes.
 */
cleave_status clv_stack_open(const char *path, const cleave_tensor_info *want,
                             struct clv_stack *ret_stack, cleave_error *err);

/* Takes an all-zero one too. */
void clv_stack_close(struct clv_stack *stack);

/* The bytes of row `row`, below `rows`. Borrowed. */
const uint8_t *clv_stack_row(const struct clv_stack *stack, uint64_t row);

#endif
