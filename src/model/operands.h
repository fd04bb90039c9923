/*
 * operands.h - a node's weights and bias as integers.
 *
 * A node that has weights and computes in integers reads them as such: with a
 * Conv or Gemm they stand behind a DequantizeLinear each,
 *
 *     t/w8 -> DQ -> t/w     t/b32 -> DQ -> t/b     Conv(x, t/w, t/b) -> t
 *
 * and a MatMul becomes ONNX Runtime's own product of integers. A
 * BatchNormalization or a sum that the plan folds into the node is in them.
 */
#ifndef CLV_OPERANDS_H
#define CLV_OPERANDS_H

#include "model/draft.h"

/* True if the plan has this node read integers for its weights. */
int clv_operands_has(const struct clv_quantised *plan, uint32_t node);

/*
 * Puts the weights of node `index` into the draft and makes `node`, a copy of
 * it that does not stand in the draft yet, read them. Its first output has the
 * name by which the new tensors go; `node->input` has seven places at least.
 * `input_scale` is the step of what the node reads. Memory that runs out fails
 * the draft.
 */
void clv_operands_add(struct clv_draft *draft, uint32_t index,
                      Onnx__NodeProto *node, float input_scale);

#endif
