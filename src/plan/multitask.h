/*
 * multitask.h - how several tasks get on with each other, in numbers.
 *
 * The system-level metrics of Eyerman and Eeckhout (IEEE Micro 28(3), 2008),
 * of the mean times of each task together with the others and alone:
 *
 *     NTT_i    = T_i(together) / T_i(alone)    1: the others cost it nothing
 *     ANTT     = mean of NTT_i                 what a user feels; less is
 * better STP      = sum of 1 / NTT_i              work done; `count` at best
 *     fairness = min over i, j of NTT_i / NTT_j   1: all suffer alike
 *
 * What one of the numbers needs and nobody has measured makes it CLV_UNKNOWN.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_MULTITASK_H
#define CLV_MULTITASK_H

#include <stddef.h>

struct clv_multitask {
    double antt;
    double stp;
    double fairness;
};

/* Both in one unit, above 0; else CLV_UNKNOWN. */
double clv_multitask_ntt(double together, double alone);

/* All CLV_UNKNOWN if one of `ntt` is, or there is none. */
struct clv_multitask clv_multitask_of(const double *ntt, size_t count);

#endif
