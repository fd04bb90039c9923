/*
 * stretched.h - what a design costs while others take its device's time.
 *
 * The times of the device's part are stretched statistic by statistic
 * (contention.h), and everything is then predicted as ever (conditions.h).
 * Only latency, throughput, device time and ntt feel it: a computation takes
 * as much energy, memory and bytes in company as alone.
 *
 *     ntt = mean latency stretched / mean latency alone
 *
 * Pure.
 */
#ifndef CLV_STRETCHED_H
#define CLV_STRETCHED_H

#include "plan/conditions.h"

/*
 * As clv_predict, but NaN for what was not measured; a drop in accuracy, and
 * accuracy, at the bad end of their interval if `surely`. What is of all tasks
 * together (antt, stp, fairness) is that of this one, made of its ntt alone.
 */
double clv_stretched_value(const struct clv_space *space, size_t candidate,
                           const struct clv_conditions *conditions,
                           const struct clv_spread *excess,
                           struct clv_measure measure, int surely);

#endif
