/*
 * response.c - the body of an infer answer, built and read.
 *
 * The JSON of an answer states the length of every binary output, and that
 * of classes as text is known only once they are written. They are few and
 * short, so they are written twice: once aside, to be measured, and once in
 * their place.
 */
#include "wire/response.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/classes.h"
#include "wire/json.h"
#include "wire/values.h"

#define WHERE "answer"
#define CLASSES_MAX ((size_t)64 << 20)

static cleave_status measure_classes(const struct clv_answer_output *output,
                                     size_t *ret_bytes, cleave_error *err)
{
    struct clv_buffer aside;
    cleave_status status;

    clv_buffer_init(&aside, CLASSES_MAX);
    status = clv_classes_write(output, &aside, err);
    if (status == CLEAVE_OK) {
        status = clv_buffer_status(&aside);
    }
    *ret_bytes = aside.size;
    clv_buffer_fini(&aside);
    return status;
}

static cleave_status write_data(const struct clv_answer_output *output,
                                struct clv_buffer *into, cleave_error *err)
{
    size_t bytes = output->tensor->bytes;
    cleave_status status = CLEAVE_OK;

    if (output->binary) {
        if (output->classes > 0) {
            status = measure_classes(output, &bytes, err);
        }
        (void)clv_buffer_printf(
            into, ",\"parameters\":{\"binary_data_size\":%zu}", bytes);
        return status;
    }
    clv_json_put(into, ",\"data\":");
    if (output->classes == 0) {
        return clv_values_write(output->tensor, into, err);
    }
    clv_json_put(into, "[");
    status = clv_classes_write(output, into, err);
    clv_json_put(into, "]");
    return status;
}

static cleave_status write_output(const struct clv_answer_output *output,
                                  struct clv_buffer *into, cleave_error *err)
{
    const cleave_tensor_info *info = &output->tensor->info;
    int64_t shape[2];
    cleave_status status;

    clv_json_put(into, "{");
    if (output->classes > 0) {
        uint32_t rank = clv_classes_shape(output, shape);
        clv_entry_write(into, info->name, "BYTES", shape, rank);
    } else {
        clv_entry_write(into, info->name, clv_type_oip(info->type), info->shape,
                        info->rank);
    }
    status = write_data(output, into, err);
    clv_json_put(into, "}");
    return status;
}

static void write_head(const struct clv_answer *answer, struct clv_buffer *into)
{
    clv_json_put(into, "{\"model_name\":");
    clv_json_put_string(into, answer->model);
    clv_json_put(into, ",\"model_version\":\"1\"");
    if (answer->id != NULL) {
        clv_json_put(into, ",\"id\":");
        clv_json_put_string(into, answer->id);
    }
    clv_json_put(into, ",\"outputs\":[");
}

static cleave_status write_binary(const struct clv_answer *answer,
                                  struct clv_buffer *into, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; i < answer->output_count && status == CLEAVE_OK; i++) {
        const struct clv_answer_output *output = &answer->outputs[i];
        if (!output->binary) {
            continue;
        }
        if (output->classes > 0) {
            status = clv_classes_write(output, into, err);
        } else {
            (void)clv_buffer_append(into, output->tensor->data,
                                    output->tensor->bytes);
        }
    }
    return status;
}

cleave_status clv_response_build(const struct clv_answer *answer,
                                 struct clv_buffer *into,
                                 int64_t *ret_json_bytes, cleave_error *err)
{
    int64_t json_bytes = -1;
    bool binary = false;
    cleave_status status = CLEAVE_OK;

    write_head(answer, into);
    for (size_t i = 0; i < answer->output_count && status == CLEAVE_OK; i++) {
        clv_json_put(into, i > 0 ? "," : "");
        status = write_output(&answer->outputs[i], into, err);
        binary = binary || answer->outputs[i].binary;
    }
    clv_json_put(into, "]}");
    if (status == CLEAVE_OK && binary) {
        clv_json_pad(into);
        json_bytes = (int64_t)into->size;
        status = write_binary(answer, into, err);
    }
    if (status == CLEAVE_OK && clv_buffer_status(into) != CLEAVE_OK) {
        status = clv_fail(err, clv_buffer_status(into), WHERE,
                          "The answer is larger than the %zu bytes allowed, "
                          "or memory is short; ask for fewer outputs.",
                          into->max);
    }
    if (status == CLEAVE_OK) {
        *ret_json_bytes = json_bytes;
    }
    return status;
}

/* Strings of a JSON array, borrowed from the document. */
static cleave_status read_json_strings(const json_t *entry, const char *name,
                                       struct clv_response_output *output,
                                       cleave_error *err)
{
    const json_t *data = json_object_get(entry, "data");
    size_t count = json_array_size(data);

    output->strings = calloc(count + 1, sizeof *output->strings);
    if (output->strings == NULL) {
        return clv_fail_memory(err, name, count * sizeof *output->strings);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *string = json_array_get(data, i);
        if (!json_is_string(string)) {
            return clv_fail(err, CLEAVE_CORRUPT, name,
                            "Value %zu of output '%s' is not a string.", i,
                            name);
        }
        output->strings[output->string_count++] =
            (clv_bytes){(const uint8_t *)json_string_value(string),
                        json_string_length(string)};
    }
    return CLEAVE_OK;
}

