/*
 * graph_maker.h - ONNX models written by a few lines of a test.
 *
 *     struct maker *m = maker_new();
 *     maker_input(m, "x f32 1x4");
 *     maker_node(m, "Add", "x,w", "y");
 *     maker_floats(m, "w f32 4");
 *     maker_output(m, "y f32 1x4");
 *     maker_write(m, path);
 *     maker_free(m);
 *
 * A tensor is described as "NAME TYPE DIMxDIM", with '?' for a free
 * dimension, no third word for a scalar, and no second one for an unknown
 * type. Everything goes to the graph `m->at`; maker_begin and maker_end
 * open and close one inside a node. Failures end the program.
 */
#ifndef GRAPH_MAKER_H
#define GRAPH_MAKER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "model/model.h"
#include "onnx/onnx.pb-c.h"
#include "tensor/element.h"

struct maker {
    struct clv_arena arena;
    Onnx__ModelProto model;
    Onnx__OperatorSetIdProto opset;
    Onnx__OperatorSetIdProto *opsets[1];
    Onnx__GraphProto *at;
    Onnx__GraphProto *above[64];
    int depth;
};

static inline void *maker_room(struct maker *m, size_t size)
{
    void *room = clv_arena_calloc(&m->arena, 1, size);

    if (room == NULL) {
        abort();
    }
    return room;
}

/* A copy of text that protobuf-c may take as its own. */
static inline char *maker_text(struct maker *m, const char *text)
{
    return strcpy(maker_room(m, strlen(text) + 1), text);
}

/* A list of pointers with one more at its end. */
static inline void *maker_longer(struct maker *m, void *list, size_t count,
                                 void *item)
{
    void **longer = list;

    if ((count & (count - 1)) == 0) { /* full at every power of two */
        longer = maker_room(m, (2 * count + 1) * sizeof *longer);
        if (count > 0) {
            memcpy(longer, list, count * sizeof *longer);
        }
    }
    longer[count] = item;
    return longer;
}

