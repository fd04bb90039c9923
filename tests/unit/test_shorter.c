/*
 * test_shorter.c - never longer than lz's payload: surely where lz stores its
 * planes and for small tensors, and for tensors of the kinds below.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/planes.h"
#include "codec/shuffle.h"
#include "seeded.h"

#define MOST 70000

struct desk {
    struct clv_buffer scratch;
    struct clv_buffer lz;
    struct clv_buffer payload;
    int16_t indices[MOST];
    int16_t back[MOST];
};

static int make_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    assert_non_null(desk);
    clv_buffer_init(&desk->scratch, 1 << 20);
    clv_buffer_init(&desk->lz, 1 << 20);
    clv_buffer_init(&desk->payload, 1 << 20);
    *state = desk;
    return 0;
}

static int clear_desk(void **state)
{
    struct desk *desk = *state;

    clv_buffer_fini(&desk->scratch);
    clv_buffer_fini(&desk->lz);
    clv_buffer_fini(&desk->payload);
    free(desk);
    return 0;
}

static struct clv_extent extent_of(const int16_t *indices, size_t count)
{
    struct clv_extent extent = {INT32_MAX, INT32_MIN};

    for (size_t i = 0; i < count; i++) {
        extent.least = indices[i] < extent.least ? indices[i] : extent.least;
        extent.greatest =
            indices[i] > extent.greatest ? indices[i] : extent.greatest;
    }
    return extent;
}

/* Encodes and decodes behind something; returns the bytes. */
static size_t code(struct desk *desk, size_t count, int *ret_is_lz)
{
    enum clv_path path = clv_processor_best();
    struct clv_extent extent = extent_of(desk->indices, count);
    int is_signed = extent.least < 0;
    clv_bytes payload;
    cleave_status status;

    clv_buffer_reset(&desk->payload);
    clv_buffer_append(&desk->payload, "before", 6);
    assert_int_equal(clv_shorter_encode(path, desk->indices, count, extent,
                                        &desk->scratch, &desk->payload,
                                        ret_is_lz),
                     CLEAVE_OK);
    assert_memory_equal(desk->payload.data, "before", 6);
    payload = (clv_bytes){desk->payload.data + 6, desk->payload.size - 6};
    if (*ret_is_lz) {
        status = clv_lz_decode(path, payload, count, is_signed, &desk->scratch,
                               desk->back);
    } else {
        clv_bytes rest = payload;
        status = clv_fast_decode(path, &rest, count, is_signed, desk->back);
        assert_int_equal(rest.size, 0);
    }
    assert_int_equal(status, CLEAVE_OK);
    assert_memory_equal(desk->back, desk->indices, count * sizeof *desk->back);
    return payload.size;
}

static size_t lz_size(struct desk *desk, size_t count)
{
    int is_signed = extent_of(desk->indices, count).least < 0;

    clv_buffer_reset(&desk->lz);
    assert_int_equal(clv_lz_encode(clv_processor_best(), desk->indices, count,
                                   is_signed, &desk->scratch, &desk->lz),
                     CLEAVE_OK);
    return desk->lz.size;
}

static void check(struct desk *desk, size_t count)
{
    int is_lz;

    assert_true(code(desk, count, &is_lz) <= lz_size(desk, count));
}

static void fill(struct seeded *s, struct desk *desk, size_t count,
                 int (*index)(struct seeded *s, double zero, uint32_t levels))
{
    double zero = 0.05 + 0.94 * seeded_unit(s);
    uint32_t levels = 2 + seeded_below(s, 1u << seeded_below(s, 15));

    for (size_t i = 0; i < count; i++) {
        desk->indices[i] = (int16_t)index(s, zero, levels);
    }
}

static int even(struct seeded *s, double zero, uint32_t levels)
{
    (void)zero;
    return (int)seeded_below(s, levels);
}

static int even_signed(struct seeded *s, double zero, uint32_t levels)
{
    return even(s, zero, levels) - (int)levels / 2;
}

static int geometric(struct seeded *s, double zero, uint32_t levels)
{
    (void)levels;
    return seeded_geometric(s, zero);
}

static int laplace(struct seeded *s, double zero, uint32_t levels)
{
    (void)levels;
    return seeded_laplace(s, zero);
}

static void noise_takes_no_more_than_its_planes(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("noise", 1);

    for (int round = 0; round < 200; round++) {
        size_t count = seeded_below(&s, MOST);
        fill(&s, desk, count, round % 2 ? even : even_signed);
        check(desk, count);
    }
}

/* Bits by chance fill their planes: every header would be one too many. */
static void chance_is_stored_without_a_byte_more(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("chance", 2);

    for (unsigned width = 1; width <= 15; width++) {
        size_t count = 2048 + seeded_below(&s, MOST - 2048);
        int is_lz;
        for (size_t i = 0; i < count; i++) {
            desk->indices[i] = (int16_t)seeded_below(&s, 1u << width);
        }
        desk->indices[7] = (int16_t)((1u << width) - 1);
        assert_int_equal(code(desk, count, &is_lz),
                         1 + width * clv_plane_bytes(count));
        assert_true(is_lz);
    }
}

static void sparse_ones_too(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("sparse", 3);

    for (int round = 0; round < 200; round++) {
        size_t count = seeded_below(&s, MOST);
        fill(&s, desk, count, round % 2 ? geometric : laplace);
        check(desk, count);
    }
}

static void periodic_ones_too(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("periodic", 4);
    int lz = 0;

    for (int round = 0; round < 300; round++) {
        size_t count = 1 + seeded_below(&s, MOST - 1);
        size_t period = 1 + seeded_below(&s, 256);
        int is_lz;
        fill(&s, desk, count, round % 2 ? geometric : even_signed);
        for (size_t i = period; i < count; i++) {
            desk->indices[i] = desk->indices[i - period];
        }
        check(desk, count);
        code(desk, count, &is_lz);
        lz += is_lz;
    }
    assert_true(lz > 100);
}

static void flat_and_small_ones_too(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("flat", 5);

    for (int round = 0; round < 400; round++) {
        size_t count = seeded_below(&s, round % 2 ? 1200 : MOST);
        int16_t index =
            (int16_t)(seeded_below(&s, 5) == 0 ? seeded_below(&s, 65535) - 32767
                                               : seeded_below(&s, 4));
        for (size_t i = 0; i < count; i++) {
            desk->indices[i] = index;
        }
        check(desk, count);
        if (count < 1200 && round % 4 == 1) {
            fill(&s, desk, count, round % 8 == 1 ? laplace : even);
            check(desk, count);
        }
    }
    memset(desk->indices, 0, sizeof desk->indices);
    check(desk, MOST);
}

static void room_that_is_too_small_is_said(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("room", 6);
    struct clv_buffer tight;
    int is_lz;

    fill(&s, desk, 5000, even);
    for (size_t room = 0; room < 1200; room += 100) {
        clv_buffer_init(&tight, room);
        assert_int_equal(clv_shorter_encode(clv_processor_best(), desk->indices,
                                            5000,
                                            extent_of(desk->indices, 5000),
                                            &desk->scratch, &tight, &is_lz),
                         CLEAVE_LIMIT);
        clv_buffer_fini(&tight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_takes_no_more_than_its_planes),
        cmocka_unit_test(chance_is_stored_without_a_byte_more),
        cmocka_unit_test(sparse_ones_too),
        cmocka_unit_test(periodic_ones_too),
        cmocka_unit_test(flat_and_small_ones_too),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, make_desk, clear_desk);
}
