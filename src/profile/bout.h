/*
 * bout.h - networks run at once for a while, beside busy threads.
 *
 * In a bout each member computes without pause in a thread of its own, input
 * after input, and nobody stops before all have had their turns: so whatever
 * was timed was timed while all the others were computing. Hogs are threads
 * that do nothing but count.
 *
 * A bout belongs to the thread that starts it; so do the members.
 */
#ifndef CLV_BOUT_H
#define CLV_BOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/source.h"
#include "profile/seam.h"

/* Members and hogs at most. */
#define CLV_BOUT_THREADS 256

/* Times of one network's inferences; freed by its owner. All zero is empty. */
struct clv_bout_times {
    double *ns;
    size_t count;
    size_t room;
};

/* One network: a seam at the cut `input`, so that its tail is the whole. */
struct clv_bout_member {
    struct clv_seam *seam; /* different ones of different members */
    const struct clv_sample *samples;
    size_t sample_count;
    struct clv_bout_times *times; /* appended to, up to 2^16 */
};

struct clv_bout {
    const struct clv_bout_member *members;
    size_t count; /* at least 1 */
    uint32_t hogs;
    int64_t for_ns;
    uint32_t least; /* inferences of each, however long it takes */
    struct clv_clock clock;
};

/*
 * Runs it. The first inference of each member warms up and is not counted.
 * CLEAVE_LIMIT for too many threads, CLEAVE_MEMORY where threads are refused;
 * errors of the engine, then what was timed before is there.
 */
cleave_status clv_bout_run(const struct clv_bout *bout, cleave_error *err);

#endif
