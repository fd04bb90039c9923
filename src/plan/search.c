/*
 * search.c - the least of a goal over a field, under conditions.
 *
 * Three sieves, each finer and dearer: the bound of a block, the bounds of
 * its slots, the exact cost in double precision. The block with the least
 * bound comes first, so that the best found so far is soon nearly the best
 * there is, and the others mostly stay closed.
 */
#include "plan/search.h"

#include <math.h>
#include <stdlib.h>

#include "base/fail.h"

cleave_status clv_search_init(struct clv_search *search,
                              const struct clv_field *field, cleave_error *err)
{
    size_t count = field->blocks_max + CLV_BLOCK;

    *search = (struct clv_search){.field = field, .path = clv_processor_best()};
    search->block_bounds = calloc(count, sizeof *search->block_bounds);
    search->block_other = calloc(count, sizeof *search->block_other);
    if (search->block_bounds == NULL || search->block_other == NULL) {
        clv_search_fini(search);
        return clv_fail_memory(err, "scheduler",
                               count * sizeof *search->block_bounds);
    }
    return CLEAVE_OK;
}

void clv_search_fini(struct clv_search *search)
{
    free(search->block_bounds);
    free(search->block_other);
    *search = (struct clv_search){0};
}

void clv_search_prepare(struct clv_search *search,
                        const struct clv_conditions *conditions)
{
    const struct clv_field *field = search->field;
    size_t servers = field->space->costs->server_count;

    for (size_t g = 0; g <= servers; g++) {
        uint32_t server = g == 0 ? CLV_NO_SERVER : (uint32_t)g - 1;
        search->is_usable[g] = clv_reach_is_usable(conditions, server);
        for (size_t p = 0; search->is_usable[g] && p < field->panel_count;
             p++) {
            const struct clv_formula *f = &field->panels[p].formula;
            search->factors[p][g] = clv_formula_factors(f, &field->space->power,
                                                        conditions, server);
            search->screens[p][g] = clv_screen_of(f, &search->factors[p][g]);
        }
    }
}

/* -- Exactly -- */

struct clv_target clv_target_of(size_t panel)
{
    return (struct clv_target){.count = 1, .panel = {panel}, .weight = {1}};
}

static size_t group_of_row(const struct clv_field *field, uint32_t row)
{
    return clv_group_of(field->space->candidates[field->known[row]].server);
}

static double exact(const struct clv_search *s, const struct clv_target *goal,
                    uint32_t row, size_t group)
{
    double total = goal->is_worst ? -INFINITY : 0;

    for (size_t i = 0; i < goal->count; i++) {
        size_t p = goal->panel[i];
        double cost = clv_formula_cost(&s->field->panels[p].formula,
                                       &s->factors[p][group],
                                       clv_field_stakes(s->field, row, p));
        if (goal->is_worst) {
            total = fmax(total, 1 + (cost - goal->offset[i]) / goal->weight[i]);
        } else {
            total += goal->weight[i] * cost;
        }
    }
    return total;
}

double clv_search_cost(const struct clv_search *search,
                       const struct clv_target *goal, uint32_t row)
{
    size_t group = group_of_row(search->field, row);

    return search->is_usable[group] ? exact(search, goal, row, group)
                                    : INFINITY;
}

static int passes(const struct clv_search *s, const struct clv_test *tests,
                  size_t count, uint32_t row, size_t group)
{
    for (size_t i = 0; i < count; i++) {
        if (!(exact(s, &tests[i].goal, row, group) <= tests[i].limit)) {
            return 0;
        }
    }
    return 1;
}

int clv_search_passes(const struct clv_search *search,
                      const struct clv_test *tests, size_t count, uint32_t row)
{
    size_t group = group_of_row(search->field, row);

    return search->is_usable[group] && passes(search, tests, count, row, group);
}

/* -- Bounds -- */

/* Columns of stakes: of slots, or of whole blocks. */
struct view {
    size_t stride;
    size_t first;
    size_t count;
    int is_blocks;
};

static struct view slots_of(const struct clv_field *field, size_t block)
{
    return (struct view){field->blocks_max * CLV_BLOCK, block * CLV_BLOCK,
                         CLV_BLOCK, 0};
}

static struct view blocks_of(const struct clv_field *field,
                             const struct clv_group *group)
{
    return (struct view){field->blocks_max, group->first_block, group->blocks,
                         1};
}

static float panel_bounds(const struct clv_search *s, size_t p, size_t group,
                          const struct view *v, float *ret)
{
    const struct clv_panel *panel = &s->field->panels[p];
    const float *columns = v->is_blocks ? panel->floors : panel->columns;

    return clv_screen_bounds(s->path, &s->screens[p][group], columns + v->first,
                             v->stride, v->count, ret);
}

/* A worst ratio is in no unit: it is brought to that of bounds. */
static void fold(const struct clv_target *goal, size_t i, const float *bounds,
                 size_t count, float *total)
{
    float weight =
        (float)(goal->is_worst ? 1 / goal->weight[i] : goal->weight[i]);
    float offset = clv_screen_limit(goal->offset[i]);
    float one = clv_screen_limit(1);

    for (size_t k = 0; k < count; k++) {
        float part = bounds[k] * weight;
        if (goal->is_worst) {
            part = one + (bounds[k] - offset) * weight;
            part -= 1e-5f * (fabsf(part) + fabsf(offset * weight));
            total[k] = i == 0 || part > total[k] ? part : total[k];
        } else {
            total[k] = (i == 0 ? 0 : total[k]) + part - 1e-6f * fabsf(part);
        }
    }
}

