/*
 * yardstick.c - how close a design comes to the best of everything.
 *
 * With D the deviations and R the correlations of the scaled objectives, the
 * covariance is D R D. R's least eigenvalue says whether it can be trusted;
 * if not, R gives way to (1 - s) R + s I, of which the least eigenvalue is
 * s more of 1. Then R = L L', and W = inverse of (D L).
 */
#include "plan/yardstick.h"

#include <math.h>
#include <string.h>

/* The least eigenvalue of correlations that is trusted. */
#define LEAST 0.01

typedef double matrix[CLV_GOALS][CLV_GOALS];

/* -- The least eigenvalue, by Jacobi's rotations -- */

static double off_diagonal(matrix a, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            sum += a[i][j] * a[i][j];
        }
    }
    return sum;
}

/* Makes a[p][q] zero. */
static void rotate(matrix a, size_t n, size_t p, size_t q)
{
    double theta;
    double t;
    double c;
    double s;

    if (a[p][q] == 0) {
        return;
    }
    theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    c = 1 / sqrt(t * t + 1);
    s = t * c;
    for (size_t k = 0; k < n; k++) {
        double x = a[k][p];
        double y = a[k][q];
        a[k][p] = c * x - s * y;
        a[k][q] = s * x + c * y;
    }
    for (size_t k = 0; k < n; k++) {
        double x = a[p][k];
        double y = a[q][k];
        a[p][k] = c * x - s * y;
        a[q][k] = s * x + c * y;
    }
}

static double least_eigenvalue(matrix a, size_t n)
{
    double least = INFINITY;

    for (int sweep = 0; sweep < 30 && off_diagonal(a, n) > 1e-24; sweep++) {
        for (size_t p = 0; p < n; p++) {
            for (size_t q = p + 1; q < n; q++) {
                rotate(a, n, p, q);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, a[i][i]);
    }
    return least;
}

/* -- The root -- */

/* Objectives that differ between designs, and their deviations. */
struct lively {
    size_t count;
    size_t goal[CLV_GOALS];
    double deviation[CLV_GOALS];
};

static struct lively find_lively(const struct clv_yardstick *y)
{
    struct lively l = {.count = 0};

    for (size_t g = 0; g < y->count; g++) {
        double variance = y->covariance[g * CLV_GOALS + g];
        if (y->high[g] > y->low[g] && variance > 0) {
            l.deviation[l.count] = sqrt(variance);
            l.goal[l.count++] = g;
        }
    }
    return l;
}

static void correlate(const struct clv_yardstick *y, const struct lively *l,
                      matrix r)
{
    for (size_t i = 0; i < l->count; i++) {
        for (size_t j = 0; j < l->count; j++) {
            r[i][j] = y->covariance[l->goal[i] * CLV_GOALS + l->goal[j]] /
                      (l->deviation[i] * l->deviation[j]);
        }
        r[i][i] = 1;
    }
}

/* By how much R has to give way. */
static double shrinkage_for(matrix r, size_t n)
{
    matrix work;
    double least;

    memcpy(work, r, sizeof work);
    least = least_eigenvalue(work, n);
    return n < 2 || least >= LEAST ? 0 : (LEAST - least) / (1 - least);
}

/* R = L L', in place, below and on the diagonal. */
static void factor(matrix r, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = j; i < n; i++) {
            double sum = r[i][j];
            for (size_t k = 0; k < j; k++) {
                sum -= r[i][k] * r[j][k];
            }
            r[i][j] = i == j ? sqrt(sum) : sum / r[j][j];
        }
    }
}

/* The inverse of what is below and on the diagonal. */
static void invert(matrix l, size_t n, matrix inverse)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = j; i < n; i++) {
            double sum = i == j ? 1 : 0;
            for (size_t k = j; k < i; k++) {
                sum -= l[i][k] * inverse[k][j];
            }
            inverse[i][j] = sum / l[i][i];
        }
    }
}

