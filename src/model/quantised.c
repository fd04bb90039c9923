/*
 * quantised.c - deciding what of a model is computed in eight-bit integers.
 *
 * Three walks over the nodes, which stand in an order in which each follows
 * what it needs:
 *
 *     1. which nodes have weights that can be integers, and what they read
 *     2. backwards: whose rounded output would be of use to one of those,
 *        through sums, pools and the like
 *     3. forwards: what is rounded. A convolution's output is, since there is
 *        no convolution of integers that makes floats. What goes through a
 *        sum or a pool is, if all that it reads is and somebody wants it.
 *
 * Between a node and the activation function that alone reads it nothing is
 * rounded: both become one operator.
 *
 * Which opset the variant is of is decided before, in opset.c, since pools are
 * integers only from one of them on.
 *
 * What is left out: activation functions that do more than cut off (a sigmoid
 * and its kind stay in floats), and weights that the graph computes.
 */
#include "model/quantised.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/constant.h"
#include "model/opset.h"
#include "model/quantplan.h"

#define MAX_PLAN_BYTES ((size_t)1 << 30)

static const char *op_of(const struct clv_quantised *q, uint32_t node)
{
    return q->model->nodes[node].proto->op_type;
}

static int is_op(const struct clv_quantised *q, uint32_t node, const char *op)
{
    const char *domain = q->model->nodes[node].proto->domain;

    return strcmp(op_of(q, node), op) == 0 &&
           (domain == NULL || domain[0] == '\0' ||
            strcmp(domain, "ai.onnx") == 0);
}

static int is_one_of(const struct clv_quantised *q, uint32_t node,
                     const char *const *ops)
{
    for (; *ops != NULL; ops++) {
        if (is_op(q, node, *ops)) {
            return 1;
        }
    }
    return 0;
}

/* A node's only output, or CLV_NONE if it has several, or not the first. */
static uint32_t output_of(const struct clv_quantised *q, uint32_t node)
{
    const Onnx__NodeProto *proto = q->model->nodes[node].proto;
    struct clv_ids out = q->model->nodes[node].outputs;

    return out.count == 1 && proto->output[0][0] != '\0' ? out.id[0] : CLV_NONE;
}

/* The tensor at this place among the inputs, or CLV_NONE. */
static uint32_t input_of(const struct clv_quantised *q, uint32_t node, size_t i)
{
    const Onnx__NodeProto *proto = q->model->nodes[node].proto;

    return i < proto->n_input ? clv_model_find_tensor(q->model, proto->input[i])
                              : CLV_NONE;
}

static const Onnx__AttributeProto *attribute(const struct clv_quantised *q,
                                             uint32_t node, const char *name)
{
    const Onnx__NodeProto *proto = q->model->nodes[node].proto;

    for (size_t i = 0; i < proto->n_attribute; i++) {
        if (proto->attribute[i]->name != NULL &&
            strcmp(proto->attribute[i]->name, name) == 0) {
            return proto->attribute[i];
        }
    }
    return NULL;
}

/* -- Who reads what -- */

static void count_readers(struct clv_quantised *q)
{
    for (uint32_t i = 0; i < q->model->node_count; i++) {
        struct clv_ids in = q->model->nodes[i].inputs;
        for (uint32_t k = 0; k < in.count; k++) {
            q->readers[in.id[k]]++;
            q->reader[in.id[k]] = i;
        }
    }
}

/* The one node that reads a tensor which is not also an output. */
static uint32_t sole_reader(const struct clv_quantised *q, uint32_t tensor)
{
    return q->readers[tensor] == 1 && !q->model->tensors[tensor].is_output
               ? q->reader[tensor]
               : CLV_NONE;
}

/* -- Weights -- */

/* One number for each of so many channels; or nothing at all. */
static int is_vector(const struct clv_quantised *q, const char *name,
                     int64_t count)
{
    struct clv_constant c;

    return clv_constant_find(q->model, name, &c) && c.info.rank >= 1 &&
           c.count == (uint64_t)count && c.info.shape[c.info.rank - 1] == count;
}

static int has_no_bias(const Onnx__NodeProto *proto)
{
    return proto->n_input < 3 || proto->input[2][0] == '\0';
}

static int has_good_bias(const struct clv_quantised *q, uint32_t node,
                         int64_t count)
{
    const Onnx__NodeProto *proto = q->model->nodes[node].proto;

    return has_no_bias(proto) || is_vector(q, proto->input[2], count);
}

static int is_one(const struct clv_quantised *q, uint32_t node,
                  const char *name)
{
    const Onnx__AttributeProto *a = attribute(q, node, name);

    return a == NULL || a->f == 1.0f;
}

