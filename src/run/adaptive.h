/*
 * adaptive.h - the inside of a cleave_runner, for the files of this folder and
 * the program.
 *
 *     deciding.c   which design an inference takes
 *     posting.c    which post decides
 *     adapting.c   one inference: decide, run, learn from it
 *     runner.c     opening, closing, what others are told
 *
 * Around them stand parts that do not know each other's business: senses
 * (estimates), fleet (designs ready to run), watch (servers' health), guard
 * (accuracy), logbook (events). Only the posts and what is decided are
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
#include "run/posts.h"
#include "run/senses.h"
#include "run/turns.h"
#include "run/watch.h"

/* As many bans are remembered; the oldest goes first. */
#define CLV_BANS 64

/* What is not chosen. Fields that are CLV_ANY stand for all. */
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

    struct clv_senses senses;
    struct clv_logbook log;
    struct clv_fleet *fleet;
    struct clv_watch *watch;
    struct clv_guard *guard;
    struct clv_gate in_flight;
    unsigned width; /* as many inferences at once */

    pthread_mutex_t lock; /* guards what follows */
    struct clv_desk *desks[CLV_POSTS_MOST];
    size_t desk_count;
    size_t post; /* where the runner is */
    struct clv_ban bans[CLV_BANS];
    size_t ban_count;
    size_t current; /* what inferences take, or CLV_NONE */
    size_t wished;  /* what the decision before would rather have taken */
};

/* What an ensemble says of one of its runners; all zero: it is alone. */
struct clv_runner_company {
    const struct clv_post *posts; /* the first is where it begins */
    size_t post_count;
    struct clv_turns *turns; /* shared by the ensemble's; or NULL */
    int priority;
};

/* What one inference takes. */
struct clv_decision {
    struct clv_berth *berth;
    const struct clv_candidate *candidate;
    size_t home;         /* of its post, or CLV_NONE */
    double predicted_ns; /* or CLV_UNKNOWN */
    struct clv_conditions conditions;
};

/* A runner over designs that the caller has; they must outlive it. Paths of
   the options are not looked at, but for the cache. */
cleave_status clv_runner_open(const struct clv_designs *designs,
                              const cleave_runner_options *options,
                              cleave_runner **ret_runner, cleave_error *err);

/* The same for a runner of an ensemble. If its first post cannot be made ready,
   the next one that can is where it begins. */
cleave_status clv_runner_open_among(const struct clv_designs *designs,
                                    const cleave_runner_options *options,
                                    const struct clv_runner_company *company,
                                    cleave_runner **ret_runner,
                                    cleave_error *err);

/* It will be closed: whatever waits for a server in the background stops to,
   so that closing several is no slower than closing one. */
void clv_runner_end(cleave_runner *runner);

/* A switch, to be told when the lock is free. */
struct clv_change {
    int is_one;
    size_t from; /* candidates */
    size_t to;
    const char *reason;
};

/*
 * Moves the runner to one of its posts: the next inference decides there, and
 * those under way end where they began. CLEAVE_BUSY while the post is not
 * ready: then it is being made so, and the runner stays where it is; ask
 * again. If it could not be made ready, why; it is tried again after a minute.
 * What the move changed is told, and looked into, by the second: that may take
 * longer than moving, so several runners are moved first.
 */
cleave_status clv_runner_move(cleave_runner *runner, size_t post,
                              struct clv_change *ret_change, cleave_error *err);
void clv_runner_moved(cleave_runner *runner, const struct clv_change *change);

/* The number of a post, listed now if it was not. CLEAVE_LIMIT for more than
   CLV_POSTS_MOST, else as clv_desk_new. */
cleave_status clv_runner_add_post(cleave_runner *runner,
                                  const struct clv_post *post, size_t *ret_post,
                                  cleave_error *err);

/*
 * Which posts stay loaded from now on, besides the one the runner is at: a
 * flag for each. Those that are not loaded are made ready in the background.
 * With `only`, all others are unloaded, as soon as nobody uses them.
 */
void clv_runner_keep(cleave_runner *runner, const uint8_t *wanted, int only);

/* What is known of the world, and which post the runner is at. */
struct clv_runner_view {
    struct clv_conditions conditions;
    size_t post;
    size_t current; /* a candidate */
};
void clv_runner_view(cleave_runner *runner, struct clv_runner_view *ret_view);

/* The feed's samples as the design in use takes them: to count and name. */
cleave_status clv_runner_count(cleave_runner *runner, struct clv_feed *feed,
                               const struct clv_source **ret_source,
                               cleave_error *err);

/*
 * deciding.c: makes the desks and a first design. Then decides for one
 * inference: CLEAVE_OK with a berth to be given back, or what keeps every
 * design from being ready.
 */
cleave_status clv_deciding_open(cleave_runner *runner,
                                const struct clv_runner_company *company,
                                cleave_error *err);
void clv_deciding_close(cleave_runner *runner);
cleave_status clv_deciding_take(cleave_runner *runner,
                                struct clv_decision *ret_decision,
                                cleave_error *err);

/* Tells of a switch; the lock is free. */
void clv_deciding_tell(cleave_runner *runner, const struct clv_change *change,
                       const struct clv_conditions *conditions);

/* Makes a desk obey the bans there are. The caller holds the lock. */
void clv_deciding_obey_locked(cleave_runner *runner, struct clv_desk *desk);

/* Takes a ban down, from now on. An event tells the reason, and which design
   it is about (a candidate, or CLV_NONE). */
void clv_deciding_ban(cleave_runner *runner, const struct clv_ban *ban,
                      size_t candidate, const char *reason);

/* posting.c: a design could not be made ready; a post that lands there is not
   tried again before that time. */
void clv_posting_refused(cleave_runner *runner, size_t candidate,
                         int64_t until_ns, cleave_status status,
                         const cleave_error *why);

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
