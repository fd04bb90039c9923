/*
 * surface.h - the points of a sweep, as JSON and as a plot.
 *
 * Everything here ends the program with a message if it fails.
 */
#ifndef CLV_SURFACE_H
#define CLV_SURFACE_H

#include <jansson.h>

#include "plan/policy.h"
#include "plan/space.h"

#define SURFACE_POLICIES 16

/* What every policy gives at one point; the first policy is ours. */
struct surface_point {
    const char *network;
    const char *mode;
    int is_latency;
    double slowdown;
    double up_bps;
    double values[SURFACE_POLICIES]; /* ns, or inferences a second */
    size_t candidates[SURFACE_POLICIES];
};

struct surface {
    const struct clv_policy *policies;
    size_t policy_count;
    json_t *points;
};

/* `policies` are the table's first `count`. */
void surface_init(struct surface *s, const struct clv_policy *policies,
                  size_t count);
void surface_fini(struct surface *s);

void surface_add(struct surface *s, const struct surface_point *point,
                 const struct clv_space *space);

/* Writes sweep.json beside the benchmark's program, and sweep.svg if there is
   gnuplot: the ratio to the best baseline, a panel for network and mode. */
void surface_write(const struct surface *s);

#endif
