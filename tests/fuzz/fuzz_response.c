/*
 * fuzz_response.c - infer answers, errors, metadata and timings from a
 * server that lies.
 *
 * The first two bytes are the header Inference-Header-Content-Length (little
 * endian, 0xffff: absent), the rest is the body. What is accepted has to be
 * sound and written again has to read back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/metadata.h"
#include "wire/response.h"
#include "wire/timing.h"
#include "wire/trouble.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_all(const struct clv_response_output *output)
{
    uint64_t sum = strlen(output->tensor.info.name);

    for (size_t b = 0; b < output->tensor.bytes; b++) {
        sum += ((const uint8_t *)output->tensor.data)[b];
    }
    for (size_t s = 0; s < output->string_count; s++) {
        for (size_t b = 0; b < output->strings[s].size; b++) {
            sum += output->strings[s].data[b];
        }
    }
    return sum;
}

static void read_answer(clv_bytes body, int64_t json_bytes)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_infer_response response;

    if (clv_infer_response_parse(body, json_bytes, &response, &error) !=
        CLEAVE_OK) {
        if (error.code == CLEAVE_OK || error.text[0] == '\0') {
            abort(); /* an error without words */
        }
        return;
    }
    for (size_t i = 0; i < response.output_count; i++) {
        if (read_all(&response.outputs[i]) == UINT64_MAX) {
            abort();
        }
    }
    clv_infer_response_fini(&response);
}

static void read_metadata(clv_bytes body)
{
    struct clv_model_metadata metadata;
    struct clv_model_metadata again;
    struct clv_buffer b;

    if (clv_model_metadata_parse(body, &metadata, NULL) != CLEAVE_OK) {
        return;
    }
    clv_buffer_init(&b, (size_t)1 << 24);
    if (metadata.platform == NULL) {
        metadata.platform = "";
    }
    clv_model_metadata_write(&metadata, &b);
    if (clv_model_metadata_parse(clv_buffer_bytes(&b), &again, NULL) !=
            CLEAVE_OK ||
        again.input_count != metadata.input_count) {
        abort();
    }
    clv_model_metadata_fini(&again);
    clv_model_metadata_fini(&metadata);
    clv_buffer_fini(&b);
}

static void read_timing(clv_bytes text)
{
    struct clv_timing timing;

    if (clv_timing_parse(text, &timing) == CLEAVE_OK &&
        (timing.queue_ns < 0 || timing.unpack_ns < 0 || timing.tail_ns < 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    int64_t json_bytes = -1;
    clv_bytes body;

    if (size < 2) {
        return 0;
    }
    if (data[0] != 0xff || data[1] != 0xff) {
        json_bytes = data[0] + 256 * data[1];
    }
    body = (clv_bytes){data + 2, size - 2};
    read_answer(body, json_bytes);
    read_metadata(body);
    read_timing(body);
    if (clv_error_read(body, json_bytes > 0 ? (int)json_bytes : 500, "peer",
                       &error) == CLEAVE_OK) {
        abort();
    }
    return 0;
}
