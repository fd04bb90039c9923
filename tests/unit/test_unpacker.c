/*
 * test_unpacker.c - what is not what it says is refused, and does no harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "round_trip.h"

/* A coder that quantises. */
static enum clv_coder any_coder(struct seeded *s)
{
    return (enum clv_coder)(CLV_CODER_LZ + seeded_below(s, 3));
}

/* Payloads of small frames, each bit changed: an error or a valid tensor. */
static void changed_payloads_do_no_harm(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("changes", 14);
    int refused = 0;
    int accepted = 0;

    for (int round = 0; round < 60; round++) {
        cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 0, {0}};
        struct clv_packing packing = {
            .coder = any_coder(&s), .step = 0.3 * (round % 2), .bits = 3};
        struct clv_frame frame;
        cleave_tensor t;
        clv_bytes payload;
        odd_shape(&s, 600, 0, &info);
        t = tensor_of(top, info);
        odd_floats(&s, (enum odd_kind)(round % ODD_KINDS), 1,
                   (float *)top->room, odd_count(&info));
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        payload = frame.payload;
        for (size_t bit = 0; bit < 8 * payload.size; bit++) {
            uint8_t *exact = malloc(payload.size);
            assert_non_null(exact);
            memcpy(exact, payload.data, payload.size);
            exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
            frame.payload.data = exact;
            if (unpack(top, top->codec, &frame) == CLEAVE_OK) {
                accepted++;
            } else {
                refused++;
            }
            free(exact);
        }
        for (size_t size = 0; size < payload.size; size++) {
            uint8_t *exact = malloc(size + 1);
            assert_non_null(exact);
            memcpy(exact + 1, payload.data, size);
            frame.payload = (clv_bytes){exact + 1, size};
            if (frame.coder != CLV_CODER_RAW) { /* whose size is read earlier */
                assert_int_equal(unpack(top, top->codec, &frame),
                                 CLEAVE_CORRUPT);
            }
            free(exact);
        }
    }
    assert_true(refused > 0 && accepted > 0);
}

/* A range has no levels above its last; others are within a symbol's bits. */
static void a_level_that_is_none_is_refused(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("levels", 15);
    struct clv_packing packing = {.coder = CLV_CODER_LZ, .bits = 4};
    cleave_tensor t =
        tensor_of(top, (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {300}});
    struct clv_frame frame;

    odd_floats(&s, ODD_UNIFORM, 1, (float *)top->room, 300);
    goes_round(top, top->codec, NULL, &packing, &t, &frame);
    frame.bits = 3;
    assert_int_equal(unpack(top, top->codec, &frame), CLEAVE_CORRUPT);
    frame.bits = 5;
    assert_int_equal(unpack(top, top->codec, &frame), CLEAVE_OK);
    frame.is_signed = 1;
    assert_int_equal(unpack(top, top->codec, &frame), CLEAVE_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_payloads_do_no_harm),
        cmocka_unit_test(a_level_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
