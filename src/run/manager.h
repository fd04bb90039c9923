/*
 * manager.h - which kept design runs now.
 *
 *     gauges, senses --state--> debounced --table--> runners' posts
 *
 * A post is one variant on one engine of a runner (posts.h): its scheduler
 * and its design at home. All posts that the table may want are opened before
 * they are needed and stay, unless memory is short; moving a runner to a post
 * is then an exchange of pointers: inferences under way end where they began,
 * the next ones begin at the new post, none is lost.
 *
 * How signs become a state:
 *
 *     load     the number of busy threads of others, to the nearest one that
 *              the profile measured. Where processors are idle, that is the
 *              cores they keep busy; where none is, they get only a share of
 *              what they want, as inferences do, whose slow-down tells the
 *              share. A level is left when the number is a little nearer to
 *              another one. Where no load was measured there is only
 *              "troubled": others' load and inferences that are slower by half
 *     memory   short when inferences or others lose a tenth of time to it or
 *              95 % of what there may be is used; calm below 2 % and 90 %
 *     link     its class; a better one only if rates that are lower, and a
 *              round trip that is longer, by a fifth would still have it, and
 *              a worse one likewise
 *
 * A part of the state is left when it has seemed worse, or better, for a while,
 * for what it then seems to be: a longer while for better news than for bad, so
 * that what comes and goes does not drive designs around. What is freed when
 * memory is short is wanted again when it is not; so calm has to last ten
 * seconds, and twice as long each time that it did not last for a minute.
 *
 * What this file knows of time is what it is told; deciding is pure
 * (clv_manager_look), so that it is tested in virtual time.
 */
#ifndef CLV_MANAGER_H
#define CLV_MANAGER_H

#include "plan/switching.h"
#include "run/gauges.h"

/* Worse news counts after the first, better news after the second. */
#define CLV_MANAGER_WORSE_NS 300000000
#define CLV_MANAGER_BETTER_NS 2000000000

/* Better news of memory, at first and at most; how long calm has to last for
   the first to count again. */
#define CLV_MANAGER_CALM_NS 10000000000
#define CLV_MANAGER_CALM_MOST_NS 160000000000
#define CLV_MANAGER_LASTING_NS 60000000000

/* What the manager knows of one moment. */
struct clv_manager_signs {
    int64_t now_ns;
    struct clv_pressure pressure;
    struct clv_conditions conditions; /* as senses have them */
    double slowdown; /* of what runs now: measured over expected in the state
                        that counts; 0: not known */
};

/* What is seen of one part of the state, and since when on this side of what
   counts; -1: never. */
struct clv_sighting {
    uint8_t seen;
    int64_t since_ns;
};

struct clv_manager {
    const struct clv_switching *switching;
    struct clv_state state; /* that counts */
    struct clv_sighting load[CLV_PROCESSORS];
    struct clv_sighting memory;
    struct clv_sighting link[CLV_SERVERS];
    int64_t calm_ns;       /* that memory has to be calm for now */
    int64_t calm_since_ns; /* that counts; -1: it is not, or always was */
    size_t design;
};

/* A state that counts from now on. */
struct clv_manager_change {
    int is_one;  /* the state changed */
    size_t from; /* designs; equal if they need not change */
    size_t to;
    const char *reason; /* which part of the state: constant text */
};

void clv_manager_init(struct clv_manager *manager,
                      const struct clv_switching *switching,
                      const struct clv_state *state);
void clv_manager_look(struct clv_manager *manager,
                      const struct clv_manager_signs *signs,
                      struct clv_manager_change *ret_change);

/* Nothing befalls the device, and all links are fast. */
struct clv_state clv_manager_calm(const struct clv_switching *switching);

#endif
