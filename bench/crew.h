/*
 * crew.h - an ensemble at work: every task in a thread, every inference
 * recorded.
 *
 * Inferences of a task begin at its rate, one after the other; a moment that
 * passed while the one before was running is left out, as a camera drops
 * frames. What befalls the device is made up beside it: hogs are processes
 * that keep a core busy each, and want of memory is told by a folder that
 * stands for the machine's files.
 *
 * Everything here ends the program with a message if it fails. Open, start,
 * stop and close belong to one thread.
 */
#ifndef CLV_CREW_H
#define CLV_CREW_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "bench/usecase.h"
#include "cleave/ensemble.h"
#include "run/feed.h"

#define CREW_EVENTS 256
#define CREW_HOGS 16
#define CREW_TEXT 160

struct crew_wish {
    const char *app;
    const char *manager;
    const char *machine;       /* a folder, or NULL */
    const double *rates_per_s; /* by task; NULL or 0: without pause */
};

/* One inference. */
struct crew_record {
    int64_t began_ns;
    int64_t latency_ns;
    double memory_bytes; /* of all tasks' designs, as they last answered */
};

struct crew_event {
    cleave_event_kind kind;
    int64_t at_ns;
    int64_t cost_ns;
    char state[CREW_TEXT];
    char to[CREW_TEXT];
};

struct crew;

struct crew_member {
    struct crew *crew;
    cleave_runner *runner;
    struct clv_feed feed;
    uint64_t samples;
    double rate_per_s;
    struct crew_record *records;
    size_t count;
    pthread_t thread;
    char design[CLV_DESIGN_TEXT];  /* that answered last .. */
    _Atomic uint64_t memory_bytes; /* .. and what it needs */
};

struct crew {
    cleave_ensemble *ensemble;
    struct crew_member members[USECASE_TASKS];
    size_t count;
    atomic_int is_over;
    pthread_mutex_t lock; /* guards events */
    struct crew_event events[CREW_EVENTS];
    size_t event_count;
};

void crew_open(struct crew *crew, const struct usecase_world *w,
               const struct crew_wish *wish);
void crew_close(struct crew *crew);

/* Inferences begin; and come to their end. */
void crew_start(struct crew *crew);
void crew_stop(struct crew *crew);

/* Events so far. */
size_t crew_told(struct crew *crew);

/* Busy processes. */
struct crew_hogs {
    pid_t pids[CREW_HOGS];
    size_t count;
};
void crew_hogs_start(struct crew_hogs *hogs, size_t count);
void crew_hogs_stop(struct crew_hogs *hogs);

/* Says in a machine's folder that this share of time was lost to want of
   memory. */
void crew_squeeze(const char *machine, double share);

#endif
