/*
 * decision.h - what planning and simulating begin with: an application, the
 * designs of one of its tasks, and the conditions that the flags tell.
 */
#ifndef CLEAVE_TOOL_DECISION_H
#define CLEAVE_TOOL_DECISION_H

#include "plan/conditions.h"
#include "plan/scheduler.h"
#include "run/designs.h"
#include "settings.h"

struct decision {
    struct clv_application *application;
    struct clv_designs *designs;
};

/* What the command line alone can get wrong: one APP, and --db. */
cleave_status decision_check(const struct settings *settings,
                             cleave_error *err);

/*
 * Reads APP and the task's designs; what the profile lacks goes to standard
 * error. Takes an all-zero struct; close it whatever the outcome.
 */
cleave_status decision_open(const struct settings *settings,
                            struct decision *decision, cleave_error *err);
void decision_close(struct decision *decision);

/* Conditions by the flags, alike for all servers. CLEAVE_INVALID names the
   flag. */
cleave_status decision_conditions(const struct settings *settings,
                                  size_t server_count,
                                  struct clv_conditions *ret_conditions,
                                  cleave_error *err);

/* A slow-down such as "1.5"; without a text `ret_load` stays. */
cleave_status decision_load(const char *flag, const char *text,
                            double *ret_load, cleave_error *err);

/* "12.4Mbps", also bps, kbps and Gbps; above 0. `flag` is told in errors. */
cleave_status decision_bandwidth(const char *flag, const char *text,
                                 double *ret_bps, cleave_error *err);

/* "25ms", and "30s..40s", whose end is behind its begin. */
cleave_status decision_moment(const char *flag, const char *text,
                              int64_t *ret_ns, cleave_error *err);
cleave_status decision_stretch(const char *flag, const char *text,
                               int64_t *ret_from_ns, int64_t *ret_to_ns,
                               cleave_error *err);

/* "12.4 Mbit/s". Returns `into`. */
const char *decision_bandwidth_text(double bps, char into[32]);

/* What a candidate's measure is under these conditions, as its task judges
   it: a drop surely, if the SLO says so. */
double decision_value(const struct clv_designs *designs, size_t candidate,
                      const struct clv_conditions *conditions,
                      struct clv_measure measure);

/* Whether a candidate meets a constraint; what nobody has measured does
   not. */
int decision_meets(const struct clv_designs *designs, size_t candidate,
                   const struct clv_conditions *conditions,
                   const struct clv_constraint *constraint);

/*
 * The candidate that the policy knows and that comes farthest in the
 * constraint, of those that meet all others; CLV_NONE if none does.
 */
size_t decision_best_in(const struct clv_designs *designs,
                        const struct clv_policy *policy,
                        const struct clv_conditions *conditions,
                        size_t constraint);

#endif
