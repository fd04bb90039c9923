/*
 * watch.c - whether servers do their work, and a thread that keeps looking.
 *
 * The thread sleeps until a server is due: one that is down in a quarter of a
 * second, one that is up when its link has long not been heard (probing.h). It
 * asks with connections of its own, so that a server that swallows bytes holds
 * up nobody but the thread. Looking at a server that is down begins with
 * /v2/health/ready, which fails fast; then comes a trial of the cut that was
 * last in use, or if there is none of the whole network, which must answer
 * rightly. The first time all sizes of trial are sent, so that the link is
 * known before anything is decided on it.
 */
#include "run/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "plan/probing.h"

#define ACTIVE_NS 5000000000 /* since the last inference */
#define BACKOFF_MAX_NS 8000000000
#define READY_MS 250
#define READY_MAX_MS 2000
#define TRIAL_MS 5000
#define LATES 2 /* in a row, and a server is down */
#define CONNECT_MS 1000
#define SMALL_BYTES 10000 /* for any link */
#define CHEAP_NS 2e7
#define NEW_LINK_NS 300000000 /* trials of a new link are begun so long */

struct watched {
    struct clv_client *client;
    struct clv_rig *rig; /* to try with while the fleet has none */
    struct clv_trial trial;
    int has_trial;
    int was_up;     /* ever */
    unsigned lates; /* in a row */
    struct clv_probing probing;
    int64_t not_before_ns; /* of a server that lied */
    int64_t suspect_ns;    /* when it was late once; 0: it was not */
    int64_t backoff_ns;    /* before a server that lied is tried again */
    int64_t came_up_ns;
};

struct clv_watch {
    struct clv_watch_options options;
    struct clv_clock clock;
    size_t count;
    atomic_int is_over;   /* no server is waited for any more */
    pthread_mutex_t lock; /* guards what follows, but clients and trials,
                             which are the thread's */
    pthread_cond_t changed;
    struct watched servers[CLV_SERVERS];
    int is_up[CLV_SERVERS];
    int64_t stirred_ns;
    int is_ending;
    int has_thread;
    pthread_t thread;
};

/* What was known of a server when it was looked at. */
struct look {
    int is_up;
    int is_new; /* it never was up */
};

static int64_t now(const struct clv_watch *w)
{
    return clv_clock_now_ns(w->clock);
}

static const char *url_of(const struct clv_watch *w, size_t server)
{
    return clv_designs_server(w->options.designs, server)->url;
}

/* -- What inferences tell -- */

void clv_watch_stir(struct clv_watch *w, int64_t now_ns)
{
    pthread_mutex_lock(&w->lock);
    if (now_ns - w->stirred_ns > ACTIVE_NS) {
        pthread_cond_signal(&w->changed); /* it may have slept on */
    }
    w->stirred_ns = now_ns;
    pthread_mutex_unlock(&w->lock);
}

void clv_watch_wake(struct clv_watch *w)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++) {
        clv_probing_wake(&w->servers[i].probing);
    }
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void clv_watch_hope(struct clv_watch *w, int would_change, double inference_ns)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++) {
        clv_probing_hope(&w->servers[i].probing, would_change, inference_ns);
    }
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void clv_watch_served(struct clv_watch *w, size_t server)
{
    pthread_mutex_lock(&w->lock);
    w->servers[server].lates = 0;
    w->servers[server].suspect_ns = 0;
    pthread_mutex_unlock(&w->lock);
}

/* Wrong answers, as opposed to none. */
static int is_lie(cleave_status code)
{
    return code == CLEAVE_CORRUPT || code == CLEAVE_MISMATCH ||
           code == CLEAVE_UNSUPPORTED || code == CLEAVE_LIMIT;
}

/* A server that failed soon after it came up gets less and less trust. */
static void back_off_locked(struct watched *s, cleave_status code,
                            int64_t now_ns)
{
    if (!is_lie(code)) {
        s->backoff_ns = 0;
    } else if (s->backoff_ns == 0 || now_ns - s->came_up_ns > BACKOFF_MAX_NS) {
        s->backoff_ns = CLV_PROBE_AWAY_NS;
    } else if (s->backoff_ns < BACKOFF_MAX_NS) {
        s->backoff_ns *= 2;
    }
}