/* Bounds of a goal; returns the least, or less than that. */
static float goal_bounds(const struct clv_search *s,
                         const struct clv_target *goal, size_t group,
                         const struct view *v, float *ret)
{
    float bounds[CLV_BLOCK];
    float least = INFINITY;

    if (goal->count == 1 && !goal->is_worst && goal->weight[0] == 1.0) {
        return panel_bounds(s, goal->panel[0], group, v, ret);
    }
    for (size_t at = 0; at < v->count; at += CLV_BLOCK) {
        struct view part = *v;
        part.first += at;
        part.count = v->count - at < CLV_BLOCK ? v->count - at : CLV_BLOCK;
        for (size_t i = 0; i < goal->count; i++) {
            panel_bounds(s, goal->panel[i], group, &part, bounds);
            fold(goal, i, bounds, part.count, ret + at);
        }
    }
    for (size_t k = 0; k < v->count; k++) {
        least = ret[k] < least ? ret[k] : least;
    }
    return least;
}

/* -- The search -- */

struct hunt {
    struct clv_search *search;
    const struct clv_target *goal;
    const struct clv_test *tests;
    size_t test_count;
    struct clv_found best;
    float limit; /* of bounds, from the best so far */
};

static void try_row(struct hunt *h, uint32_t row, size_t group)
{
    const struct clv_search *s = h->search;
    double cost = exact(s, h->goal, row, group);

    if (!(cost <= h->best.cost) || isinf(cost)) {
        return;
    }
    if (cost == h->best.cost && h->best.row != CLV_NO_ROW &&
        clv_field_order(s->field, row, h->best.row) >= 0) {
        return;
    }
    if (passes(s, h->tests, h->test_count, row, group)) {
        h->best = (struct clv_found){row, cost};
        h->limit = clv_screen_limit(cost);
    }
}

/* Bit i: slot i may be better than the best. */
static uint64_t sieve(const float *bounds, float limit, uint64_t slots)
{
    uint64_t left = 0;

    for (unsigned i = 0; i < CLV_BLOCK; i++) {
        left |= (uint64_t)(bounds[i] <= limit) << i;
    }
    return left & slots;
}

static void search_block(struct hunt *h, size_t block, size_t group)
{
    const struct clv_search *s = h->search;
    struct view v = slots_of(s->field, block);
    float bounds[CLV_BLOCK];
    uint64_t left;

    if (!(goal_bounds(s, h->goal, group, &v, bounds) <= h->limit)) {
        return;
    }
    left = sieve(bounds, h->limit, UINT64_MAX);
    for (size_t t = 0; left != 0 && t < h->test_count; t++) {
        const struct clv_test *test = &h->tests[t];
        goal_bounds(s, &test->goal, group, &v, bounds);
        left = sieve(bounds, clv_screen_limit(test->limit), left);
    }
    for (; left != 0; left &= left - 1) {
        uint32_t row = s->field->slots[v.first + (size_t)__builtin_ctzll(left)];
        if (row != CLV_NO_ROW) {
            try_row(h, row, group);
        }
    }
}

/* Bounds of a group's blocks; those that no test lets through get none. */
static void bound_blocks(struct hunt *h, const struct clv_group *group)
{
    struct clv_search *s = h->search;
    struct view v = blocks_of(s->field, group);
    size_t g = clv_group_of(group->server);
    float *bounds = s->block_bounds + v.first;

    goal_bounds(s, h->goal, g, &v, bounds);
    for (size_t t = 0; t < h->test_count; t++) {
        float limit = clv_screen_limit(h->tests[t].limit);
        goal_bounds(s, &h->tests[t].goal, g, &v, s->block_other);
        for (size_t b = 0; b < v.count; b++) {
            bounds[b] = s->block_other[b] <= limit ? bounds[b] : NAN;
        }
    }
}

static void search_group(struct hunt *h, const struct clv_group *group)
{
    const float *bounds;
    size_t g = clv_group_of(group->server);
    size_t first;

    bound_blocks(h, group);
    bounds = h->search->block_bounds + group->first_block;
    first = group->blocks;
    for (size_t b = 0; b < group->blocks; b++) {
        if (bounds[b] <= h->limit &&
            (first == group->blocks || bounds[b] < bounds[first])) {
            first = b;
        }
    }
    if (first == group->blocks) {
        return;
    }
    search_block(h, group->first_block + first, g);
    for (size_t b = 0; b < group->blocks; b++) {
        if (b != first && bounds[b] <= h->limit) {
            search_block(h, group->first_block + b, g);
        }
    }
}

struct clv_found clv_search_least(struct clv_search *search,
                                  const struct clv_target *goal,
                                  const struct clv_test *tests, size_t count,
                                  size_t first_group, size_t end_group,
                                  uint32_t hint)
{
    const struct clv_field *field = search->field;
    struct hunt h = {.search = search,
                     .goal = goal,
                     .tests = tests,
                     .test_count = count,
                     .best = {CLV_NO_ROW, INFINITY},
                     .limit = INFINITY};

    if (hint != CLV_NO_ROW) {
        size_t group = group_of_row(field, hint);
        if (search->is_usable[group] && group >= first_group &&
            group < end_group) {
            try_row(&h, hint, group);
        }
    }
    for (size_t i = 0; i < field->group_count; i++) {
        size_t g = clv_group_of(field->groups[i].server);
        if (search->is_usable[g] && g >= first_group && g < end_group) {
            search_group(&h, &field->groups[i]);
        }
    }
    return h.best;
}
