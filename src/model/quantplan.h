/*
 * quantplan.h - the inside of a clv_quantised: what becomes of each node and
 * tensor. quantised.c decides it; pairs.c, with operands.c and draft.c, writes
 * it down.
 */
#ifndef CLV_QUANTPLAN_H
#define CLV_QUANTPLAN_H

#include "model/graph.h"
#include "model/quantised.h"

enum clv_quant_role {
    CLV_QUANT_FLOAT,   /* as it is */
    CLV_QUANT_CONV,    /* has weights, and its output is rounded */
    CLV_QUANT_GEMM,    /* has weights */
    CLV_QUANT_MATMUL,  /* has weights, but no bias */
    CLV_QUANT_THROUGH, /* reads and makes rounded tensors */
    CLV_QUANT_GONE     /* folded into the convolution before it */
};

enum clv_quant_mode {
    CLV_QUANT_PLAIN,
    /* Made rounded: whoever reads it reads it rounded. */
    CLV_QUANT_INNER,
    /* Rounded only for those who compute in integers. */
    CLV_QUANT_BRANCH
};

struct clv_quantised {
    const struct clv_model *model;
    struct clv_arena arena;
    uint8_t *role;    /* of each node */
    uint32_t *folds;  /* of each node: the BatchNormalization or the
                         sum that becomes a part of it, or CLV_NONE */
    uint8_t *mode;    /* of each tensor */
    uint32_t *grid;   /* of each tensor: the tensor whose range it takes */
    uint32_t *needed; /* tensors whose ranges are needed */
    uint32_t needed_count;
    uint32_t *readers;  /* of each tensor: how many nodes read it, */
    uint32_t *reader;   /* and the last of them */
    uint8_t *is_wanted; /* of each tensor: its being rounded is of use, */
    uint8_t *is_needed; /* or a node with weights reads it */
    int64_t opset;      /* of the variant */
};

#endif
