/*
 * test_lz.c - the chain comes back whole, shortens what can be shortened,
 * and takes hostile payloads for what they are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/planes.h"
#include "seeded.h"

#define MOST 5000

struct bench_top {
    struct clv_buffer scratch;
    struct clv_buffer payload;
    int16_t indices[MOST];
    int16_t back[MOST];
};

static int make_top(void **state)
{
    struct bench_top *top = calloc(1, sizeof *top);

    assert_non_null(top);
    clv_buffer_init(&top->scratch, 1 << 20);
    clv_buffer_init(&top->payload, 1 << 20);
    *state = top;
    return 0;
}

static int clear_top(void **state)
{
    struct bench_top *top = *state;

    clv_buffer_fini(&top->scratch);
    clv_buffer_fini(&top->payload);
    free(top);
    return 0;
}

static void sample_indices(struct seeded *s, struct bench_top *top,
                           size_t count, int is_signed)
{
    double zero = 0.02 + 0.97 * seeded_unit(s);
    uint32_t period = 1 + seeded_below(s, 100);
    int repeats = seeded_below(s, 4) == 0;

    for (size_t i = 0; i < count; i++) {
        int index =
            is_signed ? seeded_laplace(s, zero) : seeded_geometric(s, zero);
        top->indices[i] = (int16_t)index;
        if (repeats && i >= period) {
            top->indices[i] = top->indices[i - period];
        }
    }
}

/* Decodes from a block of the exact size, so that reading on would show. */
static cleave_status decode(enum clv_path path, clv_bytes payload, size_t count,
                            int is_signed, struct bench_top *top)
{
    uint8_t *exact = malloc(payload.size + 1);
    cleave_status status;

    assert_non_null(exact);
    if (payload.size > 0) {
        memcpy(exact, payload.data, payload.size);
    }
    exact = realloc(exact, payload.size > 0 ? payload.size : 1);
    assert_non_null(exact);
    status = clv_lz_decode(path, (clv_bytes){exact, payload.size}, count,
                           is_signed, &top->scratch, top->back);
    free(exact);
    return status;
}

static void what_goes_in_comes_out(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("round trip", 1);
    struct clv_buffer first;

    clv_buffer_init(&first, 1 << 20);
    for (int round = 0; round < 300; round++) {
        size_t count = seeded_below(&s, MOST);
        int is_signed = round % 2;
        sample_indices(&s, top, count, is_signed);
        clv_buffer_reset(&first);
        assert_int_equal(clv_lz_encode(CLV_PATH_PORTABLE, top->indices, count,
                                       is_signed, &top->scratch, &first),
                         CLEAVE_OK);
        SEEDED_EACH_PATH(path)
        {
            clv_buffer_reset(&top->payload);
            assert_int_equal(clv_lz_encode((enum clv_path)path, top->indices,
                                           count, is_signed, &top->scratch,
                                           &top->payload),
                             CLEAVE_OK);
            assert_int_equal(top->payload.size, first.size);
            if (first.size > 0) {
                assert_memory_equal(top->payload.data, first.data, first.size);
            }
            assert_int_equal(decode((enum clv_path)path,
                                    clv_buffer_bytes(&first), count, is_signed,
                                    top),
                             CLEAVE_OK);
            assert_memory_equal(top->back, top->indices,
                                count * sizeof *top->back);
        }
    }
    clv_buffer_fini(&first);
}

static void every_index_is_coded(void **state)
{
    struct bench_top *top = *state;
    const int16_t edges[] = {32767, -32767, 0, 1, -1, 16384, -16384, 255};

    for (size_t i = 0; i < 8; i++) {
        top->indices[i] = edges[i];
    }
    clv_buffer_reset(&top->payload);
    assert_int_equal(clv_lz_encode(CLV_PATH_PORTABLE, top->indices, 8, 1,
                                   &top->scratch, &top->payload),
                     CLEAVE_OK);
    assert_int_equal(
        decode(CLV_PATH_PORTABLE, clv_buffer_bytes(&top->payload), 8, 1, top),
        CLEAVE_OK);
    assert_memory_equal(top->back, top->indices, 16);
}

