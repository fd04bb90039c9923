/*
 * pairs.c - writing down a quantised model.
 *
 * The new graph is put together from the old one's nodes, which are borrowed
 * or copied shallowly, and from new ones. Behind each tensor that is rounded
 * stands a pair of QuantizeLinear and DequantizeLinear, right after the node
 * that makes it. Nodes that have weights are handed to operands.c; the graph
 * itself, and the names of what is new in it, are draft.c's.
 */
#include <string.h>

#include "base/fail.h"
#include "model/operands.h"

struct pairs {
    struct clv_draft draft;
    const struct clv_quantised *plan;
    const struct clv_model *model;
    struct clv_grid *grids; /* of each tensor that is rounded */
    enum clv_eightbit_kind kind;
    uint8_t *uses;     /* of each tensor: a node of the new graph reads it, */
    uint8_t *dequants; /* and not (only) as integers */
};

static const char *tensor_name(const struct pairs *p, uint32_t id)
{
    return p->model->tensors[id].name;
}

/* from -> Q -> t/int8 -> DQ -> to */
static void add_pair(struct pairs *p, uint32_t tensor, const char *from,
                     char *to)
{
    const char *name = tensor_name(p, tensor);
    int type = p->kind == CLV_EIGHTBIT_SIGNED ? CLEAVE_TYPE_I8 : CLEAVE_TYPE_U8;
    struct clv_grid grid = p->grids[tensor];
    cleave_tensor_info scalar = {.rank = 0};
    char *scale_name = clv_draft_name(&p->draft, name, "scale");
    char *zero_name = clv_draft_name(&p->draft, name, "zero");
    char *middle = clv_draft_name(&p->draft, name, "int8");
    float *scale = clv_draft_tensor(&p->draft, scale_name, CLEAVE_TYPE_F32,
                                    &scalar, sizeof *scale, 1);
    uint8_t *zero =
        clv_draft_tensor(&p->draft, zero_name, type, &scalar, sizeof *zero, 1);

    if (p->draft.failed) {
        return;
    }
    *scale = grid.scale;
    *zero = (uint8_t)grid.zero; /* as two's complement where signed */
    clv_draft_step(&p->draft, "QuantizeLinear", from, scale_name, zero_name,
                   middle, -1);
    if (p->dequants[tensor]) {
        clv_draft_step(&p->draft, "DequantizeLinear", middle, scale_name,
                       zero_name, to, -1);
    }
}

/* -- The nodes, in order -- */

static void rename_inputs(struct pairs *p, uint32_t node, char **input,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->model, input[i]);
        if (id != CLV_NONE && p->plan->role[node] != CLV_QUANT_FLOAT &&
            p->plan->mode[id] == CLV_QUANT_BRANCH) {
            input[i] = clv_draft_name(&p->draft, input[i], "float");
        }
    }
}

static void rename_outputs(struct pairs *p, char **output, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(p->model, output[i]);
        if (id != CLV_NONE && p->plan->mode[id] == CLV_QUANT_INNER) {
            output[i] = clv_draft_name(&p->draft, output[i], "before");
        }
    }
}

static void add_node(struct pairs *p, uint32_t index)
{
    const Onnx__NodeProto *from = p->model->nodes[index].proto;
    uint32_t folded = p->plan->folds[index];
    Onnx__NodeProto *node = clv_draft_room(&p->draft, 1, sizeof *node);
    char **input = clv_draft_room(&p->draft, from->n_input + 7, sizeof *input);
    char **output = clv_draft_room(&p->draft, from->n_output, sizeof *output);

    if (p->draft.failed) {
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
        output[0] = p->model->nodes[folded].proto->output[0];
    }
    if (clv_operands_has(p->plan, index)) {
        uint32_t data = clv_model_find_tensor(p->model, from->input[0]);
        clv_operands_add(&p->draft, index, node, p->grids[data].scale);
    }
    if (p->draft.failed) {
        return;
    }
    rename_inputs(p, index, input,
                  clv_operands_has(p->plan, index) ? 1 : node->n_input);
    rename_outputs(p, output, node->n_output);
    p->draft.graph.node[p->draft.graph.n_node++] = node;
}

