/*
 * test_verdict.c - what an answer is worth, by each way of judging.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "nearly.h"
#include "profile/verdict.h"

static cleave_tensor scores(float *values, int64_t count)
{
    return (cleave_tensor){{"y", CLEAVE_TYPE_F32, 2, {1, count}},
                           values,
                           (size_t)count * sizeof *values};
}

static struct clv_verdict look(enum clv_judged_by by, float *values,
                               float *reference, int64_t count, int64_t right)
{
    struct clv_judge judge = {.by = by};
    cleave_tensor y = scores(values, count);
    cleave_tensor r = scores(reference, count);

    return clv_judge_look(&judge, &y, 1, &r, 2, right);
}

static void right_or_wrong(void **state)
{
    float y[] = {0, 6, 9, 5, 4, 3, 2, 1};
    struct clv_judge with_background = {.by = CLV_JUDGED_BY_TOP1,
                                        .first_class = 1};
    cleave_tensor t = scores(y, 8);

    (void)state;
    assert_nearly(look(CLV_JUDGED_BY_TOP1, y, y, 8, 2).score, 1, 0);
    assert_nearly(look(CLV_JUDGED_BY_TOP1, y, y, 8, 2).loss, 0, 0);
    assert_int_equal(look(CLV_JUDGED_BY_TOP1, y, y, 8, 1).best, 2);
    assert_nearly(look(CLV_JUDGED_BY_TOP1, y, y, 8, 1).loss, 1, 0);
    assert_nearly(look(CLV_JUDGED_BY_TOPK, y, y, 8, 5).score, 1, 0);
    assert_nearly(look(CLV_JUDGED_BY_TOPK, y, y, 8, 6).score, 0, 0);
    assert_nearly(look(CLV_JUDGED_BY_AGREEMENT, y, y, 8, 7).score, 1, 0);
    y[7] = 10;
    assert_nearly(look(CLV_JUDGED_BY_AGREEMENT, y, y, 8, 7).score, 0, 0);
    assert_nearly(clv_judge_look(&with_background, &t, 1, NULL, 0, 6).score, 1,
                  0);
}

static void cosines(void **state)
{
    float r[] = {3, 4};
    float same[] = {6, 8};
    float across[] = {-4, 3};
    float zero[] = {0, 0};
    float broken[] = {NAN, 4};

    (void)state;
    assert_nearly(look(CLV_JUDGED_BY_COSINE, same, r, 2, 0).score, 1, 1e-12);
    assert_nearly(look(CLV_JUDGED_BY_COSINE, across, r, 2, 0).score, 0, 1e-12);
    assert_nearly(look(CLV_JUDGED_BY_COSINE, across, r, 2, 0).loss, 1, 1e-12);
    assert_nearly(look(CLV_JUDGED_BY_COSINE, zero, r, 2, 0).score, 0, 0);
    assert_nearly(look(CLV_JUDGED_BY_COSINE, zero, zero, 2, 0).score, 1, 0);
    assert_nearly(look(CLV_JUDGED_BY_COSINE, broken, r, 2, 0).score, -1, 0);
}

static void decibels(void **state)
{
    float r[] = {0, 10, 5, 5};
    float near[] = {0.1f, 9.9f, 5.1f, 4.9f}; /* an error of 1 % of the peak */
    float broken[] = {NAN, 10, 5, 5};
    struct clv_verdict v;

    (void)state;
    v = look(CLV_JUDGED_BY_PSNR, near, r, 4, 0);
    assert_nearly(v.score, 40, 1e-4);
    assert_nearly(v.loss, 0.01, 1e-7);
    v = look(CLV_JUDGED_BY_PSNR, r, r, 4, 0);
    assert_nearly(v.score, CLV_VERDICT_PSNR_MAX, 1e-9);
    assert_nearly(v.loss, 0, 0);
    v = look(CLV_JUDGED_BY_PSNR, broken, r, 4, 0);
    assert_nearly(v.score, 0, 0);
    assert_nearly(v.loss, 1, 0);
}

static struct clv_judge by_card(const char *text, int has_labels)
{
    struct clv_card *card = NULL;
    struct clv_judge judge;

    assert_int_equal(
        clv_card_new((clv_bytes){(const uint8_t *)text, strlen(text)}, "c.yaml",
                     &card, NULL),
        CLEAVE_OK);
    judge = clv_judge_of(card, "y", has_labels);
    clv_card_free(card);
    return judge;
}

static void the_card_says_how(void **state)
{
    static const char classes[] =
        "task: classification\ninput: [{name: x, kind: image}]\n"
        "output: [{name: y, first_class: 1}]\n";
    static const char five[] = "task: classification\nmetric: topk\n"
                               "input: [{name: x, kind: image}]\n";
    static const char numbers[] =
        "task: array\nmetric: psnr\ninput: [{name: x, kind: image}]\n";

    (void)state;
    assert_int_equal(by_card(classes, 1).by, CLV_JUDGED_BY_TOP1);
    assert_int_equal(by_card(classes, 1).first_class, 1);
    assert_int_equal(by_card(classes, 0).by, CLV_JUDGED_BY_AGREEMENT);
    assert_int_equal(by_card(five, 1).by, CLV_JUDGED_BY_TOPK);
    assert_int_equal(by_card(five, 0).by, CLV_JUDGED_BY_AGREEMENT);
    assert_int_equal(by_card(numbers, 1).by, CLV_JUDGED_BY_PSNR);
    assert_int_equal(clv_judge_of(NULL, "y", 1).by, CLV_JUDGED_BY_TOP1);
    assert_int_equal(clv_judge_of(NULL, "y", 0).by, CLV_JUDGED_BY_COSINE);
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (int i = 0; i <= CLV_JUDGED_BY_PSNR; i++) {
        enum clv_judged_by by = CLV_JUDGED_BY_TOP1;
        assert_true(
            clv_judge_parse(clv_judge_name((enum clv_judged_by)i), &by));
        assert_int_equal(by, i);
    }
    assert_false(clv_judge_parse("best", &(enum clv_judged_by){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_or_wrong),
        cmocka_unit_test(cosines),
        cmocka_unit_test(decibels),
        cmocka_unit_test(the_card_says_how),
        cmocka_unit_test(names_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
