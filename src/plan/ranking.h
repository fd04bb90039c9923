/*
 * ranking.h - putting a great many numbers in order.
 *
 * Pure; deterministic: of equal numbers the lower index goes first.
 */
#ifndef CLV_RANKING_H
#define CLV_RANKING_H

#include <stddef.h>
#include <stdint.h>

/*
 * Puts the indices of all finite keys in order, and returns how many they
 * are. Keys are 0 or more. `order` has room for all; `work` for two numbers
 * each.
 */
size_t clv_ranking_sort(const double *keys, size_t count, uint32_t *order,
                        uint64_t *work);

/* The value of which `rank` values are less or equal at least, beginning with
   1, and no smaller one. Shuffles the values; none may be NaN. */
double clv_ranking_value(double *values, size_t count, size_t rank);

#endif
