/*
 * taskwish.h - what the command line says of one task of several:
 * `--input TASK=PATH`, `--rate TASK=N`.
 *
 * What stands before the first '=' is a task's name if it has no '/' in it; a
 * wish without a task is for every task that has none of its own.
 */
#ifndef CLEAVE_TOOL_TASKWISH_H
#define CLEAVE_TOOL_TASKWISH_H

#include "run/feed.h"
#include "settings.h"

/* What the command line alone can get wrong. */
cleave_status taskwish_check(const struct settings *settings,
                             cleave_error *err);

/* CLEAVE_INVALID for a wish about a task that the application does not have. */
cleave_status taskwish_know(const struct settings *settings,
                            const struct clv_application *application,
                            cleave_error *err);

/*
 * What a task runs on: --input and the arguments behind the application, else
 * the application's `input`. CLEAVE_INVALID if nobody says. The caller calls
 * clv_feed_fini.
 */
cleave_status taskwish_feed(const struct settings *settings,
                            const struct clv_app_task *task,
                            struct clv_feed *feed, cleave_error *err);

/* How often a task is wanted, inferences a second: --rate, of several the last
   one, else the application's `rate`; 0: as fast as possible. */
cleave_status taskwish_rate(const struct settings *settings,
                            const struct clv_app_task *task, double *ret_rate,
                            cleave_error *err);

/* When the n-th inference is due at this rate, counted from the first. */
int64_t taskwish_due_ns(double rate, uint64_t turn);

#endif