/* Returns whether that is news. */
static int set_down(struct clv_watch *w, size_t server, int64_t now_ns,
                    cleave_status code)
{
    struct watched *s = &w->servers[server];
    int news;

    pthread_mutex_lock(&w->lock);
    news = w->is_up[server];
    w->is_up[server] = 0;
    if (news) {
        back_off_locked(s, code, now_ns);
        s->not_before_ns = now_ns + s->backoff_ns;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    (void)clv_senses_set_up(w->options.senses, server, 0);
    return news;
}

static void fall(struct clv_watch *w, size_t server, int64_t now_ns,
                 const cleave_error *why)
{
    if (set_down(w, server, now_ns, why->code)) {
        if (is_lie(why->code)) { /* it is not the server that we knew */
            clv_fleet_retire(w->options.fleet, server);
        }
        w->options.told(w->options.self, server, 0, why->text);
    }
}

void clv_watch_failed(struct clv_watch *w, size_t server, int64_t now_ns,
                      const cleave_error *why, int was_patient)
{
    unsigned lates;

    pthread_mutex_lock(&w->lock);
    lates = ++w->servers[server].lates;
    if (w->servers[server].suspect_ns == 0) {
        w->servers[server].suspect_ns = now_ns;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    if (why->code != CLEAVE_TIMEOUT || was_patient || lates >= LATES) {
        fall(w, server, now_ns, why);
    }
}

/* -- Looking -- */

/* A rig that sends, and computes nothing here: enough for trials. */
static cleave_status open_rig(struct clv_watch *w, size_t server,
                              cleave_error *err)
{
    struct watched *s = &w->servers[server];
    const struct clv_ground *ground;
    struct clv_rig_options o = {
        .cut = CLV_CUT_INPUT,
        .clients = clv_fleet_clients(w->options.fleet, server),
        .deadline_ms = CONNECT_MS,
        .stop = &w->is_over,
    };
    cleave_status status = CLEAVE_OK;

    if (s->rig != NULL) {
        return CLEAVE_OK;
    }
    status = clv_fleet_ground(w->options.fleet, 0, 0, &ground, err);
    if (status == CLEAVE_OK) {
        status = clv_rig_open(ground, &o, &s->rig, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_trial_init(&s->trial, s->rig, err);
        s->has_trial = status == CLEAVE_OK;
        if (!s->has_trial) {
            clv_trial_fini(&s->trial);
            s->trial = (struct clv_trial){0};
        }
        if (status == CLEAVE_UNSUPPORTED) { /* it must do without */
            *err = (cleave_error)CLEAVE_ERROR_INIT;
            status = CLEAVE_OK;
        }
    }
    return status;
}

/* What the profile says of the tail at this cut; 0 if nothing. */
static double profiled_tail(const struct clv_watch *w, const char *cut,
                            size_t server)
{
    const struct clv_costs *costs = &w->options.designs->costs;

    for (size_t i = 0; i < costs->tail_count; i++) {
        const struct clv_cost_tail *t = &costs->tails[i];
        if (t->server == server && strcmp(costs->cuts[t->cut].name, cut) == 0) {
            return t->time_ns.mean;
        }
    }
    return 0;
}

static int64_t ready_ms(const struct clv_conditions *c, size_t server)
{
    int64_t ms = (int64_t)(4 * c->reach[server].rtt_ns / 1e6);

    return ms < READY_MS ? READY_MS : ms > READY_MAX_MS ? READY_MAX_MS : ms;
}

static cleave_status ask_ready(struct clv_watch *w, size_t server,
                               int64_t timeout_ms, cleave_error *err)
{
    struct clv_sensing sensing =
        clv_senses_begin(w->options.senses, server, now(w));
    struct clv_exchange x;
    cleave_status status = clv_client_get(
        w->servers[server].client, "/v2/health/ready", timeout_ms, &x, err);

    clv_senses_end(w->options.senses, server, sensing, now(w),
                   status == CLEAVE_OK ? &x : NULL, 0);
    return status;
}

static cleave_status send_trial(struct clv_watch *w, size_t server,
                                const struct clv_trial *trial, size_t size,
                                const struct clv_rig *rig, cleave_error *err)
{
    struct clv_senses *senses = w->options.senses;
    struct clv_sensing sensing = clv_senses_begin(senses, server, now(w));
    struct clv_exchange x;
    cleave_status status = clv_trial_send(
        trial, size, rig, w->servers[server].client, TRIAL_MS, &x, err);
    int64_t then_ns = now(w);

    clv_senses_end(senses, server, sensing, then_ns,
                   status == CLEAVE_OK ? &x : NULL,
                   status == CLEAVE_TIMEOUT ? trial->messages[size].size : 0);
    if (status == CLEAVE_OK && x.has_timing) {
        clv_senses_server_took(senses, server, then_ns,
                               (double)x.timing.tail_ns,
                               profiled_tail(w, rig->cut, server));
    }
    return status;
}

/* How many bytes are worth sending now. */
static uint64_t bytes_wanted(const struct clv_watch *w, size_t server,
                             int is_up)
{
    struct clv_link_view view =
        clv_senses_view(w->options.senses, server, now(w));

    return clv_probing_bytes(is_up, &view);
}

/* Small messages do not tell a fast link from a very fast one, on which a
   large one is for nothing. */
static int is_cheap(const struct clv_watch *w, size_t server,
                    const struct clv_buffer *message)
{
    struct clv_link_view view =
        clv_senses_view(w->options.senses, server, now(w));

    return message->size <= SMALL_BYTES ||
           8e9 * (double)message->size / view.up_bps <= CHEAP_NS;
}

/*
 * A trial; of a server that is new, of all sizes, for what a rate and what a
 * round trip is shows only in several, until the link has been kept busy long
 * enough.
 */
static cleave_status try_link(struct clv_watch *w, size_t server,
                              const struct look *look,
                              const struct clv_trial *trial,
                              const struct clv_rig *rig, cleave_error *err)
{
    int64_t until_ns = now(w) + NEW_LINK_NS;
    uint64_t bytes = bytes_wanted(w, server, look->is_up);
    size_t size = look->is_new ? 0 : clv_trial_size(trial, bytes);
    cleave_status status = send_trial(w, server, trial, size, rig, err);

    while (look->is_new && status == CLEAVE_OK && ++size < CLV_TRIAL_SIZES &&
           now(w) < until_ns && is_cheap(w, server, &trial->messages[size])) {
        status = send_trial(w, server, trial, size, rig, err);
    }
    return status;
}

/* Tries what is in use, else the whole network; for whom no trial could be
   made up, that the server is ready must do. */
static cleave_status try_server(struct clv_watch *w, size_t server,
                                const struct look *look, cleave_error *err)
{
    struct clv_berth *berth =
        clv_fleet_take_for_server(w->options.fleet, server);
    struct watched *s = &w->servers[server];
    cleave_status status;

    if (berth != NULL) {
        status = berth->trial.messages[0].size > 0
                     ? try_link(w, server, look, &berth->trial, berth->rig, err)
                     : CLEAVE_OK;
        clv_fleet_give(w->options.fleet, berth);
        return status;
    }
    status = open_rig(w, server, err);
    return status == CLEAVE_OK && s->has_trial
               ? try_link(w, server, look, &s->trial, s->rig, err)
               : status;
}

static void rise(struct clv_watch *w, size_t server, int64_t now_ns)
{
    struct watched *s = &w->servers[server];

    pthread_mutex_lock(&w->lock);
    w->is_up[server] = 1;
    s->was_up = 1;
    s->lates = 0;
    s->came_up_ns = now_ns;
    pthread_mutex_unlock(&w->lock);
    (void)clv_senses_set_up(w->options.senses, server, 1);
    w->options.told(w->options.self, server, 1, "it answers as it should");
}

static void look_at(struct clv_watch *w, size_t server, const struct look *look)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_conditions c;
    cleave_status status;

    clv_senses_look(w->options.senses, now(w), &c);
    status = ask_ready(w, server, ready_ms(&c, server), &err);
    if (status == CLEAVE_OK) {
        status = try_server(w, server, look, &err);
    }
    if (atomic_load(&w->is_over)) {
        return; /* it may have been given up for that */
    }
    if (status != CLEAVE_OK) {
        err.code = status;
        fall(w, server, now(w), &err);
    } else if (!look->is_up) {
        rise(w, server, now(w));
    } else {
        clv_watch_served(w, server);
    }
}

/* -- The thread -- */

/* When this server is to be looked at. */
static int64_t due_locked(const struct clv_watch *w, size_t server,
                          int64_t now_ns)
{
    const struct watched *s = &w->servers[server];
    struct clv_link_view view =
        clv_senses_view(w->options.senses, server, now_ns);
    int64_t due_ns =
        clv_probing_due(&s->probing, w->is_up[server], &view, now_ns);

    if (s->suspect_ns != 0 && due_ns > s->suspect_ns + CLV_PROBE_AWAY_NS) {
        due_ns = s->suspect_ns + CLV_PROBE_AWAY_NS;
    }
    return due_ns > s->not_before_ns ? due_ns : s->not_before_ns;
}

static int is_idle_locked(const struct clv_watch *w, int64_t now_ns)
{
    return now_ns - w->stirred_ns > ACTIVE_NS;
}

/*
 * The server that is due first, and when; `count` if none will be before
 * something stirs. A server that never was up is sought without inferences,
 * too.
 */
static size_t first_due_locked(const struct clv_watch *w, int64_t now_ns,
                               int64_t *ret_due_ns)
{
    size_t first = w->count;

    for (size_t i = 0; i < w->count; i++) {
        int64_t due_ns = due_locked(w, i, now_ns);
        if (w->is_up[i] && is_idle_locked(w, now_ns)) {
            continue;
        }
        if (first == w->count || due_ns < *ret_due_ns) {
            *ret_due_ns = due_ns;
            first = i;
        }
    }
    return first;
}

static void wait_locked(struct clv_watch *w, int64_t until_ns)
{
    struct timespec at = {.tv_sec = until_ns / 1000000000,
                          .tv_nsec = until_ns % 1000000000};

    pthread_cond_timedwait(&w->changed, &w->lock, &at);
}

static void *work(void *self)
{
    struct clv_watch *w = self;

    pthread_mutex_lock(&w->lock);
    while (!w->is_ending) {
        int64_t now_ns = now(w);
        int64_t due_ns = 0;
        size_t server = first_due_locked(w, now_ns, &due_ns);
        if (server == w->count) {
            pthread_cond_wait(&w->changed, &w->lock);
        } else if (due_ns > now_ns) {
            wait_locked(w, due_ns);
        } else {
            struct watched *s = &w->servers[server];
            struct look look = {w->is_up[server], !s->was_up};
            clv_probing_note(&s->probing, look.is_up, now_ns);
            s->suspect_ns = 0;
            pthread_mutex_unlock(&w->lock);
            look_at(w, server, &look);
            pthread_mutex_lock(&w->lock);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* -- Life -- */

static cleave_status open_clients(struct clv_watch *w, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < w->count; i++) {
        clv_probing_init(&w->servers[i].probing);
        struct clv_transfer_options o = {.url = url_of(w, i),
                                         .connect_ms = CONNECT_MS,
                                         .max_response_bytes =
                                             CLV_ANSWER_BYTES};
        status = clv_client_open(&o, &w->servers[i].client, err);
        if (status == CLEAVE_OK) {
            clv_client_heed(w->servers[i].client, &w->is_over);
        }
    }
    return status;
}

static void init_condition(struct clv_watch *w)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

cleave_status clv_watch_open(const struct clv_watch_options *options,
                             struct clv_watch **ret_watch, cleave_error *err)
{
    struct clv_watch *w = calloc(1, sizeof *w);
    cleave_status status;

    if (w == NULL) {
        return clv_fail_memory(err, "watch", sizeof *w);
    }
    w->options = *options;
    w->clock = clv_clock_machine();
    w->count = options->designs->costs.server_count;
    w->stirred_ns = now(w);
    pthread_mutex_init(&w->lock, NULL);
    init_condition(w);
    status = open_clients(w, err);
    if (status == CLEAVE_OK) {
        w->has_thread = pthread_create(&w->thread, NULL, work, w) == 0;
        status = w->has_thread ? CLEAVE_OK
                               : clv_fail(err, CLEAVE_MEMORY, "watch",
                                          "No thread could be started.");
    }
    if (status != CLEAVE_OK) {
        clv_watch_close(w);
        return status;
    }
    *ret_watch = w;
    return CLEAVE_OK;
}

void clv_watch_end(struct clv_watch *w)
{
    if (w != NULL) {
        atomic_store(&w->is_over, 1);
        pthread_mutex_lock(&w->lock);
        w->is_ending = 1;
        pthread_cond_signal(&w->changed);
        pthread_mutex_unlock(&w->lock);
    }
}

void clv_watch_close(struct clv_watch *w)
{
    if (w == NULL) {
        return;
    }
    clv_watch_end(w);
    if (w->has_thread) {
        pthread_join(w->thread, NULL);
    }
    for (size_t i = 0; i < w->count; i++) {
        clv_client_close(w->servers[i].client);
        clv_trial_fini(&w->servers[i].trial);
        clv_rig_close(w->servers[i].rig);
    }
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}
