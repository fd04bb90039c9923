/*
 * test_constant.c - constants are found wherever a file keeps them, and what
 * is none is not found.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "graph_maker.h"
#include "model/constant.h"

/* All ways to keep the floats 0 .. 3 of maker_number. */
static void make_all(struct maker *m)
{
    static const float bad[2] = {1, NAN};
    Onnx__TensorProto *value;
    int64_t longs[2] = {1, 2};

    maker_input(m, "x f32 4");
    maker_floats(m, "unpacked f32 4");
    maker_raw_floats(m, "raw f32 2x2");
    maker_raw(m, "bad f32 2", bad, sizeof bad);
    maker_longs(m, "longs i64 2", longs);
    value = maker_tensor(m, "v f32 4");
    maker_fill_floats(m, value);
    maker_value_of(m, maker_node(m, "Constant", "", "node"), "value", value);
    maker_node(m, "Add", "x,raw", "y");
    maker_node(m, "Neg", "raw", "computed");
    maker_output(m, "y f32 4");
    maker_output(m, "computed f32 2x2");
}

static void constants_are_found_wherever_they_are(void **state)
{
    static const char *const names[] = {"unpacked", "raw", "node"};
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_constant c;

    (void)state;
    make_all(m);
    model = maker_model(m);
    for (size_t i = 0; i < 3; i++) {
        assert_true(clv_constant_find(model, names[i], &c));
        assert_int_equal(c.count, 4);
        for (size_t k = 0; k < 4; k++) {
            assert_true(clv_constant_at(&c, k) == maker_number(k));
        }
    }
    assert_true(clv_constant_find(model, "raw", &c));
    assert_int_equal(c.info.rank, 2);
    clv_model_close(model);
    maker_free(m);
}

static void what_is_no_constant_of_floats_is_not_found(void **state)
{
    static const char *const names[] = {"x", "y",  "computed", "longs",
                                        "",  "no", "bad"};
    struct maker *m = maker_new();
    struct clv_model *model;
    struct clv_constant c;

    (void)state;
    make_all(m);
    model = maker_model(m);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(clv_constant_find(model, names[i], &c));
    }
    assert_false(clv_constant_find(model, NULL, &c));
    clv_model_close(model);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_found_wherever_they_are),
        cmocka_unit_test(what_is_no_constant_of_floats_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
