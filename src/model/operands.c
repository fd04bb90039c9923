/*
 * operands.c - folding a node's weights and rounding them.
 *
 * The weights are copied out of the file as floats, and what the plan folds
 * into the node is worked into them:
 *
 *     file -> floats -> BatchNormalization, or a sum -> scales -> integers
 *
 * Only then do they get their scales, one for each output channel: folding
 * stretches the channels differently.
 */
#include "model/operands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/constant.h"
#include "model/eightbit.h"

static cleave_tensor_info vector(size_t count)
{
    return (cleave_tensor_info){.rank = 1, .shape = {(int64_t)count}};
}

/* The floats of one node, folded, on their way to integers. */
struct weights {
    cleave_tensor_info form;
    struct clv_channels where;
    int64_t axis;
    size_t count;
    float *values;
    float *bias; /* or NULL */
    float *scales;
};

static const Onnx__NodeProto *proto_of(const struct clv_draft *d, uint32_t node)
{
    return d->model->nodes[node].proto;
}

static void lay_out(const struct clv_draft *d, uint32_t node, struct weights *w)
{
    int64_t rows = w->form.shape[0];
    enum clv_quant_role role = (enum clv_quant_role)d->plan->role[node];
    int by_rows = role == CLV_QUANT_CONV ||
                  (role == CLV_QUANT_GEMM &&
                   clv_model_node_int(d->model, node, "transB", 0) != 0);

    w->axis = by_rows ? 0 : 1;
    w->where.outer = by_rows ? 1 : (size_t)rows;
    w->where.channels = by_rows ? (size_t)rows : (size_t)w->form.shape[1];
    w->where.inner = w->count / w->where.outer / w->where.channels;
}

static void free_weights(struct weights *w)
{
    free(w->values);
    free(w->bias);
    free(w->scales);
}

/* Copies the weights out of the file; the plan has seen that they are there. */
static int read_weights(const struct clv_draft *d, uint32_t node,
                        struct weights *w)
{
    const Onnx__NodeProto *proto = proto_of(d, node);
    struct clv_constant c;
    int has_bias = d->plan->folds[node] != CLV_NONE ||
                   (proto->n_input > 2 && proto->input[2][0] != '\0');

    if (!clv_constant_find(d->model, proto->input[1], &c)) {
        return 0;
    }
    w->form = c.info;
    w->count = c.count;
    lay_out(d, node, w);
    w->values = malloc(c.count * sizeof *w->values);
    w->scales = malloc(w->where.channels * sizeof *w->scales);
    w->bias = has_bias ? calloc(w->where.channels, sizeof *w->bias) : NULL;
    if (w->values == NULL || w->scales == NULL ||
        (has_bias && w->bias == NULL)) {
        return 0;
    }
    for (size_t i = 0; i < c.count; i++) {
        w->values[i] = clv_constant_at(&c, i);
    }
    if (has_bias && proto->n_input > 2 &&
        clv_constant_find(d->model, proto->input[2], &c)) {
        for (size_t i = 0; i < w->where.channels; i++) {
            w->bias[i] = clv_constant_at(&c, i);
        }
    }
    return 1;
}

static float epsilon_of(const Onnx__NodeProto *bn)
{
    for (size_t i = 0; i < bn->n_attribute; i++) {
        const char *name = bn->attribute[i]->name;
        if (name != NULL && strcmp(name, "epsilon") == 0) {
            return bn->attribute[i]->f;
        }
    }
    return 1e-5f;
}

/* A sum behind a product is its bias. */
static int fold_sum(const struct clv_draft *d, const Onnx__NodeProto *sum,
                    struct weights *w)
{
    struct clv_constant c;

    if (!clv_constant_find(d->model, sum->input[0], &c) &&
        !clv_constant_find(d->model, sum->input[1], &c)) {
        return 0;
    }
    for (size_t k = 0; k < w->where.channels; k++) {
        w->bias[k] = clv_constant_at(&c, k);
    }
    return 1;
}

/* y = (x - mean) * gain / sqrt(variance + epsilon) + offset */
static int fold(const struct clv_draft *d, uint32_t node, struct weights *w)
{
    const Onnx__NodeProto *bn;
    struct clv_constant c[4]; /* gain, offset, mean, variance */
    float epsilon;

    if (d->plan->folds[node] == CLV_NONE) {
        return 1;
    }
    bn = proto_of(d, d->plan->folds[node]);
    if (d->plan->role[node] == CLV_QUANT_MATMUL) {
        return fold_sum(d, bn, w);
    }
    epsilon = epsilon_of(bn);
    for (size_t i = 0; i < 4; i++) {
        if (!clv_constant_find(d->model, bn->input[i + 1], &c[i])) {
            return 0;
        }
    }
    for (size_t k = 0; k < w->where.channels; k++) {
        double deviation = (double)clv_constant_at(&c[3], k) + epsilon;
        float by = (float)(clv_constant_at(&c[0], k) / sqrt(deviation));
        float *at = w->values + k * w->where.inner;
        for (size_t i = 0; i < w->where.inner; i++) {
            at[i] *= by;
        }
        w->bias[k] = (w->bias[k] - clv_constant_at(&c[2], k)) * by +
                     clv_constant_at(&c[1], k);
    }
    return 1;
}

