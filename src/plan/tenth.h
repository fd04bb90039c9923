/*
 * tenth.h - what the tenth of a product's designs with least of something has
 * at most.
 */
#ifndef CLV_TENTH_H
#define CLV_TENTH_H

#include "plan/seating.h"

/*
 * Of memory or workload, over all designs of the tasks' lists, to a thousandth
 * of the range and never too little: infinite if nobody knows. Fills the
 * seating anew. CLEAVE_MEMORY.
 */
cleave_status clv_tenth_find(struct clv_seating *seating, size_t column,
                             double *ret_most, cleave_error *err);

#endif
