/*
 * model.c - opening an ONNX file, and answering what is in it.
 *
 * The life of a clv_model: map the file, read its skeleton, number its names
 * (graph.c), find its weights (weights.c), read the types of its inputs and
 * outputs. Everything lives in one arena and points into the map.
 */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/sha256.h"
#include "model/graph.h"
#include "model/skeleton.h"
#include "tensor/element.h"

/* The most memory that the structs of one graph may take. */
#define MAX_GRAPH_BYTES ((size_t)1 << 30)

/* Reads a type; CLEAVE_TYPE_NONE where it is no plain tensor of ours. */
static void read_type(const Onnx__TypeProto *type, cleave_tensor_info *info)
{
    const Onnx__TypeProto__Tensor *t;

    if (type == NULL ||
        type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        return;
    }
    t = type->tensor_type;
    if (t->shape == NULL || t->shape->n_dim > CLEAVE_MAX_RANK) {
        return;
    }
    info->type = clv_type_from_onnx(t->elem_type);
    info->rank = (uint32_t)t->shape->n_dim;
    for (uint32_t i = 0; i < info->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        int known = d->value_case ==
                    ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        info->shape[i] = known && d->dim_value >= 0 ? d->dim_value : -1;
    }
}

static cleave_status read_inputs(struct clv_model *model, cleave_error *err)
{
    const Onnx__GraphProto *g = clv_graph_of(model);

    model->inputs =
        clv_arena_calloc(&model->arena, g->n_input + 1, sizeof *model->inputs);
    if (model->inputs == NULL) {
        return clv_fail_memory(err, model->where, g->n_input);
    }
    for (size_t i = 0; i < g->n_input; i++) {
        cleave_tensor_info *info = &model->inputs[model->input_count];
        uint32_t id = clv_model_find_tensor(model, g->input[i]->name);
        if (id == CLV_NONE || !model->tensors[id].is_input) {
            continue;
        }
        info->name = g->input[i]->name;
        read_type(g->input[i]->type, info);
        if (info->type == CLEAVE_TYPE_NONE) {
            return clv_fail(err, CLEAVE_UNSUPPORTED, model->where,
                            "The input '%.200s' is not a tensor of numbers "
                            "with a known rank of at most %d.",
                            info->name, CLEAVE_MAX_RANK);
        }
        model->input_count++;
    }
    return CLEAVE_OK;
}

static cleave_status read_outputs(struct clv_model *model, cleave_error *err)
{
    const Onnx__GraphProto *g = clv_graph_of(model);

    model->outputs = clv_arena_calloc(&model->arena, g->n_output + 1,
                                      sizeof *model->outputs);
    if (model->outputs == NULL) {
        return clv_fail_memory(err, model->where, g->n_output);
    }
    for (size_t i = 0; i < g->n_output; i++) {
        cleave_tensor_info *info = &model->outputs[i];
        if (g->output[i]->name == NULL || g->output[i]->name[0] == '\0') {
            return clv_fail(err, CLEAVE_CORRUPT, model->where,
                            "Output %zu of the graph has no name.", i);
        }
        info->name = g->output[i]->name;
        read_type(g->output[i]->type, info);
        model->output_count++;
    }
    return CLEAVE_OK;
}

