/*
 * crowdsum.h - the summary of a run of several tasks: each task's statistics,
 * what became of its SLO, and how the tasks got on with each other.
 *
 * Called by crowdlog.c alone, which holds its lock.
 */
#ifndef CLEAVE_TOOL_CROWDSUM_H
#define CLEAVE_TOOL_CROWDSUM_H

#include "crowdlog.h"

void crowdsum_json(struct crowdlog *log, const cleave_ensemble_status *status);
void crowdsum_text(struct crowdlog *log, const cleave_ensemble_status *status);

#endif
