/*
 * blocks.h - the arithmetic of columnwise.c on blocks of designs.
 *
 * The same operations in the same order whatever the processor has: four lanes
 * are summed apart and then together, so a result never depends on where it
 * was computed.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_BLOCKS_H
#define CLV_BLOCKS_H

#include <stdint.h>

#include "codec/processor.h"
#include "plan/rass.h"

#define CLV_BLOCK_DESIGNS 128

/* Values of one block: of each objective, and of what is bounded. */
struct clv_block {
    const double *objective[CLV_GOALS];
    const double *bounded[CLV_BOUNDS + 1];
    int64_t is_in[CLV_BLOCK_DESIGNS]; /* all ones or 0; the caller says which
                                         are there, and finds which are
                                         feasible */
    size_t feasible;
};

/* Sums over feasible designs, of values less a pivot. */
struct clv_block_moments {
    double pivot[CLV_GOALS]; /* the first feasible design's values */
    double low[CLV_GOALS];
    double high[CLV_GOALS];
    double sum[CLV_GOALS];
    double product[CLV_GOALS][CLV_GOALS]; /* below and on the diagonal */
};

/* Drops what is not feasible. */
void clv_block_filter(enum clv_path path,
                      const struct clv_rass_columns *columns,
                      struct clv_block *block);

/* Adds the feasible designs; the pivot is set. */
void clv_block_add(enum clv_path path, size_t objectives,
                   const struct clv_block *block,
                   struct clv_block_moments *moments);

/* Squares of distances, as clv_yardstick_square has them. */
void clv_block_square(enum clv_path path, const struct clv_yardstick *yardstick,
                      const struct clv_block *block,
                      double ret_squares[CLV_BLOCK_DESIGNS]);

#if defined(__x86_64__)
/* With AVX2; as above. */
void clv_block_filter_avx2(const struct clv_rass_columns *columns,
                           struct clv_block *block);
void clv_block_add_avx2(size_t objectives, const struct clv_block *block,
                        struct clv_block_moments *moments);
void clv_block_square_avx2(const struct clv_yardstick *yardstick,
                           const struct clv_block *block,
                           double ret_squares[CLV_BLOCK_DESIGNS]);
#endif

#endif
