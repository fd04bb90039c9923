/*
 * test_opset.c - a variant's opset is the best in which nothing changes its
 * meaning; what cannot be raised is refused with the operator in the way.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "model/opset.h"

struct chosen {
    cleave_status status;
    int64_t opset;
    cleave_error err;
};

/* x -> OP -> y, of this opset. */
static struct chosen choose(int64_t own, const char *op, const char *domain,
                            int has_graph)
{
    struct maker *m = maker_new();
    struct chosen c = {.opset = -1, .err = CLEAVE_ERROR_INIT};
    struct clv_model *model;
    Onnx__NodeProto *node;

    m->opset.version = own;
    maker_input(m, "x f32 4");
    node = maker_node(m, op, "x", "y");
    node->domain = maker_text(m, domain);
    if (has_graph) {
        maker_begin(m, node, "body");
        maker_node(m, "Neg", "x", "z");
        maker_output(m, "z f32 4");
        maker_end(m);
    }
    maker_output(m, "y f32 4");
    model = maker_model(m);
    c.status = clv_opset_choose(model, &c.opset, &c.err);
    clv_model_close(model);
    maker_free(m);
    return c;
}

static void assert_opset(struct chosen c, int64_t opset)
{
    assert_int_equal(c.status, CLEAVE_OK);
    assert_int_equal(c.opset, opset);
}

static void a_model_is_raised_as_far_as_its_operators_last(void **state)
{
    (void)state;
    assert_opset(choose(7, "Relu", "", 0), CLV_OPSET_PAIRS);
    assert_opset(choose(9, "Softmax", "", 0), CLV_OPSET_LEAST);
    assert_opset(choose(11, "Softmax", "", 0), 11);
    assert_opset(choose(5, "Anything", "of.others", 0), CLV_OPSET_PAIRS);
}

static void a_new_model_stays_what_it_is(void **state)
{
    (void)state;
    assert_opset(choose(13, "Anything", "", 0), 13);
    assert_opset(choose(17, "If", "", 1), 17);
    assert_opset(choose(10, "Anything", "", 0), 10);
}

static void assert_refused(struct chosen c, const char *op)
{
    assert_int_equal(c.status, CLEAVE_UNSUPPORTED);
    assert_int_equal(c.opset, -1);
    if (strstr(c.err.text, op) == NULL ||
        strstr(c.err.text, "opset 13") == NULL) {
        fail_msg("%s", c.err.text);
    }
}

static void what_changed_on_the_way_is_named(void **state)
{
    (void)state;
    assert_refused(choose(9, "Upsample", "", 0), "Upsample");
    assert_refused(choose(5, "Relu", "", 0), "Relu");
    /* what is inside it may have changed */
    assert_refused(choose(9, "Identity", "", 1), "Identity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_raised_as_far_as_its_operators_last),
        cmocka_unit_test(a_new_model_stays_what_it_is),
        cmocka_unit_test(what_changed_on_the_way_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