static cleave_status build(struct clv_model *model, cleave_error *err)
{
    cleave_status status = clv_skeleton_unpack(
        model->file, model->where, &model->arena, &model->proto, err);

    if (status == CLEAVE_OK) {
        status = clv_graph_build(model, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_weights_build(model, err);
    }
    if (status == CLEAVE_OK) {
        status = read_inputs(model, err);
    }
    if (status == CLEAVE_OK) {
        status = read_outputs(model, err);
    }
    return status;
}

static cleave_status new_model(const char *where, struct clv_model **ret,
                               cleave_error *err)
{
    struct clv_model *model = calloc(1, sizeof *model);

    if (model != NULL) {
        clv_arena_init(&model->arena, MAX_GRAPH_BYTES);
        model->where = clv_arena_strdup(&model->arena, where);
    }
    if (model == NULL || model->where == NULL) {
        free(model);
        return clv_fail_memory(err, where, sizeof *model);
    }
    *ret = model;
    return CLEAVE_OK;
}

cleave_status clv_model_parse(clv_bytes file, const char *where,
                              struct clv_model **ret_model, cleave_error *err)
{
    struct clv_model *model;
    cleave_status status = new_model(where, &model, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    model->file = file;
    status = build(model, err);
    if (status != CLEAVE_OK) {
        clv_model_close(model);
        return status;
    }
    *ret_model = model;
    return CLEAVE_OK;
}

cleave_status clv_model_open(const char *path, struct clv_model **ret_model,
                             cleave_error *err)
{
    struct clv_model *model;
    cleave_status status = new_model(path, &model, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    status = clv_map_open(path, &model->map, err);
    if (status == CLEAVE_OK) {
        model->file = model->map.bytes;
        status = build(model, err);
    }
    if (status != CLEAVE_OK) {
        clv_model_close(model);
        return status;
    }
    *ret_model = model;
    return CLEAVE_OK;
}

void clv_model_close(struct clv_model *model)
{
    if (model != NULL) {
        clv_weights_fini(model);
        clv_map_close(&model->map);
        clv_arena_fini(&model->arena);
        free(model);
    }
}

void clv_model_rest(const struct clv_model *model)
{
    clv_map_rest(&model->map);
    for (uint32_t i = 0; i < model->external_count; i++) {
        clv_map_rest(&model->externals[i].map);
    }
}

uint64_t clv_model_file_bytes(const struct clv_model *model)
{
    return model->file.size;
}

void clv_model_sha256(const struct clv_model *model, char into[65])
{
    struct clv_sha256 hash = clv_sha256_of(model->file);

    for (uint32_t i = 0; i < model->external_count; i++) {
        struct clv_sha256 other = clv_sha256_of(model->externals[i].map.bytes);
        clv_bytes parts[] = {
            {(const uint8_t *)hash.hex, CLV_SHA256_HEX - 1},
            {(const uint8_t *)other.hex, CLV_SHA256_HEX - 1},
        };
        hash = clv_sha256_of_parts(parts, 2);
    }
    memcpy(into, hash.hex, CLV_SHA256_HEX);
}

const cleave_tensor_info *clv_model_inputs(const struct clv_model *model,
                                           uint32_t *ret_count)
{
    *ret_count = model->input_count;
    return model->inputs;
}

const cleave_tensor_info *clv_model_outputs(const struct clv_model *model,
                                            uint32_t *ret_count)
{
    *ret_count = model->output_count;
    return model->outputs;
}

int clv_model_has_defaults(const struct clv_model *model)
{
    return clv_graph_of(model)->n_input != model->input_count;
}

uint32_t clv_model_tensor_count(const struct clv_model *model)
{
    return model->tensor_count;
}

uint32_t clv_model_node_count(const struct clv_model *model)
{
    return model->node_count;
}

const char *clv_model_tensor_name(const struct clv_model *model, uint32_t id)
{
    return model->tensors[id].name;
}

uint32_t clv_model_find_tensor(const struct clv_model *model, const char *name)
{
    uint32_t low = 0;
    uint32_t high = model->tensor_count;

    if (name == NULL) {
        return CLV_NONE;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint32_t id = model->by_name[middle];
        int c = strcmp(model->tensors[id].name, name);
        if (c == 0) {
            return id;
        }
        if (c < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return CLV_NONE;
}

cleave_tensor_info clv_model_declared(const struct clv_model *model,
                                      uint32_t id)
{
    const struct clv_graph_tensor *t = &model->tensors[id];
    cleave_tensor_info info = {.name = t->name};

    for (uint32_t i = 0; t->is_input && i < model->input_count; i++) {
        if (strcmp(model->inputs[i].name, t->name) == 0) {
            return model->inputs[i];
        }
    }
    for (uint32_t i = 0; t->is_output && i < model->output_count; i++) {
        if (strcmp(model->outputs[i].name, t->name) == 0) {
            return model->outputs[i];
        }
    }
    if (t->weight != CLV_NONE) {
        return model->weights[t->weight].tensor.info;
    }
    if (t->info != CLV_NONE) {
        read_type(clv_graph_of(model)->value_info[t->info]->type, &info);
    }
    return info;
}

uint32_t clv_model_producer(const struct clv_model *model, uint32_t id)
{
    return model->tensors[id].producer;
}

int clv_model_is_constant(const struct clv_model *model, uint32_t id)
{
    return model->tensors[id].is_constant;
}

int clv_model_is_input(const struct clv_model *model, uint32_t id)
{
    return model->tensors[id].is_input;
}

const char *clv_model_node_op(const struct clv_model *model, uint32_t node)
{
    return model->nodes[node].proto->op_type;
}

struct clv_ids clv_model_node_inputs(const struct clv_model *model,
                                     uint32_t node)
{
    return model->nodes[node].inputs;
}

struct clv_ids clv_model_node_outputs(const struct clv_model *model,
                                      uint32_t node)
{
    return model->nodes[node].outputs;
}

int64_t clv_model_node_int(const struct clv_model *model, uint32_t node,
                           const char *attribute, int64_t otherwise)
{
    const Onnx__NodeProto *proto = model->nodes[node].proto;

    for (size_t i = 0; i < proto->n_attribute; i++) {
        const Onnx__AttributeProto *a = proto->attribute[i];
        if (a->name != NULL && strcmp(a->name, attribute) == 0 && a->has_i) {
            return a->i;
        }
    }
    return otherwise;
}

uint32_t clv_model_weight_count(const struct clv_model *model)
{
    return (uint32_t)clv_graph_of(model)->n_initializer;
}

struct clv_weight clv_model_weight(const struct clv_model *model, uint32_t i)
{
    return model->weights[i];
}
