/*
 * tiny_model.h - ONNX files small enough to write by hand, for tests.
 *
 *     tiny_chain: x -Relu-> a -Add 1-> b -Relu-> y      f32 1xN
 *     tiny_pair:  y = p - q                             f32 1xN
 *
 * A size of -1 leaves N free.
 */
#ifndef TINY_MODEL_H
#define TINY_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx.pb-c.h"

struct tiny_value {
    Onnx__ValueInfoProto info;
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension dims[2];
    Onnx__TensorShapeProto__Dimension *dim_list[2];
};

static inline void tiny_value_init(struct tiny_value *v, const char *name,
                                   int64_t size)
{
    onnx__value_info_proto__init(&v->info);
    onnx__type_proto__init(&v->type);
    onnx__type_proto__tensor__init(&v->tensor);
    onnx__tensor_shape_proto__init(&v->shape);
    for (int i = 0; i < 2; i++) {
        onnx__tensor_shape_proto__dimension__init(&v->dims[i]);
        v->dims[i].value_case =
            size < 0 && i == 1
                ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET
                : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        v->dims[i].dim_value = i == 0 ? 1 : size;
        v->dim_list[i] = &v->dims[i];
    }
    v->shape.n_dim = 2;
    v->shape.dim = v->dim_list;
    v->tensor.has_elem_type = 1;
    v->tensor.elem_type = 1;
    v->tensor.shape = &v->shape;
    v->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    v->type.tensor_type = &v->tensor;
    v->info.name = (char *)(uintptr_t)name;
    v->info.type = &v->type;
}

struct tiny_node {
    Onnx__NodeProto node;
    char *inputs[2];
    char *outputs[1];
};

static inline void tiny_node_init(struct tiny_node *n, const char *op,
                                  const char *a, const char *b, const char *out)
{
    onnx__node_proto__init(&n->node);
    n->inputs[0] = (char *)(uintptr_t)a;
    n->inputs[1] = (char *)(uintptr_t)b;
    n->outputs[0] = (char *)(uintptr_t)out;
    n->node.op_type = (char *)(uintptr_t)op;
    n->node.name = (char *)(uintptr_t)out;
    n->node.n_input = b != NULL ? 2 : 1;
    n->node.input = n->inputs;
    n->node.n_output = 1;
    n->node.output = n->outputs;
}

/* Packs the graph as a model and writes it. Returns 0 if all went well. */
static inline int tiny_write(Onnx__GraphProto *graph, const char *path)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[1] = {&opset};
    size_t size;
    uint8_t *bytes;
    FILE *file;
    int bad = 1;

    opset.has_version = 1;
    opset.version = 13;
    opset.domain = (char *)(uintptr_t)"";
    model.has_ir_version = 1;
    model.ir_version = 7;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.graph = graph;
    size = onnx__model_proto__get_packed_size(&model);
    bytes = malloc(size);
    file = fopen(path, "wb");
    if (bytes != NULL && file != NULL) {
        onnx__model_proto__pack(&model, bytes);
        bad = fwrite(bytes, 1, size, file) != size;
    }
    if (file != NULL) {
        bad |= fclose(file) != 0;
    }
    free(bytes);
    return bad;
}

static inline int tiny_chain_write(const char *path, int64_t size)
{
    static const char *const names[] = {"x", "a", "b", "y"};
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    Onnx__TensorProto one = ONNX__TENSOR_PROTO__INIT;
    Onnx__TensorProto *initializers[1] = {&one};
    struct tiny_node nodes[3];
    Onnx__NodeProto *node_list[3];
    struct tiny_value values[4];
    Onnx__ValueInfoProto *list[4];
    float one_value = 1;
    int64_t one_dim = 1;

    for (int i = 0; i < 4; i++) {
        tiny_value_init(&values[i], names[i], size);
        list[i] = &values[i].info;
    }
    tiny_node_init(&nodes[0], "Relu", "x", NULL, "a");
    tiny_node_init(&nodes[1], "Add", "a", "one", "b");
    tiny_node_init(&nodes[2], "Relu", "b", NULL, "y");
    for (int i = 0; i < 3; i++) {
        node_list[i] = &nodes[i].node;
    }
    one.name = (char *)(uintptr_t)"one";
    one.has_data_type = 1;
    one.data_type = 1;
    one.n_dims = 1;
    one.dims = &one_dim;
    one.n_float_data = 1;
    one.float_data = &one_value;
    graph.name = (char *)(uintptr_t)"chain";
    graph.n_node = 3;
    graph.node = node_list;
    graph.n_initializer = 1;
    graph.initializer = initializers;
    graph.n_input = 1;
    graph.input = &list[0];
    graph.n_value_info = 2;
    graph.value_info = &list[1];
    graph.n_output = 1;
    graph.output = &list[3];
    return tiny_write(&graph, path);
}

static inline int tiny_pair_write(const char *path, int64_t size)
{
    static const char *const names[] = {"p", "q", "y"};
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    struct tiny_node node;
    Onnx__NodeProto *node_list[1] = {&node.node};
    struct tiny_value values[3];
    Onnx__ValueInfoProto *list[3];

    for (int i = 0; i < 3; i++) {
        tiny_value_init(&values[i], names[i], size);
        list[i] = &values[i].info;
    }
    tiny_node_init(&node, "Sub", "p", "q", "y");
    graph.name = (char *)(uintptr_t)"pair";
    graph.n_node = 1;
    graph.node = node_list;
    graph.n_input = 2;
    graph.input = &list[0];
    graph.n_output = 1;
    graph.output = &list[2];
    return tiny_write(&graph, path);
}

#endif
