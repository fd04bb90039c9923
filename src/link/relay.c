/*
 * relay.c - a link in user space.
 *
 * One thread waits for sockets, for the next moment at which a shaper has
 * something to do (a timer that is a little early, for waking takes a while;
 * the rest is spent looking at the clock), and to be woken. All that it shares
 * stands under one lock, which it gives up only to wait; so whoever changes the
 * link does it between two of its rounds.
 *
 *     wait -> events: new connections, ends to read or to write
 *          -> move what is due -> accept what had no room before -> wait
 */
#include "link/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/fail.h"
#include "base/listen.h"
#include "link/tunnel.h"

#define CONNECTIONS 256
#define DOWN_FACTOR 4
#define QUEUE_NS 20000000
#define QUEUE_LEAST 6144
#define QUEUE_MOST 262144
#define BUFFER_LEAST 8192
#define EVENTS 64
#define EARLY_NS 30000           /* what waking up takes */
#define DELAY_MOST 3600000000000 /* an hour */

struct clv_relay {
    pthread_t thread;
    pthread_mutex_t lock;
    struct clv_clock clock;
    int64_t began_ns;
    struct clv_outage *outages;
    uint32_t connections;
    uint64_t queue_bytes; /* 0: of a length in time */
    int64_t queue_ns;
    int listener;
    int epoll;
    int timer;
    int wakeup;
    uint16_t port;
    struct { /* under lock */
        struct clv_tunnels tunnels;
        int stopping;
        int knocked; /* perhaps a connection waits to be accepted */
    } l;
};

/* -- The thread -- */

static void accept_all(struct clv_relay *r, int64_t now_ns)
{
    while (r->l.knocked && r->l.tunnels.count < r->connections) {
        int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            clv_tunnels_add(&r->l.tunnels, fd, now_ns);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            /* without a file left, the next end of a connection tries anew */
            r->l.knocked = errno == EMFILE || errno == ENFILE;
            return;
        }
    }
}

