/*
 * draft.c - a new graph in an old model's shell.
 *
 * The model is copied shallowly, down to the lists that change: nodes,
 * weights, the versions of operators. They are made as long as a plan can need
 * them, once, and filled from the front. The file is packed straight from
 * them: weights that stay never leave the mapped file of the original.
 */
#include "model/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/writer.h"
#include "model/opset.h"

#define MAX_NEW_BYTES ((size_t)4 << 30)

/* Protocol buffers end here. */
#define MAX_FILE_BYTES (((size_t)2 << 30) - 1)

/* The first version of the format whose graphs keep weights to themselves. */
#define LEAST_IR_VERSION 7

void *clv_draft_room(struct clv_draft *d, size_t count, size_t size)
{
    void *piece = clv_arena_calloc(&d->arena, count + 1, size);

    d->failed |= piece == NULL;
    return piece;
}

/* -- The model around it -- */

/* Puts a domain's operators into the list, in this version or a later one. */
static void import(struct clv_draft *d, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *set = clv_draft_room(d, 1, sizeof *set);
    Onnx__OperatorSetIdProto **list = d->shell.opset_import;

    if (d->failed) {
        return;
    }
    onnx__operator_set_id_proto__init(set);
    set->domain = (char *)(uintptr_t)domain;
    set->has_version = 1;
    set->version = version;
    for (size_t i = 0; i < d->shell.n_opset_import; i++) {
        const char *name = list[i]->domain != NULL ? list[i]->domain : "";
        if (strcmp(strcmp(name, "ai.onnx") == 0 ? "" : name, domain) != 0) {
            continue;
        }
        if (list[i]->version < version) {
            list[i] = set;
        }
        return;
    }
    list[d->shell.n_opset_import++] = set;
}

static int has_role(const struct clv_draft *d, enum clv_quant_role role)
{
    return memchr(d->plan->role, (int)role, d->model->node_count) != NULL;
}

/* Pairs with a scale per channel are in opset 13 of ONNX; where the model
   cannot be raised to it, ONNX Runtime has the same operators of its own. */
static void import_operators(struct clv_draft *d)
{
    const Onnx__ModelProto *from = d->model->proto;
    size_t count = from->n_opset_import;
    int is_raised = d->plan->opset >= CLV_OPSET_PAIRS;

    d->domain = is_raised ? "" : CLV_DRAFT_RUNTIME;
    d->shell.opset_import =
        clv_draft_room(d, count + 2, sizeof(Onnx__OperatorSetIdProto *));
    if (d->failed) {
        return;
    }
    if (count > 0) {
        memcpy(d->shell.opset_import, from->opset_import,
               count * sizeof *from->opset_import);
    }
    import(d, "", d->plan->opset);
    if (!is_raised || has_role(d, CLV_QUANT_MATMUL)) {
        import(d, CLV_DRAFT_RUNTIME, 1);
    }
}

static void make_shell(struct clv_draft *d)
{
    const Onnx__GraphProto *from = clv_graph_of(d->model);
    size_t nodes = d->model->node_count + (size_t)2 * d->model->tensor_count +
                   (size_t)2 * d->model->node_count;
    size_t weights = from->n_initializer + (size_t)2 * d->model->tensor_count +
                     (size_t)6 * d->model->node_count;

    d->shell = *d->model->proto;
    d->shell.graph = &d->graph;
    d->shell.has_ir_version = 1;
    if (d->shell.ir_version < LEAST_IR_VERSION) {
        d->shell.ir_version = LEAST_IR_VERSION;
    }
    onnx__graph_proto__init(&d->graph);
    d->graph.name = from->name;
    d->graph.doc_string = from->doc_string;
    d->graph.output = from->output;
    d->graph.n_output = from->n_output;
    d->graph.sparse_initializer = from->sparse_initializer;
    d->graph.n_sparse_initializer = from->n_sparse_initializer;
    d->graph.node = clv_draft_room(d, nodes, sizeof(Onnx__NodeProto *));
    d->graph.initializer =
        clv_draft_room(d, weights, sizeof(Onnx__TensorProto *));
    import_operators(d);
}

void clv_draft_init(struct clv_draft *d, const struct clv_quantised *plan)
{
    memset(d, 0, sizeof *d);
    d->plan = plan;
    d->model = plan->model;
    clv_arena_init(&d->arena, MAX_NEW_BYTES);
    make_shell(d);
}

void clv_draft_fini(struct clv_draft *d)
{
    clv_arena_fini(&d->arena);
}

/* -- What goes into it -- */

char *clv_draft_name(struct clv_draft *d, const char *name, const char *word)
{
    size_t size = strlen(name) + strlen(word) + 16;
    char *text = clv_draft_room(d, size, 1);

    if (text == NULL) {
        return NULL;
    }
    snprintf(text, size, "%s/%s", name, word);
    for (int i = 2; clv_model_find_tensor(d->model, text) != CLV_NONE; i++) {
        snprintf(text, size, "%s/%s%d", name, word, i);
    }
    return text;
}

void *clv_draft_tensor(struct clv_draft *d, char *name, int type,
                       const cleave_tensor_info *form, size_t element,
                       size_t count)
{
    Onnx__TensorProto *t = clv_draft_room(d, 1, sizeof *t);
    int64_t *dims = clv_draft_room(d, CLEAVE_MAX_RANK, sizeof *dims);
    void *data = clv_draft_room(d, count, element);

    if (d->failed || name == NULL) {
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
    d->graph.initializer[d->graph.n_initializer++] = t;
    return data;
}

static Onnx__AttributeProto **axis_of(struct clv_draft *d, int64_t axis)
{
    Onnx__AttributeProto *a = clv_draft_room(d, 1, sizeof *a);
    Onnx__AttributeProto **list = clv_draft_room(d, 1, sizeof *list);

    if (d->failed) {
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

void clv_draft_step(struct clv_draft *d, const char *op, const char *from,
                    const char *scale, const char *zero, char *to, int64_t axis)
{
    Onnx__NodeProto *node = clv_draft_room(d, 1, sizeof *node);
    char **ends = clv_draft_room(d, 4, sizeof *ends);

    if (d->failed) {
        return;
    }
    onnx__node_proto__init(node);
    node->op_type = (char *)(uintptr_t)op;
    node->domain = (char *)(uintptr_t)d->domain;
    ends[0] = (char *)(uintptr_t)from;
    ends[1] = (char *)(uintptr_t)scale;
    ends[2] = (char *)(uintptr_t)zero;
    ends[3] = to;
    node->input = ends;
    node->n_input = 3;
    node->output = ends + 3;
    node->n_output = 1;
    if (axis >= 0) {
        node->attribute = axis_of(d, axis);
        node->n_attribute = 1;
    }
    d->graph.node[d->graph.n_node++] = node;
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

cleave_status clv_draft_write(const struct clv_draft *d, const char *path,
                              cleave_error *err)
{
    size_t size = onnx__model_proto__get_packed_size(&d->shell);
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
        onnx__model_proto__pack_to_buffer(&d->shell, &sink.base);
        status = clv_writer_commit(writer, err);
    }
    free(writer);
    return status;
}
