/*
 * graph.h - the inside of a clv_model, for the files of this folder only.
 */
#ifndef CLV_GRAPH_H
#define CLV_GRAPH_H

#include "base/arena.h"
#include "base/file.h"
#include "model/model.h"
#include "onnx/onnx.pb-c.h"

struct clv_graph_tensor {
    const char *name;
    uint32_t producer; /* node, or CLV_NONE */
    uint32_t weight;   /* initializer, or CLV_NONE */
    uint32_t info;     /* value_info, or CLV_NONE */
    uint8_t is_input;
    uint8_t is_output;
    uint8_t is_constant;
};

struct clv_graph_node {
    const Onnx__NodeProto *proto;
    struct clv_ids inputs;
    struct clv_ids outputs;
    uint8_t is_constant;
};

/* One external file, mapped once however many weights live in it. */
struct clv_external {
    const char *location;
    struct clv_map map;
};

struct clv_model {
    const char *where; /* the path, for errors */
    struct clv_arena arena;
    struct clv_map map;
    clv_bytes file;
    Onnx__ModelProto *proto;

    struct clv_graph_tensor *tensors;
    uint32_t tensor_count;
    uint32_t *by_name; /* tensors sorted by name */
    struct clv_graph_node *nodes;
    uint32_t node_count;

    cleave_tensor_info *inputs;
    uint32_t input_count;
    cleave_tensor_info *outputs;
    uint32_t output_count;

    struct clv_weight *weights;
    struct clv_external *externals;
    uint32_t external_count;
};

/* graph.c: numbers tensors and nodes, checks the graph. */
cleave_status clv_graph_build(struct clv_model *model, cleave_error *err);

/* weights.c: finds every initializer's bytes, maps external files. */
cleave_status clv_weights_build(struct clv_model *model, cleave_error *err);
void clv_weights_fini(struct clv_model *model);

/* The proto's graph. */
static inline Onnx__GraphProto *clv_graph_of(const struct clv_model *model)
{
    return model->proto->graph;
}

#endif
