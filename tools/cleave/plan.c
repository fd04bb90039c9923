/*
 * plan.c - `cleave plan`: what would be chosen, and why.
 *
 * Reads an application and its profile, decides once under the conditions
 * that the flags tell, and prints the decision. With `--policy all` every
 * policy decides, and their choices stand side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "command.h"
#include "gnuplot.h"
#include "planning.h"
#include "plansolver.h"

static int wants_all(const struct settings *s)
{
    return s->policy != NULL && strcmp(s->policy, "all") == 0;
}

static cleave_status find_policy(const struct settings *s,
                                 const struct clv_policy **ret_policy,
                                 cleave_error *err)
{
    const struct clv_policy *policy = NULL;
    const char *name = s->policy == NULL || wants_all(s) ? "cleave" : s->policy;
    cleave_status status = clv_policy_find(name, &policy, err);

    if (status == CLEAVE_OK && policy->is_clairvoyant) {
        return clv_fail(err, CLEAVE_INVALID, "--policy",
                        "'%s' knows what is to come, which only `cleave "
                        "simulate` can tell it.",
                        policy->name);
    }
    if (status == CLEAVE_OK) {
        *ret_policy = policy;
    }
    return status;
}

static cleave_status check(const struct settings *s, cleave_error *err)
{
    const struct clv_policy *policy;
    struct clv_conditions conditions;
    cleave_status status;

    if (s->solver != NULL) {
        return plansolver_check(s, err);
    }
    if (s->kept > 0 || s->share != NULL || s->elsewhere != NULL) {
        return clv_fail(err, CLEAVE_INVALID, "--solver",
                        "--kept, --share and --elsewhere belong to --solver: "
                        "add it, or leave them out.");
    }
    status = decision_check(s, err);
    if (status == CLEAVE_OK) {
        status = find_policy(s, &policy, err);
    }
    if (status == CLEAVE_OK) {
        status = decision_conditions(s, 1, &conditions, err);
    }
    return status;
}

/* The error of an SLO that cannot be met: which constraint is in the way, and
   the best that is possible. */
static cleave_status infeasible(const struct planning *p, cleave_error *err)
{
    const struct clv_constraint *c =
        &p->designs->task->slo.constraints[p->blamed];
    enum clv_unit unit = clv_metric_unit(c->measure.metric);
    char text[2 * CLV_MEASURE_TEXT];
    char value[CLV_MEASURE_TEXT];
    char design[CLV_DESIGN_TEXT];

    clv_constraint_text(c, text);
    if (p->best_blamed == CLV_NONE) {
        return clv_fail(err, CLEAVE_NOT_FOUND, text,
                        "No design meets this constraint, and none the others "
                        "together. Loosen several of them.");
    }
    clv_value_text(
        decision_value(p->designs, p->best_blamed, &p->conditions, c->measure),
        unit, value);
    return clv_fail(
        err, CLEAVE_NOT_FOUND, text,
        "No design meets this constraint with all others. The "
        "best that is possible is %s, with %.200s. Loosen this or "
        "another constraint.",
        value, clv_design_text(&p->designs->space, p->best_blamed, design));
}

static cleave_status plan_one(const struct settings *s,
                              const struct clv_designs *designs,
                              const struct clv_policy *policy,
                              const struct clv_conditions *conditions,
                              cleave_error *err)
{
    struct planning p = {0};
    cleave_status status = planning_init(&p, designs, policy, conditions, err);

    if (status == CLEAVE_OK && s->json) {
        status = planjson_print(&p, err);
    } else if (status == CLEAVE_OK) {
        plantext_print(&p, s->explain);
    }
    if (status == CLEAVE_OK && s->plot != NULL) {
        status = planplot_draw(&p, s->plot, err);
    }
    if (status == CLEAVE_OK && !p.choice.is_feasible) {
        status = infeasible(&p, err);
    }
    planning_fini(&p);
    return status;
}

