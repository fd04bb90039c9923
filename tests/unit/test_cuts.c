/*
 * test_cuts.c - cuts that are found separate, and those that separate are
 * found: on graphs of each shape, and on random ones against brute force.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "graph_samples.h"
#include "model/cuts.h"

static struct clv_model *open_sample(struct maker *m,
                                     void (*make)(struct maker *))
{
    make(m);
    return maker_model(m);
}

/* The cut's names joined by '+'. */
static const char *print_cut(const struct clv_model *model,
                             const struct clv_cut_set *set, char into[256])
{
    into[0] = '\0';
    for (uint32_t i = 0; i < set->count; i++) {
        strcat(strcat(into, i > 0 ? "+" : ""),
               clv_model_tensor_name(model, set->tensor[i]));
    }
    return into;
}

/* All found cuts, in order, separated by blanks. */
static void assert_cuts(void (*make)(struct maker *), const char *want)
{
    struct maker *m = maker_new();
    struct clv_model *model = open_sample(m, make);
    char all[2048] = "";
    char one[256];
    struct clv_cut_set *sets;
    size_t count;

    assert_int_equal(clv_cuts_find(model, &sets, &count, NULL), CLEAVE_OK);
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(all, i > 0 ? " " : ""), print_cut(model, &sets[i], one));
    }
    assert_string_equal(all, want);
    free(sets);
    clv_model_close(model);
    maker_free(m);
}

static void cuts_of_each_shape_of_graph(void **state)
{
    (void)state;
    assert_cuts(sample_chain, "a b");
    assert_cuts(sample_residual, "c1 r1 r1+c2 sum r2 row");
    assert_cuts(sample_dense, "x+d0 x+d0+cat0 x+d0+d1 x+d0+d1+cat1 "
                              "x+d0+d1+d2 cat2");
    assert_cuts(sample_two_outputs, "a a b");
    assert_cuts(sample_mask, "mask+numbers mask+deep");
    assert_cuts(sample_constants, "a");
    assert_cuts(sample_branch, "a a+sum a+positive positive+b c");
    assert_cuts(sample_loop, "a a+step b");
    assert_cuts(sample_old, "a c");
    assert_cuts(sample_quantised, "q qc");
    assert_cuts(sample_unsorted, "a b");
    assert_cuts(sample_random, "x+noise noise+a noise+b noise+c");
}

/* Six tensors live at once: no cut there, but before and after. */
static void make_wide(struct maker *m)
{
    maker_input(m, "x f32 1");
    maker_node(m, "Neg", "x", "a");
    maker_node(m, "Split", "a", "s0,s1,s2,s3,s4");
    maker_node(m, "Sum", "s0,s1", "t");
    maker_node(m, "Sum", "t,s2,s3,s4", "u");
    maker_node(m, "Neg", "u", "y");
    maker_output(m, "y f32 1");
}

static void a_cut_has_four_tensors_at_most(void **state)
{
    (void)state;
    assert_cuts(make_wide, "a s2+s3+s4+t u");
}

static cleave_status split(const struct clv_model *model, const char *cut,
                           struct clv_sides *sides, cleave_error *err)
{
    struct clv_cut_set set = {{0}, 0};
    char text[256];

    strcpy(text, cut);
    for (char *t = strtok(text, "+"); t != NULL; t = strtok(NULL, "+")) {
        set.tensor[set.count] = clv_model_find_tensor(model, t);
        assert_int_not_equal(set.tensor[set.count++], CLV_NONE);
    }
    return clv_sides_init(sides, model, &set, err);
}

/* The operators on one side, and its outputs. */
static void assert_side(const struct clv_model *model, const uint8_t *nodes,
                        const uint32_t *outputs, uint32_t count,
                        const char *want)
{
    char text[512] = "";

    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        if (nodes[i]) {
            strcat(strcat(text, clv_model_node_op(model, i)), " ");
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        strcat(strcat(text, ">"), clv_model_tensor_name(model, outputs[i]));
    }
    assert_string_equal(text, want);
}

