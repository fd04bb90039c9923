/*
 * quantified.h - what a variant has lost and gained against its original.
 *
 * Both networks answer the same inputs, so the change of the accuracy has the
 * narrow interval of paired differences (statistics.h). Both are timed in
 * turns, so that a machine that is slow for a moment is slow for both, and
 * the ratio of a round means something even then.
 *
 * Belongs to one thread.
 */
#ifndef CLV_QUANTIFIED_H
#define CLV_QUANTIFIED_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "network/network.h"
#include "profile/statistics.h"
#include "profile/verdict.h"

/* Told after each step, `done` of `count`. */
typedef void clv_quantified_progress(void *self, size_t done, size_t count);

/* All is borrowed. Zero means default or none. */
struct clv_quantified_options {
    struct clv_network *original;
    struct clv_network *variant; /* with the same inputs and outputs */
    const struct clv_source *source;
    const struct clv_card *card;
    const struct clv_labels *labels; /* every sample has one, if any has */
    const uint64_t *samples;         /* at least 2 */
    size_t sample_count;
    struct clv_clock clock;
    clv_quantified_progress *progress;
    void *self;
};

struct clv_quantified {
    enum clv_judged_by by;
    double before; /* mean score: a share, a cosine, or dB */
    double after;
    struct clv_interval change_pp; /* of a budget's points (verdict.h); below 0
                                      is lost */
    double agreement; /* share of inputs with the same best element */
    uint64_t inputs;
    double before_ms; /* p50 of one inference */
    double after_ms;
    double ratio;     /* before to after, median over rounds; above 1: faster */
    double ratio_low; /* 10 % of the rounds are below */
    double ratio_high; /* 10 % are above */
    uint64_t rounds;
};

/*
 * Measures. CLEAVE_INVALID for less than two samples, CLEAVE_MISMATCH if the
 * networks' ends differ; errors of inputs and of the engine.
 */
cleave_status clv_quantified_run(const struct clv_quantified_options *options,
                                 struct clv_quantified *ret_quantified,
                                 cleave_error *err);

#endif
