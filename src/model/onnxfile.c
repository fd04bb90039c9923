/*
 * onnxfile.c - writing an ONNX file by hand, at its top two levels.
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
#include "model/onnxfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/writer.h"

/* Protocol buffers end at 2 GiB; leave room for the graph itself. */
#define EMBED_LIMIT (((uint64_t)2 << 30) - ((uint64_t)64 << 20))

/* Weights below this stay embedded when the others move beside the file. */
#define SMALL_WEIGHT 1024

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

struct writing {
    const struct clv_onnxfile *file;
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

static cleave_status take_weight(struct writing *x, uint32_t index,
                                 const struct clv_weight_placer *placer,
                                 cleave_error *err)
{
    struct clv_weight weight = clv_model_weight(x->file->model, index);
    struct item *item = &x->items[x->item_count++];
    cleave_status status = CLEAVE_OK;
    int moved = 0;

    item->proto = *clv_graph_of(x->file->model)->initializer[index];
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

static cleave_status take_weights(struct writing *x,
                                  const struct clv_weight_placer *placer,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    x->item_count = 0;
    for (uint32_t i = 0; i < x->file->model->tensor_count; i++) {
        uint32_t weight = x->file->model->tensors[i].weight;
        if (status == CLEAVE_OK && weight != CLV_NONE && x->file->uses[i]) {
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

static uint64_t graph_bytes(const struct writing *x)
{
    uint64_t n = onnx__graph_proto__get_packed_size(&x->file->graph);

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
static cleave_status move_weights_beside(struct writing *x, const char *path,
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

static cleave_status put_parts(struct writing *x, struct clv_writer *w,
                               cleave_error *err)
{
    cleave_status status = put_packed(w, &x->file->shell.base, err);

    put_varint(w, TAG(MODEL_GRAPH));
    put_varint(w, graph_bytes(x));
    if (status == CLEAVE_OK) {
        status = put_packed(w, &x->file->graph.base, err);
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
static cleave_status put_file(struct writing *x, const char *path,
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

static cleave_status put_both(struct writing *x, const char *path,
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

cleave_status clv_onnxfile_write(const struct clv_onnxfile *file,
                                 const struct clv_weight_placer *placer,
                                 uint64_t embed_limit_bytes,
                                 struct clv_arena *arena, const char *path,
                                 cleave_error *err)
{
    uint64_t limit = embed_limit_bytes != 0 ? embed_limit_bytes : EMBED_LIMIT;
    size_t most = clv_graph_of(file->model)->n_initializer;
    struct writing x = {.file = file};
    cleave_status status;

    x.items = clv_arena_calloc(arena, most + 1, sizeof *x.items);
    if (x.items == NULL) {
        return clv_fail_memory(err, path, most * sizeof *x.items);
    }
    status = take_weights(&x, placer, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    return placer == NULL && graph_bytes(&x) > limit
               ? put_both(&x, path, err)
               : put_file(&x, path, NULL, err);
}
