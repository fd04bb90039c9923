/*
 * adaptive.h - the inside of a cleave_runner, for the files of this folder and
 * the program.
 *
 *     deciding.c   which design an inference takes
 *     adapting.c   one inference: decide, run, learn from it
 *     runner.c     opening, closing, what others are told
 *
 * Around them stand parts that do not know each other's business: senses
 * (estimates), fleet (designs ready to run), watch (servers' health), guard
 * (accuracy), logbook (events). Only the scheduler and what is decided are
 * guarded by the runner's own lock.
 */
#ifndef CLV_ADAPTIVE_H
#define CLV_ADAPTIVE_H

#include "cleave/runner.h"
#include "plan/scheduler.h"
#include "run/feed.h"
#include "run/fleet.h"
#include "run/guard.h"
#include "run/logbook.h"
#include "run/senses.h"
#include "run/watch.h"

/* As many bans are remembered; the oldest goes first. */
#define CLV_BANS 64

/* What is not chosen. Fields that are CLV_ANY stand for all. */
#define CLV_ANY (UINT32_MAX - 1)
struct clv_ban {
    uint32_t variant;
    uint32_t cut;
    uint32_t pack;
    uint32_t server;
    int only_pictures; /* of these, what packs pictures */
    int64_t until_ns;  /* 0: for ever */
};

struct cleave_runner {
    struct clv_clock clock;
    struct clv_application *application; /* owned, or NULL */
    struct clv_designs *own_designs;     /* owned, or NULL */
    const struct clv_designs *designs;
    const struct clv_space *space;
    const struct clv_policy *policy;
    int may_finish; /* here, what a server does not */
    char notice[700];
    size_t home; /* a candidate all on this device, or CLV_NONE */

    struct clv_senses senses;
    struct clv_logbook log;
    struct clv_fleet *fleet;
    struct clv_watch *watch;
    struct clv_guard *guard;
    struct clv_gate in_flight;
    unsigned width; /* as many inferences at once */

    pthread_mutex_t lock; /* guards what follows */
    struct clv_scheduler *scheduler;
    struct clv_ban bans[CLV_BANS];
    size_t ban_count;
    size_t current; /* what inferences take, or CLV_NONE */
    size_t wished;  /* what the decision before would rather have taken */
};

/* What one inference takes. */
struct clv_decision {
    struct clv_berth *berth;
    const struct clv_candidate *candidate;
    double predicted_ns; /* or CLV_UNKNOWN */
    struct clv_conditions conditions;
};

/* A runner over designs that the caller has; they must outlive it. Paths of
   the options are not looked at, but for the cache. */
cleave_status clv_runner_open(const struct clv_designs *designs,
                              const cleave_runner_options *options,
                              cleave_runner **ret_runner, cleave_error *err);

/* The feed's samples as the design in use takes them: to count and name. */
cleave_status clv_runner_count(cleave_runner *runner, struct clv_feed *feed,
                               const struct clv_source **ret_source,
                               cleave_error *err);

/*
 * deciding.c: opens the scheduler and a first design. Then decides for one
 * inference: CLEAVE_OK with a berth to be given back, or what keeps every
 * design from being ready.
 */
cleave_status clv_deciding_open(cleave_runner *runner, cleave_error *err);
cleave_status clv_deciding_take(cleave_runner *runner,
                                struct clv_decision *ret_decision,
                                cleave_error *err);

/* Takes a ban down, from now on. An event tells the reason, and which design
   it is about (a candidate, or CLV_NONE). */
void clv_deciding_ban(cleave_runner *runner, const struct clv_ban *ban,
                      size_t candidate, const char *reason);

/* A server is back: bans of this server are lifted. */
void clv_deciding_pardon(cleave_runner *runner, uint32_t server);

/* adapting.c: one inference, on tensors (they have no pictures to send) or on
   a sample of a feed. */
cleave_status clv_adapting_infer(cleave_runner *runner,
                                 const cleave_tensor *inputs, size_t count,
                                 cleave_result **ret_result, cleave_error *err);
cleave_status clv_runner_infer_sample(cleave_runner *runner,
                                      struct clv_feed *feed, uint64_t sample,
                                      cleave_result **ret_result,
                                      cleave_error *err);

#endif
