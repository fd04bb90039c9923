/*
 * farside.h - what is far from a device: the server, and the link to it.
 *
 *     a device in this process -> relay -> `cleave serve`
 *
 * The relay emulates the link (link/relay.h); its rates count what is carried
 * and no headers, as the profile and the cost model do. Everything here ends
 * the program with a message if it fails. One thread.
 */
#ifndef CLV_FARSIDE_H
#define CLV_FARSIDE_H

#include "bench/child.h"
#include "bench/profiled.h"
#include "plan/conditions.h"
#include "plan/trace.h"

struct clv_relay;

/* All zero: the fastest that this machine can do, without a relay. */
struct farside_link {
    double up_bps;
    double down_bps; /* 0: four times up */
    double rtt_ns;
    const struct clv_trace *trace; /* instead of up_bps; borrowed */
};

struct farside {
    const struct profiled *profiled; /* borrowed */
    struct child server;
    char server_url[CHILD_LINE];
    struct clv_relay *relay;  /* or NULL */
    char url[CHILD_LINE + 8]; /* as devices see the server */
};

void farside_open(struct farside *far, const struct profiled *profiled,
                  const struct farside_link *link);
void farside_close(struct farside *far);

/* Another link from now on; devices that are open lose their connections. */
void farside_relink(struct farside *far, const struct farside_link *link);

/* Another rate of the same link, down four times up. */
void farside_set_rate(struct farside *far, double up_bps);

/* Begins (1) or ends (0) an outage of the link. */
void farside_cut(struct farside *far, int cut);

/* Starts the server at the port it had before, when it has been ended. */
void farside_start_again(struct farside *far);

/* Such a link as schedulers see it: its one server up and idle. */
struct clv_conditions farside_conditions(const struct farside_link *link,
                                         double slowdown);

#endif
