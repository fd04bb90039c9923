/*
 * relay.h - a link in user space: connections go through it as they would
 * through a slow, distant and failing network.
 *
 *     sender -> [ listen  relay  to ] -> target
 *
 * The relay listens, makes for each connection one to the target, and lets
 * bytes pass at the link's rate, after its delay, not at all in an outage;
 * shaper.h says what exactly a rate counts. The way up (to the target) and the
 * way down are independent; all connections share them. A new connection
 * takes a round trip before it carries anything, as TCP's handshake does.
 *
 * In an outage connections stay as they are and new ones are taken, but
 * nothing passes. A sender's bytes wait in a queue that is short, and then in
 * its own socket: buffers of the relay's sockets are small, so that the
 * sender feels the link's rate.
 *
 * Left out: loss, jitter, and TCP's slow start over the emulated distance;
 * what passes is a warm connection.
 *
 * A relay works in a thread of its own. Open and close belong to one thread,
 * the other functions may be called by any thread in between, and are in
 * force when they return.
 */
#ifndef CLV_RELAY_H
#define CLV_RELAY_H

#include <stdint.h>

#include "link/shaper.h"

struct clv_relay;

/* Zero means the default. Strings and outages are copied. */
struct clv_relay_options {
    const char *listen; /* "HOST:PORT", default "127.0.0.1:0" */
    const char *to;     /* "HOST:PORT"; no default */
    /* The way up by a trace, borrowed until the close, or at a flat rate;
       with neither there is no limit, up or down. */
    const struct clv_trace *up;
    double up_bps;
    double down_bps;  /* default: four times as fast as up; INFINITY: none */
    int64_t delay_ns; /* each way */
    /* Bytes that wait for the link, each way; default: what it sends in 20
       ms, 6 KB at least and 256 KB at most. */
    uint64_t queue_bytes;
    int64_t queue_ns;     /* the same as a time, where queue_bytes is 0 */
    uint64_t burst_bytes; /* may pass at once after silence */
    int payload_only;     /* rates count what is carried, not headers */
    const struct clv_outage *outages; /* counted from the opening */
    size_t outage_count;
    uint32_t connections; /* at once; more have to wait. Default 256 */
};

#define CLV_RELAY_OPTIONS_INIT {0}

/* What has passed since the opening, and how things are. */
struct clv_relay_counts {
    int64_t since_ns;    /* of the opening */
    uint64_t up_bytes;   /* carried to the target */
    uint64_t down_bytes; /* carried back */
    uint64_t up_counted; /* sent on the link, with headers if they count */
    uint64_t down_counted;
    uint64_t up_waiting; /* in the queue */
    uint64_t down_waiting;
    double up_bps; /* at the moment; 0 in an outage, INFINITY without limit */
    double down_bps;
    uint32_t connections;
};

/*
 * Opens a relay and starts it. CLEAVE_INVALID for an address or a number that
 * makes no sense, CLEAVE_IO if the address is taken. The target is not asked
 * before a connection comes; one that cannot be reached resets connections.
 */
cleave_status clv_relay_open(const struct clv_relay_options *options,
                             struct clv_relay **ret_relay, cleave_error *err);

/* Ends all connections at once. Takes NULL. */
void clv_relay_close(struct clv_relay *relay);

/* The port it listens on. */
uint16_t clv_relay_port(const struct clv_relay *relay);

/*
 * From now on flat rates; a `down_bps` of 0 means four times `up_bps`, an
 * `up_bps` of 0 no limit. A queue without a given length follows.
 */
void clv_relay_set_rate(struct clv_relay *relay, double up_bps,
                        double down_bps);

/* From now on this delay, each way. */
void clv_relay_set_delay(struct clv_relay *relay, int64_t delay_ns);

/* Begins (1) or ends (0) an outage, besides those of the options. */
void clv_relay_cut(struct clv_relay *relay, int cut);

void clv_relay_count(struct clv_relay *relay,
                     struct clv_relay_counts *ret_counts);

#endif
