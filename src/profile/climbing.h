/*
 * climbing.h - which packing to measure next, by what the last one cost.
 *
 *     clv_climb_init(&climb, CLV_CODER_DENSE, CLV_LADDER_FLOATS, 0, 1.0, 0.7);
 *     while (clv_climb_next(&climb, &packing)) {
 *         ... measure it ...
 *         clv_climb_told(&climb, drop_pp);
 *     }
 *
 * A survey has no time for whole ladders (ladder.h), and what matters lies
 * near the accuracy budget. Bits and qualities are few: they are gone through
 * from fine to coarse until too much is lost. Steps are searched: from where
 * the edge is guessed up, or down if that loses too much already, in half
 * octaves, and then between the last step within the budget and the first
 * beyond it, to a quarter of an octave. A short climb (`is_fast`) takes whole
 * octaves and stops at the budget; a full one goes on to three times of it, so
 * that other budgets have something to choose from.
 *
 * Pure; a climb is a plain value.
 */
#ifndef CLV_CLIMBING_H
#define CLV_CLIMBING_H

#include "codec/packing.h"
#include "profile/ladder.h"

/* No climb measures more. */
#define CLV_CLIMB_MOST 24

struct clv_climb {
    enum clv_coder coder;
    enum clv_ladder_kind kind;
    int is_fast;
    double budget_pp;
    int start; /* of steps */
    int count; /* of what was measured */
    int last;  /* the rung that was given last */
    int top;   /* the coarsest that was */
    int ended;
    int within; /* of steps: the coarsest within the budget */
    int beyond; /* the finest beyond it above `within` */
};

/* `step_sd` is where steps begin; 0: half a standard deviation. */
void clv_climb_init(struct clv_climb *climb, enum clv_coder coder,
                    enum clv_ladder_kind kind, int is_fast, double budget_pp,
                    double step_sd);

/* Returns 0 when there is nothing more to measure. */
int clv_climb_next(struct clv_climb *climb, struct clv_packing *ret_packing);

/* What the packing given last cost, in points; negative is a gain. */
void clv_climb_told(struct clv_climb *climb, double drop_pp);

#endif