#define MAKER_ADD(m, owner, field, item) \
    ((owner)->field =                    \
         maker_longer((m), (owner)->field, (owner)->n_##field++, (item)))

static inline Onnx__GraphProto *maker_graph(struct maker *m)
{
    Onnx__GraphProto *graph = maker_room(m, sizeof *graph);

    onnx__graph_proto__init(graph);
    graph->name = maker_text(m, "g");
    return graph;
}

static inline struct maker *maker_new(void)
{
    struct maker *m = calloc(1, sizeof *m);

    if (m == NULL) {
        abort();
    }
    clv_arena_init(&m->arena, (size_t)1 << 30);
    onnx__model_proto__init(&m->model);
    onnx__operator_set_id_proto__init(&m->opset);
    m->opset.domain = maker_text(m, "");
    m->opset.has_version = 1;
    m->opset.version = 13;
    m->opsets[0] = &m->opset;
    m->model.n_opset_import = 1;
    m->model.opset_import = m->opsets;
    m->model.has_ir_version = 1;
    m->model.ir_version = 8;
    m->model.graph = m->at = maker_graph(m);
    return m;
}

static inline void maker_free(struct maker *m)
{
    clv_arena_fini(&m->arena);
    free(m);
}

/* -- Tensors -- */

struct maker_form {
    char name[256];
    int type; /* ONNX code, 0 = unknown */
    size_t rank;
    int64_t dims[16];
};

static inline struct maker_form maker_form(const char *text)
{
    struct maker_form f = {.rank = 0};
    char type[16] = "";
    char dims[256] = "";

    if (sscanf(text, "%255s %15s %255s", f.name, type, dims) < 1) {
        abort();
    }
    f.type = type[0] != '\0' ? (int)clv_type_from_name(type) : 0;
    for (char *d = strtok(dims, "x"); d != NULL; d = strtok(NULL, "x")) {
        f.dims[f.rank++] = d[0] == '?' ? -1 : strtoll(d, NULL, 10);
    }
    return f;
}

static inline Onnx__ValueInfoProto *maker_value(struct maker *m,
                                                const char *text)
{
    struct maker_form f = maker_form(text);
    Onnx__ValueInfoProto *value = maker_room(m, sizeof *value);
    Onnx__TypeProto__Tensor *tensor = maker_room(m, sizeof *tensor);

    onnx__value_info_proto__init(value);
    value->name = maker_text(m, f.name);
    if (f.type == 0) {
        return value;
    }
    value->type = maker_room(m, sizeof *value->type);
    onnx__type_proto__init(value->type);
    onnx__type_proto__tensor__init(tensor);
    value->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    value->type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = f.type;
    tensor->shape = maker_room(m, sizeof *tensor->shape);
    onnx__tensor_shape_proto__init(tensor->shape);
    for (size_t i = 0; i < f.rank; i++) {
        Onnx__TensorShapeProto__Dimension *d = maker_room(m, sizeof *d);
        onnx__tensor_shape_proto__dimension__init(d);
        if (f.dims[i] == -1) {
            d->value_case =
                ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = maker_text(m, "N");
        } else {
            d->value_case =
                ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = f.dims[i];
        }
        MAKER_ADD(m, tensor->shape, dim, d);
    }
    return value;
}

static inline Onnx__ValueInfoProto *maker_input(struct maker *m,
                                                const char *text)
{
    Onnx__ValueInfoProto *value = maker_value(m, text);

    MAKER_ADD(m, m->at, input, value);
    return value;
}

static inline Onnx__ValueInfoProto *maker_output(struct maker *m,
                                                 const char *text)
{
    Onnx__ValueInfoProto *value = maker_value(m, text);

    MAKER_ADD(m, m->at, output, value);
    return value;
}

/* A line of value_info. */
static inline void maker_describe(struct maker *m, const char *text)
{
    MAKER_ADD(m, m->at, value_info, maker_value(m, text));
}

/* A tensor with form, without bytes, that belongs to nobody yet. */
static inline Onnx__TensorProto *maker_tensor(struct maker *m, const char *text)
{
    struct maker_form f = maker_form(text);
    Onnx__TensorProto *t = maker_room(m, sizeof *t);

    onnx__tensor_proto__init(t);
    t->name = maker_text(m, f.name);
    t->has_data_type = 1;
    t->data_type = f.type;
    t->n_dims = f.rank;
    t->dims = maker_room(m, sizeof f.dims);
    memcpy(t->dims, f.dims, sizeof f.dims);
    return t;
}

static inline size_t maker_elements(const Onnx__TensorProto *t)
{
    size_t n = 1;

    for (size_t i = 0; i < t->n_dims; i++) {
        n *= (size_t)t->dims[i];
    }
    return n;
}

/* The i-th of all weights' elements: small, and all kinds of. */
static inline float maker_number(size_t i)
{
    return (float)((int)(i * 7 % 13) - 6) / 8.0f;
}

static inline void maker_fill_floats(struct maker *m, Onnx__TensorProto *t)
{
    t->n_float_data = maker_elements(t);
    t->float_data = maker_room(m, t->n_float_data * sizeof(float) + 1);
    for (size_t i = 0; i < t->n_float_data; i++) {
        t->float_data[i] = maker_number(i);
    }
}

static inline void maker_fill_raw(struct maker *m, Onnx__TensorProto *t,
                                  const void *data, size_t size)
{
    t->has_raw_data = 1;
    t->raw_data.len = size;
    t->raw_data.data = maker_room(m, size + 1);
    if (size > 0) {
        memcpy(t->raw_data.data, data, size);
    }
}

/* An initializer in the field float_data, with numbers of our own. */
static inline Onnx__TensorProto *maker_floats(struct maker *m, const char *text)
{
    Onnx__TensorProto *t = maker_tensor(m, text);

    maker_fill_floats(m, t);
    MAKER_ADD(m, m->at, initializer, t);
    return t;
}

/* An initializer in the field raw_data. */
static inline Onnx__TensorProto *maker_raw(struct maker *m, const char *text,
                                           const void *data, size_t size)
{
    Onnx__TensorProto *t = maker_tensor(m, text);

    maker_fill_raw(m, t, data, size);
    MAKER_ADD(m, m->at, initializer, t);
    return t;
}

/* The same numbers as maker_floats, as raw bytes. */
static inline Onnx__TensorProto *maker_raw_floats(struct maker *m,
                                                  const char *text)
{
    Onnx__TensorProto *t = maker_floats(m, text);

    maker_fill_raw(m, t, t->float_data, t->n_float_data * sizeof(float));
    t->n_float_data = 0;
    return t;
}

/* int64 numbers, as shapes and axes are. */
static inline Onnx__TensorProto *maker_longs(struct maker *m, const char *text,
                                             const int64_t *values)
{
    Onnx__TensorProto *t = maker_tensor(m, text);

    t->n_int64_data = maker_elements(t);
    t->int64_data = maker_room(m, t->n_int64_data * sizeof *values + 1);
    memcpy(t->int64_data, values, t->n_int64_data * sizeof *values);
    MAKER_ADD(m, m->at, initializer, t);
    return t;
}

static inline void maker_external_entry(struct maker *m, Onnx__TensorProto *t,
                                        const char *key, const char *value)
{
    Onnx__StringStringEntryProto *e = maker_room(m, sizeof *e);

    if (value != NULL) {
        onnx__string_string_entry_proto__init(e);
        e->key = maker_text(m, key);
        e->value = maker_text(m, value);
        MAKER_ADD(m, t, external_data, e);
    }
}

/* An initializer in another file; NULL leaves an entry out. */
static inline Onnx__TensorProto *maker_external(struct maker *m,
                                                const char *text,
                                                const char *location,
                                                const char *offset,
                                                const char *length)
{
    Onnx__TensorProto *t = maker_tensor(m, text);

    t->has_data_location = 1;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    maker_external_entry(m, t, "location", location);
    maker_external_entry(m, t, "offset", offset);
    maker_external_entry(m, t, "length", length);
    MAKER_ADD(m, m->at, initializer, t);
    return t;
}

/* -- Nodes -- */

/* Names joined by ','; an empty one is an optional left out. */
static inline void maker_names(struct maker *m, const char *text, size_t *count,
                               char ***list)
{
    const char *at = text;

    while (text[0] != '\0') {
        size_t length = strcspn(at, ",");
        char *name = maker_room(m, length + 1);
        memcpy(name, at, length);
        *list = maker_longer(m, *list, *count, name);
        (*count)++;
        if (at[length] == '\0') {
            break;
        }
        at += length + 1;
    }
}

static inline Onnx__NodeProto *maker_node(struct maker *m, const char *op,
                                          const char *inputs,
                                          const char *outputs)
{
    Onnx__NodeProto *node = maker_room(m, sizeof *node);

    onnx__node_proto__init(node);
    node->op_type = maker_text(m, op);
    maker_names(m, inputs, &node->n_input, &node->input);
    maker_names(m, outputs, &node->n_output, &node->output);
    MAKER_ADD(m, m->at, node, node);
    return node;
}

static inline Onnx__AttributeProto *maker_attribute(struct maker *m,
                                                    Onnx__NodeProto *node,
                                                    const char *name, int type)
{
    Onnx__AttributeProto *a = maker_room(m, sizeof *a);

    onnx__attribute_proto__init(a);
    a->name = maker_text(m, name);
    a->has_type = 1;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    MAKER_ADD(m, node, attribute, a);
    return a;
}

static inline void maker_int(struct maker *m, Onnx__NodeProto *node,
                             const char *name, int64_t value)
{
    Onnx__AttributeProto *a = maker_attribute(
        m, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

    a->has_i = 1;
    a->i = value;
}

/* Integers as "2x2". */
static inline void maker_ints(struct maker *m, Onnx__NodeProto *node,
                              const char *name, const char *values)
{
    Onnx__AttributeProto *a = maker_attribute(
        m, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    struct maker_form f;
    char text[300];

    snprintf(text, sizeof text, "n i64 %s", values);
    f = maker_form(text);
    a->n_ints = f.rank;
    a->ints = maker_room(m, sizeof f.dims);
    memcpy(a->ints, f.dims, sizeof f.dims);
}

static inline void maker_value_of(struct maker *m, Onnx__NodeProto *node,
                                  const char *name, Onnx__TensorProto *t)
{
    maker_attribute(m, node, name,
                    ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)
        ->t = t;
}

/* Opens a graph inside a node: what follows goes there until maker_end. */
static inline void maker_begin(struct maker *m, Onnx__NodeProto *node,
                               const char *name)
{
    Onnx__AttributeProto *a = maker_attribute(
        m, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH);

    if (m->depth == (int)(sizeof m->above / sizeof m->above[0])) {
        abort();
    }
    a->g = maker_graph(m);
    m->above[m->depth++] = m->at;
    m->at = a->g;
}

static inline void maker_end(struct maker *m)
{
    m->at = m->above[--m->depth];
}

/* -- The file -- */

/* The model's bytes, for the caller to free. */
static inline clv_bytes maker_pack(const struct maker *m)
{
    size_t size = onnx__model_proto__get_packed_size(&m->model);
    uint8_t *bytes = malloc(size + 1);

    if (bytes == NULL) {
        abort();
    }
    onnx__model_proto__pack(&m->model, bytes);
    return (clv_bytes){bytes, size};
}

static inline void maker_write_bytes(clv_bytes bytes, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size ||
        fclose(file) != 0) {
        perror(path);
        abort();
    }
}

static inline void maker_write(const struct maker *m, const char *path)
{
    clv_bytes bytes = maker_pack(m);

    maker_write_bytes(bytes, path);
    free((void *)(uintptr_t)bytes.data);
}

/* Opens the model from memory that lives as long as the maker. */
static inline cleave_status maker_parse(struct maker *m,
                                        struct clv_model **ret_model,
                                        cleave_error *err)
{
    size_t size = onnx__model_proto__get_packed_size(&m->model);
    uint8_t *bytes = maker_room(m, size + 1);

    onnx__model_proto__pack(&m->model, bytes);
    return clv_model_parse((clv_bytes){bytes, size}, "made.onnx", ret_model,
                           err);
}

/* The same for a model that must be good. */
static inline struct clv_model *maker_model(struct maker *m)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    if (maker_parse(m, &model, &err) != CLEAVE_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        abort();
    }
    return model;
}

#endif
