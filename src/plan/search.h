/*
 * search.h - the least of a goal over a field, under conditions.
 *
 *     clv_search_prepare(search, field, &conditions)
 *     clv_search_least(search, &goal, tests, test_count, .., &found)
 *
 * A goal puts the costs of panels together: their weighted sum, or the worst
 * of their ratios to bounds. A test is a goal with a limit. A search goes
 * through blocks whose bound allows a better one, then through slots whose
 * bound does, and computes exactly what is left; the result is that of
 * computing all exactly.
 *
 * Allocates nothing after init. Belongs to one thread.
 */
#ifndef CLV_SEARCH_H
#define CLV_SEARCH_H

#include "plan/field.h"

/* Sum: of weight * cost. Worst: the greatest of 1 + (cost - offset) /
   weight. */
struct clv_target {
    int is_worst;
    size_t count;
    size_t panel[CLV_PANELS];
    double weight[CLV_PANELS];
    double offset[CLV_PANELS];
};

struct clv_test {
    struct clv_target goal;
    double limit; /* at most */
};

struct clv_found {
    uint32_t row; /* or CLV_NO_ROW */
    double cost;
};

struct clv_search {
    const struct clv_field *field;
    enum clv_path path;
    int is_usable[CLV_GROUPS]; /* by clv_group_of */
    struct clv_factors factors[CLV_PANELS][CLV_GROUPS];
    struct clv_screen screens[CLV_PANELS][CLV_GROUPS];
    float *block_bounds;
    float *block_other;
};

/* CLEAVE_MEMORY. The caller calls fini. */
cleave_status clv_search_init(struct clv_search *search,
                              const struct clv_field *field, cleave_error *err);

/* Takes an all-zero one, too. */
void clv_search_fini(struct clv_search *search);

/* What the conditions make of each panel and group; before all else. */
void clv_search_prepare(struct clv_search *search,
                        const struct clv_conditions *conditions);

/* One goal of one panel. */
struct clv_target clv_target_of(size_t panel);

/* Exact, of any known row; infinite if its server is not usable. */
double clv_search_cost(const struct clv_search *search,
                       const struct clv_target *goal, uint32_t row);
int clv_search_passes(const struct clv_search *search,
                      const struct clv_test *tests, size_t count, uint32_t row);

/*
 * The active row of least cost that passes the tests, in the groups from
 * `first_group` to below `end_group` (numbers of clv_group_of); of equal ones
 * the first (clv_field_order). `hint` is a row to begin with, or CLV_NO_ROW:
 * a good one makes the search shorter.
 */
struct clv_found clv_search_least(struct clv_search *search,
                                  const struct clv_target *goal,
                                  const struct clv_test *tests, size_t count,
                                  size_t first_group, size_t end_group,
                                  uint32_t hint);

#endif
