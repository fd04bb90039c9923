/*
 * test_quantised.c - what of a graph is rounded, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "model/quantised.h"
#include "quantised_samples.h"

struct sketch {
    struct maker *maker;
    struct clv_model *model;
    struct clv_quantised *plan;
};

static struct sketch begin(void (*make)(struct maker *))
{
    struct sketch s = {.maker = maker_new()};
    cleave_error err = CLEAVE_ERROR_INIT;

    make(s.maker);
    s.model = maker_model(s.maker);
    if (clv_quantised_new(s.model, &s.plan, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return s;
}

static void end(struct sketch *s)
{
    clv_quantised_free(s->plan);
    clv_model_close(s->model);
    maker_free(s->maker);
}

/* The tensors whose ranges are wanted, in any order. */
static void assert_tensors(const struct sketch *s, const char *const *names,
                           size_t count)
{
    struct clv_ids ids = clv_quantised_tensors(s->plan);

    assert_int_equal(ids.count, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = clv_model_find_tensor(s->model, names[i]);
        int found = 0;
        for (uint32_t k = 0; k < ids.count; k++) {
            found |= ids.id[k] == id;
        }
        if (!found) {
            fail_msg("%s is not rounded", names[i]);
        }
    }
}

static int may_cut(const struct sketch *s, const char *name)
{
    struct clv_ids ids = clv_quantised_tensors(s->plan);
    uint32_t k = 0;

    while (ids.id[k] != clv_model_find_tensor(s->model, name)) {
        k++;
    }
    return clv_quantised_may_cut(s->plan, k);
}

static void a_residual_network_is_all_integers(void **state)
{
    /* not c1, n1 and s, which become one with what follows; not pool and
       flat, whose elements are those of what is before */
    static const char *const tensors[] = {"x", "a", "b", "sum", "mid"};
    struct sketch s = begin(qsample_residual);
    struct clv_quantised_counts n = clv_quantised_count(s.plan);

    (void)state;
    assert_int_equal(n.convolutions, 2);
    assert_int_equal(n.products, 1);
    assert_int_equal(n.others, 4);
    assert_int_equal(n.folded, 1);
    assert_int_equal(n.left, 0);
    assert_tensors(&s, tensors, 5);
    assert_true(may_cut(&s, "a"));
    assert_false(may_cut(&s, "x"));
    end(&s);
}

static void products_are_and_what_is_between_them_is_not(void **state)
{
    static const char *const tensors[] = {"e", "g"};
    struct sketch s = begin(qsample_products);
    struct clv_quantised_counts n = clv_quantised_count(s.plan);

    (void)state;
    assert_int_equal(n.products, 2);
    assert_int_equal(n.others, 0);
    assert_int_equal(n.folded, 1); /* the bias; not e, which is no vector */
    assert_tensors(&s, tensors, 2);
    end(&s);
}

static void an_output_that_a_convolution_makes_is_rounded_uncut(void **state)
{
    static const char *const tensors[] = {"x", "a", "b", "c", "d"};
    struct sketch s = begin(qsample_old);

    (void)state;
    assert_tensors(&s, tensors, 5);
    assert_false(may_cut(&s, "a")); /* an output */
    assert_true(may_cut(&s, "b"));
    assert_false(may_cut(&s, "d")); /* nothing is computed of it in integers */
    end(&s);
}

static void assert_refused(void (*make)(struct maker *), const char *words)
{
    struct maker *m = maker_new();
    struct clv_quantised *plan = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_model *model;

    make(m);
    model = maker_model(m);
    assert_int_equal(clv_quantised_new(model, &plan, &err), CLEAVE_INVALID);
    assert_null(plan);
    assert_string_equal(err.where, "made.onnx");
    if (strstr(err.text, words) == NULL) {
        fail_msg("%s", err.text);
    }
    clv_model_close(model);
    maker_free(m);
}

static void nothing_to_quantise_is_said(void **state)
{
    (void)state;
    assert_refused(qsample_none, "nothing to quantise");
    assert_refused(sample_mask, "nothing to quantise");
    assert_refused(sample_quantised, "quantised already");
    clv_quantised_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_residual_network_is_all_integers),
        cmocka_unit_test(products_are_and_what_is_between_them_is_not),
        cmocka_unit_test(an_output_that_a_convolution_makes_is_rounded_uncut),
        cmocka_unit_test(nothing_to_quantise_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
