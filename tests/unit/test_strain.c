/*
 * test_strain.c - a cut's step is found where the answer begins to move.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/strain.h"
#include "rating_bed.h"

static struct clv_strain *strain_of(struct rating_bed *b)
{
    struct clv_strain *s = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_strain_new(b->network, b->source, b->samples, 6,
                       clv_clock_machine(), &s, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return s;
}

static void the_target_is_nearly_met(void **state)
{
    static const char *const cuts[] = {"input", "a", "b"};
    struct rating_bed *b = *state;
    struct clv_strain *s = strain_of(b);

    for (size_t i = 0; i < 3; i++) {
        struct clv_strained found = {0};
        assert_int_equal(clv_strain_cut(s, cuts[i], &found, NULL), CLEAVE_OK);
        assert_true(found.step_sd >= CLV_STRAIN_FINEST &&
                    found.step_sd <= CLV_STRAIN_COARSEST);
        assert_true(found.bytes > 0);
        assert_true(found.error > CLV_STRAIN_TARGET / 3 &&
                    found.error < CLV_STRAIN_TARGET * 3);
    }
    assert_true(clv_network_bytes(b->network) == 0);
    clv_strain_free(s);
}

static void a_wrong_cut_leaves_it_usable(void **state)
{
    struct clv_strain *s = strain_of(*state);
    struct clv_strained found = {.bytes = -1};

    assert_int_equal(clv_strain_cut(s, "nowhere", &found, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(clv_strain_cut(s, "output", &found, NULL), CLEAVE_INVALID);
    assert_true(found.bytes == -1);
    assert_int_equal(clv_strain_cut(s, "a", &found, NULL), CLEAVE_OK);
    clv_strain_free(s);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    clv_strain_free(NULL);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BED(the_target_is_nearly_met),
        ON_BED(a_wrong_cut_leaves_it_usable),
        cmocka_unit_test(freeing_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