static void assert_sides(void (*make)(struct maker *), const char *cut,
                         const char *head, const char *tail)
{
    struct maker *m = maker_new();
    struct clv_model *model = open_sample(m, make);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_sides s;

    if (split(model, cut, &s, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", cut, err.text);
    }
    assert_side(model, s.in_head, s.head_outputs, s.head_output_count, head);
    assert_side(model, s.in_tail, s.tail_outputs, s.tail_output_count, tail);
    clv_sides_fini(&s);
    clv_model_close(model);
    maker_free(m);
}

static void sides_hold_what_their_outputs_need(void **state)
{
    (void)state;
    assert_sides(sample_chain, "a", "Relu ", "Add Relu >y");
    assert_sides(sample_chain, "x", "", "Relu Add Relu >y");
    assert_sides(sample_two_outputs, "b", "Relu Sigmoid Neg >early",
                 "Tanh >late");
    assert_sides(sample_two_outputs, "a", "Relu ",
                 "Sigmoid Neg Tanh >early>late");
    assert_sides(sample_mask, "deep+mask", "Cast Tanh ", "Mul >y");
    assert_sides(sample_unsorted, "b", "Sigmoid Neg ", "Relu >y");
    assert_sides(sample_branch, "positive+b", "Relu ReduceSum Greater Neg ",
                 "If Relu >y");
    /* constants on both sides */
    assert_sides(sample_constants, "a", "ConstantOfShape Constant Add Mul ",
                 "ConstantOfShape Sub >y");
    /* the dice are rolled once */
    assert_sides(sample_random, "noise+b", "RandomNormal Relu Add ",
                 "Neg Mul >y");
}

static void assert_no_cut(void (*make)(struct maker *), const char *cut,
                          const char *words)
{
    struct maker *m = maker_new();
    struct clv_model *model = open_sample(m, make);
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_sides s;

    assert_int_equal(split(model, cut, &s, &err), CLEAVE_NOT_FOUND);
    if (strstr(err.text, words) == NULL) {
        fail_msg("%s: '%s' does not say '%s'", cut, err.text, words);
    }
    clv_model_close(model);
    maker_free(m);
}

static void what_does_not_separate_is_told_the_way_around(void **state)
{
    (void)state;
    assert_no_cut(sample_mask, "deep", "'y' also depends on 'mask'");
    assert_no_cut(sample_residual, "c2", "'y' also depends on 'x'");
    assert_no_cut(sample_dense, "d0+d1", "'y' also depends on 'x'");
    assert_no_cut(sample_branch, "b", "'y' also depends on 'x'");
    assert_no_cut(sample_branch, "positive", "'y' also depends on 'x'");
    assert_no_cut(sample_loop, "step", "'y' also depends on 'x'");
    assert_no_cut(sample_random, "b", "'y' also depends on 'noise'");
    assert_no_cut(sample_random, "a", "'y' also depends on 'noise'");
    assert_no_cut(sample_chain, "y", "cut 'output'");
    assert_no_cut(sample_chain, "a+b", "leave it out");
    assert_no_cut(sample_chain, "x+b", "leave it out");
    assert_no_cut(sample_mask, "deep+mask+ids", "leave it out");
    assert_no_cut(sample_unsorted, "dead", "'y' also depends on 'x'");
}

/* An output may also be needed behind the cut, or be the cut itself. */
static void make_output_inside(struct maker *m)
{
    maker_input(m, "x f32 1x4");
    maker_node(m, "Relu", "x", "middle");
    maker_node(m, "Neg", "middle", "y");
    maker_output(m, "y f32 1x4");
    maker_output(m, "middle f32 1x4");
}

static void an_output_in_the_cut_is_the_heads(void **state)
{
    (void)state;
    assert_cuts(make_output_inside, "middle");
    assert_sides(make_output_inside, "middle", "Relu >middle", "Neg >y");
}

/* -- Random graphs -- */

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

/*
 * Nodes that read up to three of the tensors before them, the last few more
 * likely, with dead ends and constants; one to three outputs.
 */
static void make_random(struct maker *m, uint32_t *seed, uint32_t nodes,
                        uint32_t outputs)
{
    char text[128];
    uint32_t made = 1 + next(seed, 2);
    char name[32];

    for (uint32_t i = 0; i < made; i++) {
        snprintf(text, sizeof text, "t%u f32 1", i);
        maker_input(m, text);
    }
    maker_floats(m, "c f32 1");
    for (uint32_t i = 0; i < nodes; i++) {
        text[0] = '\0';
        for (uint32_t j = 0; j <= next(seed, 3); j++) {
            uint32_t near = made < 4 || next(seed, 4) == 0 ? made : 3;
            snprintf(name, sizeof name, "%st%u", j > 0 ? "," : "",
                     made - 1 - next(seed, near));
            strcat(text, next(seed, 10) == 0 ? (j > 0 ? ",c" : "c") : name);
        }
        snprintf(name, sizeof name, "t%u", made++);
        maker_node(m, "Sum", text, name);
    }
    snprintf(text, sizeof text, "t%u f32 1", made - 1);
    maker_output(m, text);
    for (uint32_t i = 1; i < outputs; i++) {
        snprintf(text, sizeof text, "t%u f32 1", made - 1 - i);
        maker_output(m, text);
    }
}

/* Can  be computed from inputs that are not in the cut, the other
   tensors of the cut, and constants? By plain recursion over definitions. */
static int reaches_input(const struct clv_model *model, uint32_t tensor,
                         const struct clv_cut_set *cut, uint8_t *seen)
{
    uint32_t producer = clv_model_producer(model, tensor);
    struct clv_ids in;

    for (uint32_t i = 0; i < cut->count; i++) {
        if (cut->tensor[i] == tensor) {
            return 0;
        }
    }
    if (clv_model_is_input(model, tensor)) {
        return 1;
    }
    if (producer == CLV_NONE || seen[tensor]) {
        return 0;
    }
    seen[tensor] = 1;
    in = clv_model_node_inputs(model, producer);
    for (uint32_t i = 0; i < in.count; i++) {
        if (reaches_input(model, in.id[i], cut, seen)) {
            return 1;
        }
    }
    return 0;
}

static int output_escapes(const struct clv_model *model,
                          const struct clv_cut_set *cut, const char *output)
{
    uint8_t *seen = calloc(clv_model_tensor_count(model), 1);
    int escapes =
        reaches_input(model, clv_model_find_tensor(model, output), cut, seen);

    free(seen);
    return escapes;
}

static int is_in(const struct clv_cut_set *cut, uint32_t tensor)
{
    for (uint32_t i = 0; i < cut->count; i++) {
        if (cut->tensor[i] == tensor) {
            return 1;
        }
    }
    return 0;
}

/* Every side has the nodes for all it reads, from where it starts. */
static void assert_complete(const struct clv_model *model,
                            const struct clv_cut_set *cut,
                            const struct clv_sides *s)
{
    for (uint32_t i = 0; i < clv_model_node_count(model); i++) {
        struct clv_ids in = clv_model_node_inputs(model, i);
        for (uint32_t j = 0; j < in.count; j++) {
            uint32_t p = clv_model_producer(model, in.id[j]);
            if (p != CLV_NONE) {
                assert_true(!s->in_head[i] || s->in_head[p]);
                assert_true(!s->in_tail[i] || s->in_tail[p] ||
                            is_in(cut, in.id[j]));
            } else if (s->in_tail[i] && clv_model_is_input(model, in.id[j])) {
                assert_true(is_in(cut, in.id[j]));
            }
        }
    }
    for (uint32_t i = 0; i < cut->count; i++) {
        uint32_t p = clv_model_producer(model, cut->tensor[i]);
        assert_true(p == CLV_NONE || s->in_head[p]);
    }
    for (uint32_t i = 0; i < s->head_output_count; i++) {
        uint32_t p = clv_model_producer(model, s->head_outputs[i]);
        assert_true(p == CLV_NONE || s->in_head[p]);
    }
    for (uint32_t i = 0; i < s->tail_output_count; i++) {
        uint32_t p = clv_model_producer(model, s->tail_outputs[i]);
        assert_true(p == CLV_NONE || s->in_tail[p]);
    }
}

static void assert_all_found_separate(const struct clv_model *model,
                                      const struct clv_cut_set *sets,
                                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct clv_sides s;
        cleave_error err = CLEAVE_ERROR_INIT;
        char name[256];
        if (clv_sides_init(&s, model, &sets[i], &err) != CLEAVE_OK) {
            fail_msg("%s: %s", print_cut(model, &sets[i], name), err.text);
        }
        assert_complete(model, &sets[i], &s);
        for (uint32_t j = 0; j < s.tail_output_count; j++) {
            assert_false(output_escapes(
                model, &sets[i],
                clv_model_tensor_name(model, s.tail_outputs[j])));
        }
        clv_sides_fini(&s);
    }
}

