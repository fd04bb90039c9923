/*
 * fuzz_quantised.c - any bytes as an ONNX model to be quantised. What can be
 * written must open again, with the ends of the original, and must be seen to
 * be quantised.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/quantised.h"

/* Models above this are not written to disk: that would be most of the time. */
#define WRITTEN_BYTES 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int right)
{
    if (!right) {
        abort();
    }
}

static void check_ends(const struct clv_model *a, const struct clv_model *b)
{
    uint32_t counts[4];
    const cleave_tensor_info *in[2] = {clv_model_inputs(a, &counts[0]),
                                       clv_model_inputs(b, &counts[1])};
    const cleave_tensor_info *out[2] = {clv_model_outputs(a, &counts[2]),
                                        clv_model_outputs(b, &counts[3])};

    check(counts[0] == counts[1] && counts[2] == counts[3]);
    for (uint32_t i = 0; i < counts[0]; i++) {
        check(strcmp(in[0][i].name, in[1][i].name) == 0);
    }
    for (uint32_t i = 0; i < counts[2]; i++) {
        check(strcmp(out[0][i].name, out[1][i].name) == 0);
    }
}

/* Ranges of all kinds, the empty one among them. */
static struct clv_range *make_up(uint32_t count)
{
    struct clv_range *ranges = calloc((size_t)count + 1, sizeof *ranges);

    check(ranges != NULL);
    for (uint32_t i = 0; i < count; i++) {
        ranges[i].low = i % 3 == 0 ? 0 : -(float)i;
        ranges[i].high = i % 5 == 0 ? 0 : (float)i / 7;
    }
    return ranges;
}

static void write_and_open(const struct clv_model *model,
                           const struct clv_quantised *plan)
{
    char path[64];
    struct clv_range *ranges = make_up(clv_quantised_tensors(plan).count);
    struct clv_model *variant = NULL;
    struct clv_quantised *twice = NULL;

    snprintf(path, sizeof path, "%s/cleave-fuzz-q-%ld.onnx",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    check(clv_quantised_write(plan, ranges, CLV_EIGHTBIT_UNSIGNED, path,
                              NULL) == CLEAVE_OK);
    check(clv_model_open(path, &variant, NULL) == CLEAVE_OK);
    check_ends(model, variant);
    check(clv_quantised_new(variant, &twice, NULL) == CLEAVE_INVALID);
    clv_model_close(variant);
    unlink(path);
    free(ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_quantised *plan;
    struct clv_model *model;

    if (clv_model_parse((clv_bytes){data, size}, "fuzz.onnx", &model, NULL) !=
        CLEAVE_OK) {
        return 0;
    }
    if (clv_quantised_new(model, &plan, &err) != CLEAVE_OK) {
        check(err.text[0] != '\0');
    } else {
        if (clv_model_file_bytes(model) <= WRITTEN_BYTES) {
            write_and_open(model, plan);
        }
        clv_quantised_free(plan);
    }
    clv_model_close(model);
    return 0;
}
