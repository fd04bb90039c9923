/*
 * metadata.c - what a server and its models say of themselves.
 *
 * Every file is version "1" of its model: versions are the SHA-256's
 * business. The protocol's `versions` is there because clients expect it.
 */
#include "wire/metadata.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/json.h"

#define WHERE "model metadata"

void clv_server_metadata_write(struct clv_buffer *into)
{
    (void)clv_buffer_printf(into,
                            "{\"name\":\"cleave\",\"version\":\"%s\","
                            "\"extensions\":[\"binary_tensor_data\","
                            "\"classification\",\"schedule_policy\","
                            "\"cleave_cuts\",\"cleave_packing\"]}",
                            cleave_version());
}

static void write_list(const char *key, const cleave_tensor_info *infos,
                       size_t count, struct clv_buffer *into)
{
    (void)clv_buffer_printf(into, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        const char *type = clv_type_oip(infos[i].type);
        clv_json_put(into, i > 0 ? ",{" : "{");
        clv_entry_write(into, infos[i].name, type != NULL ? type : "BYTES",
                        infos[i].shape, infos[i].rank);
        clv_json_put(into, "}");
    }
    clv_json_put(into, "]");
}

void clv_model_metadata_write(const struct clv_model_metadata *metadata,
                              struct clv_buffer *into)
{
    clv_json_put(into, "{\"name\":");
    clv_json_put_string(into, metadata->name);
    clv_json_put(into, ",\"versions\":[\"1\"],\"platform\":");
    clv_json_put_string(into, metadata->platform);
    write_list("inputs", metadata->inputs, metadata->input_count, into);
    write_list("outputs", metadata->outputs, metadata->output_count, into);
    if (metadata->sha256 != NULL) {
        clv_json_put(into, ",\"parameters\":{\"sha256\":");
        clv_json_put_string(into, metadata->sha256);
        if (metadata->calibration != NULL) {
            clv_json_put(into, ",\"calibration\":");
            clv_json_put_string(into, metadata->calibration);
        }
        clv_json_put(into, "}");
    }
    clv_json_put(into, "}");
}

static cleave_status read_strings(struct clv_model_metadata *m,
                                  cleave_error *err)
{
    const json_t *parameters = NULL;
    cleave_status status =
        clv_json_string(m->document, "name", WHERE, &m->name, err);

    if (status == CLEAVE_OK) {
        status =
            clv_json_string(m->document, "platform", WHERE, &m->platform, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_json_object(m->document, "parameters", WHERE, &parameters, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_string(parameters, "sha256", WHERE, &m->sha256, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_json_string(parameters, "calibration", WHERE,
                                 &m->calibration, err);
    }
    if (status == CLEAVE_OK && m->name == NULL) {
        status = clv_fail(err, CLEAVE_INVALID, WHERE, "There is no 'name'.");
    }
    return status;
}

static cleave_status read_list(const json_t *list, const char *what,
                               cleave_tensor_info *infos, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; i < json_array_size(list) && status == CLEAVE_OK; i++) {
        status = clv_entry_info(json_array_get(list, i), what, CLV_ENTRY_FREE,
                                &infos[i], err);
    }
    return status;
}

static cleave_status read_tensors(struct clv_model_metadata *m,
                                  cleave_error *err)
{
    const json_t *inputs = NULL;
    const json_t *outputs = NULL;
    size_t count;
    cleave_status status =
        clv_json_array(m->document, "inputs", WHERE, &inputs, err);

    if (status == CLEAVE_OK) {
        status = clv_json_array(m->document, "outputs", WHERE, &outputs, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    m->input_count = json_array_size(inputs);
    m->output_count = json_array_size(outputs);
    count = m->input_count + m->output_count;
    m->owned = calloc(count + 1, sizeof *m->owned);
    if (m->owned == NULL) {
        return clv_fail_memory(err, WHERE, count * sizeof *m->owned);
    }
    m->inputs = m->owned;
    m->outputs = m->owned + m->input_count;
    status = read_list(inputs, "input", m->owned, err);
    if (status == CLEAVE_OK) {
        status = read_list(outputs, "output", m->owned + m->input_count, err);
    }
    return status;
}

cleave_status clv_model_metadata_parse(clv_bytes body,
                                       struct clv_model_metadata *ret_metadata,
                                       cleave_error *err)
{
    struct clv_model_metadata m = {0};
    cleave_status status = clv_json_read(body, WHERE, &m.document, err);

    if (status == CLEAVE_OK) {
        status = read_strings(&m, err);
    }
    if (status == CLEAVE_OK) {
        status = read_tensors(&m, err);
    }
    if (status != CLEAVE_OK) {
        clv_model_metadata_fini(&m);
        return status;
    }
    *ret_metadata = m;
    return CLEAVE_OK;
}

void clv_model_metadata_fini(struct clv_model_metadata *metadata)
{
    free(metadata->owned);
    clv_json_free(metadata->document);
    *metadata = (struct clv_model_metadata){0};
}
