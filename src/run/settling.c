/*
 * settling.c - what an ensemble chooses from: the table, or the nearest one.
 *
 * If in the calm state no designs keep all SLOs, something has to run all the
 * same. Then the design that comes nearest says how much can be asked for:
 * each bound that it breaks becomes what it has, the others stay, and the
 * table is made of what keeps those. Where even that is nothing, for what
 * nobody measured keeps no bound, it is made of all there is.
 */
#include <stdio.h>

#include "base/fail.h"
#include "plan/nearest.h"
#include "run/ensembling.h"

#define A_LITTLE 1e-9 /* more, against rounding */

/* SLOs that ask for less. */
struct loosened {
    struct clv_switching_options options;
    struct clv_product_task tasks[CLV_TASKS];
    struct clv_slo slos[CLV_TASKS];
    struct clv_goals goals;
};

static void copy_goals(struct loosened *l,
                       const struct clv_switching_options *from)
{
    l->options = *from;
    l->goals = *from->product.goals;
    for (size_t t = 0; t < from->product.task_count; t++) {
        l->tasks[t] = from->product.tasks[t];
        l->slos[t] = *from->product.tasks[t].slo;
        l->tasks[t].slo = &l->slos[t];
    }
    l->options.product.tasks = l->tasks;
    l->options.product.goals = &l->goals;
}

static void loosen_bound(struct clv_constraint *c, double value)
{
    if (value != CLV_UNKNOWN && c->at_least && value < c->bound) {
        c->bound = value * (1 - A_LITTLE);
    } else if (value != CLV_UNKNOWN && !c->at_least && value > c->bound) {
        c->bound = value * (1 + A_LITTLE);
    }
}

/* Asks for no more than this design has. */
static void loosen(struct loosened *l, const struct clv_product *product,
                   const uint32_t *choice)
{
    for (size_t i = 0; i < l->goals.bound_count; i++) {
        struct clv_bound *b = &l->goals.bounds[i];
        loosen_bound(&b->constraint, clv_product_value(product, choice, b->task,
                                                       b->constraint.measure));
    }
    for (uint32_t t = 0; t < l->options.product.task_count; t++) {
        for (size_t i = 0; i < l->slos[t].constraint_count; i++) {
            struct clv_constraint *c = &l->slos[t].constraints[i];
            loosen_bound(c, clv_product_value(product, choice, t, c->measure));
        }
    }
}

/* Nothing is asked for any more, but as much as possible. */
static void let_go(struct loosened *l)
{
    l->goals.bound_count = 0;
    for (size_t t = 0; t < l->options.product.task_count; t++) {
        l->slos[t].constraint_count = 0;
    }
}

/* The product of the calm state, over fast links. */
static cleave_status calm_product(const struct clv_switching_options *options,
                                  struct clv_product **ret_product,
                                  cleave_error *err)
{
    struct clv_product_options o = options->product;

    for (size_t i = 0; i < o.server_count; i++) {
        clv_link_class_set(&o.situation.conditions.reach[i], CLV_LINK_FAST);
    }
    return clv_product_new(&o, ret_product, err);
}

static cleave_status settle_for_less(
    const struct clv_switching_options *options,
    struct clv_switching **ret_switching, cleave_error *err)
{
    struct loosened l;
    struct clv_product *product = NULL;
    uint32_t choice[CLV_SEATS];
    cleave_status status = calm_product(options, &product, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_nearest(product, choice);
    copy_goals(&l, options);
    loosen(&l, product, choice);
    clv_product_free(product);
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
