/*
 * world.c - the three stages, each played to its end.
 *
 * Chance is a counter hashed: the n-th inference's times depend on the seed
 * and on n alone, not on what was drawn before. A normal number is made by
 * summing twelve uniform ones, because additions give the same bits on every
 * machine, and tails beyond six deviations do not matter here.
 *
 * An answer of an idle device's profile stands for all: heat, other programs
 * and bursts of loss are not played.
 */
#include "plan/world.h"

#include <math.h>

#include "base/fail.h"

#define DOWN_RATIO 4

enum draw { DRAW_DEVICE, DRAW_SERVER, DRAW_FINISH, DRAWS };

int64_t clv_later(int64_t at_ns, double by_ns)
{
    if (at_ns == INT64_MAX || !(by_ns < (double)(INT64_MAX - at_ns))) {
        return INT64_MAX;
    }
    return at_ns + (int64_t)by_ns;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* -- Chance -- */

static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static double normal_of(uint64_t seed, uint64_t nth, enum draw which)
{
    uint64_t state = mix(seed ^ mix(nth * DRAWS + (uint64_t)which));
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        state = mix(state);
        sum += (double)(state >> 11) * 0x1p-53;
    }
    return sum;
}

static double draw(const struct clv_world *world,
                   const struct clv_spread *spread, uint64_t nth,
                   enum draw which)
{
    double value;

    if (!world->options.is_noisy || spread->count < 2) {
        return spread->mean;
    }
    value =
        spread->mean + spread->std * normal_of(world->options.seed, nth, which);
    return fmin(fmax(value, spread->min), spread->max);
}

/* -- Options -- */

static double or_else(double value, double otherwise)
{
    return value > 0 ? value : otherwise;
}

cleave_status clv_world_init(struct clv_world *world,
                             const struct clv_simulation_options *options,
                             cleave_error *err)
{
    struct clv_simulation_options o = *options;

    if (!(o.rtt_ns >= 0 && o.rtt_ns < 1e12) || !(o.device_slowdown >= 0) ||
        !(o.server_slowdown >= 0) || !(o.down_ratio >= 0) ||
        !(o.rate_per_s >= 0 && o.rate_per_s <= 1e6) || o.duration_ns < 0) {
        return clv_fail(err, CLEAVE_INVALID, "simulation",
                        "A time, a rate or a slow-down is negative or beyond "
                        "reason.");
    }
    if (o.outage_from_ns < 0 || o.outage_to_ns < o.outage_from_ns) {
        return clv_fail(err, CLEAVE_INVALID, "outage",
                        "An outage ends after it has begun.");
    }
    if (o.in_flight > CLV_SIMULATION_MOST_IN_FLIGHT) {
        return clv_fail(err, CLEAVE_LIMIT, "simulation",
                        "%d inferences at once are the most.",
                        CLV_SIMULATION_MOST_IN_FLIGHT);
    }
    o.down_ratio = or_else(o.down_ratio, DOWN_RATIO);
    o.device_slowdown = or_else(o.device_slowdown, 1);
    o.server_slowdown = or_else(o.server_slowdown, 1);
    o.duration_ns = o.duration_ns > 0 ? o.duration_ns : o.up->length_ns;
    if (!o.is_throughput) {
        o.in_flight = 1;
    } else if (o.in_flight == 0) {
        o.in_flight = CLV_SIMULATION_IN_FLIGHT;
    }
    *world = (struct clv_world){.options = o};
    return CLEAVE_OK;
}

/* -- Playing -- */

int clv_world_is_up(const struct clv_world *world, int64_t at_ns)
{
    return at_ns < world->options.outage_from_ns ||
           at_ns >= world->options.outage_to_ns;
}

static int64_t down_end(const struct clv_world *world, int64_t from_ns,
                        double bytes)
{
    const struct clv_simulation_options *o = &world->options;

    if (from_ns == INT64_MAX) {
        return INT64_MAX;
    }
    return o->down != NULL
               ? clv_trace_end(o->down, from_ns, bytes)
               : clv_trace_end(o->up, from_ns, bytes / o->down_ratio);
}

/* What was under way when the servers went is lost; what begins while they
   are away is refused after a round trip. */
static void lose(const struct clv_world *world, struct clv_passage *p)
{
    const struct clv_simulation_options *o = &world->options;

    p->lost_ns = INT64_MAX;
    if (p->sent_ns < o->outage_to_ns && p->answer_ns > o->outage_from_ns) {
        p->lost_ns = p->sent_ns < o->outage_from_ns
                         ? o->outage_from_ns
                         : clv_later(p->sent_ns, o->rtt_ns);
        p->answer_ns = INT64_MAX;
    }
}

void clv_world_exchange(const struct clv_world *world, int64_t begin_ns,
                        double bytes_up, double bytes_down, double server_ns,
                        struct clv_passage *p)
{
    const struct clv_simulation_options *o = &world->options;
    int64_t there;
    int64_t back;

    p->sent_ns = max_of(begin_ns, world->link_free_ns);
    p->through_ns = clv_trace_end(o->up, p->sent_ns, bytes_up);
    there = clv_later(p->through_ns, o->rtt_ns / 2);
    p->server_ns = server_ns;
    p->server_end_ns =
        clv_later(max_of(there, world->server_free_ns), server_ns);
    back = down_end(world, p->server_end_ns, bytes_down);
    p->answer_ns = clv_later(back, o->rtt_ns / 2);
    p->link_ns = p->answer_ns == INT64_MAX
                     ? INFINITY
                     : (double)(there - p->sent_ns) +
                           (double)(p->answer_ns - p->server_end_ns);
    lose(world, p);
}

void clv_world_play(const struct clv_world *world, size_t candidate,
                    uint64_t nth, int64_t begin_ns,
                    struct clv_passage *ret_passage)
{
    const struct clv_simulation_options *o = &world->options;
    const struct clv_candidate *c = &o->space->candidates[candidate];
    struct clv_passage p = {.lost_ns = INT64_MAX};

    p.begin_ns = max_of(begin_ns, world->device_free_ns);
    p.device_ns =
        o->device_slowdown * draw(world, &c->device_ns, nth, DRAW_DEVICE);
    p.head_end_ns = clv_later(p.begin_ns, p.device_ns);
    if (c->server == CLV_NO_SERVER) {
        p.sent_ns = p.through_ns = p.server_end_ns = INT64_MAX;
        p.answer_ns = p.head_end_ns;
    } else {
        clv_world_exchange(
            world, p.head_end_ns, c->bytes_up.mean, c->bytes_down,
            o->server_slowdown * draw(world, &c->server_ns, nth, DRAW_SERVER),
            &p);
    }
    *ret_passage = p;
}

void clv_world_take(struct clv_world *world, const struct clv_passage *p)
{
    world->device_free_ns = max_of(world->device_free_ns, p->head_end_ns);
    if (p->sent_ns == INT64_MAX) {
        return;
    }
    world->link_free_ns =
        max_of(world->link_free_ns,
               p->lost_ns < p->through_ns ? p->lost_ns : p->through_ns);
    if (p->lost_ns == INT64_MAX) {
        world->server_free_ns = max_of(world->server_free_ns, p->server_end_ns);
    }
}

double clv_world_finish_ns(const struct clv_world *world, size_t candidate,
                           uint64_t nth)
{
    const struct clv_space *space = world->options.space;
    const struct clv_spread *finish =
        &space->costs->heads[space->candidates[candidate].head].finish_ns;

    return finish->count == 0 ? 0
                              : world->options.device_slowdown *
                                    draw(world, finish, nth, DRAW_FINISH);
}
