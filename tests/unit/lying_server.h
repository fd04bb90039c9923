/*
 * lying_server.h - a server that says it is ready and does not do its work,
 * for tests: on a given port, with any number of connections.
 */
#ifndef LYING_SERVER_H
#define LYING_SERVER_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/listen.h"

#define LYING_MOST 64

/* What it does with an inference. */
enum lie {
    LIE_GARBAGE, /* 200, and bytes that are no frames */
    LIE_BUSY,    /* 503 */
    LIE_ERROR,   /* 500 */
    LIE_MODEL,   /* 412: another model of that name */
    LIE_RESET,   /* half of an answer, and the connection is gone */
    LIE_SILENCE  /* nothing, ever */
};

struct lying_server {
    int listening;
    char sha256[65];
    pthread_t thread;
    int ends[2]; /* a pipe: closing it ends the server */
    _Atomic enum lie lie;
    atomic_int told; /* lies */
    struct pollfd polled[LYING_MOST];
    nfds_t count;
};

static inline void lying_say(int fd, const char *status, const char *body,
                             size_t promised)
{
    char head[200];

    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
             status, promised);
    (void)!send(fd, head, strlen(head), MSG_NOSIGNAL);
    (void)!send(fd, body, strlen(body), MSG_NOSIGNAL);
}

/* Answers an inference; 0 if the connection is to be closed. */
static inline int lying_lie(struct lying_server *l, int fd)
{
    static const char error[] = "{\"error\":\"a lie\",\"code\":\"X\"}";

    atomic_fetch_add(&l->told, 1);
    switch (atomic_load(&l->lie)) {
    case LIE_GARBAGE:
        lying_say(fd, "200 OK", "these are no frames", 19);
        return 1;
    case LIE_BUSY:
        lying_say(fd, "503 Busy\r\nRetry-After: 1", error, strlen(error));
        return 1;
    case LIE_ERROR:
        lying_say(fd, "500 Oh", error, strlen(error));
        return 1;
    case LIE_MODEL:
        lying_say(fd, "412 No", error, strlen(error));
        return 1;
    case LIE_RESET:
        lying_say(fd, "200 OK", "half", 16000);
        return 0;
    default:
        return 1;
    }
}

static inline int lying_answer(struct lying_server *l, int fd)
{
    static const char ready[] = "{\"ready\":true}";
    char request[65536];
    char json[200];
    size_t have = 0;
    size_t body = 0;
    const char *end = NULL;

    while (end == NULL || have < (size_t)(end + 4 - request) + body) {
        const char *length;
        ssize_t n = recv(fd, request + have, sizeof request - 1 - have, 0);
        if (n <= 0) {
            return 0;
        }
        have += (size_t)n;
        request[have] = '\0';
        end = strstr(request, "\r\n\r\n");
        length = end != NULL ? strstr(request, "Content-Length: ") : NULL;
        body = length != NULL ? (size_t)atol(length + 16) : 0;
    }
    if (strncmp(request, "POST", 4) == 0) {
        return lying_lie(l, fd);
    }
    if (strstr(request, "/ready") != NULL) {
        lying_say(fd, "200 OK", ready, strlen(ready));
        return 1;
    }
    snprintf(json, sizeof json,
             "{\"name\":\"chain\",\"parameters\":{\"sha256\":\"%s\"}}",
             l->sha256);
    lying_say(fd, "200 OK", json, strlen(json));
    return 1;
}

static inline void *lying_serve(void *self)
{
    struct lying_server *l = self;

    l->polled[0] = (struct pollfd){.fd = l->ends[0], .events = POLLIN};
    l->polled[1] = (struct pollfd){.fd = l->listening, .events = POLLIN};
    l->count = 2;
    while (poll(l->polled, l->count, -1) > 0 && l->polled[0].revents == 0) {
        if (l->polled[1].revents != 0 && l->count < LYING_MOST) {
            l->polled[l->count++] = (struct pollfd){
                .fd = accept(l->listening, NULL, NULL), .events = POLLIN};
        }
        for (nfds_t i = l->count; i > 2; i--) {
            struct pollfd *p = &l->polled[i - 1];
            if (p->revents != 0 && !lying_answer(l, p->fd)) {
                close(p->fd);
                *p = l->polled[--l->count];
            }
        }
    }
    while (l->count > 2) {
        close(l->polled[--l->count].fd);
    }
    return NULL;
}

/* Starts one on this port of this machine. Returns 0 if all went well. */
static inline int lying_start(struct lying_server *l, uint16_t port,
                              const char *sha256, enum lie lie)
{
    char address[32];

    memset(l, 0, sizeof *l);
    snprintf(l->sha256, sizeof l->sha256, "%s", sha256);
    atomic_init(&l->lie, lie);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    return clv_listen(address, &l->listening, &port, NULL) != CLEAVE_OK ||
           pipe(l->ends) != 0 ||
           pthread_create(&l->thread, NULL, lying_serve, l) != 0;
}

static inline void lying_stop(struct lying_server *l)
{
    close(l->ends[1]);
    pthread_join(l->thread, NULL);
    close(l->ends[0]);
    close(l->listening);
}

#endif
