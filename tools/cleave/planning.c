/*
 * planning.c - one decision of one policy, and what is to be told of it.
 */
#include "planning.h"

#include "base/fail.h"

/* The constraint that the choice breaks, or -1. */
static int broken_by(const struct planning *p, size_t candidate)
{
    const struct clv_slo *slo = &p->designs->task->slo;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        if (!decision_meets(p->designs, candidate, &p->conditions,
                            &slo->constraints[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* The constraint in the way of all designs: what the scheduler says, or,
   where it says nothing, what the choice breaks. */
static void blame(struct planning *p)
{
    int broken = p->choice.broken >= 0 ? p->choice.broken
                                       : broken_by(p, p->choice.candidate);

    p->blamed = broken >= 0 ? (size_t)broken : 0;
    p->best_blamed =
        decision_best_in(p->designs, p->policy, &p->conditions, p->blamed);
}

cleave_status planning_init(struct planning *planning,
                            const struct clv_designs *designs,
                            const struct clv_policy *policy,
                            const struct clv_conditions *conditions,
                            cleave_error *err)
{
    cleave_status status;

    *planning = (struct planning){
        .designs = designs, .policy = policy, .conditions = *conditions};
    status = clv_scheduler_new(&designs->space, &designs->task->slo, policy,
                               &planning->scheduler, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    planning->considered = clv_scheduler_size(planning->scheduler);
    clv_scheduler_decide(planning->scheduler, conditions, CLV_NONE,
                         &planning->choice);
    planning->rival_count = clv_scheduler_explain(
        planning->scheduler, conditions, &planning->choice, planning->rivals,
        PLANNING_RIVALS);
    planning->is_bound_broken = broken_by(planning, planning->choice.candidate);
    if (!planning->choice.is_feasible) {
        blame(planning);
    }
    return CLEAVE_OK;
}

void planning_fini(struct planning *planning)
{
    clv_scheduler_free(planning->scheduler);
    planning->scheduler = NULL;
}

double planning_value(const struct planning *planning, size_t candidate)
{
    return decision_value(planning->designs, candidate, &planning->conditions,
                          planning->designs->task->slo.objectives[0].measure);
}

const char *planning_value_text(const struct planning *planning, double value,
                                char into[CLV_MEASURE_TEXT])
{
    const struct clv_objective *first =
        &planning->designs->task->slo.objectives[0];

    return clv_value_text(value, clv_metric_unit(first->measure.metric), into);
}
