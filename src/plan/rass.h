/*
 * rass.h - RASS: the few designs worth keeping, of a great many.
 *
 * As published (Panopoulos et al., CARIn, ACM TECS 2024), where `ours` is not
 * said:
 *
 *     1. designs that break a bound are dropped
 *     2. objectives are scaled over what is left
 *     3. each design's optimality (yardstick.h)
 *     4. designs sorted by it; of equals the lower number first
 *     5. kept: d0, the best; for each processor that d0 uses, the best that
 *        avoids it; d_m, the best among the tenth with least memory; d_w, the
 *        best among the tenth with least workload (tenths ours); equals merged
 *
 * To the tenth belongs also what has hardly more (ours): up to CLV_RASS_SLIGHT
 * of d0's memory or workload beyond where the tenth ends. So giving up
 * optimality saves something: what is taken instead of d0 saves at least so
 * much, or d0 itself is little enough; and among what is little, a sliver less
 * never decides.
 *
 * Covariance bends distances: of two designs, one that is better in every
 * objective can be the farther one from utopia. So whatever is about to be
 * kept gives way to the most optimal of the designs of its kind that beat it
 * (no worse in any objective, better in one), as long as there are any, and
 * passes its optimality on, since what took its place is no worse in anything
 * (ours).
 *
 * Two ways lead there: through all designs, by columns of values (a million in
 * some tens of milliseconds), with ranges and covariance of the feasible ones,
 * as published; and, for products of more than CLV_RASS_MOST, by bounds
 * (exact.h), with ranges and covariance of the tasks' lists, which can be had
 * without going through them. Where bounds of all tasks together rule nothing
 * out, both yardsticks are the same. By bounds the tenths, too, are those of
 * the lists, to a thousandth of the range.
 *
 * Pure; each call belongs to one thread.
 */
#ifndef CLV_RASS_H
#define CLV_RASS_H

#include "cleave/status.h"
#include "plan/product.h"
#include "plan/yardstick.h"

/* Designs of a product that are gone through one by one; above, exact.h bounds
   them. */
#define CLV_RASS_MOST ((double)(1u << 21))

/* d0, one for each processor, d_m, d_w. */
#define CLV_RASS_PROCESSORS 13
#define CLV_RASS_KEPT (CLV_RASS_PROCESSORS + 3)

/* Of d0's memory or workload: a saving that is worth nothing. */
#define CLV_RASS_SLIGHT 0.05

/* Why a design is kept; bits, for one may be kept for several reasons. From
   CLV_ROLE_AVOIDS on, one bit for each processor. */
enum {
    CLV_ROLE_BEST = 1,
    CLV_ROLE_MEMORY = 2,
    CLV_ROLE_WORKLOAD = 4,
    CLV_ROLE_STATE = 8, /* the best in some state; switching.h */
    CLV_ROLE_AVOIDS = 16
};

/*
 * Designs as columns: values[design] each. Borrowed. Of what nobody knows, an
 * objective or what is bounded is NaN, and the design then not feasible, as
 * with an infinite objective; memory and workload are below 0 or NaN.
 */
struct clv_rass_columns {
    size_t designs;
    const uint64_t *numbers; /* NULL: from 0 on */
    const double *const *objectives;
    const int *maximize;
    size_t objective_count;
    const double *const *bounded; /* what is compared with `bounds` */
    const struct clv_constraint *bounds;
    size_t bound_count;
    const double *memory;       /* NULL: nobody knows */
    const double *workload;     /* likewise */
    const uint32_t *processors; /* NULL: they use none */
};

struct clv_rass_design {
    uint64_t design; /* its number */
    double optimality;
    unsigned roles;
};

struct clv_rass {
    struct clv_yardstick yardstick;
    struct clv_rass_design kept[CLV_RASS_KEPT]; /* d0 first */
    size_t kept_count;
    uint64_t feasible;     /* designs that break no bound; by bounds: of the
                              tasks' lists */
    double memory_tenth;   /* the tenth with least memory, and what has but
                              slightly more, has so much or less; infinite:
                              nobody knows */
    double workload_tenth; /* likewise */
    int is_proven; /* 0: by bounds, and a search was given up (exact.h) */
};

/* Adds a design to those kept; with an equal one it is merged. For those who
   solve. */
void clv_rass_keep(struct clv_rass *rass, const struct clv_rass_design *design);

/* Where a tenth ends, and where what has slightly more does; `best` is what d0
   has (below 0 or not finite: not known). For those who solve. */
double clv_rass_slightly_more(double tenth, double best);

/*
 * Solves. `ret_order` (NULL: not wanted) has room for all designs and gets
 * the feasible ones' indices, sorted. CLEAVE_NOT_FOUND if no design is
 * feasible; CLEAVE_MEMORY.
 */
cleave_status clv_rass_columns_solve(const struct clv_rass_columns *columns,
                                     struct clv_rass *ret_rass,
                                     uint32_t *ret_order, cleave_error *err);

/*
 * The same of a product, whichever way suits its size. CLEAVE_NOT_FOUND if no
 * design keeps all bounds: the text says which task's or whose bound is in the
 * way, and the best that its measure can be while the others hold.
 */
cleave_status clv_rass_solve(const struct clv_product *product,
                             struct clv_rass *ret_rass, cleave_error *err);

/* The same, but CLEAVE_NOT_FOUND comes without a word, and without the time
   that finding it takes. */
cleave_status clv_rass_try(const struct clv_product *product,
                           struct clv_rass *ret_rass, cleave_error *err);

/* The same on a sheet that is used again (sheet.h); NULL: on one of its own. */
struct clv_sheet;
cleave_status clv_rass_try_on(const struct clv_product *product,
                              struct clv_sheet *sheet,
                              struct clv_rass *ret_rass, cleave_error *err);

/* A design's optimality by the yardstick of a solution; of one that is kept
   the one it was kept with. */
double clv_rass_rate(const struct clv_rass *rass,
                     const struct clv_product *product, const uint32_t *choice);

#endif