/* A policy that knows no design has a row, too. */
static cleave_status plan_all(const struct settings *s,
                              const struct clv_designs *designs,
                              const struct clv_conditions *conditions,
                              cleave_error *err)
{
    size_t count = 0;
    const struct clv_policy *policies = clv_policies(&count);
    struct planning *plannings = calloc(count, sizeof *plannings);
    size_t made = 0;
    cleave_status status = CLEAVE_OK;

    if (plannings == NULL) {
        return clv_fail_memory(err, "plan", count * sizeof *plannings);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        cleave_error inner = CLEAVE_ERROR_INIT;
        if (policies[i].is_clairvoyant) {
            continue;
        }
        status = planning_init(&plannings[made++], designs, &policies[i],
                               conditions, &inner);
        if (status == CLEAVE_NOT_FOUND && i > 0) {
            status = CLEAVE_OK;
        } else if (status != CLEAVE_OK && err != NULL) {
            *err = inner;
        }
    }
    if (status == CLEAVE_OK && s->json) {
        status = planjson_compare(plannings, made, err);
    } else if (status == CLEAVE_OK) {
        plantext_compare(plannings, made);
    }
    if (status == CLEAVE_OK && s->plot != NULL) {
        status = planplot_draw(&plannings[0], s->plot, err);
    }
    if (status == CLEAVE_OK && !plannings[0].choice.is_feasible) {
        status = infeasible(&plannings[0], err);
    }
    for (size_t i = 0; i < made; i++) {
        planning_fini(&plannings[i]);
    }
    free(plannings);
    return status;
}

/* Of several tasks one has to be named, or all decided. */
static cleave_status open_decision(const struct settings *s,
                                   struct decision *decision, cleave_error *err)
{
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status = decision_open(s, decision, &inner);
    int is_one_of_many = s->task == NULL && decision->application != NULL &&
                         decision->application->task_count > 1;

    return status == CLEAVE_OK
               ? status
               : clv_fail(err, status, inner.where, "%s%s", inner.text,
                          is_one_of_many
                              ? " Or decide all together with --solver rass."
                              : "");
}

static cleave_status plan(const struct settings *s, cleave_error *err)
{
    struct decision decision = {0};
    struct clv_conditions conditions;
    const struct clv_policy *policy = NULL;
    cleave_status status;

    if (s->solver != NULL) {
        return plansolver_run(s, err);
    }
    status = find_policy(s, &policy, err);
    if (status == CLEAVE_OK && s->plot != NULL) {
        status = gnuplot_check(err);
    }
    if (status == CLEAVE_OK) {
        status = open_decision(s, &decision, err);
    }
    if (status == CLEAVE_OK) {
        status = decision_conditions(s, decision.designs->costs.server_count,
                                     &conditions, err);
    }
    if (status == CLEAVE_OK) {
        conditions.rate_per_s = decision.designs->task->rate_per_s;
    }
    if (status == CLEAVE_OK && wants_all(s)) {
        status = plan_all(s, decision.designs, &conditions, err);
    } else if (status == CLEAVE_OK) {
        status = plan_one(s, decision.designs, policy, &conditions, err);
    }
    decision_close(&decision);
    return status;
}

const struct command command_plan = {
    .name = "plan",
    .taker = TAKES_PLAN,
    .usage = "APP --db FILE [--bandwidth RATE] [OPTION...]",
    .summary = "say which design would be chosen, and why",
    .text =
        "Reads an application file (docs/application.md) and the profile of\n"
        "its parts, decides under the conditions that the flags tell, and\n"
        "prints the chosen design with all that is predicted of it. With\n"
        "--explain also the best design of every other cut, and where it\n"
        "loses. With --plot the first objective over bandwidth. If nothing\n"
        "meets the constraints: the one in the way and the best possible,\n"
        "with exit status 1.\n"
        "With --solver all tasks are decided together: which designs are kept\n"
        "ready, which of them each state of the world wants (processors\n"
        "loaded, memory short, links slow or away), what each switch changes.\n"
        "\nexamples:\n"
        "  cleave plan app.yaml --db app.db --bandwidth 12.4Mbps --rtt 53ms\n"
        "  cleave plan app.yaml --db app.db --bandwidth 1.6Mbps --explain\n"
        "  cleave plan app.yaml --db app.db --policy all --device-load 2\n"
        "  cleave plan app.yaml --db app.db --solver rass --explain\n",
    .check = check,
    .run = plan,
};
