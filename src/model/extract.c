/*
 * extract.c - writing a part of a graph as an ONNX file of its own.
 *
 * The file is put together by hand at its top two levels, because protobuf-c
 * would copy every weight several times on its way out:
 *
 *     ModelProto without graph | tag graph, length |
 *         GraphProto without weights |
 *         tag initializer, length | TensorProto without bytes |
 *             tag raw_data, length | bytes from the map
 *         ...
 *
 * Everything small is packed by protobuf-c; repeated fields may stand
 * anywhere in a message, so the pieces simply follow each other.
 */
#include "model/extract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/writer.h"
#include "model/graph.h"

/* Protocol buffers end at 2 GiB; leave room for the graph itself. */
#define EMBED_LIMIT (((uint64_t)2 << 30) - ((uint64_t)64 << 20))

/* Weights below this stay embedded when the others move beside the file. */
#define SMALL_WEIGHT 1024

/* Behind the name of a tensor that nodes read through a pool. */
#define POOLED "/pooled"

#define TAG(field) ((field) << 3 | 2)
enum { MODEL_GRAPH = 7, GRAPH_INITIALIZER = 5, TENSOR_RAW = 9 };

/* One initializer on its way into the new file. */
struct item {
    Onnx__TensorProto proto; /* without the bytes */
    size_t proto_bytes;
    clv_bytes raw; /* to follow the proto, or empty */
    int has_raw;
    Onnx__StringStringEntryProto entries[3];
    Onnx__StringStringEntryProto *entry_list[3];
    char texts[2][24];
    struct clv_weight_place place;
};

struct extraction {
    const struct clv_model *model;
    const struct clv_extract *what;
    struct clv_arena arena;
    uint8_t *uses; /* per tensor: in the new file */
    Onnx__ModelProto shell;
    Onnx__GraphProto graph;
    struct item *items;
    size_t item_count;
};

static size_t varint_bytes(uint64_t value)
{
    size_t n = 1;

    while (value > 0x7f) {
        value >>= 7;
        n++;
    }
    return n;
}

static void put_varint(struct clv_writer *w, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;

    do {
        bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value > 0);
    clv_writer_put(w, bytes, n);
}

/* -- The graph without weights -- */

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
    x->graph.node = node;
    x->graph.n_node = n;
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
    x->graph.value_info = info;
    x->graph.n_value_info = n;
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

    x->shell = *x->model->proto;
    x->shell.graph = NULL;
    if (x->shell.ir_version < 4) { /* before, weights had to be inputs too */
        x->shell.ir_version = 4;
    }
    onnx__graph_proto__init(&x->graph);
    x->graph.name = from->name;
    x->graph.sparse_initializer = from->sparse_initializer;
    x->graph.n_sparse_initializer = from->n_sparse_initializer;
    x->graph.input =
        make_value_infos(&x->arena, what->inputs, what->input_count);
    x->graph.n_input = what->input_count;
    x->graph.output =
        make_value_infos(&x->arena, what->outputs, what->output_count);
    x->graph.n_output = what->output_count;
    return x->graph.input != NULL && x->graph.output != NULL && pick_nodes(x) &&
           pick_descriptions(x);
}

/* -- The weights -- */

