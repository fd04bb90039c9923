/*
 * columnwise.c - RASS through all designs, by columns of their values.
 *
 * A million designs of a dozen values each are more than caches hold, so each
 * column is read few times and in blocks (blocks.h): once to see what is
 * feasible and to gather ranges and moments, once for the distances, and once
 * more for each design that is kept, to see what beats it. There the objective
 * goes first in which the design is nearest to the best: hardly anything
 * beats it in that, and other columns stay closed. Moments are taken about the
 * first feasible design, so that little is lost when they are centred.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/blocks.h"
#include "plan/columnwise.h"
#include "plan/ranking.h"

#define BLOCK CLV_BLOCK_DESIGNS

struct solving {
    const struct clv_rass_columns *columns;
    struct clv_yardstick *yardstick;
    struct clv_columnwise_room *room;
    size_t feasible;
    enum clv_path path;
};

/* -- Blocks -- */

/* Room for what a last block lacks. */
struct padding {
    double objective[CLV_GOALS][BLOCK];
    double bounded[CLV_BOUNDS + 1][BLOCK];
};

static const double *padded(const double *column, size_t first, size_t designs,
                            double *pad)
{
    if (designs - first >= BLOCK) {
        return column + first;
    }
    for (size_t i = 0; i < BLOCK; i++) {
        pad[i] = column[first + (first + i < designs ? i : 0)];
    }
    return pad;
}

/* From one block's values to what is read next. */
static size_t ahead_of(size_t designs, size_t first)
{
    return designs - first >= 2 * BLOCK ? BLOCK : 0;
}

/* Points a block at its designs; how many there are. */
static size_t set_block(const struct clv_rass_columns *c, size_t first,
                        struct padding *pad, struct clv_block *ret_block)
{
    size_t left = c->designs - first;
    size_t count = left < BLOCK ? left : BLOCK;

    for (size_t g = 0; g < c->objective_count; g++) {
        ret_block->objective[g] =
            padded(c->objectives[g], first, c->designs, pad->objective[g]);
    }
    for (size_t b = 0; b < c->bound_count; b++) {
        ret_block->bounded[b] =
            padded(c->bounded[b], first, c->designs, pad->bounded[b]);
    }
    ret_block->ahead = ahead_of(c->designs, first);
    return count;
}

/* -- Ranges and moments -- */

static void set_pivot(struct clv_block_moments *m, const struct clv_block *b,
                      size_t objectives)
{
    size_t first = 0;

    while (!b->is_in[first]) {
        first++;
    }
    for (size_t g = 0; g < objectives; g++) {
        m->pivot[g] = b->objective[g][first];
        m->low[g] = m->pivot[g];
        m->high[g] = m->pivot[g];
    }
}

