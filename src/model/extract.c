/*
 * extract.c - writing a part of a graph as an ONNX file of its own.
 *
 * A new graph is made of the nodes that are chosen, with ends of its own: the
 * nodes are borrowed as they are, unless they read a tensor through a pool.
 * Along go descriptions and weights of the tensors that those nodes read or
 * make. How the file is written is onnxfile.c's.
 */
#include "model/extract.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "model/onnxfile.h"

/* Behind the name of a tensor that nodes read through a pool. */
#define POOLED "/pooled"

struct extraction {
    const struct clv_model *model;
    const struct clv_extract *what;
    struct clv_arena arena;
    uint8_t *uses; /* per tensor: in the new file */
    struct clv_onnxfile file;
};

static void mark_uses(struct extraction *x)
{
    const struct clv_extract *what = x->what;

    for (uint32_t i = 0; i < x->model->node_count; i++) {
        struct clv_ids in = x->model->nodes[i].inputs;
        struct clv_ids out = x->model->nodes[i].outputs;
        if (what->nodes != NULL && !what->nodes[i]) {
            continue;
        }
        for (uint32_t j = 0; j < in.count; j++) {
            x->uses[in.id[j]] = 1;
        }
        for (uint32_t j = 0; j < out.count; j++) {
            x->uses[out.id[j]] = 1;
        }
    }
    for (size_t i = 0; i < what->output_count; i++) {
        uint32_t id = clv_model_find_tensor(x->model, what->outputs[i].name);
        if (id != CLV_NONE) {
            x->uses[id] = 1;
        }
    }
}

static int is_pooled(const struct extraction *x, uint32_t tensor)
{
    return x->what->pooled != NULL && x->what->pooled[tensor];
}

static char *pooled_name(struct extraction *x, uint32_t tensor)
{
    const char *name = clv_model_tensor_name(x->model, tensor);
    size_t size = strlen(name) + sizeof POOLED;
    char *pooled = clv_arena_alloc(&x->arena, size);

    if (pooled != NULL) {
        snprintf(pooled, size, "%s%s", name, POOLED);
    }
    return pooled;
}

/* NAME -> average of one by one -> NAME/pooled */
static Onnx__NodeProto *make_pool(struct extraction *x, uint32_t tensor)
{
    static const int64_t one_by_one[2] = {1, 1};
    Onnx__NodeProto *node = clv_arena_alloc(&x->arena, sizeof *node);
    Onnx__AttributeProto *kernel = clv_arena_alloc(&x->arena, sizeof *kernel);
    char **ends = clv_arena_calloc(&x->arena, 2, sizeof *ends);
    Onnx__AttributeProto **list = clv_arena_calloc(&x->arena, 1, sizeof *list);

    if (!node || !kernel || !ends || !list ||
        (ends[1] = pooled_name(x, tensor)) == NULL) {
        return NULL;
    }
    ends[0] = (char *)(uintptr_t)clv_model_tensor_name(x->model, tensor);
    onnx__attribute_proto__init(kernel);
    kernel->name = (char *)(uintptr_t)"kernel_shape";
    kernel->has_type = 1;
    kernel->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    kernel->ints = (int64_t *)(uintptr_t)one_by_one;
    kernel->n_ints = 2;
    list[0] = kernel;
    onnx__node_proto__init(node);
    node->op_type = (char *)(uintptr_t)"AveragePool";
    node->name = ends[1];
    node->input = &ends[0];
    node->n_input = 1;
    node->output = &ends[1];
    node->n_output = 1;
    node->attribute = list;
    node->n_attribute = 1;
    return node;
}

/* The node as it is, or a copy that reads pooled tensors by their new name. */
static Onnx__NodeProto *rewire(struct extraction *x, uint32_t index)
{
    const Onnx__NodeProto *from = x->model->nodes[index].proto;
    Onnx__NodeProto *node = NULL;

    for (size_t i = 0; x->what->pooled != NULL && i < from->n_input; i++) {
        uint32_t id = clv_model_find_tensor(x->model, from->input[i]);
        if (id == CLV_NONE || !is_pooled(x, id)) {
            continue;
        }
        if (node == NULL) {
            node = clv_arena_alloc(&x->arena, sizeof *node);
            char **input =
                clv_arena_calloc(&x->arena, from->n_input, sizeof *input);
            if (node == NULL || input == NULL) {
                return NULL;
            }
            *node = *from;
            memcpy(input, from->input, from->n_input * sizeof *input);
            node->input = input;
        }
        node->input[i] = pooled_name(x, id);
        if (node->input[i] == NULL) {
            return NULL;
        }
    }
    return node != NULL ? node : (Onnx__NodeProto *)(uintptr_t)from;
}

static int pick_nodes(struct extraction *x)
{
    const Onnx__GraphProto *from = clv_graph_of(x->model);
    Onnx__NodeProto **node = clv_arena_calloc(
        &x->arena, from->n_node + x->model->tensor_count + 1, sizeof *node);
    size_t n = 0;

    if (node == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < x->model->tensor_count; i++) {
        if (is_pooled(x, i) && (node[n++] = make_pool(x, i)) == NULL) {
            return 0;
        }
    }
    for (uint32_t i = 0; i < x->model->node_count; i++) {
        if ((x->what->nodes == NULL || x->what->nodes[i]) &&
            (node[n++] = rewire(x, i)) == NULL) {
            return 0;
        }
    }
    x->file.graph.node = node;
    x->file.graph.n_node = n;
    return 1;
}

