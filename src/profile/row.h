/*
 * row.h - one measurement of a packing at a cut, as a JSON object.
 *
 *     {"cut": "conv4_relu", "coder": "dense", "setting": "step=0.5sd",
 *      "bytes": 5310.2, "bits_per_element": 1.12, "encode_us": 210.5,
 *      "decode_us": 190.1, "metric": "top1", "change_pp": -0.4, "ci_pp": 0.9,
 *      "agreement": 0.97, "ci_low_pp": -1.3, "ci_high_pp": 0.5,
 *      "score": 0.61, "unpacked": 0.62, "inputs": 436,
 *      "pack": "dense:step=0.5sd"}
 *
 * `rate` prints rows so, and ledgers keep them so.
 */
#ifndef CLV_ROW_H
#define CLV_ROW_H

#include <jansson.h>

#include "cleave/status.h"
#include "codec/packing.h"
#include "profile/rater.h"

struct clv_row {
    char *cut; /* owned */
    struct clv_packing packing;
    struct clv_rate rate;
};

/* Gives the memory back. Takes an all-zero one, too. */
void clv_row_fini(struct clv_row *row);

/* The object, NULL for want of memory. The caller decrefs. */
json_t *clv_row_json(const char *cut, const struct clv_packing *packing,
                     const struct clv_rate *rate);

/* The reverse. Returns 0 for an object that is no row, or without memory. */
int clv_row_read(const json_t *object, struct clv_row *ret_row);

#endif
