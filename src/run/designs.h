/*
 * designs.h - what a task can choose from: its application file and the
 * profile of its parts, put together.
 *
 *     clv_application_read("app.yaml", &application, err)
 *     clv_designs_load(application, NULL, "profile.db", &designs, err)
 *     clv_scheduler_new(&designs->space, &designs->task->slo, policy, ..)
 *
 * Planning, simulating and running begin with these lines, and so decide on
 * the same things. Models are hashed, not opened: a profile counts for the
 * very files that were measured.
 *
 * The servers of the space are known by the application's names for them and
 * may be fewer than there, in the same order: those that were measured. So a
 * server's index in `costs`, in candidates and in the conditions' `reach` is
 * the same, and clv_designs_server says which it is in the application.
 *
 * Read-only once loaded, and may then be read by all threads.
 */
#ifndef CLV_DESIGNS_H
#define CLV_DESIGNS_H

#include <stddef.h>

#include "plan/space.h"
#include "profile/database.h"
#include "profile/costs.h"
#include "run/application.h"

struct clv_designs {
    const struct clv_application *application; /* borrowed */
    const struct clv_app_task *task;           /* of the application */
    struct clv_costs costs;
    struct clv_space space; /* of these costs */
    char note[512];         /* what the profile lacks, or ""; for the user */
    char machine[CLV_MACHINE_TEXT]; /* of .._load_elsewhere; else "" */
};

/*
 * The designs of the task with this name (NULL: the only one) by what the
 * database says. `application` must outlive them. Errors of the task's name,
 * of a model file, of the database (clv_database_open, clv_database_load: they
 * say what to measure) and of clv_space_init. The caller frees.
 */
cleave_status clv_designs_load(const struct clv_application *application,
                               const char *task, const char *database,
                               struct clv_designs **ret_designs,
                               cleave_error *err);

/* The same by what another machine measured, or this one where no other is in
   the database. */
cleave_status clv_designs_load_elsewhere(
    const struct clv_application *application, const char *task,
    const char *database, struct clv_designs **ret_designs, cleave_error *err);

/* Takes NULL. */
void clv_designs_free(struct clv_designs *designs);

/* The model file of a row of `costs.variants`. */
const struct clv_app_variant *clv_designs_variant(
    const struct clv_designs *designs, size_t variant);

/* The server of a row of `costs.servers`. */
const struct clv_app_server *clv_designs_server(
    const struct clv_designs *designs, size_t server);

#endif
