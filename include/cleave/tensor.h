/*
 * tensor.h - the thing that flows: a typed, shaped run of bytes with a name.
 *
 * Elements are dense, row-major and little-endian, as in memory on every
 * machine cleave runs on. A cleave_tensor never owns what it points to; the
 * function that fills one says how long its name and data live.
 */
#ifndef CLEAVE_TENSOR_H
#define CLEAVE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More dimensions than this are refused. */
#define CLEAVE_MAX_RANK 8

/*
 * The one list of element types:
 * X(name, short name, Open Inference Protocol name, ONNX code, bytes).
 */
#define CLEAVE_TYPE_LIST(X)        \
    X(F32, "f32", "FP32", 1, 4)    \
    X(U8, "u8", "UINT8", 2, 1)     \
    X(I8, "i8", "INT8", 3, 1)      \
    X(U16, "u16", "UINT16", 4, 2)  \
    X(I16, "i16", "INT16", 5, 2)   \
    X(I32, "i32", "INT32", 6, 4)   \
    X(I64, "i64", "INT64", 7, 8)   \
    X(BOOL, "bool", "BOOL", 9, 1)  \
    X(F16, "f16", "FP16", 10, 2)   \
    X(F64, "f64", "FP64", 11, 8)   \
    X(U32, "u32", "UINT32", 12, 4) \
    X(U64, "u64", "UINT64", 13, 8)

typedef enum cleave_type {
    CLEAVE_TYPE_NONE = 0,
#define X(name, text, oip, onnx, bytes) CLEAVE_TYPE_##name = onnx,
    CLEAVE_TYPE_LIST(X)
#undef X
} cleave_type;

/* Name, element type and shape. A dimension of -1 is free. */
typedef struct cleave_tensor_info {
    const char *name;
    cleave_type type;
    uint32_t rank;
    int64_t shape[CLEAVE_MAX_RANK];
} cleave_tensor_info;

/* A tensor and where its bytes are. `bytes` is the length of `data`. */
typedef struct cleave_tensor {
    cleave_tensor_info info;
    void *data;
    size_t bytes;
} cleave_tensor;

/* Short name ("f32"), or "none" for a type that is not in the list. */
CLEAVE_API const char *cleave_type_name(cleave_type type);

/* Bytes of one element, 0 for a type that is not in the list. */
CLEAVE_API size_t cleave_type_bytes(cleave_type type);

/*
 * Number of elements and bytes of a tensor of this type and shape (a scalar
 * has one element). CLEAVE_INVALID if a dimension is negative or the type
 * unknown, CLEAVE_LIMIT if the byte count does not fit 63 bits.
 */
CLEAVE_API cleave_status cleave_tensor_count(const cleave_tensor_info *info,
                                             uint64_t *ret_elements,
                                             uint64_t *ret_bytes);

#ifdef __cplusplus
}
#endif
#endif
