/*
 * manager.h - which kept design runs now.
 *
 *     gauges, senses --state--> debounced --table--> runners' posts
 *
 * A post is one variant on one engine of a runner (runner.c): its scheduler
 * and its design at home. All posts that the table may want are opened before
 * they are needed and stay, unless memory is short; moving a runner to a post
 * is then an exchange of pointers: inferences under way end where they began,
 * the next ones begin at the new post, none is lost.
 *
 * A state counts when it has been the same for a while: longer for better news
 * than for bad, so that what comes and goes does not drive designs around.
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

/* What the manager knows of one moment. */
struct clv_manager_signs {
    int64_t now_ns;
    struct clv_pressure pressure;
    struct clv_conditions conditions; /* as senses have them */
    double slowdown; /* of what runs now: measured over expected in the state
                        that counts; 0: not known */
};

struct clv_manager {
    const struct clv_switching *switching;
    struct clv_state state; /* that counts */
    struct clv_state seen;  /* that is seen, and since when */
    int64_t seen_since_ns;
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

#endif
