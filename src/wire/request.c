/*
 * request.c - the body of an infer request, read and built.
 *
 * Reading goes through a jansson document for the JSON part; strings stay
 * there, so the request keeps it. Unknown members and parameters are ignored,
 * as the protocol asks, except those that would change what the data mean
 * (see entry.c). Building writes the JSON by hand, for it is short and always
 * of the same form, and pads it so that the receiver finds the first tensor
 * aligned.
 */
#include "wire/request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/json.h"

#define WHERE "request"
#define JSON_MAX ((size_t)1 << 20)

static cleave_status read_sha256(const json_t *parameters, const char **ret_hex,
                                 cleave_error *err)
{
    const char *hex = NULL;
    cleave_status status =
        clv_json_string(parameters, "cleave_sha256", WHERE, &hex, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (hex != NULL &&
        (strlen(hex) != 64 || strspn(hex, "0123456789abcdefABCDEF") != 64)) {
        return clv_fail(err, CLEAVE_INVALID, WHERE,
                        "'cleave_sha256' must be 64 hexadecimal digits.");
    }
    *ret_hex = hex;
    return CLEAVE_OK;
}

static cleave_status read_head(struct clv_infer_request *r, cleave_error *err)
{
    const json_t *parameters = NULL;
    cleave_status status =
        clv_json_string(r->document, "id", WHERE, &r->id, err);

    if (status == CLEAVE_OK) {
        status =
            clv_json_object(r->document, "parameters", WHERE, &parameters, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_uint(parameters, "priority", WHERE, UINT32_MAX,
                               &r->priority, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_uint(parameters, "timeout", WHERE,
                               INT64_MAX / 1000000, &r->timeout_us, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_bool(parameters, "binary_data_output", WHERE,
                               &r->binary_output, err);
    }
    if (status == CLEAVE_OK) {
        status = read_sha256(parameters, &r->sha256, err);
    }
    return status;
}

/* The list under `key`, and that it is not longer than we allow. */
static cleave_status read_list(const struct clv_infer_request *r,
                               const char *key, const json_t **ret_list,
                               cleave_error *err)
{
    const json_t *list = NULL;
    cleave_status status = clv_json_array(r->document, key, WHERE, &list, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (json_array_size(list) > CLV_MESSAGE_TENSORS) {
        return clv_fail(err, CLEAVE_LIMIT, WHERE,
                        "%zu %s, at most %d are allowed.",
                        json_array_size(list), key, CLV_MESSAGE_TENSORS);
    }
    *ret_list = list;
    return CLEAVE_OK;
}

static cleave_status check_new_input(const struct clv_infer_request *r,
                                     const char *name, cleave_error *err)
{
    for (size_t i = 0; i < r->input_count; i++) {
        if (strcmp(r->inputs[i].info.name, name) == 0) {
            return clv_fail(err, CLEAVE_INVALID, name,
                            "The input '%s' is there twice.", name);
        }
    }
    return CLEAVE_OK;
}

static cleave_status read_input(struct clv_infer_request *r,
                                const json_t *entry,
                                struct clv_message *message, cleave_error *err)
{
    size_t at = r->input_count;
    cleave_tensor_info info;
    bool packed = false;
    cleave_status status =
        clv_entry_info(entry, "input", CLV_ENTRY_PLAIN, &info, err);

    if (status == CLEAVE_OK) {
        status = check_new_input(r, info.name, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_entry_packed(entry, info.name, message, &packed,
                                  &r->frames[at], err);
    }
    if (status == CLEAVE_OK && packed) {
        r->inputs[at] = (cleave_tensor){.info = info};
    } else if (status == CLEAVE_OK) {
        status = clv_entry_data(entry, &info, message, &r->inputs[at],
                                &r->owned[at], err);
    }
    if (status == CLEAVE_OK) {
        r->input_count++;
    }
    return status;
}

static cleave_status read_inputs(struct clv_infer_request *r,
                                 struct clv_message *message, cleave_error *err)
{
    const json_t *list = NULL;
    size_t count;
    cleave_status status = read_list(r, "inputs", &list, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    count = json_array_size(list);
    if (count == 0) {
        return clv_fail(err, CLEAVE_INVALID, WHERE,
                        "The request has no 'inputs'.");
    }
    r->inputs = calloc(count, sizeof *r->inputs);
    r->owned = calloc(count, sizeof *r->owned);
    r->frames = calloc(count, sizeof *r->frames);
    if (r->inputs == NULL || r->owned == NULL || r->frames == NULL) {
        return clv_fail_memory(err, WHERE, count * sizeof *r->inputs);
    }
    for (size_t i = 0; i < count && status == CLEAVE_OK; i++) {
        status = read_input(r, json_array_get(list, i), message, err);
    }
    return status;
}

static cleave_status read_output(struct clv_infer_request *r,
                                 const json_t *entry, cleave_error *err)
{
    struct clv_wanted_output *wanted = &r->outputs[r->output_count];
    const json_t *parameters = NULL;
    uint64_t classes = 0;
    cleave_status status;

    wanted->binary = r->binary_output;
    if (!json_is_object(entry)) {
        return clv_fail(err, CLEAVE_INVALID, WHERE,
                        "Every output must be an object.");
    }
    status = clv_json_string(entry, "name", "output", &wanted->name, err);
    if (status == CLEAVE_OK && wanted->name == NULL) {
        status =
            clv_fail(err, CLEAVE_INVALID, WHERE, "An output has no 'name'.");
    }
    if (status == CLEAVE_OK) {
        status = clv_json_object(entry, "parameters", wanted->name, &parameters,
                                 err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_uint(parameters, "classification", wanted->name,
                               UINT32_MAX, &classes, err);
    }
    if (status == CLEAVE_OK && json_object_get(parameters, "binary_data")) {
        status = clv_json_bool(parameters, "binary_data", wanted->name,
                               &wanted->binary, err);
    }
    if (status == CLEAVE_OK) {
        wanted->classes = (uint32_t)classes;
        r->output_count++;
    }
    return status;
}

static cleave_status read_outputs(struct clv_infer_request *r,
                                  cleave_error *err)
{
    const json_t *list = NULL;
    size_t count;
    cleave_status status = read_list(r, "outputs", &list, err);

    count = status == CLEAVE_OK ? json_array_size(list) : 0;
    if (count == 0) {
        return status;
    }
    r->outputs = calloc(count, sizeof *r->outputs);
    if (r->outputs == NULL) {
        return clv_fail_memory(err, WHERE, count * sizeof *r->outputs);
    }
    for (size_t i = 0; i < count && status == CLEAVE_OK; i++) {
        status = read_output(r, json_array_get(list, i), err);
    }
    return status;
}

cleave_status clv_infer_request_parse(clv_bytes body, int64_t json_bytes,
                                      struct clv_infer_request *ret_request,
                                      cleave_error *err)
{
    struct clv_infer_request r = {0};
    struct clv_message message;
    cleave_status status = clv_message_split(body, json_bytes, &message, err);

    if (status == CLEAVE_OK) {
        status = clv_json_read(message.json, WHERE, &r.document, err);
    }
    if (status == CLEAVE_OK) {
        status = read_head(&r, err);
    }
    if (status == CLEAVE_OK) {
        status = read_inputs(&r, &message, err);
    }
    if (status == CLEAVE_OK) {
        status = read_outputs(&r, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_message_end(&message, err);
    }
    if (status != CLEAVE_OK) {
        clv_infer_request_fini(&r);
        return status;
    }
    *ret_request = r;
    return CLEAVE_OK;
}

void clv_infer_request_fini(struct clv_infer_request *request)
{
    for (size_t i = 0; i < request->input_count; i++) {
        free(request->owned[i]);
    }
    free(request->owned);
    free(request->inputs);
    free(request->frames);
    free(request->outputs);
    clv_json_free(request->document);
    *request = (struct clv_infer_request){0};
}

void clv_body_init(struct clv_body *body)
{
    *body = (struct clv_body){0};
    clv_buffer_init(&body->json, JSON_MAX);
}

void clv_body_fini(struct clv_body *body)
{
    clv_buffer_fini(&body->json);
    clv_body_init(body);
}

static cleave_status check_tensor(const cleave_tensor *tensor,
                                  cleave_error *err)
{
    uint64_t elements = 0;
    uint64_t bytes = 0;
    cleave_status status =
        cleave_tensor_count(&tensor->info, &elements, &bytes);

    if (status != CLEAVE_OK || bytes != tensor->bytes) {
        return clv_fail(err, CLEAVE_INVALID, tensor->info.name,
                        "The tensor '%s' has %zu bytes, its shape says %llu.",
                        tensor->info.name, tensor->bytes,
                        (unsigned long long)bytes);
    }
    return CLEAVE_OK;
}

static void write_parameters(const struct clv_request_spec *spec,
                             struct clv_buffer *into)
{
    (void)clv_buffer_printf(into, "\"parameters\":{\"binary_data_output\":%s",
                            spec->binary_output ? "true" : "false");
    if (spec->priority > 0) {
        (void)clv_buffer_printf(into, ",\"priority\":%llu",
                                (unsigned long long)spec->priority);
    }
    if (spec->timeout_us > 0) {
        (void)clv_buffer_printf(into, ",\"timeout\":%llu",
                                (unsigned long long)spec->timeout_us);
    }
    if (spec->sha256 != NULL) {
        clv_json_put(into, ",\"cleave_sha256\":");
        clv_json_put_string(into, spec->sha256);
    }
    clv_json_put(into, "}");
}

static void write_outputs(const struct clv_request_spec *spec,
                          struct clv_buffer *into)
{
    for (size_t i = 0; i < spec->output_count; i++) {
        const struct clv_wanted_output *wanted = &spec->outputs[i];
        clv_json_put(into, i > 0 ? ",{\"name\":" : ",\"outputs\":[{\"name\":");
        clv_json_put_string(into, wanted->name);
        (void)clv_buffer_printf(into, ",\"parameters\":{\"binary_data\":%s",
                                wanted->binary ? "true" : "false");
        if (wanted->classes > 0) {
            (void)clv_buffer_printf(into, ",\"classification\":%u",
                                    wanted->classes);
        }
        clv_json_put(into, "}}");
    }
    clv_json_put(into, spec->output_count > 0 ? "]" : "");
}

static void write_json(const struct clv_request_spec *spec,
                       struct clv_buffer *into)
{
    clv_json_put(into, "{");
    if (spec->id != NULL) {
        clv_json_put(into, "\"id\":");
        clv_json_put_string(into, spec->id);
        clv_json_put(into, ",");
    }
    write_parameters(spec, into);
    for (size_t i = 0; i < spec->input_count; i++) {
        const cleave_tensor *input = &spec->inputs[i];
        clv_json_put(into, i > 0 ? ",{" : ",\"inputs\":[{");
        clv_entry_write(into, input->info.name, clv_type_oip(input->info.type),
                        input->info.shape, input->info.rank);
        (void)clv_buffer_printf(
            into, ",\"parameters\":{\"binary_data_size\":%zu}}", input->bytes);
    }
    clv_json_put(into, "]");
    write_outputs(spec, into);
    clv_json_put(into, "}");
    clv_json_pad(into);
}

cleave_status clv_request_build(const struct clv_request_spec *spec,
                                struct clv_body *body, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (spec->input_count == 0 || spec->input_count > CLV_MESSAGE_TENSORS) {
        return clv_fail(err, CLEAVE_INVALID, WHERE,
                        "%zu inputs; a request has 1 to %d.", spec->input_count,
                        CLV_MESSAGE_TENSORS);
    }
    for (size_t i = 0; i < spec->input_count && status == CLEAVE_OK; i++) {
        status = check_tensor(&spec->inputs[i], err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_buffer_reset(&body->json);
    write_json(spec, &body->json);
    status = clv_buffer_status(&body->json);
    if (status != CLEAVE_OK) {
        return clv_fail(err, status, WHERE, "The request's JSON: %s.",
                        cleave_status_text(status));
    }
    body->parts[0] = clv_buffer_bytes(&body->json);
    body->part_count = 1;
    body->total_bytes = body->json.size;
    for (size_t i = 0; i < spec->input_count; i++) {
        body->parts[body->part_count++] =
            (clv_bytes){spec->inputs[i].data, spec->inputs[i].bytes};
        body->total_bytes += spec->inputs[i].bytes;
    }
    return CLEAVE_OK;
}