/* The folding is exact only if nobody else sees the convolution's output. */
static uint32_t find_folded(const struct clv_quantised *q, uint32_t conv,
                            int64_t channels)
{
    uint32_t output = output_of(q, conv);
    uint32_t bn = output != CLV_NONE ? sole_reader(q, output) : CLV_NONE;
    const Onnx__NodeProto *proto;

    if (bn == CLV_NONE || !is_op(q, bn, "BatchNormalization") ||
        output_of(q, bn) == CLV_NONE || input_of(q, bn, 0) != output ||
        clv_model_node_int(q->model, bn, "training_mode", 0) != 0) {
        return CLV_NONE;
    }
    proto = q->model->nodes[bn].proto;
    for (size_t i = 1; i < 5; i++) {
        if (i >= proto->n_input || !is_vector(q, proto->input[i], channels)) {
            return CLV_NONE;
        }
    }
    return bn;
}

/* A sum of a product and a constant vector: the product's bias. */
static uint32_t find_bias(const struct clv_quantised *q, uint32_t product,
                          int64_t channels)
{
    uint32_t output = output_of(q, product);
    uint32_t sum = output != CLV_NONE ? sole_reader(q, output) : CLV_NONE;
    const Onnx__NodeProto *proto;

    if (sum == CLV_NONE || !is_op(q, sum, "Add") ||
        output_of(q, sum) == CLV_NONE) {
        return CLV_NONE;
    }
    proto = q->model->nodes[sum].proto;
    for (size_t i = 0; i < proto->n_input; i++) {
        struct clv_constant c;
        if (clv_constant_find(q->model, proto->input[i], &c) &&
            c.info.rank == 1 && c.info.shape[0] == channels) {
            return sum;
        }
    }
    return CLV_NONE;
}

static enum clv_quant_role weigh(struct clv_quantised *q, uint32_t node)
{
    const Onnx__NodeProto *proto = q->model->nodes[node].proto;
    struct clv_constant w;
    uint32_t data = input_of(q, node, 0);

    if (data == CLV_NONE || q->model->tensors[data].is_constant ||
        output_of(q, node) == CLV_NONE || proto->n_input < 2 ||
        !clv_constant_find(q->model, proto->input[1], &w) || w.count == 0) {
        return CLV_QUANT_FLOAT;
    }
    if (is_op(q, node, "Conv") && w.info.rank >= 3 &&
        has_good_bias(q, node, w.info.shape[0])) {
        return CLV_QUANT_CONV;
    }
    if (is_op(q, node, "Gemm") && w.info.rank == 2 &&
        clv_model_node_int(q->model, node, "transA", 0) == 0 &&
        is_one(q, node, "alpha") && is_one(q, node, "beta") &&
        has_good_bias(
            q, node,
            w.info.shape[clv_model_node_int(q->model, node, "transB", 0) == 0
                             ? 1
                             : 0])) {
        return CLV_QUANT_GEMM;
    }
    return is_op(q, node, "MatMul") && w.info.rank == 2 ? CLV_QUANT_MATMUL
                                                        : CLV_QUANT_FLOAT;
}

static void find_weighty(struct clv_quantised *q)
{
    for (uint32_t i = 0; i < q->model->node_count; i++) {
        struct clv_constant w;
        if (q->role[i] == CLV_QUANT_GONE) {
            continue;
        }
        q->role[i] = (uint8_t)weigh(q, i);
        if (q->role[i] == CLV_QUANT_FLOAT) {
            continue;
        }
        q->is_needed[input_of(q, i, 0)] = 1;
        if (clv_constant_find(q->model, q->model->nodes[i].proto->input[1],
                              &w)) {
            q->folds[i] = q->role[i] == CLV_QUANT_CONV
                              ? find_folded(q, i, w.info.shape[0])
                          : q->role[i] == CLV_QUANT_MATMUL
                              ? find_bias(q, i, w.info.shape[1])
                              : CLV_NONE;
        }
        if (q->folds[i] != CLV_NONE) {
            q->role[q->folds[i]] = CLV_QUANT_GONE;
        }
    }
}

/* -- What goes through -- */

/* The result of a node with what is merged into it: a folded
   BatchNormalization, an activation function. */
static uint32_t result_of(const struct clv_quantised *q, uint32_t node)
{
    static const char *const cutting[] = {"Relu", "Clip", NULL};
    uint32_t output =
        output_of(q, q->folds[node] != CLV_NONE ? q->folds[node] : node);
    uint32_t next = output != CLV_NONE ? sole_reader(q, output) : CLV_NONE;

    return next != CLV_NONE && is_one_of(q, next, cutting) &&
                   input_of(q, next, 0) == output &&
                   output_of(q, next) != CLV_NONE
               ? output_of(q, next)
               : output;
}

