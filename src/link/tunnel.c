/*
 * tunnel.c - the connections of a relay.
 *
 * Events are edges: an end that may be read goes to its shaper's list of ready
 * ends and stays there, taking turns, until its socket is empty. A piece is
 * one reading of a socket, about a millisecond of the link at most, so that
 * turns are short; it is allocated to its size, read into a scratch buffer
 * first.
 *
 * One end's life:
 *
 *     accepted or connected -> opened -> read until 0 bytes: ended
 *                                     -> the other's end arrived: shut
 *     ended and shut, both ends -> closed;  broken at any time -> closed,
 *     and a reset travels to the other end
 *
 * An end that is not read by its peer holds at most BACKLOG bytes and what is
 * under way; then its source is paused.
 */
#include "link/tunnel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG ((size_t)256 << 10)
#define MOST_HELD ((size_t)64 << 20)
#define MOST_TURNS 64  /* of reading, before what has arrived is delivered */
#define MOST_ROUNDS 16 /* before events are looked at again */
#define TCP_OPTIONS 12 /* timestamps, which the segment size includes */

enum kind { DATA, END, RESET, OPEN, OPENED };

struct piece {
    struct clv_piece base;
    struct clv_tunnel *tunnel;
    enum kind kind;
    uint32_t done; /* bytes of `data` that the socket has taken */
    uint8_t data[];
};

struct clv_tunnel_end {
    struct clv_tunnel *tunnel;
    struct clv_tunnel_end *next_ready;
    int fd; /* -1: none, yet or any more */
    struct clv_piece_list unsent;
    size_t unsent_bytes;
    unsigned opened : 1;   /* may be read */
    unsigned readable : 1; /* perhaps */
    unsigned listed : 1;   /* among the ready */
    unsigned paused : 1;   /* the other end takes no more */
    unsigned ended : 1;    /* has said all */
    unsigned shut_due : 1; /* the other has said all */
    unsigned shut : 1;     /* and it was passed on */
    unsigned broken : 1;
};

struct clv_tunnel {
    struct clv_tunnel *next;
    struct clv_tunnel_end ends[2];
    uint32_t under_way; /* pieces in shapers */
};

static enum clv_tunnel_side side_of(const struct clv_tunnel_end *end)
{
    return end == &end->tunnel->ends[CLV_NEAR] ? CLV_NEAR : CLV_FAR;
}

static struct clv_tunnel_end *other(struct clv_tunnel_end *end)
{
    return &end->tunnel->ends[!side_of(end)];
}

void clv_tunnel_tune(int fd, int receive_buffer)
{
    int yes = 1;
    int segment = CLV_SHAPER_SEGMENT + TCP_OPTIONS;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    /* A small buffer and the loopback's segments of 64 KB would stall. */
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    if (receive_buffer > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                   sizeof receive_buffer);
    }
}

/* -- Pieces -- */

static struct piece *piece_new(struct clv_tunnels *t, struct clv_tunnel *tunnel,
                               enum kind kind, size_t bytes)
{
    struct piece *p = malloc(sizeof *p + bytes);

    if (p != NULL) {
        *p = (struct piece){.base.payload_bytes = (uint32_t)bytes,
                            .tunnel = tunnel,
                            .kind = kind};
        memcpy(p->data, t->scratch, bytes);
        t->held_bytes += sizeof *p + bytes;
    }
    return p;
}

static void piece_free(struct clv_tunnels *t, struct piece *p)
{
    t->held_bytes -= sizeof *p + p->base.payload_bytes;
    free(p);
}

/* What an end says, into its shaper. */
static int say(struct clv_tunnels *t, struct clv_tunnel_end *from,
               enum kind kind, size_t bytes, int64_t now_ns)
{
    struct piece *p = piece_new(t, from->tunnel, kind, bytes);

    if (p == NULL) {
        return 0;
    }
    from->tunnel->under_way++;
    clv_shaper_push(&t->shapers[side_of(from)], &p->base, now_ns);
    return 1;
}