static void refer_to_place(struct item *item, size_t length)
{
    static const char *const keys[3] = {"location", "offset", "length"};
    char *values[3] = {item->place.location, item->texts[0], item->texts[1]};

    snprintf(item->texts[0], sizeof item->texts[0], "%llu",
             (unsigned long long)item->place.offset);
    snprintf(item->texts[1], sizeof item->texts[1], "%zu", length);
    for (int i = 0; i < 3; i++) {
        onnx__string_string_entry_proto__init(&item->entries[i]);
        item->entries[i].key = (char *)(uintptr_t)keys[i];
        item->entries[i].value = values[i];
        item->entry_list[i] = &item->entries[i];
    }
    item->proto.external_data = item->entry_list;
    item->proto.n_external_data = 3;
    item->proto.has_data_location = 1;
    item->proto.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static cleave_status take_weight(struct extraction *x, uint32_t index,
                                 const struct clv_weight_placer *placer,
                                 cleave_error *err)
{
    struct clv_weight weight = clv_model_weight(x->model, index);
    struct item *item = &x->items[x->item_count++];
    cleave_status status = CLEAVE_OK;
    int moved = 0;

    item->proto = *clv_graph_of(x->model)->initializer[index];
    if (weight.tensor.data != NULL) {
        item->proto.has_raw_data = 0;
        item->proto.n_external_data = 0;
        item->proto.has_data_location = 0;
        item->proto.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
        if (placer != NULL) {
            status = placer->place(placer->self, &weight.tensor, &moved,
                                   &item->place, err);
        }
        item->has_raw = !moved;
        item->raw = (clv_bytes){weight.tensor.data, weight.tensor.bytes};
    }
    if (moved) {
        refer_to_place(item, weight.tensor.bytes);
    }
    item->proto_bytes = onnx__tensor_proto__get_packed_size(&item->proto);
    return status;
}

static cleave_status take_weights(struct extraction *x,
                                  const struct clv_weight_placer *placer,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    x->item_count = 0;
    for (uint32_t i = 0; i < x->model->tensor_count; i++) {
        uint32_t weight = x->model->tensors[i].weight;
        if (status == CLEAVE_OK && weight != CLV_NONE && x->uses[i]) {
            status = take_weight(x, weight, placer, err);
        }
    }
    return status;
}

static size_t item_bytes(const struct item *item)
{
    size_t n = item->proto_bytes;

    if (item->has_raw) {
        n += 1 + varint_bytes(item->raw.size) + item->raw.size;
    }
    return n;
}

static uint64_t graph_bytes(const struct extraction *x)
{
    uint64_t n = onnx__graph_proto__get_packed_size(&x->graph);

    for (size_t i = 0; i < x->item_count; i++) {
        size_t item = item_bytes(&x->items[i]);
        n += 1 + varint_bytes(item) + item;
    }
    return n;
}

/* -- Weights beside the file -- */

struct beside {
    struct clv_writer writer;
    char location[128];
};

static cleave_status place_beside(void *self, const cleave_tensor *weight,
                                  int *ret_moved,
                                  struct clv_weight_place *ret_place,
                                  cleave_error *err)
{
    struct beside *b = self;

    (void)err;
    *ret_moved = weight->bytes >= SMALL_WEIGHT;
    if (*ret_moved) {
        clv_writer_align(&b->writer, 64);
        memcpy(ret_place->location, b->location, sizeof b->location);
        ret_place->offset = b->writer.written;
        clv_writer_put(&b->writer, weight->data, weight->bytes);
    }
    return CLEAVE_OK;
}

/* Writes the weights beside `path`; they appear when `b` is committed. */
static cleave_status move_weights_beside(struct extraction *x, const char *path,
                                         struct beside *b, cleave_error *err)
{
    struct clv_weight_placer placer = {place_beside, b};
    char data_path[CLV_PATH_MAX];
    cleave_status status =
        clv_path_print(data_path, sizeof data_path, err, "%s.data", path);

    if (status == CLEAVE_OK) {
        status = clv_path_print(b->location, sizeof b->location, err, "%s.data",
                                clv_path_name(path));
    }
    if (status == CLEAVE_OK) {
        status = clv_writer_open(&b->writer, data_path, err);
    }
    return status == CLEAVE_OK ? take_weights(x, &placer, err) : status;
}

/* -- Writing -- */

static cleave_status put_packed(struct clv_writer *w,
                                const ProtobufCMessage *message,
                                cleave_error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size + 1);

    if (bytes == NULL) {
        return clv_fail_memory(err, w->path, size);
    }
    protobuf_c_message_pack(message, bytes);
    clv_writer_put(w, bytes, size);
    free(bytes);
    return CLEAVE_OK;
}

