/*
 * columnwise.c - RASS through all designs, by columns of their values.
 *
 * A million designs of a dozen values each are more than caches hold, so each
 * column is read few times and in blocks: once to see what is feasible and to
 * gather ranges and moments, once for the distances, once for the bests of
 * their kinds, and once more for each design that is kept, to see what beats
 * it. There the objective goes first in which the design is nearest to the
 * best: hardly anything beats it in that, and other columns stay closed.
 *
 * Sums of squares are taken about the first feasible design, so that little is
 * lost when they are centred, and in four lanes that processors can do at
 * once. Nothing depends on the processor: lanes are the same everywhere.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/ranking.h"
#include "plan/rass.h"

#define BLOCK 128
#define LANES 4

struct solving {
    const struct clv_rass_columns *columns;
    struct clv_yardstick *yardstick;
    uint8_t *is_feasible;
    double *keys;     /* squares of distances; infinite: not feasible */
    uint64_t *work;   /* two numbers a design */
    uint32_t *beaten; /* those that beat one */
    size_t feasible;
};

/* -- What is feasible -- */

static void drop_broken(const struct clv_constraint *bound, const double *value,
                        size_t count, uint8_t *is_in)
{
    if (bound->at_least) {
        for (size_t i = 0; i < count; i++) {
            is_in[i] &= value[i] >= bound->bound;
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            is_in[i] &= value[i] <= bound->bound;
        }
    }
}

/* Neither NaN nor infinite. */
static void drop_unknown(const double *value, size_t count, uint8_t *is_in)
{
    for (size_t i = 0; i < count; i++) {
        is_in[i] &= fabs(value[i]) < INFINITY;
    }
}

static size_t filter(const struct clv_rass_columns *c, size_t first,
                     size_t count, uint8_t *is_in)
{
    size_t left = 0;

    memset(is_in, 1, count);
    for (size_t b = 0; b < c->bound_count; b++) {
        drop_broken(&c->bounds[b], c->bounded[b] + first, count, is_in);
    }
    for (size_t g = 0; g < c->objective_count; g++) {
        drop_unknown(c->objectives[g] + first, count, is_in);
    }
    for (size_t i = 0; i < count; i++) {
        left += is_in[i];
    }
    return left;
}

/* -- Ranges and moments -- */

/* Sums over feasible designs, of values less a pivot. */
struct moments {
    double pivot[CLV_GOALS]; /* the first feasible design's values */
    double low[CLV_GOALS];
    double high[CLV_GOALS];
    double sum[CLV_GOALS];
    double product[CLV_GOALS][CLV_GOALS]; /* below and on the diagonal */
};

/* One block's feasible values, closed up, and pivots after them. */
struct block {
    double value[CLV_GOALS][BLOCK];
    size_t count;
};

static void set_pivot(struct moments *m, const struct clv_rass_columns *c,
                      size_t first, const uint8_t *is_in)
{
    while (!*is_in) {
        first++;
        is_in++;
    }
    for (size_t g = 0; g < c->objective_count; g++) {
        m->pivot[g] = c->objectives[g][first];
        m->low[g] = m->pivot[g];
        m->high[g] = m->pivot[g];
    }
}

static void close_up(struct block *b, const struct moments *m,
                     const struct clv_rass_columns *c, size_t first,
                     size_t count, const uint8_t *is_in)
{
    for (size_t g = 0; g < c->objective_count; g++) {
        const double *from = c->objectives[g] + first;
        double *to = b->value[g];
        size_t n = 0;
        if (b->count == count) {
            memcpy(to, from, count * sizeof *to);
            n = count;
        }
        for (size_t i = 0; n < b->count; i++) {
            to[n] = from[i];
            n += is_in[i];
        }
        for (; n < BLOCK; n++) {
            to[n] = m->pivot[g];
        }
    }
}

/* Ranges; then values become what is above the pivot. */
static void add_sum(struct moments *m, struct block *b, size_t g)
{
    double *value = b->value[g];
    double pivot = m->pivot[g];
    double sums[LANES] = {0};
    double low[LANES] = {pivot, pivot, pivot, pivot};
    double high[LANES] = {pivot, pivot, pivot, pivot};

    for (size_t i = 0; i < BLOCK; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            double x = value[i + l];
            low[l] = x < low[l] ? x : low[l];
            high[l] = x > high[l] ? x : high[l];
            value[i + l] = x - pivot;
            sums[l] += x - pivot;
        }
    }
    for (size_t l = 0; l < LANES; l++) {
        m->sum[g] += sums[l];
        m->low[g] = low[l] < m->low[g] ? low[l] : m->low[g];
        m->high[g] = high[l] > m->high[g] ? high[l] : m->high[g];
    }
}

