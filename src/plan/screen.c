/*
 * screen.c - bounds of the costs of many candidates at once, four lanes.
 *
 * Margins and limits are set here, once, so that the lanes need neither:
 * stakes are lowered by more than single precision can lose. Squares of
 * nanoseconds and of bytes would leave its range, so that costs are counted
 * in units of 2^20, half of it in the stakes and half in the factors; what is
 * too great even so is capped, which only lowers a bound.
 */
#include "plan/screen.h"

#include <math.h>

#define SCREEN_LANES 4
#define SCREEN_TARGET
#include "plan/screen_lanes.h"

#define MARGIN 2e-5
#define HALF_UNIT 0x1p-10
#define UNIT 0x1p-20
#define STAKE_MAX 1e9
#define GREATEST 1e18

static float cap(double x, double most)
{
    return (float)fmax(fmin(x, most), -most);
}

float clv_screen_stake(const struct clv_formula *formula, int index,
                       double stake)
{
    double low = stake - fabs(stake) * MARGIN;

    if (formula->shape == CLV_SHAPE_CONSTANT) {
        return cap(low * UNIT, GREATEST);
    }
    return index < CLV_STAKE_DEVICE_SQUARE ? cap(low * HALF_UNIT, STAKE_MAX)
                                           : cap(low * UNIT, GREATEST);
}

float clv_screen_limit(double cost)
{
    double limit = cost * UNIT;

    limit += fabs(limit) * 1e-6;
    return limit > GREATEST ? INFINITY : (float)limit;
}

struct clv_screen clv_screen_of(const struct clv_formula *formula,
                                const struct clv_factors *factors)
{
    struct clv_screen s = {
        .shape = formula->shape,
        .has_root = formula->has_root,
        .fixed = cap(factors->fixed * UNIT, GREATEST),
        .up_rate = cap(factors->up_rate * UNIT, GREATEST),
        .down_rate = cap(factors->down_rate * UNIT, GREATEST),
    };

    for (int i = 0; i < CLV_STAKES; i++) {
        double unit = i < CLV_STAKE_DEVICE_SQUARE ? HALF_UNIT : UNIT;
        s.stake[i] = cap(factors->stake[i] * unit, GREATEST);
    }
    return s;
}

float clv_screen_bounds(enum clv_path path, const struct clv_screen *screen,
                        const float *columns, size_t stride, size_t count,
                        float *ret_bounds)
{
#if defined(__x86_64__)
    if (path >= CLV_PATH_AVX2) {
        return clv_screen_bounds_avx2(screen, columns, stride, count,
                                      ret_bounds);
    }
#endif
    (void)path;
    return all_bounds(screen, columns, stride,
                      (count + CLV_SCREEN_LANES - 1) / CLV_SCREEN_LANES *
                          CLV_SCREEN_LANES,
                      ret_bounds);
}
