/*
 * test_ladder.c - which packings are measured where.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "nearly.h"
#include "profile/ladder.h"

#define ALL ((1U << CLV_CODERS) - 1)

static size_t count_coder(const struct clv_ladder *l, enum clv_coder coder)
{
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++) {
        count += l->rungs[i].packing.coder == coder;
    }
    return count;
}

static void each_tensor_has_its_ladders(void **state)
{
    struct clv_ladder l;

    (void)state;
    clv_ladder_usual(ALL, CLV_LADDER_FLOATS, &l);
    assert_int_equal(count_coder(&l, CLV_CODER_RAW), 2);
    assert_int_equal(count_coder(&l, CLV_CODER_LZ), 6);
    assert_int_equal(count_coder(&l, CLV_CODER_DENSE), 17);
    assert_int_equal(count_coder(&l, CLV_CODER_JPEG), 0);
    clv_ladder_usual(ALL, CLV_LADDER_PICTURE, &l);
    assert_int_equal(count_coder(&l, CLV_CODER_JPEG), 10);
    assert_int_equal(count_coder(&l, CLV_CODER_WEBP), 10);
    clv_ladder_usual(ALL, CLV_LADDER_INTEGERS, &l);
    assert_int_equal(l.count, 4);
    clv_ladder_usual(1U << CLV_CODER_DENSE, CLV_LADDER_INTEGERS, &l);
    assert_int_equal(l.count, 1);
}

static void steps_ascend_and_may_stop(void **state)
{
    struct clv_ladder l;

    (void)state;
    clv_ladder_usual(1U << CLV_CODER_FAST, CLV_LADDER_FLOATS, &l);
    for (size_t i = 1; i < l.count; i++) {
        double ratio = l.rungs[i].packing.step / l.rungs[i - 1].packing.step;
        assert_true(l.rungs[i].may_stop && l.rungs[i].packing.step_in_sd);
        assert_true(ratio > 1.18 && ratio < 1.2);
    }
    clv_ladder_usual(1U << CLV_CODER_LZ, CLV_LADDER_FLOATS, &l);
    assert_false(l.rungs[0].may_stop);
}

/* Every usual rung can be said, and means the same when it is read. */
static void rungs_can_be_said(void **state)
{
    struct clv_ladder l;
    char text[CLV_PACKING_TEXT];

    (void)state;
    clv_ladder_usual(ALL, CLV_LADDER_PICTURE, &l);
    for (size_t i = 0; i < l.count; i++) {
        struct clv_packing back;
        clv_packing_text(&l.rungs[i].packing, text);
        assert_int_equal(clv_packing_parse(text, &back, NULL), CLEAVE_OK);
        assert_int_equal(back.coder, l.rungs[i].packing.coder);
        assert_int_equal(back.half, l.rungs[i].packing.half);
        assert_int_equal(back.bits, l.rungs[i].packing.bits);
        assert_int_equal(back.quality, l.rungs[i].packing.quality);
        assert_nearly(back.step, l.rungs[i].packing.step, 1e-12);
    }
}

static void coders_take_the_settings_they_know(void **state)
{
    struct clv_ladder l;
    unsigned coders = 0;

    (void)state;
    assert_int_equal(clv_coders_parse("lz,dense,jpeg", &coders, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_ladder_parse("f16,bits=4,step=0.5sd,quality=80",
                                      coders, CLV_LADDER_PICTURE, &l, NULL),
                     CLEAVE_OK);
    assert_int_equal(l.count, 5);
    assert_int_equal(count_coder(&l, CLV_CODER_LZ), 2);
    assert_int_equal(count_coder(&l, CLV_CODER_JPEG), 1);
    assert_int_equal(
        clv_ladder_parse("bits=4", coders, CLV_LADDER_INTEGERS, &l, NULL),
        CLEAVE_OK);
    assert_int_equal(l.count, 3 - 1); /* no jpeg, and bits mean nothing */
}

static void wrong_words_are_told(void **state)
{
    static const char *const wrong[] = {
        "",         "f16,",   ",",           "bits=9", "step=0",
        "colour=3", "bits=x", "quality=200", "f32x",   "step=1sd,,bits=4"};
    struct clv_ladder l;
    unsigned coders = 0;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(
            clv_ladder_parse(wrong[i], ALL, CLV_LADDER_PICTURE, &l, &err),
            CLEAVE_INVALID);
        assert_true(err.text[0] != '\0');
    }
    assert_int_equal(clv_coders_parse("lz,zip", &coders, NULL), CLEAVE_INVALID);
    assert_int_equal(clv_coders_parse("", &coders, NULL), CLEAVE_INVALID);
    assert_int_equal(coders, 0);
}

static void settings_have_names(void **state)
{
    char text[CLV_PACKING_TEXT];
    struct clv_packing p = {.coder = CLV_CODER_DENSE};

    (void)state;
    assert_string_equal(clv_packing_setting(&p, text), "lossless");
    p.step = 0.5;
    p.step_in_sd = 1;
    assert_string_equal(clv_packing_setting(&p, text), "step=0.5sd");
    p = (struct clv_packing){.coder = CLV_CODER_RAW, .half = 1};
    assert_string_equal(clv_packing_setting(&p, text), "f16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tensor_has_its_ladders),
        cmocka_unit_test(steps_ascend_and_may_stop),
        cmocka_unit_test(rungs_can_be_said),
        cmocka_unit_test(coders_take_the_settings_they_know),
        cmocka_unit_test(wrong_words_are_told),
        cmocka_unit_test(settings_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
