/*
 * columnwise.h - RASS through all designs, in room that is used again.
 */
#ifndef CLV_COLUMNWISE_H
#define CLV_COLUMNWISE_H

#include "plan/rass.h"

/* Numbers of each design. All zero is one without room; it grows as needed.
   Belongs to one thread. */
struct clv_columnwise_room {
    size_t designs;
    int8_t *is_feasible; /* -1 or 0; to the end of the last block */
    double *keys;        /* squares of distances; infinite: not feasible */
    double *leasts;      /* of each block's keys */
    uint64_t *work;      /* two numbers a design */
    uint32_t *beaten;    /* those that beat one */
};

/* Takes an all-zero one, too. */
void clv_columnwise_fini(struct clv_columnwise_room *room);

/* As clv_rass_columns_solve. */
cleave_status clv_columnwise_solve(struct clv_columnwise_room *room,
                                   const struct clv_rass_columns *columns,
                                   struct clv_rass *ret_rass,
                                   uint32_t *ret_order, cleave_error *err);

#endif
