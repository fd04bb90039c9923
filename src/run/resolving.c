/*
 * resolving.c - the baseline that solves anew at each change, as OODIn does.
 *
 * What the table has found out ahead of time is found out now: the product of
 * the state that counts, over the links as they are, and of it the favourite
 * of the weighted sum; if no design keeps the SLOs, the one that comes
 * nearest. Nothing of it is loaded before it is wanted.
 */
#include "plan/nearest.h"
#include "plan/solver.h"
#include "run/ensembling.h"

static struct clv_situation situation_now(
    const cleave_ensemble *e, const struct clv_state *state,
    const struct clv_conditions *conditions)
{
    struct clv_situation s =
        clv_switching_situation(e->switching, &e->blueprint->options, state);

    for (size_t i = 0; i < e->switching->servers; i++) {
        const struct clv_reach *live = &conditions->reach[i];
        struct clv_reach *reach = &s.conditions.reach[i];
        if (reach->is_up && live->is_up && live->up_bps > 0) {
            reach->up_bps = live->up_bps;
            reach->down_bps = live->down_bps;
            reach->rtt_ns = live->rtt_ns;
        }
    }
    return s;
}

static cleave_status solve(const struct clv_product *product,
                           uint32_t choice[CLV_SEATS], cleave_error *err)
{
    struct clv_solver_input input = {.product = product};
    const struct clv_solver *solver = NULL;
    cleave_status status = clv_solver_find("oodin", &solver, err);

    if (status == CLEAVE_OK) {
        status = solver->solve(&input, choice, err);
    }
    if (status == CLEAVE_NOT_FOUND) {
        clv_nearest(product, choice);
        status = CLEAVE_OK;
    }
    return status;
}

cleave_status clv_resolve(const cleave_ensemble *e,
                          const struct clv_state *state,
                          const struct clv_conditions *conditions,
                          struct clv_lineup *ret_lineup, cleave_error *err)
{
    struct clv_product_options o = e->blueprint->options.product;
    struct clv_product *product = NULL;
    uint32_t choice[CLV_SEATS];
    cleave_status status;

    o.situation = situation_now(e, state, conditions);
    status = clv_product_new(&o, &product, err);
    if (status == CLEAVE_OK) {
        status = solve(product, choice, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < e->switching->tasks; i++) {
        size_t count;
        ret_lineup->configs[i] =
            clv_product_configs(product, i, &count)[choice[i]];
    }
    clv_product_free(product);
    return status;
}
