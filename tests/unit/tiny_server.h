/*
 * tiny_server.h - a real server on a free port, with tiny models, for tests.
 *
 * Its hook is a gate: while the gate is shut, workers stop before they
 * compute, so that a test sees a request at work for as long as it needs.
 * A folder that the machine cannot give fails the test at once.
 */
#ifndef TINY_SERVER_H
#define TINY_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "serve/service.h"
#include "tiny_model.h"

#define TINY_SIZE 4096
#define TINY_PATIENCE_S 60 /* of a test that would otherwise hang */

struct tiny_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut;
    int entered; /* runs that came to the gate */
};

struct tiny_server {
    char folder[64];
    char models[96];
    char cache[96];
    char url[64];
    uint16_t port;
    struct tiny_gate gate;
    cleave_server *server;
};

static inline void tiny_gate_pass(void *self)
{
    struct tiny_gate *gate = self;

    pthread_mutex_lock(&gate->lock);
    gate->entered++;
    pthread_cond_broadcast(&gate->changed);
    while (gate->shut) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

static inline void tiny_gate_set(struct tiny_gate *gate, bool shut)
{
    pthread_mutex_lock(&gate->lock);
    gate->shut = shut;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

/* Waits until `count` runs have come to the gate. */
static inline void tiny_gate_await(struct tiny_gate *gate, int count)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->entered < count) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

static inline int tiny_gate_entered(struct tiny_gate *gate)
{
    int entered;

    pthread_mutex_lock(&gate->lock);
    entered = gate->entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

/* A folder with models/chain.onnx, models/pair.onnx and a broken one. */
static inline void tiny_folder_make(struct tiny_server *t)
{
    char path[128];
    FILE *file;

    strcpy(t->folder, "/tmp/cleave-test-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    snprintf(t->models, sizeof t->models, "%s/models", t->folder);
    snprintf(t->cache, sizeof t->cache, "%s/cache", t->folder);
    snprintf(path, sizeof path, "mkdir %s", t->models);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/chain.onnx", t->models);
    assert_int_equal(tiny_chain_write(path, TINY_SIZE), 0);
    snprintf(path, sizeof path, "%s/pair.onnx", t->models);
    assert_int_equal(tiny_pair_write(path, 2), 0);
    snprintf(path, sizeof path, "%s/broken.onnx", t->models);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("This is not a network.", file);
    fclose(file);
}

static inline void tiny_folder_remove(struct tiny_server *t)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", t->folder);
    assert_int_equal(system(command), 0);
}

/* Starts a server; `options` may preset what the test is about. */
static inline void tiny_server_open(struct tiny_server *t,
                                    cleave_server_options options)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_serve_hook hook = {tiny_gate_pass, &t->gate};

    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->gate.lock, NULL);
    pthread_cond_init(&t->gate.changed, NULL);
    tiny_folder_make(t);
    options.models = t->models;
    options.cache = t->cache;
    options.listen = "127.0.0.1:0";
    if (options.workers == 0) {
        options.workers = 2;
    }
    if (clv_server_open_hooked(&options, hook, &t->server, &error) !=
        CLEAVE_OK) {
        fail_msg("server: %s: %s", error.where, error.text);
    }
    t->port = cleave_server_port(t->server);
    snprintf(t->url, sizeof t->url, "http://127.0.0.1:%u", t->port);
}

static inline void tiny_server_close(struct tiny_server *t)
{
    tiny_gate_set(&t->gate, false);
    cleave_server_close(t->server);
    pthread_cond_destroy(&t->gate.changed);
    pthread_mutex_destroy(&t->gate.lock);
    tiny_folder_remove(t);
}

/* A connection to a port of this machine. */
static inline int tiny_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = TINY_PATIENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void tiny_send(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        assert_true(n > 0);
        at += n;
        size -= (size_t)n;
    }
}

static inline void tiny_send_text(int fd, const char *text)
{
    tiny_send(fd, text, strlen(text));
}

/* Reads until the other side closes; ends with a zero. Returns the length. */
static inline size_t tiny_receive_all(int fd, char *into, size_t room)
{
    size_t have = 0;
    ssize_t n;

    while (have < room - 1 &&
           (n = recv(fd, into + have, room - 1 - have, 0)) > 0) {
        have += (size_t)n;
    }
    into[have] = '\0';
    return have;
}

/* Sends text on a connection of its own and reads all that comes back. */
static inline size_t tiny_talk(uint16_t port, const char *text, char *into,
                               size_t room)
{
    int fd = tiny_connect(port);
    size_t size;

    tiny_send_text(fd, text);
    size = tiny_receive_all(fd, into, room);
    close(fd);
    return size;
}

#endif
