/*
 * plansolver.h - the inside of `cleave plan --solver`: all tasks of an
 * application decided together, and how it is told.
 */
#ifndef CLEAVE_TOOL_PLANSOLVER_H
#define CLEAVE_TOOL_PLANSOLVER_H

#include "plan/outlook.h"
#include "plan/solver.h"
#include "run/blueprint.h"
#include "settings.h"

#define PLANSOLVER_RIVALS 12

/* A design that came next. */
struct plansolver_rival {
    uint32_t choice[CLV_SEATS]; /* of the product of now */
    double optimality;
};

/* What one solver chose; `lacks` says why it could not, or "". */
struct plansolver_row {
    const struct clv_solver *solver;
    struct clv_solution solution;
    char lacks[256];
};

#define PLANSOLVER_ROWS 16

struct plansolver {
    const struct settings *settings;
    struct clv_application *application;
    struct clv_blueprint *blueprint;
    struct clv_blueprint *elsewhere; /* by another machine's profile; or NULL */
    struct clv_product *elsewhere_product;
    struct clv_switching_options options;
    struct clv_outlook now;          /* under the conditions of the flags */
    struct clv_switching *switching; /* of `rass` */
    size_t state;                    /* the one that the flags tell */
    struct plansolver_row rows[PLANSOLVER_ROWS];
    size_t row_count;
    struct plansolver_rival rivals[PLANSOLVER_RIVALS];
    size_t rival_count;
    double rivals_seen; /* designs that were looked at for them */
};

/* What the command line alone can get wrong; and the command. */
cleave_status plansolver_check(const struct settings *settings,
                               cleave_error *err);
cleave_status plansolver_run(const struct settings *settings,
                             cleave_error *err);

/* -- What the tellers share -- */

/* "best, avoids cpu". Returns `into`. */
#define PLANSOLVER_ROLES 160
const char *plansolver_roles(const struct plansolver *p, unsigned roles,
                             char into[PLANSOLVER_ROLES]);

/* "device", "cut, nas", "nas". Returns `into`. */
#define PLANSOLVER_PLACE 128
const char *plansolver_place(const struct plansolver *p,
                             const struct clv_config *config,
                             char into[PLANSOLVER_PLACE]);

/* Names of a task's variant and engine. Borrowed. */
const char *plansolver_variant(const struct plansolver *p, size_t task,
                               const struct clv_config *config);
const char *plansolver_engine(const struct plansolver *p, size_t task,
                              const struct clv_config *config);

/* Where a value lies between the worst, 0, and the best, 1, of what keeps all
   bounds. */
double plansolver_scaled(const struct plansolver *p, size_t goal, double value);

/* The goal in which a design loses most against the best one, or SIZE_MAX. */
size_t plansolver_loses_in(const struct plansolver *p, const uint32_t *choice);

/* Fills in the rivals: solverrivals.c. */
void solverrivals_find(struct plansolver *p);

/* For people, solvertext.c; for programs, solverjson.c. */
cleave_status solvertext_plan(struct plansolver *p, cleave_error *err);
void solvertext_rows(const struct plansolver *p);
cleave_status solverjson_print(struct plansolver *p, cleave_error *err);

/* Nothing keeps all bounds: what is in the way, and the design that comes
   nearest. */
cleave_status solverjson_obstacle(const struct plansolver *p,
                                  const cleave_error *why, cleave_error *err);

/* The first two objectives of all designs, the kept ones marked. */
cleave_status solverplot_draw(struct plansolver *p, const char *path,
                              cleave_error *err);

#endif
