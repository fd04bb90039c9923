/*
 * settling.c - what an ensemble chooses from: the table, or the nearest one.
 *
 * If in the calm state no designs keep all SLOs, something has to run all the
 * same. Then it is asked how far the design that comes nearest is from keeping
 * them, all bounds are loosened by that share, and the table is made of what
 * keeps those; where even that is nothing, for a bound of zero cannot be
 * loosened by a share, of all there is.
 */
#include <stdio.h>

#include "base/fail.h"
#include "plan/nearest.h"
#include "run/ensembling.h"

#define A_LITTLE 1e-6 /* more, against rounding */

/* SLOs that ask for less. */
struct loosened {
    struct clv_switching_options options;
    struct clv_product_task tasks[CLV_TASKS];
    struct clv_slo slos[CLV_TASKS];
    struct clv_goals goals;
};

static void loosen_bound(struct clv_constraint *c, double share)
{
    c->bound = c->at_least ? c->bound / (1 + share) : c->bound * (1 + share);
}

static void loosen(struct loosened *l, const struct clv_switching_options *from,
                   double share)
{
    l->options = *from;
    l->goals = *from->product.goals;
    for (size_t i = 0; i < l->goals.bound_count; i++) {
        loosen_bound(&l->goals.bounds[i].constraint, share);
    }
    for (size_t t = 0; t < from->product.task_count; t++) {
        l->tasks[t] = from->product.tasks[t];
        l->slos[t] = *from->product.tasks[t].slo;
        for (size_t i = 0; i < l->slos[t].constraint_count; i++) {
            loosen_bound(&l->slos[t].constraints[i], share);
        }
        l->tasks[t].slo = &l->slos[t];
    }
    l->options.product.tasks = l->tasks;
    l->options.product.goals = &l->goals;
}

/* Nothing is asked for any more, but as much as possible. */
static void let_go(struct loosened *l)
{
    l->goals.bound_count = 0;
    for (size_t t = 0; t < l->options.product.task_count; t++) {
        l->slos[t].constraint_count = 0;
    }
}

/* How far the nearest design is from keeping all, a share. */
static cleave_status find_distance(const struct clv_switching_options *options,
                                   double *ret_share, cleave_error *err)
{
    uint32_t choice[CLV_SEATS];
    struct clv_product *product = NULL;
    cleave_status status = clv_product_new(&options->product, &product, err);

    if (status == CLEAVE_OK) {
        clv_nearest(product, choice);
        *ret_share = clv_product_violation(product, choice, NULL);
    }
    clv_product_free(product);
    return status;
}

static cleave_status settle_for_less(
    const struct clv_switching_options *options,
    struct clv_switching **ret_switching, cleave_error *err)
{
    struct loosened l;
    double share = 0;
    cleave_status status = find_distance(options, &share, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    loosen(&l, options, share + A_LITTLE);
    status = clv_switching_new(&l.options, ret_switching, err);
    if (status == CLEAVE_NOT_FOUND) {
        let_go(&l);
        status = clv_switching_new(&l.options, ret_switching, err);
    }
    return status;
}

cleave_status clv_settling_table(const struct clv_blueprint *blueprint,
                                 struct clv_switching **ret_switching,
                                 char note[CLV_ENSEMBLE_NOTICE],
                                 cleave_error *err)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_switching_new(&blueprint->options, ret_switching, &why);

    if (status == CLEAVE_NOT_FOUND) {
        snprintf(note, CLV_ENSEMBLE_NOTICE,
                 "No designs keep all SLOs, so those that come nearest run: %s",
                 why.text);
        return settle_for_less(&blueprint->options, ret_switching, err);
    }
    return status == CLEAVE_OK
               ? CLEAVE_OK
               : clv_fail(err, status, why.where, "%s", why.text);
}
