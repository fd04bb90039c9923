/*
 * logbook.h - what a runner tells: events, one at a time, and how it goes.
 *
 * Thread-safe.
 */
#ifndef CLV_LOGBOOK_H
#define CLV_LOGBOOK_H

#include <pthread.h>

#include "base/clock.h"
#include "cleave/runner.h"
#include "plan/conditions.h"

/* As many latencies are remembered, and so long. */
#define CLV_LOGBOOK_KEPT 1024
#define CLV_LOGBOOK_SECONDS 5

struct clv_logbook {
    struct clv_clock clock;
    int64_t opened_ns;
    cleave_event_fn on_event;
    void *self;
    pthread_mutex_t telling; /* held while the callback runs */
    pthread_mutex_t lock;    /* guards what follows */
    int64_t latency_ns[CLV_LOGBOOK_KEPT];
    int64_t at_ns[CLV_LOGBOOK_KEPT];
    uint64_t noted;
    uint64_t begun;
    uint64_t finished_here;
    uint64_t switches;
    double error_sum; /* of predictions */
    uint64_t errors;
};

void clv_logbook_init(struct clv_logbook *log, cleave_event_fn on_event,
                      void *self);
void clv_logbook_fini(struct clv_logbook *log);

/* An inference begins; one has ended. */
void clv_logbook_begin(struct clv_logbook *log);
void clv_logbook_end(struct clv_logbook *log, const cleave_result *result);

/* Fills in when, and tells. */
void clv_logbook_tell(struct clv_logbook *log, cleave_event *event);

/* All of a status but design, server and estimates. */
void clv_logbook_look(struct clv_logbook *log,
                      cleave_runner_status *ret_status);

/* What is thought of this server's link, and of the device. `server` may be
   CLV_NO_SERVER. */
cleave_estimates clv_logbook_estimates(const struct clv_conditions *conditions,
                                       uint32_t server);

#endif
