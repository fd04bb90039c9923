/*
 * test_graph.c - names become numbers, and a graph that is not sound is
 * refused with the name of what is wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "model/graph.h"

static void assert_refused(struct maker *m, cleave_status want,
                           const char *words)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    assert_int_equal(maker_parse(m, &model, &err), want);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
    maker_free(m);
}

static struct maker *new_chain(void)
{
    struct maker *m = maker_new();

    sample_chain(m);
    return m;
}

static void what_is_made_twice_is_refused(void **state)
{
    struct maker *m = new_chain();

    (void)state;
    maker_node(m, "Neg", "x", "b");
    assert_refused(m, CLEAVE_CORRUPT, "'b' is made 2 times");
    m = new_chain();
    maker_node(m, "Split", "x", "c,c");
    assert_refused(m, CLEAVE_CORRUPT, "'c' is made 2 times");
    m = new_chain();
    maker_floats(m, "a f32 1");
    assert_refused(m, CLEAVE_CORRUPT, "'a' is made 2 times");
    m = new_chain();
    maker_floats(m, "one f32 1");
    assert_refused(m, CLEAVE_CORRUPT, "'one' is made 2 times");
    m = new_chain();
    maker_node(m, "Neg", "b", "x");
    assert_refused(m, CLEAVE_CORRUPT, "'x' is made 2 times");
    m = new_chain();
    maker_input(m, "x f32 1x4");
    assert_refused(m, CLEAVE_CORRUPT, "'x' is made 2 times");
}

static void what_nobody_makes_is_refused(void **state)
{
    struct maker *m = new_chain();

    (void)state;
    maker_node(m, "Neg", "ghost", "c");
    assert_refused(m, CLEAVE_CORRUPT, "'ghost' is used");
    m = new_chain();
    maker_output(m, "ghost f32 1");
    assert_refused(m, CLEAVE_CORRUPT, "'ghost' is used");
    m = new_chain();
    maker_begin(m, maker_node(m, "If", "x", "c"), "then_branch");
    maker_node(m, "Neg", "ghost", "t");
    maker_output(m, "t f32 1");
    maker_end(m);
    assert_refused(m, CLEAVE_CORRUPT, "'ghost' is used");
    m = new_chain();
    maker_describe(m, "ghost f32 1"); /* only spoken of: no harm */
    clv_model_close(maker_model(m));
    maker_free(m);
}

static void cycles_are_refused(void **state)
{
    struct maker *m = new_chain();

    (void)state;
    maker_node(m, "Add", "c,x", "c");
    assert_refused(m, CLEAVE_CORRUPT, "cycle through the node that makes 'c'");
    m = new_chain();
    maker_node(m, "Add", "e,x", "c");
    maker_node(m, "Neg", "c", "d");
    maker_node(m, "Neg", "d", "e");
    assert_refused(m, CLEAVE_CORRUPT, "cycle");
    m = new_chain(); /* through a captured tensor */
    maker_begin(m, maker_node(m, "If", "x", "c"), "then_branch");
    maker_node(m, "Neg", "c", "t");
    maker_output(m, "t f32 1");
    maker_end(m);
    assert_refused(m, CLEAVE_CORRUPT, "cycle");
}

static void a_graph_must_do_something(void **state)
{
    struct maker *m = new_chain();

    (void)state;
    m->model.graph->n_output = 0;
    assert_refused(m, CLEAVE_CORRUPT, "no outputs");
    m = new_chain();
    maker_node(m, "", "x", "c");
    assert_refused(m, CLEAVE_CORRUPT, "Node 3 of the graph has no operator");
    m = new_chain();
    maker_node(m, "Neg", "x", "c")->op_type = NULL;
    assert_refused(m, CLEAVE_CORRUPT, "no operator");
    m = new_chain();
    maker_output(m, "y f32 1x4")->name = maker_text(m, "");
    assert_refused(m, CLEAVE_CORRUPT, "Output 1 of the graph has no name");
    m = maker_new(); /* not a single name */
    maker_node(m, "Neg", "", "");
    maker_output(m, "y")->name = maker_text(m, "");
    assert_refused(m, CLEAVE_CORRUPT, "no name");
}

static uint32_t id_of(const struct clv_model *model, const char *name)
{
    uint32_t id = clv_model_find_tensor(model, name);

    assert_int_not_equal(id, CLV_NONE);
    assert_string_equal(clv_model_tensor_name(model, id), name);
    return id;
}

static void assert_sorted(const struct clv_model *model)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        struct clv_ids out = clv_model_node_outputs(model, i);
        for (uint32_t j = 0; j < in.count; j++) {
            uint32_t producer = clv_model_producer(model, in.id[j]);
            assert_true(producer == CLV_NONE || producer < i);
        }
        for (uint32_t j = 0; j < out.count; j++) {
            assert_int_equal(clv_model_producer(model, out.id[j]), i);
        }
    }
}

static void nodes_in_any_order_are_sorted(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;

    (void)state;
    sample_unsorted(m);
    model = maker_model(m);
    assert_sorted(model);
    assert_int_equal(clv_model_node_count(model), 4);
    assert_string_equal(clv_model_node_op(model, 0), "Sigmoid");
    assert_string_equal(
        clv_model_node_op(model, clv_model_producer(model, id_of(model, "y"))),
        "Relu");
    clv_model_close(model);
    maker_free(m);
}

static void sorted_nodes_keep_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct maker *m = maker_new();
        struct clv_model *model;
        samples[i].make(m);
        model = maker_model(m);
        assert_sorted(model);
        for (uint32_t j = 0; j < clv_model_node_count(model); j++) {
            if (samples[i].make != sample_unsorted) {
                assert_string_equal(clv_model_node_op(model, j),
                                    m->model.graph->node[j]->op_type);
            }
        }
        clv_model_close(model);
        maker_free(m);
    }
}

