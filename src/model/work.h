/*
 * work.h - how much there is to compute: multiply-accumulates.
 *
 * Counted are the operators that do practically all the work: convolutions,
 * matrix products and their quantised forms. Everything else counts as none,
 * and so do the bodies of If, Loop and Scan.
 */
#ifndef CLV_WORK_H
#define CLV_WORK_H

#include "model/model.h"

/*
 * Multiply-accumulates of one node. `shapes` holds every tensor's concrete
 * shape by number; a tensor of unknown shape has type CLEAVE_TYPE_NONE and
 * makes the node count as 0.
 */
uint64_t clv_work_macs(const struct clv_model *model, uint32_t node,
                       const cleave_tensor_info *shapes);

/*
 * Parameters of the model: elements of the constant tensors that computing
 * nodes read, shape arguments (int64) left out.
 */
uint64_t clv_work_parameters(const struct clv_model *model,
                             const cleave_tensor_info *shapes);

#endif
