/*
 * resolving.c - the baseline that solves anew at each change, as OODIn does.
 *
 * Not there yet: its solver is not.
 */
#include "base/fail.h"
#include "run/ensembling.h"

cleave_status clv_resolve(const cleave_ensemble *ensemble,
                          const struct clv_state *state,
                          const struct clv_conditions *conditions,
                          struct clv_lineup *ret_lineup, cleave_error *err)
{
    (void)ensemble;
    (void)state;
    (void)conditions;
    (void)ret_lineup;
    return clv_fail(err, CLEAVE_UNSUPPORTED, "manager",
                    "This version has no 'oodin' to solve anew with; use "
                    "'table' or 'none'.");
}
