/*
 * quantised_samples.h - graphs that are quantised, for the tests of it.
 */
#ifndef QUANTISED_SAMPLES_H
#define QUANTISED_SAMPLES_H

#include "graph_maker.h"

static inline void qsample_conv(struct maker *m, const char *inputs,
                                const char *output)
{
    maker_ints(m, maker_node(m, "Conv", inputs, output), "pads", "1x1x1x1");
}

/* Positive numbers, as variances are. */
static inline void qsample_positive(struct maker *m, const char *text)
{
    Onnx__TensorProto *t = maker_floats(m, text);

    for (size_t i = 0; i < t->n_float_data; i++) {
        t->float_data[i] = 0.5f + (float)i / 4;
    }
}

/*
 * x -> Conv -> BatchNormalization -> Relu -> a -> Conv -> b
 * a + b -> Relu -> sum -> MaxPool -> pool -> GlobalAveragePool -> Flatten
 *     -> Gemm -> y
 */
static inline void qsample_residual(struct maker *m)
{
    maker_input(m, "x f32 1x3x8x8");
    maker_floats(m, "w1 f32 8x3x3x3");
    maker_floats(m, "gain f32 8");
    maker_floats(m, "offset f32 8");
    maker_floats(m, "mean f32 8");
    qsample_positive(m, "variance f32 8");
    maker_raw_floats(m, "w2 f32 8x8x3x3");
    maker_floats(m, "b2 f32 8");
    maker_raw_floats(m, "w3 f32 8x5");
    maker_floats(m, "b3 f32 5");
    qsample_conv(m, "x,w1", "c1");
    maker_node(m, "BatchNormalization", "c1,gain,offset,mean,variance", "n1");
    maker_node(m, "Relu", "n1", "a");
    qsample_conv(m, "a,w2,b2", "b");
    maker_node(m, "Add", "a,b", "s");
    maker_node(m, "Relu", "s", "sum");
    maker_ints(m, maker_node(m, "MaxPool", "sum", "pool"), "kernel_shape",
               "2x2");
    maker_node(m, "GlobalAveragePool", "pool", "mid");
    maker_node(m, "Flatten", "mid", "flat");
    maker_node(m, "Gemm", "flat,w3,b3", "y");
    maker_describe(m, "c1 f32 1x8x8x8");
    maker_describe(m, "a f32 1x8x8x8");
    maker_output(m, "y f32 1x5");
}

/* ids -> Gather -> e -> MatMul + bias -> h -> Erf -> g -> MatMul -> y, and e
   is added to y: a transformer in little. */
static inline void qsample_products(struct maker *m)
{
    maker_input(m, "ids i64 1x6");
    maker_raw_floats(m, "table f32 7x8");
    maker_raw_floats(m, "w1 f32 8x12");
    maker_floats(m, "b1 f32 12");
    maker_raw_floats(m, "w2 f32 12x8");
    maker_node(m, "Gather", "table,ids", "e");
    maker_node(m, "MatMul", "e,w1", "p1");
    maker_node(m, "Add", "b1,p1", "h");
    maker_node(m, "Erf", "h", "g");
    maker_node(m, "MatMul", "g,w2", "p2");
    maker_node(m, "Add", "p2,e", "y");
    maker_output(m, "y f32 1x6x8");
}

/* Two convolutions joined; the first is an output, too, and computes in an
   old opset that cannot be raised, for its Softmax. */
static inline void qsample_old(struct maker *m)
{
    m->opset.version = 9;
    maker_input(m, "x f32 1x4x6x6");
    maker_input(m, "w1 f32 4x4x3x3"); /* as a default, too */
    maker_raw_floats(m, "w1 f32 4x4x3x3");
    maker_raw_floats(m, "w2 f32 4x4x3x3");
    qsample_conv(m, "x,w1", "a");
    qsample_conv(m, "a,w2", "b");
    maker_int(m, maker_node(m, "Concat", "a,b", "c"), "axis", 1);
    qsample_conv(m, "c,w3", "d");
    maker_raw_floats(m, "w3 f32 2x8x3x3");
    maker_node(m, "Flatten", "d", "f");
    maker_node(m, "Softmax", "f", "y");
    maker_output(m, "y f32 1x72");
    maker_output(m, "a f32 1x4x6x6");
}

/* A product whose weights are computed, and one of integers' kin: nothing. */
static inline void qsample_none(struct maker *m)
{
    maker_input(m, "x f32 2x4");
    maker_raw_floats(m, "w f32 4x4");
    maker_node(m, "Neg", "w", "v");
    maker_node(m, "MatMul", "x,v", "p");
    maker_node(m, "Relu", "p", "y");
    maker_output(m, "y f32 2x4");
}

#endif
