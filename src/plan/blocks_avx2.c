/*
 * blocks_avx2.c - the arithmetic of blocks.h with AVX2.
 *
 * Without fused multiply-add, whose single rounding would make sums of its
 * own.
 */
#if defined(__x86_64__)
#define BLOCKS_TARGET __attribute__((target("avx2")))
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

BLOCKS_TARGET void clv_block_square_avx2(const struct clv_yardstick *yardstick,
                                         const struct clv_block *block,
                                         double ret_squares[CLV_BLOCK_DESIGNS])
{
    square_block(yardstick, block, ret_squares);
}
#else
typedef int clv_blocks_avx2_is_empty; /* a source needs a declaration */
#endif