/* What it makes are elements of what it reads, so one grid serves both. */
static int keeps_elements(const struct clv_quantised *q, uint32_t node)
{
    static const char *const always[] = {"Reshape", "Transpose", "Flatten",
                                         NULL};

    return is_one_of(q, node, always) ||
           (is_op(q, node, "MaxPool") && q->opset >= CLV_OPSET_POOLS);
}

static int goes_through(const struct clv_quantised *q, uint32_t node)
{
    static const char *const others[] = {"Add", "Concat", "AveragePool",
                                         "GlobalAveragePool", NULL};

    return output_of(q, node) != CLV_NONE &&
           (is_one_of(q, node, others) || keeps_elements(q, node));
}

/* Of a Reshape only the first input is data. */
static uint32_t data_count(const struct clv_quantised *q, uint32_t node)
{
    uint32_t count = q->model->nodes[node].inputs.count;

    return keeps_elements(q, node) && count > 1 ? 1 : count;
}

/* The tensor that a through-going node makes, activation included. Functions
   that cut off would change elements that are kept. */
static uint32_t through_result(const struct clv_quantised *q, uint32_t node)
{
    return keeps_elements(q, node) ? output_of(q, node) : result_of(q, node);
}

static void want_backwards(struct clv_quantised *q)
{
    for (uint32_t i = q->model->node_count; i-- > 0;) {
        struct clv_ids in = q->model->nodes[i].inputs;
        uint32_t made;
        if (q->role[i] != CLV_QUANT_FLOAT || !goes_through(q, i)) {
            continue;
        }
        made = through_result(q, i);
        for (uint32_t k = 0; k < data_count(q, i); k++) {
            q->is_wanted[in.id[k]] |=
                (uint8_t)(q->is_wanted[made] | q->is_needed[made]);
        }
    }
}

static int reads_rounded(const struct clv_quantised *q, uint32_t node)
{
    struct clv_ids in = q->model->nodes[node].inputs;

    for (uint32_t k = 0; k < data_count(q, node); k++) {
        if (q->mode[in.id[k]] == CLV_QUANT_PLAIN) {
            return 0;
        }
    }
    return in.count > 0;
}

static void round_tensor(struct clv_quantised *q, uint32_t tensor,
                         enum clv_quant_mode mode, uint32_t grid)
{
    q->mode[tensor] = (uint8_t)mode;
    q->grid[tensor] = grid;
    if (grid == tensor) {
        q->needed[q->needed_count++] = tensor;
    }
}

/* What is needed but not made rounded is rounded for those that need it. */
static void round_needed(struct clv_quantised *q, uint32_t tensor)
{
    if (q->is_needed[tensor] && q->mode[tensor] == CLV_QUANT_PLAIN) {
        round_tensor(q, tensor, CLV_QUANT_BRANCH, tensor);
    }
}

static void round_made(struct clv_quantised *q, uint32_t node)
{
    uint32_t made;

    if (q->role[node] == CLV_QUANT_CONV) {
        made = result_of(q, node);
        round_tensor(q, made, CLV_QUANT_INNER, made);
        return;
    }
    if (q->role[node] != CLV_QUANT_FLOAT || !goes_through(q, node) ||
        !reads_rounded(q, node)) {
        return;
    }
    made = through_result(q, node);
    if (q->is_wanted[made] || q->is_needed[made]) {
        q->role[node] = CLV_QUANT_THROUGH;
        round_tensor(q, made, CLV_QUANT_INNER,
                     keeps_elements(q, node)
                         ? q->grid[q->model->nodes[node].inputs.id[0]]
                         : made);
    }
}

/*
 * An activation function's output is rounded where the node before it is
 * looked at, so it comes before round_needed would see it.
 */
static void round_forwards(struct clv_quantised *q)
{
    uint32_t count;
    const cleave_tensor_info *inputs = clv_model_inputs(q->model, &count);

    for (uint32_t i = 0; i < count; i++) {
        round_needed(q, clv_model_find_tensor(q->model, inputs[i].name));
    }
    for (uint32_t i = 0; i < q->model->node_count; i++) {
        struct clv_ids out = q->model->nodes[i].outputs;
        round_made(q, i);
        for (uint32_t k = 0; k < out.count; k++) {
            round_needed(q, out.id[k]);
        }
    }
}

/* -- All together -- */

