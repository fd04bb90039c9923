/*
 * integers.h - tensors of integers as indices, without loss.
 *
 * An index is the element less a base. The base is best the commonest value:
 * in a quantised network that is its zero point. Types from 8 to 64 bits and
 * bool; arithmetic wraps in 64 bits.
 */
#ifndef CLV_INTEGERS_H
#define CLV_INTEGERS_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/tensor.h"
#include "codec/quantise.h"

/* A base for this tensor: the commonest value of 8-bit ones, else the least
   or what a frame can hold that is nearest to it. */
int64_t clv_integers_base(const cleave_tensor *tensor);

/* Returns 0 if an element is too far from the base, or a bool neither 0 nor
   1. */
int clv_integers_to_indices(const cleave_tensor *tensor, int64_t base,
                            int16_t *indices, struct clv_extent *extent);

/* Returns 0 if a bool would be neither 0 nor 1. */
int clv_integers_from_indices(const int16_t *indices, size_t count,
                              int64_t base, cleave_type type, void *data);

#endif
