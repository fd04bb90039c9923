/*
 * eightbit.c - the arithmetic of an int8 network.
 *
 * All of it is rounding to nearest, ties to even, in single precision, as the
 * engines do it. What is left out: choosing ranges, which needs inputs.
 */
#include "model/eightbit.h"

#include <math.h>

#define STEPS 255
#define WEIGHT_MOST 127

/* A bias may take so many steps of its scale; 32 bits end at 2.1e9. */
#define BIAS_STEPS 1e9f

/* With this many a bias is exact enough where there are no weights. */
#define LONE_BIAS_STEPS 1e6f

/* Products of two scales must stay normal numbers. */
#define LEAST_SCALE 1e-15f

struct clv_grid clv_grid_of(float lo, float hi, enum clv_eightbit_kind kind)
{
    int least = kind == CLV_EIGHTBIT_SIGNED ? -128 : 0;
    struct clv_grid grid = {1, least};

    lo = fminf(lo, 0);
    hi = fmaxf(hi, 0);
    grid.scale = hi / STEPS - lo / STEPS; /* hi - lo may be too great */
    if (!(grid.scale >= LEAST_SCALE)) {
        grid.scale = lo < hi ? LEAST_SCALE : 1;
    }
    grid.zero = least + (int)lrintf(-lo / grid.scale);
    while (lo == 0 && hi > LEAST_SCALE * STEPS && STEPS * grid.scale > hi) {
        grid.scale = nextafterf(grid.scale, 0);
    }
    return grid;
}

static float greatest(const float *weights, struct clv_channels w, size_t c)
{
    float most = 0;

    for (size_t o = 0; o < w.outer; o++) {
        const float *at = weights + (o * w.channels + c) * w.inner;
        for (size_t i = 0; i < w.inner; i++) {
            most = fmaxf(most, fabsf(at[i]));
        }
    }
    return most;
}

void clv_eightbit_scales(const float *weights, struct clv_channels where,
                         const float *bias, float input_scale,
                         float *ret_scales)
{
    for (size_t c = 0; c < where.channels; c++) {
        float most = greatest(weights, where, c);
        float alone = bias != NULL ? fabsf(bias[c]) / input_scale : 0;
        float scale = fmaxf(most / WEIGHT_MOST, alone / BIAS_STEPS);
        if (most == 0) {
            scale = alone > 0 ? alone / LONE_BIAS_STEPS : 1;
        }
        ret_scales[c] = fmaxf(scale, LEAST_SCALE);
    }
}

static long clamp(float value, float most)
{
    return lrintf(fminf(fmaxf(value, -most), most));
}

void clv_eightbit_weights(const float *weights, struct clv_channels where,
                          const float *scales, int8_t *ret_weights)
{
    for (size_t o = 0; o < where.outer; o++) {
        for (size_t c = 0; c < where.channels; c++) {
            size_t at = (o * where.channels + c) * where.inner;
            for (size_t i = 0; i < where.inner; i++) {
                ret_weights[at + i] =
                    (int8_t)clamp(weights[at + i] / scales[c], WEIGHT_MOST);
            }
        }
    }
}

void clv_eightbit_bias(const float *bias, size_t count, float input_scale,
                       const float *scales, int32_t *ret_bias,
                       float *ret_bias_scales)
{
    for (size_t c = 0; c < count; c++) {
        ret_bias_scales[c] = input_scale * scales[c];
        ret_bias[c] = (int32_t)clamp(bias[c] / ret_bias_scales[c], 2.0e9f);
    }
}
