/*
 * quantised_bed.h - a model and its int8 variant, for the tests of what writes
 * one. The ranges are those of one run.
 */
#ifndef QUANTISED_BED_H
#define QUANTISED_BED_H

#include "model/extract.h"
#include "model/quantised.h"
#include "network_bed.h"
#include "quantised_samples.h"

#define MOST_TENSORS 32

struct made {
    struct clv_model *model;
    struct clv_quantised *plan;
    struct clv_range ranges[MOST_TENSORS];
    char path[160]; /* of the variant */
};

/* The ranges of one run, on inputs that are made up. */
static inline void made_ranges(struct bed *b, struct made *q)
{
    struct clv_ids ids = clv_quantised_tensors(q->plan);
    cleave_tensor_info ends[MOST_TENSORS] = {{0}};
    char path[160];
    uint32_t inputs;
    struct clv_extract what = {.inputs = clv_model_inputs(q->model, &inputs),
                               .outputs = ends,
                               .output_count = ids.count};
    struct run r;

    assert_true(ids.count <= MOST_TENSORS);
    for (uint32_t i = 0; i < ids.count; i++) {
        ends[i].name = clv_model_tensor_name(q->model, ids.id[i]);
    }
    what.input_count = inputs;
    snprintf(path, sizeof path, "%s/ranges.onnx", b->folder);
    assert_int_equal(clv_model_write(q->model, &what, path, NULL), CLEAVE_OK);
    assert_int_equal(run_file(b->engine, path, NULL, 0, &r, NULL), CLEAVE_OK);
    for (uint32_t i = 0; i < ids.count; i++) {
        const float *x = r.out[i].data;
        for (size_t k = 0; k < r.out[i].bytes / sizeof *x; k++) {
            q->ranges[i].low = fminf(q->ranges[i].low, x[k]);
            q->ranges[i].high = fmaxf(q->ranges[i].high, x[k]);
        }
    }
    run_end(&r);
}

static inline struct made *made_quantised(struct bed *b,
                                          enum clv_eightbit_kind kind,
                                          const char *name)
{
    struct made *q = calloc(1, sizeof *q);
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_non_null(q);
    if (b->engine == NULL) {
        assert_int_equal(clv_engine_open("cpu:threads=1", &b->engine, NULL),
                         CLEAVE_OK);
    }
    if (clv_model_open(b->path, &q->model, &err) != CLEAVE_OK ||
        clv_quantised_new(q->model, &q->plan, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    made_ranges(b, q);
    snprintf(q->path, sizeof q->path, "%s/%s", b->folder, name);
    assert_int_equal(
        clv_quantised_write(q->plan, q->ranges, kind, q->path, &err),
        CLEAVE_OK);
    return q;
}

static inline void made_forget(struct made *q)
{
    clv_quantised_free(q->plan);
    clv_model_close(q->model);
    free(q);
}

/* A weight that must be there. */
static inline struct clv_weight made_weight(const struct clv_model *model,
                                            const char *name)
{
    for (uint32_t i = 0; i < clv_model_weight_count(model); i++) {
        struct clv_weight w = clv_model_weight(model, i);
        if (strcmp(w.tensor.info.name, name) == 0) {
            return w;
        }
    }
    fail_msg("there is no weight %s", name);
    return (struct clv_weight){.location = NULL};
}

#endif
