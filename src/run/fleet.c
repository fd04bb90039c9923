/*
 * fleet.c - the designs that are kept ready to run, and those being made so.
 *
 * Two locks. `building` is held while something is opened, for seconds at
 * times: it makes opening one at a time. `lock` guards the list of berths and
 * is never held for long, so that taking a rig costs nothing while another one
 * is built. Nor does asking for a ground that is open already (grounds.h).
 */
#include "run/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/grounds.h"

#define NOTHING SIZE_MAX
#define LEAST_KEPT 3   /* at home, in use, and one being made ready */
#define ASK_MS 3000    /* what a server says of its model */
#define TRIAL_MS 20000 /* a server may have to build the tail */

struct clv_fleet {
    struct clv_fleet_options options;
    const struct clv_space *space;

    pthread_mutex_t building;
    struct clv_grounds grounds;
    struct clv_clients *clients; /* one a server */
    size_t client_count;

    pthread_mutex_t lock;
    pthread_cond_t wished;
    struct clv_berth *berths[CLV_FLEET_MOST];
    size_t count;
    uint64_t takes;
    size_t wish; /* a candidate, or NOTHING */
    size_t held[CLV_FLEET_MOST];
    size_t held_count;
    size_t asked;           /* the server that an opening may wait for */
    atomic_int is_given_up; /* that opening; set under the lock */
    int is_ending;
    int has_thread;
    pthread_t thread;
};

static const struct clv_candidate *candidate_of(const struct clv_fleet *f,
                                                size_t candidate)
{
    return &f->space->candidates[candidate];
}

/* -- What designs stand on -- */

cleave_status clv_fleet_ground(struct clv_fleet *f, uint32_t variant,
                               uint32_t engine,
                               const struct clv_ground **ret_ground,
                               cleave_error *err)
{
    const struct clv_ground *ground =
        clv_grounds_find(&f->grounds, variant, engine);
    cleave_status status = CLEAVE_OK;

    if (ground == NULL) {
        pthread_mutex_lock(&f->building);
        status = clv_grounds_open(&f->grounds, variant, engine, err);
        pthread_mutex_unlock(&f->building);
        ground = clv_grounds_find(&f->grounds, variant, engine);
    }
    if (status == CLEAVE_OK) {
        *ret_ground = ground;
    }
    return status;
}

struct clv_clients *clv_fleet_clients(struct clv_fleet *f, size_t server)
{
    return &f->clients[server];
}

/* -- Berths -- */

static struct clv_berth *find_locked(const struct clv_fleet *f,
                                     size_t candidate)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->berths[i]->candidate == candidate && !f->berths[i]->is_stale) {
            return f->berths[i];
        }
    }
    return NULL;
}

int clv_fleet_has(struct clv_fleet *f, size_t candidate)
{
    int has;

    pthread_mutex_lock(&f->lock);
    has = find_locked(f, candidate) != NULL;
    pthread_mutex_unlock(&f->lock);
    return has;
}

static struct clv_berth *use_locked(struct clv_fleet *f,
                                    struct clv_berth *berth)
{
    if (berth != NULL) {
        berth->users++;
        berth->used = ++f->takes;
    }
    return berth;
}

struct clv_berth *clv_fleet_take(struct clv_fleet *f, size_t candidate)
{
    struct clv_berth *berth;

    pthread_mutex_lock(&f->lock);
    berth = use_locked(f, find_locked(f, candidate));
    pthread_mutex_unlock(&f->lock);
    return berth;
}

struct clv_berth *clv_fleet_take_for_server(struct clv_fleet *f, size_t server)
{
    struct clv_berth *latest = NULL;

    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->count; i++) {
        struct clv_berth *b = f->berths[i];
        if (!b->is_stale && candidate_of(f, b->candidate)->server == server &&
            (latest == NULL || b->used > latest->used)) {
            latest = b;
        }
    }
    if (latest != NULL) {
        latest->users++; /* looking after a server does not make it younger */
    }
    pthread_mutex_unlock(&f->lock);
    return latest;
}

static void sink(struct clv_berth *berth)
{
    if (berth != NULL) {
        clv_trial_fini(&berth->trial);
        clv_rig_close(berth->rig);
        free(berth);
    }
}

static struct clv_berth *remove_locked(struct clv_fleet *f, size_t at)
{
    struct clv_berth *berth = f->berths[at];

    f->berths[at] = f->berths[--f->count];
    return berth;
}

void clv_fleet_give(struct clv_fleet *f, struct clv_berth *berth)
{
    struct clv_berth *gone = NULL;

    pthread_mutex_lock(&f->lock);
    berth->users--;
    if (berth->users == 0 && berth->is_stale) {
        for (size_t i = 0; i < f->count; i++) {
            if (f->berths[i] == berth) {
                gone = remove_locked(f, i);
                break;
            }
        }
    }
    pthread_mutex_unlock(&f->lock);
    sink(gone);
}

