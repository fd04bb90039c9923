/*
 * fuzz_request.c - infer requests from anybody.
 *
 * The first two bytes are the header Inference-Header-Content-Length (little
 * endian, 0xffff: absent), the rest is the body. What is accepted has to be
 * sound: tensors that fill their shapes and lie where they may be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct clv_infer_request *r)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < r->input_count; i++) {
        const cleave_tensor *t = &r->inputs[i];
        uint64_t elements = 0;
        uint64_t bytes = 0;
        if (r->frames[i].size > 0) { /* packed: the codec reads it */
            if (t->data != NULL || t->bytes != 0) {
                abort();
            }
            for (size_t b = 0; b < r->frames[i].size; b++) {
                sum += r->frames[i].data[b];
            }
            continue;
        }
        if (cleave_tensor_count(&t->info, &elements, &bytes) != CLEAVE_OK ||
            bytes != t->bytes ||
            (uintptr_t)t->data % cleave_type_bytes(t->info.type) != 0) {
            abort();
        }
        for (size_t b = 0; b < t->bytes; b++) {
            sum += ((const uint8_t *)t->data)[b];
        }
        sum += strlen(t->info.name);
    }
    for (size_t i = 0; i < r->output_count; i++) {
        sum += strlen(r->outputs[i].name);
    }
    if (sum == UINT64_MAX) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_infer_request request;
    int64_t json_bytes = -1;

    if (size < 2) {
        return 0;
    }
    if (data[0] != 0xff || data[1] != 0xff) {
        json_bytes = data[0] + 256 * data[1];
    }
    if (clv_infer_request_parse((clv_bytes){data + 2, size - 2}, json_bytes,
                                &request, &error) == CLEAVE_OK) {
        check(&request);
        clv_infer_request_fini(&request);
    } else if (error.code == CLEAVE_OK || error.text[0] == '\0') {
        abort(); /* an error without words */
    }
    return 0;
}
