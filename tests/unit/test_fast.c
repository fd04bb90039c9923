/*
 * test_fast.c - blocks of every way come back whole, all paths write the
 * same bytes, no block is longer than its planes, and hostile payloads are
 * taken for what they are by all paths alike.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/fast_paths.h"
#include "codec/planes.h"
#include "codec/symbol.h"
#include "seeded.h"

#define MOST (2 * CLV_FAST_RUN + 5000)

struct desk {
    struct clv_buffer first;
    struct clv_buffer payload;
    int16_t indices[MOST];
    int16_t back[MOST];
};

static int make_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    assert_non_null(desk);
    clv_buffer_init(&desk->first, 1 << 20);
    clv_buffer_init(&desk->payload, 1 << 20);
    *state = desk;
    return 0;
}

static int clear_desk(void **state)
{
    struct desk *desk = *state;

    clv_buffer_fini(&desk->first);
    clv_buffer_fini(&desk->payload);
    free(desk);
    return 0;
}

/* Decodes from a block of the exact size, so that reading on would show. */
static cleave_status decode(enum clv_path path, clv_bytes payload, size_t count,
                            int is_signed, int16_t *back, size_t *ret_left)
{
    uint8_t *exact = malloc(payload.size > 0 ? payload.size : 1);
    clv_bytes rest = {exact, payload.size};
    cleave_status status;

    assert_non_null(exact);
    if (payload.size > 0) {
        memcpy(exact, payload.data, payload.size);
    }
    status = clv_fast_decode(path, &rest, count, is_signed, back);
    *ret_left = rest.size;
    free(exact);
    return status;
}

/* Encodes on all paths, compares, decodes on all; returns the bytes. */
static size_t check(struct desk *desk, size_t count, int is_signed)
{
    size_t left;

    SEEDED_EACH_PATH(path)
    {
        struct clv_buffer *into =
            path == CLV_PATH_PORTABLE ? &desk->first : &desk->payload;
        clv_buffer_reset(into);
        assert_int_equal(clv_fast_encode((enum clv_path)path, desk->indices,
                                         count, is_signed, into),
                         CLEAVE_OK);
        assert_int_equal(into->size, desk->first.size);
        assert_true(count == 0 ||
                    memcmp(into->data, desk->first.data, into->size) == 0);
        memset(desk->back, 0x55, sizeof desk->back);
        assert_int_equal(decode((enum clv_path)path,
                                clv_buffer_bytes(&desk->first), count,
                                is_signed, desk->back, &left),
                         CLEAVE_OK);
        assert_int_equal(left, 0);
        assert_memory_equal(desk->back, desk->indices,
                            count * sizeof *desk->back);
        assert_true(count == MOST || desk->back[count] == 0x5555);
    }
    return desk->first.size;
}

/* One kind of tensor after the other; `kind` is any number. */
static void sample(struct seeded *s, unsigned kind, int is_signed,
                   int16_t *indices, size_t count)
{
    double zero = 0.01 + 0.98 * seeded_unit(s);
    uint32_t period = 1 + seeded_below(s, 600);
    uint32_t levels = 1u << seeded_below(s, is_signed ? 17 : 16);
    int walk = 0;

    for (size_t i = 0; i < count; i++) {
        int16_t some = (int16_t)(is_signed ? seeded_laplace(s, zero)
                                           : seeded_geometric(s, zero));
        int16_t even =
            clv_symbol_index((uint16_t)seeded_below(s, levels), is_signed);
        if (even == INT16_MIN) {
            even = 0;
        }
        walk += (int)seeded_below(s, 3) - 1;
        walk = walk < 0 && !is_signed ? 0 : walk;
        switch (kind % 6) {
        case 0:
            indices[i] = some;
            break;
        case 1:
            indices[i] = even;
            break;
        case 2:
            indices[i] = (int16_t)walk;
            break;
        case 3: /* something big now and then */
            indices[i] = seeded_below(s, 100) == 0 ? even : some;
            break;
        case 4:
            indices[i] = i < period ? some : indices[i - period];
            break;
        default: /* islands */
            indices[i] = i / period % 3 == 0 ? some : i / period % 3 == 1;
            break;
        }
    }
}

