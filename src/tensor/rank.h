/*
 * rank.h - scores: reading one, and finding the best.
 */
#ifndef CLV_RANK_H
#define CLV_RANK_H

#include <stddef.h>

#include "cleave/tensor.h"

/* Element `i` of a tensor as a number, whatever its type. */
double clv_rank_score(const cleave_tensor *tensor, size_t i);

/*
 * The indices of the `k` best of `count` scores from element `first` on, best
 * first; k is at most count. Equal scores keep their order, NaN comes last.
 */
void clv_rank_top(const cleave_tensor *tensor, size_t first, size_t count,
                  size_t k, size_t *ret_best);

#endif
