/*
 * test_choosing.c - what is left out is beaten, and what is kept is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/choosing.h"
#include "seeded.h"

static struct clv_option option(double share, double raw, double packed,
                                int single, int activation)
{
    return (struct clv_option){.name = "cut",
                               .head_share = share,
                               .raw_bytes = raw,
                               .packed_bytes = packed,
                               .is_single = single,
                               .is_activation = activation};
}

static void each_group_has_its_best(void **state)
{
    struct clv_option o[] = {
        option(0.1, 1000, 90, 1, 1), /* a baseline's, and packs well */
        option(0.2, 900, 400, 1, 0), /* few bytes raw, many packed */
        option(0.3, 800, 500, 0, 0), /* fewer raw, but two tensors */
        option(0.4, 950, 120, 1, 1), /* beaten in all */
        option(0.5, 700, 60, 1, 0),
        option(0.6, 2000, 80, 1, 1), /* only among activations */
    };

    (void)state;
    clv_choosing_look(o, 6, 1, 0, 0);
    assert_int_equal(o[0].groups, CLV_CHOSEN_PACKED | CLV_CHOSEN_RAW |
                                      CLV_CHOSEN_SINGLE |
                                      CLV_CHOSEN_ACTIVATION);
    assert_int_equal(o[1].groups, CLV_CHOSEN_RAW | CLV_CHOSEN_SINGLE);
    assert_int_equal(o[2].groups, CLV_CHOSEN_RAW);
    assert_int_equal(o[3].groups, 0);
    assert_int_equal(o[4].groups,
                     CLV_CHOSEN_PACKED | CLV_CHOSEN_RAW | CLV_CHOSEN_SINGLE);
    assert_int_equal(o[5].groups, CLV_CHOSEN_ACTIVATION);
    assert_int_equal(clv_choosing_rival(o, 6, 3), 0);
    assert_int_equal(clv_choosing_rival(o, 6, 4), 6);
}

static void a_margin_keeps_the_near_ones(void **state)
{
    struct clv_option o[] = {option(0.1, 10, 100, 0, 0),
                             option(0.2, 20, 140, 0, 0),
                             option(0.3, 20, 170, 0, 0)};

    (void)state;
    clv_choosing_look(o, 3, 1.6, 0, 0);
    assert_int_equal(o[1].groups, CLV_CHOSEN_PACKED);
    assert_int_equal(o[2].groups, 0);
    clv_choosing_look(o, 3, 1, 0, 0);
    assert_int_equal(o[1].groups, 0);
}

static void the_input_beats_what_sends_more(void **state)
{
    struct clv_option o[] = {option(0.1, 1000, 100, 1, 0),
                             option(0.2, 500, 50, 1, 0)};

    (void)state;
    clv_choosing_look(o, 2, 1, 600, 80);
    assert_int_equal(o[0].groups, 0);
    assert_int_equal(o[1].groups,
                     CLV_CHOSEN_PACKED | CLV_CHOSEN_RAW | CLV_CHOSEN_SINGLE);
}

/* Whatever is left out, some cut that is kept is no worse. */
static void nothing_good_is_lost(void **state)
{
    struct seeded s = seeded_init(__func__, 11);

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct clv_option o[30];
        for (size_t i = 0; i < 30; i++) {
            o[i] = option(
                seeded_below(&s, 20) / 20.0, (double)seeded_below(&s, 50),
                (double)seeded_below(&s, 50), (int)seeded_below(&s, 2), 0);
        }
        clv_choosing_look(o, 30, 1, 0, 0);
        for (size_t i = 0; i < 30; i++) {
            int kept = 0;
            for (size_t j = 0; j < 30; j++) {
                kept |= (o[j].groups & CLV_CHOSEN_PACKED) &&
                        o[j].head_share <= o[i].head_share &&
                        o[j].packed_bytes <= o[i].packed_bytes;
            }
            assert_true(kept);
        }
    }
}

static void guesses_follow_the_tensor(void **state)
{
    struct clv_cut cut = {.name = "a",
                          .tensor_count = 1,
                          .tensors = {{"a", CLEAVE_TYPE_F32, 1, {800}}},
                          .bytes = 3200,
                          .head_share = 0.5};
    struct clv_option plain = clv_option_of(&cut);
    struct clv_option active;
    struct clv_option integer;

    (void)state;
    cut.is_activation = 1;
    active = clv_option_of(&cut);
    cut.tensors[0].type = CLEAVE_TYPE_U8;
    integer = clv_option_of(&cut);
    assert_true(active.packed_bytes < plain.packed_bytes);
    assert_true(plain.packed_bytes < plain.raw_bytes);
    assert_true(integer.packed_bytes == 800);
    assert_true(active.is_single && active.is_activation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_group_has_its_best),
        cmocka_unit_test(a_margin_keeps_the_near_ones),
        cmocka_unit_test(the_input_beats_what_sends_more),
        cmocka_unit_test(nothing_good_is_lost),
        cmocka_unit_test(guesses_follow_the_tensor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
