/*
 * rater.h - what a packing costs: bytes, time, and right answers.
 *
 *     clv_rater_open(&options, &rater, err)
 *     clv_rater_measure(rater, "conv4_relu", &packing, calibration, &rate, err)
 *
 * A rater holds a network and inputs to examine it on. For a cut and a
 * packing it computes each input's head, sends the tensors through the
 * packing, computes the tail from what comes back, and judges the answer
 * beside the one that the whole network gives when nothing is packed.
 *
 * Heads, and the whole network's answers, are computed once and kept within a
 * bound of memory; what does not fit is computed again each time. So it pays
 * to measure all packings of one cut before the next cut.
 *
 * Belongs to one thread.
 */
#ifndef CLV_RATER_H
#define CLV_RATER_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "codec/calibration.h"
#include "codec/packing.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "network/network.h"
#include "profile/evidence.h"

/* Tensors that are kept unless somebody says otherwise. */
#define CLV_RATER_MEMORY ((uint64_t)1 << 30)

struct clv_rater;

/* Told after each input: `done` of `count` for what is being measured. */
typedef void clv_rater_progress(void *self, size_t done, size_t count);

/* All is borrowed and must outlive the rater. Zero means default or none. */
struct clv_rater_options {
    struct clv_network *network;
    const struct clv_source *source;
    const struct clv_card *card;
    const struct clv_labels *labels;
    const uint64_t *samples; /* of the source; at least two */
    size_t sample_count;
    uint64_t memory_bytes;
    struct clv_clock clock;
    clv_rater_progress *progress;
    void *self; /* for progress */
};

/*
 * Opens the whole network; nothing is computed yet. CLEAVE_INVALID for less
 * than two samples, CLEAVE_NOT_FOUND if answers are judged by labels and a
 * sample has none. The caller closes.
 */
cleave_status clv_rater_open(const struct clv_rater_options *options,
                             struct clv_rater **ret_rater, cleave_error *err);

/* Takes NULL. */
void clv_rater_close(struct clv_rater *rater);

/*
 * Measures. `calibration` may be NULL and is not looked at afterwards. For jpeg
 * and webp the cut must be `input` and the inputs pictures: CLEAVE_UNSUPPORTED
 * otherwise. Errors of the cut, of inputs that cannot be loaded, and of the
 * packing. One that fails leaves the rater usable.
 */
cleave_status clv_rater_measure(struct clv_rater *rater, const char *cut,
                                const struct clv_packing *packing,
                                const struct clv_calibration *calibration,
                                struct clv_rate *ret_rate, cleave_error *err);

/* What the whole network is worth when nothing is packed. */
struct clv_rated_whole {
    enum clv_judged_by by;
    double score;
    double low; /* 95 % interval: Wilson's of shares, Student's of means */
    double high;
    uint64_t inputs;
};

cleave_status clv_rater_whole(struct clv_rater *rater,
                              struct clv_rated_whole *ret_whole,
                              cleave_error *err);

/*
 * Measures bytes and times only, on `most` inputs at most, and judges no
 * answers: for a first look, and for packings that change nothing. Otherwise as
 * clv_rater_measure.
 */
cleave_status clv_rater_weigh(struct clv_rater *rater, const char *cut,
                              const struct clv_packing *packing,
                              const struct clv_calibration *calibration,
                              size_t most,
                              struct clv_rater_spreads *ret_spreads,
                              cleave_error *err);

/* Those of the latest measurement that succeeded. */
void clv_rater_spread(const struct clv_rater *rater,
                      struct clv_rater_spreads *ret_spreads);

/*
 * The tensors at a cut for input `i` of the samples, as they are before
 * packing. They stay until the next call to the rater.
 */
cleave_status clv_rater_tensors(struct clv_rater *rater, const char *cut,
                                size_t i, const cleave_tensor **ret_tensors,
                                size_t *ret_count, cleave_error *err);

#endif
