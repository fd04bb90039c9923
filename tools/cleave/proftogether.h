/*
 * proftogether.h - the second half of `cleave profile`: tasks together.
 *
 * proftogether.c tries what an application's tasks cost each other, and
 * proftable.c prints what came of it.
 */
#ifndef CLEAVE_TOOL_PROFTOGETHER_H
#define CLEAVE_TOOL_PROFTOGETHER_H

#include "profile/contention.h"
#include "profiling.h"

/* Chooses the variant that stands for the task now: the one whose whole
   network takes the median time on the first engine. */
void proftogether_pick(struct profiling *all, const struct clv_costs *costs);

/* Tries the picks of all tasks, and prints. Nothing for a model alone. */
cleave_status proftogether_run(struct profiling *all, cleave_error *err);

/* Trials of these tasks on these engines: tables for people, or an object a
   row for programs. */
void proftable_print(const struct clv_contention *contention,
                     const char *const *tasks, size_t task_count,
                     const char *const *engines, size_t engine_count, int json);

#endif