/* -- Ends -- */

static void consider(struct clv_tunnels *t, struct clv_tunnel_end *end)
{
    struct clv_end_list *ready = &t->ready[side_of(end)];

    if (end->fd < 0 || !end->opened || !end->readable || end->listed ||
        end->paused || end->ended) {
        return;
    }
    end->listed = 1;
    end->next_ready = NULL;
    if (ready->last != NULL) {
        ready->last->next_ready = end;
    } else {
        ready->first = end;
    }
    ready->last = end;
}

static struct clv_tunnel_end *take_ready(struct clv_end_list *ready)
{
    struct clv_tunnel_end *end = ready->first;

    if (end != NULL) {
        ready->first = end->next_ready;
        ready->last = ready->first != NULL ? ready->last : NULL;
        end->listed = 0;
    }
    return end;
}

static void close_end(struct clv_tunnels *t, struct clv_tunnel_end *end)
{
    struct clv_piece *p;

    while ((p = clv_piece_take(&end->unsent)) != NULL) {
        piece_free(t, (struct piece *)p);
    }
    end->unsent_bytes = 0;
    if (end->fd >= 0) {
        close(end->fd); /* leaves the epoll by that */
        end->fd = -1;
    }
}

/* Closes with a reset, as a connection that failed does. */
static void abort_end(struct clv_tunnels *t, struct clv_tunnel_end *end)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (end->fd >= 0) {
        setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close_end(t, end);
}

/* A socket that failed; the other end hears of it through the shaper. */
static void break_end(struct clv_tunnels *t, struct clv_tunnel_end *end,
                      int64_t now_ns)
{
    abort_end(t, end);
    if (end->broken) {
        return;
    }
    end->broken = 1;
    if (!say(t, end, RESET, 0, now_ns)) {
        abort_end(t, other(end));
    }
}

static void close_if_over(struct clv_tunnels *t, struct clv_tunnel *tunnel)
{
    struct clv_tunnel_end *near = &tunnel->ends[CLV_NEAR];
    struct clv_tunnel_end *far = &tunnel->ends[CLV_FAR];

    if (near->ended && near->shut && far->ended && far->shut) {
        close_end(t, near);
        close_end(t, far);
    }
}

/* Gives the socket what it takes. */
static void flush(struct clv_tunnels *t, struct clv_tunnel_end *end,
                  int64_t now_ns)
{
    struct piece *p;

    while (end->fd >= 0 && (p = (struct piece *)end->unsent.first) != NULL) {
        size_t left = p->base.payload_bytes - p->done;
        ssize_t n = send(end->fd, p->data + p->done, left, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            break_end(t, end, now_ns);
            return;
        }
        if (n < 0) {
            break;
        }
        p->done += (uint32_t)n;
        end->unsent_bytes -= (size_t)n;
        if ((size_t)n == left) {
            clv_piece_take(&end->unsent);
            piece_free(t, p);
        }
    }
    if (end->fd >= 0 && end->shut_due && !end->shut &&
        end->unsent.first == NULL) {
        end->shut = 1;
        shutdown(end->fd, SHUT_WR);
        close_if_over(t, end->tunnel);
    }
    if (end->unsent_bytes < BACKLOG / 2 && other(end)->paused) {
        other(end)->paused = 0;
        consider(t, other(end));
    }
}

/* Begins the far connection. */
static void reach_out(struct clv_tunnels *t, struct clv_tunnel_end *far,
                      int64_t now_ns)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = far};

    far->fd =
        socket(t->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (far->fd < 0) {
        break_end(t, far, now_ns);
        return;
    }
    clv_tunnel_tune(far->fd, t->receive_buffer);
    if ((connect(far->fd, (const struct sockaddr *)&t->to, t->to_size) != 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(t->epoll, EPOLL_CTL_ADD, far->fd, &event) != 0) {
        break_end(t, far, now_ns);
    }
}

/* The far connection stands, or failed. */
static void reached(struct clv_tunnels *t, struct clv_tunnel_end *far,
                    int64_t now_ns)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(far->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0 || !say(t, far, OPENED, 0, now_ns)) {
        break_end(t, far, now_ns);
        return;
    }
    far->opened = 1;
}

