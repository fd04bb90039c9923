/*
 * rassbound.h - RASS on a product too large to go through, by bounds.
 */
#ifndef CLV_RASSBOUND_H
#define CLV_RASSBOUND_H

#include "plan/rass.h"

/* As clv_rass_try, whatever the size. CLEAVE_LIMIT for more designs than a
   number of 64 bits counts. */
cleave_status clv_rassbound_solve(const struct clv_product *product,
                                  struct clv_rass *ret_rass, cleave_error *err);

#endif
