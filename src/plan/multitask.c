/*
 * multitask.c - how several tasks get on with each other, in numbers.
 *
 * The ratios of the header, and nothing else: where times come from, and
 * whether they can be compared, is the caller's business.
 */
#include "plan/multitask.h"

#include <math.h>

#include "profile/costs.h"

double clv_multitask_ntt(double together, double alone)
{
    return together > 0 && alone > 0 && isfinite(together) && isfinite(alone)
               ? together / alone
               : CLV_UNKNOWN;
}

struct clv_multitask clv_multitask_of(const double *ntt, size_t count)
{
    struct clv_multitask unknown = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    double sum = 0;
    double inverses = 0;
    double least = INFINITY;
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        if (!(ntt[i] > 0 && isfinite(ntt[i]))) {
            return unknown;
        }
        sum += ntt[i];
        inverses += 1 / ntt[i];
        least = fmin(least, ntt[i]);
        most = fmax(most, ntt[i]);
    }
    return count > 0 ? (struct clv_multitask){sum / (double)count, inverses,
                                              least / most}
                     : unknown;
}
