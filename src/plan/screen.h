/*
 * screen.h - bounds of the costs of many candidates at once.
 *
 * The stakes of candidates (formula.h) lie in columns of floats, a little
 * below their true values, so that what is computed from them, in single
 * precision and with a root that is good to five digits, is never above the
 * true cost and hardly below it. Whoever looks for the least cost computes
 * exactly only where the bound still allows it. Bounds have a unit of their
 * own; clv_screen_limit brings costs to it.
 *
 * The same columns may hold the least stakes of whole blocks of candidates;
 * what comes out are then bounds of the blocks, because a cost never falls
 * when a stake grows.
 *
 * Four lanes everywhere, eight with AVX2; both give the same bits. Pure;
 * thread-safe.
 */
#ifndef CLV_SCREEN_H
#define CLV_SCREEN_H

#include <stddef.h>

#include "codec/processor.h"
#include "plan/formula.h"

/* Counts are rounded up to this; columns must be that long. */
#define CLV_SCREEN_LANES 8

/* Factors as the lanes take them. */
struct clv_screen {
    enum clv_shape shape;
    int has_root;
    float fixed;
    float stake[CLV_STAKES];
    float up_rate;
    float down_rate;
};

/* A stake as it goes into column `index`: finite, and a little too small. */
float clv_screen_stake(const struct clv_formula *formula, int index,
                       double stake);

/* A cost as bounds are compared with it: a bound above it is of a cost above
   it. */
float clv_screen_limit(double cost);

struct clv_screen clv_screen_of(const struct clv_formula *formula,
                                const struct clv_factors *factors);

/*
 * Writes bounds of `count` candidates to `ret_bounds` and returns the least
 * of the rounded-up count. Column i begins at `columns` + i * `stride`.
 */
float clv_screen_bounds(enum clv_path path, const struct clv_screen *screen,
                        const float *columns, size_t stride, size_t count,
                        float *ret_bounds);

#if defined(__x86_64__)
float clv_screen_bounds_avx2(const struct clv_screen *screen,
                             const float *columns, size_t stride, size_t count,
                             float *ret_bounds);
#endif

#endif