static void what_goes_in_comes_out(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("round trip", 1);

    for (unsigned round = 0; round < 700; round++) {
        size_t count = seeded_below(&s, 4) == 0 ? seeded_below(&s, 9000)
                                                : seeded_below(&s, 1500);
        int is_signed = round / 6 % 2;
        sample(&s, round, is_signed, desk->indices, count);
        check(desk, count, is_signed);
    }
}

/* Whatever the way, a block has no more bytes than its planes and a head. */
static void no_block_is_longer_than_its_planes(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("bound", 2);

    for (unsigned round = 0; round < 3000; round++) {
        size_t count = 1 + seeded_below(&s, CLV_FAST_BLOCK);
        int is_signed = round / 6 % 2;
        unsigned bits = 0;
        size_t width = 0;
        size_t size;
        sample(&s, round, is_signed, desk->indices, count);
        size = check(desk, count, is_signed);
        for (size_t i = 0; i < count; i++) {
            bits |= clv_symbol(desk->indices[i], is_signed);
        }
        while (bits >> width != 0) {
            width++;
        }
        assert_true(size <= (width > 8 ? 2u : 1u) + (width * count + 7) / 8);
    }
}

/* Reads back the ways that were written, up to the first of several blocks. */
static void ways_of(clv_bytes payload, size_t count, int is_signed,
                    int16_t *back, unsigned char seen[256])
{
    while (payload.size > 0) {
        size_t some = count < CLV_FAST_BLOCK ? count : CLV_FAST_BLOCK;
        unsigned code = payload.data[0];
        seen[code] = 1;
        if (code == CLV_FAST_ZEROS || code == CLV_FAST_EQUALS) {
            return;
        }
        assert_int_equal(
            clv_fast_decode(CLV_PATH_PORTABLE, &payload, some, is_signed, back),
            CLEAVE_OK);
        count -= some;
    }
}

/* The tests above mean little unless they come by every turn, mask, number
   of low planes and of levels, and every special code. */
static void all_kinds_of_ways_are_met(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("ways", 3);
    unsigned char seen[256] = {0};
    unsigned char kinds[4][5] = {{0}};

    for (unsigned round = 0; round < 4000; round++) {
        size_t count = seeded_below(&s, 1500);
        int is_signed = round / 6 % 2;
        sample(&s, round, is_signed, desk->indices, count);
        clv_buffer_reset(&desk->first);
        clv_fast_encode(clv_processor_best(), desk->indices, count, is_signed,
                        &desk->first);
        ways_of(clv_buffer_bytes(&desk->first), count, is_signed, desk->back,
                seen);
    }
    for (unsigned code = 0; code < CLV_FAST_WAYS; code++) {
        assert_true(seen[code]);
    }
    for (unsigned code = CLV_FAST_WAYS; code < 256; code++) {
        unsigned way = code - CLV_FAST_WAYS;
        kinds[0][way / 80] |= seen[code];
        kinds[1][way / 20 % 4] |= seen[code];
        kinds[2][way / 4 % 5] |= seen[code];
        kinds[3][way % 4] |= seen[code];
    }
    for (int i = 0; i < 3; i++) {
        assert_true(kinds[0][i]);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(kinds[1][i] && kinds[3][i]);
    }
    for (int i = 0; i < 5; i++) {
        assert_true(kinds[2][i]);
    }
}

