/*
 * rassbound.c - RASS on a product too large to go through, by bounds.
 */
#include "plan/rassbound.h"

#include "base/fail.h"

cleave_status clv_rassbound_solve(const struct clv_product *product,
                                  struct clv_rass *ret_rass, cleave_error *err)
{
    (void)ret_rass;
    return clv_fail(err, CLEAVE_LIMIT, "designs",
                    "%.3g designs are too many to go through: name fewer "
                    "models, engines or servers.",
                    clv_product_size(product));
}
