/*
 * graph_samples.h - one small model for every feature of ONNX that cutting
 * must cope with. ONNX Runtime runs them all.
 */
#ifndef GRAPH_SAMPLES_H
#define GRAPH_SAMPLES_H

#include "graph_maker.h"

static inline void sample_chain(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_floats(m, "one f32 1");
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "Add", "a,one", "b");
    maker_node(m, "Relu", "b", "y");
    maker_output(m, "y f32 1x4");
}

/* Convolution, then a residual block, then a product. */
static inline void sample_residual(struct maker *m)
{
    static const int64_t flat[] = {1, -1};

    maker_input(m, "x f32 1x3x6x6");
    maker_raw_floats(m, "w1 f32 4x3x3x3");
    maker_floats(m, "b1 f32 4");
    maker_raw_floats(m, "w2 f32 4x4x1x1");
    maker_longs(m, "flat i64 2", flat);
    maker_raw_floats(m, "w3 f32 64x5");
    maker_node(m, "Conv", "x,w1,b1", "c1");
    maker_node(m, "Relu", "c1", "r1");
    maker_node(m, "Conv", "r1,w2", "c2");
    maker_node(m, "Add", "c2,r1", "sum");
    maker_node(m, "Relu", "sum", "r2");
    maker_node(m, "Reshape", "r2,flat", "row");
    maker_node(m, "MatMul", "row,w3", "y");
    maker_output(m, "y f32 1x5");
}

/* Every layer reads all before it. */
static inline void sample_dense(struct maker *m)
{
    static const char *const lists[] = {"x,d0", "x,d0,d1", "x,d0,d1,d2"};
    char name[16];
    Onnx__NodeProto *node;

    maker_input(m, "x f32 1x2x3x3");
    maker_node(m, "Relu", "x", "d0");
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "cat%d", i);
        node = maker_node(m, "Concat", lists[i], name);
        maker_int(m, node, "axis", 1);
        maker_node(m, "Sigmoid", name, i < 2 ? (i ? "d2" : "d1") : "y");
    }
    maker_output(m, "y f32 1x8x3x3");
}

/* The first output is made half-way. */
static inline void sample_two_outputs(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "Sigmoid", "a", "early");
    maker_node(m, "Neg", "a", "b");
    maker_node(m, "Tanh", "b", "late");
    maker_output(m, "early f32 1x4");
    maker_output(m, "late f32 1x4");
}

/* The mask is used at the very end. */
static inline void sample_mask(struct maker *m)
{
    maker_input(m, "ids i64 1x4");
    maker_input(m, "mask f32 1x4");
    maker_int(m, maker_node(m, "Cast", "ids", "numbers"), "to", 1);
    maker_node(m, "Tanh", "numbers", "deep");
    maker_node(m, "Mul", "deep,mask", "y");
    maker_output(m, "y f32 1x4");
}

/* Weights made by nodes. */
static inline void sample_constants(struct maker *m)
{
    static const int64_t shape[] = {1, 4};
    Onnx__TensorProto *t;
    float half = 0.5f;

    maker_input(m, "x f32 1x4");
    maker_longs(m, "shape i64 2", shape);
    t = maker_tensor(m, "v f32 1");
    maker_fill_raw(m, t, &half, sizeof half);
    maker_value_of(m, maker_node(m, "ConstantOfShape", "shape", "filled"),
                   "value", t);
    t = maker_tensor(m, "v f32 4");
    maker_fill_floats(m, t);
    maker_value_of(m, maker_node(m, "Constant", "", "given"), "value", t);
    maker_node(m, "Add", "filled,given", "both");
    maker_node(m, "Mul", "x,both", "a");
    maker_node(m, "Sub", "a,filled", "y");
    maker_output(m, "y f32 1x4");
}

/* Both branches of If use tensors from outside. */
static inline void sample_branch(struct maker *m)
{
    Onnx__NodeProto *node;
    float zero = 0;

    maker_input(m, "x f32 1x4");
    maker_raw(m, "zero f32", &zero, sizeof zero);
    maker_floats(m, "w f32 4");
    maker_node(m, "Relu", "x", "a");
    maker_int(m, maker_node(m, "ReduceSum", "a", "sum"), "keepdims", 0);
    maker_node(m, "Greater", "sum,zero", "positive");
    maker_node(m, "Neg", "a", "b");
    node = maker_node(m, "If", "positive", "c");
    maker_begin(m, node, "then_branch");
    maker_node(m, "Add", "b,w", "t");
    maker_output(m, "t f32 1x4");
    maker_end(m);
    maker_begin(m, node, "else_branch");
    maker_raw_floats(m, "inner f32 4");
    maker_node(m, "Add", "b,inner", "e");
    maker_output(m, "e f32 1x4");
    maker_end(m);
    maker_node(m, "Relu", "c", "y");
    maker_output(m, "y f32 1x4");
}

/* Three rounds of a Loop, each adding a captured tensor. */
static inline void sample_loop(struct maker *m)
{
    static const int64_t three[] = {3};
    Onnx__NodeProto *node;

    maker_input(m, "x f32 1x4");
    maker_longs(m, "three i64", three);
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "Neg", "a", "step");
    node = maker_node(m, "Loop", "three,,a", "b");
    maker_begin(m, node, "body");
    maker_input(m, "round i64");
    maker_input(m, "go_in bool");
    maker_input(m, "v f32 1x4");
    maker_node(m, "Identity", "go_in", "go");
    maker_node(m, "Add", "v,step", "v_next");
    maker_output(m, "go bool");
    maker_output(m, "v_next f32 1x4");
    maker_end(m);
    maker_node(m, "Tanh", "b", "y");
    maker_output(m, "y f32 1x4");
}

