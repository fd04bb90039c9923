/*
 * blocks.c - the arithmetic of columnwise.c on blocks of designs.
 */
#include "plan/blocks.h"

#define BLOCKS_TARGET
#include "plan/blocks_lanes.h"

#if defined(__x86_64__)
static int has_avx2(enum clv_path path)
{
    return path >= CLV_PATH_AVX2;
}
#endif

void clv_block_filter(enum clv_path path,
                      const struct clv_rass_columns *columns,
                      struct clv_block *block)
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        clv_block_filter_avx2(columns, block);
        return;
    }
#endif
    (void)path;
    filter_block(columns, block);
}

void clv_block_add(enum clv_path path, size_t objectives,
                   const struct clv_block *block,
                   struct clv_block_moments *moments)
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        clv_block_add_avx2(objectives, block, moments);
        return;
    }
#endif
    (void)path;
    add_block(objectives, block, moments);
}

void clv_block_square(enum clv_path path, const struct clv_yardstick *yardstick,
                      const struct clv_block *block,
                      double ret_squares[CLV_BLOCK_DESIGNS])
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        clv_block_square_avx2(yardstick, block, ret_squares);
        return;
    }
#endif
    (void)path;
    square_block(yardstick, block, ret_squares);
}
