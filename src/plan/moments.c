/*
 * moments.c - the yardstick of a product's lists, in closed form.
 *
 * In one way to sit, tasks choose independently: means and covariances of a
 * design's values are sums of the tasks'. All designs are the ways' mixture,
 * each weighing as much as it has designs; moments are joined way by way.
 */
#include <math.h>
#include <stdlib.h>

#include "plan/exact.h"
#include "plan/seating.h"

#define SAMPLE 65536.0

/* Moments of designs' values, as they are. */
struct moments {
    double weight;
    double low[CLV_GOALS];
    double high[CLV_GOALS];
    double mean[CLV_GOALS];
    double spread[CLV_GOALS][CLV_GOALS]; /* covariance times weight */
};

static double factor_of(const struct clv_seating *s, size_t goal)
{
    return s->joining[goal] == CLV_JOIN_MEAN ? 1 / (double)s->tasks : 1;
}

/* Adds one task's list to a way's moments. */
static void add_list(struct moments *m, const struct clv_seating *s,
                     size_t task)
{
    const struct clv_seated *t = &s->seated[task];
    double count = (double)t->count;
    double mean[CLV_GOALS];

    for (size_t g = 0; g < s->goals; g++) {
        const double *term = t->terms + g * t->room;
        double sum = 0;
        for (size_t k = 0; k < t->count; k++) {
            sum += term[k] - term[0];
        }
        mean[g] = term[0] + sum / count;
        m->mean[g] += factor_of(s, g) * mean[g];
    }
    for (size_t g = 0; g < s->goals; g++) {
        for (size_t h = 0; h <= g; h++) {
            const double *x = t->terms + g * t->room;
            const double *y = t->terms + h * t->room;
            double sum = 0;
            for (size_t k = 0; k < t->count; k++) {
                sum += (x[k] - mean[g]) * (y[k] - mean[h]);
            }
            m->spread[g][h] +=
                factor_of(s, g) * factor_of(s, h) * sum / count * m->weight;
        }
    }
}

/* The values of the least and of the greatest terms of all lists, summed as
   designs' values are. */
static void find_range(struct moments *m, const struct clv_seating *s, size_t g)
{
    double low[CLV_SEATS];
    double high[CLV_SEATS];

    for (size_t i = 0; i < s->tasks; i++) {
        const double *term = s->seated[i].terms + g * s->seated[i].room;
        low[i] = high[i] = term[0];
        for (size_t k = 1; k < s->seated[i].count; k++) {
            low[i] = fmin(low[i], term[k]);
            high[i] = fmax(high[i], term[k]);
        }
    }
    m->low[g] = clv_join(s->joining[g], low, s->tasks);
    m->high[g] = clv_join(s->joining[g], high, s->tasks);
}

static struct moments moments_of(const struct clv_seating *s)
{
    struct moments m = {.weight = clv_seating_designs(s)};

    if (m.weight < 1) {
        return m;
    }
    for (size_t g = 0; g < s->goals; g++) {
        find_range(&m, s, g);
    }
    for (size_t i = 0; i < s->tasks; i++) {
        add_list(&m, s, i);
    }
    return m;
}

/* A mixture of both. */
static void join(struct moments *to, const struct moments *m, size_t goals)
{
    double weight = to->weight + m->weight;
    double away[CLV_GOALS];

    if (m->weight < 1) {
        return;
    }
    if (to->weight < 1) {
        *to = *m;
        return;
    }
    for (size_t g = 0; g < goals; g++) {
        away[g] = m->mean[g] - to->mean[g];
        for (size_t h = 0; h <= g; h++) {
            to->spread[g][h] += m->spread[g][h] + away[g] * away[h] *
                                                      to->weight *
                                                      (m->weight / weight);
        }
    }
    for (size_t g = 0; g < goals; g++) {
        to->mean[g] += away[g] * (m->weight / weight);
        to->low[g] = fmin(to->low[g], m->low[g]);
        to->high[g] = fmax(to->high[g], m->high[g]);
    }
    to->weight = weight;
}

/* -- Where a goal is no sum -- */

