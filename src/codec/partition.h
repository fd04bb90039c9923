/*
 * partition.h - grouping predictions into contexts.
 *
 * Given how often each token follows each prediction, finds the thresholds
 * between predictions and the cuts of the left neighbour's magnitude with
 * which the tokens' empirical entropy is least. Thresholds: exactly, by dynamic
 * programming over some dozens of bins of equal weight; cuts: the best of a
 * few.
 */
#ifndef CLV_PARTITION_H
#define CLV_PARTITION_H

#include <stdint.h>

#include "cleave/status.h"
#include "codec/book.h"

#define CLV_PREDICTIONS 256

/* [prediction][left magnitude][token] */
typedef uint32_t clv_seen[CLV_MAGNITUDES][CLV_TOKENS];

/* Sets the book's thresholds and cuts. CLEAVE_MEMORY. */
cleave_status clv_partition(const clv_seen seen[CLV_PREDICTIONS],
                            struct clv_book *book);

#endif
