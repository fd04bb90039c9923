/*
 * test_address.c - addresses in words: found, and what is no address.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "base/address.h"

static void an_address_is_found(void **state)
{
    struct addrinfo *found;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    (void)state;
    assert_int_equal(clv_address_find("127.0.0.1:8700", 0, &found, NULL),
                     CLEAVE_OK);
    assert_int_equal(found->ai_family, AF_INET);
    memcpy(&v4, found->ai_addr, sizeof v4);
    assert_int_equal(ntohs(v4.sin_port), 8700);
    freeaddrinfo(found);
    assert_int_equal(clv_address_find("[::1]:65535", 1, &found, NULL),
                     CLEAVE_OK);
    assert_int_equal(found->ai_family, AF_INET6);
    memcpy(&v6, found->ai_addr, sizeof v6);
    assert_int_equal(ntohs(v6.sin6_port), 65535);
    freeaddrinfo(found);
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "",      "localhost",   ":80",           "::1:80",
        "a:",    "a:http",      "a:123456",      "a:65536",
        "[::1]", "127.0.0.1:-", "host.invalid:1"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct addrinfo *found = NULL;
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_address_find(bad[i], 0, &found, &err),
                         CLEAVE_INVALID);
        assert_string_equal(err.where, bad[i]);
        assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_found),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
