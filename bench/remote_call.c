/*
 * remote_call.c - one call to a server, against the same bytes over a socket.
 *
 * Two processes are started: a cleave server with a network of three tiny
 * nodes, and an echo that reads and writes 16 KB. This process calls both in
 * turns over loopback: batches of cleave_session_infer (16 KB tensor to a
 * network that computes next to nothing, 16 KB back) and of bare sends and
 * receives of as many bytes. Connections stay open, as they do in use; this
 * side has one core, the other sides have another.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/sections.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "cleave/server.h"
#include "cleave/session.h"
#include "tests/unit/tiny_model.h"

#define BAR 3
#define ELEMENTS 4096
#define PAYLOAD (ELEMENTS * sizeof(float))
#define BATCHES 60
#define CALLS 100

/* A process of ours that listens; it ends when `life` is closed. */
struct peer {
    pid_t pid;
    int life;
    uint16_t port;
};

/* -- Bare sockets -- */

static void must_be(int good, const char *doing)
{
    stage_must(good ? CLEAVE_OK : CLEAVE_IO, NULL, doing);
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        must_be(n > 0, "send");
        data += n;
        size -= (size_t)n;
    }
}

static int receive_all(int fd, char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = recv(fd, data, size, 0);
        if (n <= 0) {
            return 0;
        }
        data += n;
        size -= (size_t)n;
    }
    return 1;
}

static void no_delay(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int listen_anywhere(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must_be(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
                listen(fd, 1) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &size) == 0,
            "listen");
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must_be(fd >= 0 &&
                connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
            "connect");
    no_delay(fd);
    return fd;
}

/* -- Peers -- */

/*
 * Two machines do not share a core. Left alone, the kernel puts two processes
 * that take turns on one core, sometimes, and the ratio measures that.
 */
static void stay_on(int core)
{
    cpu_set_t set;

    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        return;
    }
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    must_be(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static void tell_port(int said, uint16_t port)
{
    must_be(write(said, &port, sizeof port) == sizeof port, "pipe");
    close(said);
}

static void be_echo(int said, int life)
{
    char buffer[PAYLOAD];
    uint16_t port;
    int listener = listen_anywhere(&port);
    int fd;

    (void)life; /* ends with its one connection */
    tell_port(said, port);
    fd = accept(listener, NULL, NULL);
    must_be(fd >= 0, "accept");
    no_delay(fd);
    while (receive_all(fd, buffer, sizeof buffer)) {
        send_all(fd, buffer, sizeof buffer);
    }
}

static void be_server(int said, int life)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_server_options options = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server;
    char models[CLV_PATH_MAX];
    char cache[CLV_PATH_MAX];
    char end;

    stage_cache(cache);
    snprintf(models, sizeof models, "%.2000s/remote", cache);
    options.models = models;
    options.cache = cache;
    options.listen = "127.0.0.1:0";
    stage_must(cleave_server_open(&options, &server, &err), &err, "server");
    tell_port(said, cleave_server_port(server));
    must_be(read(life, &end, 1) == 0, "pipe");
    cleave_server_close(server);
}

static struct peer start(void (*be)(int said, int life))
{
    struct peer peer;
    int said[2];
    int life[2];

    must_be(pipe(said) == 0 && pipe(life) == 0, "pipe");
    peer.pid = fork();
    if (peer.pid == 0) {
        close(life[1]);
        stay_on(1);
        be(said[1], life[0]);
        _exit(0);
    }
    close(said[1]);
    close(life[0]);
    peer.life = life[1];
    must_be(peer.pid > 0 &&
                read(said[0], &peer.port, sizeof peer.port) == sizeof peer.port,
            "starting the other side");
    close(said[0]);
    return peer;
}

static void stop(const struct peer *peer)
{
    close(peer->life);
    waitpid(peer->pid, NULL, 0);
}

/* -- Calls -- */

static void call_bare(int fd, char *buffer, struct tally *times)
{
    for (int i = 0; i < CALLS; i++) {
        int64_t started = tally_now_ns();
        send_all(fd, buffer, PAYLOAD);
        must_be(receive_all(fd, buffer, PAYLOAD), "recv");
        tally_add(times, (double)(tally_now_ns() - started) / 1e3);
    }
}