/* Integers with their grid, by name. */
struct integers {
    char *values;
    char *scale;
    char *zero;
};

/* t/w8, t/wscale, t/wzero */
static struct integers add_weights(struct clv_draft *d, const char *name,
                                   const struct weights *w)
{
    cleave_tensor_info each = vector(w->where.channels);
    struct integers names = {clv_draft_name(d, name, "w8"),
                             clv_draft_name(d, name, "wscale"),
                             clv_draft_name(d, name, "wzero")};
    int8_t *values = clv_draft_tensor(d, names.values, CLEAVE_TYPE_I8, &w->form,
                                      1, w->count);
    float *scales = clv_draft_tensor(d, names.scale, CLEAVE_TYPE_F32, &each,
                                     sizeof *scales, w->where.channels);

    clv_draft_tensor(d, names.zero, CLEAVE_TYPE_I8, &each, 1,
                     w->where.channels);
    if (!d->failed) {
        clv_eightbit_weights(w->values, w->where, w->scales, values);
        memcpy(scales, w->scales, w->where.channels * sizeof *scales);
    }
    return names;
}

/* t/b32 -> DQ -> t/b */
static char *add_bias(struct clv_draft *d, const char *name,
                      const struct weights *w, float input_scale)
{
    size_t count = w->where.channels;
    cleave_tensor_info each = vector(count);
    char *whole = clv_draft_name(d, name, "b32");
    char *scale = clv_draft_name(d, name, "bscale");
    char *zero = clv_draft_name(d, name, "bzero");
    char *to = clv_draft_name(d, name, "b");
    int32_t *values = clv_draft_tensor(d, whole, CLEAVE_TYPE_I32, &each,
                                       sizeof *values, count);
    float *scales = clv_draft_tensor(d, scale, CLEAVE_TYPE_F32, &each,
                                     sizeof *scales, count);

    clv_draft_tensor(d, zero, CLEAVE_TYPE_I32, &each, sizeof *values, count);
    if (d->failed) {
        return NULL;
    }
    clv_eightbit_bias(w->bias, count, input_scale, w->scales, values, scales);
    clv_draft_step(d, "DequantizeLinear", whole, scale, zero, to, 0);
    return to;
}

/* The node reads its weights and its bias from behind a DQ each. */
static void add_operands(struct clv_draft *d, Onnx__NodeProto *node,
                         const struct weights *w, float input_scale)
{
    const char *name = node->output[0];
    struct integers names = add_weights(d, name, w);
    char *to = clv_draft_name(d, name, "w");

    clv_draft_step(d, "DequantizeLinear", names.values, names.scale, names.zero,
                   to, w->axis);
    node->input[1] = to;
    node->n_input = 2;
    if (w->bias != NULL) {
        node->input[2] = add_bias(d, name, w, input_scale);
        node->n_input = 3;
    }
}

/*
 * ONNX Runtime's own product of integers, whose result is in floats. As pairs
 * around a MatMul it would not survive: with a sum behind it the optimiser
 * makes a Gemm of both, which no longer is one of integers.
 */
static void become_integer_product(struct clv_draft *d, Onnx__NodeProto *node,
                                   const struct weights *w, const char *data)
{
    const char *name = node->output[0];
    struct integers names = add_weights(d, name, w);
    cleave_tensor_info each = vector(w->where.channels);
    float *bias;

    node->op_type = (char *)(uintptr_t)"MatMulIntegerToFloat";
    node->domain = (char *)(uintptr_t)CLV_DRAFT_RUNTIME;
    node->input[0] = clv_draft_name(d, data, "int8");
    node->input[1] = names.values;
    node->input[2] = clv_draft_name(d, data, "scale");
    node->input[3] = names.scale;
    node->input[4] = clv_draft_name(d, data, "zero");
    node->input[5] = names.zero;
    node->n_input = 6;
    if (w->bias != NULL) {
        node->input[6] = clv_draft_name(d, name, "b");
        node->n_input = 7;
        bias = clv_draft_tensor(d, node->input[6], CLEAVE_TYPE_F32, &each,
                                sizeof *bias, w->where.channels);
        if (bias != NULL) {
            memcpy(bias, w->bias, w->where.channels * sizeof *bias);
        }
    }
}

void clv_operands_add(struct clv_draft *d, uint32_t index,
                      Onnx__NodeProto *node, float input_scale)
{
    struct weights w = {.values = NULL};

    if (!read_weights(d, index, &w) || !fold(d, index, &w)) {
        d->failed = 1;
    } else {
        clv_eightbit_scales(w.values, w.where, w.bias, input_scale, w.scales);
        if (d->plan->role[index] == CLV_QUANT_MATMUL) {
            become_integer_product(d, node, &w, proto_of(d, index)->input[0]);
        } else {
            add_operands(d, node, &w, input_scale);
        }
    }
    free_weights(&w);
}

int clv_operands_has(const struct clv_quantised *plan, uint32_t node)
{
    return plan->role[node] == CLV_QUANT_CONV ||
           plan->role[node] == CLV_QUANT_GEMM ||
           plan->role[node] == CLV_QUANT_MATMUL;
}
