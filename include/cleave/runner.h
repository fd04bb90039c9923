/*
 * runner.h - running a network where it is best, decided anew as the world
 * changes.
 *
 * A runner is opened with an application file (docs/application.md) and a
 * profile (`cleave profile`). Before each inference it looks at what the
 * link, the servers and this device are like now, and takes the design (model,
 * engine, cut, packing, server) that serves the application's objectives
 * best. Designs are made ready in the background and switched to when they
 * are.
 *
 *     cleave_runner_options options = CLEAVE_RUNNER_OPTIONS_INIT;
 *     options.application = "app.yaml";
 *     options.database = "profile.db";
 *     options.cache = ".cleave-cache";
 *     cleave_runner_open(&options, &runner, &err);
 *     cleave_runner_infer_file(runner, "cat.jpg", &result, &err);
 *     puts(result->design);
 *     cleave_result_free(result);
 *     cleave_runner_close(runner);
 *
 * A server that fails costs no answer: the device keeps the tensors at the
 * cut until the answer has come, and computes the rest itself if it does not
 * come in time. Then it stays on its own until the server is back, which is
 * tried in the background.
 *
 * Threads: open and close belong to one thread; the rest may be called by
 * several at once. Inferences overlap up to `in_flight`.
 */
#ifndef CLEAVE_RUNNER_H
#define CLEAVE_RUNNER_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cleave_runner cleave_runner;

/* What is told of. X(name, text) */
#define CLEAVE_EVENT_LIST(X)                                            \
    X(SWITCH, "switch")     /* inferences go another way from now on */ \
    X(READY, "ready")       /* a design was made ready */               \
    X(REFUSED, "refused")   /* a design could not be made ready */      \
    X(DOWN, "down")         /* a server does not do its work */         \
    X(UP, "up")             /* a server does it, or does it again */    \
    X(FINISHED, "finished") /* an inference was finished here */        \
    X(GUARD, "guard")       /* how packed answers agree with others */  \
    X(EXCLUDED, "excluded") /* a design is not chosen any more */       \
    X(STATE, "state")       /* this device is under something else */   \
    X(ADAPT, "adapt")       /* the manager chose another kept design */

typedef enum cleave_event_kind {
#define X(name, text) CLEAVE_EVENT_##name,
    CLEAVE_EVENT_LIST(X)
#undef X
        CLEAVE_EVENT_COUNT
} cleave_event_kind;

/* What the world is thought to be like; negative where it is not known. */
typedef struct cleave_estimates {
    double up_bps; /* of the link to the server concerned */
    double down_bps;
    double rtt_ns;
    double device_slowdown; /* against the profile */
    double server_slowdown;
    double queue_ns; /* wait at the server */
} cleave_estimates;

/* Texts are borrowed for the call, and NULL where they do not apply. */
typedef struct cleave_event {
    cleave_event_kind kind;
    int64_t at_ns;      /* since the runner was opened */
    uint64_t inference; /* begun so far */
    const char *task;   /* whose; NULL: the only one's, or all tasks' */
    const char *reason; /* in words */
    const char *from;   /* designs */
    const char *to;
    const char *server;
    double from_ns; /* predicted latency of each now; negative: not known */
    double to_ns;
    int64_t predicted_ns; /* FINISHED: of the inference */
    int64_t measured_ns;
    double agreement;  /* GUARD: a share */
    uint64_t compared; /* GUARD: answers */
    const char *state; /* STATE, ADAPT: in words */
    int64_t cost_ns;   /* ADAPT: from the decision until all tasks' next
                          inferences begin the new way */
    cleave_estimates estimates;
} cleave_event;

/* "switch", "down", ... Never NULL. */
CLEAVE_API const char *cleave_event_name(cleave_event_kind kind);

/* Called by any of the runner's threads, one at a time; must not block, and
   must not call the runner. */
typedef void (*cleave_event_fn)(void *self, const cleave_event *event);

/* Zero means the default. Strings are copied. */
typedef struct cleave_runner_options {
    const char *application; /* the YAML file; no default */
    const char *database;    /* the profile; no default */
    const char *task;        /* default: the application's only one */
    const char *policy;      /* how to decide; default "cleave" */
    const char *cache;       /* the folder for what is kept; no default */
    uint32_t in_flight;      /* inferences at once; default 1 */
    uint32_t designs;        /* kept ready at most; default 4 */
    double slowdown;         /* emulates a device so many times slower than
                                this one, to try things out; default 1 */
    cleave_event_fn on_event;
    void *event_self;
} cleave_runner_options;

#define CLEAVE_RUNNER_OPTIONS_INIT {0}

/*
 * Opens a runner and makes a first design ready, one that needs no server if
 * there is one; servers are sought in the background. Errors of the
 * application file and of the database say what is wrong and how to mend it;
 * CLEAVE_NOT_FOUND for a policy that is none, and if nothing was profiled.
 */
CLEAVE_API cleave_status
cleave_runner_open(const cleave_runner_options *options,
                   cleave_runner **ret_runner, cleave_error *err);

/* Takes NULL. No inference may be running, no result be in use. */
CLEAVE_API void cleave_runner_close(cleave_runner *runner);

/*
 * What the user of a runner should know though it opened well (what the
 * profile lacks, an objective that cannot be met); NULL if there is nothing.
 * Borrowed.
 */
CLEAVE_API const char *cleave_runner_notice(const cleave_runner *runner);

/*
 * One inference. `inputs` are the model's inputs in its order; their data is
 * only read and must stay until the call returns. The caller frees the
 * result. CLEAVE_MISMATCH for tensors that do not fit. With the policy
 * "cleave" a server is never the reason of an error; the others, which
 * finish nothing here, fail as a session does.
 */
CLEAVE_API cleave_status cleave_runner_infer(cleave_runner *runner,
                                             const cleave_tensor *inputs,
                                             size_t input_count,
                                             cleave_result **ret_result,
                                             cleave_error *err);

/* The same for a file, as cleave_session_infer_file. */
CLEAVE_API cleave_status cleave_runner_infer_file(cleave_runner *runner,
                                                  const char *path,
                                                  cleave_result **ret_result,
                                                  cleave_error *err);

/* How it goes. */
typedef struct cleave_runner_status {
    char design[512];
    int server_up; /* the design's; 1 if it needs none */
    cleave_estimates estimates;
    uint64_t inferences;
    uint64_t finished_here;
    uint64_t switches;
    int64_t p50_ns; /* of the last five seconds; 0: there were none */
    int64_t p95_ns;
    double prediction_error; /* mean of |predicted - measured| / measured over
                                all answers that came as planned */
} cleave_runner_status;

CLEAVE_API void cleave_runner_look(cleave_runner *runner,
                                   cleave_runner_status *ret_status);

#ifdef __cplusplus
}
#endif
#endif
