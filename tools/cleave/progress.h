/*
 * progress.h - a line on the terminal that says how far, and how long yet.
 *
 * Work is counted in units of the caller's. The time left is what the units
 * done so far took, for those still to come; work that turns out not to be
 * needed is taken off. Says nothing where standard error is no terminal.
 */
#ifndef CLEAVE_TOOL_PROGRESS_H
#define CLEAVE_TOOL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
    int on;
    int has_line;
    double total; /* units */
    double done;
    double step; /* units of what is going on now */
    int64_t started_ns;
    int64_t shown_ns;
    char what[200];
};

/* `wanted` is 0 where the user wants quiet. */
void progress_begin(struct progress *p, int wanted, double total);

/* Begins a step of `units`; `what` is shown. */
void progress_step(struct progress *p, double units, const char *what);

/* So much of the step is done. */
void progress_within(struct progress *p, size_t done, size_t count);

/* The step is done. */
void progress_stepped(struct progress *p);

/* These units need not be done. */
void progress_drop(struct progress *p, double units);

/* Removes the line, so that others can print; it comes again by itself. */
void progress_clear(struct progress *p);

/* "45 s", "12 min", "3.5 h". Returns `into`. */
const char *progress_time(double seconds, char into[32]);

#endif
