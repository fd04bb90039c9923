/*
 * figures.h - outlines that can be drawn: the sixteen classes, and scraps.
 *
 * A shape is a short list of simple parts (disc, polygon, bar, ...), each of
 * which is added to, cut out of, or intersected with what the parts before it
 * made. Coordinates are the shape's own: x to the right, y down, everything
 * within about one unit of the origin.
 *
 * clv_shape_distance() tells how far a point is from the outline: negative
 * inside, positive outside, exact for single parts and a good bound for
 * combinations. From one such number per pixel come a smooth edge, a rim and
 * a soft shadow, with no super-sampling.
 *
 * Only + - * / and sqrtf are used, which IEEE 754 rounds exactly: built with
 * -ffp-contract=off, every machine computes the same bits.
 *
 * Thread rule: call clv_shapes_init() once before anything else; afterwards
 * all functions may be called from any thread. Nothing here can fail.
 */
#ifndef CLV_ZOO_FIGURES_H
#define CLV_ZOO_FIGURES_H

#include <stdint.h>

enum {
    CLV_SHAPE_CLASSES = 16,
    CLV_SHAPE_PARTS_MAX = 24,
    CLV_PART_POINTS_MAX = 10,
};

/* A seeded stream of random numbers (PCG32): same seed, same numbers. */
struct clv_dice {
    uint64_t state;
};

enum clv_part_kind {
    CLV_PART_DISC,    /* at[0] centre, wide = radius */
    CLV_PART_CAPSULE, /* round-ended stroke at[0] to at[1], wide = half width */
    CLV_PART_BAR,     /* the same with flat ends */
    CLV_PART_POLYGON, /* count corners, any winding, need not be convex */
};

enum clv_part_op { CLV_PART_ADD, CLV_PART_CUT, CLV_PART_MEET };

struct clv_part {
    enum clv_part_op op;
    enum clv_part_kind kind;
    float wide;
    int count;
    struct {
        float x, y;
    } at[CLV_PART_POINTS_MAX];
};

struct clv_shape {
    const char *name;
    int count;
    struct clv_part parts[CLV_SHAPE_PARTS_MAX];
};

void clv_dice_init(struct clv_dice *dice, uint64_t seed, uint64_t stream);
uint32_t clv_dice_roll(struct clv_dice *dice);
/* A whole number in [0, sides). `sides` is positive. */
int clv_dice_below(struct clv_dice *dice, int sides);
/* A real number in [low, high), in steps of 2^-24 of the range. */
float clv_dice_between(struct clv_dice *dice, float low, float high);
/* A unit vector at most 2*atan(reach) radians from (1, 0), either way. */
void clv_dice_turn(struct clv_dice *dice, float reach, float *ret_cos,
                   float *ret_sin);

void clv_shapes_init(void);
/* The shape of a class, 0 <= index < CLV_SHAPE_CLASSES. Lives for ever. */
const struct clv_shape *clv_shape_of_class(int index);
/* A fresh scrap that belongs to no class: a ragged blob or a bent stroke. */
void clv_shape_make_scrap(struct clv_shape *shape, struct clv_dice *dice);
float clv_shape_distance(const struct clv_shape *shape, float x, float y);

#endif
