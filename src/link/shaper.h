/*
 * shaper.h - one direction of an emulated link: what may leave when.
 *
 * Pieces of bytes are pushed in, wait in a queue in the order they came, are
 * sent one after the other at the link's rate, fly for the delay, and can be
 * popped when they have arrived:
 *
 *     push -> waiting [ 5 4 3 ] -> sent [ 2 ] -> flying [ 1 0 ] -> pop
 *             queue_bytes          bps, burst    delay
 *
 * The rate is a trace's (plan/trace.h), a flat one, or none at all; outages
 * are stretches of time in which nothing is sent and nothing arrives, as with
 * a radio that is dead; what was on its way comes afterwards. A token bucket
 * of `burst_bytes` fills while the shaper is idle; with 0 a piece takes its
 * full time also on an idle link, as on a wire.
 *
 * Bytes are counted as Ethernet would: each 1448 of a piece begin a segment,
 * and a segment has 66 bytes of headers (Ethernet 14, IPv4 20, TCP with
 * timestamps 32). Not counted: acknowledgements, which travel the other way.
 *
 * Times are the caller's, and may be virtual; they must not go back. Times of
 * the trace and of outages count from `origin_ns`.
 *
 * A shaper owns no pieces and allocates nothing. Not thread-safe.
 */
#ifndef CLV_SHAPER_H
#define CLV_SHAPER_H

#include <stddef.h>
#include <stdint.h>

#include "plan/trace.h"

#define CLV_SHAPER_SEGMENT 1448
#define CLV_SHAPER_HEADERS 66

/* The caller's pieces begin with one of these. */
struct clv_piece {
    struct clv_piece *next;
    uint32_t payload_bytes;
    uint32_t counted_bytes; /* with headers; the shaper fills it */
    int64_t arrival_ns;     /* the shaper fills it */
};

/* An outage, from the first moment until before the last. */
struct clv_outage {
    int64_t from_ns;
    int64_t to_ns;
};

struct clv_shaper_plan {
    const struct clv_trace *trace; /* or NULL; borrowed */
    double factor;                 /* of the trace's rates; 0 is taken as 1 */
    double bps;                    /* without a trace; 0: no limit */
    int64_t origin_ns;
    int64_t delay_ns;
    uint64_t queue_bytes; /* has room below so many; at least 1 */
    uint64_t burst_bytes;
    int payload_only; /* headers do not count */
    /* In order, apart from each other; see clv_outages_order. Borrowed. */
    const struct clv_outage *outages;
    size_t outage_count;
};

struct clv_piece_list {
    struct clv_piece *first;
    struct clv_piece *last;
};

struct clv_shaper {
    struct clv_shaper_plan plan;
    struct clv_piece_list waiting; /* the first is being sent */
    struct clv_piece_list flying;
    uint64_t waiting_bytes;
    uint64_t sent_bytes;    /* all that left the queue, as counted */
    uint64_t arrived_bytes; /* payload popped */
    double tokens;          /* bits that may be sent, at `as_of_ns` */
    int64_t as_of_ns;
    int64_t end_ns; /* when the first of `waiting` is sent */
    int held;
};

void clv_piece_append(struct clv_piece_list *list, struct clv_piece *piece);
struct clv_piece *clv_piece_take(struct clv_piece_list *list); /* or NULL */

/* Sorts outages and joins those that touch. Returns how many remain. */
size_t clv_outages_order(struct clv_outage *outages, size_t count);

/* An empty shaper at `plan->origin_ns`. Borrows trace and outages. */
void clv_shaper_init(struct clv_shaper *shaper,
                     const struct clv_shaper_plan *plan);

/* Whether a piece should be pushed. One that is pushed anyway is taken. */
int clv_shaper_has_room(const struct clv_shaper *shaper);

/* Appends a piece; its `payload_bytes` are set. The shaper borrows it until it
   is popped or drained. */
void clv_shaper_push(struct clv_shaper *shaper, struct clv_piece *piece,
                     int64_t now_ns);

/* The next piece that has arrived, or NULL. */
struct clv_piece *clv_shaper_pop(struct clv_shaper *shaper, int64_t now_ns);

/* Any piece that is in the shaper, in order, or NULL: for clearing up. */
struct clv_piece *clv_shaper_drain(struct clv_shaper *shaper);

/* When there will be room or an arrival; INT64_MAX if nothing is under way. */
int64_t clv_shaper_next(const struct clv_shaper *shaper);

/* The rate at a time, 0 in an outage; INFINITY without a limit. */
double clv_shaper_bps(const struct clv_shaper *shaper, int64_t at_ns);

/* From now on a flat rate (0: no limit), and this delay for what is sent. */
void clv_shaper_set_rate(struct clv_shaper *shaper, int64_t now_ns, double bps);
void clv_shaper_set_delay(struct clv_shaper *shaper, int64_t now_ns,
                          int64_t delay_ns);

/* Begins or ends an outage of unknown length. */
void clv_shaper_hold(struct clv_shaper *shaper, int64_t now_ns, int held);

#endif
