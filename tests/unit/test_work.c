/*
 * test_work.c - multiply-accumulates against numbers worked out by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_maker.h"
#include "model/work.h"

/* The work of the node that makes `output`, by the forms declared. */
static uint64_t macs(struct maker *m, const char *output)
{
    struct clv_model *model = maker_model(m);
    uint32_t count = clv_model_tensor_count(model);
    cleave_tensor_info *shapes = calloc(count, sizeof *shapes);
    uint64_t result;

    for (uint32_t i = 0; i < count; i++) {
        shapes[i] = clv_model_declared(model, i);
    }
    result = clv_work_macs(
        model, clv_model_producer(model, clv_model_find_tensor(model, output)),
        shapes);
    free(shapes);
    clv_model_close(model);
    return result;
}

static void assert_conv(const char *x, const char *w, const char *y,
                        uint64_t want)
{
    struct maker *m = maker_new();

    maker_input(m, x);
    maker_floats(m, w);
    maker_node(m, "Conv", "x,w", "y");
    maker_output(m, y);
    assert_int_equal(macs(m, "y"), want);
    maker_free(m);
}

static void convolutions(void **state)
{
    (void)state;
    /* 8 channels out, 4x4 each, 3 channels of 3x3 in: 8*16*27 */
    assert_conv("x f32 1x3x6x6", "w f32 8x3x3x3", "y f32 1x8x4x4", 3456);
    /* stride 2 shows in the output alone: 8*4*27 */
    assert_conv("x f32 1x3x6x6", "w f32 8x3x3x3", "y f32 1x8x2x2", 864);
    /* depthwise, 6 groups: 6*16*9 */
    assert_conv("x f32 1x6x4x4", "w f32 6x1x3x3", "y f32 1x6x4x4", 864);
    /* two groups of 4: 8*16*4 */
    assert_conv("x f32 1x8x4x4", "w f32 8x4x1x1", "y f32 1x8x4x4", 512);
    /* a batch of 5, one dimension: 5*2*9*3*2 */
    assert_conv("x f32 5x3x10", "w f32 2x3x2", "y f32 5x2x9", 540);
}

static void transposed_convolution(void **state)
{
    struct maker *m = maker_new();

    (void)state;
    maker_input(m, "x f32 1x4x5x5");
    maker_floats(m, "w f32 4x2x3x3");
    maker_node(m, "ConvTranspose", "x,w", "y");
    maker_output(m, "y f32 1x2x11x11");
    assert_int_equal(macs(m, "y"), 100 * 18); /* each input times 2*3*3 */
    maker_free(m);
}

static void products(void **state)
{
    struct maker *m = maker_new();
    Onnx__NodeProto *node;

    (void)state;
    maker_input(m, "x f32 3x7");
    maker_input(m, "xt f32 7x3");
    maker_input(m, "b f32 2x3x7");
    maker_floats(m, "w f32 7x5");
    maker_floats(m, "wt f32 5x7");
    maker_node(m, "Gemm", "x,w", "g1");
    maker_describe(m, "g1 f32 3x5");
    node = maker_node(m, "Gemm", "xt,wt", "g2");
    maker_int(m, node, "transA", 1);
    maker_int(m, node, "transB", 1);
    maker_describe(m, "g2 f32 3x5");
    maker_node(m, "MatMul", "b,w", "y");
    maker_output(m, "y f32 2x3x5");
    assert_int_equal(macs(m, "g1"), 3 * 5 * 7);
    assert_int_equal(macs(m, "g2"), 3 * 5 * 7);
    assert_int_equal(macs(m, "y"), 2 * 3 * 5 * 7);
    maker_free(m);
}