/* The pair behind a tensor that has just been made. */
static void add_pairs(struct pairs *p, uint32_t tensor)
{
    const char *name = tensor_name(p, tensor);

    if (p->plan->mode[tensor] == CLV_QUANT_INNER) {
        add_pair(p, tensor, clv_draft_name(&p->draft, name, "before"),
                 (char *)(uintptr_t)name);
    } else if (p->plan->mode[tensor] == CLV_QUANT_BRANCH) {
        add_pair(p, tensor, name, clv_draft_name(&p->draft, name, "float"));
    }
}

static void add_nodes(struct pairs *p)
{
    for (uint32_t i = 0; !p->draft.failed && i < p->model->input_count; i++) {
        add_pairs(p, clv_model_find_tensor(p->model, p->model->inputs[i].name));
    }
    for (uint32_t i = 0; !p->draft.failed && i < p->model->node_count; i++) {
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
    p->uses = clv_draft_room(&p->draft, p->model->tensor_count, 1);
    p->dequants = clv_draft_room(&p->draft, p->model->tensor_count, 1);
    if (p->draft.failed) {
        return;
    }
    for (uint32_t i = 0; i < p->model->node_count; i++) {
        struct clv_ids in = p->model->nodes[i].inputs;
        int is_float = p->plan->role[i] == CLV_QUANT_FLOAT;
        int dequants = p->plan->role[i] != CLV_QUANT_MATMUL;
        if (p->plan->role[i] == CLV_QUANT_GONE) {
            continue;
        }
        in.count = clv_operands_has(p->plan, i) ? 1 : in.count;
        for (uint32_t k = 0; k < in.count; k++) {
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
    Onnx__TensorProto *t = clv_draft_room(&p->draft, 1, sizeof *t);

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
    p->draft.graph.initializer[p->draft.graph.n_initializer++] = t;
}

static void keep_weights(struct pairs *p)
{
    for (uint32_t i = 0; i < p->model->tensor_count; i++) {
        uint32_t weight = p->model->tensors[i].weight;
        if (!p->draft.failed && p->uses[i] && weight != CLV_NONE) {
            keep_weight(p, weight);
        }
    }
}

/* Inputs without those that are only defaults, and what is known of tensors
   that keep their names. */
static void keep_descriptions(struct pairs *p)
{
    const Onnx__GraphProto *from = clv_graph_of(p->model);
    Onnx__GraphProto *g = &p->draft.graph;

    g->input = clv_draft_room(&p->draft, from->n_input,
                              sizeof(Onnx__ValueInfoProto *));
    g->value_info = clv_draft_room(&p->draft, from->n_value_info,
                                   sizeof(Onnx__ValueInfoProto *));
    if (p->draft.failed) {
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

static void make_grids(struct pairs *p, const struct clv_range *ranges)
{
    const struct clv_quantised *q = p->plan;

    p->grids =
        clv_draft_room(&p->draft, p->model->tensor_count, sizeof *p->grids);
    for (uint32_t i = 0; !p->draft.failed && i < q->needed_count; i++) {
        p->grids[q->needed[i]] =
            clv_grid_of(ranges[i].low, ranges[i].high, p->kind);
    }
    for (uint32_t i = 0; !p->draft.failed && i < p->model->tensor_count; i++) {
        if (q->mode[i] != CLV_QUANT_PLAIN) {
            p->grids[i] = p->grids[q->grid[i]];
        }
    }
}

cleave_status clv_quantised_write(const struct clv_quantised *quantised,
                                  const struct clv_range *ranges,
                                  enum clv_eightbit_kind kind, const char *path,
                                  cleave_error *err)
{
    struct pairs p = {
        .plan = quantised, .model = quantised->model, .kind = kind};
    cleave_status status;

    clv_draft_init(&p.draft, quantised);
    make_grids(&p, ranges);
    mark_uses(&p);
    add_nodes(&p);
    keep_weights(&p);
    keep_descriptions(&p);
    status = p.draft.failed ? clv_fail_memory(err, path, p.model->file.size)
                            : clv_draft_write(&p.draft, path, err);
    clv_draft_fini(&p.draft);
    return status;
}
