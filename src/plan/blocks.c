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

double clv_block_square(enum clv_path path,
                        const struct clv_yardstick *yardstick,
                        const struct clv_block *block,
                        double ret_squares[CLV_BLOCK_DESIGNS])
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        return clv_block_square_avx2(yardstick, block, ret_squares);
    }
#endif
    (void)path;
    return square_block(yardstick, block, ret_squares);
}

void clv_block_part(enum clv_path path, const double *values,
                    const int8_t *is_in, struct clv_block_parts *parts)
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        clv_block_part_avx2(values, is_in, parts);
        return;
    }
#endif
    (void)path;
    part_block(values, is_in, parts);
}

size_t clv_block_list(enum clv_path path,
                      const struct clv_block_hurdle hurdles[2],
                      const int8_t *is_in, uint32_t first, uint32_t *list)
{
#if defined(__x86_64__)
    if (has_avx2(path)) {
        return clv_block_list_avx2(hurdles, is_in, first, list);
    }
#endif
    (void)path;
    return list_block(hurdles, is_in, first, list);
}