/* As deep as it is long, and backwards: recursion would end here. */
static void a_very_long_chain_backwards_is_sorted(void **state)
{
    enum { NODES = 100000 };
    struct maker *m = maker_new();
    struct clv_model *model;
    char in[24];
    char out[24];

    (void)state;
    maker_input(m, "t0 f32 1");
    for (int i = NODES; i > 0; i--) {
        snprintf(in, sizeof in, "t%d", i - 1);
        snprintf(out, sizeof out, "t%d", i);
        maker_node(m, "Neg", in, out);
    }
    snprintf(out, sizeof out, "t%d f32 1", NODES);
    maker_output(m, out);
    model = maker_model(m);
    assert_int_equal(clv_model_node_count(model), NODES);
    assert_int_equal(clv_model_producer(model, id_of(model, "t1")), 0);
    assert_int_equal(clv_model_producer(model, id_of(model, "t100000")),
                     NODES - 1);
    clv_model_close(model);
    maker_free(m);
}

static int reads(const struct clv_model *model, const char *maker_of,
                 const char *name)
{
    struct clv_ids in = clv_model_node_inputs(
        model, clv_model_producer(model, id_of(model, maker_of)));
    int count = 0;

    for (uint32_t i = 0; i < in.count; i++) {
        count += strcmp(clv_model_tensor_name(model, in.id[i]), name) == 0;
    }
    return count;
}

static void captured_tensors_are_inputs(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;

    (void)state;
    sample_branch(m);
    model = maker_model(m);
    assert_int_equal(reads(model, "c", "positive"), 1);
    assert_true(reads(model, "c", "b") > 0);
    assert_true(reads(model, "c", "w") > 0);
    assert_int_equal(reads(model, "c", "a"), 0);
    assert_int_equal(clv_model_find_tensor(model, "t"), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(model, "inner"), CLV_NONE);
    clv_model_close(model);
    maker_free(m);
    m = maker_new();
    sample_loop(m);
    model = maker_model(m);
    assert_int_equal(reads(model, "b", "step"), 1);
    assert_int_equal(reads(model, "b", "v"), 0);
    clv_model_close(model);
    maker_free(m);
}

static void what_comes_of_constants_is_constant(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;

    (void)state;
    sample_constants(m);
    model = maker_model(m);
    assert_true(clv_model_is_constant(model, id_of(model, "shape")));
    assert_true(clv_model_is_constant(model, id_of(model, "filled")));
    assert_true(clv_model_is_constant(model, id_of(model, "both")));
    assert_false(clv_model_is_constant(model, id_of(model, "x")));
    assert_false(clv_model_is_constant(model, id_of(model, "a")));
    clv_model_close(model);
    maker_free(m);
}

static void chance_is_no_constant(void **state)
{
    struct maker *m = new_chain();
    struct clv_model *model;

    (void)state;
    maker_node(m, "RandomUniform", "", "r");
    maker_node(m, "Bernoulli", "one", "s");
    maker_begin(m, maker_node(m, "If", "one", "t"), "then_branch");
    maker_node(m, "RandomNormalLike", "one", "inner");
    maker_output(m, "inner f32 1");
    maker_end(m);
    maker_node(m, "Neg", "one", "u");
    model = maker_model(m);
    assert_false(clv_model_is_constant(model, id_of(model, "r")));
    assert_false(clv_model_is_constant(model, id_of(model, "s")));
    assert_false(clv_model_is_constant(model, id_of(model, "t")));
    assert_true(clv_model_is_constant(model, id_of(model, "u")));
    clv_model_close(model);
    maker_free(m);
}

static void optional_inputs_left_out_are_left_out(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;

    (void)state;
    sample_names(m);
    model = maker_model(m);
    assert_int_equal(clv_model_node_inputs(
                         model, clv_model_producer(model, id_of(model, "a")))
                         .count,
                     2);
    assert_int_equal(reads(model, "a", "a+b"), 1);
    assert_int_equal(clv_model_find_tensor(model, ""), CLV_NONE);
    assert_int_equal(clv_model_find_tensor(model, NULL), CLV_NONE);
    clv_model_close(model);
    maker_free(m);
}

static void inputs_have_the_first_numbers(void **state)
{
    struct maker *m = maker_new();
    struct clv_model *model;

    (void)state;
    sample_mask(m);
    model = maker_model(m);
    assert_int_equal(id_of(model, "ids"), 0);
    assert_int_equal(id_of(model, "mask"), 1);
    assert_true(clv_model_is_input(model, 0));
    assert_true(clv_model_is_input(model, 1));
    assert_false(clv_model_is_input(model, 2));
    assert_int_equal(clv_model_producer(model, 0), CLV_NONE);
    clv_model_close(model);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_twice_is_refused),
        cmocka_unit_test(what_nobody_makes_is_refused),
        cmocka_unit_test(cycles_are_refused),
        cmocka_unit_test(a_graph_must_do_something),
        cmocka_unit_test(nodes_in_any_order_are_sorted),
        cmocka_unit_test(sorted_nodes_keep_their_order),
        cmocka_unit_test(a_very_long_chain_backwards_is_sorted),
        cmocka_unit_test(captured_tensors_are_inputs),
        cmocka_unit_test(what_comes_of_constants_is_constant),
        cmocka_unit_test(chance_is_no_constant),
        cmocka_unit_test(optional_inputs_left_out_are_left_out),
        cmocka_unit_test(inputs_have_the_first_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
