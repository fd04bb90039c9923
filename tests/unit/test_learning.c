/*
 * test_learning.c - heads are run, and the trainer gets each tensor once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "codec/calibration.h"
#include "profile/learning.h"
#include "rating_bed.h"

struct told {
    size_t count;
    size_t samples;
    char names[8];
};

static void tell(void *self, const struct clv_lesson *lesson)
{
    struct told *t = self;

    assert_null(lesson->problem);
    assert_int_equal(lesson->wanted, 30);
    t->samples = lesson->samples;
    t->names[t->count++] = lesson->tensor->name[0];
}

static struct clv_learning *open_learning(struct rating_bed *b, uint64_t memory,
                                          struct told *told)
{
    struct clv_learning_options o = {
        .network = b->network,
        .source = b->source,
        .samples = b->samples,
        .sample_count = 30,
        .memory_bytes = memory,
        .told = tell,
        .self = told,
    };
    struct clv_learning *l = NULL;

    assert_int_equal(clv_learning_new(&o, &l, NULL), CLEAVE_OK);
    return l;
}

static void learn(struct clv_learning *l, const char *cut)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_learning_cut(l, cut, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void tensors_are_learnt_once_and_written(void **state)
{
    struct rating_bed *b = *state;
    struct told told = {0};
    struct clv_learning *l = open_learning(b, 0, &told);
    struct clv_calibration *c = NULL;
    const struct clv_calibrated *a;
    struct clv_buffer file;
    float hi = 0;

    learn(l, "input");
    learn(l, "a");
    learn(l, "b");
    learn(l, "a");
    assert_string_equal(told.names, "xab");
    assert_int_equal(told.samples, 30);
    assert_int_equal(clv_learning_count(l), 3);
    clv_buffer_init(&file, 1 << 20);
    assert_int_equal(clv_learning_write(l, &file, NULL), CLEAVE_OK);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(&file), "file", &c, NULL),
        CLEAVE_OK);
    assert_string_equal(clv_calibration_model(c),
                        clv_network_sha256(b->network));
    a = clv_calibration_find(c, "a");
    assert_non_null(a);
    for (int i = 0; i < 30 * BED_WIDTH; i++) {
        hi = fmaxf(hi, b->x[i / BED_WIDTH][i % BED_WIDTH]);
    }
    assert_float_equal(a->lo, 0, 0);
    assert_float_equal(a->hi, hi, 0);
    assert_null(clv_calibration_find(c, "y"));
    clv_calibration_free(c);
    clv_buffer_fini(&file);
    clv_learning_free(l);
}

static void little_memory_takes_fewer_samples(void **state)
{
    struct told told = {0};
    struct clv_learning *l = open_learning(*state, 21000, &told);

    learn(l, "a");
    assert_int_equal(told.samples, 5);
    clv_learning_free(l);
    told = (struct told){0};
    l = open_learning(*state, 1, &told);
    learn(l, "a");
    assert_int_equal(told.samples, 1);
    clv_learning_free(l);
}

static void a_cut_that_is_none_is_told(void **state)
{
    struct told told = {0};
    struct clv_learning *l = open_learning(*state, 0, &told);

    assert_int_equal(clv_learning_cut(l, "nothing", NULL), CLEAVE_NOT_FOUND);
    assert_int_equal(clv_learning_cut(l, "output", NULL), CLEAVE_INVALID);
    assert_int_equal(clv_learning_count(l), 0);
    clv_learning_free(l);
    clv_learning_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_begin, bed_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tensors_are_learnt_once_and_written),
        TEST(little_memory_takes_fewer_samples),
        TEST(a_cut_that_is_none_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
