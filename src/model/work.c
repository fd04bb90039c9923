/*
 * work.c - how much there is to compute.
 *
 * Every counted operator is one of two kinds. A convolution does, for every
 * element of its output (of its input when transposed), as many products as
 * its weight has elements beyond the first dimension. A matrix product does,
 * for every element of its output, as many as its left side has columns.
 * The table says which input is the weight, or the left side.
 */
#include "model/work.h"

#include <stdlib.h>
#include <string.h>

enum kind { CONVOLUTION, TRANSPOSED, PRODUCT };

static const struct {
    const char *op;
    enum kind kind;
    uint32_t operand; /* the weight, or the left side, among the inputs */
} counted[] = {
    {"Conv", CONVOLUTION, 1},         {"FusedConv", CONVOLUTION, 1},
    {"ConvInteger", CONVOLUTION, 1},  {"QLinearConv", CONVOLUTION, 3},
    {"ConvTranspose", TRANSPOSED, 1}, {"Gemm", PRODUCT, 0},
    {"MatMul", PRODUCT, 0},           {"MatMulInteger", PRODUCT, 0},
    {"QLinearMatMul", PRODUCT, 0},    {"MatMulIntegerToFloat", PRODUCT, 0},
};

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t elements_from(const cleave_tensor_info *info, uint32_t first)
{
    uint64_t n = 1;

    for (uint32_t i = first; i < info->rank; i++) {
        n = times(n, info->shape[i] > 0 ? (uint64_t)info->shape[i] : 0);
    }
    return n;
}

static uint64_t columns(const struct clv_model *model, uint32_t node,
                        const cleave_tensor_info *left)
{
    int64_t transposed = clv_model_node_int(model, node, "transA", 0);
    uint32_t axis = transposed != 0 ? 0 : left->rank - 1;

    return left->rank > 0 && left->shape[axis] > 0 ? (uint64_t)left->shape[axis]
                                                   : 0;
}

uint64_t clv_work_macs(const struct clv_model *model, uint32_t node,
                       const cleave_tensor_info *shapes)
{
    const char *op = clv_model_node_op(model, node);
    struct clv_ids in = clv_model_node_inputs(model, node);
    struct clv_ids out = clv_model_node_outputs(model, node);
    const cleave_tensor_info *operand;
    size_t i = 0;
    size_t n = sizeof counted / sizeof counted[0];

    while (i < n && strcmp(op, counted[i].op) != 0) {
        i++;
    }
    if (i == n || in.count <= counted[i].operand || out.count == 0 ||
        clv_model_is_constant(model, out.id[0])) {
        return 0;
    }
    operand = &shapes[in.id[counted[i].operand]];
    if (operand->type == CLEAVE_TYPE_NONE ||
        shapes[in.id[0]].type == CLEAVE_TYPE_NONE ||
        shapes[out.id[0]].type == CLEAVE_TYPE_NONE) {
        return 0;
    }
    switch (counted[i].kind) {
    case CONVOLUTION:
        return times(elements_from(&shapes[out.id[0]], 0),
                     elements_from(operand, 1));
    case TRANSPOSED:
        return times(elements_from(&shapes[in.id[0]], 0),
                     elements_from(operand, 1));
    case PRODUCT:
        return times(elements_from(&shapes[out.id[0]], 0),
                     columns(model, node, operand));
    }
    return 0;
}

/* Marks the constants that nodes which are no constants themselves read. */
static void mark_parameters(const struct clv_model *model, uint8_t *mark)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        struct clv_ids out = clv_model_node_outputs(model, i);
        if (out.count == 0 || clv_model_is_constant(model, out.id[0])) {
            continue;
        }
        for (uint32_t j = 0; j < in.count; j++) {
            mark[in.id[j]] |= (uint8_t)clv_model_is_constant(model, in.id[j]);
        }
    }
}

uint64_t clv_work_parameters(const struct clv_model *model,
                             const cleave_tensor_info *shapes)
{
    uint32_t n = clv_model_tensor_count(model);
    uint8_t *mark = calloc((size_t)n + 1, 1);
    uint64_t sum = 0;

    if (mark == NULL) {
        return 0;
    }
    mark_parameters(model, mark);
    for (uint32_t i = 0; i < n; i++) {
        if (mark[i] && shapes[i].type != CLEAVE_TYPE_NONE &&
            shapes[i].type != CLEAVE_TYPE_I64) {
            sum += elements_from(&shapes[i], 0);
        }
    }
    free(mark);
    return sum;
}
