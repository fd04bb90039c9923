/*
 * runapp.h - `cleave run APP`: an application, adapting as it runs.
 */
#ifndef CLEAVE_TOOL_RUNAPP_H
#define CLEAVE_TOOL_RUNAPP_H

#include "settings.h"

/* True if the command line names an application and not a model. */
int runapp_is_meant(const struct settings *settings);

/* As a command's check and run. */
cleave_status runapp_check(const struct settings *settings, cleave_error *err);
cleave_status runapp_run(const struct settings *settings, cleave_error *err);

#endif
