/*
 * statistics.h - what a sample of measurements says, and how surely.
 *
 * Two networks are judged on the same inputs, so intervals here are of paired
 * differences: much narrower than those of two separate samples. One alone has
 * a share of right answers, and Wilson's interval of it.
 *
 * Right or wrong (top-1, top-k, agreement): the interval of Agresti and Min
 * (Statistics in Medicine 24, 2005). Of n pairs, `gained` are right only
 * the second time and `lost` only the first; half a pair is added to each
 * cell of the two by two table, and the Wald interval is taken of that. It
 * keeps its 95 % down to a few dozen pairs and does not collapse to nothing
 * when no answer has changed.
 *
 * Means (cosine, psnr): Student's interval of the paired differences.
 *
 * Pure functions; thread-safe.
 */
#ifndef CLV_STATISTICS_H
#define CLV_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* A difference and where it lies with 95 % confidence. */
struct clv_interval {
    double value; /* as observed */
    double low;
    double high;
};

/* The mean, 0 of nothing. */
double clv_mean(const double *values, size_t count);

/* The standard deviation of what `values` were drawn from (divided by n - 1),
   0 of less than two. */
double clv_deviation(const double *values, size_t count);

/* The median, 0 of nothing. Sorts the values. */
double clv_median(double *values, size_t count);

/*
 * The two-sided 95 % point of Student's t (Hill's algorithm 396); infinity
 * for no degrees of freedom.
 */
double clv_student_95(size_t freedom);

/*
 * The difference of two paired proportions, (gained - lost) / pairs, by
 * Agresti and Min. -1 to 1 if there are no pairs.
 */
struct clv_interval clv_paired_proportions(uint64_t pairs, uint64_t gained,
                                           uint64_t lost);

/* A share of `count`, more than none, and Wilson's interval of it. */
struct clv_interval clv_share_interval(double share, size_t count);

/* The mean of paired differences, by Student. Unbounded of less than two. */
struct clv_interval clv_paired_means(const double *differences, size_t count);

/* Half of an interval's width. */
double clv_half_width(struct clv_interval interval);

#endif
