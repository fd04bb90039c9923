/*
 * matching.h - that the models of each task can be its variants.
 */
#ifndef CLEAVE_TOOL_MATCHING_H
#define CLEAVE_TOOL_MATCHING_H

#include "profiling.h"

/*
 * Looks at the models of all tasks that are to be measured, before hours are
 * spent on them. CLEAVE_MISMATCH names the model that does not fit its task's
 * first one; errors of files that do not open.
 */
cleave_status matching_check(struct profiling *all, cleave_error *err);

#endif
