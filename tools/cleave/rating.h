/*
 * rating.h - all that `cleave rate` holds while it measures.
 *
 * rating.c opens it: the data divided, the rungs of each cut listed, the
 * ledger of what is known already found. rate.c goes through it.
 */
#ifndef CLEAVE_TOOL_RATING_H
#define CLEAVE_TOOL_RATING_H

#include "base/sha256.h"
#include "codec/calibration.h"
#include "dataset.h"
#include "profile/ladder.h"
#include "profile/ledger.h"
#include "profile/rater.h"
#include "progress.h"
#include "ratetable.h"

struct rating {
    const struct settings *settings;
    unsigned coders;
    double budget_pp;
    struct dataset dataset;
    struct clv_sampling sampling;
    struct cutlist cuts;
    struct clv_ladder *ladders; /* one a cut */
    struct clv_sha256 key;
    struct clv_ledger *ledger;
    struct clv_rater *rater;
    struct clv_calibration *given; /* --calibration */
    struct clv_calibration *own;   /* of the present cut */
    int has_own;
    struct ratetable table;
    struct progress progress;
};

/* What the command line alone can get wrong. */
cleave_status rating_check(const struct settings *settings, cleave_error *err);

/* Opens everything that the settings name. Takes an all-zero struct; close it
   whatever the outcome. */
cleave_status rating_open(struct rating *rating,
                          const struct settings *settings, cleave_error *err);
void rating_close(struct rating *rating);

/* Shows how far the present step is; `self` is the rating. */
void rating_note_progress(void *self, size_t done, size_t count);

#endif
