/*
 * profiletable.h - what `cleave profile` prints when it is done.
 *
 * All print for people, or for programs one JSON object a line. profwhole.c
 * has what is of whole networks.
 */
#ifndef CLEAVE_TOOL_PROFILETABLE_H
#define CLEAVE_TOOL_PROFILETABLE_H

#include "profile/costs.h"

/* What one model costs, a line a cut. Times are medians, on the first engine
   and the first server. */
void profiletable_print(const char *task, const struct clv_costs *costs,
                        double budget_pp, const char *note, int json);

/* What a task's models cost whole, a line a variant and engine. */
void profiletable_print_whole(const char *task, const struct clv_costs *costs,
                              const char *note, int json);

/* The variants that some other one beats in speed on every engine and in
   accuracy; nothing if there are none. */
void profiletable_print_worthless(const char *task,
                                  const struct clv_costs *costs, int json);

#endif
