/*
 * scheduler.h - the best design under the conditions of this moment.
 *
 *     clv_scheduler_new(&space, &slo, policy, &scheduler, err)
 *     clv_scheduler_decide(scheduler, &conditions, current, &choice)
 *
 * Making a scheduler does once what does not depend on conditions: it drops
 * the candidates that the policy does not know, those that break a constant
 * constraint (accuracy, memory, head, size), and those that another one beats
 * in every term that conditions scale; what remains lies in arrays of single
 * terms. Deciding is then a pass over these arrays: 20,000 candidates in
 * microseconds, and nothing is allocated.
 *
 * Of candidates alike in the last objective the device itself comes first,
 * then the servers in their order; of those on one server, the best. At equal
 * values the one with less device time, then fewer bytes, goes first.
 *
 * If nothing meets the constraints, the choice is the candidate that comes
 * nearest (the least of the worst ratio between value and bound), and says
 * which constraint is in the way. Constant constraints come first there: they
 * are not given up for those that change.
 *
 * Hysteresis: the current design stays unless another one is better by a
 * share `patience` in an objective (and alike, or better, in those before
 * it), or is as good on a server that comes earlier, or the current one has
 * become infeasible. Published policies have none.
 *
 * A scheduler belongs to one thread.
 */
#ifndef CLV_SCHEDULER_H
#define CLV_SCHEDULER_H

#include "plan/conditions.h"
#include "plan/policy.h"
#include "plan/slo.h"
#include "plan/space.h"

/* No candidate. */
#define CLV_NONE SIZE_MAX

/* cleave's: another design must be better by this share, unless somebody
   says otherwise. */
#define CLV_PATIENCE 0.03

struct clv_scheduler;

enum clv_reason {
    CLV_REASON_FIRST,      /* there was no current design */
    CLV_REASON_KEPT,       /* the current one is the best */
    CLV_REASON_PATIENCE,   /* another is better, but by too little */
    CLV_REASON_BETTER,     /* another is better */
    CLV_REASON_CONSTRAINT, /* the current one breaks a constraint now */
    CLV_REASON_SERVER,     /* its server is not up */
    CLV_REASON_EXCLUDED    /* it was excluded */
};

struct clv_choice {
    size_t candidate; /* of the space */
    int is_feasible;  /* 0: no design meets the constraints; the nearest */
    int broken;       /* the constraint most in the way, or -1 */
    enum clv_reason reason;
    double value; /* predicted, of the SLO's first objective */
    double gain;  /* over the current design where it is greatest, a share */
};

/*
 * `space` and `slo` are copied or borrowed as follows: the space is borrowed
 * and must outlive the scheduler, the slo is copied, the policy is constant.
 * CLEAVE_INVALID for an SLO on a metric that no candidate has (energy that
 * was neither measured nor declared: says how to declare it),
 * CLEAVE_NOT_FOUND for a policy that knows no candidate, CLEAVE_MEMORY.
 */
cleave_status clv_scheduler_new(const struct clv_space *space,
                                const struct clv_slo *slo,
                                const struct clv_policy *policy,
                                struct clv_scheduler **ret_scheduler,
                                cleave_error *err);

/* Takes NULL. */
void clv_scheduler_free(struct clv_scheduler *scheduler);

void clv_scheduler_set_patience(struct clv_scheduler *scheduler, double share);

/* Chooses. `current` is a candidate or CLV_NONE. Cannot fail. */
void clv_scheduler_decide(struct clv_scheduler *scheduler,
                          const struct clv_conditions *conditions,
                          size_t current, struct clv_choice *ret_choice);

/*
 * Takes out what `is_out` says, from now on, on top of what is out already;
 * NULL brings all back. Not for the hot path. CLEAVE_NOT_FOUND, and nothing
 * is taken out, if nothing would be left.
 */
cleave_status clv_scheduler_exclude(struct clv_scheduler *scheduler,
                                    int (*is_out)(void *self, size_t candidate),
                                    void *self, cleave_error *err);

/* How many candidates a decision goes through. */
size_t clv_scheduler_size(const struct clv_scheduler *scheduler);

/* One row of an explanation: a candidate and why it is not the choice. */
struct clv_loss {
    size_t candidate;
    double value;       /* of the first objective */
    int broken;         /* the constraint it breaks, or -1 */
    const char *term;   /* where it loses most: "device", "up", .. */
    double term_excess; /* there, against the choice, in ns */
    struct clv_terms terms;
};

/*
 * The choice's rivals, best first: the best candidate of every other cut or
 * server, `room` at most. Allocates nothing; takes milliseconds.
 */
size_t clv_scheduler_explain(struct clv_scheduler *scheduler,
                             const struct clv_conditions *conditions,
                             const struct clv_choice *choice,
                             struct clv_loss *ret_losses, size_t room);

/*
 * What is in the way of a choice that is not feasible, for people: which
 * constraint, and the best that its measure can be while the others hold:
 * "latency.p95 <= 80 ms cannot be met: 95.0 ms is the best possible (..)".
 * "" if the choice is feasible. Takes milliseconds. Returns `into`.
 */
#define CLV_OBSTACLE_TEXT 1024
const char *clv_scheduler_obstacle(struct clv_scheduler *scheduler,
                                   const struct clv_conditions *conditions,
                                   const struct clv_choice *choice,
                                   char into[CLV_OBSTACLE_TEXT]);

/* "better", "server is not up", ..; for logs. */
const char *clv_reason_text(enum clv_reason reason);

#endif
