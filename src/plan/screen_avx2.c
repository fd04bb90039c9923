/*
 * screen_avx2.c - screen.h's bounds with eight lanes.
 *
 * Without fused multiply-add, whose single rounding would make bounds of
 * their own.
 */
#if defined(__x86_64__)
#define SCREEN_LANES 8
#define SCREEN_TARGET __attribute__((target("avx2")))
#include "plan/screen_lanes.h"

__attribute__((target("avx2"))) float clv_screen_bounds_avx2(
    const struct clv_screen *screen, const float *columns, size_t stride,
    size_t count, float *ret_bounds)
{
    return all_bounds(screen, columns, stride, count, ret_bounds);
}
#else
typedef int clv_screen_avx2_is_empty; /* a source needs a declaration */
#endif
