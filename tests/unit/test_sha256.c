/*
 * test_sha256.c - the standard's own examples.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"

static void assert_digest(const char *text, size_t size, const char *want)
{
    struct clv_sha256 hash =
        clv_sha256_of((clv_bytes){(const uint8_t *)text, size});

    assert_string_equal(hash.hex, want);
}

static void known_texts_have_known_digests(void **state)
{
    const char *longer =
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char *million = malloc(1000000);

    (void)state;
    memset(million, 'a', 1000000);
    assert_digest(
        "", 0,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(
        "abc", 3,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest(
        longer, strlen(longer),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_digest(
        million, 1000000,
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void parts_are_one_after_the_other(void **state)
{
    const clv_bytes parts[] = {
        {(const uint8_t *)"a", 1}, {NULL, 0}, {(const uint8_t *)"bc", 2}};

    (void)state;
    assert_string_equal(
        clv_sha256_of_parts(parts, 3).hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_digests),
        cmocka_unit_test(parts_are_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
