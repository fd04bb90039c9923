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
    int8_t *is_in; /* of each -1 or 0; the caller says which are there, and
                      finds which are feasible */
    size_t feasible;
    size_t
        ahead; /* so many values on what is read next begins; 0: nothing is */
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

/* Squares of distances, as clv_yardstick_square has them; of what is not
   feasible they are infinite. Returns the least. */
double clv_block_square(enum clv_path path,
                        const struct clv_yardstick *yardstick,
                        const struct clv_block *block,
                        double ret_squares[CLV_BLOCK_DESIGNS]);

/* Values of feasible designs, finite and not CLV_UNKNOWN: how many there are,
   and those between `low` and `high`. The caller says both, and has room for
   one more than are ever between. Adds to counts. */
struct clv_block_parts {
    double low;
    double high;
    size_t ahead;   /* as a block's */
    size_t known;   /* of these .. */
    size_t below;   /* .. less than `low` */
    size_t to_low;  /* .. `low` or less */
    size_t to_high; /* .. `high` or less */
    double *between;
    size_t count;
};
void clv_block_part(enum clv_path path, const double *values,
                    const int8_t *is_in, struct clv_block_parts *parts);

/* What some designs get over: sign times value is at least the bound. */
struct clv_block_hurdle {
    const double *value;
    size_t ahead; /* as a block's */
    double sign;
    double bound;
};

/* Writes the numbers of feasible designs that get over both, the block's first
   design having `first`; returns how many. `list` has room for one more. */
size_t clv_block_list(enum clv_path path,
                      const struct clv_block_hurdle hurdles[2],
                      const int8_t *is_in, uint32_t first, uint32_t *list);

#if defined(__x86_64__)
/* With AVX2; as above. */
void clv_block_filter_avx2(const struct clv_rass_columns *columns,
                           struct clv_block *block);
void clv_block_add_avx2(size_t objectives, const struct clv_block *block,
                        struct clv_block_moments *moments);
double clv_block_square_avx2(const struct clv_yardstick *yardstick,
                             const struct clv_block *block,
                             double ret_squares[CLV_BLOCK_DESIGNS]);
void clv_block_part_avx2(const double *values, const int8_t *is_in,
                         struct clv_block_parts *parts);
size_t clv_block_list_avx2(const struct clv_block_hurdle hurdles[2],
                           const int8_t *is_in, uint32_t first, uint32_t *list);
#endif

#endif
