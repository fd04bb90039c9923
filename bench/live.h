/*
 * live.h - devices that run a profiled network over a real link.
 *
 * Devices are emulated: runners in this process, slowed down. Several may
 * share one far side; one after the other, so that they do not disturb each
 * other.
 *
 * Everything here ends the program with a message if it fails. One thread,
 * but for live_infer.
 */
#ifndef CLV_LIVE_H
#define CLV_LIVE_H

#include <pthread.h>

#include "bench/farside.h"
#include "run/adaptive.h"

/* What a device is to be. Zero means the default. */
struct live_wish {
    const char *policy;    /* default "cleave" */
    const char *objective; /* default "minimize: latency" */
    const char *more;      /* lines of the application's task, or NULL */
    double slowdown;
    uint32_t in_flight;
    int is_pinned;    /* to the one design .. */
    size_t candidate; /* .. of the profiled space */
};

struct live_device {
    struct clv_application *application;
    struct clv_designs *designs; /* all of the profile's, or the pinned one */
    cleave_runner *runner;
    struct clv_feed feed;
    int is_pinned;
    size_t pinned;
    uint64_t samples;
    pthread_mutex_t lock; /* guards what follows */
    int64_t told_ns;      /* when something was told last */
    uint64_t switches;
    uint64_t failures; /* of a baseline, with its server */
};

/* One inference. Predictions are negative where there was none. */
struct live_answer {
    size_t candidate; /* of the profiled space */
    double total_ns;
    double foreseen_ns; /* predicted before it began */
    double sized_ns;    /* the same for a message of its very size */
    double more_ns;     /* what its message took more than the mean one by
                           the rate it was decided on */
    double finish_ns;   /* on this device, the server having failed */
    uint64_t bytes_up;
};

void live_device_open(struct live_device *d, const struct farside *far,
                      const struct live_wish *wish);
void live_device_close(struct live_device *d);

/* The inference on sample `i`, which may be any number; again if it fails, as
   baselines do with their server. Thread-safe. */
void live_infer(struct live_device *d, uint64_t i,
                struct live_answer *ret_answer);

/*
 * Runs inferences until the device has made up its mind: nothing has happened
 * for three seconds and eight inferences, or a minute has passed. Returns
 * whether it has.
 */
int live_settle(struct live_device *d);

/*
 * The slow-down to wish for, so that a device takes `slowdown` times as long
 * for the whole network as its profile says. A machine that sleeps between
 * runs, as an emulated device does, computes more slowly than one that runs
 * all the time, as in profiling; and it is not always the same.
 */
double live_calibrate(const struct farside *far, double slowdown);

/* The best design under these conditions, and what is predicted of it. */
struct clv_choice live_choice(const struct profiled *p, const char *policy,
                              const char *objective,
                              const struct clv_conditions *conditions);

#endif