static double product_of(const double *x, const double *y)
{
    double sums[LANES] = {0};

    for (size_t i = 0; i < BLOCK; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            sums[l] += x[i + l] * y[i + l];
        }
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void add_block(struct moments *m, struct block *b, size_t goals)
{
    for (size_t g = 0; g < goals; g++) {
        add_sum(m, b, g);
    }
    for (size_t g = 0; g < goals; g++) {
        for (size_t h = 0; h <= g; h++) {
            m->product[g][h] += product_of(b->value[g], b->value[h]);
        }
    }
}

/* From raw moments to scaled ones. */
static void scale(struct clv_yardstick *y, const struct moments *m,
                  size_t count)
{
    double n = (double)count;
    double per[CLV_GOALS];

    for (size_t g = 0; g < y->count; g++) {
        double range = m->high[g] - m->low[g];
        double mean = m->pivot[g] + m->sum[g] / n;
        y->low[g] = m->low[g];
        y->high[g] = m->high[g];
        y->mean[g] = !(range > 0)     ? 1
                     : y->maximize[g] ? (mean - m->low[g]) / range
                                      : (m->high[g] - mean) / range;
        per[g] = range > 0 ? (y->maximize[g] ? 1 : -1) / range : 0;
    }
    for (size_t g = 0; g < y->count; g++) {
        for (size_t h = 0; h <= g; h++) {
            double product =
                m->product[g][h] / n - m->sum[g] / n * (m->sum[h] / n);
            double scaled = product * per[g] * per[h];
            y->covariance[g * CLV_GOALS + h] = scaled;
            y->covariance[h * CLV_GOALS + g] = scaled;
        }
    }
}

/* The first reading: what is feasible, and the yardstick of that. */
static void survey(struct solving *s)
{
    const struct clv_rass_columns *c = s->columns;
    struct clv_yardstick y = {.count = c->objective_count};
    struct moments m = {.pivot = {0}};
    struct block block;

    for (size_t first = 0; first < c->designs; first += BLOCK) {
        size_t left = c->designs - first;
        size_t count = left < BLOCK ? left : BLOCK;
        uint8_t *is_in = s->is_feasible + first;
        block.count = filter(c, first, count, is_in);
        if (block.count == 0) {
            continue;
        }
        if (s->feasible == 0) {
            set_pivot(&m, c, first, is_in);
        }
        s->feasible += block.count;
        close_up(&block, &m, c, first, count, is_in);
        add_block(&m, &block, c->objective_count);
    }
    for (size_t g = 0; g < y.count; g++) {
        y.maximize[g] = c->maximize[g];
    }
    if (s->feasible > 0) {
        scale(&y, &m, s->feasible);
        clv_yardstick_finish(&y);
    }
    *s->yardstick = y;
}

/* -- Distances -- */

/* How far from the best each value of a block is. */
static void measure_away(const struct clv_yardstick *y,
                         const struct clv_rass_columns *c, size_t first,
                         size_t count, double away[CLV_GOALS][BLOCK])
{
    for (size_t g = 0; g < y->count; g++) {
        const double *value = c->objectives[g] + first;
        double high = y->high[g];
        double low = y->low[g];
        if (y->maximize[g]) {
            for (size_t i = 0; i < count; i++) {
                away[g][i] = high - value[i];
            }
        } else {
            for (size_t i = 0; i < count; i++) {
                away[g][i] = value[i] - low;
            }
        }
    }
}

/* In the order of clv_yardstick_square, so that the sums are the same. */
static void square(const struct clv_yardstick *y, double away[CLV_GOALS][BLOCK],
                   double *ret_square)
{
    double sum[BLOCK];

    memset(ret_square, 0, BLOCK * sizeof *ret_square);
    for (size_t i = 0; i < y->count; i++) {
        const double *row = &y->from_values[i * CLV_GOALS];
        memset(sum, 0, sizeof sum);
        for (size_t j = 0; j <= i; j++) {
            double factor = row[j];
            for (size_t k = 0; k < BLOCK; k++) {
                sum[k] += factor * away[j][k];
            }
        }
        for (size_t k = 0; k < BLOCK; k++) {
            ret_square[k] += sum[k] * sum[k];
        }
    }
}

static void measure(struct solving *s)
{
    const struct clv_rass_columns *c = s->columns;
    double away[CLV_GOALS][BLOCK] = {{0}};
    double squares[BLOCK];

    for (size_t first = 0; first < c->designs; first += BLOCK) {
        size_t left = c->designs - first;
        size_t count = left < BLOCK ? left : BLOCK;
        measure_away(s->yardstick, c, first, count, away);
        square(s->yardstick, away, squares);
        for (size_t i = 0; i < count; i++) {
            s->keys[first + i] =
                s->is_feasible[first + i] ? squares[i] : INFINITY;
        }
    }
}

/* -- Kinds of designs -- */

/* What a design that is kept must be like. */
struct kind {
    unsigned role;
    uint32_t avoids;
    double memory_most;
    double workload_most;
};

/* Nothing that nobody knows is. */
static int is_at_most(double value, double most)
{
    return value >= 0 && value <= most;
}

static int is_of_kind(const struct clv_rass_columns *c, size_t design,
                      const struct kind *kind)
{
    return (c->processors == NULL ||
            (c->processors[design] & kind->avoids) == 0) &&
           (isinf(kind->memory_most) ||
            is_at_most(c->memory[design], kind->memory_most)) &&
           (isinf(kind->workload_most) ||
            is_at_most(c->workload[design], kind->workload_most));
}

static uint64_t number_of(const struct clv_rass_columns *c, size_t design)
{
    return c->numbers != NULL ? c->numbers[design] : design;
}

/* True if design a goes before b, b being one or none. */
static int goes_first(const struct solving *s, size_t a, size_t b)
{
    return b == s->columns->designs || s->keys[a] < s->keys[b] ||
           number_of(s->columns, a) < number_of(s->columns, b);
}

/* The least key of a kind; `designs` if there is none. */
static size_t best_of_kind(const struct solving *s, const struct kind *kind)
{
    size_t best = s->columns->designs;
    double least = INFINITY;

    for (size_t i = 0; i < s->columns->designs; i++) {
        if (s->keys[i] <= least && s->is_feasible[i] &&
            is_of_kind(s->columns, i, kind) && goes_first(s, i, best)) {
            best = i;
            least = s->keys[i];
        }
    }
    return best;
}

/* What the tenth with least of it has at most; infinite if nobody knows. */
static double tenth(const struct solving *s, const double *column)
{
    double *known = (double *)s->work;
    size_t count = 0;

    for (size_t i = 0; column != NULL && i < s->columns->designs; i++) {
        known[count] = column[i];
        count += s->is_feasible[i] && fabs(column[i]) < INFINITY &&
                 column[i] != CLV_UNKNOWN;
    }
    return count > 0 ? clv_ranking_value(known, count, (count + 9) / 10)
                     : INFINITY;
}

/* -- What gives way to what -- */

/* Objectives, the one in which the design is nearest to the best first. */
static void order_objectives(const struct solving *s, size_t design,
                             size_t order[CLV_GOALS])
{
    const struct clv_yardstick *y = s->yardstick;
    double away[CLV_GOALS];

    for (size_t g = 0; g < y->count; g++) {
        double value = s->columns->objectives[g][design];
        double range = y->high[g] - y->low[g];
        size_t at = g;
        away[g] = range > 0 ? (y->maximize[g] ? y->high[g] - value
                                              : value - y->low[g]) /
                                  range
                            : 1;
        for (; at > 0 && away[order[at - 1]] > away[g]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = g;
    }
}

static int is_no_worse(const struct clv_rass_columns *c, size_t goal, size_t a,
                       size_t b)
{
    const double *value = c->objectives[goal];

    return c->maximize[goal] ? value[a] >= value[b] : value[a] <= value[b];
}

/* All that are no worse in one objective. Branches would be guessed wrong. */
static size_t list_no_worse(const struct clv_rass_columns *c, size_t goal,
                            size_t than, uint32_t *list)
{
    const double *value = c->objectives[goal];
    double bound = value[than];
    size_t count = 0;

    if (c->maximize[goal]) {
        for (size_t i = 0; i < c->designs; i++) {
            list[count] = (uint32_t)i;
            count += value[i] >= bound;
        }
    } else {
        for (size_t i = 0; i < c->designs; i++) {
            list[count] = (uint32_t)i;
            count += value[i] <= bound;
        }
    }
    return count;
}

/* Of a list those that beat a design: no worse in all, better in one. */
static size_t keep_beating(const struct solving *s, const size_t *order,
                           size_t design, uint32_t *list, size_t count)
{
    const struct clv_rass_columns *c = s->columns;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t other = list[i];
        int is_better = 0;
        size_t g = 0;
        while (g < c->objective_count &&
               is_no_worse(c, order[g], other, design)) {
            is_better |= !is_no_worse(c, order[g], design, other);
            g++;
        }
        if (g == c->objective_count && is_better) {
            list[kept++] = other;
        }
    }
    return kept;
}

static size_t keep_kind(const struct solving *s, const struct kind *kind,
                        uint32_t *list, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (s->is_feasible[list[i]] && is_of_kind(s->columns, list[i], kind)) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

static uint32_t best_listed(const struct solving *s, const uint32_t *list,
                            size_t count)
{
    uint32_t best = list[0];

    for (size_t i = 1; i < count; i++) {
        if (s->keys[list[i]] <= s->keys[best] && goes_first(s, list[i], best)) {
            best = list[i];
        }
    }
    return best;
}

/* The design itself, or what it gives way to, again and again: whatever
   beats the one that took its place has beaten the first, too. */
static size_t give_way(const struct solving *s, const struct kind *kind,
                       size_t design)
{
    size_t order[CLV_GOALS];
    size_t count;

    if (s->columns->objective_count == 0) {
        return design;
    }
    order_objectives(s, design, order);
    count = list_no_worse(s->columns, order[0], design, s->beaten);
    count = keep_beating(s, order, design, s->beaten, count);
    count = keep_kind(s, kind, s->beaten, count);
    while (count > 0) {
        design = best_listed(s, s->beaten, count);
        order_objectives(s, design, order);
        count = keep_beating(s, order, design, s->beaten, count);
    }
    return design;
}

/* -- Keeping -- */

static double optimality_of(const struct solving *s, size_t design)
{
    return 1 / (1 + sqrt(s->keys[design]));
}

/* The best of a kind joins what is kept; which one that is. */
static size_t keep(const struct solving *s, const struct kind *kind,
                   struct clv_rass *rass)
{
    size_t best = best_of_kind(s, kind);
    struct clv_rass_design design;

    if (best == s->columns->designs) {
        return s->columns->designs;
    }
    design = (struct clv_rass_design){.optimality = optimality_of(s, best),
                                      .roles = kind->role};
    best = give_way(s, kind, best);
    design.design = number_of(s->columns, best);
    clv_rass_keep(rass, &design);
    return best;
}

static void keep_all(const struct solving *s, struct clv_rass *rass)
{
    const struct clv_rass_columns *c = s->columns;
    struct kind any = {CLV_ROLE_BEST, 0, INFINITY, INFINITY};
    struct kind kind;
    size_t best = keep(s, &any, rass);
    uint32_t used = c->processors == NULL ? 0 : c->processors[best];

    for (unsigned bit = 0; bit < CLV_RASS_PROCESSORS; bit++) {
        kind = any;
        kind.role = CLV_ROLE_AVOIDS << bit;
        kind.avoids = 1u << bit;
        if (used & kind.avoids) {
            keep(s, &kind, rass);
        }
    }
    kind = any;
    kind.role = CLV_ROLE_MEMORY;
    kind.memory_most = rass->memory_tenth;
    if (isfinite(kind.memory_most)) {
        keep(s, &kind, rass);
    }
    kind = any;
    kind.role = CLV_ROLE_WORKLOAD;
    kind.workload_most = rass->workload_tenth;
    if (isfinite(kind.workload_most)) {
        keep(s, &kind, rass);
    }
}

/* -- Solving -- */

static cleave_status set_up(struct solving *s, cleave_error *err)
{
    size_t designs = s->columns->designs;

    s->is_feasible = malloc(designs + 1);
    s->keys = malloc((designs + 1) * sizeof *s->keys);
    s->work = malloc((2 * designs + 2) * sizeof *s->work);
    s->beaten = malloc((designs + 1) * sizeof *s->beaten);
    return s->is_feasible != NULL && s->keys != NULL && s->work != NULL &&
                   s->beaten != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, "rass",
                                 designs *
                                     (1 + sizeof *s->keys +
                                      2 * sizeof *s->work + sizeof *s->beaten));
}

static cleave_status check(const struct clv_rass_columns *c, cleave_error *err)
{
    return c->objective_count <= CLV_GOALS && c->designs < UINT32_MAX
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_LIMIT, "rass",
                          "At most %d objectives and 2^32 designs are gone "
                          "through, not %zu and %zu.",
                          CLV_GOALS, c->objective_count, c->designs);
}

cleave_status clv_rass_columns_solve(const struct clv_rass_columns *columns,
                                     struct clv_rass *ret_rass,
                                     uint32_t *ret_order, cleave_error *err)
{
    struct clv_rass rass = {.is_proven = 1};
    struct solving s = {.columns = columns, .yardstick = &rass.yardstick};
    cleave_status status = check(columns, err);

    if (status == CLEAVE_OK) {
        status = set_up(&s, err);
    }
    if (status != CLEAVE_OK) {
        goto out;
    }
    survey(&s);
    if (s.feasible == 0) {
        status =
            clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                     "None of %zu designs keeps all bounds.", columns->designs);
        goto out;
    }
    measure(&s);
    rass.feasible = s.feasible;
    rass.memory_tenth = tenth(&s, columns->memory);
    rass.workload_tenth = tenth(&s, columns->workload);
    keep_all(&s, &rass);
    if (ret_order != NULL) {
        clv_ranking_sort(s.keys, columns->designs, ret_order, s.work);
    }
    *ret_rass = rass;

out:
    free(s.is_feasible);
    free(s.keys);
    free(s.work);
    free(s.beaten);
    return status;
}
