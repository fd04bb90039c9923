/*
 * element.h - what the layers above need of tensors beyond the public header:
 * names on the wire, comparing, and the f16 that halves a transfer.
 */
#ifndef CLV_ELEMENT_H
#define CLV_ELEMENT_H

#include "cleave/tensor.h"

/* The Open Inference Protocol's name ("FP32"), or NULL. */
const char *clv_type_oip(cleave_type type);

/* The type of an Open Inference Protocol name, CLEAVE_TYPE_NONE if unknown. */
cleave_type clv_type_from_oip(const char *name);

/* The type of an ONNX TensorProto.DataType code, or CLEAVE_TYPE_NONE. */
cleave_type clv_type_from_onnx(int code);

/* The type of a short name ("f32") or a long one ("int64", "float32"). */
cleave_type clv_type_from_name(const char *name);

/* True if type, rank and every dimension are the same (names may differ). */
int clv_tensor_same_form(const cleave_tensor_info *a,
                         const cleave_tensor_info *b);

/* As same_form, but a free dimension (-1) in `want` takes any size. */
int clv_tensor_fits(const cleave_tensor_info *want,
                    const cleave_tensor_info *have);

/* "f32 1x3x224x224" for messages; at most `size` bytes, always ended. */
const char *clv_tensor_describe(const cleave_tensor_info *info, char *into,
                                size_t size);

/*
 * IEEE half precision, round to nearest even, overflow to infinity, NaN kept.
 * `count` elements; `out` and `in` do not overlap.
 */
void clv_f32_to_f16(const float *in, size_t count, uint16_t *out);
void clv_f16_to_f32(const uint16_t *in, size_t count, float *out);

#endif
