/*
 * values.h - the elements of a tensor as JSON values.
 *
 * Numbers are checked against the range of the element type; booleans are
 * true and false or 1 and 0. Floating-point values are written so that they
 * read back bit for bit. JSON has no word for NaN and infinity and jansson
 * none for whole numbers above 2^63-1: both travel in binary only.
 */
#ifndef CLV_VALUES_H
#define CLV_VALUES_H

#include "base/buffer.h"
#include "cleave/tensor.h"

struct json_t;

/*
 * Reads `data`, an array that is either flat or nested as info's shape says,
 * into memory that the caller frees. CLEAVE_INVALID if the number of values
 * is not the shape's or a value does not fit the type; messages name the
 * tensor, and both numbers.
 */
cleave_status clv_values_read(const struct json_t *data,
                              const cleave_tensor_info *info, void **ret_memory,
                              size_t *ret_bytes, cleave_error *err);

/*
 * Appends the tensor's elements as one flat JSON array. CLEAVE_UNSUPPORTED
 * for NaN and infinity. Errors of the buffer stick in the buffer.
 */
cleave_status clv_values_write(const cleave_tensor *tensor,
                               struct clv_buffer *into, cleave_error *err);

#endif
