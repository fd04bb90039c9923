/*
 * rass.c - RASS: the few designs worth keeping, of all designs of a product.
 *
 * A product that is small enough is written out on a sheet (sheet.h); of others
 * rassbound.h finds the same by bounds.
 */
#include "plan/rass.h"

#include <math.h>

#include "plan/obstacle.h"
#include "plan/producing.h"
#include "plan/rassbound.h"
#include "plan/sheet.h"

void clv_rass_keep(struct clv_rass *rass, const struct clv_rass_design *design)
{
    for (size_t i = 0; i < rass->kept_count; i++) {
        struct clv_rass_design *kept = &rass->kept[i];
        if (kept->design == design->design) {
            kept->roles |= design->roles;
            kept->optimality = fmax(kept->optimality, design->optimality);
            return;
        }
    }
    if (rass->kept_count < CLV_RASS_KEPT) {
        rass->kept[rass->kept_count++] = *design;
    }
}

double clv_rass_slightly_more(double tenth, double best)
{
    return best > 0 && isfinite(best) ? tenth + CLV_RASS_SLIGHT * best : tenth;
}

static cleave_status solve_small(const struct clv_product *product,
                                 struct clv_rass *ret_rass, cleave_error *err)
{
    struct clv_sheet *sheet = NULL;
    cleave_status status = clv_sheet_new(&sheet, err);

    if (status == CLEAVE_OK) {
        status = clv_sheet_solve(sheet, product, ret_rass, err);
    }
    clv_sheet_free(sheet);
    return status;
}

cleave_status clv_rass_try_on(const struct clv_product *product,
                              struct clv_sheet *sheet,
                              struct clv_rass *ret_rass, cleave_error *err)
{
    if (clv_product_size(product) > CLV_RASS_MOST) {
        return clv_rassbound_solve(product, ret_rass, err);
    }
    return sheet != NULL ? clv_sheet_solve(sheet, product, ret_rass, err)
                         : solve_small(product, ret_rass, err);
}

cleave_status clv_rass_try(const struct clv_product *product,
                           struct clv_rass *ret_rass, cleave_error *err)
{
    return clv_rass_try_on(product, NULL, ret_rass, err);
}

cleave_status clv_rass_solve(const struct clv_product *product,
                             struct clv_rass *ret_rass, cleave_error *err)
{
    cleave_status status = clv_rass_try(product, ret_rass, err);

    return status == CLEAVE_NOT_FOUND ? clv_obstacle_fail(product, err)
                                      : status;
}

double clv_rass_rate(const struct clv_rass *rass,
                     const struct clv_product *product, const uint32_t *choice)
{
    const struct clv_goals *goals = product->options.goals;
    uint64_t number = clv_product_number(product, choice);
    double values[CLV_GOALS];

    for (size_t i = 0; i < rass->kept_count; i++) {
        if (rass->kept[i].design == number) {
            return rass->kept[i].optimality;
        }
    }
    for (size_t g = 0; g < goals->goal_count; g++) {
        values[g] = clv_product_value(product, choice, goals->goals[g].task,
                                      goals->goals[g].measure);
    }
    return clv_yardstick_optimality(&rass->yardstick, values);
}
