/*
 * npy.h - NumPy's array files.
 *
 *     "\x93NUMPY" major minor  length (2 or 4 bytes)  header  data
 *
 * The header is a Python dictionary of three entries: descr (the element
 * type), fortran_order and shape. Versions 1, 2 and 3 are read; elements are
 * those of CLEAVE_TYPE_LIST, little-endian, in C order. What else NumPy can
 * write is refused with the call that makes it readable.
 */
#ifndef CLV_NPY_H
#define CLV_NPY_H

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"

/* The longest header that is read, in bytes. */
#define CLV_NPY_HEADER_MAX 65536

/*
 * Views a file's bytes as a tensor; its name is NULL, its data points into
 * `bytes` and must only be read. NumPy aligns data to 64 bytes of the file,
 * so in a mapped file data is aligned for any element; a file written
 * otherwise may not be: clv_npy_is_aligned tells, and then the elements are
 * to be copied before they are used.
 * `where` names the file in errors. CLEAVE_CORRUPT for a header that does
 * not parse or a size that does not match it, CLEAVE_UNSUPPORTED for Fortran
 * order, big-endian, other versions and element types, CLEAVE_LIMIT for too
 * many dimensions or elements.
 */
cleave_status clv_npy_view(clv_bytes bytes, const char *where,
                           cleave_tensor *ret_tensor, cleave_error *err);

/* True if the tensor's data may be used as its element type. */
int clv_npy_is_aligned(const cleave_tensor *tensor);

/*
 * Appends the tensor to `into` as a version 1 file, its data aligned to 64
 * bytes from where the file begins. CLEAVE_INVALID for a free dimension, an
 * unknown type or `bytes` that do not match the shape; CLEAVE_LIMIT and
 * CLEAVE_MEMORY of the buffer.
 */
cleave_status clv_npy_write(const cleave_tensor *tensor,
                            struct clv_buffer *into, cleave_error *err);

#endif
