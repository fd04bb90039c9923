/*
 * appslo.c - objectives and constraints of an application file.
 *
 * Each is checked against those before it as soon as it is read, so that of
 * two that contradict each other the later one's line is told.
 */
#include "run/appslo.h"

#include "plan/goals.h"

/* Constraints may stand alone: all tasks together need no objective. */
static cleave_status check_slo(const struct clv_spot *s,
                               const struct clv_slo *slo, enum clv_whose whose)
{
    struct clv_slo checked = *slo;
    struct clv_goals goals;
    cleave_error inner = CLEAVE_ERROR_INIT;

    if (checked.objective_count == 0) {
        checked.objectives[checked.objective_count++] =
            clv_slo_default().objectives[0];
    }
    if (clv_slo_check(&checked, &inner) != CLEAVE_OK ||
        clv_goals_init(&goals, &slo, whose == CLV_OF_ONE_TASK ? 1 : 0,
                       whose == CLV_OF_ALL_TASKS ? slo : NULL,
                       &inner) != CLEAVE_OK) {
        return clv_spot_pass_on(s, &inner);
    }
    return CLEAVE_OK;
}

static cleave_status set_objective(const struct clv_spot *s,
                                   const struct clv_raw_objective *raw,
                                   struct clv_slo *slo, enum clv_whose whose)
{
    const char *verb = raw->minimize != NULL ? "minimize" : "maximize";
    const char *measure = raw->minimize != NULL ? raw->minimize : raw->maximize;
    double weight = raw->weight != NULL ? *raw->weight : 0;
    cleave_error inner = CLEAVE_ERROR_INIT;

    if ((raw->minimize != NULL) == (raw->maximize != NULL)) {
        return clv_spot_refuse(
            s, "An objective has either the key minimize or the key "
               "maximize, for example `minimize: latency.p95`; make "
               "an entry of its own for each.");
    }
    if (raw->weight != NULL && !(weight > 0 && weight <= 1e6)) {
        return clv_spot_refuse(
            s, "A weight is a number above 0 (and up to a million); "
               "without weights, objectives count in order.");
    }
    if (clv_objective_parse(verb, measure, weight,
                            &slo->objectives[slo->objective_count],
                            &inner) != CLEAVE_OK) {
        return clv_spot_pass_on(s, &inner);
    }
    slo->objective_count++;
    return check_slo(s, slo, whose);
}

static cleave_status set_constraint(const struct clv_spot *s, const char *text,
                                    struct clv_slo *slo, enum clv_whose whose)
{
    cleave_error inner = CLEAVE_ERROR_INIT;

    if (clv_constraint_parse(text, &slo->constraints[slo->constraint_count],
                             &inner) != CLEAVE_OK) {
        return clv_spot_pass_on(s, &inner);
    }
    slo->constraint_count++;
    return check_slo(s, slo, whose);
}

cleave_status clv_appslo_objectives(const struct clv_spot *s,
                                    const struct clv_raw_objective *raw,
                                    uint32_t count, struct clv_slo *slo,
                                    enum clv_whose whose)
{
    cleave_status status = CLEAVE_OK;

    for (uint32_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_spot at = clv_spot_in(s, ".objectives[%u]", i);
        status = set_objective(&at, &raw[i], slo, whose);
    }
    return status;
}

cleave_status clv_appslo_constraints(const struct clv_spot *s,
                                     char *const *texts, uint32_t count,
                                     struct clv_slo *slo, enum clv_whose whose)
{
    cleave_status status = CLEAVE_OK;

    for (uint32_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_spot at = clv_spot_in(s, ".constraints[%u]", i);
        status = set_constraint(&at, texts[i], slo, whose);
    }
    return status;
}
