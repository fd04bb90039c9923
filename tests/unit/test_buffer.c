/*
 * test_buffer.c - a buffer grows, stops at its maximum, and remembers why.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"

static void content_survives_growing(void **state)
{
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    for (uint32_t i = 0; i < 10000; i++) {
        assert_int_equal(clv_buffer_append(&b, &i, sizeof i), CLEAVE_OK);
    }
    assert_int_equal(clv_buffer_bytes(&b).size, 40000);
    for (uint32_t i = 0; i < 10000; i++) {
        assert_memory_equal(clv_buffer_bytes(&b).data + 4 * (size_t)i, &i, 4);
    }
    clv_buffer_fini(&b);
    assert_int_equal(clv_buffer_bytes(&b).size, 0);
}

static void the_last_byte_fits_and_the_next_does_not(void **state)
{
    struct clv_buffer b;
    uint8_t bytes[1000] = {0};

    (void)state;
    clv_buffer_init(&b, 1000);
    assert_int_equal(clv_buffer_append(&b, bytes, 999), CLEAVE_OK);
    assert_int_equal(clv_buffer_append(&b, bytes, 1), CLEAVE_OK);
    assert_int_equal(clv_buffer_append(&b, bytes, 1), CLEAVE_LIMIT);
    assert_int_equal(b.size, 1000);
    assert_true(b.capacity <= 1000);
    clv_buffer_fini(&b);
    assert_int_equal(clv_buffer_reserve(&b, SIZE_MAX), CLEAVE_LIMIT);
    clv_buffer_fini(&b);
}

static void an_error_sticks_until_reset(void **state)
{
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 10);
    assert_int_equal(clv_buffer_append(&b, "0123456789a", 11), CLEAVE_LIMIT);
    assert_int_equal(clv_buffer_append(&b, "a", 1), CLEAVE_LIMIT);
    assert_int_equal(clv_buffer_printf(&b, "a"), CLEAVE_LIMIT);
    assert_int_equal(clv_buffer_status(&b), CLEAVE_LIMIT);
    clv_buffer_reset(&b);
    assert_int_equal(clv_buffer_status(&b), CLEAVE_OK);
    assert_int_equal(clv_buffer_append(&b, "a", 1), CLEAVE_OK);
    clv_buffer_fini(&b);
}

static void formatted_text_is_appended(void **state)
{
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 1000);
    clv_buffer_append(&b, "a=", 2);
    assert_int_equal(clv_buffer_printf(&b, "%d,%s", 42, "text"), CLEAVE_OK);
    assert_int_equal(b.size, 9);
    assert_memory_equal(b.data, "a=42,text", 9);
    assert_int_equal(clv_buffer_printf(&b, "%2000d", 1), CLEAVE_LIMIT);
    assert_int_equal(b.size, 9);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_survives_growing),
        cmocka_unit_test(the_last_byte_fits_and_the_next_does_not),
        cmocka_unit_test(an_error_sticks_until_reset),
        cmocka_unit_test(formatted_text_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