/* The next string of a run of them, each behind its length. */
static int next_string(clv_bytes *run, clv_bytes *ret_string)
{
    uint32_t length;

    if (run->size < sizeof length) {
        return 0;
    }
    memcpy(&length, run->data, sizeof length);
    if (length > run->size - sizeof length) {
        return 0;
    }
    *ret_string = (clv_bytes){run->data + sizeof length, length};
    run->data += sizeof length + length;
    run->size -= sizeof length + length;
    return 1;
}

static cleave_status read_binary_strings(clv_bytes run, const char *name,
                                         struct clv_response_output *output,
                                         cleave_error *err)
{
    size_t most = run.size / sizeof(uint32_t);
    clv_bytes string;

    output->strings = calloc(most + 1, sizeof *output->strings);
    if (output->strings == NULL) {
        return clv_fail_memory(err, name, most * sizeof *output->strings);
    }
    while (next_string(&run, &string)) {
        output->strings[output->string_count++] = string;
    }
    if (run.size > 0) {
        return clv_fail(err, CLEAVE_CORRUPT, name,
                        "The strings of output '%s' are cut short.", name);
    }
    return CLEAVE_OK;
}

static cleave_status read_strings(const json_t *entry,
                                  struct clv_message *message,
                                  struct clv_response_output *output,
                                  cleave_error *err)
{
    const char *name = output->tensor.info.name;
    const json_t *parameters = NULL;
    uint64_t size = 0;
    clv_bytes run = {NULL, 0};
    cleave_status status =
        clv_json_object(entry, "parameters", name, &parameters, err);

    if (status == CLEAVE_OK) {
        status = clv_json_uint(parameters, "binary_data_size", name, INT64_MAX,
                               &size, err);
    }
    if (status != CLEAVE_OK ||
        json_object_get(parameters, "binary_data_size") == NULL) {
        return status != CLEAVE_OK
                   ? status
                   : read_json_strings(entry, name, output, err);
    }
    status = clv_entry_take(message, name, size, &run, err);
    if (status == CLEAVE_OK) {
        status = read_binary_strings(run, name, output, err);
    }
    return status;
}

static cleave_status read_output(struct clv_infer_response *r, size_t at,
                                 const json_t *entry,
                                 struct clv_message *message, cleave_error *err)
{
    struct clv_response_output *output = &r->outputs[at];
    cleave_tensor_info info;
    cleave_status status =
        clv_entry_info(entry, "output", CLV_ENTRY_STRINGS, &info, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    output->tensor.info = info;
    if (info.type == CLEAVE_TYPE_NONE) {
        return read_strings(entry, message, output, err);
    }
    return clv_entry_data(entry, &info, message, &output->tensor, &r->owned[at],
                          err);
}

static cleave_status read_outputs(struct clv_infer_response *r,
                                  struct clv_message *message,
                                  cleave_error *err)
{
    const json_t *list = NULL;
    size_t count;
    cleave_status status =
        clv_json_array(r->document, "outputs", WHERE, &list, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    count = json_array_size(list);
    if (count == 0 || count > CLV_MESSAGE_TENSORS) {
        return clv_fail(err, CLEAVE_CORRUPT, WHERE,
                        "The answer has %zu outputs; 1 to %d are expected.",
                        count, CLV_MESSAGE_TENSORS);
    }
    r->outputs = calloc(count, sizeof *r->outputs);
    r->owned = calloc(count, sizeof *r->owned);
    if (r->outputs == NULL || r->owned == NULL) {
        return clv_fail_memory(err, WHERE, count * sizeof *r->outputs);
    }
    r->output_count = count;
    for (size_t i = 0; i < count && status == CLEAVE_OK; i++) {
        status = read_output(r, i, json_array_get(list, i), message, err);
    }
    return status;
}

cleave_status clv_infer_response_parse(clv_bytes body, int64_t json_bytes,
                                       struct clv_infer_response *ret_response,
                                       cleave_error *err)
{
    struct clv_infer_response r = {0};
    struct clv_message message;
    cleave_status status = clv_message_split(body, json_bytes, &message, err);

    if (status == CLEAVE_OK) {
        status = clv_json_read(message.json, WHERE, &r.document, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_json_string(r.document, "model_name", WHERE, &r.model, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_string(r.document, "id", WHERE, &r.id, err);
    }
    if (status == CLEAVE_OK) {
        status = read_outputs(&r, &message, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_message_end(&message, err);
    }
    if (status != CLEAVE_OK) {
        clv_infer_response_fini(&r);
        return status;
    }
    *ret_response = r;
    return CLEAVE_OK;
}

void clv_infer_response_fini(struct clv_infer_response *response)
{
    for (size_t i = 0; i < response->output_count; i++) {
        free(response->owned[i]);
        free(response->outputs[i].strings);
    }
    free(response->owned);
    free(response->outputs);
    clv_json_free(response->document);
    *response = (struct clv_infer_response){0};
}

const struct clv_response_output *clv_infer_response_find(
    const struct clv_infer_response *response, const char *name)
{
    for (size_t i = 0; i < response->output_count; i++) {
        if (strcmp(response->outputs[i].tensor.info.name, name) == 0) {
            return &response->outputs[i];
        }
    }
    return NULL;
}
