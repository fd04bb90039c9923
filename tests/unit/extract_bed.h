/*
 * extract_bed.h - models that are written and read again, for the tests of
 * what writes them.
 */
#ifndef EXTRACT_BED_H
#define EXTRACT_BED_H

#include "graph_runner.h"
#include "graph_samples.h"
#include "model/extract.h"
#include "scratch_folder.h"

static inline struct clv_extract all_of(const struct clv_model *model)
{
    struct clv_extract what = {.nodes = NULL};
    uint32_t count;

    what.inputs = clv_model_inputs(model, &count);
    what.input_count = count;
    what.outputs = clv_model_outputs(model, &count);
    what.output_count = count;
    return what;
}

static inline struct clv_model *reopen(const char *path)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    if (clv_model_open(path, &model, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return model;
}

static inline void assert_same_ids(const struct clv_model *a, struct clv_ids x,
                                   const struct clv_model *b, struct clv_ids y)
{
    assert_int_equal(x.count, y.count);
    for (uint32_t i = 0; i < x.count; i++) {
        assert_string_equal(clv_model_tensor_name(a, x.id[i]),
                            clv_model_tensor_name(b, y.id[i]));
    }
}

static inline void assert_same_graph(const struct clv_model *a,
                                     const struct clv_model *b)
{
    uint32_t n = clv_model_node_count(a);
    uint32_t x;
    uint32_t y;

    assert_int_equal(clv_model_node_count(b), n);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(clv_model_node_op(a, i), clv_model_node_op(b, i));
        assert_same_ids(a, clv_model_node_inputs(a, i), b,
                        clv_model_node_inputs(b, i));
        assert_same_ids(a, clv_model_node_outputs(a, i), b,
                        clv_model_node_outputs(b, i));
    }
    clv_model_inputs(a, &x);
    clv_model_inputs(b, &y);
    assert_int_equal(x, y);
    for (uint32_t i = 0; i < x; i++) {
        assert_true(clv_tensor_same_form(&clv_model_inputs(a, &x)[i],
                                         &clv_model_inputs(b, &x)[i]));
    }
    for (uint32_t i = 0; i < clv_model_tensor_count(a); i++) {
        uint32_t id = clv_model_find_tensor(b, clv_model_tensor_name(a, i));
        if (id != CLV_NONE) {
            cleave_tensor_info p = clv_model_declared(a, i);
            cleave_tensor_info q = clv_model_declared(b, id);
            assert_true(clv_tensor_same_form(&p, &q));
        }
    }
}

static inline void assert_same_runs(struct clv_engine *engine, const char *a,
                                    const char *b)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct run x = {0};
    struct run y = {0};

    if (run_file(engine, a, NULL, 0, &x, &err) != CLEAVE_OK ||
        run_file(engine, b, NULL, 0, &y, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_int_equal(x.out_count, y.out_count);
    for (size_t i = 0; i < x.out_count; i++) {
        assert_string_equal(x.out[i].info.name, y.out[i].info.name);
        assert_true(strstr(a, "random") != NULL ||
                    run_same(&x.out[i], &y.out[i], 0));
    }
    run_end(&x);
    run_end(&y);
}

/* y = x * w, w of 16 KB, a small bias beside it. */
static inline struct clv_model *open_product(const char *path)
{
    struct maker *m = maker_new();

    maker_input(m, "x f32 1x64");
    maker_raw_floats(m, "w f32 64x64");
    maker_floats(m, "v f32 64x64"); /* packed, large */
    maker_raw_floats(m, "b f32 64");
    maker_node(m, "MatMul", "x,w", "a");
    maker_node(m, "MatMul", "a,v", "c");
    maker_node(m, "Add", "c,b", "y");
    maker_output(m, "y f32 1x64");
    maker_write(m, path);
    maker_free(m);
    return reopen(path);
}

#endif
