/*
 * runlines.h - the lines that a run of one task and a run of several share:
 * one inference, one event; as JSON for programs, as text for people.
 *
 * They print to standard output; the caller serialises.
 */
#ifndef CLEAVE_TOOL_RUNLINES_H
#define CLEAVE_TOOL_RUNLINES_H

#include <jansson.h>

#include "cleave/runner.h"

/* What is not known is left out. */
void runlines_event_json(const cleave_event *event);
void runlines_event_text(const cleave_event *event);

/* {"input": .., "top": .., ..}; the caller adds and prints (report_line). */
json_t *runlines_sample(const char *name, const cleave_result *result);

/* `right_class` as in report.h. */
void runlines_sample_text(const char *name, const cleave_result *result,
                          int64_t right_class);

#endif
