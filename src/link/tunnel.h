/*
 * tunnel.h - the connections of a relay: bytes from sockets into shapers, and
 * out of shapers into sockets.
 *
 * A tunnel is a connection that was accepted (its near end), and the one that
 * the relay has made for it to the target (its far end). Shaper NEAR carries
 * what the near end says, shaper FAR what the far end says:
 *
 *     near socket -> shapers[NEAR] -> far socket      (up)
 *     near socket <- shapers[FAR]  <- far socket      (down)
 *
 * Opening, closing and resetting a connection travel through the shapers, too,
 * so that a new connection costs a round trip and a dead link lets none of it
 * pass.
 *
 * All tunnels share a shaper in the order in which their bytes came; where
 * several have more than it takes, they take turns. Sockets are read only
 * while the shaper has room, so a sender is soon held back by TCP itself.
 *
 * Not thread-safe; sockets are non-blocking, and their events are collected
 * by an epoll of the caller's.
 */
#ifndef CLV_TUNNEL_H
#define CLV_TUNNEL_H

#include <sys/epoll.h>
#include <sys/socket.h>

#include "link/shaper.h"

/* The most that is read from a socket at once. */
#define CLV_TUNNEL_READ (16 * (size_t)CLV_SHAPER_SEGMENT)

enum clv_tunnel_side { CLV_NEAR, CLV_FAR };

struct clv_tunnel;
struct clv_tunnel_end;

struct clv_end_list {
    struct clv_tunnel_end *first;
    struct clv_tunnel_end *last;
};

struct clv_tunnels {
    struct clv_shaper shapers[2];
    int epoll;
    struct sockaddr_storage to;
    socklen_t to_size;
    int receive_buffer; /* of sockets, as SO_RCVBUF; 0: the system's */
    struct clv_end_list ready[2]; /* have something to read */
    struct clv_tunnel *all;
    uint32_t count;
    size_t held_bytes; /* of pieces */
    uint8_t scratch[CLV_TUNNEL_READ];
};

/* What the relay's sockets have in common, those that listen too. */
void clv_tunnel_tune(int fd, int receive_buffer);

/*
 * Takes over a socket that was just accepted. CLEAVE_MEMORY, CLEAVE_IO: then
 * the socket is closed.
 */
cleave_status clv_tunnels_add(struct clv_tunnels *tunnels, int fd,
                              int64_t now_ns);

/* An event of the epoll; `end` is its data pointer. */
void clv_tunnels_event(struct clv_tunnels *tunnels, struct clv_tunnel_end *end,
                       uint32_t events, int64_t now_ns);

/* Moves all that may move by now, then forgets tunnels that are over. Events
   collected before that must not be handed in afterwards. */
void clv_tunnels_move(struct clv_tunnels *tunnels, int64_t now_ns);

/* When to move again if no event comes; INT64_MAX for never. */
int64_t clv_tunnels_next(const struct clv_tunnels *tunnels);

/* Ends all of them at once. */
void clv_tunnels_fini(struct clv_tunnels *tunnels);

#endif
