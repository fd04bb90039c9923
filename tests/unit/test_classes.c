/*
 * test_classes.c - the classification extension: order, rows, bounds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "wire/classes.h"

static void assert_text(const struct clv_answer_output *output,
                        const char *want)
{
    struct clv_buffer b;

    clv_buffer_init(&b, 10000);
    assert_int_equal(clv_classes_write(output, &b, NULL), CLEAVE_OK);
    clv_buffer_append(&b, "", 1);
    assert_string_equal((char *)b.data, want);
    clv_buffer_fini(&b);
}

static void the_best_come_first_and_equals_keep_their_order(void **state)
{
    float s[] = {1, 3, NAN, 3, 2, -INFINITY};
    cleave_tensor t = {{"s", CLEAVE_TYPE_F32, 1, {6}}, s, sizeof s};
    struct clv_answer_output o = {&t, false, 6, NULL};

    (void)state;
    assert_text(&o, "\"3.000000:1\",\"3.000000:3\",\"2.000000:4\","
                    "\"1.000000:0\",\"-inf:5\",\"nan:2\"");
    o.classes = 1;
    assert_text(&o, "\"3.000000:1\"");
}

static void every_row_has_its_own(void **state)
{
    int8_t s[] = {-1, -2, 5, 6};
    const char *const names[] = {"a", "b"};
    struct clv_class_names labels = {names, 2, 0};
    cleave_tensor t = {{"s", CLEAVE_TYPE_I8, 3, {2, 2, 1}}, s, sizeof s};
    struct clv_answer_output o = {&t, false, 9, &labels};
    int64_t shape[2];

    (void)state;
    assert_int_equal(clv_classes_shape(&o, shape), 2);
    assert_int_equal(shape[0], 2);
    assert_int_equal(shape[1], 2); /* not 9: there are two */
    assert_text(&o, "\"-1.000000:0:a\",\"-2.000000:1:b\","
                    "\"6.000000:1:b\",\"5.000000:0:a\"");
}

static void binary_strings_have_their_length_before_them(void **state)
{
    float s[] = {0.25f};
    cleave_tensor t = {{"s", CLEAVE_TYPE_F32, 1, {1}}, s, sizeof s};
    struct clv_answer_output o = {&t, true, 1, NULL};
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1000);
    assert_int_equal(clv_classes_write(&o, &b, NULL), CLEAVE_OK);
    assert_int_equal(b.size, 14);
    assert_memory_equal(b.data,
                        "\x0a\0\0\0"
                        "0.250000:0",
                        14);
    clv_buffer_fini(&b);
}

static void an_empty_tensor_has_no_classes(void **state)
{
    cleave_tensor t = {{"s", CLEAVE_TYPE_F32, 2, {0, 5}}, NULL, 0};
    struct clv_answer_output o = {&t, false, 3, NULL};

    (void)state;
    assert_text(&o, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_come_first_and_equals_keep_their_order),
        cmocka_unit_test(every_row_has_its_own),
        cmocka_unit_test(binary_strings_have_their_length_before_them),
        cmocka_unit_test(an_empty_tensor_has_no_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