static cleave_status put_item(struct clv_writer *w, const struct item *item,
                              cleave_error *err)
{
    cleave_status status;

    put_varint(w, TAG(GRAPH_INITIALIZER));
    put_varint(w, item_bytes(item));
    status = put_packed(w, &item->proto.base, err);
    if (item->has_raw) {
        put_varint(w, TAG(TENSOR_RAW));
        put_varint(w, item->raw.size);
        clv_writer_put(w, item->raw.data, item->raw.size);
    }
    return status;
}

static cleave_status put_parts(struct extraction *x, struct clv_writer *w,
                               cleave_error *err)
{
    cleave_status status = put_packed(w, &x->shell.base, err);

    put_varint(w, TAG(MODEL_GRAPH));
    put_varint(w, graph_bytes(x));
    if (status == CLEAVE_OK) {
        status = put_packed(w, &x->graph.base, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < x->item_count; i++) {
        status = put_item(w, &x->items[i], err);
    }
    return status;
}

/*
 * Writes the file, and puts the weights beside it in place just before it:
 * whatever fails earlier leaves an older pair of files as it was.
 */
static cleave_status put_file(struct extraction *x, const char *path,
                              struct beside *b, cleave_error *err)
{
    struct clv_writer *w = malloc(sizeof *w);
    cleave_status status;

    if (w == NULL) {
        return clv_fail_memory(err, path, sizeof *w);
    }
    status = clv_writer_open(w, path, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    status = put_parts(x, w, err);
    if (status == CLEAVE_OK) {
        status = clv_writer_flush(w, err);
    }
    if (status == CLEAVE_OK && b != NULL) {
        status = clv_writer_commit(&b->writer, err);
        b->writer.file = NULL;
    }
    if (status != CLEAVE_OK) {
        clv_writer_abandon(w);
        goto out;
    }
    status = clv_writer_commit(w, err);
out:
    free(w);
    return status;
}

static cleave_status put_both(struct extraction *x, const char *path,
                              cleave_error *err)
{
    struct beside *b = calloc(1, sizeof *b);
    cleave_status status;

    if (b == NULL) {
        return clv_fail_memory(err, path, sizeof *b);
    }
    memset(x->items, 0, x->item_count * sizeof *x->items);
    status = move_weights_beside(x, path, b, err);
    if (status == CLEAVE_OK) {
        status = put_file(x, path, b, err);
    }
    if (b->writer.file != NULL) {
        clv_writer_abandon(&b->writer);
    }
    free(b);
    return status;
}

/* What the new file holds; its weights are not taken yet. */
static cleave_status plan(struct extraction *x, const char *path,
                          cleave_error *err)
{
    const struct clv_model *model = x->model;

    x->uses = clv_arena_calloc(&x->arena, (size_t)model->tensor_count + 1, 1);
    x->items = clv_arena_calloc(
        &x->arena, clv_graph_of(model)->n_initializer + 1, sizeof *x->items);
    if (x->uses == NULL || x->items == NULL) {
        return clv_fail_memory(err, path, model->tensor_count);
    }
    mark_uses(x);
    return make_graph(x) ? CLEAVE_OK
                         : clv_fail_memory(err, path, model->node_count);
}

cleave_status clv_model_write(const struct clv_model *model,
                              const struct clv_extract *what, const char *path,
                              cleave_error *err)
{
    struct extraction x = {.model = model, .what = what};
    uint64_t limit =
        what->embed_limit_bytes ? what->embed_limit_bytes : EMBED_LIMIT;
    cleave_status status;

    clv_arena_init(&x.arena, (size_t)1 << 30);
    status = plan(&x, path, err);
    if (status == CLEAVE_OK) {
        status = take_weights(&x, what->placer, err);
    }
    if (status == CLEAVE_OK) {
        status = what->placer == NULL && graph_bytes(&x) > limit
                     ? put_both(&x, path, err)
                     : put_file(&x, path, NULL, err);
    }
    clv_arena_fini(&x.arena);
    return status;
}
