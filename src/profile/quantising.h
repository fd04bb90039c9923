/*
 * quantising.h - an int8 variant of a model, from inputs without labels.
 *
 * The model is run on the inputs with every tensor as an output whose range is
 * needed; what was seen decides the grids that the variant rounds to. The form
 * of the variant is in model/quantised.h.
 *
 * Belongs to one thread.
 */
#ifndef CLV_QUANTISING_H
#define CLV_QUANTISING_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "engine/engine.h"
#include "media/source.h"
#include "model/quantised.h"
#include "store/store.h"

/* Told after each input, `done` of `count`. */
typedef void clv_quantising_progress(void *self, size_t done, size_t count);

/* All is borrowed. Zero means default. */
struct clv_quantising_options {
    const char *model;         /* its file */
    struct clv_engine *engine; /* that runs it */
    struct clv_store *store;   /* for files in between */
    const struct clv_source *source;
    const uint64_t *samples; /* that teach */
    size_t sample_count;     /* at least 1 */
    clv_quantising_progress *progress;
    void *self; /* for progress */
};

/*
 * Makes the variant and writes it to `path`, whole or not at all. Errors of
 * the model (clv_quantised_new), of inputs, of the engine; CLEAVE_INVALID if
 * an activation is not finite. Equal inputs on one machine give equal bytes.
 */
cleave_status clv_quantising_run(const struct clv_quantising_options *options,
                                 const char *path,
                                 struct clv_quantised_counts *ret_counts,
                                 cleave_error *err);

#endif