static void quantised_forms(void **state)
{
    struct maker *m = maker_new();
    uint8_t bytes[64] = {0};

    (void)state;
    maker_input(m, "x u8 1x4x6x6");
    maker_input(m, "r u8 3x7");
    maker_floats(m, "s f32");
    maker_raw(m, "z u8", bytes, 1);
    maker_raw(m, "w u8 3x4x1x2", bytes, 24);
    maker_raw(m, "v u8 7x5", bytes, 35);
    maker_node(m, "QLinearConv", "x,s,z,w,s,z,s,z", "q");
    maker_describe(m, "q u8 1x3x6x5");
    maker_node(m, "ConvInteger", "x,w", "i");
    maker_describe(m, "i i32 1x3x6x5");
    maker_node(m, "QLinearMatMul", "r,s,z,v,s,z,s,z", "p");
    maker_describe(m, "p u8 3x5");
    maker_node(m, "MatMulInteger", "r,v", "y");
    maker_output(m, "y i32 3x5");
    assert_int_equal(macs(m, "q"), 90 * 8);
    assert_int_equal(macs(m, "i"), 90 * 8);
    assert_int_equal(macs(m, "p"), 15 * 7);
    assert_int_equal(macs(m, "y"), 15 * 7);
    maker_free(m);
}

static void what_is_not_counted_is_nothing(void **state)
{
    struct maker *m = maker_new();

    (void)state;
    maker_input(m, "x f32 3x7");
    maker_input(m, "n f32 ?x7");
    maker_floats(m, "w f32 7x5");
    maker_node(m, "Relu", "x", "r");
    maker_node(m, "MatMul", "r,w", "unknown"); /* r's shape is not declared */
    maker_node(m, "MatMul", "w,w", "constant");
    maker_node(m, "MatMul", "n,w", "y");
    maker_output(m, "y f32 ?x5");
    assert_int_equal(macs(m, "r"), 0);
    assert_int_equal(macs(m, "unknown"), 0);
    assert_int_equal(macs(m, "constant"), 0);
    assert_int_equal(macs(m, "y"), 0); /* -1 counts as none, not as 2^64-1 */
    maker_free(m);
}

static void absurd_shapes_saturate(void **state)
{
    struct maker *m = maker_new();

    (void)state;
    maker_input(m, "x f32 4611686018427387904x4611686018427387904");
    maker_floats(m, "w f32 7x5");
    maker_node(m, "MatMul", "x,w", "y");
    maker_output(m, "y f32 4611686018427387904x5");
    assert_true(macs(m, "y") == UINT64_MAX);
    maker_free(m);
}

static void parameters_are_what_computing_nodes_read(void **state)
{
    struct maker *m = maker_new();
    static const int64_t shape[] = {1, 35};
    struct clv_model *model;
    cleave_tensor_info shapes[16];

    (void)state;
    maker_input(m, "x f32 7x7");
    maker_floats(m, "w f32 7x5");
    maker_floats(m, "unused f32 100");
    maker_floats(m, "from f32 5");
    maker_longs(m, "shape i64 2", shape);
    maker_node(m, "Neg", "from", "bias"); /* a constant made of one */
    maker_describe(m, "bias f32 5");
    maker_node(m, "MatMul", "x,w", "a");
    maker_node(m, "Add", "a,bias", "b");
    maker_node(m, "Sub", "b,bias", "c"); /* read twice, counted once */
    maker_node(m, "Reshape", "c,shape", "y");
    maker_output(m, "y f32 1x35");
    model = maker_model(m);
    for (uint32_t i = 0; i < clv_model_tensor_count(model); i++) {
        shapes[i] = clv_model_declared(model, i);
    }
    assert_int_equal(clv_work_parameters(model, shapes), 35 + 5);
    clv_model_close(model);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions),
        cmocka_unit_test(transposed_convolution),
        cmocka_unit_test(products),
        cmocka_unit_test(quantised_forms),
        cmocka_unit_test(what_is_not_counted_is_nothing),
        cmocka_unit_test(absurd_shapes_saturate),
        cmocka_unit_test(parameters_are_what_computing_nodes_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