/* Descriptions of the tensors in between stay with them. */
static int pick_descriptions(struct extraction *x)
{
    const Onnx__GraphProto *from = clv_graph_of(x->model);
    Onnx__ValueInfoProto **info =
        clv_arena_calloc(&x->arena, from->n_value_info + 1, sizeof *info);
    size_t n = 0;

    if (info == NULL) {
        return 0;
    }
    for (size_t i = 0; i < from->n_value_info; i++) {
        uint32_t id =
            clv_model_find_tensor(x->model, from->value_info[i]->name);
        if (id != CLV_NONE && x->uses[id]) {
            info[n++] = from->value_info[i];
        }
    }
    x->file.graph.value_info = info;
    x->file.graph.n_value_info = n;
    return 1;
}

static Onnx__TensorShapeProto *make_shape(struct clv_arena *arena,
                                          const cleave_tensor_info *info)
{
    Onnx__TensorShapeProto *shape = clv_arena_alloc(arena, sizeof *shape);
    Onnx__TensorShapeProto__Dimension *dims =
        clv_arena_calloc(arena, info->rank + 1, sizeof *dims);
    Onnx__TensorShapeProto__Dimension **list =
        clv_arena_calloc(arena, info->rank + 1, sizeof *list);

    if (!shape || !dims || !list) {
        return NULL;
    }
    onnx__tensor_shape_proto__init(shape);
    for (uint32_t i = 0; i < info->rank; i++) {
        onnx__tensor_shape_proto__dimension__init(&dims[i]);
        if (info->shape[i] >= 0) {
            dims[i].value_case =
                ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dims[i].dim_value = info->shape[i];
        }
        list[i] = &dims[i];
    }
    shape->dim = list;
    shape->n_dim = info->rank;
    return shape;
}

static Onnx__ValueInfoProto *make_value_info(struct clv_arena *arena,
                                             const cleave_tensor_info *info)
{
    Onnx__ValueInfoProto *value = clv_arena_alloc(arena, sizeof *value);
    Onnx__TypeProto *type = clv_arena_alloc(arena, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = clv_arena_alloc(arena, sizeof *tensor);

    if (!value || !type || !tensor) {
        return NULL;
    }
    onnx__value_info_proto__init(value);
    value->name = (char *)(uintptr_t)info->name;
    if (info->type == CLEAVE_TYPE_NONE) {
        return value;
    }
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)info->type;
    tensor->shape = make_shape(arena, info);
    if (tensor->shape == NULL) {
        return NULL;
    }
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    value->type = type;
    return value;
}

static Onnx__ValueInfoProto **make_value_infos(struct clv_arena *arena,
                                               const cleave_tensor_info *infos,
                                               size_t count)
{
    Onnx__ValueInfoProto **list =
        clv_arena_calloc(arena, count + 1, sizeof *list);

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = make_value_info(arena, &infos[i]);
        if (list[i] == NULL) {
            return NULL;
        }
    }
    return list;
}

static int make_graph(struct extraction *x)
{
    const Onnx__GraphProto *from = clv_graph_of(x->model);
    const struct clv_extract *what = x->what;

    x->file.shell = *x->model->proto;
    x->file.shell.graph = NULL;
    if (x->file.shell.ir_version <
        4) { /* before, weights had to be inputs too */
        x->file.shell.ir_version = 4;
    }
    onnx__graph_proto__init(&x->file.graph);
    x->file.graph.name = from->name;
    x->file.graph.sparse_initializer = from->sparse_initializer;
    x->file.graph.n_sparse_initializer = from->n_sparse_initializer;
    x->file.graph.input =
        make_value_infos(&x->arena, what->inputs, what->input_count);
    x->file.graph.n_input = what->input_count;
    x->file.graph.output =
        make_value_infos(&x->arena, what->outputs, what->output_count);
    x->file.graph.n_output = what->output_count;
    return x->file.graph.input != NULL && x->file.graph.output != NULL &&
           pick_nodes(x) && pick_descriptions(x);
}

cleave_status clv_model_write(const struct clv_model *model,
                              const struct clv_extract *what, const char *path,
                              cleave_error *err)
{
    struct extraction x = {
        .model = model, .what = what, .file = {.model = model}};
    cleave_status status = CLEAVE_OK;

    clv_arena_init(&x.arena, (size_t)1 << 30);
    x.uses = clv_arena_calloc(&x.arena, (size_t)model->tensor_count + 1, 1);
    x.file.uses = x.uses;
    if (x.uses != NULL) {
        mark_uses(&x);
    }
    if (x.uses == NULL || !make_graph(&x)) {
        status = clv_fail_memory(err, path, model->node_count);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_onnxfile_write(&x.file, what->placer, what->embed_limit_bytes,
                               &x.arena, path, err);
    }
    clv_arena_fini(&x.arena);
    return status;
}
