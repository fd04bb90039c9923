/*
 * logbook.c - what a runner tells: events, one at a time, and how it goes.
 *
 * Latencies of the last seconds stay in a ring; a look sorts a copy. An
 * answer that was finished here was not predicted so, and does not count
 * among predictions.
 */
#include "run/logbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *cleave_event_name(cleave_event_kind kind)
{
    switch (kind) {
#define X(name, text)         \
    case CLEAVE_EVENT_##name: \
        return text;
        CLEAVE_EVENT_LIST(X)
#undef X
    default:
        return "event";
    }
}

void clv_logbook_init(struct clv_logbook *log, cleave_event_fn on_event,
                      void *self)
{
    *log = (struct clv_logbook){
        .clock = clv_clock_machine(), .on_event = on_event, .self = self};
    log->opened_ns = clv_clock_now_ns(log->clock);
    pthread_mutex_init(&log->telling, NULL);
    pthread_mutex_init(&log->lock, NULL);
}

void clv_logbook_fini(struct clv_logbook *log)
{
    pthread_mutex_destroy(&log->telling);
    pthread_mutex_destroy(&log->lock);
}

void clv_logbook_begin(struct clv_logbook *log)
{
    pthread_mutex_lock(&log->lock);
    log->begun++;
    pthread_mutex_unlock(&log->lock);
}

void clv_logbook_end(struct clv_logbook *log, const cleave_result *r)
{
    size_t at;

    pthread_mutex_lock(&log->lock);
    at = (size_t)(log->noted++ % CLV_LOGBOOK_KEPT);
    log->latency_ns[at] = r->total_ns;
    log->at_ns[at] = clv_clock_now_ns(log->clock);
    if (r->finish_ns > 0) {
        log->finished_here++;
    } else if (r->predicted_ns > 0 && r->total_ns > 0) {
        log->error_sum +=
            fabs((double)(r->predicted_ns - r->total_ns)) / (double)r->total_ns;
        log->errors++;
    }
    pthread_mutex_unlock(&log->lock);
}

void clv_logbook_tell(struct clv_logbook *log, cleave_event *event)
{
    pthread_mutex_lock(&log->lock);
    event->inference = log->begun;
    log->switches += event->kind == CLEAVE_EVENT_SWITCH;
    pthread_mutex_unlock(&log->lock);
    if (log->on_event != NULL) {
        pthread_mutex_lock(&log->telling);
        event->at_ns = clv_clock_now_ns(log->clock) - log->opened_ns;
        log->on_event(log->self, event);
        pthread_mutex_unlock(&log->telling);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void clv_logbook_look(struct clv_logbook *log, cleave_runner_status *status)
{
    int64_t recent[CLV_LOGBOOK_KEPT];
    int64_t since_ns = clv_clock_now_ns(log->clock) -
                       CLV_LOGBOOK_SECONDS * (int64_t)1000000000;
    size_t count = 0;

    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < CLV_LOGBOOK_KEPT && i < log->noted; i++) {
        if (log->at_ns[i] >= since_ns) {
            recent[count++] = log->latency_ns[i];
        }
    }
    status->inferences = log->begun;
    status->finished_here = log->finished_here;
    status->switches = log->switches;
    status->prediction_error =
        log->errors > 0 ? log->error_sum / (double)log->errors : 0;
    pthread_mutex_unlock(&log->lock);
    qsort(recent, count, sizeof recent[0], by_value);
    status->p50_ns = count > 0 ? recent[count / 2] : 0;
    status->p95_ns = count > 0 ? recent[count * 95 / 100] : 0;
}

cleave_estimates clv_logbook_estimates(const struct clv_conditions *c,
                                       uint32_t server)
{
    cleave_estimates e = {-1, -1, -1, c->slowdown, -1, -1};

    if (server < CLV_SERVERS) {
        const struct clv_reach *r = &c->reach[server];
        e.up_bps = r->up_bps;
        e.down_bps = r->down_bps;
        e.rtt_ns = r->rtt_ns;
        e.server_slowdown = r->slowdown;
        e.queue_ns = r->queue_ns;
    }
    return e;
}
