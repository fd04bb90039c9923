/*
 * eightbit.h - the arithmetic of an int8 network: grids, weights, biases.
 *
 * A grid maps eight-bit integers to numbers: x = (q - zero) * scale. Weights
 * have a scale for each output channel and zero 0; biases are 32-bit integers
 * whose scale is that of the input times that of the weight, so that they add
 * to the products as they are. Pure functions; thread-safe.
 */
#ifndef CLV_EIGHTBIT_H
#define CLV_EIGHTBIT_H

#include <stddef.h>
#include <stdint.h>

/* Integers of activations: -128 to 127, or 0 to 255. */
enum clv_eightbit_kind { CLV_EIGHTBIT_SIGNED, CLV_EIGHTBIT_UNSIGNED };

struct clv_grid {
    float scale; /* above 0 */
    int zero;
};

/*
 * The grid that covers lo to hi, both finite. It always holds 0 exactly, and
 * a range that begins at 0 has the least integer there: what an activation
 * function cuts off at 0 the grid then cuts off by itself. Its top is never
 * above `hi`, so that one cut off at `hi` may go likewise.
 */
struct clv_grid clv_grid_of(float lo, float hi, enum clv_eightbit_kind kind);

/*
 * Where weights of several channels lie in memory: `outer` blocks of
 * `channels` blocks of `inner` elements.
 */
struct clv_channels {
    size_t outer;
    size_t channels;
    size_t inner;
};

/*
 * The scales of weights, one a channel, all above 0. Each is as small as the
 * channel's greatest weight allows (which becomes 127), but large enough that
 * its bias fits 32 bits; `bias` may be NULL. A channel of nothing but zeros
 * gets a scale that its bias is still exact to a millionth with.
 */
void clv_eightbit_scales(const float *weights, struct clv_channels where,
                         const float *bias, float input_scale,
                         float *ret_scales);

/* Rounds weights to their channels' grids, -127 to 127. */
void clv_eightbit_weights(const float *weights, struct clv_channels where,
                          const float *scales, int8_t *ret_weights);

/* Rounds biases; scale i is input_scale * scales[i], also written. */
void clv_eightbit_bias(const float *bias, size_t count, float input_scale,
                       const float *scales, int32_t *ret_bias,
                       float *ret_bias_scales);

#endif
