/*
 * sampling.h - which inputs of a data set teach, and which examine.
 *
 * Those that teach (a calibration learns from them, without labels) are
 * spread evenly over the whole; those that examine are never among them, and
 * are spread evenly over what is left if there may only be so many. Both
 * depend on nothing but the numbers given, so `cleave calibrate` and `cleave
 * rate` agree about one folder without telling each other.
 */
#ifndef CLV_SAMPLING_H
#define CLV_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"

/* Inputs that teach unless somebody says otherwise; where there are few, half
   of them, so that others are left to examine. */
#define CLV_SAMPLING_DEFAULT 64

/* Indices, ascending. All zero is empty. */
struct clv_sampling {
    uint64_t *teach;
    size_t teach_count;
    uint64_t *examine;
    size_t examine_count;
};

/* How many of `total` teach if somebody wants so many (0: does not say). At
   least 1. */
uint64_t clv_sampling_teachers(uint64_t wanted, uint64_t total);

/* True if this input may examine (it has a label, say). */
typedef int clv_sampling_fit(void *self, uint64_t index);

/*
 * Divides `total` inputs: `teach` of them teach (all, if there are fewer),
 * and of the others those that `fit` (NULL: all) examine, `limit` at most
 * (0: no limit). There may be none left to examine; that is the caller's to
 * judge. CLEAVE_MEMORY. The caller calls fini.
 */
cleave_status clv_sampling_init(struct clv_sampling *sampling, uint64_t total,
                                uint64_t teach, uint64_t limit,
                                clv_sampling_fit *fit, void *self,
                                cleave_error *err);

/* Takes an all-zero one, too. */
void clv_sampling_fini(struct clv_sampling *sampling);

/* Index `i` of `count` spread evenly over `total`, each in the middle of its
   share. Ascending, and all different if count <= total. */
uint64_t clv_sampling_spread(uint64_t i, uint64_t count, uint64_t total);

#endif
