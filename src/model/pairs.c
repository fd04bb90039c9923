/*
 * pairs.c - writing down a quantised model.
 *
 * The new graph is put together from the old one's nodes, which are borrowed
 * or copied shallowly, and from new ones. What is new and small lives in an
 * arena; weights that stay are packed straight from the mapped file. Names of
 * new tensors are the old ones with a word behind a slash:
 *
 *     t/before  t/int8  t/float  t/scale  t/zero       an activation
 *     t/w8  t/w  t/wscale  t/wzero                     weights of what makes t
 *     t/b32  t/b  t/bscale  t/bzero                    its bias
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/writer.h"
#include "model/constant.h"
#include "model/quantplan.h"

#define MAX_NEW_BYTES ((size_t)4 << 30)

/* Protocol buffers end here. */
#define MAX_FILE_BYTES (((size_t)2 << 30) - 1)

/* ONNX Runtime's own operators. */
#define RUNTIME_DOMAIN "com.microsoft"

/* The first version of the format whose graphs keep weights to themselves. */
#define LEAST_IR_VERSION 7

struct pairs {
    const struct clv_quantised *plan;
    const struct clv_model *model;
    struct clv_arena arena;
    struct clv_grid *grids; /* of each tensor that is rounded */
    enum clv_eightbit_kind kind;
    uint8_t *uses;      /* of each tensor: a node of the new graph reads it, */
    uint8_t *dequants;  /* and not (only) as integers */
    const char *domain; /* of QuantizeLinear and DequantizeLinear */
    Onnx__ModelProto shell;
    Onnx__GraphProto graph;
    int failed; /* no memory */
};

static void *room(struct pairs *p, size_t count, size_t size)
{
    void *piece = clv_arena_calloc(&p->arena, count + 1, size);

    p->failed |= piece == NULL;
    return piece;
}

/* NAME/WORD, or with more behind it if the model has a tensor of that name. */
static char *name_of(struct pairs *p, const char *name, const char *word)
{
    size_t size = strlen(name) + strlen(word) + 16;
    char *text = room(p, size, 1);

    if (text == NULL) {
        return NULL;
    }
    snprintf(text, size, "%s/%s", name, word);
    for (int i = 2; clv_model_find_tensor(p->model, text) != CLV_NONE; i++) {
        snprintf(text, size, "%s/%s%d", name, word, i);
    }
    return text;
}

static const char *tensor_name(const struct pairs *p, uint32_t id)
{
    return p->model->tensors[id].name;
}

/* -- New weights -- */

static void *add_tensor(struct pairs *p, char *name, int type,
                        const cleave_tensor_info *form, size_t element,
                        size_t count)
{
    Onnx__TensorProto *t = room(p, 1, sizeof *t);
    int64_t *dims = room(p, CLEAVE_MAX_RANK, sizeof *dims);
    void *data = room(p, count, element);

    if (p->failed || name == NULL) {
        return NULL;
    }
    onnx__tensor_proto__init(t);
    t->name = name;
    t->has_data_type = 1;
    t->data_type = type;
    memcpy(dims, form->shape, form->rank * sizeof *dims);
    t->dims = dims;
    t->n_dims = form->rank;
    t->has_raw_data = 1;
    t->raw_data.data = data;
    t->raw_data.len = count * element;
    p->graph.initializer[p->graph.n_initializer++] = t;
    return data;
}

static cleave_tensor_info scalar(void)
{
    return (cleave_tensor_info){.rank = 0};
}

static cleave_tensor_info vector(size_t count)
{
    return (cleave_tensor_info){.rank = 1, .shape = {(int64_t)count}};
}

/* -- New nodes -- */

static Onnx__AttributeProto **axis_of(struct pairs *p, int64_t axis)
{
    Onnx__AttributeProto *a = room(p, 1, sizeof *a);
    Onnx__AttributeProto **list = room(p, 1, sizeof *list);

    if (p->failed) {
        return NULL;
    }
    onnx__attribute_proto__init(a);
    a->name = (char *)(uintptr_t)"axis";
    a->has_type = 1;
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = axis;
    list[0] = a;
    return list;
}