/* IR version 3: initializers had to be inputs too. */
static inline void sample_old(struct maker *m)
{
    m->model.ir_version = 3;
    m->opset.version = 8;
    maker_input(m, "x f32 1x4");
    maker_input(m, "w f32 4x3");
    maker_input(m, "b f32 3");
    maker_floats(m, "w f32 4x3");
    maker_raw_floats(m, "b f32 3");
    maker_node(m, "MatMul", "x,w", "a");
    maker_node(m, "Add", "a,b", "c");
    maker_node(m, "Relu", "c", "y");
    maker_output(m, "y f32 1x3");
}

/* Integers with scales, as quantised networks are. */
static inline void sample_quantised(struct maker *m)
{
    static const uint8_t bytes[16] = {1, 2, 3, 250, 5, 6, 7, 8, 9};
    static const float scale = 0.25f;

    maker_input(m, "x f32 1x2x4x4");
    maker_raw(m, "s f32", &scale, sizeof scale);
    maker_raw(m, "z u8", bytes, 1);
    maker_raw(m, "w u8 4x2x1x1", bytes, 8);
    maker_node(m, "QuantizeLinear", "x,s,z", "q");
    maker_node(m, "QLinearConv", "q,s,z,w,s,z,s,z", "qc");
    maker_node(m, "DequantizeLinear", "qc,s,z", "y");
    maker_output(m, "y f32 1x4x4x4");
}

/* Names with '+' and ':', an optional input left out, a free dimension. */
static inline void sample_names(struct maker *m)
{
    static const float most = 0.75f;

    maker_input(m, "in+put:0 f32 ?x4");
    maker_raw(m, "most f32", &most, sizeof most);
    maker_node(m, "Neg", "in+put:0", "a+b");
    maker_node(m, "Clip", "a+b,,most", "a");
    maker_node(m, "Abs", "a", "b");
    maker_node(m, "Add", "a,b", "y/out");
    maker_describe(m, "a+b f32 ?x4");
    maker_output(m, "y/out f32 ?x4");
}

/* Nodes in the wrong order, a dead one among them. */
static inline void sample_unsorted(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_node(m, "Relu", "b", "y");
    maker_node(m, "Exp", "a", "dead");
    maker_node(m, "Neg", "a", "b");
    maker_node(m, "Sigmoid", "x", "a");
    maker_output(m, "y f32 1x4");
}

/* A sequence in the middle. */
static inline void sample_sequence(struct maker *m)
{
    static const int64_t one[] = {1};

    maker_input(m, "x f32 1x4");
    maker_longs(m, "one i64", one);
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "SequenceConstruct", "a,x", "list");
    maker_node(m, "SequenceAt", "list,one", "b");
    maker_node(m, "Neg", "b", "y");
    maker_output(m, "y f32 1x4");
}

/* Chance in the middle: a tail must not roll the dice a second time. */
static inline void sample_random(struct maker *m)
{
    Onnx__NodeProto *node;

    maker_input(m, "x f32 1x4");
    node = maker_node(m, "RandomNormal", "", "noise");
    maker_ints(m, node, "shape", "1x4");
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "Add", "a,noise", "b");
    maker_node(m, "Neg", "b", "c");
    maker_node(m, "Mul", "c,noise", "y");
    maker_output(m, "y f32 1x4");
}

/* An operator that the file itself defines. */
static inline void sample_function(struct maker *m)
{
    Onnx__FunctionProto *f = maker_room(m, sizeof *f);
    Onnx__OperatorSetIdProto *own = maker_room(m, sizeof *own);
    Onnx__GraphProto *graph = m->at;

    onnx__function_proto__init(f);
    onnx__operator_set_id_proto__init(own);
    own->domain = maker_text(m, "own");
    own->has_version = 1;
    own->version = 1;
    f->name = maker_text(m, "Twice");
    f->domain = maker_text(m, "own");
    maker_names(m, "in", &f->n_input, &f->input);
    maker_names(m, "out", &f->n_output, &f->output);
    MAKER_ADD(m, f, opset_import, &m->opset);
    m->at = maker_graph(m);
    maker_node(m, "Add", "in,in", "out");
    f->n_node = m->at->n_node;
    f->node = m->at->node;
    m->at = graph;
    MAKER_ADD(m, &m->model, functions, f);
    m->model.opset_import = maker_longer(m, NULL, 0, &m->opset);
    m->model.n_opset_import = 1;
    MAKER_ADD(m, &m->model, opset_import, own);
    maker_input(m, "x f32 1x4");
    maker_node(m, "Relu", "x", "a");
    maker_node(m, "Twice", "a", "b")->domain = maker_text(m, "own");
    maker_node(m, "Neg", "b", "y");
    maker_output(m, "y f32 1x4");
}

struct sample {
    const char *name;
    void (*make)(struct maker *m);
};

static const struct sample samples[] = {
    {"chain", sample_chain},       {"residual", sample_residual},
    {"dense", sample_dense},       {"two_outputs", sample_two_outputs},
    {"mask", sample_mask},         {"constants", sample_constants},
    {"branch", sample_branch},     {"loop", sample_loop},
    {"old", sample_old},           {"quantised", sample_quantised},
    {"names", sample_names},       {"unsorted", sample_unsorted},
    {"sequence", sample_sequence}, {"random", sample_random},
    {"function", sample_function},
};

#define SAMPLE_COUNT (sizeof samples / sizeof samples[0])

/* One sample's bytes, for the caller to free. */
static inline clv_bytes sample_bytes(const struct sample *s)
{
    struct maker *m = maker_new();
    clv_bytes bytes;

    s->make(m);
    bytes = maker_pack(m);
    maker_free(m);
    return bytes;
}

#endif
