/*
 * ensembling.h - the inside of a cleave_ensemble, for its files.
 *
 *     settling.c   what there is to choose from, and the table
 *     ensemble.c   opening, closing, what others are told
 *     reckoning.c  what all runners together know of the world
 *     managing.c   the manager's thread: looks, and moves runners
 *     resolving.c  the baseline that solves anew at each change
 *
 * Only the manager's thread moves runners. What it tells of itself is guarded
 * by the ensemble's lock, all else of it is its own.
 */
#ifndef CLV_ENSEMBLING_H
#define CLV_ENSEMBLING_H

#include "cleave/ensemble.h"
#include "run/adaptive.h"
#include "run/blueprint.h"
#include "run/manager.h"

#define CLV_ENSEMBLE_TICK_NS 100000000
#define CLV_ENSEMBLE_NOTICE 2048

/* Room for all tasks' configurations in words. */
#define CLV_LINEUP_TEXT 2048

enum clv_manages_by {
    CLV_MANAGES_BY_TABLE,
    CLV_MANAGES_NOTHING,
    CLV_MANAGES_BY_OODIN
};

/* What each task runs: of clv_config, variant, engine and place count. */
struct clv_lineup {
    struct clv_config configs[CLV_TASKS]; /* by task */
};

/* One task of the ensemble. */
struct clv_member {
    cleave_ensemble *ensemble;
    size_t task;
    cleave_runner *runner;
    int is_there; /* in the move under way, or it cannot get there */
    struct clv_change change; /* that it came to there, still to be told */
};

/* Runners on their way to another lineup. */
struct clv_move {
    int is_one; /* under way */
    struct clv_lineup from;
    struct clv_lineup to;
    size_t post[CLV_TASKS]; /* of each runner */
    int64_t decided_ns;
    int64_t done_ns; /* when the last one was there */
    const char *reason;
    int is_retry;
    char failure[300]; /* what could not be got; "" */
};

struct cleave_ensemble {
    struct clv_clock clock;
    int64_t opened_ns;
    struct clv_application *application; /* owned, or NULL */
    struct clv_blueprint *own_blueprint; /* owned, or NULL */
    const struct clv_blueprint *blueprint;
    struct clv_switching *switching; /* owned */
    enum clv_manages_by by;
    char notice[CLV_ENSEMBLE_NOTICE];
    struct clv_turns turns;
    struct clv_gauges *gauges;
    struct clv_member members[CLV_TASKS];
    size_t count;

    pthread_mutex_t telling; /* held while the callback runs */
    cleave_event_fn on_event;
    void *event_self;

    /* The manager's thread's. */
    struct clv_manager manager;
    struct clv_lineup lineup; /* that runs */
    struct clv_move move;
    int64_t trim_ns;  /* when memory is given back; 0: not */
    int trims;        /* since there was something to be given back */
    int64_t retry_ns; /* when what could not be got is asked for again */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t stirred;
    int is_ready; /* something that a move may have waited for */
    int is_ending;
    int has_thread;
    pthread_t thread;
    cleave_ensemble_status status;
};

/*
 * settling.c: makes the table of what the blueprint has. If no designs keep
 * all SLOs, bounds are loosened as far as the nearest ones need, and `note`
 * says what is in the way.
 */
cleave_status clv_settling_table(const struct clv_blueprint *blueprint,
                                 struct clv_switching **ret_switching,
                                 char note[CLV_ENSEMBLE_NOTICE],
                                 cleave_error *err);

/* ensemble.c: over a blueprint, which must outlive it, and a table, which is
   the ensemble's from now on, also after a failure. Paths of the options are
   not looked at, but for the cache and the machine. */
cleave_status clv_ensemble_open(const struct clv_blueprint *blueprint,
                                struct clv_switching *switching,
                                const cleave_ensemble_options *options,
                                cleave_ensemble **ret_ensemble,
                                cleave_error *err);
void clv_ensemble_tell(cleave_ensemble *ensemble, cleave_event *event);

/* reckoning.c: what runners and gauges say of this moment; a task's
   configuration as a post; a lineup in words. */
void clv_reckon_signs(cleave_ensemble *ensemble,
                      struct clv_manager_signs *ret_signs);
struct clv_post clv_reckon_post(const cleave_ensemble *ensemble, size_t task,
                                const struct clv_config *config);
struct clv_lineup clv_reckon_kept(const cleave_ensemble *ensemble,
                                  size_t design);
const char *clv_reckon_text(const cleave_ensemble *ensemble,
                            const struct clv_lineup *lineup,
                            char into[CLV_LINEUP_TEXT]);

/* managing.c: the thread; one look of it; and that a design is ready, or will
   not be: a move need not wait for the next look. */
cleave_status clv_managing_start(cleave_ensemble *ensemble, cleave_error *err);
void clv_managing_stop(cleave_ensemble *ensemble);
void clv_managing_look(cleave_ensemble *ensemble);
void clv_managing_stir(cleave_ensemble *ensemble);

/* resolving.c: the weighted sum's favourite under the conditions of now. */
cleave_status clv_resolve(const cleave_ensemble *ensemble,
                          const struct clv_state *state,
                          const struct clv_conditions *conditions,
                          struct clv_lineup *ret_lineup, cleave_error *err);

#endif