/* If there are more than `most`, takes the one out that nobody has used for the
   longest time, stale ones first; NULL if all are needed. */
static struct clv_berth *evict(struct clv_fleet *f, size_t most)
{
    size_t worst = NOTHING;
    struct clv_berth *gone = NULL;

    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; f->count > most && i < f->count; i++) {
        const struct clv_berth *b = f->berths[i];
        const struct clv_berth *w = worst < f->count ? f->berths[worst] : NULL;
        if (b->users == 0 && !b->is_pinned &&
            (w == NULL || b->is_stale > w->is_stale ||
             (b->is_stale == w->is_stale && b->used < w->used))) {
            worst = i;
        }
    }
    if (worst != NOTHING) {
        gone = remove_locked(f, worst);
    }
    pthread_mutex_unlock(&f->lock);
    return gone;
}

static int is_held_locked(const struct clv_fleet *f, size_t candidate)
{
    for (size_t i = 0; i < f->held_count; i++) {
        if (f->held[i] == candidate) {
            return 1;
        }
    }
    return 0;
}

/* What is not held is pinned no more and, if it has to go, stale. */
static size_t let_go_locked(struct clv_fleet *f, int only,
                            struct clv_berth **ret_gone)
{
    size_t count = 0;

    for (size_t i = f->count; i > 0; i--) {
        struct clv_berth *b = f->berths[i - 1];
        b->is_pinned = is_held_locked(f, b->candidate);
        b->is_stale |= only && !b->is_pinned;
        if (b->is_stale && b->users == 0) {
            ret_gone[count++] = remove_locked(f, i - 1);
        }
    }
    return count;
}

void clv_fleet_hold(struct clv_fleet *f, const size_t *candidates, size_t count,
                    int only)
{
    struct clv_berth *gone[CLV_FLEET_MOST];
    size_t gone_count;

    pthread_mutex_lock(&f->lock);
    f->held_count = count < CLV_FLEET_MOST ? count : CLV_FLEET_MOST;
    memcpy(f->held, candidates, f->held_count * sizeof *candidates);
    gone_count = let_go_locked(f, only, gone);
    pthread_cond_signal(&f->wished);
    pthread_mutex_unlock(&f->lock);
    while (gone_count > 0) {
        sink(gone[--gone_count]);
    }
}

void clv_fleet_retire(struct clv_fleet *f, size_t server)
{
    struct clv_berth *gone[CLV_FLEET_MOST];
    size_t count = 0;

    pthread_mutex_lock(&f->lock);
    for (size_t i = f->count; i > 0; i--) {
        struct clv_berth *b = f->berths[i - 1];
        if (candidate_of(f, b->candidate)->server == server) {
            b->is_stale = 1;
            if (b->users == 0) {
                gone[count++] = remove_locked(f, i - 1);
            }
        }
    }
    pthread_mutex_unlock(&f->lock);
    while (count > 0) {
        sink(gone[--count]);
    }
}

/* -- Making ready -- */

static cleave_status try_out(struct clv_berth *b, const atomic_int *stop,
                             cleave_error *err)
{
    struct clv_rig *rig = b->rig;
    struct clv_exchange exchange;
    struct clv_client *client;
    cleave_status status = clv_trial_init(&b->trial, rig, err);

    if (status == CLEAVE_UNSUPPORTED) { /* then the first inference is slow */
        *err = (cleave_error)CLEAVE_ERROR_INIT;
        clv_trial_fini(&b->trial); /* of some sizes, or of some tensors */
        return CLEAVE_OK;
    }
    if (status != CLEAVE_OK || !rig->needs_server) {
        return status;
    }
    client = clv_clients_take(rig->clients);
    clv_client_heed(client, stop);
    status =
        clv_trial_send(&b->trial, 0, rig, client, TRIAL_MS, &exchange, err);
    clv_client_heed(client, NULL);
    clv_clients_give(rig->clients, client);
    return status;
}

static cleave_status build(struct clv_fleet *f, size_t candidate,
                           struct clv_berth *b, cleave_error *err)
{
    const struct clv_costs *costs = &f->options.designs->costs;
    const struct clv_candidate *c = candidate_of(f, candidate);
    struct clv_rig_options o = {
        .cut = costs->cuts[c->cut].name,
        .lanes = f->options.lanes,
        .deadline_ms = ASK_MS,
        .keeps_tail = f->options.keeps_tails,
        .stop = &f->is_given_up,
    };
    cleave_status status =
        clv_grounds_open(&f->grounds, c->variant, c->engine, err);

