/*
 * problem.c - an SLO as a policy sees it, and its solution.
 *
 * Objectives in order: each search leaves a test for the next, that a design
 * be alike the best of this one. After the last objective the servers' order
 * decides between what is alike: the device itself first. Weights: a search
 * for the best of each objective, then one for the least sum of ratios.
 */
#include "plan/problem.h"

#include <math.h>

/* -- Making -- */

static size_t panel_for(struct clv_panel_list *list, struct clv_measure measure,
                        int surely)
{
    for (size_t p = 0; p < list->count; p++) {
        const struct clv_measure *m = &list->formulas[p].measure;
        if (m->metric == measure.metric && m->statistic == measure.statistic) {
            return p;
        }
    }
    list->formulas[list->count] = clv_formula_of(measure, surely);
    return list->count++;
}

int clv_problem_heeds(const struct clv_policy *policy,
                      const struct clv_constraint *constraint)
{
    enum clv_metric metric = constraint->measure.metric;

    return policy->decides == CLV_DECIDES_BY_SLO ||
           metric == CLV_METRIC_ACCURACY || metric == CLV_METRIC_DROP;
}

static struct clv_measure own_measure(const struct clv_slo *slo,
                                      const struct clv_policy *policy,
                                      enum clv_aim aim)
{
    enum clv_metric wanted = slo->objectives[0].measure.metric;
    struct clv_measure m = {CLV_METRIC_LATENCY, CLV_STATISTIC_MEAN};

    if (policy->decides == CLV_DECIDES_BY_BYTES) {
        m.metric = CLV_METRIC_BYTES;
    } else if (aim == CLV_AIM_STAGES) {
        m.metric = CLV_METRIC_THROUGHPUT;
    } else if (wanted == CLV_METRIC_ENERGY) {
        m.metric = CLV_METRIC_ENERGY;
    }
    return m;
}

double clv_constraint_ratio(const struct clv_formula *formula,
                            const struct clv_constraint *constraint,
                            double cost)
{
    double bound = clv_formula_cost_of(formula, constraint->bound);
    double scale = fmax(fabs(bound), clv_formula_floor(formula));
    int is_most = constraint->at_least ==
                  clv_metric_more_is_better(constraint->measure.metric);
    double excess = is_most ? cost - bound : bound - cost;

    return excess > 0 ? fmax(1 + excess / scale, nextafter(1, 2)) : 0;
}

static struct clv_test test_of(const struct clv_constraint *c, size_t panel,
                               const struct clv_formula *formula)
{
    struct clv_test test = {.goal = clv_target_of(panel)};

    test.limit = clv_formula_cost_of(formula, c->bound);
    return test;
}

struct clv_problem clv_problem_of(const struct clv_slo *slo,
                                  const struct clv_policy *policy,
                                  enum clv_aim aim,
                                  struct clv_panel_list *panels)
{
    struct clv_problem p = {0};

    if (policy->decides != CLV_DECIDES_BY_SLO) {
        p.objective_count = 1;
        p.objectives[0] = panel_for(panels, own_measure(slo, policy, aim),
                                    slo->accuracy_surely);
        return p;
    }
    p.tolerance = slo->tolerance;
    p.objective_count = slo->objective_count;
    for (size_t i = 0; i < slo->objective_count; i++) {
        p.objectives[i] =
            panel_for(panels, slo->objectives[i].measure, slo->accuracy_surely);
        p.weights[i] = slo->objectives[i].weight;
    }
    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        struct clv_formula f = clv_formula_of(c->measure, 0);
        if (f.shape != CLV_SHAPE_CONSTANT) {
            size_t panel = panel_for(panels, c->measure, slo->accuracy_surely);
            p.tests[p.test_count] = test_of(c, panel, &f);
            p.constraint[p.test_count++] = i;
        }
    }
    return p;
}

/* -- Solving -- */

static double floor_of(const struct clv_search *s, size_t panel)
{
    return clv_formula_floor(&s->field->panels[panel].formula);
}

static int is_weighted(const struct clv_problem *p)
{
    return p->weights[0] > 0;
}

/* The best that is alike, of the first group that has one. */
static struct clv_found by_priority(struct clv_search *s,
                                    const struct clv_target *goal,
                                    struct clv_test *tests, size_t count,
                                    struct clv_found best, double limit)
{
    const struct clv_field *field = s->field;
    size_t group =
        clv_group_of(field->space->candidates[field->known[best.row]].server);

    tests[count] = (struct clv_test){*goal, limit};
    for (size_t g = 0; g < group; g++) {
        struct clv_found found =
            clv_search_least(s, goal, tests, count + 1, g, g + 1, CLV_NO_ROW);
        if (found.row != CLV_NO_ROW) {
            return found;
        }
    }
    return best;
}

static double alike(const struct clv_problem *p, double cost, double scale)
{
    return cost + p->tolerance * fmax(fabs(cost), scale);
}

/* Sum of ratios to the best; no row if nothing passes. */
static struct clv_found best_of_each(const struct clv_problem *p,
                                     struct clv_search *s, uint32_t *hints,
                                     struct clv_target *ret_sum)
{
    struct clv_found best = {CLV_NO_ROW, INFINITY};
    struct clv_target sum = {.count = p->objective_count};