static void arm(struct clv_relay *r)
{
    int64_t at_ns = clv_tunnels_next(&r->l.tunnels);
    struct itimerspec spec = {0};

    if (at_ns != INT64_MAX) {
        at_ns -= EARLY_NS;
        at_ns = at_ns > 0 ? at_ns : 1; /* zero would mean never */
        spec.it_value.tv_sec = (time_t)(at_ns / 1000000000);
        spec.it_value.tv_nsec = (long)(at_ns % 1000000000);
    }
    timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void handle(struct clv_relay *r, const struct epoll_event *event,
                   int64_t now_ns)
{
    uint64_t count;

    if (event->data.ptr == &r->listener) {
        r->l.knocked = 1;
        accept_all(r, now_ns);
    } else if (event->data.ptr == &r->wakeup) {
        (void)!read(r->wakeup, &count, sizeof count);
    } else if (event->data.ptr != &r->timer) {
        clv_tunnels_event(&r->l.tunnels, event->data.ptr, event->events,
                          now_ns);
    }
}

/* The time, after the last moment before something is due. */
static int64_t await_moment(const struct clv_relay *r)
{
    int64_t now_ns = clv_clock_now_ns(r->clock);
    int64_t at_ns = clv_tunnels_next(&r->l.tunnels);

    if (at_ns > now_ns && at_ns - now_ns <= EARLY_NS) {
        while (now_ns < at_ns) {
            now_ns = clv_clock_now_ns(r->clock);
        }
    }
    return now_ns;
}

static void *work(void *self)
{
    struct clv_relay *r = self;
    struct epoll_event events[EVENTS];

    pthread_mutex_lock(&r->lock);
    while (!r->l.stopping) {
        int64_t now_ns;
        int n;
        arm(r);
        pthread_mutex_unlock(&r->lock);
        n = epoll_wait(r->epoll, events, EVENTS, -1);
        pthread_mutex_lock(&r->lock);
        now_ns = await_moment(r);
        for (int i = 0; i < n; i++) {
            handle(r, &events[i], now_ns);
        }
        clv_tunnels_move(&r->l.tunnels, now_ns);
        accept_all(r, now_ns);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void wake(struct clv_relay *r)
{
    uint64_t one = 1;

    (void)!write(r->wakeup, &one, sizeof one);
}

/* -- Setting up -- */

static uint64_t queue_of(const struct clv_relay *r, double bps)
{
    double bytes = bps / 8e9 * (double)(r->queue_ns ? r->queue_ns : QUEUE_NS);

    if (r->queue_bytes > 0) {
        return r->queue_bytes;
    }
    if (!(bps > 0) || bytes > QUEUE_MOST) {
        return QUEUE_MOST;
    }
    return bytes > QUEUE_LEAST ? (uint64_t)bytes : QUEUE_LEAST;
}

/* The flat rate down for a way up, as shapers take it: 0 is no limit. */
static double down_of(double up_bps, double down_bps)
{
    if (down_bps > 0) {
        return isfinite(down_bps) ? down_bps : 0;
    }
    return isfinite(up_bps) ? DOWN_FACTOR * up_bps : 0;
}

static double mean_bps(const struct clv_trace *trace)
{
    return trace->bits / ((double)trace->length_ns / 1e9);
}

static void set_lanes(struct clv_relay *r, const struct clv_relay_options *o,
                      size_t outage_count)
{
    struct clv_shaper_plan up = {
        .trace = o->up,
        .bps = isfinite(o->up_bps) ? o->up_bps : 0,
        .origin_ns = r->began_ns,
        .delay_ns = o->delay_ns,
        .burst_bytes = o->burst_bytes,
        .payload_only = o->payload_only,
        .outages = r->outages,
        .outage_count = outage_count,
    };
    struct clv_shaper_plan down = up;
    double up_bps = o->up != NULL ? mean_bps(o->up) : up.bps;

    down.bps = down_of(up_bps, o->down_bps);
    if (o->down_bps > 0) {
        down.trace = NULL;
    } else {
        down.factor = DOWN_FACTOR;
    }
    up.queue_bytes = queue_of(r, up_bps);
    down.queue_bytes = queue_of(r, down.bps);
    clv_shaper_init(&r->l.tunnels.shapers[CLV_NEAR], &up);
    clv_shaper_init(&r->l.tunnels.shapers[CLV_FAR], &down);
    r->l.tunnels.receive_buffer =
        up.queue_bytes > BUFFER_LEAST ? (int)up.queue_bytes : BUFFER_LEAST;
}

static cleave_status check(const struct clv_relay_options *o, cleave_error *err)
{
    if (o->to == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "to",
                        "A relay needs a target, HOST:PORT.");
    }
    if (!(o->up_bps >= 0) || !(o->down_bps >= 0)) {
        return clv_fail(err, CLEAVE_INVALID, "rate",
                        "A rate is a number above 0.");
    }
    if (o->delay_ns < 0 || o->delay_ns > DELAY_MOST || o->queue_ns < 0 ||
        o->queue_ns > DELAY_MOST || o->queue_bytes > INT32_MAX ||
        o->burst_bytes > INT32_MAX) {
        return clv_fail(err, CLEAVE_INVALID, "link",
                        "Delay and queue last from 0 to an hour, queue and "
                        "burst have 2 GiB at most.");
    }
    return CLEAVE_OK;
}

static cleave_status open_sockets(struct clv_relay *r,
                                  const struct clv_relay_options *o,
                                  cleave_error *err)
{
    struct addrinfo *found;
    cleave_status status = clv_address_find(o->to, 0, &found, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    memcpy(&r->l.tunnels.to, found->ai_addr, found->ai_addrlen);
    r->l.tunnels.to_size = found->ai_addrlen;
    freeaddrinfo(found);
    status = clv_listen(o->listen ? o->listen : "127.0.0.1:0", &r->listener,
                        &r->port, err);
    if (status == CLEAVE_OK) {
        clv_tunnel_tune(r->listener, r->l.tunnels.receive_buffer);
    }
    return status;
}

static int watch(struct clv_relay *r, int *fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = fd};

    return epoll_ctl(r->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static cleave_status open_waiting(struct clv_relay *r, cleave_error *err)
{
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    r->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    r->l.tunnels.epoll = r->epoll;
    if (r->epoll < 0 || r->timer < 0 || r->wakeup < 0 ||
        fcntl(r->listener, F_SETFL, O_NONBLOCK) != 0 ||
        !watch(r, &r->listener) || !watch(r, &r->timer) ||
        !watch(r, &r->wakeup)) {
        return clv_fail_errno(err, CLEAVE_IO, "relay", "Waiting for events");
    }
    return CLEAVE_OK;
}

/* Signals are for the threads of the program. */
static cleave_status start(struct clv_relay *r, cleave_error *err)
{
    sigset_t all;
    sigset_t before;
    int bad;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bad = pthread_create(&r->thread, NULL, work, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return bad == 0 ? CLEAVE_OK
                    : clv_fail(err, CLEAVE_MEMORY, "relay",
                               "There is no thread for it.");
}

static void release(struct clv_relay *r)
{
    int *files[] = {&r->listener, &r->epoll, &r->timer, &r->wakeup};

    clv_tunnels_fini(&r->l.tunnels);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (*files[i] >= 0) {
            close(*files[i]);
        }
    }
    pthread_mutex_destroy(&r->lock);
    free(r->outages);
    free(r);
}

cleave_status clv_relay_open(const struct clv_relay_options *options,
                             struct clv_relay **ret_relay, cleave_error *err)
{
    struct clv_relay *r;
    size_t outages_bytes = options->outage_count * sizeof *r->outages;
    size_t outage_count;
    cleave_status status = check(options, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL || (r->outages = malloc(outages_bytes + 1)) == NULL) {
        free(r);
        return clv_fail_memory(err, "relay", sizeof *r + outages_bytes);
    }
    r->listener = r->epoll = r->timer = r->wakeup = -1;
    pthread_mutex_init(&r->lock, NULL);
    r->connections =
        options->connections > 0 ? options->connections : CONNECTIONS;
    r->queue_bytes = options->queue_bytes;
    r->queue_ns = options->queue_ns;
    if (outages_bytes > 0) {
        memcpy(r->outages, options->outages, outages_bytes);
    }
    outage_count = clv_outages_order(r->outages, options->outage_count);
    r->clock = clv_clock_machine();
    r->began_ns = clv_clock_now_ns(r->clock);
    set_lanes(r, options, outage_count);
    status = open_sockets(r, options, err);
    if (status == CLEAVE_OK) {
        status = open_waiting(r, err);
    }
    if (status == CLEAVE_OK) {
        status = start(r, err);
    }
    if (status != CLEAVE_OK) {
        release(r);
        return status;
    }
    *ret_relay = r;
    return CLEAVE_OK;
}

void clv_relay_close(struct clv_relay *relay)
{
    if (relay == NULL) {
        return;
    }
    pthread_mutex_lock(&relay->lock);
    relay->l.stopping = 1;
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
    pthread_join(relay->thread, NULL);
    release(relay);
}

uint16_t clv_relay_port(const struct clv_relay *relay)
{
    return relay->port;
}

/* -- The link changes -- */

void clv_relay_set_rate(struct clv_relay *relay, double up_bps, double down_bps)
{
    struct clv_shaper *shapers = relay->l.tunnels.shapers;
    double up = up_bps > 0 && isfinite(up_bps) ? up_bps : 0;
    double down = down_of(up, down_bps);
    int64_t now_ns;

    pthread_mutex_lock(&relay->lock);
    now_ns = clv_clock_now_ns(relay->clock);
    clv_shaper_set_rate(&shapers[CLV_NEAR], now_ns, up);
    clv_shaper_set_rate(&shapers[CLV_FAR], now_ns, down);
    shapers[CLV_NEAR].plan.queue_bytes = queue_of(relay, up);
    shapers[CLV_FAR].plan.queue_bytes = queue_of(relay, down);
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
}

void clv_relay_set_delay(struct clv_relay *relay, int64_t delay_ns)
{
    struct clv_shaper *shapers = relay->l.tunnels.shapers;
    int64_t now_ns;

    pthread_mutex_lock(&relay->lock);
    now_ns = clv_clock_now_ns(relay->clock);
    clv_shaper_set_delay(&shapers[CLV_NEAR], now_ns, delay_ns);
    clv_shaper_set_delay(&shapers[CLV_FAR], now_ns, delay_ns);
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
}

void clv_relay_cut(struct clv_relay *relay, int cut)
{
    struct clv_shaper *shapers = relay->l.tunnels.shapers;
    int64_t now_ns;

    pthread_mutex_lock(&relay->lock);
    now_ns = clv_clock_now_ns(relay->clock);
    clv_shaper_hold(&shapers[CLV_NEAR], now_ns, cut);
    clv_shaper_hold(&shapers[CLV_FAR], now_ns, cut);
    pthread_mutex_unlock(&relay->lock);
    wake(relay);
}

void clv_relay_count(struct clv_relay *relay,
                     struct clv_relay_counts *ret_counts)
{
    const struct clv_shaper *up = &relay->l.tunnels.shapers[CLV_NEAR];
    const struct clv_shaper *down = &relay->l.tunnels.shapers[CLV_FAR];
    int64_t now_ns;

    pthread_mutex_lock(&relay->lock);
    now_ns = clv_clock_now_ns(relay->clock);
    *ret_counts = (struct clv_relay_counts){
        .since_ns = now_ns - relay->began_ns,
        .up_bytes = up->arrived_bytes,
        .down_bytes = down->arrived_bytes,
        .up_counted = up->sent_bytes,
        .down_counted = down->sent_bytes,
        .up_waiting = up->waiting_bytes,
        .down_waiting = down->waiting_bytes,
        .up_bps = clv_shaper_bps(up, now_ns),
        .down_bps = clv_shaper_bps(down, now_ns),
        .connections = relay->l.tunnels.count,
    };
    pthread_mutex_unlock(&relay->lock);
}