/* With one output: separates, is accepted, is found: all the same. */
static void assert_singles_agree(const struct clv_model *model,
                                 const struct clv_cut_set *sets, size_t count)
{
    uint32_t n;
    const char *output = clv_model_outputs(model, &n)[0].name;

    for (uint32_t id = 0; id < clv_model_tensor_count(model); id++) {
        struct clv_cut_set one = {{id, 0, 0, 0}, 1};
        struct clv_sides s;
        int separates = !output_escapes(model, &one, output);
        int accepted = 0;
        int found = 0;
        if (clv_model_is_constant(model, id) || clv_model_is_input(model, id) ||
            strcmp(clv_model_tensor_name(model, id), output) == 0) {
            continue;
        }
        if (clv_sides_init(&s, model, &one, NULL) == CLEAVE_OK) {
            accepted = 1;
            clv_sides_fini(&s);
        }
        for (size_t i = 0; i < count; i++) {
            found |= sets[i].count == 1 && sets[i].tensor[0] == id;
        }
        if (separates != accepted || separates != found) {
            fail_msg("%s: separates %d, accepted %d, found %d",
                     clv_model_tensor_name(model, id), separates, accepted,
                     found);
        }
    }
}

static void random_graphs_agree_with_brute_force(void **state)
{
    uint32_t seed = (uint32_t)time(NULL);

    (void)state;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 600; round++) {
        struct maker *m = maker_new();
        uint32_t outputs = 1 + (uint32_t)(round % 3);
        struct clv_cut_set *sets;
        struct clv_model *model;
        size_t count;
        make_random(m, &seed, 3 + next(&seed, 20), outputs);
        model = maker_model(m);
        /* an output of constants only has nothing to separate it from */
        if (!clv_model_is_constant(
                model, clv_model_find_tensor(
                           model, m->model.graph->output[0]->name))) {
            assert_int_equal(clv_cuts_find(model, &sets, &count, NULL), 0);
            assert_all_found_separate(model, sets, count);
            if (outputs == 1) {
                assert_singles_agree(model, sets, count);
            }
            free(sets);
        }
        clv_model_close(model);
        maker_free(m);
    }
}

/* Long chains with many live tensors must not take quadratic time. */
static void a_large_graph_is_searched(void **state)
{
    struct maker *m = maker_new();
    struct clv_cut_set *sets;
    struct clv_model *model;
    char in[32];
    char out[32];
    size_t count;

    (void)state;
    maker_input(m, "t0 f32 1");
    for (int i = 1; i <= 20000; i++) {
        snprintf(in, sizeof in, "t%d", i - 1);
        snprintf(out, sizeof out, "t%d", i);
        maker_node(m, "Neg", in, out);
    }
    maker_output(m, "t20000 f32 1");
    model = maker_model(m);
    assert_int_equal(clv_cuts_find(model, &sets, &count, NULL), CLEAVE_OK);
    assert_int_equal(count, 19999);
    free(sets);
    clv_model_close(model);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_of_each_shape_of_graph),
        cmocka_unit_test(a_cut_has_four_tensors_at_most),
        cmocka_unit_test(sides_hold_what_their_outputs_need),
        cmocka_unit_test(what_does_not_separate_is_told_the_way_around),
        cmocka_unit_test(an_output_in_the_cut_is_the_heads),
        cmocka_unit_test(random_graphs_agree_with_brute_force),
        cmocka_unit_test(a_large_graph_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