static void call_session(cleave_session *session, const cleave_tensor *input,
                         struct tally *times, struct tally *shares)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *result;

    for (int i = 0; i < CALLS; i++) {
        int64_t started = tally_now_ns();
        stage_must(cleave_session_infer(session, input, 1, &result, &err), &err,
                   "infer");
        tally_add(times, (double)(tally_now_ns() - started) / 1e3);
        tally_add(&shares[0], (double)result->head_ns / 1e3);
        tally_add(&shares[1], (double)result->transfer_ns / 1e3);
        tally_add(&shares[2], (double)result->tail_ns / 1e3);
        cleave_result_free(result);
    }
}

static cleave_session *open_session(uint16_t port, const char *model,
                                    const char *cache)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_session_options options = CLEAVE_SESSION_OPTIONS_INIT;
    cleave_session *session;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    options.model = model;
    options.server = url;
    options.cut = "input"; /* nothing is computed on this side */
    options.engine = "cpu:threads=1";
    options.cache = cache;
    stage_must(cleave_session_open(&options, &session, &err), &err, "session");
    return session;
}

static void print_row(struct tally *ours, struct tally *bare,
                      struct tally *ratios, struct tally *shares)
{
    static const char *const names[] = {"head_us", "transfer_us", "tail_us"};
    json_t *context = tally_context();

    tally_describe(context, "ours_us", ours);
    tally_describe(context, "bare_us", bare);
    tally_describe(context, "ratios_of_batches", ratios);
    for (int i = 0; i < 3; i++) {
        json_object_set_new(context, names[i],
                            json_real(tally_median(&shares[i])));
    }
    json_object_set_new(context, "payload_bytes", json_integer(PAYLOAD));
    tally_row("first-light.remote-call",
              "remote call of 16 KB / TCP of as many bytes, p50 on loopback",
              tally_median(ours) / tally_median(bare), "x", BAR, context);
}

static void take_turns(cleave_session *session, int fd)
{
    static float data[ELEMENTS];
    static char buffer[PAYLOAD];
    cleave_tensor input = {
        .info = {.name = "x",
                 .type = CLEAVE_TYPE_F32,
                 .rank = 2,
                 .shape = {1, ELEMENTS}},
        .data = data,
        .bytes = sizeof data,
    };
    struct tally all[3];
    struct tally shares[3];

    for (int i = 0; i < 3; i++) {
        tally_init(&all[i], (size_t)BATCHES * CALLS);
        tally_init(&shares[i], (size_t)BATCHES * CALLS);
    }
    for (int batch = -1; batch < BATCHES; batch++) {
        struct tally ours;
        struct tally bare;
        tally_init(&ours, CALLS);
        tally_init(&bare, CALLS);
        call_session(session, &input, &ours, shares);
        call_bare(fd, buffer, &bare);
        for (size_t i = 0; batch >= 0 && i < CALLS; i++) { /* -1 warms up */
            tally_add(&all[0], ours.values[i]);
            tally_add(&all[1], bare.values[i]);
        }
        tally_add(&all[2], tally_median(&ours) / tally_median(&bare));
        tally_fini(&ours);
        tally_fini(&bare);
    }
    print_row(&all[0], &all[1], &all[2], shares);
    for (int i = 0; i < 3; i++) {
        tally_fini(&all[i]);
        tally_fini(&shares[i]);
    }
}

void section_remote_call(void)
{
    char cache[CLV_PATH_MAX];
    char folder[CLV_PATH_MAX];
    char model[CLV_PATH_MAX];
    struct peer server;
    struct peer echo;
    cleave_session *session;
    cpu_set_t before;
    int fd;

    must_be(sched_getaffinity(0, sizeof before, &before) == 0,
            "sched_getaffinity");
    stage_cache(cache);
    snprintf(folder, sizeof folder, "%.2000s/remote", cache);
    snprintf(model, sizeof model, "%.2000s/chain.onnx", folder);
    stage_must(clv_folder_make(folder, NULL), NULL, folder);
    stage_must(tiny_chain_write(model, ELEMENTS) == 0 ? CLEAVE_OK : CLEAVE_IO,
               NULL, model);
    server = start(be_server);
    echo = start(be_echo);
    stay_on(0);
    fd = connect_to(echo.port);
    session = open_session(server.port, model, cache);
    take_turns(session, fd);
    cleave_session_close(session);
    close(fd);
    stop(&server);
    stop(&echo);
    sched_setaffinity(0, sizeof before, &before);
}
