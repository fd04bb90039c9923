/*
 * statistics.c - means, medians, and intervals of paired differences.
 *
 * Student's quantile is G. W. Hill's algorithm 396 (Communications of the
 * ACM 13, 1970), at the one probability that is wanted here; it is good to
 * six digits from three degrees of freedom on, and below that there are
 * closed forms.
 */
#include "profile/statistics.h"

#include <math.h>
#include <stdlib.h>

#define NORMAL_95 1.959963984540054
#define PI 3.14159265358979323846
#define OUTSIDE 0.05 /* what a 95 % interval leaves */

double clv_mean(const double *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return count > 0 ? sum / (double)count : 0;
}

double clv_deviation(const double *values, size_t count)
{
    double mean = clv_mean(values, count);
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return count > 1 ? sqrt(sum / (double)(count - 1)) : 0;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double clv_median(double *values, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* Hill's expansion, for three and more. */
static double student(double n)
{
    double a = 1 / (n - 0.5);
    double b = 48 / (a * a);
    double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
    double d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * PI / 2) * n;
    double x = -NORMAL_95;
    double y = pow(d * OUTSIDE, 2 / n);

    if (y > 0.05 + a) {
        y = x * x;
        c += n < 5 ? 0.3 * (n - 4.5) * (x + 0.6) : 0;
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
        y = expm1(a * y * y);
    } else {
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) +
              0.5 / (n + 4)) *
                 y -
             1) *
                (n + 1) / (n + 2) +
            1 / y;
    }
    return sqrt(n * y);
}

double clv_student_95(size_t freedom)
{
    if (freedom == 0) {
        return INFINITY;
    }
    if (freedom == 1) {
        return 1 / tan(OUTSIDE * PI / 2);
    }
    if (freedom == 2) {
        return sqrt(2 / (OUTSIDE * (2 - OUTSIDE)) - 2);
    }
    return student((double)freedom);
}

struct clv_interval clv_paired_proportions(uint64_t pairs, uint64_t gained,
                                           uint64_t lost)
{
    double n = (double)pairs + 2;
    double b = (double)gained + 0.5;
    double c = (double)lost + 0.5;
    double centre = (b - c) / n;
    double half = NORMAL_95 * sqrt(b + c - (b - c) * (b - c) / n) / n;

    if (pairs == 0) {
        return (struct clv_interval){0, -1, 1};
    }
    return (struct clv_interval){
        .value = ((double)gained - (double)lost) / (double)pairs,
        .low = fmax(centre - half, -1),
        .high = fmin(centre + half, 1),
    };
}

struct clv_interval clv_share_interval(double share, size_t count)
{
    const double z = NORMAL_95;
    double n = (double)count;
    double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) *
                  sqrt(share * (1 - share) / n + z * z / (4 * n * n));

    return (struct clv_interval){share, centre - half, centre + half};
}

struct clv_interval clv_paired_means(const double *differences, size_t count)
{
    double mean = clv_mean(differences, count);
    double half = INFINITY;

    if (count > 1) {
        half = clv_student_95(count - 1) * clv_deviation(differences, count) /
               sqrt((double)count);
    }
    return (struct clv_interval){mean, mean - half, mean + half};
}

double clv_half_width(struct clv_interval interval)
{
    return (interval.high - interval.low) / 2;
}
