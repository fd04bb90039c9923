/*
 * opset.h - which version of ONNX's operators an int8 variant is of.
 */
#ifndef CLV_OPSET_H
#define CLV_OPSET_H

#include "model/model.h"

/* The opsets that have pairs with a scale per channel, maximum pools of
   integers, and any operators of integers at all. */
#define CLV_OPSET_PAIRS 13
#define CLV_OPSET_POOLS 12
#define CLV_OPSET_LEAST 10

/*
 * The best opset in which all of the model's operators mean what they mean in
 * its own: CLV_OPSET_PAIRS or its own if that is later; else CLV_OPSET_LEAST
 * or its own. CLEAVE_UNSUPPORTED, with the operator that stands in the way,
 * if the model cannot be raised that far. Operators of other domains do not
 * matter.
 */
cleave_status clv_opset_choose(const struct clv_model *model,
                               int64_t *ret_opset, cleave_error *err);

#endif
