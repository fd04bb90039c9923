/*
 * stopwatch.h - how long heads and tails take on engines of this device.
 *
 * All parts are loaded and run in rounds: each is run a few times, then the
 * next, and so on, round after round. A machine that is slow for a moment is
 * slow for a few runs of every part and not for all runs of one. The first run
 * of each visit warms the caches up, as the run before does in earnest, and is
 * not counted.
 *
 * Runs during which others kept the machine from its work are not counted
 * either (calm.h), and made up for in further rounds: up to three times as many
 * as planned, in as much time again. A machine that never rests is measured as
 * it is, and told.
 *
 * Heads are measured as they will run: alone on their engine, on real inputs.
 * Belongs to one thread.
 */
#ifndef CLV_STOPWATCH_H
#define CLV_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/source.h"
#include "network/network.h"
#include "profile/costs.h"
#include "profile/energy.h"
#include "profile/stall.h"

/* Told after each step, `done` of `count`; returns nonzero to give up. */
typedef int clv_stopwatch_progress(void *self, size_t done, size_t count);

/* All is borrowed. Zero means default. */
struct clv_stopwatch_options {
    struct clv_network *network;
    /* One a cut, where cuts are of several (one model on several engines, to
       be compared in the same rounds); NULL: all of `network`. */
    struct clv_network *const *networks;
    const struct clv_source *source;
    const uint64_t *samples; /* run on in turn, one a round */
    size_t sample_count;     /* at least 1 */
    const char *const *cuts; /* also `input` and `output` */
    size_t cut_count;
    uint32_t rounds;           /* at least, of calm runs; 8 */
    uint32_t visits;           /* counted runs of a part in a round; 2 */
    int64_t least_ns;          /* go on until all this took so long; 0 */
    int64_t most_ns;           /* and stop then, after three rounds; none */
    struct clv_energy *energy; /* NULL: not measured */
    struct clv_clock clock;
    struct clv_stall stall; /* all zero: not known */
    clv_stopwatch_progress *progress;
    void *self;
};

/* What one cut's parts take. */
struct clv_laps {
    struct clv_spread head_ns;   /* at `input` one run of nothing */
    struct clv_spread finish_ns; /* the tail; at `output` one of nothing */
    double part_bytes;           /* head and tail, loaded alone */
    double energy_j;             /* of one head; or CLV_UNKNOWN */
    uint32_t runs;               /* in all, */
    uint32_t disturbed;          /* and those of them that do not count */
    double stalled; /* share of the time of those that do; or CLV_UNKNOWN */
};

/*
 * Measures. `ret_laps` has room for `cut_count`. CLEAVE_CANCELLED, without a
 * word, if the progress gave up; errors of cuts, of inputs, and of the engine.
 */
cleave_status clv_stopwatch_run(const struct clv_stopwatch_options *options,
                                struct clv_laps *ret_laps, cleave_error *err);

#endif