static void runs_follow_each_other(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("runs", 4);

    for (unsigned round = 0; round < 12; round++) {
        size_t count = 2 * CLV_FAST_RUN + seeded_below(&s, 4000);
        int is_signed = round / 6 % 2;
        clv_bytes rest;
        sample(&s, round, is_signed, desk->indices, count);
        if (round % 5 == 0) {
            memset(desk->indices + 100, 0, 3 * CLV_FAST_RUN);
        }
        check(desk, count, is_signed);
        clv_buffer_reset(&desk->payload);
        for (size_t i = 0; i < count; i += CLV_FAST_RUN) {
            size_t some = count - i < CLV_FAST_RUN ? count - i : CLV_FAST_RUN;
            clv_fast_encode(clv_processor_best(), desk->indices + i, some,
                            is_signed, &desk->payload);
        }
        assert_int_equal(desk->payload.size, desk->first.size);
        assert_memory_equal(desk->payload.data, desk->first.data,
                            desk->first.size);
        rest = clv_buffer_bytes(&desk->payload);
        memset(desk->back, 0x55, sizeof desk->back);
        for (size_t i = 0; i < count; i += CLV_FAST_RUN) {
            size_t some = count - i < CLV_FAST_RUN ? count - i : CLV_FAST_RUN;
            assert_int_equal(clv_fast_decode(clv_processor_best(), &rest, some,
                                             is_signed, desk->back + i),
                             CLEAVE_OK);
        }
        assert_int_equal(rest.size, 0);
        assert_memory_equal(desk->back, desk->indices, count * 2);
    }
}

static void flat_tensors_take_a_few_bytes(void **state)
{
    struct desk *desk = *state;

    memset(desk->indices, 0, sizeof desk->indices);
    assert_int_equal(check(desk, 1, 1), 1);
    assert_int_equal(check(desk, 2 * CLV_FAST_RUN + 700, 1), 6);
    for (size_t i = 0; i < MOST; i++) {
        desk->indices[i] = -32767;
    }
    assert_int_equal(check(desk, 1, 1), 3);
    assert_int_equal(check(desk, 2 * CLV_FAST_RUN + 700, 1), 12);
}

/* Flat blocks in a row, before and after others. */
static void flat_blocks_are_folded(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("folding", 9);

    for (unsigned round = 0; round < 100; round++) {
        size_t count = seeded_below(&s, 20) * CLV_FAST_BLOCK + 300;
        for (size_t i = 0; i < count; i += CLV_FAST_BLOCK) {
            unsigned kind = seeded_below(&s, 8);
            for (size_t j = i; j < i + CLV_FAST_BLOCK; j++) {
                desk->indices[j] = (int16_t)(kind < 4   ? 0
                                             : kind < 6 ? 300
                                             : kind < 7 ? 7
                                                        : seeded_next(&s) % 8);
            }
        }
        check(desk, count, round % 2 != 0);
    }
}

static void more_blocks_than_there_are_is_refused(void **state)
{
    struct desk *desk = *state;
    uint8_t bytes[3] = {CLV_FAST_ZEROS, 1};
    size_t left;

    for (size_t count = 1; count < 4 * CLV_FAST_BLOCK; count += 100) {
        cleave_status want =
            count > 2 * CLV_FAST_BLOCK && count <= 3 * CLV_FAST_BLOCK
                ? CLEAVE_OK
                : CLEAVE_CORRUPT;
        assert_int_equal(decode(CLV_PATH_PORTABLE, (clv_bytes){bytes, 2}, count,
                                1, desk->back, &left),
                         want);
    }
    bytes[0] = 0;
    bytes[1] = CLV_FAST_ZEROS;
    bytes[2] = 126; /* 128 blocks, but one of them in the next stretch */
    assert_int_equal(decode(CLV_PATH_PORTABLE, (clv_bytes){bytes, 3},
                            CLV_FAST_RUN + CLV_FAST_BLOCK, 1, desk->back,
                            &left),
                     CLEAVE_CORRUPT);
    bytes[2] = 125;
    assert_int_equal(decode(CLV_PATH_PORTABLE, (clv_bytes){bytes, 3},
                            CLV_FAST_RUN, 1, desk->back, &left),
                     CLEAVE_OK);
}

