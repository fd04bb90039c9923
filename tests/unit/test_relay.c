/*
 * test_relay.c - real connections through an emulated link: bytes come
 * through whole, at no more than the rate; ends and resets are passed on; in
 * an outage nothing moves and nothing breaks.
 *
 * The test itself is sender and target. Times are only ever asserted from
 * below, as what the link forbids.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "link/relay.h"

#define PATIENCE_MS 60000
#define MS ((int64_t)1000000)

struct bed {
    struct clv_relay *relay;
    int listener; /* the target's */
    char to[32];
};

static void begin(struct bed *bed, struct clv_relay_options options)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    uint16_t port;

    assert_int_equal(clv_listen("127.0.0.1:0", &bed->listener, &port, NULL),
                     CLEAVE_OK);
    snprintf(bed->to, sizeof bed->to, "127.0.0.1:%u", port);
    options.to = bed->to;
    if (clv_relay_open(&options, &bed->relay, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void end(struct bed *bed)
{
    clv_relay_close(bed->relay);
    close(bed->listener);
}

static int64_t now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

static void await(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    if (poll(&p, 1, PATIENCE_MS) != 1) {
        fail_msg("waited in vain for a socket");
    }
}

static int nothing_yet(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

/* What the relay has counted; a test that asks for ever gives up. */
static struct clv_relay_counts ask(const struct bed *bed)
{
    struct clv_relay_counts counts;

    clv_relay_count(bed->relay, &counts);
    if (counts.since_ns > PATIENCE_MS * MS) {
        fail_msg("waited in vain for the relay");
    }
    return counts;
}

/* A sender's connection; not blocking. */
static int dial(const struct bed *bed)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int small = 16384;

    address.sin_port = htons(clv_relay_port(bed->relay));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int take(const struct bed *bed)
{
    int fd;

    await(bed->listener, POLLIN);
    fd = accept(bed->listener, NULL, NULL);
    assert_true(fd >= 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

static void assert_hears(int fd, const char *text)
{
    char heard[64] = "";
    size_t length = 0;

    while (length < strlen(text)) {
        ssize_t n;
        await(fd, POLLIN);
        n = recv(fd, heard + length, strlen(text) - length, 0);
        assert_true(n > 0);
        length += (size_t)n;
    }
    assert_string_equal(heard, text);
}

static void assert_hears_end(int fd)
{
    char byte;

    await(fd, POLLIN);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void assert_hears_reset(int fd)
{
    char byte;

    await(fd, POLLIN);
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* Byte `at` of what flows through connection `which`. */
static uint8_t byte_of(size_t at, int which)
{
    return (uint8_t)((at * 2654435761u >> 11) + (unsigned)which);
}

/* What is to flow in one direction, and how far it is. */
struct flow {
    int from;
    int to;
    int which;
    size_t size;
    size_t sent;
    size_t heard;
    int64_t done_ns;
};

static void pump(struct flow *f)
{
    uint8_t block[4096];
    size_t more =
        f->size - f->sent < sizeof block ? f->size - f->sent : sizeof block;
    ssize_t n;

    for (size_t i = 0; i < more; i++) {
        block[i] = byte_of(f->sent + i, f->which);
    }
    n = more > 0 ? send(f->from, block, more, MSG_NOSIGNAL) : 0;
    f->sent += n > 0 ? (size_t)n : 0;
    if (f->sent == f->size && more > 0) {
        shutdown(f->from, SHUT_WR);
    }
    while ((n = recv(f->to, block, sizeof block, 0)) > 0) {
        for (size_t i = 0; i < (size_t)n; i++) {
            assert_int_equal(block[i], byte_of(f->heard + i, f->which));
        }
        f->heard += (size_t)n;
    }
    if (n == 0 && f->done_ns == 0) {
        assert_int_equal(f->heard, f->size);
        f->done_ns = now_ns();
    }
}

/* Until each flow has ended. */
static void pump_all(struct flow *flows, size_t count)
{
    struct pollfd polls[32];
    size_t done = 0;

    while (done < count) {
        done = 0;
        for (size_t i = 0; i < count; i++) {
            pump(&flows[i]);
            done += flows[i].done_ns != 0;
            polls[2 * i] = (struct pollfd){.fd = flows[i].to, .events = POLLIN};
            polls[2 * i + 1] =
                (struct pollfd){.fd = flows[i].from, .events = POLLOUT};
            polls[2 * i].fd = flows[i].done_ns ? -1 : polls[2 * i].fd;
            polls[2 * i + 1].fd =
                flows[i].sent == flows[i].size ? -1 : polls[2 * i + 1].fd;
        }
        assert_true(done == count || poll(polls, 2 * count, PATIENCE_MS) > 0);
    }
}

static void bytes_come_through_both_ways(void **state)
{
    struct bed bed;
    struct flow flows[8] = {0};
    struct clv_relay_counts counts;

    (void)state;
    begin(&bed, (struct clv_relay_options){.delay_ns = MS});
    for (int i = 0; i < 8; i += 2) {
        int near = dial(&bed);
        int far = take(&bed);
        flows[i] = (struct flow){near, far, i, 3000000 + (size_t)i, 0, 0, 0};
        flows[i + 1] = (struct flow){far, near, i + 1, 1000000, 0, 0, 0};
    }
    pump_all(flows, 8);
    clv_relay_count(bed.relay, &counts);
    assert_int_equal(counts.up_bytes, 4 * 3000000 + 0 + 2 + 4 + 6);
    assert_int_equal(counts.down_bytes, 4 * 1000000);
    assert_true(counts.up_counted > counts.up_bytes);
    assert_true(isinf(counts.up_bps) && isinf(counts.down_bps));
    for (int i = 0; i < 8; i += 2) {
        close(flows[i].from);
        close(flows[i].to);
    }
    end(&bed);
}

static void no_more_passes_than_the_rate_allows(void **state)
{
    struct bed bed;
    struct flow flows[2] = {0};
    int64_t began_ns;

    (void)state;
    /* a megabyte a second up, half of it down; 20 ms there, 20 ms back */
    begin(&bed, (struct clv_relay_options){.up_bps = 8e6,
                                           .down_bps = 4e6,
                                           .delay_ns = 20 * MS,
                                           .payload_only = 1});
    began_ns = now_ns();
    flows[0] = (struct flow){dial(&bed), -1, 0, 100000, 0, 0, 0};
    flows[0].to = take(&bed);
    flows[1] = (struct flow){flows[0].to, flows[0].from, 1, 100000, 0, 0, 0};
    pump_all(flows, 2);
    /* a round trip for the handshake, another way for the bytes */
    assert_true(flows[0].done_ns - began_ns >= 100 * MS + 60 * MS);
    assert_true(flows[1].done_ns - began_ns >= 200 * MS + 20 * MS);
    close(flows[0].from);
    close(flows[0].to);
    end(&bed);
}

static void senders_are_held_back(void **state)
{
    struct bed bed;
    struct clv_relay_counts counts;
    char block[4096] = {0};
    size_t taken = 0;
    int near;
    int far;

    (void)state;
    begin(&bed, (struct clv_relay_options){.queue_bytes = 20000});
    near = dial(&bed);
    far = take(&bed);
    say(near, "before"); /* so that the connection stands on both sides */
    assert_hears(far, "before");
    clv_relay_cut(bed.relay, 1);
    do {
        ssize_t n = send(near, block, sizeof block, MSG_NOSIGNAL);
        if (n > 0) {
            taken += (size_t)n;
            assert_true(taken < 1000000);
        }
        counts = ask(&bed);
    } while (counts.up_waiting < 20000 ||
             send(near, block, sizeof block, MSG_NOSIGNAL) >= 0);
    assert_true(counts.up_waiting < 50000);
    close(near);
    close(far);
    end(&bed);
}

static void in_an_outage_nothing_moves_and_nothing_breaks(void **state)
{
    struct bed bed;
    struct clv_relay_counts counts;
    int near;
    int far;
    int late;
    int taken;

    (void)state;
    begin(&bed, (struct clv_relay_options){.up_bps = 1e9});
    near = dial(&bed);
    far = take(&bed);
    say(near, "before");
    assert_hears(far, "before");
    clv_relay_cut(bed.relay, 1);
    say(near, "during");
    say(far, "back");
    late = dial(&bed);
    say(late, "late");
    do { /* until all of it stands in the queues */
        counts = ask(&bed);
    } while (counts.up_waiting < 6 + 66 + 66 || counts.down_waiting < 4 + 66);
    assert_true(counts.up_bps == 0 && counts.down_bps == 0);
    assert_int_equal(counts.connections, 2);
    assert_true(nothing_yet(far) && nothing_yet(near));
    assert_true(nothing_yet(bed.listener));
    clv_relay_cut(bed.relay, 0);
    assert_hears(far, "during");
    assert_hears(near, "back");
    taken = take(&bed);
    assert_hears(taken, "late");
    close(near);
    close(far);
    close(late);
    close(taken);
    end(&bed);
}

static void ends_and_resets_are_passed_on(void **state)
{
    struct bed bed;
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct clv_relay_counts counts;
    int near;
    int far;

    (void)state;
    begin(&bed, (struct clv_relay_options){.up_bps = 1e7, .delay_ns = MS});
    near = dial(&bed);
    far = take(&bed);
    say(near, "question");
    shutdown(near, SHUT_WR);
    assert_hears(far, "question");
    assert_hears_end(far);
    say(far, "answer"); /* the other half is open still */
    close(far);
    assert_hears(near, "answer");
    assert_hears_end(near);
    close(near);

    near = dial(&bed);
    far = take(&bed);
    setsockopt(near, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(near);
    assert_hears_reset(far);
    close(far);

    near = dial(&bed);
    far = take(&bed);
    setsockopt(far, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(far);
    assert_hears_reset(near);
    close(near);

    close(bed.listener); /* nobody is there any more */
    near = dial(&bed);
    assert_hears_reset(near);
    close(near);
    do {
        counts = ask(&bed);
    } while (counts.connections > 0);
    bed.listener = -1;
    end(&bed);
}

static void connections_above_the_limit_wait(void **state)
{
    struct bed bed;
    int near[2];
    int far;

    (void)state;
    begin(&bed, (struct clv_relay_options){.connections = 1});
    near[0] = dial(&bed);
    far = take(&bed);
    near[1] = dial(&bed);
    say(near[1], "second");
    say(near[0], "first");
    assert_hears(far, "first");
    assert_true(nothing_yet(bed.listener));
    close(near[0]);
    close(far);
    far = take(&bed);
    assert_hears(far, "second");
    close(near[1]);
    close(far);
    end(&bed);
}

static void rates_and_delays_change(void **state)
{
    struct bed bed;
    struct clv_relay_counts counts;
    int64_t began_ns;
    int near;
    int far;

    (void)state;
    begin(&bed, (struct clv_relay_options){.up_bps = 1000}); /* crawls */
    clv_relay_set_rate(bed.relay, 8e6, 0);
    clv_relay_count(bed.relay, &counts);
    assert_true(counts.up_bps == 8e6 && counts.down_bps == 32e6);
    clv_relay_set_rate(bed.relay, 8e6, 5e6);
    clv_relay_count(bed.relay, &counts);
    assert_true(counts.down_bps == 5e6);
    clv_relay_set_rate(bed.relay, 0, 0);
    clv_relay_count(bed.relay, &counts);
    assert_true(isinf(counts.up_bps) && isinf(counts.down_bps));
    near = dial(&bed);
    far = take(&bed);
    clv_relay_set_delay(bed.relay, 30 * MS);
    began_ns = now_ns();
    say(near, "question");
    assert_hears(far, "question");
    say(far, "answer");
    assert_hears(near, "answer");
    assert_true(now_ns() - began_ns >= 60 * MS);
    close(near);
    close(far);
    end(&bed);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct clv_relay_options bad[] = {
        {.to = NULL},
        {.to = "nowhere"},
        {.to = "127.0.0.1:1", .listen = "127.0.0.1"},
        {.to = "127.0.0.1:1", .up_bps = -1},
        {.to = "127.0.0.1:1", .up_bps = NAN},
        {.to = "127.0.0.1:1", .down_bps = -1},
        {.to = "127.0.0.1:1", .delay_ns = -1},
        {.to = "127.0.0.1:1", .delay_ns = INT64_MAX},
        {.to = "127.0.0.1:1", .queue_bytes = UINT64_MAX},
    };
    struct clv_relay *relay = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_relay_open(&bad[i], &relay, &err), CLEAVE_INVALID);
        assert_true(strlen(err.text) > 0);
    }
    assert_null(relay);
    clv_relay_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_through_both_ways),
        cmocka_unit_test(no_more_passes_than_the_rate_allows),
        cmocka_unit_test(senders_are_held_back),
        cmocka_unit_test(in_an_outage_nothing_moves_and_nothing_breaks),
        cmocka_unit_test(ends_and_resets_are_passed_on),
        cmocka_unit_test(connections_above_the_limit_wait),
        cmocka_unit_test(rates_and_delays_change),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
