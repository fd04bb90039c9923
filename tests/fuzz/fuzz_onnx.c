/*
 * fuzz_onnx.c - any bytes as an ONNX model, and then every question that can
 * be asked of one: names, cuts, sides, work. What is found to be a cut must
 * separate, and a small model written out again must open again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/cuts.h"
#include "model/extract.h"
#include "model/model.h"
#include "model/work.h"

/* Models above this are not written to disk: that would be most of the time. */
#define WRITTEN_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all bytes, so that a memory checker sees them. */
static void touch(const void *data, size_t size)
{
    volatile uint8_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
    }
}

static void check(int right)
{
    if (!right) {
        abort();
    }
}

static void ask_of_tensors(const struct clv_model *model)
{
    uint32_t nodes = clv_model_node_count(model);

    for (uint32_t i = 0; i < clv_model_tensor_count(model); i++) {
        const char *name = clv_model_tensor_name(model, i);
        uint32_t producer = clv_model_producer(model, i);
        cleave_tensor_info info = clv_model_declared(model, i);
        check(clv_model_find_tensor(model, name) == i);
        check(producer == CLV_NONE || producer < nodes);
        check(strcmp(info.name, name) == 0 && info.rank <= CLEAVE_MAX_RANK);
        check(!clv_model_is_input(model, i) || producer == CLV_NONE);
        check(!clv_model_is_input(model, i) ||
              !clv_model_is_constant(model, i));
    }
}

static void ask_of_nodes(const struct clv_model *model)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        struct clv_ids out = clv_model_node_outputs(model, i);
        check(clv_model_node_op(model, i)[0] != '\0');
        clv_model_node_int(model, i, "axis", 1);
        for (uint32_t j = 0; j < in.count; j++) {
            uint32_t producer = clv_model_producer(model, in.id[j]);
            check(producer == CLV_NONE || producer < i);
        }
        for (uint32_t j = 0; j < out.count; j++) {
            check(clv_model_producer(model, out.id[j]) == i);
        }
    }
}

static void ask_of_weights(const struct clv_model *model)
{
    char hash[65];

    clv_model_sha256(model, hash);
    for (uint32_t i = 0; i < clv_model_weight_count(model); i++) {
        struct clv_weight w = clv_model_weight(model, i);
        if (w.tensor.data != NULL) {
            touch(w.tensor.data, w.tensor.bytes);
        }
    }
}

static void ask_for_work(const struct clv_model *model)
{
    uint32_t count = clv_model_tensor_count(model);
    cleave_tensor_info *shapes = calloc((size_t)count + 1, sizeof *shapes);

    check(shapes != NULL);
    for (uint32_t i = 0; i < count; i++) {
        shapes[i] = clv_model_declared(model, i);
    }
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        clv_work_macs(model, i, shapes);
    }
    clv_work_parameters(model, shapes);
    free(shapes);
}

/* A part is written if all its ends have types, and opens again. */
static void write_and_open(const struct clv_model *model,
                           struct clv_extract what)
{
    char path[64];
    char beside[80];
    struct clv_model *again;

    what.embed_limit_bytes = 2048;
    snprintf(path, sizeof path, "%s/cleave-fuzz-%ld.onnx",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    snprintf(beside, sizeof beside, "%s.data", path);
    if (clv_model_write(model, &what, path, NULL) == CLEAVE_OK &&
        clv_model_open(path, &again, NULL) == CLEAVE_OK) {
        ask_of_tensors(again);
        ask_of_nodes(again);
        ask_of_weights(again);
        clv_model_close(again);
    }
    unlink(path);
    unlink(beside);
}

static void ask_for_writing(const struct clv_model *model)
{
    uint32_t inputs;
    uint32_t outputs;
    const cleave_tensor_info *input = clv_model_inputs(model, &inputs);
    const cleave_tensor_info *output = clv_model_outputs(model, &outputs);

    if (clv_model_file_bytes(model) <= WRITTEN_BYTES) {
        write_and_open(model, (struct clv_extract){.inputs = input,
                                                   .input_count = inputs,
                                                   .outputs = output,
                                                   .output_count = outputs});
    }
}

/* The tail of a cut, written too, its inputs read through pools. */
static void write_tail(const struct clv_model *model,
                       const struct clv_cut_set *set,
                       const struct clv_sides *sides)
{
    cleave_tensor_info inputs[CLV_CUT_MAX_TENSORS];
    cleave_tensor_info output;
    uint8_t *pooled = calloc((size_t)clv_model_tensor_count(model) + 1, 1);

    check(pooled != NULL);
    for (uint32_t i = 0; i < set->count; i++) {
        inputs[i] = clv_model_declared(model, set->tensor[i]);
        pooled[set->tensor[i]] = 1;
    }
    output = clv_model_declared(model, sides->tail_outputs[0]);
    if (clv_model_file_bytes(model) <= WRITTEN_BYTES) {
        write_and_open(model, (struct clv_extract){.nodes = sides->in_tail,
                                                   .inputs = inputs,
                                                   .input_count = set->count,
                                                   .outputs = &output,
                                                   .output_count = 1,
                                                   .pooled = pooled});
    }
    free(pooled);
}

static void ask_for_cuts(const struct clv_model *model)
{
    struct clv_cut_set *sets;
    struct clv_sides sides;
    size_t count;

    check(clv_cuts_find(model, &sets, &count, NULL) == CLEAVE_OK);
    for (size_t i = 0; i < count && i < 64; i++) {
        check(clv_sides_init(&sides, model, &sets[i], NULL) == CLEAVE_OK);
        if (i == 0) {
            write_tail(model, &sets[i], &sides);
        }
        clv_sides_fini(&sides);
    }
    free(sets);
    /* And of sets that nobody offered. */
    for (uint32_t i = 0; i < clv_model_tensor_count(model) && i < 32; i++) {
        struct clv_cut_set pair = {{i, i / 2, 0, 0}, i % 2 + 1};
        cleave_error err = CLEAVE_ERROR_INIT;
        if (clv_sides_init(&sides, model, &pair, &err) == CLEAVE_OK) {
            clv_sides_fini(&sides);
        } else {
            check(err.text[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    if (clv_model_parse((clv_bytes){data, size}, "fuzz.onnx", &model, &err) !=
        CLEAVE_OK) {
        check(err.text[0] != '\0');
        return 0;
    }
    ask_of_tensors(model);
    ask_of_nodes(model);
    ask_of_weights(model);
    ask_for_work(model);
    ask_for_cuts(model);
    ask_for_writing(model);
    clv_model_close(model);
    return 0;
}
