/*
 * carin_choice.c - what RASS and its rivals choose in each use case.
 *
 * All choose from one measured product, and what they choose is rated by one
 * yardstick in it; `transferred` chooses by the profile of another device,
 * and is rated here. A row is the ratio of optimality, RASS's over the
 * rival's. A rival whose design breaks a bound has no ratio: its row says so,
 * and which bound.
 *
 * The paper's ratios are of its own devices, networks and use cases, and only
 * what shape to expect.
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "bench/carin_sections.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "bench/usecase.h"
#include "plan/solver.h"

static const struct {
    const char *solver;
    double most; /* in the paper */
} published[] = {
    {"oodin", 10.69},      {"best-accuracy", 1.92},      {"best-size", 1.92},
    {"transferred", 4.06}, {"contention-unaware", 4.06},
};

struct contest {
    const struct usecase *usecase;
    struct clv_product *here;
    struct clv_product *elsewhere;
    struct clv_rass rass;
    uint32_t best[CLV_SEATS];
};

/* The least ratio of all, and the rows behind it. */
struct least {
    double ratio;
    size_t rows;
    size_t infeasible;
};

static struct clv_product *product_of(const struct usecase_world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_product *product;

    stage_must(clv_product_new(&w->blueprint->options.product, &product, &err),
               &err, w->usecase->name);
    return product;
}

/* The spread of the yardstick, for people. */
static json_t *told_of(const struct contest *c, const uint32_t *choice)
{
    return json_pack("{s:o, s:o}", "design", usecase_design(c->here, choice),
                     "objectives", usecase_objectives(c->here, choice));
}

static json_t *context_of(const struct contest *c,
                          const struct clv_solver *solver,
                          const struct clv_solution *solution)
{
    json_t *context = tally_context();

    json_object_set_new(context, "designs",
                        json_real(clv_product_size(c->here)));
    json_object_set_new(context, "feasible",
                        json_integer((json_int_t)c->rass.feasible));
    json_object_set_new(context, "rass", told_of(c, c->best));
    json_object_set_new(context, "rass_optimality",
                        json_real(c->rass.kept[0].optimality));
    json_object_set_new(context, solver->name, told_of(c, solution->choice));
    json_object_set_new(context, "rival_optimality",
                        json_real(solution->optimality));
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        if (strcmp(published[i].solver, solver->name) == 0) {
            json_object_set_new(context, "published_up_to",
                                json_real(published[i].most));
        }
    }
    return context;
}

/* Which bound a design breaks, in words. */
static void say_broken(const struct contest *c, const uint32_t *choice,
                       char *into, size_t room)
{
    const struct clv_product_options *o = clv_product_options_of(c->here);
    const char *names[CLV_SEATS];
    char bound[CLV_GOAL_TEXT] = "what the device has";
    int which;
    double violation = clv_product_violation(c->here, choice, &which);

    for (size_t i = 0; i < o->task_count; i++) {
        names[i] = o->tasks[i].name;
    }
    if (which >= 0) {
        clv_bound_text(&o->goals->bounds[which], names, bound);
    }
    snprintf(into, room, "its design is infeasible: off from %s by %.3g %%",
             bound, 100 * violation);
}

static void compare(const struct contest *c, const struct clv_solver *solver,
                    struct least *least)
{
    static const char what[] = "optimality of RASS's design over the rival's";
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_solver_input input = {c->here, c->elsewhere};
    struct clv_solution solution;
    char id[96];
    char text[512];
    cleave_status status;

    snprintf(id, sizeof id, "carin.ratio.%s.%s", c->usecase->name,
             solver->name);
    status = clv_solver_run(solver, &input, &c->rass, &solution, &err);
    if (status != CLEAVE_OK) {
        tally_skip(id, what, err.text);
        return;
    }
    if (solution.violation > 0) {
        say_broken(c, solution.choice, text, sizeof text);
        tally_skip(id, what, text);
        least->infeasible++;
        return;
    }
    tally_row_least(id, what, c->rass.kept[0].optimality / solution.optimality,
                    "x", 1, context_of(c, solver, &solution));
    if (c->rass.kept[0].optimality / solution.optimality < least->ratio) {
        least->ratio = c->rass.kept[0].optimality / solution.optimality;
    }
    least->rows++;
}

static void hold(const char *data, const struct usecase *usecase,
                 struct least *least)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct contest c = {.usecase = usecase};
    struct usecase_world here;
    struct usecase_world elsewhere;
    const struct clv_solver *solvers;
    size_t count;

    usecase_open(&here, data, usecase, USECASE_HERE);
    usecase_open(&elsewhere, data, usecase, USECASE_ELSEWHERE);
    c.here = product_of(&here);
    c.elsewhere = product_of(&elsewhere);
    stage_must(clv_rass_solve(c.here, &c.rass, &err), &err, usecase->name);
    clv_product_choice(c.here, c.rass.kept[0].design, c.best);
    solvers = clv_solvers(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(solvers[i].name, "rass") != 0) {
            compare(&c, &solvers[i], least);
        }
    }
    clv_product_free(c.elsewhere);
    clv_product_free(c.here);
    usecase_close(&elsewhere);
    usecase_close(&here);
}

void section_use_cases(const char *data, const struct course_effort *effort)
{
    struct least least = {.ratio = 1e300};
    json_t *context;

    (void)effort;
    for (size_t i = 0; i < USECASE_PAPER; i++) {
        hold(data, usecase_at(i), &least);
    }
    context = tally_context();
    json_object_set_new(context, "ratios",
                        json_integer((json_int_t)least.rows));
    json_object_set_new(context, "infeasible_rivals",
                        json_integer((json_int_t)least.infeasible));
    tally_row_least("carin.ratio.least",
                    "the least of all ratios of optimality", least.ratio, "x",
                    1, context);
}