void clv_yardstick_finish(struct clv_yardstick *yardstick)
{
    struct clv_yardstick *y = yardstick;
    struct lively l = find_lively(y);
    matrix r = {{0}};
    matrix w = {{0}};

    memset(y->root, 0, sizeof y->root);
    memset(y->from_values, 0, sizeof y->from_values);
    correlate(y, &l, r);
    y->shrinkage = shrinkage_for(r, l.count);
    for (size_t i = 0; i < l.count; i++) {
        for (size_t j = 0; j < i; j++) {
            r[i][j] *= 1 - y->shrinkage;
        }
    }
    factor(r, l.count);
    invert(r, l.count, w);
    for (size_t i = 0; i < l.count; i++) {
        for (size_t j = 0; j <= i; j++) {
            size_t g = l.goal[j];
            size_t at = l.goal[i] * CLV_GOALS + g;
            y->root[at] = w[i][j] / l.deviation[j];
            y->from_values[at] = y->root[at] / (y->high[g] - y->low[g]);
        }
    }
}

/* -- Of columns -- */

static size_t nth(const uint32_t *set, size_t i)
{
    return set != NULL ? set[i] : i;
}

static double scaled(const struct clv_yardstick *y, size_t g, double value)
{
    double range = y->high[g] - y->low[g];
    double share = range > 0 ? (value - y->low[g]) / range : 1;

    return y->maximize[g] || !(range > 0) ? share : 1 - share;
}

static void find_ranges(struct clv_yardstick *y, const double *const *values,
                        const uint32_t *set, size_t count)
{
    for (size_t g = 0; g < y->count; g++) {
        double sum = 0;
        y->low[g] = count > 0 ? values[g][nth(set, 0)] : 0;
        y->high[g] = y->low[g];
        for (size_t i = 1; i < count; i++) {
            double value = values[g][nth(set, i)];
            y->low[g] = value < y->low[g] ? value : y->low[g];
            y->high[g] = value > y->high[g] ? value : y->high[g];
        }
        for (size_t i = 0; i < count; i++) {
            sum += scaled(y, g, values[g][nth(set, i)]);
        }
        y->mean[g] = count > 0 ? sum / (double)count : 1;
    }
}

void clv_yardstick_of(struct clv_yardstick *yardstick,
                      const double *const *values, const int *maximize,
                      size_t objectives, const uint32_t *set, size_t count)
{
    struct clv_yardstick y = {.count = objectives};

    for (size_t g = 0; g < objectives; g++) {
        y.maximize[g] = maximize[g];
    }
    find_ranges(&y, values, set, count);
    for (size_t i = 0; i < count; i++) {
        double off[CLV_GOALS];
        for (size_t g = 0; g < objectives; g++) {
            off[g] = scaled(&y, g, values[g][nth(set, i)]) - y.mean[g];
            for (size_t h = 0; h <= g; h++) {
                y.covariance[g * CLV_GOALS + h] +=
                    off[g] * off[h] / (double)count;
            }
        }
    }
    for (size_t g = 0; g < objectives; g++) {
        for (size_t h = 0; h < g; h++) {
            y.covariance[h * CLV_GOALS + g] = y.covariance[g * CLV_GOALS + h];
        }
    }
    clv_yardstick_finish(&y);
    *yardstick = y;
}

/* -- Of one design -- */

double clv_yardstick_square(const struct clv_yardstick *yardstick,
                            const double *values)
{
    const struct clv_yardstick *y = yardstick;
    double away[CLV_GOALS];
    double square = 0;

    for (size_t g = 0; g < y->count; g++) {
        away[g] =
            y->maximize[g] ? y->high[g] - values[g] : values[g] - y->low[g];
    }
    for (size_t i = 0; i < y->count; i++) {
        double sum = 0;
        for (size_t j = 0; j <= i; j++) {
            sum += y->from_values[i * CLV_GOALS + j] * away[j];
        }
        square += sum * sum;
    }
    return square;
}

double clv_yardstick_distance(const struct clv_yardstick *yardstick,
                              const double *values)
{
    return sqrt(clv_yardstick_square(yardstick, values));
}

double clv_yardstick_optimality(const struct clv_yardstick *yardstick,
                                const double *values)
{
    return 1 / (1 + clv_yardstick_distance(yardstick, values));
}
