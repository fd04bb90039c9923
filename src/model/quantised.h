/*
 * quantised.h - a model rewritten for eight-bit integers.
 *
 * The result is an ordinary ONNX file in the form that ONNX Runtime runs
 * fast: convolutions and matrix products with constant weights read signed
 * eight-bit weights (zero point 0, a scale for each output channel) and 32-bit
 * biases, and around each activation that they read or convolutions make
 * stands a pair of QuantizeLinear and DequantizeLinear. Sums, concatenations
 * and pools between them are computed in integers, too; everything else stays
 * in floating point, the model's outputs included, unless a convolution makes
 * them. BatchNormalization is folded into the convolution before it.
 *
 *     x -> Conv -> BatchNormalization -> Relu -> t
 *
 *     x -> Q -> x/int8 -> DQ -> x/float -> Conv -> Relu -> t/before -> Q ->
 *          t/int8 -> DQ -> t
 *
 * A tensor keeps its name where it is a number again, so what read it reads it
 * still, rounded. An optimiser merges what stands between a DQ and a Q into
 * one integer operator; then t/int8 is what is left, and where to cut.
 *
 * Which range an activation takes is not known here: run the model on inputs
 * that are like those to come, and hand in what was seen.
 *
 * Read-only once made; the model must outlive it.
 */
#ifndef CLV_QUANTISED_H
#define CLV_QUANTISED_H

#include "model/eightbit.h"
#include "model/model.h"

struct clv_quantised;

/* What became of the nodes that compute. */
struct clv_quantised_counts {
    uint32_t convolutions; /* in integers */
    uint32_t products;     /* Gemm and MatMul, in integers */
    uint32_t others;       /* sums, concatenations, pools, in integers */
    uint32_t folded;       /* BatchNormalizations, sums that are a bias */
    uint32_t left;         /* Conv, Gemm and MatMul that stay in floats */
};

/* The least and the greatest element of a tensor. */
struct clv_range {
    float low;
    float high;
};

/*
 * Looks at what can be quantised. CLEAVE_INVALID if the model is quantised
 * already, or has no Conv, Gemm or MatMul with constant f32 weights;
 * CLEAVE_UNSUPPORTED if its opset is too old and cannot be raised.
 */
cleave_status clv_quantised_new(const struct clv_model *model,
                                struct clv_quantised **ret_quantised,
                                cleave_error *err);

/* Takes NULL. */
void clv_quantised_free(struct clv_quantised *quantised);

struct clv_quantised_counts clv_quantised_count(
    const struct clv_quantised *quantised);

/* The tensors whose ranges are needed, by their numbers in the model. */
struct clv_ids clv_quantised_tensors(const struct clv_quantised *quantised);

/*
 * True if tensor `i` of those may have its outliers cut off: integers are
 * computed from it. An output's greatest element is the answer itself, and an
 * input is what it is.
 */
int clv_quantised_may_cut(const struct clv_quantised *quantised, uint32_t i);

/*
 * Writes the model, whole or not at all, with all its weights in it. `ranges`
 * has one for each of clv_quantised_tensors, in that order, finite. Equal
 * arguments give equal bytes. CLEAVE_LIMIT above 2 GiB.
 */
cleave_status clv_quantised_write(const struct clv_quantised *quantised,
                                  const struct clv_range *ranges,
                                  enum clv_eightbit_kind kind, const char *path,
                                  cleave_error *err);

#endif