    for (size_t i = 0; i < p->objective_count; i++) {
        struct clv_target goal = clv_target_of(p->objectives[i]);
        best = clv_search_least(s, &goal, p->tests, p->test_count, 0,
                                CLV_GROUPS, hints[i]);
        if (best.row == CLV_NO_ROW) {
            return best;
        }
        hints[i] = best.row;
        sum.panel[i] = p->objectives[i];
        sum.weight[i] = p->weights[i] /
                        fmax(fabs(best.cost), floor_of(s, p->objectives[i]));
    }
    *ret_sum = sum;
    return best;
}

static struct clv_found solve_weighted(const struct clv_problem *p,
                                       struct clv_search *s, uint32_t *hints)
{
    struct clv_test tests[CLV_CONSTRAINTS + 1];
    struct clv_target sum;
    struct clv_found best = best_of_each(p, s, hints, &sum);

    if (best.row == CLV_NO_ROW) {
        return best;
    }
    for (size_t i = 0; i < p->test_count; i++) {
        tests[i] = p->tests[i];
    }
    best = clv_search_least(s, &sum, tests, p->test_count, 0, CLV_GROUPS,
                            hints[CLV_OBJECTIVES]);
    if (best.row == CLV_NO_ROW) {
        return best;
    }
    best = by_priority(s, &sum, tests, p->test_count, best,
                       alike(p, best.cost, 0));
    hints[CLV_OBJECTIVES] = best.row;
    return best;
}

static struct clv_found solve_in_order(const struct clv_problem *p,
                                       struct clv_search *s, uint32_t *hints)
{
    struct clv_test tests[CLV_CONSTRAINTS + CLV_OBJECTIVES + 1];
    struct clv_found best = {CLV_NO_ROW, INFINITY};
    size_t count = p->test_count;

    for (size_t i = 0; i < count; i++) {
        tests[i] = p->tests[i];
    }
    for (size_t i = 0; i < p->objective_count; i++) {
        struct clv_target goal = clv_target_of(p->objectives[i]);
        double limit;
        best =
            clv_search_least(s, &goal, tests, count, 0, CLV_GROUPS, hints[i]);
        if (best.row == CLV_NO_ROW) {
            break;
        }
        limit = alike(p, best.cost, floor_of(s, p->objectives[i]));
        if (i + 1 == p->objective_count) {
            best = by_priority(s, &goal, tests, count, best, limit);
        }
        tests[count++] = (struct clv_test){goal, limit};
        hints[i] = best.row;
    }
    return best;
}

struct clv_found clv_problem_solve(const struct clv_problem *problem,
                                   struct clv_search *search,
                                   uint32_t hints[CLV_HINTS])
{
    return is_weighted(problem) ? solve_weighted(problem, search, hints)
                                : solve_in_order(problem, search, hints);
}

/* -- When nothing passes -- */

static double scale_of(const struct clv_search *s, const struct clv_test *test)
{
    return fmax(fabs(test->limit), floor_of(s, test->goal.panel[0]));
}

struct clv_found clv_problem_nearest(const struct clv_problem *problem,
                                     struct clv_search *search)
{
    struct clv_target worst = {.is_worst = 1, .count = problem->test_count};

    for (size_t i = 0; i < problem->test_count; i++) {
        const struct clv_test *test = &problem->tests[i];
        worst.panel[i] = test->goal.panel[0];
        worst.offset[i] = test->limit;
        worst.weight[i] = scale_of(search, test);
    }
    if (problem->test_count == 0) {
        return (struct clv_found){CLV_NO_ROW, INFINITY};
    }
    return clv_search_least(search, &worst, NULL, 0, 0, CLV_GROUPS, CLV_NO_ROW);
}

double clv_problem_worst(const struct clv_problem *problem,
                         const struct clv_search *search, uint32_t row,
                         size_t *ret_test)
{
    double worst = -INFINITY;

    for (size_t i = 0; i < problem->test_count; i++) {
        const struct clv_test *test = &problem->tests[i];
        double cost = clv_search_cost(search, &test->goal, row);
        double ratio = 1 + (cost - test->limit) / scale_of(search, test);
        if (ratio > worst) {
            worst = ratio;
            *ret_test = i;
        }
    }
    return worst;
}

/* -- Comparing two -- */

static double gain_in(const struct clv_search *s, const struct clv_target *goal,
                      uint32_t current, uint32_t other, double scale)
{
    double now = clv_search_cost(s, goal, current);
    double then = clv_search_cost(s, goal, other);

    if (isinf(now)) {
        return isinf(then) ? 0 : 1;
    }
    return (now - then) / fmax(fabs(now), scale);
}

double clv_problem_gain(const struct clv_problem *problem,
                        const struct clv_search *search, uint32_t current,
                        uint32_t other)
{
    struct clv_target sum = {.count = problem->objective_count};
    double best = -INFINITY;

    for (size_t i = 0; i < problem->objective_count; i++) {
        struct clv_target goal = clv_target_of(problem->objectives[i]);
        double scale = floor_of(search, problem->objectives[i]);
        double cost = clv_search_cost(search, &goal, other);
        double gain = gain_in(search, &goal, current, other, scale);
        best = gain > best ? gain : best;
        sum.panel[i] = problem->objectives[i];
        sum.weight[i] = problem->weights[i] / fmax(fabs(cost), scale);
    }
    if (!is_weighted(problem)) {
        return best;
    }
    return gain_in(search, &sum, current, other, 1e-12);
}
