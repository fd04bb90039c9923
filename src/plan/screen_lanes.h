/*
 * screen_lanes.h - the bounds of screen.h, for any number of lanes.
 *
 * Included by one source for each width, which says SCREEN_LANES and
 * SCREEN_TARGET. Vectors are the compiler's own, so there is one text for all
 * processors. The root begins from the famous constant: halving the bits of a
 * float halves its exponent, and two steps of Newton's bring the inverse root
 * to five digits.
 */
#ifndef CLV_SCREEN_LANES_H
#define CLV_SCREEN_LANES_H

#include <stdint.h>
#include <string.h>

#include "plan/screen.h"

typedef float lanes __attribute__((vector_size(4 * SCREEN_LANES)));
typedef int32_t bits __attribute__((vector_size(4 * SCREEN_LANES)));

#define SCREEN_INLINE SCREEN_TARGET static inline
#define ROOT_MARGIN 2e-5f

SCREEN_INLINE lanes load(const float *from)
{
    lanes v;

    memcpy(&v, from, sizeof v);
    return v;
}

SCREEN_INLINE lanes choose(bits mask, lanes yes, lanes no)
{
    return (lanes)(((bits)yes & mask) | ((bits)no & ~mask));
}

/* The root of the magnitude with the sign, and a margin towards less. */
SCREEN_INLINE lanes low_root(lanes square)
{
    bits sign = (bits)square & INT32_MIN;
    lanes a = (lanes)((bits)square & INT32_MAX);
    lanes inverse = (lanes)(0x5f375a86 - ((bits)a >> 1));
    lanes root;

    inverse = inverse * (1.5f - 0.5f * (a * inverse) * inverse);
    inverse = inverse * (1.5f - 0.5f * (a * inverse) * inverse);
    root = a * inverse;
    return (lanes)((bits)root | sign) - root * ROOT_MARGIN;
}

SCREEN_INLINE lanes sum_bound(const struct clv_screen *s, const float *at,
                              size_t stride)
{
    lanes up = load(at + CLV_STAKE_UP * stride);
    lanes down = load(at + CLV_STAKE_DOWN * stride);
    lanes sum =
        s->fixed + s->stake[CLV_STAKE_DEVICE] * load(at) +
        s->stake[CLV_STAKE_UP] * up +
        s->stake[CLV_STAKE_SERVER] * load(at + CLV_STAKE_SERVER * stride) +
        s->stake[CLV_STAKE_DOWN] * down;

    if (s->has_root) {
        lanes square = s->up_rate * (up * up) + s->down_rate * (down * down);
        for (size_t i = CLV_STAKE_DEVICE_SQUARE; i < CLV_STAKES; i++) {
            square += s->stake[i] * load(at + i * stride);
        }
        sum += low_root(square);
    }
    return sum;
}

SCREEN_INLINE lanes stage_bound(const struct clv_screen *s, const float *at,
                                size_t stride)
{
    lanes greatest = s->stake[0] * load(at);

    for (size_t i = 1; i <= CLV_STAKE_DOWN; i++) {
        lanes stage = s->stake[i] * load(at + i * stride);
        greatest = choose(stage > greatest, stage, greatest);
    }
    return greatest;
}

SCREEN_INLINE lanes bound(const struct clv_screen *s, const float *at,
                          size_t stride)
{
    switch (s->shape) {
    case CLV_SHAPE_SUM:
        return sum_bound(s, at, stride);
    case CLV_SHAPE_STAGES:
        return stage_bound(s, at, stride);
    default:
        return load(at);
    }
}

SCREEN_INLINE float all_bounds(const struct clv_screen *s, const float *columns,
                               size_t stride, size_t count, float *ret_bounds)
{
    lanes least = bound(s, columns, stride);
    float low;

    for (size_t i = 0; i < count; i += SCREEN_LANES) {
        lanes b = bound(s, columns + i, stride);
        memcpy(ret_bounds + i, &b, sizeof b);
        least = choose(b < least, b, least);
    }
    low = least[0];
    for (int i = 1; i < SCREEN_LANES; i++) {
        low = least[i] < low ? least[i] : low;
    }
    return low;
}

#endif
