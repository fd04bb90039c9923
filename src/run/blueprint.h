/*
 * blueprint.h - a whole application, ready to be decided on: the designs of
 * all its tasks, what they cost each other, and what is wanted of them.
 *
 * Planning (`cleave plan --solver`), the ensemble and the benchmarks begin
 * here. Read-only once loaded, and may then be read by all threads.
 */
#ifndef CLV_BLUEPRINT_H
#define CLV_BLUEPRINT_H

#include "plan/switching.h"
#include "run/designs.h"

struct clv_blueprint {
    const struct clv_application *application; /* borrowed */
    struct clv_designs *designs[CLV_TASKS];    /* owned, by task */
    struct clv_product_task tasks[CLV_TASKS];
    const char *task_names[CLV_TASKS];
    const char *server_names[CLV_SERVERS];
    struct clv_goals goals;
    struct clv_contention contention;
    /* Points into the above: an idle device and idle, fast servers. */
    struct clv_switching_options options;
    char note[1024]; /* what the profile lacks; "" if nothing */
};

/*
 * Loads. The note tells, among others, when tasks run together were never
 * measured together. Errors of clv_designs_load, with the task's name. The
 * caller frees.
 */
cleave_status clv_blueprint_load(const struct clv_application *application,
                                 const char *database,
                                 struct clv_blueprint **ret_blueprint,
                                 cleave_error *err);

/* The same by what another machine measured (clv_designs_load_elsewhere). */
cleave_status clv_blueprint_load_elsewhere(
    const struct clv_application *application, const char *database,
    struct clv_blueprint **ret_blueprint, cleave_error *err);

/* Takes NULL. */
void clv_blueprint_free(struct clv_blueprint *blueprint);

#endif
