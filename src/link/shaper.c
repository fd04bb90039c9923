/*
 * shaper.c - one direction of an emulated link: what may leave when.
 *
 * Only the end of the piece that is being sent is ever computed; the next one
 * begins where it ended, however late the caller looks, so that a caller who
 * is always late still sees the exact rate. `tokens` are bits that may be sent
 * at `as_of_ns`; a change of the rate first counts what was sent under the
 * old one.
 *
 * Left out: loss, reordering, and TCP's own ways on a real link (slow start,
 * the search for the rate after an outage).
 */
#include "link/shaper.h"

#include <math.h>
#include <stdlib.h>

#define NEVER INT64_MAX

void clv_piece_append(struct clv_piece_list *list, struct clv_piece *piece)
{
    piece->next = NULL;
    if (list->last != NULL) {
        list->last->next = piece;
    } else {
        list->first = piece;
    }
    list->last = piece;
}

struct clv_piece *clv_piece_take(struct clv_piece_list *list)
{
    struct clv_piece *piece = list->first;

    if (piece != NULL) {
        list->first = piece->next;
        list->last = list->first != NULL ? list->last : NULL;
    }
    return piece;
}

/* -- Outages -- */

static int compare(const void *a, const void *b)
{
    const struct clv_outage *x = a;
    const struct clv_outage *y = b;

    return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

size_t clv_outages_order(struct clv_outage *outages, size_t count)
{
    size_t kept = 0;

    if (count > 0) {
        qsort(outages, count, sizeof *outages, compare);
    }
    for (size_t i = 0; i < count; i++) {
        struct clv_outage *last = kept > 0 ? &outages[kept - 1] : NULL;
        if (outages[i].to_ns <= outages[i].from_ns) {
            continue;
        }
        if (last != NULL && outages[i].from_ns <= last->to_ns) {
            last->to_ns =
                outages[i].to_ns > last->to_ns ? outages[i].to_ns : last->to_ns;
        } else {
            outages[kept++] = outages[i];
        }
    }
    return kept;
}

/* The outage that a time lies in or that comes next, or NULL. */
static const struct clv_outage *outage_at(const struct clv_shaper_plan *p,
                                          int64_t at_ns)
{
    size_t low = 0;
    size_t high = p->outage_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->outages[middle].to_ns > at_ns) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < p->outage_count ? &p->outages[low] : NULL;
}

/* -- The rate; times here count from the plan's origin -- */

static double plain_bits(const struct clv_shaper_plan *p, int64_t from_ns,
                         int64_t to_ns)
{
    if (p->trace != NULL) {
        return p->factor * clv_trace_bits(p->trace, from_ns, to_ns);
    }
    return p->bps > 0        ? p->bps * ((double)(to_ns - from_ns) / 1e9)
           : to_ns > from_ns ? INFINITY
                             : 0;
}

static int64_t plain_end(const struct clv_shaper_plan *p, int64_t from_ns,
                         double bits)
{
    double taken_ns;

    if (bits <= 0) {
        return from_ns;
    }
    if (p->trace != NULL) {
        return clv_trace_end(p->trace, from_ns, bits / p->factor / 8);
    }
    taken_ns = p->bps > 0 ? ceil(bits / p->bps * 1e9) : 0;
    return taken_ns < (double)(NEVER - from_ns) ? from_ns + (int64_t)taken_ns
                                                : NEVER;
}

/* Bits that the link sends between two times, outages left out. */
static double bits_between(const struct clv_shaper_plan *p, int64_t from_ns,
                           int64_t to_ns)
{
    double bits = 0;

    while (from_ns < to_ns) {
        const struct clv_outage *o = outage_at(p, from_ns);
        int64_t until_ns = o != NULL && o->from_ns < to_ns ? o->from_ns : to_ns;
        if (until_ns > from_ns) {
            bits += plain_bits(p, from_ns, until_ns);
        }
        if (until_ns == to_ns) {
            break;
        }
        from_ns = o->to_ns;
    }
    return bits;
}

static int64_t end_of(const struct clv_shaper_plan *p, int64_t from_ns,
                      double bits)
{
    for (;;) {
        const struct clv_outage *o = outage_at(p, from_ns);
        int64_t end_ns;
        if (o != NULL && o->from_ns <= from_ns) {
            from_ns = o->to_ns;
            continue;
        }
        end_ns = plain_end(p, from_ns, bits);
        if (o == NULL || end_ns <= o->from_ns) {
            return end_ns;
        }
        bits -= plain_bits(p, from_ns, o->from_ns);
        from_ns = o->to_ns;
    }
}

/* -- The shaper -- */

static double bits_of(const struct clv_piece *piece)
{
    return 8.0 * piece->counted_bytes;
}

/* When the first piece of the queue will be sent. */
static void aim(struct clv_shaper *l)
{
    const struct clv_piece *first = l->waiting.first;
    int64_t origin_ns = l->plan.origin_ns;

    if (first == NULL || l->held) {
        l->end_ns = NEVER;
    } else {
        l->end_ns = end_of(&l->plan, l->as_of_ns - origin_ns,
                           bits_of(first) - l->tokens);
        l->end_ns += l->end_ns < NEVER - origin_ns ? origin_ns : 0;
    }
}

/*
 * Counts what could be sent until now. The bucket is full at the burst, but a
 * piece that is being sent may gather all that it needs.
 */