/* The widest index, in every place of a block. */
static void one_great_index_among_small_ones(void **state)
{
    struct desk *desk = *state;

    for (size_t at = 0; at < CLV_FAST_BLOCK; at += 37) {
        for (int value = 1; value <= 32767; value = 2 * value + 1) {
            memset(desk->indices, 0, sizeof desk->indices);
            desk->indices[at] = (int16_t)value;
            check(desk, CLV_FAST_BLOCK, 0);
            desk->indices[at] = (int16_t)-value;
            check(desk, CLV_FAST_BLOCK, 1);
        }
    }
}

/* All paths give the same answer, and the same indices if there are any. */
static cleave_status agree(struct desk *desk, clv_bytes payload, size_t count,
                           int is_signed)
{
    int16_t want[4 * CLV_FAST_BLOCK];
    cleave_status first = CLEAVE_OK;
    size_t left;
    size_t want_left = 0;

    SEEDED_EACH_PATH(path)
    {
        cleave_status got = decode((enum clv_path)path, payload, count,
                                   is_signed, desk->back, &left);
        if (path == CLV_PATH_PORTABLE) {
            first = got;
            want_left = left;
            memcpy(want, desk->back, count * sizeof *want);
        }
        assert_int_equal(got, first);
        assert_int_equal(left, want_left);
        assert_true(got == CLEAVE_OK || got == CLEAVE_CORRUPT);
        if (got == CLEAVE_OK) {
            assert_memory_equal(desk->back, want, count * sizeof *want);
        }
        for (size_t i = 0; i < count && got == CLEAVE_OK; i++) {
            assert_true(want[i] >= (is_signed ? -32767 : 0));
        }
    }
    return first;
}

static void part_of_a_payload_is_no_payload(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("truncation", 5);

    for (unsigned round = 0; round < 60; round++) {
        size_t count = 1 + seeded_below(&s, 1400);
        int is_signed = round / 6 % 2;
        sample(&s, round, is_signed, desk->indices, count);
        check(desk, count, is_signed);
        for (size_t size = 0; size < desk->first.size; size++) {
            clv_bytes part = {desk->first.data, size};
            assert_int_equal(agree(desk, part, count, is_signed),
                             CLEAVE_CORRUPT);
        }
    }
}

static void any_bytes_are_an_answer_or_an_error(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("hostile", 6);
    uint8_t bytes[900];
    unsigned fine = 0;

    for (unsigned round = 0; round < 30000; round++) {
        size_t size = seeded_below(&s, sizeof bytes);
        size_t count = seeded_below(&s, 4 * CLV_FAST_BLOCK);
        unsigned dense = seeded_below(&s, 3);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)seeded_next(&s);
            for (unsigned k = 0; k < dense; k++) {
                bytes[i] |= (uint8_t)seeded_next(&s);
            }
        }
        bytes[0] = (uint8_t)seeded_next(&s);
        bytes[1] = bytes[0] < 16 ? (uint8_t)seeded_next(&s) : bytes[1];
        fine += agree(desk, (clv_bytes){bytes, size}, count, (int)round % 2) ==
                CLEAVE_OK;
    }
    assert_true(fine > 100);
}

static void damage_is_an_error_or_other_indices(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("damage", 7);

    for (unsigned round = 0; round < 20000; round++) {
        size_t count = 1 + seeded_below(&s, 1400);
        int is_signed = round / 6 % 2;
        sample(&s, round, is_signed, desk->indices, count);
        clv_buffer_reset(&desk->first);
        clv_fast_encode(clv_processor_best(), desk->indices, count, is_signed,
                        &desk->first);
        desk->first.data[seeded_below(&s, (uint32_t)desk->first.size)] ^=
            (uint8_t)(1u << seeded_below(&s, 8));
        agree(desk, clv_buffer_bytes(&desk->first), count, is_signed);
    }
}