/* -- From a socket into a shaper -- */

/* About a millisecond of the link, in whole segments. */
static size_t portion(const struct clv_shaper *shaper, int64_t now_ns)
{
    double bytes = clv_shaper_bps(shaper, now_ns) / 8000;
    double most = (double)shaper->plan.queue_bytes / 2;
    size_t segments;

    bytes = bytes < most ? bytes : most;
    segments = bytes < (double)CLV_TUNNEL_READ
                   ? (size_t)bytes / CLV_SHAPER_SEGMENT
                   : CLV_TUNNEL_READ / CLV_SHAPER_SEGMENT;
    return (segments > 0 ? segments : 1) * CLV_SHAPER_SEGMENT;
}

/* One turn of an end that may be read. */
static void read_end(struct clv_tunnels *t, struct clv_tunnel_end *end,
                     int64_t now_ns)
{
    struct clv_shaper *shaper = &t->shapers[side_of(end)];
    ssize_t n;

    if (end->fd < 0) {
        return;
    }
    n = recv(end->fd, t->scratch, portion(shaper, now_ns), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        end->readable = errno == EINTR;
        consider(t, end);
        return;
    }
    if (n < 0 || !say(t, end, n > 0 ? DATA : END, (size_t)n, now_ns)) {
        break_end(t, end, now_ns);
        return;
    }
    if (n == 0) {
        end->ended = 1;
        close_if_over(t, end->tunnel);
    }
    end->paused = other(end)->unsent_bytes >= BACKLOG;
    consider(t, end);
}

static int may_read(const struct clv_tunnels *t, enum clv_tunnel_side side)
{
    return t->ready[side].first != NULL && t->held_bytes < MOST_HELD &&
           clv_shaper_has_room(&t->shapers[side]);
}

/* Returns whether anything was read. */
static int fill(struct clv_tunnels *t, enum clv_tunnel_side side,
                int64_t now_ns)
{
    int turns = 0;

    while (turns < MOST_TURNS && may_read(t, side)) {
        read_end(t, take_ready(&t->ready[side]), now_ns);
        turns++;
    }
    return turns > 0;
}

/* -- From a shaper into a socket -- */

static void arrive(struct clv_tunnels *t, enum clv_tunnel_side from,
                   struct piece *p, int64_t now_ns)
{
    struct clv_tunnel_end *end = &p->tunnel->ends[!from];

    p->tunnel->under_way--;
    if (p->kind == DATA && end->fd >= 0) {
        clv_piece_append(&end->unsent, &p->base);
        end->unsent_bytes += p->base.payload_bytes;
        flush(t, end, now_ns);
        return;
    }
    if (p->kind == END) {
        end->shut_due = 1;
        flush(t, end, now_ns);
    } else if (p->kind == RESET) {
        end->broken = 1;
        abort_end(t, end);
    } else if (p->kind == OPEN) {
        reach_out(t, end, now_ns);
    } else if (p->kind == OPENED) {
        end->opened = 1;
        consider(t, end);
    }
    piece_free(t, p);
}

static int deliver(struct clv_tunnels *t, enum clv_tunnel_side side,
                   int64_t now_ns)
{
    struct clv_piece *p;
    int moved = 0;

    while ((p = clv_shaper_pop(&t->shapers[side], now_ns)) != NULL) {
        arrive(t, side, (struct piece *)p, now_ns);
        moved = 1;
    }
    return moved;
}

/* -- All of them -- */

static int is_over(const struct clv_tunnel *tunnel)
{
    return tunnel->under_way == 0 && tunnel->ends[CLV_NEAR].fd < 0 &&
           tunnel->ends[CLV_FAR].fd < 0 && !tunnel->ends[CLV_NEAR].listed &&
           !tunnel->ends[CLV_FAR].listed;
}

