/*
 * test_listen.c - addresses in words, and sockets from them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/listen.h"

static void addresses_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      ":8700",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:65536",
                                      "::1:8700",
                                      "[::1]8700",
                                      "[]:1",
                                      "127.0.0.1:-1",
                                      "127.0.0.1: 1"};
    uint16_t port = 42;
    int fd = -1;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cleave_error error = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_listen(bad[i], &fd, &port, &error),
                         CLEAVE_INVALID);
        assert_non_null(strstr(error.text, "HOST:PORT"));
    }
    assert_int_equal(clv_listen("host.invalid:1", &fd, &port, NULL),
                     CLEAVE_INVALID);
    assert_int_equal(port, 42);
}

static void a_port_is_taken_once(void **state)
{
    char address[32];
    uint16_t port = 0;
    uint16_t other = 0;
    int fd = -1;
    int second = -1;

    (void)state;
    assert_int_equal(clv_listen("127.0.0.1:0", &fd, &port, NULL), CLEAVE_OK);
    assert_int_not_equal(port, 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    assert_int_equal(clv_listen(address, &second, &other, NULL), CLEAVE_IO);
    close(fd);
    assert_int_equal(clv_listen(address, &second, &other, NULL), CLEAVE_OK);
    assert_int_equal(other, port);
    close(second);
}

static void ipv6_stands_in_brackets(void **state)
{
    uint16_t port = 0;
    int fd = -1;
    cleave_status status = clv_listen("[::1]:0", &fd, &port, NULL);

    (void)state;
    if (status == CLEAVE_IO || status == CLEAVE_INVALID) {
        print_message("skipped: this machine has no IPv6\n");
        skip();
    }
    assert_int_equal(status, CLEAVE_OK);
    assert_int_not_equal(port, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_are_none_are_refused),
        cmocka_unit_test(a_port_is_taken_once),
        cmocka_unit_test(ipv6_stands_in_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
