/*
 * climbing.c - which packing to measure next, by what the last one cost.
 *
 * Steps are counted in quarter octaves from one standard deviation, so that
 * two climbs at one cut meet at the same steps, and their tails at the same
 * tensors (memo.h).
 */
#include "profile/climbing.h"

#include <math.h>

#define FINEST (-16) /* 0.0625 sd */
#define COARSEST 8   /* 4 sd */
#define START (-4)   /* 0.5 sd */
#define NOWHERE 1000 /* no rung */
#define GENEROUS 3   /* a full climb's end, in budgets */

struct list {
    unsigned full[10];
    unsigned fast[10];
};

static const struct list bits = {{8, 6, 5, 4, 3, 2, 0}, {8, 5, 4, 3, 2, 0}};
static const struct list qualities = {{95, 90, 80, 70, 60, 50, 40, 30, 20, 0},
                                      {90, 75, 60, 45, 30, 0}};

void clv_climb_init(struct clv_climb *climb, enum clv_coder coder,
                    enum clv_ladder_kind kind, int is_fast, double budget_pp,
                    double step_sd)
{
    int start = step_sd > 0 ? (int)lround(4 * log2(step_sd)) : START;

    *climb = (struct clv_climb){
        .coder = coder,
        .kind = kind,
        .is_fast = is_fast,
        .budget_pp = budget_pp,
        .within = -NOWHERE,
        .beyond = NOWHERE,
        .top = -NOWHERE,
        .start = start < FINEST     ? FINEST
                 : start > COARSEST ? COARSEST
                                    : start,
    };
}

static int is_picture(const struct clv_climb *c)
{
    return c->coder == CLV_CODER_JPEG || c->coder == CLV_CODER_WEBP;
}

static int has_steps(const struct clv_climb *c)
{
    return c->coder == CLV_CODER_FAST || c->coder == CLV_CODER_DENSE;
}

/* -- One after the other -- */

static int next_listed(struct clv_climb *c, struct clv_packing *ret)
{
    const struct list *list = is_picture(c) ? &qualities : &bits;
    unsigned value = (c->is_fast ? list->fast : list->full)[c->count];

    *ret = (struct clv_packing){.coder = c->coder};
    if (is_picture(c)) {
        ret->quality = value;
    } else {
        ret->bits = value;
    }
    return value != 0;
}

/* f32 is not climbed for: it loses nothing. */
static int next_raw(struct clv_climb *c, struct clv_packing *ret)
{
    *ret = (struct clv_packing){.coder = CLV_CODER_RAW, .half = 1};
    return c->count == 0 && !c->is_fast && c->kind != CLV_LADDER_INTEGERS;
}

static int next_lossless(struct clv_climb *c, struct clv_packing *ret)
{
    *ret = (struct clv_packing){.coder = c->coder};
    return c->count == 0;
}

/* -- Searched -- */

/* Down while nothing is within; up while too little is lost; then half way
   between what is within and what is beyond. */
static int pick_rung(const struct clv_climb *c)
{
    int stride = c->is_fast ? 4 : 2;

    if (c->count == 0) {
        return c->start;
    }
    if (c->within == -NOWHERE) {
        return c->beyond > FINEST && c->beyond - stride < FINEST
                   ? FINEST
                   : c->beyond - stride;
    }
    if (!c->ended && c->top < COARSEST) {
        return c->top + stride < COARSEST ? c->top + stride : COARSEST;
    }
    return c->beyond - c->within > 1 && c->beyond != NOWHERE
               ? (c->within + c->beyond) / 2
               : NOWHERE;
}

static double step_of(int rung)
{
    return round(100 * pow(2, rung / 4.0)) / 100;
}

static int next_step(struct clv_climb *c, struct clv_packing *ret)
{
    int rung = pick_rung(c);

    if (rung > COARSEST || rung < FINEST) {
        return 0;
    }
    c->last = rung;
    c->top = rung > c->top ? rung : c->top;
    *ret = (struct clv_packing){
        .coder = c->coder, .step = step_of(rung), .step_in_sd = 1};
    return 1;
}

/* -- Both -- */

int clv_climb_next(struct clv_climb *climb, struct clv_packing *ret_packing)
{
    if (climb->count >= CLV_CLIMB_MOST) {
        return 0;
    }
    if (climb->coder == CLV_CODER_RAW) {
        return next_raw(climb, ret_packing);
    }
    if (climb->kind == CLV_LADDER_INTEGERS && !is_picture(climb)) {
        return next_lossless(climb, ret_packing);
    }
    if (has_steps(climb)) {
        return next_step(climb, ret_packing);
    }
    return !climb->ended && next_listed(climb, ret_packing);
}

void clv_climb_told(struct clv_climb *climb, double drop_pp)
{
    double end = climb->budget_pp * (climb->is_fast ? 1 : GENEROUS);

    climb->count++;
    if (drop_pp > end) {
        climb->ended = 1;
    }
    if (!has_steps(climb)) {
        return;
    }
    if (drop_pp > climb->budget_pp) {
        climb->beyond =
            climb->last < climb->beyond ? climb->last : climb->beyond;
    } else if (climb->last > climb->within && climb->last < climb->beyond) {
        climb->within = climb->last;
    }
}