static void sweep(struct clv_tunnels *t)
{
    struct clv_tunnel **at = &t->all;

    while (*at != NULL) {
        struct clv_tunnel *tunnel = *at;
        if (is_over(tunnel)) {
            *at = tunnel->next;
            t->count--;
            free(tunnel);
        } else {
            at = &tunnel->next;
        }
    }
}

cleave_status clv_tunnels_add(struct clv_tunnels *tunnels, int fd,
                              int64_t now_ns)
{
    struct clv_tunnel *tunnel = calloc(1, sizeof *tunnel);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    struct clv_tunnel_end *near;

    if (tunnel == NULL) {
        close(fd);
        return CLEAVE_MEMORY;
    }
    near = &tunnel->ends[CLV_NEAR];
    *near = (struct clv_tunnel_end){.tunnel = tunnel, .fd = fd};
    tunnel->ends[CLV_FAR] = (struct clv_tunnel_end){.tunnel = tunnel, .fd = -1};
    event.data.ptr = near;
    clv_tunnel_tune(fd, 0); /* the buffer's size is the listener's */
    if (epoll_ctl(tunnels->epoll, EPOLL_CTL_ADD, fd, &event) != 0 ||
        !say(tunnels, near, OPEN, 0, now_ns)) {
        close(fd);
        free(tunnel);
        return CLEAVE_IO;
    }
    tunnel->next = tunnels->all;
    tunnels->all = tunnel;
    tunnels->count++;
    return CLEAVE_OK;
}

void clv_tunnels_event(struct clv_tunnels *tunnels, struct clv_tunnel_end *end,
                       uint32_t events, int64_t now_ns)
{
    if (end->fd < 0) {
        return;
    }
    if (side_of(end) == CLV_FAR && !end->opened &&
        (events & ~(uint32_t)EPOLLIN) != 0) {
        reached(tunnels, end, now_ns);
    }
    if (end->fd >= 0 && (events & EPOLLOUT) != 0) {
        flush(tunnels, end, now_ns);
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0) {
        end->readable = 1;
        consider(tunnels, end);
    }
}

void clv_tunnels_move(struct clv_tunnels *tunnels, int64_t now_ns)
{
    int moved = 1;

    for (int round = 0; moved && round < MOST_ROUNDS; round++) {
        moved = deliver(tunnels, CLV_NEAR, now_ns);
        moved |= deliver(tunnels, CLV_FAR, now_ns);
        moved |= fill(tunnels, CLV_NEAR, now_ns);
        moved |= fill(tunnels, CLV_FAR, now_ns);
    }
    sweep(tunnels);
}

int64_t clv_tunnels_next(const struct clv_tunnels *tunnels)
{
    int64_t up_ns = clv_shaper_next(&tunnels->shapers[CLV_NEAR]);
    int64_t down_ns = clv_shaper_next(&tunnels->shapers[CLV_FAR]);

    if (may_read(tunnels, CLV_NEAR) || may_read(tunnels, CLV_FAR)) {
        return 0; /* a round was cut short */
    }
    return up_ns < down_ns ? up_ns : down_ns;
}

void clv_tunnels_fini(struct clv_tunnels *tunnels)
{
    struct clv_piece *p;

    for (int side = 0; side < 2; side++) {
        while ((p = clv_shaper_drain(&tunnels->shapers[side])) != NULL) {
            ((struct piece *)p)->tunnel->under_way--;
            piece_free(tunnels, (struct piece *)p);
        }
        while (take_ready(&tunnels->ready[side]) != NULL) {
        }
    }
    for (struct clv_tunnel *at = tunnels->all; at != NULL; at = at->next) {
        close_end(tunnels, &at->ends[CLV_NEAR]);
        close_end(tunnels, &at->ends[CLV_FAR]);
    }
    sweep(tunnels);
}