/* A QuantizeLinear or DequantizeLinear; `axis` below 0 is none. */
static void add_step(struct pairs *p, const char *op, const char *from,
                     const char *scale, const char *zero, char *to,
                     int64_t axis)
{
    Onnx__NodeProto *node = room(p, 1, sizeof *node);
    char **ends = room(p, 4, sizeof *ends);

    if (p->failed) {
        return;
    }
    onnx__node_proto__init(node);
    node->op_type = (char *)(uintptr_t)op;
    node->domain = (char *)(uintptr_t)p->domain;
    ends[0] = (char *)(uintptr_t)from;
    ends[1] = (char *)(uintptr_t)scale;
    ends[2] = (char *)(uintptr_t)zero;
    ends[3] = to;
    node->input = ends;
    node->n_input = 3;
    node->output = ends + 3;
    node->n_output = 1;
    if (axis >= 0) {
        node->attribute = axis_of(p, axis);
        node->n_attribute = 1;
    }
    p->graph.node[p->graph.n_node++] = node;
}

/* from -> Q -> t/int8 -> DQ -> to */
static void add_pair(struct pairs *p, uint32_t tensor, const char *from,
                     char *to)
{
    const char *name = tensor_name(p, tensor);
    int type = p->kind == CLV_EIGHTBIT_SIGNED ? CLEAVE_TYPE_I8 : CLEAVE_TYPE_U8;
    struct clv_grid grid = p->grids[tensor];
    cleave_tensor_info form = scalar();
    char *scale_name = name_of(p, name, "scale");
    char *zero_name = name_of(p, name, "zero");
    char *middle = name_of(p, name, "int8");
    float *scale =
        add_tensor(p, scale_name, CLEAVE_TYPE_F32, &form, sizeof *scale, 1);
    uint8_t *zero = add_tensor(p, zero_name, type, &form, sizeof *zero, 1);

    if (p->failed) {
        return;
    }
    *scale = grid.scale;
    *zero = (uint8_t)grid.zero; /* as two's complement where signed */
    add_step(p, "QuantizeLinear", from, scale_name, zero_name, middle, -1);
    if (p->dequants[tensor]) {
        add_step(p, "DequantizeLinear", middle, scale_name, zero_name, to, -1);
    }
}

/* -- Nodes with weights -- */

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

static const Onnx__NodeProto *proto_of(const struct pairs *p, uint32_t node)
{
    return p->model->nodes[node].proto;
}

