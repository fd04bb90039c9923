/*
 * blocks_avx2.c - the arithmetic of blocks.h with AVX2.
 *
 * Without fused multiply-add, whose single rounding would make sums of its
 * own.
 */
#if defined(__x86_64__)
#include <immintrin.h>

#define BLOCKS_TARGET __attribute__((target("avx2")))
#define BLOCKS_FLAGGED(is_in) \
    ((masks)_mm256_cvtepi8_epi64(_mm_loadu_si32(is_in)))
#define BLOCKS_LESSER(x, y) ((lanes)_mm256_min_pd((__m256d)(x), (__m256d)(y)))
#define BLOCKS_GREATER(x, y) ((lanes)_mm256_max_pd((__m256d)(x), (__m256d)(y)))
#include "plan/blocks_lanes.h"

BLOCKS_TARGET void clv_block_filter_avx2(const struct clv_rass_columns *columns,
                                         struct clv_block *block)
{
    filter_block(columns, block);
}

BLOCKS_TARGET void clv_block_add_avx2(size_t objectives,
                                      const struct clv_block *block,
                                      struct clv_block_moments *moments)
{
    add_block(objectives, block, moments);
}

BLOCKS_TARGET double clv_block_square_avx2(
    const struct clv_yardstick *yardstick, const struct clv_block *block,
    double ret_squares[CLV_BLOCK_DESIGNS])
{
    return square_block(yardstick, block, ret_squares);
}

BLOCKS_TARGET void clv_block_part_avx2(const double *values,
                                       const int8_t *is_in,
                                       struct clv_block_parts *parts)
{
    part_block(values, is_in, parts);
}

BLOCKS_TARGET size_t
clv_block_list_avx2(const struct clv_block_hurdle hurdles[2],
                    const int8_t *is_in, uint32_t first, uint32_t *list)
{
    return list_block(hurdles, is_in, first, list);
}
#else
typedef int clv_blocks_avx2_is_empty; /* a source needs a declaration */
#endif
