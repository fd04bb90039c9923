/*
 * watch.h - whether servers do their work, and a thread that keeps looking.
 *
 *           +-------- an inference fails, or is late twice ----------+
 *           |                                                        v
 *          up <--- ready, and a trial answered (every 250 ms) --- down
 *
 * Every server is down until the first trial. A server whose answers were
 * wrong is tried again later and later while that goes on, so that one that
 * passes trials and fails at work is not trusted four times a second.
 *
 * While all inferences are computed here, the link is measured with small
 * trials, each few seconds (plan/probing.h), so that the estimate of a bad
 * minute does not keep them here for ever; none are sent when there were no
 * inferences lately.
 *
 * Thread-safe, but for open and close.
 */
#ifndef CLV_WATCH_H
#define CLV_WATCH_H

#include "run/fleet.h"
#include "run/senses.h"

struct clv_watch;

/* Told when a server goes up or down, and why. By any thread. */
typedef void clv_watch_told(void *self, size_t server, int is_up,
                            const char *why);

struct clv_watch_options {
    const struct clv_designs *designs;
    struct clv_fleet *fleet;
    struct clv_senses *senses;
    clv_watch_told *told;
    void *self;
};

/* All borrowed, and must outlive the watch. */
cleave_status clv_watch_open(const struct clv_watch_options *options,
                             struct clv_watch **ret_watch, cleave_error *err);

/* Close ends the thread; `end` only asks for it: no server is waited for any
   more. Both take NULL. */
void clv_watch_end(struct clv_watch *watch);
void clv_watch_close(struct clv_watch *watch);

/* An inference begins: the link is of interest. */
void clv_watch_stir(struct clv_watch *watch, int64_t now_ns);

/* The design changed: links matter again. */
void clv_watch_wake(struct clv_watch *watch);

/* All is computed here: whether any rate of the links would change that, and
   how long an inference takes. */
void clv_watch_hope(struct clv_watch *watch, int would_change,
                    double inference_ns);

/* An inference's exchange went well. */
void clv_watch_served(struct clv_watch *watch, size_t server);

/*
 * An inference's exchange failed. A timeout is held against the server at
 * once if `was_patient`, else the second time in a row.
 */
void clv_watch_failed(struct clv_watch *watch, size_t server, int64_t now_ns,
                      const cleave_error *why, int was_patient);

#endif
