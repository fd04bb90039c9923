/*
 * skeleton.c - an ONNX file without its weights.
 *
 * Protocol buffers on the wire are (tag, value) pairs; a message inside a
 * message is a length and its bytes. The rewriter below walks the messages
 * that may hold tensors or nest without end (the table `children` knows
 * them), copies everything else as it is, and replaces
 *
 *     raw_data: <100 MB>      by      raw_data: <offset:8><length:8>
 *
 * Large packed float_data and double_data become raw_data too, since their
 * bytes on the wire are the same. Lengths of rewritten messages are written
 * as five-byte varints so that they can be patched afterwards.
 *
 * All raw_data is replaced, large or not: so after unpacking every tensor's
 * raw_data is known to be sixteen bytes of ours and no file can forge one.
 */
#include "model/skeleton.h"

#include <string.h>

#include "base/fail.h"

/* Packed floats below this stay as they are. */
#define LARGE_PACKED 4096

#define PLACEHOLDER 16

enum kind {
    OPAQUE, /* copied without a look */
    DROPPED,
    MODEL,
    FUNCTION,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    VALUE_INFO,
    TYPE,
    TYPE_INNER /* sequence, map, optional: a type inside a type */
};

/* Which field of which message holds a message that we walk into. */
static const struct {
    enum kind parent;
    uint32_t field;
    enum kind child;
} children[] = {
    {MODEL, 7, GRAPH},         {MODEL, 20, DROPPED},
    {MODEL, 25, FUNCTION},     {FUNCTION, 7, NODE},
    {GRAPH, 1, NODE},          {GRAPH, 5, TENSOR},
    {GRAPH, 11, VALUE_INFO},   {GRAPH, 12, VALUE_INFO},
    {GRAPH, 13, VALUE_INFO},   {NODE, 5, ATTRIBUTE},
    {ATTRIBUTE, 5, TENSOR},    {ATTRIBUTE, 10, TENSOR},
    {ATTRIBUTE, 6, GRAPH},     {ATTRIBUTE, 11, GRAPH},
    {ATTRIBUTE, 14, TYPE},     {ATTRIBUTE, 15, TYPE},
    {VALUE_INFO, 2, TYPE},     {TYPE, 4, TYPE_INNER},
    {TYPE, 5, TYPE_INNER},     {TYPE, 9, TYPE_INNER},
    {TYPE_INNER, 1, TYPE},     {TYPE_INNER, 2, TYPE},
    {FUNCTION, 11, ATTRIBUTE}, {FUNCTION, 12, VALUE_INFO},
};

/*
 * Defaults of a function's attributes: newer than some onnx.proto, so they
 * are only checked for their depth, and tensors in them keep their bytes.
 */
enum { FUNCTION_DEFAULTS = 11 };

enum { TENSOR_FLOAT_DATA = 4, TENSOR_RAW_DATA = 9, TENSOR_DOUBLE_DATA = 10 };

enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct rewriter {
    clv_bytes file;
    struct clv_buffer *out;
    const char *where;
    cleave_error *err;
    int keeps_bytes; /* inside a function's defaults */
};

/* One field as it stands in the file: [start, end), value from `value`. */
struct field {
    uint32_t number;
    enum wire_type type;
    size_t start;
    size_t value;
    size_t end;
};

static cleave_status corrupt(struct rewriter *r, size_t at)
{
    return clv_fail(r->err, CLEAVE_CORRUPT, r->where,
                    "This is not an ONNX model, or a damaged one: the "
                    "message at byte %zu does not parse.",
                    at);
}

static int read_varint(clv_bytes file, size_t *at, size_t end, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = file.data[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret = value;
            return 1;
        }
    }
    return 0;
}

static int read_value(clv_bytes file, struct field *f, size_t end)
{
    uint64_t length;

    switch (f->type) {
    case VARINT:
        f->end = f->value;
        return read_varint(file, &f->end, end, &length);
    case FIXED64:
    case FIXED32:
        length = f->type == FIXED64 ? 8 : 4;
        break;
    case BYTES:
        if (!read_varint(file, &f->value, end, &length)) {
            return 0;
        }
        break;
    default:
        return 0;
    }
    if (length > end - f->value) {
        return 0;
    }
    f->end = f->value + (size_t)length;
    return 1;
}

