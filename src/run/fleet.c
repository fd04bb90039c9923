/*
 * fleet.c - the designs that are kept ready to run, and those being made so.
 *
 * Two locks. `building` is held while something is opened, for seconds at
 * times: it guards engines and grounds, and makes opening one at a time.
 * `lock` guards the list of berths and is never held for long, so that taking
 * a rig costs nothing while another one is built. Nor does asking for a ground
 * that is open already: it does not change any more, and `lock` tells of it.
 */
#include "run/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"

#define NOTHING SIZE_MAX
#define LEAST_KEPT 3   /* at home, in use, and one being made ready */
#define ASK_MS 3000    /* what a server says of its model */
#define TRIAL_MS 20000 /* a server may have to build the tail */

/* One engine, opened when first needed. */
struct stand {
    struct clv_engine *engine;
    struct clv_gate gate;
};

struct clv_fleet {
    struct clv_fleet_options options;
    const struct clv_space *space;

    pthread_mutex_t building;
    struct clv_store *store;
    struct stand *stands;        /* one an engine */
    struct clv_ground *grounds;  /* one a variant and engine */
    struct clv_clients *clients; /* one a server */
    size_t client_count;

    pthread_mutex_t lock;
    pthread_cond_t wished;
    uint8_t *is_open; /* of each ground */
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

/* The profile's engine; an emulated device runs it more slowly, also one that
   was emulated when it was profiled. */
static void name_engine(const struct clv_fleet *f, const char *profiled,
                        char *into, size_t size)
{
    const char *slow = strstr(profiled, ",slow=");
    size_t length = slow != NULL ? (size_t)(slow - profiled) : strlen(profiled);
    char factor[CLV_DECIMAL_TEXT];
    double already = 1;

    if (f->options.slowdown <= 1) {
        snprintf(into, size, "%s", profiled);
        return;
    }
    if (slow != NULL) {
        (void)clv_decimal_read(slow + strlen(",slow="), &already);
    }
    snprintf(into, size, "%.*s,slow=%s", (int)length, profiled,
             clv_decimal_print(already * f->options.slowdown, 6, factor));
}

static cleave_status open_engine(struct clv_fleet *f, uint32_t engine,
                                 cleave_error *err)
{
    const char *profiled = f->options.designs->costs.engines[engine];
    struct stand *s = &f->stands[engine];
    char name[256];
    cleave_status status = CLEAVE_OK;

    if (s->engine == NULL) {
        name_engine(f, profiled, name, sizeof name);
        status = clv_engine_open(name, &s->engine, err);
        if (status == CLEAVE_OK) {
            clv_gate_init(&s->gate, clv_ground_width(s->engine));
            clv_gate_share(&s->gate, f->options.turns, f->options.priority,
                           clv_engine_threads(s->engine));
        }
    }
    return status;
}

static size_t ground_index(const struct clv_fleet *f, uint32_t variant,
                           uint32_t engine)
{
    return variant * f->options.designs->costs.engine_count + engine;
}

static int is_ground_open(struct clv_fleet *f, size_t ground)
{
    int is_open;

    pthread_mutex_lock(&f->lock);
    is_open = f->is_open[ground];
    pthread_mutex_unlock(&f->lock);
    return is_open;
}

static void note_open(struct clv_fleet *f, size_t ground)
{
    pthread_mutex_lock(&f->lock);
    f->is_open[ground] = 1;
    pthread_mutex_unlock(&f->lock);
}

/* The profile is of one file. Who puts another in its place while it is in use
   is not to get that one's answers at this one's accuracy. */
static cleave_status check_model(const struct clv_fleet *f, uint32_t variant,
                                 const struct clv_ground *ground,
                                 cleave_error *err)
{
    const char *profiled = f->options.designs->costs.variants[variant].sha256;

    return profiled[0] == '\0' ||
                   strcmp(profiled, clv_network_sha256(ground->network)) == 0
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_MISMATCH, ground->model,
                          "The file was replaced since this began: it is not "
                          "the model that was profiled. Put that one back, or "
                          "profile this one.");
}

