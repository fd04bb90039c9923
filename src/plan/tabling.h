/*
 * tabling.h - the steps of building a table that other files take.
 *
 * Pure; each call belongs to one thread.
 */
#ifndef CLV_TABLING_H
#define CLV_TABLING_H

#include "plan/outlook.h"
#include "plan/switching.h"

/* Fills in an all-zero table which states there are, and makes room for their
   entries (switching.c). CLEAVE_LIMIT, CLEAVE_MEMORY. */
cleave_status clv_switching_lay_out(struct clv_switching *switching,
                                    const struct clv_product_options *options,
                                    cleave_error *err);

/* clv_switching_check by outlooks that were made before, one for each state in
   order; NULL: each is made anew. */
cleave_status clv_switching_prove(const struct clv_switching *switching,
                                  const struct clv_switching_options *options,
                                  struct clv_outlook *outlooks,
                                  cleave_error *err);

#endif
