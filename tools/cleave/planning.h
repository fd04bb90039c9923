/*
 * planning.h - the inside of `cleave plan`: one decision, and how it is told.
 */
#ifndef CLEAVE_TOOL_PLANNING_H
#define CLEAVE_TOOL_PLANNING_H

#include <jansson.h>

#include "decision.h"

#define PLANNING_RIVALS 12

/* What a policy chose under some conditions. */
struct planning {
    const struct clv_designs *designs; /* borrowed */
    const struct clv_policy *policy;
    struct clv_conditions conditions;
    struct clv_scheduler *scheduler; /* NULL: the policy knows no design */
    size_t considered;               /* candidates of a decision */
    struct clv_choice choice;
    struct clv_loss rivals[PLANNING_RIVALS];
    size_t rival_count;
    size_t blamed;       /* if infeasible: the constraint in the way */
    size_t best_blamed;  /* the candidate that comes farthest in it, or
                            CLV_NONE: not even one meets all others */
    int is_bound_broken; /* a published policy that looks at no constraints
                            has chosen a design that breaks this one; -1 */
};

/*
 * Decides once. CLEAVE_NOT_FOUND if the policy knows no design. An SLO that
 * cannot be met is no failure here. The caller calls fini; takes an all-zero
 * struct.
 */
cleave_status planning_init(struct planning *planning,
                            const struct clv_designs *designs,
                            const struct clv_policy *policy,
                            const struct clv_conditions *conditions,
                            cleave_error *err);
void planning_fini(struct planning *planning);

/* The value of the task's first objective for a candidate, and as text. */
double planning_value(const struct planning *planning, size_t candidate);
const char *planning_value_text(const struct planning *planning, double value,
                                char into[CLV_MEASURE_TEXT]);

/* plantext.c: a decision for people, with `explain` its rivals, too. */
void plantext_print(const struct planning *planning, int explain);

/* Several policies' decisions side by side; the first is what ratios are to. */
void plantext_compare(const struct planning *plannings, size_t count);

/*
 * planjson.c: a line of JSON on standard output. The value is given back; NULL
 * is memory that ran out. CLEAVE_IO if it could not be written.
 */
cleave_status planjson_line(json_t *json, cleave_error *err);

/* A decision for programs, and several side by side. Fail as that does. */
cleave_status planjson_print(const struct planning *planning,
                             cleave_error *err);
cleave_status planjson_compare(const struct planning *plannings, size_t count,
                               cleave_error *err);

/* planplot.c: the first objective over bandwidth, the policy's choices marked
   with cut and packing, the baselines beside it. */
cleave_status planplot_draw(const struct planning *planning, const char *path,
                            cleave_error *err);

/* How people read a unit on an axis: what to multiply values with. */
double planplot_axis(enum clv_unit unit, const char **ret_name);

#endif