static cleave_status open_ground(struct clv_fleet *f, uint32_t variant,
                                 uint32_t engine, cleave_error *err)
{
    const struct clv_app_variant *v =
        clv_designs_variant(f->options.designs, variant);
    struct clv_ground *ground = &f->grounds[ground_index(f, variant, engine)];
    struct clv_ground_options o = {
        .model = v->path,
        .card = v->card,
        .model_name = v->name,
        .store = f->store,
        .pack_slowdown = f->options.slowdown > 1 ? f->options.slowdown : 1};
    cleave_status status = CLEAVE_OK;

    if (ground->network != NULL) {
        return CLEAVE_OK;
    }
    status = open_engine(f, engine, err);
    if (status == CLEAVE_OK) {
        o.engine = f->stands[engine].engine;
        o.gate = &f->stands[engine].gate;
        status = clv_ground_init(ground, &o, err);
        if (status == CLEAVE_OK) {
            status = check_model(f, variant, ground, err);
        }
        if (status != CLEAVE_OK) {
            clv_ground_fini(ground);
        } else {
            note_open(f, ground_index(f, variant, engine));
        }
    }
    return status;
}

cleave_status clv_fleet_ground(struct clv_fleet *f, uint32_t variant,
                               uint32_t engine,
                               const struct clv_ground **ret_ground,
                               cleave_error *err)
{
    size_t ground = ground_index(f, variant, engine);
    cleave_status status = CLEAVE_OK;

    if (!is_ground_open(f, ground)) {
        pthread_mutex_lock(&f->building);
        status = open_ground(f, variant, engine, err);
        pthread_mutex_unlock(&f->building);
    }
    if (status == CLEAVE_OK) {
        *ret_ground = &f->grounds[ground];
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
    cleave_status status = open_ground(f, c->variant, c->engine, err);

    if (c->pack != CLV_NO_PACK) {
        o.packing = costs->packs[c->pack].packing;
    }
    if (c->server != CLV_NO_SERVER) {
        o.clients = &f->clients[c->server];
    }
    if (status == CLEAVE_OK) {
        status =
            clv_rig_open(&f->grounds[ground_index(f, c->variant, c->engine)],
                         &o, &b->rig, err);
    }
    return status == CLEAVE_OK ? try_out(b, &f->is_given_up, err) : status;
}

static uint64_t bytes_loaded(const struct clv_fleet *f)
{
    const struct clv_costs *costs = &f->options.designs->costs;
    uint64_t bytes = 0;

    for (size_t i = 0; i < costs->variant_count * costs->engine_count; i++) {
        if (f->grounds[i].network != NULL) {
            bytes += clv_network_bytes(f->grounds[i].network);
        }
    }
    return bytes;
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
           bytes_loaded(f) > f->options.memory_bytes &&
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
    const struct clv_costs *costs = &f->options.designs->costs;
    cleave_status status;

    f->stands = calloc(costs->engine_count + 1, sizeof *f->stands);
    f->grounds = calloc(costs->engine_count * costs->variant_count + 1,
                        sizeof *f->grounds);
    f->is_open = calloc(costs->engine_count * costs->variant_count + 1, 1);
    f->clients = calloc(costs->server_count + 1, sizeof *f->clients);
    if (f->stands == NULL || f->grounds == NULL || f->is_open == NULL ||
        f->clients == NULL) {
        return clv_fail_memory(err, "designs", sizeof *f->grounds);
    }
    status = clv_store_open(f->options.cache, &f->store, err);
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

static void close_grounds(struct clv_fleet *f)
{
    const struct clv_costs *costs = &f->options.designs->costs;

    for (size_t i = 0;
         f->grounds != NULL && i < costs->variant_count * costs->engine_count;
         i++) {
        clv_ground_fini(&f->grounds[i]);
    }
    clv_store_close(f->store);
    for (size_t i = 0; f->stands != NULL && i < costs->engine_count; i++) {
        if (f->stands[i].engine != NULL) {
            clv_gate_fini(&f->stands[i].gate);
            clv_engine_close(f->stands[i].engine);
        }
    }
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
    close_grounds(f);
    free(f->clients);
    free(f->grounds);
    free(f->is_open);
    free(f->stands);
    pthread_mutex_destroy(&f->building);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->wished);
    free(f);
}
