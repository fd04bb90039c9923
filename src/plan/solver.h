/*
 * solver.h - RASS and its rivals, each behind the same interface.
 *
 * All choose from one product, measured once; so a ratio between two of them
 * is one of choosing and nothing else. What they choose is rated by RASS's
 * yardstick, in the true product.
 *
 *     rass                  d0 (rass.h)
 *     oodin                 the greatest weighted sum of scaled objectives, all
 *                           weights alike, of what keeps the bounds (Venieris
 *                           et al., OODIn, SMARTCOMP 2021)
 *     best-accuracy         one architecture for each task: its most accurate
 *     best-size             .. its smallest; each on the engine that is the
 *                           best for it ("single-architecture")
 *     transferred           the best by another machine's profile
 *     contention-unaware    each task's best, as if it were alone
 *
 * Pure; the table is constant.
 */
#ifndef CLV_SOLVER_H
#define CLV_SOLVER_H

#include "plan/rass.h"

/* What a solver may use. Borrowed. */
struct clv_solver_input {
    const struct clv_product *product;
    /* The same tasks by another machine's profile; NULL: there is none, and
       `transferred` says so. Configurations are matched by the names of
       variants and engines, and by place. */
    const struct clv_product *elsewhere;
};

struct clv_solution {
    uint32_t choice[CLV_SEATS]; /* of the product's configurations */
    double optimality;          /* by RASS's yardstick; 0 if infeasible */
    double violation;           /* clv_product_violation; 0: feasible */
};

struct clv_solver {
    const char *name;
    const char *summary;
    cleave_status (*solve)(const struct clv_solver_input *input,
                           uint32_t *ret_choice, cleave_error *err);
};

const struct clv_solver *clv_solvers(size_t *ret_count);
cleave_status clv_solver_find(const char *name,
                              const struct clv_solver **ret_solver,
                              cleave_error *err);

/* Solves and rates. `rass` is the product's solution. CLEAVE_UNSUPPORTED if
   the input lacks what the solver needs. */
cleave_status clv_solver_run(const struct clv_solver *solver,
                             const struct clv_solver_input *input,
                             const struct clv_rass *rass,
                             struct clv_solution *ret_solution,
                             cleave_error *err);

#endif