static void lay_out(const struct pairs *p, uint32_t node, struct weights *w)
{
    int64_t rows = w->form.shape[0];
    enum clv_quant_role role = (enum clv_quant_role)p->plan->role[node];
    int by_rows = role == CLV_QUANT_CONV ||
                  (role == CLV_QUANT_GEMM &&
                   clv_model_node_int(p->model, node, "transB", 0) != 0);

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
static int read_weights(const struct pairs *p, uint32_t node, struct weights *w)
{
    const Onnx__NodeProto *proto = proto_of(p, node);
    struct clv_constant c;
    int has_bias = p->plan->folds[node] != CLV_NONE ||
                   (proto->n_input > 2 && proto->input[2][0] != '\0');

    if (!clv_constant_find(p->model, proto->input[1], &c)) {
        return 0;
    }
    w->form = c.info;
    w->count = c.count;
    lay_out(p, node, w);
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
        clv_constant_find(p->model, proto->input[2], &c)) {
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
static int fold_sum(const struct pairs *p, const Onnx__NodeProto *sum,
                    struct weights *w)
{
    struct clv_constant c;

    if (!clv_constant_find(p->model, sum->input[0], &c) &&
        !clv_constant_find(p->model, sum->input[1], &c)) {
        return 0;
    }
    for (size_t k = 0; k < w->where.channels; k++) {
        w->bias[k] = clv_constant_at(&c, k);
    }
    return 1;
}

/* y = (x - mean) * gain / sqrt(variance + epsilon) + offset */
static int fold(const struct pairs *p, uint32_t node, struct weights *w)
{
    const Onnx__NodeProto *bn;
    struct clv_constant c[4]; /* gain, offset, mean, variance */
    float epsilon;

    if (p->plan->folds[node] == CLV_NONE) {
        return 1;
    }
    bn = proto_of(p, p->plan->folds[node]);
    if (p->plan->role[node] == CLV_QUANT_MATMUL) {
        return fold_sum(p, bn, w);
    }
    epsilon = epsilon_of(bn);
    for (size_t i = 0; i < 4; i++) {
        if (!clv_constant_find(p->model, bn->input[i + 1], &c[i])) {
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
static struct integers add_weights(struct pairs *p, const char *name,
                                   const struct weights *w)
{
    cleave_tensor_info each = vector(w->where.channels);
    struct integers names = {name_of(p, name, "w8"), name_of(p, name, "wscale"),
                             name_of(p, name, "wzero")};
    int8_t *values =
        add_tensor(p, names.values, CLEAVE_TYPE_I8, &w->form, 1, w->count);
    float *scales = add_tensor(p, names.scale, CLEAVE_TYPE_F32, &each,
                               sizeof *scales, w->where.channels);

    add_tensor(p, names.zero, CLEAVE_TYPE_I8, &each, 1, w->where.channels);
    if (!p->failed) {
        clv_eightbit_weights(w->values, w->where, w->scales, values);
        memcpy(scales, w->scales, w->where.channels * sizeof *scales);
    }
    return names;
}

/* t/b32 -> DQ -> t/b */
static char *add_bias(struct pairs *p, const char *name,
                      const struct weights *w, float input_scale)
{
    size_t count = w->where.channels;
    cleave_tensor_info each = vector(count);
    char *whole = name_of(p, name, "b32");
    char *scale = name_of(p, name, "bscale");
    char *zero = name_of(p, name, "bzero");
    char *to = name_of(p, name, "b");
    int32_t *values =
        add_tensor(p, whole, CLEAVE_TYPE_I32, &each, sizeof *values, count);
    float *scales =
        add_tensor(p, scale, CLEAVE_TYPE_F32, &each, sizeof *scales, count);

    add_tensor(p, zero, CLEAVE_TYPE_I32, &each, sizeof *values, count);
    if (p->failed) {
        return NULL;
    }
    clv_eightbit_bias(w->bias, count, input_scale, w->scales, values, scales);
    add_step(p, "DequantizeLinear", whole, scale, zero, to, 0);
    return to;
}

/* The node reads its weights and its bias from behind a DQ each. */
static void add_operands(struct pairs *p, Onnx__NodeProto *node,
                         const struct weights *w, float input_scale)
{
    const char *name = node->output[0];
    struct integers names = add_weights(p, name, w);
    char *to = name_of(p, name, "w");

    add_step(p, "DequantizeLinear", names.values, names.scale, names.zero, to,
             w->axis);
    node->input[1] = to;
    node->n_input = 2;
    if (w->bias != NULL) {
        node->input[2] = add_bias(p, name, w, input_scale);
        node->n_input = 3;
    }
}

/*
 * ONNX Runtime's own product of integers, whose result is in floats. As pairs
 * around a MatMul it would not survive: with a sum behind it the optimiser
 * makes a Gemm of both, which no longer is one of integers.
 */
static void become_integer_product(struct pairs *p, Onnx__NodeProto *node,
                                   const struct weights *w, const char *data)
{
    const char *name = node->output[0];
    struct integers names = add_weights(p, name, w);
    cleave_tensor_info each = vector(w->where.channels);
    float *bias;

    node->op_type = (char *)(uintptr_t)"MatMulIntegerToFloat";
    node->domain = (char *)(uintptr_t)RUNTIME_DOMAIN;
    node->input[0] = name_of(p, data, "int8");
    node->input[1] = names.values;
    node->input[2] = name_of(p, data, "scale");
    node->input[3] = names.scale;
    node->input[4] = name_of(p, data, "zero");
    node->input[5] = names.zero;
    node->n_input = 6;
    if (w->bias != NULL) {
        node->input[6] = name_of(p, name, "b");
        node->n_input = 7;
        bias = add_tensor(p, node->input[6], CLEAVE_TYPE_F32, &each,
                          sizeof *bias, w->where.channels);
        if (bias != NULL) {
            memcpy(bias, w->bias, w->where.channels * sizeof *bias);
        }
    }
}

static void add_integers(struct pairs *p, uint32_t index, Onnx__NodeProto *node)
{
    const char *data = proto_of(p, index)->input[0];
    float scale = p->grids[clv_model_find_tensor(p->model, data)].scale;
    struct weights w = {.values = NULL};

    if (!read_weights(p, index, &w) || !fold(p, index, &w)) {
        p->failed = 1;
    } else {
        clv_eightbit_scales(w.values, w.where, w.bias, scale, w.scales);
        if (p->plan->role[index] == CLV_QUANT_MATMUL) {
            become_integer_product(p, node, &w, data);
        } else {
            add_operands(p, node, &w, scale);
        }
    }
    free_weights(&w);
}

/* -- The nodes, in order -- */

static int has_weights(const struct pairs *p, uint32_t node)
{
    return p->plan->role[node] == CLV_QUANT_CONV ||
           p->plan->role[node] == CLV_QUANT_GEMM ||
           p->plan->role[node] == CLV_QUANT_MATMUL;
}

static void rename_inputs(struct pairs *p, uint32_t node, char **input,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->model, input[i]);
        if (id != CLV_NONE && p->plan->role[node] != CLV_QUANT_FLOAT &&
            p->plan->mode[id] == CLV_QUANT_BRANCH) {
            input[i] = name_of(p, input[i], "float");
        }
    }
}

static void rename_outputs(struct pairs *p, char **output, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->model, output[i]);
        if (id != CLV_NONE && p->plan->mode[id] == CLV_QUANT_INNER) {
            output[i] = name_of(p, output[i], "before");
        }
    }
}

static void add_node(struct pairs *p, uint32_t index)
{
    const Onnx__NodeProto *from = proto_of(p, index);
    uint32_t folded = p->plan->folds[index];
    Onnx__NodeProto *node = room(p, 1, sizeof *node);
    char **input = room(p, from->n_input + 7, sizeof *input);
    char **output = room(p, from->n_output, sizeof *output);

    if (p->failed) {
        return;
    }
    *node = *from;
    for (size_t i = 0; i < from->n_input; i++) {
        input[i] = from->input[i];
    }
    for (size_t i = 0; i < from->n_output; i++) {
        output[i] = from->output[i];
    }
    node->input = input;
    node->output = output;
    if (folded != CLV_NONE) {
        output[0] = proto_of(p, folded)->output[0];
    }
    if (has_weights(p, index)) {
        add_integers(p, index, node);
    }
    rename_inputs(p, index, input, has_weights(p, index) ? 1 : node->n_input);
    rename_outputs(p, output, node->n_output);
    p->graph.node[p->graph.n_node++] = node;
}

/* The pair behind a tensor that has just been made. */
static void add_pairs(struct pairs *p, uint32_t tensor)
{
    const char *name = tensor_name(p, tensor);

    if (p->plan->mode[tensor] == CLV_QUANT_INNER) {
        add_pair(p, tensor, name_of(p, name, "before"),
                 (char *)(uintptr_t)name);
    } else if (p->plan->mode[tensor] == CLV_QUANT_BRANCH) {
        add_pair(p, tensor, name, name_of(p, name, "float"));
    }
}

static void add_nodes(struct pairs *p)
{
    for (uint32_t i = 0; i < p->model->input_count; i++) {
        add_pairs(p, clv_model_find_tensor(p->model, p->model->inputs[i].name));
    }
    for (uint32_t i = 0; !p->failed && i < p->model->node_count; i++) {
        uint32_t folded = p->plan->folds[i];
        struct clv_ids out =
            p->model->nodes[folded != CLV_NONE ? folded : i].outputs;
        if (p->plan->role[i] == CLV_QUANT_GONE) {
            continue;
        }
        add_node(p, i);
        for (uint32_t k = 0; k < out.count; k++) {
            add_pairs(p, out.id[k]);
        }
    }
}

/* -- What stays of the old graph -- */

/* Tensors that are still read: all that kept nodes read, and for nodes with
   weights only the data. */
static void mark_uses(struct pairs *p)
{
    for (uint32_t i = 0; i < p->model->node_count; i++) {
        struct clv_ids in = p->model->nodes[i].inputs;
        int is_float = p->plan->role[i] == CLV_QUANT_FLOAT;
        int dequants = p->plan->role[i] != CLV_QUANT_MATMUL;
        if (p->plan->role[i] == CLV_QUANT_GONE) {
            continue;
        }
        for (uint32_t k = 0; k < (has_weights(p, i) ? 1 : in.count); k++) {
            uint32_t id = in.id[k];
            int is_inner = p->plan->mode[id] == CLV_QUANT_INNER;
            p->uses[id] = 1;
            p->dequants[id] |= (uint8_t)(dequants && (is_inner || !is_float));
        }
    }
    for (uint32_t i = 0; i < p->model->tensor_count; i++) {
        int is_output = p->model->tensors[i].is_output;
        p->uses[i] |= (uint8_t)is_output;
        p->dequants[i] |=
            (uint8_t)(is_output && p->plan->mode[i] == CLV_QUANT_INNER);
    }
}

/* A weight that stays; external data comes into the file. */
static void keep_weight(struct pairs *p, uint32_t index)
{
    const Onnx__TensorProto *from = clv_graph_of(p->model)->initializer[index];
    const cleave_tensor *mapped = &p->model->weights[index].tensor;
    Onnx__TensorProto *t = room(p, 1, sizeof *t);

    if (t == NULL) {
        return;
    }
    *t = *from;
    if (mapped->data != NULL) {
        t->n_external_data = 0;
        t->has_data_location = 0;
        t->has_raw_data = 1;
        t->raw_data.data = mapped->data;
        t->raw_data.len = mapped->bytes;
    }
    p->graph.initializer[p->graph.n_initializer++] = t;
}

static void keep_weights(struct pairs *p)
{
    for (uint32_t i = 0; i < p->model->tensor_count; i++) {
        uint32_t weight = p->model->tensors[i].weight;
        if (!p->failed && p->uses[i] && weight != CLV_NONE) {
            keep_weight(p, weight);
        }
    }
}

/* Inputs without those that are only defaults, and what is known of tensors
   that keep their names. */
static void keep_descriptions(struct pairs *p)
{
    const Onnx__GraphProto *from = clv_graph_of(p->model);
    Onnx__GraphProto *g = &p->graph;

    g->input = room(p, from->n_input, sizeof(Onnx__ValueInfoProto *));
    g->value_info = room(p, from->n_value_info, sizeof(Onnx__ValueInfoProto *));
    if (p->failed) {
        return;
    }
    for (size_t i = 0; i < from->n_input; i++) {
        uint32_t id = clv_model_find_tensor(p->model, from->input[i]->name);
        if (id != CLV_NONE && p->model->tensors[id].is_input) {
            g->input[g->n_input++] = from->input[i];
        }
    }
    for (size_t i = 0; i < from->n_value_info; i++) {
        uint32_t id =
            clv_model_find_tensor(p->model, from->value_info[i]->name);
        if (id != CLV_NONE && p->uses[id]) {
            g->value_info[g->n_value_info++] = from->value_info[i];
        }
    }
}

/* -- The model around it -- */

/* Puts a domain's operators into the list, in this version or a later one. */
static void import(struct pairs *p, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *set = room(p, 1, sizeof *set);
    Onnx__OperatorSetIdProto **list = p->shell.opset_import;

    if (p->failed) {
        return;
    }
    onnx__operator_set_id_proto__init(set);
    set->domain = (char *)(uintptr_t)domain;
    set->has_version = 1;
    set->version = version;
    for (size_t i = 0; i < p->shell.n_opset_import; i++) {
        const char *name = list[i]->domain != NULL ? list[i]->domain : "";
        if (strcmp(strcmp(name, "ai.onnx") == 0 ? "" : name, domain) != 0) {
            continue;
        }
        if (list[i]->version < version) {
            list[i] = set;
        }
        return;
    }
    list[p->shell.n_opset_import++] = set;
}

static int has_role(const struct pairs *p, enum clv_quant_role role)
{
    return memchr(p->plan->role, (int)role, p->model->node_count) != NULL;
}

/* Pairs with a scale per channel are in opset 13 of ONNX; where the model
   cannot be raised to it, ONNX Runtime has the same operators of its own. */
static void import_operators(struct pairs *p)
{
    const Onnx__ModelProto *from = p->model->proto;
    size_t count = from->n_opset_import;
    int is_raised = p->plan->opset >= CLV_QUANT_OPSET;

    p->domain = is_raised ? "" : RUNTIME_DOMAIN;
    p->shell.opset_import =
        room(p, count + 2, sizeof(Onnx__OperatorSetIdProto *));
    if (p->failed) {
        return;
    }
    if (count > 0) {
        memcpy(p->shell.opset_import, from->opset_import,
               count * sizeof *from->opset_import);
    }
    import(p, "", p->plan->opset);
    if (!is_raised || has_role(p, CLV_QUANT_MATMUL)) {
        import(p, RUNTIME_DOMAIN, 1);
    }
}

static void make_shell(struct pairs *p)
{
    const Onnx__GraphProto *from = clv_graph_of(p->model);
    size_t nodes = p->model->node_count + (size_t)2 * p->model->tensor_count +
                   (size_t)2 * p->model->node_count;
    size_t weights = from->n_initializer + (size_t)2 * p->model->tensor_count +
                     (size_t)6 * p->model->node_count;

    p->shell = *p->model->proto;
    p->shell.graph = &p->graph;
    p->shell.has_ir_version = 1;
    if (p->shell.ir_version < LEAST_IR_VERSION) {
        p->shell.ir_version = LEAST_IR_VERSION;
    }
    onnx__graph_proto__init(&p->graph);
    p->graph.name = from->name;
    p->graph.doc_string = from->doc_string;
    p->graph.output = from->output;
    p->graph.n_output = from->n_output;
    p->graph.sparse_initializer = from->sparse_initializer;
    p->graph.n_sparse_initializer = from->n_sparse_initializer;
    p->graph.node = room(p, nodes, sizeof(Onnx__NodeProto *));
    p->graph.initializer = room(p, weights, sizeof(Onnx__TensorProto *));
    p->uses = room(p, p->model->tensor_count, 1);
    p->dequants = room(p, p->model->tensor_count, 1);
    import_operators(p);
}

static void make_grids(struct pairs *p, const struct clv_range *ranges)
{
    const struct clv_quantised *q = p->plan;

    p->grids = room(p, p->model->tensor_count, sizeof *p->grids);
    for (uint32_t i = 0; !p->failed && i < q->needed_count; i++) {
        p->grids[q->needed[i]] =
            clv_grid_of(ranges[i].low, ranges[i].high, p->kind);
    }
    for (uint32_t i = 0; !p->failed && i < p->model->tensor_count; i++) {
        if (q->mode[i] != CLV_QUANT_PLAIN) {
            p->grids[i] = p->grids[q->grid[i]];
        }
    }
}

/* -- The file -- */

struct sink {
    ProtobufCBuffer base;
    struct clv_writer *writer;
};

static void put(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
    clv_writer_put(((struct sink *)buffer)->writer, data, size);
}

static cleave_status write_file(struct pairs *p, const char *path,
                                cleave_error *err)
{
    size_t size = onnx__model_proto__get_packed_size(&p->shell);
    struct clv_writer *writer;
    struct sink sink = {.base = {.append = put}};
    cleave_status status;

    if (size > MAX_FILE_BYTES) {
        return clv_fail(err, CLEAVE_LIMIT, path,
                        "Quantised the model still has %zu bytes, and a file "
                        "of 2 GiB is the largest.",
                        size);
    }
    writer = malloc(sizeof *writer);
    if (writer == NULL) {
        return clv_fail_memory(err, path, sizeof *writer);
    }
    status = clv_writer_open(writer, path, err);
    if (status == CLEAVE_OK) {
        sink.writer = writer;
        onnx__model_proto__pack_to_buffer(&p->shell, &sink.base);
        status = clv_writer_commit(writer, err);
    }
    free(writer);
    return status;
}

cleave_status clv_quantised_write(const struct clv_quantised *quantised,
                                  const struct clv_range *ranges,
                                  enum clv_eightbit_kind kind, const char *path,
                                  cleave_error *err)
{
    struct pairs p = {
        .plan = quantised, .model = quantised->model, .kind = kind};
    cleave_status status;

    clv_arena_init(&p.arena, MAX_NEW_BYTES);
    make_shell(&p);
    make_grids(&p, ranges);
    if (!p.failed) {
        mark_uses(&p);
        add_nodes(&p);
        keep_weights(&p);
        keep_descriptions(&p);
    }
    status = p.failed ? clv_fail_memory(err, path, p.model->file.size)
                      : write_file(&p, path, err);
    clv_arena_fini(&p.arena);
    return status;
}