static int read_field(clv_bytes file, size_t at, size_t end,
                      struct field *ret_field)
{
    uint64_t tag;
    struct field f = {.start = at};

    if (!read_varint(file, &at, end, &tag) || tag >> 3 == 0 ||
        tag > UINT32_MAX) {
        return 0;
    }
    f.number = (uint32_t)(tag >> 3);
    f.type = (enum wire_type)(tag & 7);
    f.value = at;
    if (!read_value(file, &f, end)) {
        return 0;
    }
    *ret_field = f;
    return 1;
}

static enum kind child_of(enum kind parent, const struct field *f)
{
    if (f->type == BYTES) {
        for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
            if (children[i].parent == parent &&
                children[i].field == f->number) {
                return children[i].child;
            }
        }
    }
    return OPAQUE;
}

static void put_varint(struct clv_buffer *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;

    do {
        bytes[n] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
        n++;
    } while (value > 0);
    clv_buffer_append(out, bytes, n);
}

/* Writes `length` as a varint of exactly five bytes. */
static void patch_length(uint8_t *at, size_t length)
{
    for (int i = 0; i < 5; i++) {
        at[i] = (uint8_t)((length & 0x7f) | (i < 4 ? 0x80 : 0));
        length >>= 7;
    }
}

static int is_weights(const struct field *f)
{
    if (f->type != BYTES) {
        return 0;
    }
    return f->number == TENSOR_RAW_DATA || ((f->number == TENSOR_FLOAT_DATA ||
                                             f->number == TENSOR_DOUBLE_DATA) &&
                                            f->end - f->value >= LARGE_PACKED);
}

static cleave_status rewrite_tensor(struct rewriter *r, size_t at, size_t end)
{
    struct field f;
    int seen = 0;

    for (; at < end; at = f.end) {
        if (!read_field(r->file, at, end, &f)) {
            return corrupt(r, at);
        }
        if (is_weights(&f) && !r->keeps_bytes) {
            uint64_t place[2] = {f.value, f.end - f.value};
            if (seen++) {
                return clv_fail(r->err, CLEAVE_UNSUPPORTED, r->where,
                                "A tensor keeps its data in several pieces "
                                "(byte %zu); save the model again with any "
                                "ONNX tool to join them.",
                                at);
            }
            put_varint(r->out, TENSOR_RAW_DATA << 3 | BYTES);
            put_varint(r->out, PLACEHOLDER);
            clv_buffer_append(r->out, place, PLACEHOLDER);
        } else {
            clv_buffer_append(r->out, r->file.data + f.start, f.end - f.start);
        }
    }
    return clv_buffer_status(r->out);
}

static cleave_status rewrite(struct rewriter *r, enum kind kind, size_t at,
                             size_t end, int depth);

static cleave_status rewrite_child(struct rewriter *r, enum kind kind,
                                   const struct field *f, int depth)
{
    static const uint8_t five[5] = {0};
    size_t length_at;
    cleave_status status;

    put_varint(r->out, (uint64_t)f->number << 3 | BYTES);
    length_at = r->out->size;
    status = clv_buffer_append(r->out, five, sizeof five);
    if (status != CLEAVE_OK) {
        return status;
    }
    status = kind == TENSOR ? rewrite_tensor(r, f->value, f->end)
                            : rewrite(r, kind, f->value, f->end, depth + 1);
    if (status == CLEAVE_OK) {
        patch_length(r->out->data + length_at, r->out->size - length_at - 5);
    }
    return status;
}

static cleave_status rewrite(struct rewriter *r, enum kind kind, size_t at,
                             size_t end, int depth)
{
    cleave_status status = CLEAVE_OK;
    struct field f;

    if (depth > CLV_SKELETON_MAX_DEPTH) {
        return clv_fail(r->err, CLEAVE_LIMIT, r->where,
                        "Graphs or types are nested more than %d deep.",
                        CLV_SKELETON_MAX_DEPTH);
    }
    for (; status == CLEAVE_OK && at < end; at = f.end) {
        enum kind child;
        if (!read_field(r->file, at, end, &f)) {
            return corrupt(r, at);
        }
        child = child_of(kind, &f);
        if (child == OPAQUE) {
            status = clv_buffer_append(r->out, r->file.data + f.start,
                                       f.end - f.start);
        } else if (child != DROPPED) {
            int kept = r->keeps_bytes;
            r->keeps_bytes |= kind == FUNCTION && f.number == FUNCTION_DEFAULTS;
            status = rewrite_child(r, child, &f, depth);
            r->keeps_bytes = kept;
        }
    }
    return status;
}