/* From raw moments to scaled ones. */
static void scale(struct clv_yardstick *y, const struct clv_block_moments *m,
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
    struct clv_block_moments m = {.pivot = {0}};
    struct padding pad;
    struct clv_block block;

    for (size_t first = 0; first < c->designs; first += BLOCK) {
        size_t count = set_block(c, first, &pad, &block);
        block.is_in = s->room->is_feasible + first;
        memset(block.is_in, -1, count);
        memset(block.is_in + count, 0, BLOCK - count);
        clv_block_filter(s->path, c, &block);
        if (block.feasible == 0) {
            continue;
        }
        if (s->feasible == 0) {
            set_pivot(&m, &block, c->objective_count);
        }
        s->feasible += block.feasible;
        clv_block_add(s->path, c->objective_count, &block, &m);
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

static void measure(struct solving *s)
{
    const struct clv_rass_columns *c = s->columns;
    struct padding pad;
    struct clv_block block;

    for (size_t first = 0; first < c->designs; first += BLOCK) {
        set_block(c, first, &pad, &block);
        block.is_in = s->room->is_feasible + first;
        s->room->leasts[first / BLOCK] = clv_block_square(
            s->path, s->yardstick, &block, s->room->keys + first);
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
    return b == s->columns->designs || s->room->keys[a] < s->room->keys[b] ||
           number_of(s->columns, a) < number_of(s->columns, b);
}

/* The least key of a kind; `designs` if there is none. */
static size_t best_of_kind(const struct solving *s, const struct kind *kind)
{
    size_t best = s->columns->designs;
    double least = INFINITY;

    for (size_t i = 0; i < s->columns->designs; i++) {
        if (i % BLOCK == 0 && s->room->leasts[i / BLOCK] > least) {
            i += BLOCK - 1; /* nothing there */
        } else if (s->room->keys[i] <= least && s->room->is_feasible[i] &&
                   is_of_kind(s->columns, i, kind) && goes_first(s, i, best)) {
            best = i;
            least = s->room->keys[i];
        }
    }
    return best;
}

/* One of so many designs is looked at to guess where a tenth ends; not always
   the same one, since designs of a product come in steps themselves. */
#define SAMPLED 64
#define STRIDE UINT32_C(2654435769) /* 2^32 less the golden section of it */

static int is_known(const struct solving *s, const double *column, size_t i)
{
    return (s->room->is_feasible[i] != 0) & (fabs(column[i]) < INFINITY) &
           (column[i] != CLV_UNKNOWN);
}

/* Values that the tenth very likely ends between. */
struct guess {
    double low;
    double high;
};

static struct guess guess_tenth(const struct solving *s, const double *column)
{
    struct guess guess = {-INFINITY, INFINITY};
    double *sample = (double *)s->room->work;
    size_t designs = s->columns->designs;
    size_t count = 0;
    size_t margin;

    for (size_t first = 0; first + SAMPLED <= designs; first += SAMPLED) {
        size_t i = first + ((uint32_t)(first / SAMPLED) * STRIDE >> 26);
        sample[count] = column[i];
        count += (size_t)is_known(s, column, i);
    }
    margin = 2 + (size_t)(1.5 * sqrt((double)count)); /* five deviations */
    if (count / 10 > margin) {
        guess.low = clv_ranking_value(sample, count, count / 10 - margin);
        guess.high = clv_ranking_value(sample, count, count / 10 + margin);
    }
    return guess;
}

/* What the tenth with least of it has at most, if that is in the guess; else
   NaN, and infinite if nobody knows. */
static double tenth_within(const struct solving *s, const double *column,
                           const struct guess *guess)
{
    size_t designs = s->columns->designs;
    struct clv_block_parts p = {.low = guess->low,
                                .high = guess->high,
                                .between = (double *)s->room->work};
    double pad[BLOCK];
    size_t rank;

    for (size_t first = 0; first < designs; first += BLOCK) {
        p.ahead = ahead_of(designs, first);
        clv_block_part(s->path, padded(column, first, designs, pad),
                       s->room->is_feasible + first, &p);
    }
    rank = (p.known + 9) / 10;
    if (p.known == 0) {
        return INFINITY;
    }
    if (rank <= p.below || rank > p.to_high) {
        return NAN;
    }
    if (rank <= p.to_low || rank > p.to_low + p.count) {
        return rank <= p.to_low ? p.low : p.high; /* many may have just that */
    }
    return clv_ranking_value(p.between, p.count, rank - p.to_low);
}

static double tenth(const struct solving *s, const double *column)
{
    struct guess guess;
    struct guess anything = {-INFINITY, INFINITY};
    double value;

    if (column == NULL) {
        return INFINITY;
    }
    guess = guess_tenth(s, column);
    value = tenth_within(s, column, &guess);
    return isnan(value) ? tenth_within(s, column, &anything) : value;
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

static struct clv_block_hurdle hurdle_of(const struct clv_rass_columns *c,
                                         size_t goal, size_t design)
{
    double sign = c->maximize[goal] ? 1 : -1;

    return (struct clv_block_hurdle){
        .value = c->objectives[goal],
        .sign = sign,
        .bound = sign * c->objectives[goal][design],
    };
}

/* All feasible ones that are no worse in the first objective and in the second
   (of one objective twice in that). */
static size_t list_no_worse(const struct solving *s,
                            const size_t order[CLV_GOALS], size_t than,
                            uint32_t *list)
{
    const struct clv_rass_columns *c = s->columns;
    const struct clv_block_hurdle all[2] = {
        hurdle_of(c, order[0], than),
        hurdle_of(c, order[c->objective_count > 1], than),
    };
    double pads[2][BLOCK];
    size_t count = 0;

    for (size_t first = 0; first < c->designs; first += BLOCK) {
        struct clv_block_hurdle here[2] = {all[0], all[1]};
        here[0].ahead = here[1].ahead = ahead_of(c->designs, first);
        here[0].value = padded(all[0].value, first, c->designs, pads[0]);
        here[1].value = padded(all[1].value, first, c->designs, pads[1]);
        count += clv_block_list(s->path, here, s->room->is_feasible + first,
                                (uint32_t)first, list + count);
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
        if (is_of_kind(s->columns, list[i], kind)) {
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
        if (s->room->keys[list[i]] <= s->room->keys[best] &&
            goes_first(s, list[i], best)) {
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
    count = list_no_worse(s, order, design, s->room->beaten);
    count = keep_beating(s, order, design, s->room->beaten, count);
    count = keep_kind(s, kind, s->room->beaten, count);
    while (count > 0) {
        design = best_listed(s, s->room->beaten, count);
        order_objectives(s, design, order);
        count = keep_beating(s, order, design, s->room->beaten, count);
    }
    return design;
}

/* -- Keeping -- */

static double optimality_of(const struct solving *s, size_t design)
{
    return 1 / (1 + sqrt(s->room->keys[design]));
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

/* What has little, and slightly more than that. */
static void keep_little(const struct solving *s, size_t best,
                        struct clv_rass *rass)
{
    const struct clv_rass_columns *c = s->columns;
    struct kind kind = {CLV_ROLE_MEMORY, 0, INFINITY, INFINITY};

    rass->memory_tenth = tenth(s, c->memory);
    if (isfinite(rass->memory_tenth)) {
        rass->memory_tenth =
            clv_rass_slightly_more(rass->memory_tenth, c->memory[best]);
        kind.memory_most = rass->memory_tenth;
        keep(s, &kind, rass);
    }
    kind = (struct kind){CLV_ROLE_WORKLOAD, 0, INFINITY, INFINITY};
    rass->workload_tenth = tenth(s, c->workload);
    if (isfinite(rass->workload_tenth)) {
        rass->workload_tenth =
            clv_rass_slightly_more(rass->workload_tenth, c->workload[best]);
        kind.workload_most = rass->workload_tenth;
        keep(s, &kind, rass);
    }
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
    keep_little(s, best, rass);
}

/* -- Solving -- */

void clv_columnwise_fini(struct clv_columnwise_room *room)
{
    free(room->is_feasible);
    free(room->keys);
    free(room->leasts);
    free(room->work);
    free(room->beaten);
    *room = (struct clv_columnwise_room){0};
}

static cleave_status make_room(struct clv_columnwise_room *r, size_t designs,
                               cleave_error *err)
{
    size_t whole = (designs / BLOCK + 1) * BLOCK;

    if (r->keys != NULL && r->designs >= designs) {
        return CLEAVE_OK;
    }
    clv_columnwise_fini(r);
    r->is_feasible = malloc(whole);
    r->keys = malloc(whole * sizeof *r->keys);
    r->leasts = malloc((designs / BLOCK + 1) * sizeof *r->leasts);
    r->work = malloc((2 * designs + 2) * sizeof *r->work);
    r->beaten = malloc((designs + 1) * sizeof *r->beaten);
    if (r->is_feasible == NULL || r->keys == NULL || r->leasts == NULL ||
        r->work == NULL || r->beaten == NULL) {
        clv_columnwise_fini(r);
        return clv_fail_memory(err, "rass",
                               designs *
                                   (1 + sizeof *r->keys + 2 * sizeof *r->work +
                                    sizeof *r->beaten));
    }
    r->designs = designs;
    return CLEAVE_OK;
}

static cleave_status check(const struct clv_rass_columns *c, cleave_error *err)
{
    return c->objective_count <= CLV_GOALS &&
                   c->bound_count <= CLV_BOUNDS + 1 && c->designs < UINT32_MAX
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_LIMIT, "rass",
                          "At most %d objectives, %d bounds and 2^32 designs "
                          "are gone through, not %zu, %zu and %zu.",
                          CLV_GOALS, CLV_BOUNDS + 1, c->objective_count,
                          c->bound_count, c->designs);
}

cleave_status clv_columnwise_solve(struct clv_columnwise_room *room,
                                   const struct clv_rass_columns *columns,
                                   struct clv_rass *ret_rass,
                                   uint32_t *ret_order, cleave_error *err)
{
    struct clv_rass rass = {.is_proven = 1};
    struct solving s = {.columns = columns,
                        .yardstick = &rass.yardstick,
                        .room = room,
                        .path = clv_processor_best()};
    cleave_status status = check(columns, err);

    if (status == CLEAVE_OK) {
        status = make_room(room, columns->designs, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    survey(&s);
    if (s.feasible == 0) {
        return clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                        "None of %zu designs keeps all bounds.",
                        columns->designs);
    }
    measure(&s);
    rass.feasible = s.feasible;
    keep_all(&s, &rass);
    if (ret_order != NULL) {
        clv_ranking_sort(room->keys, columns->designs, ret_order, room->work);
    }
    *ret_rass = rass;
    return CLEAVE_OK;
}

cleave_status clv_rass_columns_solve(const struct clv_rass_columns *columns,
                                     struct clv_rass *ret_rass,
                                     uint32_t *ret_order, cleave_error *err)
{
    struct clv_columnwise_room room = {.designs = 0};
    cleave_status status =
        clv_columnwise_solve(&room, columns, ret_rass, ret_order, err);

    clv_columnwise_fini(&room);
    return status;
}
