/*
 * classes.h - the classification extension: scores become "score:index:label".
 */
#ifndef CLV_CLASSES_H
#define CLV_CLASSES_H

#include "base/buffer.h"
#include "wire/response.h"

/*
 * Appends the strings of the top `output->classes` of every row, in order:
 * as members of a JSON array, or in binary form (each with a 32-bit
 * little-endian length before it). Rows are the first axis of a tensor of
 * two or more dimensions. Equal scores keep their order; NaN comes last.
 */
cleave_status clv_classes_write(const struct clv_answer_output *output,
                                struct clv_buffer *into, cleave_error *err);

/* The shape of the strings: {k} or {rows, k}. Returns its rank. */
uint32_t clv_classes_shape(const struct clv_answer_output *output,
                           int64_t ret_shape[2]);

#endif