static cleave_status refuse_quantised(const struct clv_model *model,
                                      cleave_error *err)
{
    static const char *const marks[] = {
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
        "MatMulInteger",  "ConvInteger",      "QLinear"};

    for (uint32_t i = 0; i < model->node_count; i++) {
        const char *op = model->nodes[i].proto->op_type;
        for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
            if (strncmp(op, marks[k], strlen(marks[k])) == 0) {
                return clv_fail(err, CLEAVE_INVALID, model->where,
                                "The model is quantised already: it has the "
                                "operator %s. Quantise what it was made of.",
                                op);
            }
        }
    }
    return CLEAVE_OK;
}

static int alloc_plan(struct clv_quantised *q)
{
    size_t nodes = (size_t)q->model->node_count + 1;
    size_t tensors = (size_t)q->model->tensor_count + 1;
    struct clv_arena *a = &q->arena;

    q->role = clv_arena_calloc(a, nodes, sizeof *q->role);
    q->folds = clv_arena_calloc(a, nodes, sizeof *q->folds);
    q->mode = clv_arena_calloc(a, tensors, sizeof *q->mode);
    q->grid = clv_arena_calloc(a, tensors, sizeof *q->grid);
    q->needed = clv_arena_calloc(a, tensors, sizeof *q->needed);
    q->readers = clv_arena_calloc(a, tensors, sizeof *q->readers);
    q->reader = clv_arena_calloc(a, tensors, sizeof *q->reader);
    q->is_wanted = clv_arena_calloc(a, tensors, sizeof *q->is_wanted);
    q->is_needed = clv_arena_calloc(a, tensors, sizeof *q->is_needed);
    if (q->folds != NULL) {
        memset(q->folds, 0xff, nodes * sizeof *q->folds); /* all CLV_NONE */
    }
    return q->role && q->folds && q->mode && q->grid && q->needed &&
           q->readers && q->reader && q->is_wanted && q->is_needed;
}

struct clv_quantised_counts clv_quantised_count(const struct clv_quantised *q)
{
    static const char *const computing[] = {"Conv", "Gemm", "MatMul", NULL};
    struct clv_quantised_counts n = {0};

    for (uint32_t i = 0; i < q->model->node_count; i++) {
        n.convolutions += q->role[i] == CLV_QUANT_CONV;
        n.products +=
            q->role[i] == CLV_QUANT_GEMM || q->role[i] == CLV_QUANT_MATMUL;
        n.others += q->role[i] == CLV_QUANT_THROUGH;
        n.folded += q->role[i] == CLV_QUANT_GONE;
        n.left += q->role[i] == CLV_QUANT_FLOAT && is_one_of(q, i, computing);
    }
    return n;
}

static cleave_status refuse_empty(const struct clv_quantised *q,
                                  cleave_error *err)
{
    struct clv_quantised_counts n = clv_quantised_count(q);

    if (n.convolutions + n.products > 0) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_INVALID, q->model->where,
                    "There is nothing to quantise: no Conv, Gemm or MatMul "
                    "with constant f32 weights%s.",
                    n.left > 0 ? " (those that are there have weights that "
                                 "are computed, or of another type)"
                               : "");
}

cleave_status clv_quantised_new(const struct clv_model *model,
                                struct clv_quantised **ret_quantised,
                                cleave_error *err)
{
    struct clv_quantised *q = calloc(1, sizeof *q);
    cleave_status status = refuse_quantised(model, err);

    if (status != CLEAVE_OK) {
        free(q);
        return status;
    }
    if (q != NULL) {
        q->model = model;
        clv_arena_init(&q->arena, MAX_PLAN_BYTES);
    }
    if (q == NULL || !alloc_plan(q)) {
        clv_quantised_free(q);
        return clv_fail_memory(err, model->where, model->tensor_count);
    }
    status = clv_opset_choose(model, &q->opset, err);
    if (status == CLEAVE_OK) {
        count_readers(q);
        find_weighty(q);
        want_backwards(q);
        round_forwards(q);
        status = refuse_empty(q, err);
    }
    if (status != CLEAVE_OK) {
        clv_quantised_free(q);
        return status;
    }
    *ret_quantised = q;
    return CLEAVE_OK;
}

void clv_quantised_free(struct clv_quantised *q)
{
    if (q != NULL) {
        clv_arena_fini(&q->arena);
        free(q);
    }
}

struct clv_ids clv_quantised_tensors(const struct clv_quantised *q)
{
    return (struct clv_ids){q->needed, q->needed_count};
}

int clv_quantised_may_cut(const struct clv_quantised *q, uint32_t i)
{
    uint32_t tensor = q->needed[i];

    return (q->is_needed[tensor] || q->is_wanted[tensor]) &&
           !q->model->tensors[tensor].is_input &&
           !q->model->tensors[tensor].is_output;
}
