/*
 * walk.h - in which order the dense coder goes through a tensor.
 *
 * docs/format.md, "The walk": planes are cut into strips, strips are dealt
 * to lanes, and at each step every lane is at the same row and column of its
 * strip. In memory the tokens of a step lie together, lane after lane:
 *
 *     token of (block, row, column, lane) =
 *         walked[((block * rows + row) * width + column) * lanes + lane]
 */
#ifndef CLV_WALK_H
#define CLV_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/tensor.h"
#include "codec/processor.h"

#define CLV_LANES_LOG2_MAX 5
#define CLV_LANES_MAX (1 << CLV_LANES_LOG2_MAX)

struct clv_walk {
    size_t count; /* elements */
    size_t planes;
    size_t height;
    size_t width;
    size_t lanes;
    size_t bands;  /* in a plane */
    size_t rows;   /* of a band */
    size_t strips; /* planes * bands */
    size_t blocks;
};

/* The walk through `count` > 0 elements of this shape with so many lanes. */
void clv_walk_init(struct clv_walk *walk, const cleave_tensor_info *info,
                   size_t count, size_t lanes);

/* How many lanes an encoder should take. */
size_t clv_walk_lanes(const cleave_tensor_info *info, size_t count);

/* Bytes of all tokens as walked, void ones included; steps * lanes. */
size_t clv_walk_size(const struct clv_walk *walk);

/* The plane of a strip. */
static inline size_t clv_walk_plane(const struct clv_walk *walk, size_t strip)
{
    return strip / walk->bands;
}

/*
 * How many columns of a strip's row are elements: width, or 0 where the row
 * is void, or between for the end of a flat tensor.
 */
size_t clv_walk_columns(const struct clv_walk *walk, size_t strip, size_t row);

/* True if some position of this row of the block is void. */
int clv_walk_has_void(const struct clv_walk *walk, size_t block, size_t row);

/* From row-major tokens to walked ones, voids 0; and back. */
void clv_walk_deal(enum clv_path path, const struct clv_walk *walk,
                   const uint8_t *tokens, uint8_t *walked);
void clv_walk_gather(enum clv_path path, const struct clv_walk *walk,
                     const uint8_t *walked, uint8_t *tokens);

#endif
