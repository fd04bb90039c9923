/*
 * weights.c - where every initializer's bytes are.
 *
 * Nothing is copied: a weight's data points into the mapped model file, or
 * into a mapped file of external data. External files are foreign input too:
 * their names must be relative and stay below the model's folder, and every
 * offset and length is checked against the file's true size.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/graph.h"
#include "tensor/element.h"

/* External files of one model; more are refused. */
#define MAX_EXTERNALS 65536

struct place {
    const char *location;
    uint64_t offset;
    uint64_t length;
    int has_length;
};

static int parse_number(const char *text, uint64_t *ret)
{
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return 0;
    }
    *ret = strtoull(text, &end, 10);
    return *end == '\0';
}

static int read_place(const Onnx__TensorProto *t, struct place *ret_place)
{
    struct place p = {0};

    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key;
        const char *value = t->external_data[i]->value;
        if (key == NULL || value == NULL) {
            return 0;
        }
        if (strcmp(key, "location") == 0) {
            p.location = value;
        } else if (strcmp(key, "offset") == 0) {
            if (!parse_number(value, &p.offset)) {
                return 0;
            }
        } else if (strcmp(key, "length") == 0) {
            p.has_length = parse_number(value, &p.length);
            if (!p.has_length) {
                return 0;
            }
        }
    }
    *ret_place = p;
    return p.location != NULL;
}

/* Relative, and no way up. */
static int is_below_folder(const char *location)
{
    const char *part = location;

    if (location[0] == '\0' || location[0] == '/') {
        return 0;
    }
    while (part != NULL) {
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2])) {
            return 0;
        }
        part = strchr(part, '/');
        part = part != NULL ? part + 1 : NULL;
    }
    return 1;
}

static cleave_status map_external(struct clv_model *model, const char *location,
                                  clv_bytes *ret_bytes, cleave_error *err)
{
    char path[CLV_PATH_MAX];
    struct clv_external *grown;
    size_t folder = (size_t)(clv_path_name(model->where) - model->where);
    cleave_status status;

    /* Weights mostly come in the order of their files. */
    for (uint32_t i = model->external_count; i > 0; i--) {
        if (strcmp(model->externals[i - 1].location, location) == 0) {
            *ret_bytes = model->externals[i - 1].map.bytes;
            return CLEAVE_OK;
        }
    }
    if (!is_below_folder(location) || model->externals == NULL) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "External data at '%.200s': only files below the "
                        "model's own folder are read.",
                        location);
    }
    if (model->external_count == MAX_EXTERNALS) {
        return clv_fail(err, CLEAVE_LIMIT, model->where,
                        "More than %d files of external data.", MAX_EXTERNALS);
    }
    status = clv_path_print(path, sizeof path, err, "%.*s%s", (int)folder,
                            model->where, location);
    if (status != CLEAVE_OK) {
        return status;
    }
    grown = &model->externals[model->external_count];
    status = clv_map_open(path, &grown->map, err);
    if (status == CLEAVE_OK) {
        grown->location = location;
        model->external_count++;
        *ret_bytes = grown->map.bytes;
    }
    return status;
}

static cleave_status find_external(struct clv_model *model,
                                   const Onnx__TensorProto *t,
                                   struct clv_weight *w, cleave_error *err)
{
    struct place p;
    clv_bytes file;
    cleave_status status;

    if (!read_place(t, &p)) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The external data of '%.200s' is not described "
                        "right.",
                        w->tensor.info.name);
    }
    status = map_external(model, p.location, &file, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    if (w->tensor.info.type == CLEAVE_TYPE_NONE && p.offset <= file.size) {
        w->tensor.bytes = p.has_length ? p.length : file.size - p.offset;
    }
    if (p.offset > file.size || w->tensor.bytes > file.size - p.offset ||
        (p.has_length && p.length != w->tensor.bytes)) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "'%.200s' needs %zu bytes at %llu of '%.200s', which "
                        "has %zu: is the file cut short?",
                        w->tensor.info.name, w->tensor.bytes,
                        (unsigned long long)p.offset, p.location, file.size);
    }
    w->location = p.location;
    w->tensor.data = (void *)(uintptr_t)(file.data + p.offset);
    return CLEAVE_OK;
}

/* Type, shape and byte count; type NONE if it is one we carry unread. */
static cleave_status read_form(struct clv_model *model,
                               const Onnx__TensorProto *t, struct clv_weight *w,
                               cleave_error *err)
{
    cleave_tensor_info *info = &w->tensor.info;
    uint64_t elements;
    uint64_t bytes;

    info->name = t->name != NULL ? t->name : "";
    if (t->n_dims > CLEAVE_MAX_RANK ||
        clv_type_from_onnx(t->data_type) == CLEAVE_TYPE_NONE) {
        return CLEAVE_OK;
    }
    info->type = clv_type_from_onnx(t->data_type);
    info->rank = (uint32_t)t->n_dims;
    for (uint32_t i = 0; i < info->rank; i++) {
        info->shape[i] = t->dims[i];
    }
    if (cleave_tensor_count(info, &elements, &bytes) != CLEAVE_OK) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The weight '%.200s' has an absurd shape.", info->name);
    }
    w->tensor.bytes = (size_t)bytes;
    return CLEAVE_OK;
}

static cleave_status find_weight(struct clv_model *model,
                                 const Onnx__TensorProto *t,
                                 struct clv_weight *w, cleave_error *err)
{
    cleave_status status = read_form(model, t, w, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        return find_external(model, t, w, err);
    }
    if (!t->has_raw_data) {
        return CLEAVE_OK;
    }
    if (w->tensor.info.type != CLEAVE_TYPE_NONE &&
        t->raw_data.len != w->tensor.bytes) {
        return clv_fail(err, CLEAVE_CORRUPT, model->where,
                        "The weight '%.200s' has %zu bytes; its shape needs "
                        "%zu.",
                        w->tensor.info.name, t->raw_data.len, w->tensor.bytes);
    }
    w->tensor.data = t->raw_data.data;
    w->tensor.bytes = t->raw_data.len;
    return CLEAVE_OK;
}

static int has_external(const Onnx__GraphProto *g)
{
    for (size_t i = 0; i < g->n_initializer; i++) {
        if (g->initializer[i]->data_location ==
            ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
            return 1;
        }
    }
    return 0;
}

cleave_status clv_weights_build(struct clv_model *model, cleave_error *err)
{
    const Onnx__GraphProto *g = clv_graph_of(model);
    size_t n = g->n_initializer;
    cleave_status status = CLEAVE_OK;

    model->weights =
        clv_arena_calloc(&model->arena, n + 1, sizeof *model->weights);
    if (model->weights != NULL && has_external(g) && model->map.bytes.size) {
        size_t most = n < MAX_EXTERNALS ? n : MAX_EXTERNALS;
        model->externals =
            clv_arena_calloc(&model->arena, most, sizeof *model->externals);
    }
    if (model->weights == NULL) {
        return clv_fail_memory(err, model->where, n * sizeof *model->weights);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < n; i++) {
        status = find_weight(model, g->initializer[i], &model->weights[i], err);
    }
    return status;
}

void clv_weights_fini(struct clv_model *model)
{
    for (uint32_t i = 0; i < model->external_count; i++) {
        clv_map_close(&model->externals[i].map);
    }
    model->external_count = 0;
}
