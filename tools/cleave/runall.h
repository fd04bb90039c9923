/*
 * runall.h - `cleave run APP` with several tasks: all of them at once.
 */
#ifndef CLEAVE_TOOL_RUNALL_H
#define CLEAVE_TOOL_RUNALL_H

#include "run/application.h"
#include "settings.h"

/* True if this application is run as a whole: it has several tasks and none is
   named, or a manager is asked for. */
int runall_is_meant(const struct settings *settings,
                    const struct clv_application *application);

/* Runs it. CLEAVE_INVALID says which task lacks what. */
cleave_status runall_run(const struct settings *settings,
                         const struct clv_application *application,
                         cleave_error *err);

#endif