    if (c->pack != CLV_NO_PACK) {
        o.packing = costs->packs[c->pack].packing;
    }
    if (c->server != CLV_NO_SERVER) {
        o.clients = &f->clients[c->server];
    }
    if (status == CLEAVE_OK) {
        status =
            clv_rig_open(clv_grounds_find(&f->grounds, c->variant, c->engine),
                         &o, &b->rig, err);
    }
    return status == CLEAVE_OK ? try_out(b, &f->is_given_up, err) : status;
}

/* Closes those beyond `most` that can go. */
static void shrink(struct clv_fleet *f, size_t most)
{
    struct clv_berth *gone;

    while ((gone = evict(f, most)) != NULL) {
        sink(gone);
    }
}

/* Closes some while all models together are above the memory limit. */
static void save_memory(struct clv_fleet *f)
{
    struct clv_berth *gone;

    while (f->options.memory_bytes > 0 &&
           clv_grounds_bytes(&f->grounds) > f->options.memory_bytes &&
           (gone = evict(f, 0)) != NULL) {
        sink(gone);
    }
}

static cleave_status add(struct clv_fleet *f, struct clv_berth *b,
                         cleave_error *err)
{
    int is_full;

    pthread_mutex_lock(&f->lock);
    is_full = f->count == CLV_FLEET_MOST;
    if (!is_full) {
        b->used = ++f->takes;
        b->users = 1; /* until there is room for it */
        b->is_pinned |= is_held_locked(f, b->candidate);
        f->berths[f->count++] = b;
    }
    pthread_mutex_unlock(&f->lock);
    if (is_full) {
        sink(b);
        return clv_fail(err, CLEAVE_BUSY, "designs",
                        "All %d designs that can be kept ready are in use.",
                        CLV_FLEET_MOST);
    }
    save_memory(f);
    clv_fleet_give(f, b);
    return CLEAVE_OK;
}

/* Whom the opening that begins may wait for. */
static void note_asked(struct clv_fleet *f, size_t server)
{
    pthread_mutex_lock(&f->lock);
    f->asked = server;
    atomic_store(&f->is_given_up, f->is_ending);
    pthread_mutex_unlock(&f->lock);
}

void clv_fleet_give_up(struct clv_fleet *f, size_t server)
{
    pthread_mutex_lock(&f->lock);
    if (f->asked == server) {
        atomic_store(&f->is_given_up, 1);
    }
    pthread_mutex_unlock(&f->lock);
}

static cleave_status prepare_building(struct clv_fleet *f, size_t candidate,
                                      int is_pinned, cleave_error *err)
{
    struct clv_berth *b;
    cleave_status status;

    if (clv_fleet_has(f, candidate)) {
        return CLEAVE_OK;
    }
    shrink(f, f->options.kept - 1);
    b = calloc(1, sizeof *b);
    if (b == NULL) {
        return clv_fail_memory(err, "design", sizeof *b);
    }
    b->candidate = candidate;
    b->is_pinned = is_pinned;
    note_asked(f, candidate_of(f, candidate)->server);
    status = build(f, candidate, b, err);
    note_asked(f, CLV_NO_SERVER);
    if (status == CLEAVE_OK) {
        return add(f, b, err);
    }
    sink(b);
    return status;
}

cleave_status clv_fleet_prepare(struct clv_fleet *f, size_t candidate,
                                int is_pinned, cleave_error *err)
{
    cleave_status status;

    pthread_mutex_lock(&f->building);
    status = prepare_building(f, candidate, is_pinned, err);
    pthread_mutex_unlock(&f->building);
    return status;
}

void clv_fleet_want(struct clv_fleet *f, size_t candidate)
{
    pthread_mutex_lock(&f->lock);
    if (find_locked(f, candidate) == NULL) {
        f->wish = candidate;
        pthread_cond_signal(&f->wished);
    }
    pthread_mutex_unlock(&f->lock);
}

/* Who held or wished for a candidate that cannot be made ready has to ask
   again. */
static void forget(struct clv_fleet *f, size_t candidate)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = f->held_count; i > 0; i--) {
        if (f->held[i - 1] == candidate) {
            f->held[i - 1] = f->held[--f->held_count];
        }
    }
    f->wish = f->wish == candidate ? NOTHING : f->wish;
    pthread_mutex_unlock(&f->lock);
}

/* What is held and not there comes before a wish, which may change yet. */
static size_t pick_locked(struct clv_fleet *f)
{
    size_t wish = f->wish;

    for (size_t i = 0; i < f->held_count; i++) {
        if (find_locked(f, f->held[i]) == NULL) {
            return f->held[i];
        }
    }
    f->wish = NOTHING;
    return wish;
}

