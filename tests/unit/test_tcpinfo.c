/*
 * test_tcpinfo.c - a live connection knows its round trip; what is none
 * knows nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/tcpinfo.h"

static void a_connection_that_was_used_is_known(void **state)
{
    static char bytes[1 << 18];
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    int near = socket(AF_INET, SOCK_STREAM, 0);
    int far;
    struct clv_tcp_info info;

    (void)state;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listening, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listening, 1), 0);
    getsockname(listening, (struct sockaddr *)&a, &size);
    assert_int_equal(connect(near, (const struct sockaddr *)&a, sizeof a), 0);
    far = accept(listening, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        ssize_t sent = send(near, bytes, sizeof bytes, MSG_DONTWAIT);
        assert_true(sent > 0);
        assert_int_equal(recv(far, bytes, (size_t)sent, MSG_WAITALL), sent);
    }
    info = clv_tcp_info_of(near);
    assert_true(info.rtt_ns > 0 && info.rtt_ns < 1e9);
    assert_true(info.rate_bps > 0);
    close(near);
    close(far);
    close(listening);
}

static void what_is_no_connection_is_unknown(void **state)
{
    int ends[2];
    int none[] = {-1, 0};

    (void)state;
    assert_int_equal(pipe(ends), 0);
    none[1] = ends[0];
    for (int i = 0; i < 2; i++) {
        struct clv_tcp_info info = clv_tcp_info_of(none[i]);
        assert_true(info.rtt_ns < 0 && info.rate_bps < 0);
        assert_int_equal(info.is_limited, 0);
    }
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_was_used_is_known),
        cmocka_unit_test(what_is_no_connection_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