/* With four low planes and a mask, 15 levels make 256 of what has all low
   bits set: no byte, and no symbol. */
static void a_symbol_of_256_is_refused(void **state)
{
    struct desk *desk = *state;
    uint8_t bytes[64] = {
        CLV_FAST_WAYS + (CLV_FAST_FLAT * 5 + 4) * 4 + CLV_FAST_OPEN, 0x01};

    /* one symbol: mask 1, low 1111 (or 0111), 15 levels 1, then 0 */
    bytes[1] = 0x1f;
    bytes[1] |= 0xe0;
    bytes[2] = 0xff;
    bytes[3] = 0x0f;
    assert_int_equal(agree(desk, (clv_bytes){bytes, 4}, 1, 1), CLEAVE_CORRUPT);
    bytes[1] &= 0xef;
    assert_int_equal(agree(desk, (clv_bytes){bytes, 4}, 1, 1), CLEAVE_OK);
    assert_int_equal(desk->back[0], 124);
    bytes[3] = 0x1f; /* a sixteenth */
    assert_int_equal(agree(desk, (clv_bytes){bytes, 4}, 1, 1), CLEAVE_CORRUPT);
}

static void special_codes_do_not_nest(void **state)
{
    struct desk *desk = *state;
    uint8_t bytes[64] = {0};

    for (unsigned code = 0; code < CLV_FAST_WAYS; code++) {
        bytes[0] = CLV_FAST_SHIFT;
        bytes[1] = (uint8_t)code;
        assert_int_equal(agree(desk, (clv_bytes){bytes, 64}, 8, 1),
                         code >= CLV_FAST_PLAIN && code < CLV_FAST_SHIFT
                             ? CLEAVE_OK
                             : CLEAVE_CORRUPT);
    }
}

static void equal_blocks_hold_an_index(void **state)
{
    struct desk *desk = *state;
    const uint8_t none[4] = {CLV_FAST_EQUALS, 0xff, 0xff, 0};
    const uint8_t negative[3] = {CLV_FAST_EQUAL, 0x00, 0x80};

    assert_int_equal(agree(desk, (clv_bytes){none, 4}, 600, 1), CLEAVE_CORRUPT);
    assert_int_equal(agree(desk, (clv_bytes){negative, 3}, 9, 0),
                     CLEAVE_CORRUPT);
    assert_int_equal(agree(desk, (clv_bytes){negative, 3}, 9, 1), CLEAVE_OK);
    assert_int_equal(desk->back[8], 16384);
}

static void room_that_is_too_small_is_said(void **state)
{
    struct desk *desk = *state;
    struct seeded s = seeded_init("room", 8);
    struct clv_buffer tight;

    sample(&s, 1, 0, desk->indices, 9000);
    clv_buffer_init(&tight, 10);
    assert_int_equal(
        clv_fast_encode(CLV_PATH_PORTABLE, desk->indices, 9000, 0, &tight),
        CLEAVE_LIMIT);
    clv_buffer_fini(&tight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(no_block_is_longer_than_its_planes),
        cmocka_unit_test(all_kinds_of_ways_are_met),
        cmocka_unit_test(runs_follow_each_other),
        cmocka_unit_test(flat_tensors_take_a_few_bytes),
        cmocka_unit_test(flat_blocks_are_folded),
        cmocka_unit_test(more_blocks_than_there_are_is_refused),
        cmocka_unit_test(one_great_index_among_small_ones),
        cmocka_unit_test(part_of_a_payload_is_no_payload),
        cmocka_unit_test(any_bytes_are_an_answer_or_an_error),
        cmocka_unit_test(damage_is_an_error_or_other_indices),
        cmocka_unit_test(a_symbol_of_256_is_refused),
        cmocka_unit_test(special_codes_do_not_nest),
        cmocka_unit_test(equal_blocks_hold_an_index),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, make_desk, clear_desk);
}