/* Waits for a wish; NOTHING when the fleet ends. */
static size_t next_wish(struct clv_fleet *f)
{
    size_t wish = NOTHING;

    pthread_mutex_lock(&f->lock);
    while (!f->is_ending && (wish = pick_locked(f)) == NOTHING) {
        pthread_cond_wait(&f->wished, &f->lock);
    }
    wish = f->is_ending ? NOTHING : wish;
    pthread_mutex_unlock(&f->lock);
    return wish;
}

static int is_ending(struct clv_fleet *f)
{
    int is;

    pthread_mutex_lock(&f->lock);
    is = f->is_ending;
    pthread_mutex_unlock(&f->lock);
    return is;
}

static void *work(void *self)
{
    struct clv_fleet *f = self;
    size_t wish;

    while ((wish = next_wish(f)) != NOTHING) {
        cleave_error err = CLEAVE_ERROR_INIT;
        cleave_status status;
        if (clv_fleet_has(f, wish)) {
            continue; /* wished again while it was made */
        }
        status = clv_fleet_prepare(f, wish, 0, &err);
        if (status != CLEAVE_OK) {
            forget(f, wish);
        }
        if (!is_ending(f)) { /* else it may have been given up for that */
            f->options.told(f->options.self, wish, status, &err);
        }
    }
    return NULL;
}

/* -- Life -- */

static cleave_status open_servers(struct clv_fleet *f, cleave_error *err)
{
    const struct clv_designs *designs = f->options.designs;
    cleave_status status = CLEAVE_OK;

    f->clients = calloc(designs->costs.server_count + 1, sizeof *f->clients);
    if (f->clients == NULL) {
        return clv_fail_memory(err, "servers", sizeof *f->clients);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < designs->costs.server_count;
         i++) {
        status = clv_clients_init(&f->clients[i],
                                  clv_designs_server(designs, i)->url,
                                  f->options.clients, err);
        f->client_count++;
    }
    return status;
}

static cleave_status open_all(struct clv_fleet *f, cleave_error *err)
{
    const struct clv_fleet_options *o = &f->options;
    const struct clv_grounds_options grounds = {.designs = o->designs,
                                                .cache = o->cache,
                                                .slowdown = o->slowdown,
                                                .turns = o->turns,
                                                .priority = o->priority};
    cleave_status status = clv_grounds_init(&f->grounds, &grounds, err);

    if (status == CLEAVE_OK) {
        status = open_servers(f, err);
    }
    if (status == CLEAVE_OK) {
        f->has_thread = pthread_create(&f->thread, NULL, work, f) == 0;
        status = f->has_thread ? CLEAVE_OK
                               : clv_fail(err, CLEAVE_MEMORY, "designs",
                                          "No thread could be started.");
    }
    return status;
}

cleave_status clv_fleet_open(const struct clv_fleet_options *options,
                             struct clv_fleet **ret_fleet, cleave_error *err)
{
    struct clv_fleet *f = calloc(1, sizeof *f);
    cleave_status status;

    if (f == NULL) {
        return clv_fail_memory(err, "designs", sizeof *f);
    }
    f->options = *options;
    f->options.kept = options->kept > 0 ? options->kept : CLV_FLEET_KEPT;
    if (f->options.kept > CLV_FLEET_MOST || f->options.kept < LEAST_KEPT) {
        f->options.kept =
            f->options.kept < LEAST_KEPT ? LEAST_KEPT : CLV_FLEET_MOST;
    }
    f->space = &options->designs->space;
    f->wish = NOTHING;
    f->asked = CLV_NO_SERVER;
    pthread_mutex_init(&f->building, NULL);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->wished, NULL);
    status = open_all(f, err);
    if (status != CLEAVE_OK) {
        clv_fleet_close(f);
        return status;
    }
    *ret_fleet = f;
    return CLEAVE_OK;
}

void clv_fleet_end(struct clv_fleet *f)
{
    if (f != NULL) {
        pthread_mutex_lock(&f->lock);
        f->is_ending = 1;
        atomic_store(&f->is_given_up, 1);
        pthread_cond_signal(&f->wished);
        pthread_mutex_unlock(&f->lock);
    }
}

void clv_fleet_stop(struct clv_fleet *f)
{
    clv_fleet_end(f);
    if (f != NULL && f->has_thread) {
        pthread_join(f->thread, NULL);
        f->has_thread = 0;
    }
}

void clv_fleet_close(struct clv_fleet *f)
{
    if (f == NULL) {
        return;
    }
    clv_fleet_stop(f);
    while (f->count > 0) {
        sink(f->berths[--f->count]);
    }
    for (size_t i = 0; i < f->client_count; i++) {
        clv_clients_fini(&f->clients[i]);
    }
    clv_grounds_fini(&f->grounds);
    free(f->clients);
    pthread_mutex_destroy(&f->building);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->wished);
    free(f);
}
