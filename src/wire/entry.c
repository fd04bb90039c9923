/*
 * entry.c - one tensor in a message of the Open Inference Protocol.
 *
 * The sender states a tensor's length up to three times: by its shape, by
 * binary_data_size, and by what the body really holds. All three must agree
 * before a byte is looked at, and the message names both sides of any quarrel.
 */
#include "wire/entry.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/json.h"
#include "wire/values.h"

cleave_status clv_message_split(clv_bytes body, int64_t json_bytes,
                                struct clv_message *ret_message,
                                cleave_error *err)
{
    size_t cut = json_bytes < 0 ? body.size : (size_t)json_bytes;

    if (cut > body.size) {
        return clv_fail(err, CLEAVE_INVALID, "body",
                        "Inference-Header-Content-Length says %zu bytes of "
                        "JSON, the body has only %zu.",
                        cut, body.size);
    }
    ret_message->json = (clv_bytes){body.data, cut};
    ret_message->binary = (clv_bytes){NULL, 0};
    if (cut < body.size) {
        ret_message->binary = (clv_bytes){body.data + cut, body.size - cut};
    }
    return CLEAVE_OK;
}

cleave_status clv_message_end(const struct clv_message *message,
                              cleave_error *err)
{
    if (message->binary.size > 0) {
        return clv_fail(err, CLEAVE_INVALID, "body",
                        "%zu bytes are left behind the last binary tensor.",
                        message->binary.size);
    }
    return CLEAVE_OK;
}

static cleave_status read_shape(const struct json_t *entry, const char *what,
                                enum clv_entry_also also,
                                cleave_tensor_info *info, cleave_error *err)
{
    const json_t *shape = json_object_get(entry, "shape");
    json_int_t least = also == CLV_ENTRY_FREE ? -1 : 0;
    size_t rank = json_array_size(shape);

    if (!json_is_array(shape)) {
        return clv_fail(err, CLEAVE_INVALID, info->name,
                        "The %s '%s' has no array 'shape'.", what, info->name);
    }
    if (rank > CLEAVE_MAX_RANK) {
        return clv_fail(err, CLEAVE_LIMIT, info->name,
                        "The %s '%s' has %zu dimensions, at most %d are "
                        "allowed.",
                        what, info->name, rank, CLEAVE_MAX_RANK);
    }
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(shape, i);
        if (!json_is_integer(size) || json_integer_value(size) < least) {
            return clv_fail(err, CLEAVE_INVALID, info->name,
                            "Dimension %zu of %s '%s' is not a whole number "
                            "from %d.",
                            i, what, info->name, (int)least);
        }
        info->shape[i] = json_integer_value(size);
    }
    info->rank = (uint32_t)rank;
    return CLEAVE_OK;
}

static cleave_status read_type(const struct json_t *entry, const char *what,
                               enum clv_entry_also also,
                               cleave_tensor_info *info, cleave_error *err)
{
    const char *text = NULL;
    cleave_status status =
        clv_json_string(entry, "datatype", info->name, &text, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (text == NULL) {
        return clv_fail(err, CLEAVE_INVALID, info->name,
                        "The %s '%s' has no 'datatype'.", what, info->name);
    }
    info->type = clv_type_from_oip(text);
    if (info->type != CLEAVE_TYPE_NONE ||
        (also == CLV_ENTRY_STRINGS && strcmp(text, "BYTES") == 0)) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_UNSUPPORTED, info->name,
                    "The %s '%s' has datatype '%.32s'; known are BOOL, UINT8 "
                    "to UINT64, INT8 to INT64, FP16, FP32 and FP64.",
                    what, info->name, text);
}

