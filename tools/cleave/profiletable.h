/*
 * profiletable.h - what `cleave profile` prints when it is done.
 */
#ifndef CLEAVE_TOOL_PROFILETABLE_H
#define CLEAVE_TOOL_PROFILETABLE_H

#include "profile/costs.h"

/* What one model costs, a line a cut: text for people, or one JSON object.
   Times are medians, on the first engine and the first server. */
void profiletable_print(const struct clv_costs *costs, double budget_pp,
                        const char *note, int json);

#endif
