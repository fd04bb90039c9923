/*
 * problem.h - an SLO as a policy sees it, in terms of a field's panels.
 *
 * A problem is an order of objectives (or their weighted sum) and the tests
 * that depend on conditions. Constraints on what conditions do not change are
 * not in it: the scheduler has them applied when it is made.
 *
 * Plain values; pure.
 */
#ifndef CLV_PROBLEM_H
#define CLV_PROBLEM_H

#include "plan/policy.h"
#include "plan/search.h"
#include "plan/slo.h"

struct clv_problem {
    size_t objective_count;
    size_t objectives[CLV_OBJECTIVES]; /* panels, in order */
    double weights[CLV_OBJECTIVES];    /* all 0, or none */
    size_t test_count;
    struct clv_test tests[CLV_CONSTRAINTS];
    size_t constraint[CLV_CONSTRAINTS]; /* of the SLO, for each test */
    double tolerance;
};

/* Panels that were asked for. */
struct clv_panel_list {
    struct clv_formula formulas[CLV_PANELS];
    size_t count;
};

/* What a policy is after: its own objective, or the SLO's. */
enum clv_aim { CLV_AIM_OWN, CLV_AIM_STAGES };

/* Adds panels as needed. CLV_AIM_STAGES is dads's under many arrivals. */
struct clv_problem clv_problem_of(const struct clv_slo *slo,
                                  const struct clv_policy *policy,
                                  enum clv_aim aim,
                                  struct clv_panel_list *panels);

/* True if the policy heeds this constraint of the SLO. */
int clv_problem_heeds(const struct clv_policy *policy,
                      const struct clv_constraint *constraint);

/* A cost's ratio to the bound that it breaks, above 1; 0 if it is met. */
double clv_constraint_ratio(const struct clv_formula *formula,
                            const struct clv_constraint *constraint,
                            double cost);

/*
 * Solves it. `hints` are rows, one an objective and one more, that may be
 * CLV_NO_ROW; what was found is left there for the next time. No row if
 * nothing passes the tests.
 */
#define CLV_HINTS (CLV_OBJECTIVES + 1)
struct clv_found clv_problem_solve(const struct clv_problem *problem,
                                   struct clv_search *search,
                                   uint32_t hints[CLV_HINTS]);

/* What comes nearest: the least of the worst ratio. */
struct clv_found clv_problem_nearest(const struct clv_problem *problem,
                                     struct clv_search *search);

/* The worst ratio of a row, and the test it is at. */
double clv_problem_worst(const struct clv_problem *problem,
                         const struct clv_search *search, uint32_t row,
                         size_t *ret_test);

/*
 * By what share `other` is better than `current` in the objective where it is
 * best; of the weighted sum if there are weights.
 */
double clv_problem_gain(const struct clv_problem *problem,
                        const struct clv_search *search, uint32_t current,
                        uint32_t other);

#endif