cleave_status clv_entry_info(const struct json_t *entry, const char *what,
                             enum clv_entry_also also,
                             cleave_tensor_info *ret_info, cleave_error *err)
{
    cleave_tensor_info info = {0};
    cleave_status status;

    if (!json_is_object(entry)) {
        return clv_fail(err, CLEAVE_INVALID, what,
                        "Every %s must be an object.", what);
    }
    status = clv_json_string(entry, "name", what, &info.name, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    if (info.name == NULL || info.name[0] == '\0') {
        return clv_fail(err, CLEAVE_INVALID, what, "An %s has no 'name'.",
                        what);
    }
    status = read_type(entry, what, also, &info, err);
    if (status == CLEAVE_OK) {
        status = read_shape(entry, what, also, &info, err);
    }
    if (status == CLEAVE_OK) {
        *ret_info = info;
    }
    return status;
}

cleave_status clv_entry_take(struct clv_message *message, const char *name,
                             uint64_t size, clv_bytes *ret_bytes,
                             cleave_error *err)
{
    if (size > message->binary.size) {
        return clv_fail(err, CLEAVE_INVALID, name,
                        "The binary data of tensor '%s' is cut short: %llu "
                        "bytes announced, %zu left in the body.",
                        name, (unsigned long long)size, message->binary.size);
    }
    *ret_bytes = (clv_bytes){message->binary.data, (size_t)size};
    if (size > 0) {
        message->binary.data += size;
        message->binary.size -= (size_t)size;
    }
    return CLEAVE_OK;
}

/* A tensor over these bytes: in place if aligned, else over an owned copy. */
static cleave_status settle(clv_bytes bytes, cleave_tensor *tensor,
                            void **ret_owned, cleave_error *err)
{
    size_t align = cleave_type_bytes(tensor->info.type);
    void *copy = NULL;

    if (bytes.size > 0 && (uintptr_t)bytes.data % align != 0) {
        copy = malloc(bytes.size);
        if (copy == NULL) {
            return clv_fail_memory(err, tensor->info.name, bytes.size);
        }
        memcpy(copy, bytes.data, bytes.size);
    }
    tensor->data = copy != NULL ? copy : (void *)(uintptr_t)bytes.data;
    tensor->bytes = bytes.size;
    *ret_owned = copy;
    return CLEAVE_OK;
}

static cleave_status take_binary(const cleave_tensor_info *info, uint64_t size,
                                 struct clv_message *message,
                                 cleave_tensor *ret_tensor, void **ret_owned,
                                 cleave_error *err)
{
    cleave_tensor tensor = {.info = *info};
    uint64_t elements = 0;
    uint64_t want = 0;
    char form[160];
    clv_bytes bytes = {NULL, 0};
    cleave_status status = cleave_tensor_count(info, &elements, &want);

    if (status != CLEAVE_OK || want != size) {
        return clv_fail(
            err, CLEAVE_INVALID, info->name,
            "The tensor '%s' is %s, that is %llu bytes, but its "
            "binary_data_size is %llu.",
            info->name, clv_tensor_describe(info, form, sizeof form),
            (unsigned long long)(status == CLEAVE_OK ? want : UINT64_MAX),
            (unsigned long long)size);
    }
    status = clv_entry_take(message, info->name, size, &bytes, err);
    if (status == CLEAVE_OK) {
        status = settle(bytes, &tensor, ret_owned, err);
    }
    if (status == CLEAVE_OK) {
        *ret_tensor = tensor;
    }
    return status;
}

static cleave_status take_json(const struct json_t *data,
                               const cleave_tensor_info *info,
                               cleave_tensor *ret_tensor, void **ret_owned,
                               cleave_error *err)
{
    cleave_tensor tensor = {.info = *info};
    cleave_status status;

    if (!json_is_array(data)) {
        return clv_fail(err, CLEAVE_INVALID, info->name,
                        "The tensor '%s' has neither an array 'data' nor a "
                        "'binary_data_size' in its 'parameters'.",
                        info->name);
    }
    status = clv_values_read(data, info, &tensor.data, &tensor.bytes, err);
    if (status == CLEAVE_OK) {
        *ret_owned = tensor.data;
        *ret_tensor = tensor;
    }
    return status;
}

/* Refuses what would change the meaning of the data if it were ignored. */
static cleave_status check_parameters(const json_t *parameters,
                                      const char *name, cleave_error *err)
{
    static const char *const unsupported[] = {"shared_memory_region",
                                              "cleave_packing"};

    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++) {
        const json_t *value = json_object_get(parameters, unsupported[i]);
        if (value != NULL && !json_is_false(value)) {
            return clv_fail(err, CLEAVE_UNSUPPORTED, name,
                            "The parameter '%s' of tensor '%s' is not "
                            "supported here; send plain binary data.",
                            unsupported[i], name);
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_entry_data(const struct json_t *entry,
                             const cleave_tensor_info *info,
                             struct clv_message *message,
                             cleave_tensor *ret_tensor, void **ret_owned,
                             cleave_error *err)
{
    const json_t *data = json_object_get(entry, "data");
    const json_t *parameters = NULL;
    uint64_t size = 0;
    cleave_status status =
        clv_json_object(entry, "parameters", info->name, &parameters, err);

    if (status == CLEAVE_OK) {
        status = check_parameters(parameters, info->name, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_uint(parameters, "binary_data_size", info->name,
                               INT64_MAX, &size, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (json_object_get(parameters, "binary_data_size") == NULL) {
        return take_json(data, info, ret_tensor, ret_owned, err);
    }
    if (data != NULL) {
        return clv_fail(err, CLEAVE_INVALID, info->name,
                        "The tensor '%s' has both 'data' and "
                        "'binary_data_size'; one is enough.",
                        info->name);
    }
    return take_binary(info, size, message, ret_tensor, ret_owned, err);
}

cleave_status clv_entry_packed(const struct json_t *entry, const char *name,
                               struct clv_message *message, bool *ret_packed,
                               clv_bytes *ret_frame, cleave_error *err)
{
    const json_t *parameters = NULL;
    bool packed = false;
    uint64_t size = 0;
    cleave_status status =
        clv_json_object(entry, "parameters", name, &parameters, err);

    if (status == CLEAVE_OK) {
        status =
            clv_json_bool(parameters, "cleave_packing", name, &packed, err);
    }
    if (status == CLEAVE_OK && packed) {
        status = clv_json_uint(parameters, "binary_data_size", name, INT64_MAX,
                               &size, err);
    }
    if (status == CLEAVE_OK && packed && size == 0) {
        status = clv_fail(err, CLEAVE_INVALID, name,
                          "The tensor '%s' is packed, but its frame is "
                          "missing: it stands behind the JSON, its length in "
                          "'binary_data_size'.",
                          name);
    }
    if (status == CLEAVE_OK && packed) {
        status = clv_entry_take(message, name, size, ret_frame, err);
    }
    if (status == CLEAVE_OK) {
        *ret_packed = packed;
    }
    return status;
}

void clv_entry_write(struct clv_buffer *into, const char *name,
                     const char *datatype, const int64_t *shape, uint32_t rank)
{
    clv_json_put(into, "\"name\":");
    clv_json_put_string(into, name);
    (void)clv_buffer_printf(into, ",\"datatype\":\"%s\",\"shape\":[", datatype);
    for (uint32_t i = 0; i < rank; i++) {
        (void)clv_buffer_printf(into, i > 0 ? ",%lld" : "%lld",
                                (long long)shape[i]);
    }
    clv_json_put(into, "]");
}
