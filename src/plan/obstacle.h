/*
 * obstacle.h - what is in the way when no design of a product is feasible.
 */
#ifndef CLV_OBSTACLE_H
#define CLV_OBSTACLE_H

#include "plan/product.h"

/*
 * Says which bound of which task, or of all, cannot be kept, and the best that
 * its measure can be while the others hold; of several the one that is missed
 * by the least. Returns CLEAVE_NOT_FOUND, or CLEAVE_MEMORY. Takes as long as
 * solving the product once for each bound.
 */
cleave_status clv_obstacle_fail(const struct clv_product *product,
                                cleave_error *err);

#endif
