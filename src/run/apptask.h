/*
 * apptask.h - one task of an application file, for application.c.
 */
#ifndef CLV_APPTASK_H
#define CLV_APPTASK_H

#include "run/application.h"
#include "run/appschema.h"
#include "run/spot.h"

/*
 * Appends a task to `a->tasks`, which has room for it; what is not fit to be
 * one is an error at its line. `file` is what paths are relative to. After a
 * failure the half-filled task is among the tasks, and freed with them.
 */
cleave_status clv_apptask_set(struct clv_application *a,
                              const struct clv_spot *s, const char *file,
                              const struct clv_raw_task *raw);

#endif
