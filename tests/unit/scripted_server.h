/*
 * scripted_server.h - a server that says what a test wrote down, whatever it
 * is asked: real sockets, real bytes.
 */
#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/listen.h"

/* A server that reads one request and answers with what it was given. */
struct script {
    int listening;
    uint16_t port;
    char url[64];
    const char *answer; /* NULL: hold the connection until released */
    size_t answer_size;
    size_t received; /* bytes of the request */
    char request[200000];
    pthread_t thread;
    int is_done;    /* the thread has been joined */
    int release[2]; /* a pipe: closing its end lets the server go on */
};

static inline size_t script_body_length(const char *request)
{
    const char *own = strstr(request, "\r\nContent-Length: ");

    return own != NULL ? (size_t)atol(own + 18) : 0;
}

static inline void script_read(struct script *s, int fd)
{
    const char *end = NULL;

    while (end == NULL || s->received < (size_t)(end + 4 - s->request) +
                                            script_body_length(s->request)) {
        ssize_t n = recv(fd, s->request + s->received,
                         sizeof s->request - 1 - s->received, 0);
        if (n <= 0) {
            return;
        }
        s->received += (size_t)n;
        s->request[s->received] = '\0';
        end = strstr(s->request, "\r\n\r\n");
    }
}

static inline void *script_serve(void *self)
{
    struct script *s = self;
    int fd = accept(s->listening, NULL, NULL);
    char byte;

    script_read(s, fd);
    if (s->answer == NULL) {
        (void)!read(s->release[0], &byte, 1);
    } else {
        size_t sent = 0;
        while (sent < s->answer_size) {
            ssize_t n =
                send(fd, s->answer + sent, s->answer_size - sent, MSG_NOSIGNAL);
            if (n <= 0) {
                break;
            }
            sent += (size_t)n;
        }
    }
    shutdown(fd, SHUT_RDWR);
    close(fd);
    return NULL;
}

static inline struct script *script_start(const char *answer)
{
    struct script *s = calloc(1, sizeof *s);

    assert_int_equal(clv_listen("127.0.0.1:0", &s->listening, &s->port, NULL),
                     CLEAVE_OK);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", s->port);
    s->answer = answer;
    s->answer_size = answer != NULL ? strlen(answer) : 0;
    assert_int_equal(pipe(s->release), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, script_serve, s), 0);
    return s;
}

/* Waits until it has answered; what it received may be read then. */
static inline void script_wait(struct script *s)
{
    if (!s->is_done) {
        pthread_join(s->thread, NULL);
        s->is_done = 1;
    }
}

static inline void script_end(struct script *s)
{
    close(s->release[1]);
    script_wait(s);
    close(s->release[0]);
    close(s->listening);
    free(s);
}

#endif
