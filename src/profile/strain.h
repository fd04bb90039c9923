/*
 * strain.h - how finely a cut must be packed, found out on a few inputs.
 *
 * Cuts differ in how much they bear: one step, in standard deviations, may
 * lose nothing here and everything there. Comparing cuts by their bytes at
 * one step would therefore mislead. What compares is bytes at equal damage to
 * the network's answer, and an answer's damage needs no labels and few
 * inputs: the relative error of the outputs, |y' - y| / |y|. At the step where
 * it reaches CLV_STRAIN_TARGET, classifiers are about to lose their first
 * points, wherever they were cut.
 *
 * Belongs to one thread.
 */
#ifndef CLV_STRAIN_H
#define CLV_STRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/source.h"
#include "network/network.h"

#define CLV_STRAIN_TARGET 0.15

/* The steps looked at, in standard deviations. */
#define CLV_STRAIN_FINEST 0.0625
#define CLV_STRAIN_COARSEST 4.0

struct clv_strain;

/* What a cut bears. */
struct clv_strained {
    double step_sd; /* about where the target is reached; 0: integers */
    double bytes;   /* of a message there, mean */
    double error;   /* as measured there */
};

/*
 * Computes the whole network's answers to the first `count` samples; all is
 * borrowed. Errors of inputs and of the engine.
 */
cleave_status clv_strain_new(struct clv_network *network,
                             const struct clv_source *source,
                             const uint64_t *samples, size_t count,
                             struct clv_clock clock,
                             struct clv_strain **ret_strain, cleave_error *err);

/* Takes NULL. */
void clv_strain_free(struct clv_strain *strain);

/* Tries a cut, or `input`. Without floats there is nothing to try, and bytes
   are those without loss. Errors of the cut and of the codec. */
cleave_status clv_strain_cut(struct clv_strain *strain, const char *cut,
                             struct clv_strained *ret_strained,
                             cleave_error *err);

#endif