/* Moments of designs at even steps through all of a way's, one at least. */
static struct moments sample(const struct clv_seating *s, double step)
{
    struct moments all = {.weight = 0};
    double designs = clv_seating_designs(s);

    for (double at = fmin(step, designs) / 2; at < designs; at += step) {
        struct moments one = {.weight = 1};
        double rest = floor(at);
        uint32_t choice[CLV_SEATS];
        for (size_t i = s->tasks; i > 0; i--) {
            double count = (double)s->seated[i - 1].count;
            choice[i - 1] = (uint32_t)fmod(rest, count);
            rest = floor(rest / count);
        }
        for (size_t g = 0; g < s->goals; g++) {
            one.mean[g] = clv_seating_value(s, g, choice);
            one.low[g] = one.high[g] = one.mean[g];
        }
        join(&all, &one, s->goals);
    }
    return all;
}

static int has_ratio(const struct clv_seating *s)
{
    for (size_t g = 0; g < s->goals; g++) {
        if (s->joining[g] == CLV_JOIN_RATIO) {
            return 1;
        }
    }
    return 0;
}

/* -- The yardstick -- */

static struct clv_yardstick yardstick_of(const struct moments *m,
                                         const struct clv_goals *goals)
{
    struct clv_yardstick y = {.count = goals->goal_count};
    double per[CLV_GOALS];

    for (size_t g = 0; g < y.count; g++) {
        double range = m->high[g] - m->low[g];
        y.maximize[g] = goals->goals[g].maximize;
        y.low[g] = m->low[g];
        y.high[g] = m->high[g];
        y.mean[g] = !(range > 0)    ? 1
                    : y.maximize[g] ? (m->mean[g] - m->low[g]) / range
                                    : (m->high[g] - m->mean[g]) / range;
        per[g] = range > 0 ? (y.maximize[g] ? 1 : -1) / range : 0;
    }
    for (size_t g = 0; g < y.count; g++) {
        for (size_t h = 0; h <= g; h++) {
            double covariance = m->spread[g][h] / m->weight * per[g] * per[h];
            y.covariance[g * CLV_GOALS + h] = covariance;
            y.covariance[h * CLV_GOALS + g] = covariance;
        }
    }
    clv_yardstick_finish(&y);
    return y;
}

/* Ranges are those of all; fairness has 0 to 1. */
static void widen(struct moments *some, const struct moments *all,
                  const struct clv_seating *s)
{
    for (size_t g = 0; g < s->goals; g++) {
        int is_ratio = s->joining[g] == CLV_JOIN_RATIO;
        some->low[g] = is_ratio ? 0 : all->low[g];
        some->high[g] = is_ratio ? 1 : all->high[g];
    }
}

static double count_designs(struct clv_seating *s)
{
    uint32_t chairs[CLV_SEATS] = {0};
    double designs = 0;

    do {
        clv_seating_fill(s, chairs, 0);
        designs += clv_seating_designs(s);
    } while (clv_seating_next(s->product, chairs));
    return designs;
}

cleave_status clv_exact_yardstick(const struct clv_product *product,
                                  struct clv_yardstick *ret_yardstick,
                                  double *ret_designs, cleave_error *err)
{
    struct clv_seating seating = {0};
    struct moments all = {.weight = 0};
    uint32_t chairs[CLV_SEATS] = {0};
    double step = 0;
    double designs = 0;
    cleave_status status = clv_seating_init(&seating, product, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (has_ratio(&seating)) {
        step = fmax(1, count_designs(&seating) / SAMPLE);
    }
    do {
        struct moments way;
        clv_seating_fill(&seating, chairs, 0);
        way = moments_of(&seating);
        designs += way.weight;
        if (step > 0 && way.weight >= 1) {
            struct moments some = sample(&seating, step);
            widen(&some, &way, &seating);
            way = some;
        }
        join(&all, &way, seating.goals);
    } while (clv_seating_next(product, chairs));
    if (designs >= 1) {
        *ret_yardstick = yardstick_of(&all, product->options.goals);
        if (ret_designs != NULL) {
            *ret_designs = designs;
        }
    }
    clv_seating_fini(&seating);
    return designs >= 1 ? CLEAVE_OK : CLEAVE_NOT_FOUND;
}