static cleave_status build(clv_bytes file, const char *where,
                           struct clv_buffer *out, cleave_error *err)
{
    struct rewriter r = {file, out, where, err, 0};
    cleave_status status;

    if (file.size == 0) {
        return clv_fail(err, CLEAVE_CORRUPT, where, "The file is empty.");
    }
    status = rewrite(&r, MODEL, 0, file.size, 0);
    if (status == CLEAVE_LIMIT) {
        clv_fail(err, status, where,
                 "The graph without its weights is larger than %zu MiB.",
                 CLV_SKELETON_MAX_BYTES >> 20);
    } else if (status == CLEAVE_MEMORY) {
        clv_fail_memory(err, where, out->size);
    }
    return status;
}

/* -- From skeleton to structs, and the tensors back to their bytes -- */

static void *arena_alloc(void *arena, size_t size)
{
    return clv_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

static void point_at_file(Onnx__TensorProto *tensor, clv_bytes file)
{
    uint64_t place[2];

    if (tensor == NULL || !tensor->has_raw_data) {
        return;
    }
    memcpy(place, tensor->raw_data.data, PLACEHOLDER);
    tensor->raw_data.data = (uint8_t *)(uintptr_t)(file.data + place[0]);
    tensor->raw_data.len = (size_t)place[1];
}

static void point_graph_at_file(Onnx__GraphProto *graph, clv_bytes file);

static void point_node_at_file(Onnx__NodeProto *node, clv_bytes file)
{
    for (size_t i = 0; i < node->n_attribute; i++) {
        Onnx__AttributeProto *a = node->attribute[i];
        point_at_file(a->t, file);
        for (size_t j = 0; j < a->n_tensors; j++) {
            point_at_file(a->tensors[j], file);
        }
        point_graph_at_file(a->g, file);
        for (size_t j = 0; j < a->n_graphs; j++) {
            point_graph_at_file(a->graphs[j], file);
        }
    }
}

static void point_graph_at_file(Onnx__GraphProto *graph, clv_bytes file)
{
    if (graph == NULL) {
        return;
    }
    for (size_t i = 0; i < graph->n_initializer; i++) {
        point_at_file(graph->initializer[i], file);
    }
    for (size_t i = 0; i < graph->n_node; i++) {
        point_node_at_file(graph->node[i], file);
    }
}

static void point_model_at_file(Onnx__ModelProto *model, clv_bytes file)
{
    point_graph_at_file(model->graph, file);
    for (size_t i = 0; i < model->n_functions; i++) {
        for (size_t j = 0; j < model->functions[i]->n_node; j++) {
            point_node_at_file(model->functions[i]->node[j], file);
        }
    }
}

cleave_status clv_skeleton_unpack(clv_bytes file, const char *where,
                                  struct clv_arena *arena,
                                  Onnx__ModelProto **ret_model,
                                  cleave_error *err)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    Onnx__ModelProto *model;
    struct clv_buffer skeleton;
    cleave_status status;

    clv_buffer_init(&skeleton, CLV_SKELETON_MAX_BYTES);
    status = build(file, where, &skeleton, err);
    if (status != CLEAVE_OK) {
        goto out;
    }
    model = onnx__model_proto__unpack(&allocator, skeleton.size, skeleton.data);
    if (model == NULL) {
        status = clv_fail(err, CLEAVE_CORRUPT, where,
                          "This is not an ONNX model, or a damaged one.");
        goto out;
    }
    if (model->graph == NULL) {
        status = clv_fail(err, CLEAVE_CORRUPT, where,
                          "This is not an ONNX model: it holds no graph.");
        goto out;
    }
    point_model_at_file(model, file);
    *ret_model = model;
out:
    clv_buffer_fini(&skeleton);
    return status;
}
