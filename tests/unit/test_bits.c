/*
 * test_bits.c - numbers come back as they were written, take the bytes that
 * docs/format.md says, and readers stop where their bytes stop.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/bits.h"
#include "seeded.h"

static struct clv_reader reader_of(const struct clv_buffer *b)
{
    struct clv_reader r;

    clv_reader_init(&r, clv_buffer_bytes(b));
    return r;
}

static void fixed_numbers_are_little_endian(void **state)
{
    const uint8_t want[] = {0xa1, 0x02, 0xb1, 0x04, 0x03, 0x02,
                            0xc1, 0x00, 0x00, 0x80, 0xbf};
    struct clv_buffer b;
    struct clv_reader r;

    (void)state;
    clv_buffer_init(&b, 100);
    clv_put_u8(&b, 0xa1);
    clv_put_u16(&b, 0xb102);
    clv_put_u32(&b, 0xc1020304);
    clv_put_f32(&b, -1.0f);
    assert_int_equal(b.size, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    r = reader_of(&b);
    assert_int_equal(clv_read_u8(&r), 0xa1);
    assert_int_equal(clv_read_u16(&r), 0xb102);
    assert_int_equal(clv_read_u32(&r), 0xc1020304);
    assert_true(clv_read_f32(&r) == -1.0f);
    assert_int_equal(clv_reader_left(&r), 0);
    assert_false(r.failed);
    clv_buffer_fini(&b);
}

static void what_lacks_reads_as_zero_and_is_told(void **state)
{
    const uint8_t bytes[] = {0xff, 0xff, 0xff};

    (void)state;
    for (size_t size = 0; size < 4; size++) {
        struct clv_reader r;
        clv_reader_init(&r, (clv_bytes){bytes, size});
        assert_int_equal(clv_read_u32(&r), (1u << 8 * size) - 1);
        assert_true(r.failed);
        assert_int_equal(clv_reader_left(&r), 0);
    }
    for (int i = 0; i < 2; i++) {
        struct clv_reader r;
        clv_reader_init(&r, (clv_bytes){NULL, 0});
        assert_int_equal(i == 0 ? clv_read_u8(&r) : clv_read_varint(&r), 0);
        assert_true(r.failed);
    }
}

static void a_varint_has_one_form(void **state)
{
    static const struct {
        uint64_t value;
        size_t size;
    } known[] = {{0, 1},
                 {127, 1},
                 {128, 2},
                 {16383, 2},
                 {16384, 3},
                 {INT32_MAX, 5},
                 {((uint64_t)1 << 56) - 1, 8},
                 {(uint64_t)1 << 56, 9},
                 {INT64_MAX, 9}};
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 100);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct clv_reader r;
        clv_buffer_reset(&b);
        clv_put_varint(&b, known[i].value);
        assert_int_equal(b.size, known[i].size);
        r = reader_of(&b);
        assert_int_equal(clv_read_varint(&r), known[i].value);
        assert_false(r.failed);
        r = (struct clv_reader){b.data, b.data + b.size - 1, 0};
        (void)clv_read_varint(&r);
        assert_true(r.failed);
    }
    clv_buffer_fini(&b);
}

static void any_varint_comes_back(void **state)
{
    struct seeded s = seeded_init("varints", 1);
    struct clv_buffer b;
    uint64_t values[200];
    struct clv_reader r;

    (void)state;
    clv_buffer_init(&b, 4096);
    for (size_t i = 0; i < 200; i++) {
        uint64_t value = (uint64_t)seeded_next(&s) << 32 | seeded_next(&s);
        values[i] = value >> (1 + seeded_below(&s, 63));
        clv_put_varint(&b, values[i]);
    }
    r = reader_of(&b);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(clv_read_varint(&r), values[i]);
    }
    assert_false(r.failed);
    assert_int_equal(clv_reader_left(&r), 0);
    clv_buffer_fini(&b);
}

static void long_forms_and_64_bits_are_no_varints(void **state)
{
    static const struct {
        uint8_t bytes[10];
        size_t size;
    } bad[] = {
        {{0x80, 0x00}, 2},
        {{0xff, 0x80, 0x00}, 3},
        {{0x80}, 1},
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 10},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}, 10}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct clv_reader r;
        clv_reader_init(&r, (clv_bytes){bad[i].bytes, bad[i].size});
        (void)clv_read_varint(&r);
        assert_true(r.failed);
    }
}

static void signs_go_back_and_forth(void **state)
{
    const int64_t edges[] = {0,         1,         -1,        2,
                             INT32_MIN, INT64_MAX, INT64_MIN, INT64_MIN + 1};

    (void)state;
    assert_int_equal(clv_zigzag(5), 10);
    assert_int_equal(clv_zigzag(-5), 9);
    assert_int_equal(clv_zigzag(0), 0);
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        assert_int_equal(clv_unzigzag(clv_zigzag(edges[i])), edges[i]);
    }
}

static void bits_fill_bytes_from_below(void **state)
{
    const uint8_t want[] = {0x0d, 0xff, 0x01};
    struct clv_buffer b;
    struct clv_bit_writer w;

    (void)state;
    clv_buffer_init(&b, 100);
    clv_bit_writer_init(&w, &b);
    clv_put_bits(&w, 1, 1);
    clv_put_bits(&w, 2, 2);
    clv_put_bits(&w, 1, 5);
    clv_put_bits(&w, 0, 0);
    clv_put_bits(&w, 0x1ff, 9);
    clv_bit_writer_end(&w);
    assert_int_equal(b.size, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    clv_buffer_fini(&b);
}

static void any_run_of_bits_comes_back(void **state)
{
    struct seeded s = seeded_init("bits", 2);
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1 << 16);
    for (int round = 0; round < 300; round++) {
        uint32_t values[100];
        unsigned counts[100];
        size_t n = seeded_below(&s, 100);
        struct clv_bit_writer w;
        struct clv_bit_reader bits;
        struct clv_reader r;
        clv_buffer_reset(&b);
        clv_bit_writer_init(&w, &b);
        for (size_t i = 0; i < n; i++) {
            counts[i] = seeded_below(&s, 33);
            values[i] = counts[i] > 0 ? seeded_next(&s) >> (32 - counts[i]) : 0;
            clv_put_bits(&w, values[i], counts[i]);
        }
        clv_bit_writer_end(&w);
        r = reader_of(&b);
        clv_bit_reader_init(&bits, &r);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(clv_read_bits(&bits, counts[i]), values[i]);
        }
        clv_bit_reader_end(&bits);
        assert_false(r.failed);
        assert_int_equal(clv_reader_left(&r), 0);
    }
    clv_buffer_fini(&b);
}

static void the_rest_of_the_last_byte_is_zero(void **state)
{
    (void)state;
    for (unsigned used = 1; used < 8; used++) {
        for (unsigned bit = used; bit < 8; bit++) {
            uint8_t byte = (uint8_t)(1u << bit);
            struct clv_bit_reader bits;
            struct clv_reader r;
            clv_reader_init(&r, (clv_bytes){&byte, 1});
            clv_bit_reader_init(&bits, &r);
            assert_int_equal(clv_read_bits(&bits, used), 0);
            clv_bit_reader_end(&bits);
            assert_true(r.failed);
        }
    }
}

static void writers_keep_the_buffers_error(void **state)
{
    struct clv_bit_writer w;
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 3);
    clv_put_u16(&b, 1);
    clv_put_u16(&b, 1);
    clv_bit_writer_init(&w, &b);
    clv_put_bits(&w, 1, 1);
    clv_bit_writer_end(&w);
    assert_int_equal(clv_buffer_status(&b), CLEAVE_LIMIT);
    assert_int_equal(b.size, 2);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_numbers_are_little_endian),
        cmocka_unit_test(what_lacks_reads_as_zero_and_is_told),
        cmocka_unit_test(a_varint_has_one_form),
        cmocka_unit_test(any_varint_comes_back),
        cmocka_unit_test(long_forms_and_64_bits_are_no_varints),
        cmocka_unit_test(signs_go_back_and_forth),
        cmocka_unit_test(bits_fill_bytes_from_below),
        cmocka_unit_test(any_run_of_bits_comes_back),
        cmocka_unit_test(the_rest_of_the_last_byte_is_zero),
        cmocka_unit_test(writers_keep_the_buffers_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