static void zeros_take_one_byte_and_noise_one_more_than_its_bits(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("sizes", 2);

    memset(top->indices, 0, sizeof top->indices);
    clv_buffer_reset(&top->payload);
    clv_lz_encode(CLV_PATH_PORTABLE, top->indices, MOST, 1, &top->scratch,
                  &top->payload);
    assert_int_equal(top->payload.size, 1);
    for (size_t i = 0; i < 4000; i++) {
        top->indices[i] = (int16_t)seeded_below(&s, 16);
    }
    clv_buffer_reset(&top->payload);
    clv_lz_encode(CLV_PATH_PORTABLE, top->indices, 4000, 0, &top->scratch,
                  &top->payload);
    assert_int_equal(top->payload.size, 2001);
    assert_int_equal(top->payload.data[0], 0x84);
}

static void part_of_a_payload_is_no_payload(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("truncation", 3);

    for (int round = 0; round < 8; round++) {
        size_t count = 1 + seeded_below(&s, 900);
        clv_bytes all;
        sample_indices(&s, top, count, 1);
        clv_buffer_reset(&top->payload);
        clv_lz_encode(CLV_PATH_PORTABLE, top->indices, count, 1, &top->scratch,
                      &top->payload);
        clv_buffer_append(&top->payload, "x", 1);
        all = clv_buffer_bytes(&top->payload);
        for (size_t size = 0; size <= all.size; size++) {
            SEEDED_EACH_PATH(path)
            {
                assert_int_equal(
                    decode((enum clv_path)path, (clv_bytes){all.data, size},
                           count, 1, top),
                    size == all.size - 1 ? CLEAVE_OK : CLEAVE_CORRUPT);
            }
        }
    }
}

static void any_bytes_are_an_answer_or_an_error(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("hostile", 4);
    uint8_t bytes[200];

    for (int round = 0; round < 20000; round++) {
        size_t size = seeded_below(&s, sizeof bytes);
        size_t count = seeded_below(&s, MOST);
        cleave_status first = CLEAVE_OK;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)seeded_next(&s);
        }
        bytes[0] = (uint8_t)seeded_below(&s, 20);
        SEEDED_EACH_PATH(path)
        {
            cleave_status got =
                decode((enum clv_path)path, (clv_bytes){bytes, size}, count,
                       round % 2, top);
            first = path == CLV_PATH_PORTABLE ? got : first;
            assert_int_equal(got, first);
            assert_true(got == CLEAVE_OK || got == CLEAVE_CORRUPT);
        }
    }
}

static void a_width_of_17_or_stored_nothing_is_refused(void **state)
{
    struct bench_top *top = *state;
    const uint8_t wide[18] = {0x80 | 17};
    const uint8_t none[1] = {0x80};

    assert_int_equal(
        decode(CLV_PATH_PORTABLE, (clv_bytes){wide, 18}, 8, 1, top),
        CLEAVE_CORRUPT);
    assert_int_equal(decode(CLV_PATH_PORTABLE, (clv_bytes){none, 1}, 8, 1, top),
                     CLEAVE_CORRUPT);
}

static void room_that_is_too_small_is_said(void **state)
{
    struct bench_top *top = *state;
    struct clv_buffer tight;

    for (size_t i = 0; i < 1000; i++) {
        top->indices[i] = (int16_t)(i * 7919 % 256);
    }
    clv_buffer_init(&tight, 100);
    assert_int_equal(clv_lz_encode(CLV_PATH_PORTABLE, top->indices, 1000, 0,
                                   &top->scratch, &tight),
                     CLEAVE_LIMIT);
    assert_int_equal(tight.size, 0);
    clv_buffer_reset(&tight);
    assert_int_equal(clv_lz_encode(CLV_PATH_PORTABLE, top->indices, 1000, 0,
                                   &tight, &top->payload),
                     CLEAVE_LIMIT);
    clv_buffer_fini(&tight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(every_index_is_coded),
        cmocka_unit_test(zeros_take_one_byte_and_noise_one_more_than_its_bits),
        cmocka_unit_test(part_of_a_payload_is_no_payload),
        cmocka_unit_test(any_bytes_are_an_answer_or_an_error),
        cmocka_unit_test(a_width_of_17_or_stored_nothing_is_refused),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