static void gather(struct clv_shaper *l, int64_t now_ns)
{
    double most = 8.0 * (double)l->plan.burst_bytes;

    if (now_ns > l->as_of_ns && !l->held) {
        l->tokens += bits_between(&l->plan, l->as_of_ns - l->plan.origin_ns,
                                  now_ns - l->plan.origin_ns);
    }
    if (l->waiting.first != NULL && most < bits_of(l->waiting.first)) {
        most = bits_of(l->waiting.first);
    }
    l->tokens = l->tokens < most ? l->tokens : most;
    l->as_of_ns = now_ns > l->as_of_ns ? now_ns : l->as_of_ns;
}

/* When what is sent at `at_ns` arrives. Nothing does in an outage. */
static int64_t arrival_of(const struct clv_shaper *l, int64_t at_ns)
{
    int64_t since_ns = at_ns + l->plan.delay_ns - l->plan.origin_ns;
    const struct clv_outage *o = outage_at(&l->plan, since_ns);

    if (o != NULL && o->from_ns <= since_ns) {
        since_ns = o->to_ns;
    }
    return since_ns + l->plan.origin_ns;
}

/* Sends all that is sent by now. */
static void settle(struct clv_shaper *l, int64_t now_ns)
{
    while (l->waiting.first != NULL && l->end_ns <= now_ns) {
        struct clv_piece *piece;
        int64_t before_ns =
            l->flying.last != NULL ? l->flying.last->arrival_ns : INT64_MIN;
        gather(l, l->end_ns);
        piece = clv_piece_take(&l->waiting);
        l->tokens -= bits_of(piece);
        l->tokens = l->tokens > 0 ? l->tokens : 0;
        l->waiting_bytes -= piece->counted_bytes;
        l->sent_bytes += piece->counted_bytes;
        piece->arrival_ns = arrival_of(l, l->as_of_ns);
        if (piece->arrival_ns < before_ns) {
            piece->arrival_ns = before_ns; /* the delay became shorter */
        }
        clv_piece_append(&l->flying, piece);
        aim(l);
    }
}

void clv_shaper_init(struct clv_shaper *shaper,
                     const struct clv_shaper_plan *plan)
{
    *shaper = (struct clv_shaper){.plan = *plan,
                                  .tokens = 8.0 * (double)plan->burst_bytes,
                                  .as_of_ns = plan->origin_ns,
                                  .end_ns = NEVER};
    if (!(shaper->plan.factor > 0)) {
        shaper->plan.factor = 1;
    }
}

int clv_shaper_has_room(const struct clv_shaper *shaper)
{
    return shaper->waiting_bytes < shaper->plan.queue_bytes;
}

void clv_shaper_push(struct clv_shaper *shaper, struct clv_piece *piece,
                     int64_t now_ns)
{
    uint32_t segments =
        (piece->payload_bytes + CLV_SHAPER_SEGMENT - 1) / CLV_SHAPER_SEGMENT;

    settle(shaper, now_ns);
    piece->counted_bytes = piece->payload_bytes;
    if (!shaper->plan.payload_only) {
        piece->counted_bytes +=
            CLV_SHAPER_HEADERS * (segments > 0 ? segments : 1);
    }
    if (shaper->waiting.first == NULL) {
        gather(shaper, now_ns);
    }
    clv_piece_append(&shaper->waiting, piece);
    shaper->waiting_bytes += piece->counted_bytes;
    if (shaper->waiting.first == piece) {
        aim(shaper);
        settle(shaper, now_ns);
    }
}

struct clv_piece *clv_shaper_pop(struct clv_shaper *shaper, int64_t now_ns)
{
    struct clv_piece *piece;

    settle(shaper, now_ns);
    if (shaper->held || shaper->flying.first == NULL ||
        shaper->flying.first->arrival_ns > now_ns) {
        return NULL;
    }
    piece = clv_piece_take(&shaper->flying);
    shaper->arrived_bytes += piece->payload_bytes;
    return piece;
}

struct clv_piece *clv_shaper_drain(struct clv_shaper *shaper)
{
    struct clv_piece *piece = clv_piece_take(&shaper->flying);

    if (piece == NULL) {
        piece = clv_piece_take(&shaper->waiting);
        shaper->waiting_bytes -= piece != NULL ? piece->counted_bytes : 0;
        shaper->end_ns = NEVER;
    }
    return piece;
}

int64_t clv_shaper_next(const struct clv_shaper *shaper)
{
    int64_t arrival_ns = shaper->flying.first != NULL && !shaper->held
                             ? shaper->flying.first->arrival_ns
                             : NEVER;

    return arrival_ns < shaper->end_ns ? arrival_ns : shaper->end_ns;
}

double clv_shaper_bps(const struct clv_shaper *shaper, int64_t at_ns)
{
    const struct clv_shaper_plan *p = &shaper->plan;
    int64_t since_ns = at_ns - p->origin_ns;
    const struct clv_outage *o = outage_at(p, since_ns);

    if (shaper->held || (o != NULL && o->from_ns <= since_ns)) {
        return 0;
    }
    if (p->trace != NULL) {
        return p->factor * clv_trace_bps(p->trace, since_ns);
    }
    return p->bps > 0 ? p->bps : INFINITY;
}

void clv_shaper_set_rate(struct clv_shaper *shaper, int64_t now_ns, double bps)
{
    settle(shaper, now_ns);
    gather(shaper, now_ns);
    shaper->plan.trace = NULL;
    shaper->plan.bps = bps;
    aim(shaper);
}

void clv_shaper_set_delay(struct clv_shaper *shaper, int64_t now_ns,
                          int64_t delay_ns)
{
    settle(shaper, now_ns);
    shaper->plan.delay_ns = delay_ns;
}

void clv_shaper_hold(struct clv_shaper *shaper, int64_t now_ns, int held)
{
    settle(shaper, now_ns);
    gather(shaper, now_ns);
    shaper->held = held;
    aim(shaper);
}
