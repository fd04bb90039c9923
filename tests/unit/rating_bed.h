/*
 * rating_bed.h - a small network with data, for the tests of profile/.
 *
 * The network is tiny_chain, y = relu(relu(x) + 1) of 8 numbers; its inputs
 * are the rows of x.npy, made up but always the same; the right class of a row
 * is where x is greatest, but for every tenth, whose label is wrong.
 */
#ifndef RATING_BED_H
#define RATING_BED_H

#include "media/labels.h"
#include "media/npy.h"
#include "media/source.h"
#include "network/network.h"
#include "scratch_folder.h"
#include "store/store.h"
#include "tiny_model.h"

#define BED_ROWS 60
#define BED_WIDTH 8

struct rating_bed {
    struct scratch *scratch;
    float x[BED_ROWS][BED_WIDTH];
    int right[BED_ROWS];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_network *network;
    struct clv_source *source;
    struct clv_labels *labels;
    uint64_t samples[BED_ROWS];
};

static inline int bed_argmax(const float *row)
{
    int best = 0;

    for (int i = 1; i < BED_WIDTH; i++) {
        best = row[i] > row[best] ? i : best;
    }
    return best;
}

static inline void bed_make_up(struct rating_bed *b)
{
    uint32_t seed = 7;

    for (int i = 0; i < BED_ROWS; i++) {
        for (int j = 0; j < BED_WIDTH; j++) {
            seed = seed * 1664525u + 1013904223u;
            b->x[i][j] = (float)(seed >> 8) / 4194304.0f - 1.0f;
        }
        b->right[i] = bed_argmax(b->x[i]);
        b->samples[i] = (uint64_t)i;
        if (i % 10 == 9) {
            b->right[i] = (b->right[i] + 1) % BED_WIDTH;
        }
    }
}

static inline void bed_write(struct rating_bed *b)
{
    cleave_tensor t = {
        {"x", CLEAVE_TYPE_F32, 2, {BED_ROWS, BED_WIDTH}}, b->x, sizeof b->x};
    FILE *labels = fopen(scratch_path(b->scratch, "labels.csv"), "w");
    struct clv_buffer npy;

    clv_buffer_init(&npy, 1 << 16);
    if (labels == NULL || clv_npy_write(&t, &npy, NULL) != CLEAVE_OK ||
        mkdir(scratch_path(b->scratch, "data"), 0755) != 0 ||
        tiny_chain_write(scratch_path(b->scratch, "net.onnx"), BED_WIDTH)) {
        abort();
    }
    scratch_write(scratch_path(b->scratch, "data/x.npy"), npy.data, npy.size);
    clv_buffer_fini(&npy);
    fprintf(labels, "row,class_index\n");
    for (int i = 0; i < BED_ROWS; i++) {
        fprintf(labels, "%d,%d\n", i, b->right[i]);
    }
    fclose(labels);
}

static inline cleave_status bed_open(struct rating_bed *b, cleave_error *err)
{
    const char *data = scratch_path(b->scratch, "data");
    const cleave_tensor_info *inputs;
    size_t count;
    cleave_status status = clv_engine_open("cpu:threads=1", &b->engine, err);

    if (status == CLEAVE_OK) {
        status =
            clv_store_open(scratch_path(b->scratch, "store"), &b->store, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_network_open(scratch_path(b->scratch, "net.onnx"),
                                  b->engine, b->store, &b->network, err);
    }
    if (status == CLEAVE_OK) {
        inputs = clv_network_inputs(b->network, &count);
        status = clv_source_new(NULL, inputs, count, &data, 1, &b->source, err);
    }
    return status == CLEAVE_OK
               ? clv_labels_read(scratch_path(b->scratch, "labels.csv"),
                                 &b->labels, err)
               : status;
}

static inline int bed_begin(void **state)
{
    struct rating_bed *b = calloc(1, sizeof *b);
    cleave_error err = CLEAVE_ERROR_INIT;
    void *scratch = NULL;

    if (b == NULL || scratch_begin(&scratch) != 0) {
        return -1;
    }
    b->scratch = scratch;
    *state = b;
    bed_make_up(b);
    bed_write(b);
    if (bed_open(b, &err) != CLEAVE_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        return -1;
    }
    return 0;
}

static inline int bed_end(void **state)
{
    struct rating_bed *b = *state;
    void *scratch = b->scratch;

    clv_labels_free(b->labels);
    clv_source_free(b->source);
    clv_network_close(b->network);
    clv_store_close(b->store);
    clv_engine_close(b->engine);
    free(b);
    return scratch_end(&scratch);
}

#endif
