/*
 * parts.c - the parts that the server keeps loaded.
 *
 * A list in order of use, newest first. The life of an entry:
 *
 *     (missing) --take--> LOADING --ok----> READY --evicted--> (gone)
 *                            |
 *                            +------fails--> FAILED --last give--> (gone)
 *
 * READY and LOADING entries are in the list, a FAILED one is not: who comes
 * later tries again, who waited reads the error. `refs` counts requests that
 * use it or wait for it; only an entry with none is freed. What evicting
 * costs (unmapping, freeing a session) is paid outside of the lock too.
 *
 * Which part a message is for is found out in partname.c.
 */
#include "serve/parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "serve/partname.h"

#define SPARE_OUTPUTS 16

enum state { LOADING, READY, FAILED };

struct clv_loaded {
    struct clv_loaded *next;
    struct clv_network *network;
    enum clv_part_kind kind;
    char *cut;
    const char **names; /* of its inputs, as clv_part_use has them */
    size_t name_count;
    enum state state;
    size_t refs;
    struct clv_part *part;
    cleave_error error; /* of a FAILED one */
    int64_t lately_ns;  /* a run takes about this long, 0: never run */
    struct clv_outputs *spare[SPARE_OUTPUTS];
    size_t spare_count;
};

struct clv_parts {
    uint64_t memory_limit;
    const struct clv_journal *journal;

    pthread_mutex_t lock; /* guards the list and all entries */
    pthread_cond_t settled;
    struct clv_loaded *newest;
    bool over; /* above the limit, but all parts were in use */
};

cleave_status clv_parts_new(uint64_t memory_limit,
                            const struct clv_journal *journal,
                            struct clv_parts **ret_parts, cleave_error *err)
{
    struct clv_parts *parts = calloc(1, sizeof *parts);
    pthread_condattr_t attributes;

    if (parts == NULL) {
        return clv_fail_memory(err, "parts", sizeof *parts);
    }
    parts->memory_limit = memory_limit;
    parts->journal = journal;
    pthread_mutex_init(&parts->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&parts->settled, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_parts = parts;
    return CLEAVE_OK;
}

/* An entry that nobody sees any more. */
static void discard(struct clv_loaded *entry)
{
    for (size_t i = 0; i < entry->spare_count; i++) {
        clv_outputs_free(entry->spare[i]);
    }
    clv_part_release(entry->part);
    free(entry->names);
    free(entry->cut);
    free(entry);
}

void clv_parts_free(struct clv_parts *parts)
{
    if (parts == NULL) {
        return;
    }
    while (parts->newest != NULL) {
        struct clv_loaded *entry = parts->newest;
        parts->newest = entry->next;
        discard(entry);
    }
    pthread_cond_destroy(&parts->settled);
    pthread_mutex_destroy(&parts->lock);
    free(parts);
}

size_t clv_parts_count(struct clv_parts *parts)
{
    size_t count = 0;

    pthread_mutex_lock(&parts->lock);
    for (struct clv_loaded *e = parts->newest; e != NULL; e = e->next) {
        count += e->state == READY;
    }
    pthread_mutex_unlock(&parts->lock);
    return count;
}

static void unlink_locked(struct clv_parts *parts, struct clv_loaded *entry)
{
    struct clv_loaded **at = &parts->newest;

    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
}

static void use_locked(struct clv_parts *parts, struct clv_loaded *entry)
{
    entry->refs++;
    if (parts->newest != entry) {
        unlink_locked(parts, entry);
        entry->next = parts->newest;
        parts->newest = entry;
    }
}

/* The quick way: a loaded part says itself which tensors it takes. */
static struct clv_loaded *find_ready(struct clv_parts *parts,
                                     const struct clv_network *network,
                                     const char *const *names, size_t count)
{
    struct clv_loaded *entry;

    pthread_mutex_lock(&parts->lock);
    for (entry = parts->newest; entry != NULL; entry = entry->next) {
        if (entry->network == network && entry->state == READY) {
            size_t inputs = 0;
            const cleave_tensor_info *infos =
                clv_session_inputs(clv_part_session(entry->part), &inputs);
            if (clv_partname_match(infos, inputs, names, count)) {
                use_locked(parts, entry);
                break;
            }
        }
    }
    pthread_mutex_unlock(&parts->lock);
    return entry;
}

/* The same by the cut's own name; another spelling of it is not found. */
static struct clv_loaded *find_ready_cut(struct clv_parts *parts,
                                         const struct clv_network *network,
                                         const char *cut)
{
    bool whole = strcmp(cut, CLV_CUT_INPUT) == 0;
    struct clv_loaded *entry;

    pthread_mutex_lock(&parts->lock);
    for (entry = parts->newest; entry != NULL; entry = entry->next) {
        if (entry->network == network && entry->state == READY &&
            (entry->kind == CLV_PART_WHOLE) == whole &&
            strcmp(entry->cut, cut) == 0) {
            use_locked(parts, entry);
            break;
        }
    }
    pthread_mutex_unlock(&parts->lock);
    return entry;
}

/* Finds the entry or makes one; `ret_mine` says that we have to load it. */
static struct clv_loaded *join(struct clv_parts *parts,
                               struct clv_network *network,
                               enum clv_part_kind kind, const char *cut,
                               bool *ret_mine)
{
    struct clv_loaded *entry;

    pthread_mutex_lock(&parts->lock);
    for (entry = parts->newest; entry != NULL; entry = entry->next) {
        if (entry->network == network && entry->kind == kind &&
            strcmp(entry->cut, cut) == 0) {
            use_locked(parts, entry);
            *ret_mine = false;
            goto out;
        }
    }
    entry = calloc(1, sizeof *entry);
    if (entry != NULL && (entry->cut = strdup(cut)) == NULL) {
        free(entry);
        entry = NULL;
    }
    if (entry != NULL) {
        entry->network = network;
        entry->kind = kind;
        entry->state = LOADING;
        entry->refs = 1;
        entry->next = parts->newest;
        parts->newest = entry;
        *ret_mine = true;
    }
out:
    pthread_mutex_unlock(&parts->lock);
    return entry;
}

/* The n-th network, counted from 0, that has an entry; NULL if there is none.
 */
static struct clv_network *nth_network(struct clv_parts *parts, size_t n)
{
    struct clv_network *found = NULL;

    pthread_mutex_lock(&parts->lock);
    for (struct clv_loaded *e = parts->newest; e != NULL; e = e->next) {
        struct clv_loaded *first = parts->newest;
        while (first->network != e->network) {
            first = first->next;
        }
        if (first == e && n-- == 0) {
            found = e->network;
            break;
        }
    }
    pthread_mutex_unlock(&parts->lock);
    return found;
}

/*
 * Bytes that all loaded parts keep. Asked outside of our lock, for a network
 * may be busy loading, and nobody else shall wait for that.
 */
static uint64_t kept(struct clv_parts *parts)
{
    struct clv_network *network;
    uint64_t bytes = 0;

    for (size_t n = 0; (network = nth_network(parts, n)) != NULL; n++) {
        bytes += clv_network_bytes(network);
    }
    return bytes;
}

/* The entry not used for the longest time that nobody uses now, or NULL. */
static struct clv_loaded *oldest_idle_locked(const struct clv_parts *parts)
{
    struct clv_loaded *oldest = NULL;

    for (struct clv_loaded *e = parts->newest; e != NULL; e = e->next) {
        if (e->refs == 0 && e->state == READY) {
            oldest = e;
        }
    }
    return oldest;
}

/* Unloads idle parts, oldest first, until the rest fits the limit. */
static void evict(struct clv_parts *parts)
{
    struct clv_loaded *entry;

    do {
        bool over = kept(parts) > parts->memory_limit;
        pthread_mutex_lock(&parts->lock);
        entry = over ? oldest_idle_locked(parts) : NULL;
        if (entry != NULL) {
            unlink_locked(parts, entry);
        }
        parts->over = over && entry == NULL;
        pthread_mutex_unlock(&parts->lock);
        if (entry != NULL) {
            clv_journal_write(parts->journal, CLEAVE_LOG_INFO,
                              "unloaded the part behind '%s' to free memory",
                              entry->cut);
            discard(entry);
        }
    } while (entry != NULL);
}

static cleave_status check_size(const struct clv_parts *parts,
                                const struct clv_loaded *entry,
                                const struct clv_part *part, cleave_error *err)
{
    uint64_t bytes = clv_part_bytes(part);

    if (bytes > parts->memory_limit) {
        return clv_fail(err, CLEAVE_LIMIT, entry->cut,
                        "The part behind '%s' needs %llu bytes of memory, the "
                        "server's limit is %llu; raise the limit or cut later.",
                        entry->cut, (unsigned long long)bytes,
                        (unsigned long long)parts->memory_limit);
    }
    return CLEAVE_OK;
}

/* Loads the entry that is ours to load and tells those who wait. */
static void load(struct clv_parts *parts, struct clv_loaded *entry)
{
    struct clv_part *part = NULL;
    const char **names = NULL;
    size_t name_count = 0;
    cleave_error error = CLEAVE_ERROR_INIT;
    cleave_status status = clv_network_load(entry->network, entry->kind,
                                            entry->cut, &part, &error);

    if (status == CLEAVE_OK) {
        status = clv_partname_list(entry->network, entry->cut, &names,
                                   &name_count, &error);
    }
    if (status == CLEAVE_OK) {
        status = check_size(parts, entry, part, &error);
    }
    if (status != CLEAVE_OK) {
        clv_part_release(part);
        part = NULL;
        error.code = status;
        clv_journal_write(parts->journal, CLEAVE_LOG_WARNING,
                          "the part behind '%s' was not loaded: %s", entry->cut,
                          error.text);
    }
    pthread_mutex_lock(&parts->lock);
    entry->part = part;
    entry->names = names;
    entry->name_count = name_count;
    entry->error = error;
    entry->state = status == CLEAVE_OK ? READY : FAILED;
    if (status != CLEAVE_OK) {
        unlink_locked(parts, entry);
    }
    pthread_cond_broadcast(&parts->settled);
    pthread_mutex_unlock(&parts->lock);
    if (status == CLEAVE_OK) {
        evict(parts);
    }
}

static struct timespec as_timespec(int64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000),
                             (long)(ns % 1000000000)};
}

/* Waits until the entry is loaded by whoever loads it. */
static cleave_status wait_settled(struct clv_parts *parts,
                                  struct clv_loaded *entry, int64_t deadline_ns,
                                  cleave_error *err)
{
    struct timespec deadline = as_timespec(deadline_ns);
    cleave_status status = CLEAVE_OK;
    int waited = 0;

    pthread_mutex_lock(&parts->lock);
    while (entry->state == LOADING && waited != ETIMEDOUT) {
        waited = deadline_ns > 0
                     ? pthread_cond_timedwait(&parts->settled, &parts->lock,
                                              &deadline)
                     : pthread_cond_wait(&parts->settled, &parts->lock);
    }
    if (entry->state == LOADING) {
        status =
            clv_fail(err, CLEAVE_TIMEOUT, entry->cut,
                     "The part behind '%s' is still being loaded.", entry->cut);
    } else if (entry->state == FAILED) {
        status = clv_fail(err, entry->error.code, entry->error.where, "%s",
                          entry->error.text);
    }
    pthread_mutex_unlock(&parts->lock);
    return status;
}

/* Gives a reference back; a failed entry goes with its last one. */
static void unref(struct clv_parts *parts, struct clv_loaded *entry)
{
    bool last;

    pthread_mutex_lock(&parts->lock);
    entry->refs--;
    last = entry->refs == 0 && entry->state == FAILED;
    pthread_mutex_unlock(&parts->lock);
    if (last) {
        discard(entry);
    }
}

static cleave_status find_or_load(struct clv_parts *parts,
                                  struct clv_network *network,
                                  const char *const *names, size_t count,
                                  int64_t deadline_ns,
                                  struct clv_loaded **ret_entry,
                                  cleave_error *err)
{
    char cut[CLV_PARTNAME_MAX];
    enum clv_part_kind kind = CLV_PART_WHOLE;
    struct clv_loaded *entry;
    bool mine = false;
    cleave_status status =
        clv_partname_find(network, names, count, &kind, cut, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    entry = join(parts, network, kind, cut, &mine);
    if (entry == NULL) {
        return clv_fail_memory(err, cut, sizeof *entry);
    }
    if (mine) {
        load(parts, entry);
    }
    status = wait_settled(parts, entry, deadline_ns, err);
    if (status != CLEAVE_OK) {
        unref(parts, entry);
        return status;
    }
    *ret_entry = entry;
    return CLEAVE_OK;
}

static cleave_status take_outputs(struct clv_parts *parts,
                                  struct clv_loaded *entry,
                                  struct clv_part_use *use, cleave_error *err)
{
    pthread_mutex_lock(&parts->lock);
    if (entry->spare_count > 0) {
        use->outputs = entry->spare[--entry->spare_count];
    }
    pthread_mutex_unlock(&parts->lock);
    if (use->outputs == NULL) {
        return clv_outputs_new(use->session, &use->outputs, err);
    }
    return CLEAVE_OK;
}

/* What a request needs of an entry, of which it has a reference. */
static struct clv_part_use use_of(struct clv_loaded *entry)
{
    return (struct clv_part_use){
        .session = clv_part_session(entry->part),
        .loaded = entry,
        .names = entry->names,
        .name_count = entry->name_count,
    };
}

static cleave_status begin_use(struct clv_parts *parts,
                               struct clv_loaded *entry,
                               struct clv_part_use *ret_use, cleave_error *err)
{
    struct clv_part_use use = use_of(entry);
    cleave_status status = take_outputs(parts, entry, &use, err);

    if (status != CLEAVE_OK) {
        unref(parts, entry);
        return status;
    }
    *ret_use = use;
    return CLEAVE_OK;
}

cleave_status clv_parts_take(struct clv_parts *parts,
                             struct clv_network *network,
                             const char *const *names, size_t count,
                             int64_t deadline_ns, struct clv_part_use *ret_use,
                             cleave_error *err)
{
    struct clv_loaded *entry = find_ready(parts, network, names, count);
    cleave_status status = CLEAVE_OK;

    if (entry == NULL) {
        status = find_or_load(parts, network, names, count, deadline_ns, &entry,
                              err);
    }
    return status == CLEAVE_OK ? begin_use(parts, entry, ret_use, err) : status;
}

cleave_status clv_parts_take_cut(struct clv_parts *parts,
                                 struct clv_network *network, const char *cut,
                                 int64_t deadline_ns,
                                 struct clv_part_use *ret_use,
                                 cleave_error *err)
{
    struct clv_loaded *entry = find_ready_cut(parts, network, cut);
    const char **names = NULL;
    size_t count = 0;
    cleave_status status;

    if (entry != NULL) {
        return begin_use(parts, entry, ret_use, err);
    }
    status = clv_partname_list(network, cut, &names, &count, err);
    if (status == CLEAVE_OK) {
        status = clv_parts_take(parts, network, names, count, deadline_ns,
                                ret_use, err);
    }
    free(names);
    return status;
}

/* Keeps the reference to an entry only if its runs are short; NULL: none. */
static int begin_quick(struct clv_parts *parts, struct clv_loaded *entry,
                       int64_t most_ns, struct clv_part_use *ret_use)
{
    struct clv_part_use use;
    bool quick;

    if (entry == NULL) {
        return 0;
    }
    use = use_of(entry);
    pthread_mutex_lock(&parts->lock);
    quick = use.loaded->lately_ns > 0 && use.loaded->lately_ns <= most_ns &&
            use.loaded->spare_count > 0;
    if (quick) {
        use.outputs = use.loaded->spare[--use.loaded->spare_count];
    }
    pthread_mutex_unlock(&parts->lock);
    if (!quick) {
        unref(parts, use.loaded);
        return 0;
    }
    *ret_use = use;
    return 1;
}

int clv_parts_take_quick(struct clv_parts *parts,
                         const struct clv_network *network,
                         const char *const *names, size_t count,
                         int64_t most_ns, struct clv_part_use *ret_use)
{
    return begin_quick(parts, find_ready(parts, network, names, count), most_ns,
                       ret_use);
}

int clv_parts_take_cut_quick(struct clv_parts *parts,
                             const struct clv_network *network, const char *cut,
                             int64_t most_ns, struct clv_part_use *ret_use)
{
    return begin_quick(parts, find_ready_cut(parts, network, cut), most_ns,
                       ret_use);
}

/* A slow run counts at once, quick ones bring the figure down slowly. */
static void note_run_locked(struct clv_loaded *entry, int64_t run_ns)
{
    int64_t settled = entry->lately_ns - entry->lately_ns / 8 + run_ns / 8;

    if (run_ns > 0) {
        entry->lately_ns = run_ns > settled ? run_ns : settled;
    }
}

int64_t clv_parts_give(struct clv_parts *parts, struct clv_part_use *use,
                       int64_t run_ns)
{
    struct clv_loaded *entry = use->loaded;
    struct clv_outputs *surplus = NULL;
    int64_t lately_ns;
    bool tight;

    pthread_mutex_lock(&parts->lock);
    note_run_locked(entry, run_ns);
    lately_ns = entry->lately_ns;
    if (entry->spare_count < SPARE_OUTPUTS) {
        entry->spare[entry->spare_count++] = use->outputs;
    } else {
        surplus = use->outputs;
    }
    if (surplus == NULL) {
        entry->refs--;
    }
    tight = parts->over;
    pthread_mutex_unlock(&parts->lock);
    if (surplus != NULL) { /* outputs must go before their session may */
        clv_outputs_free(surplus);
        unref(parts, entry);
    }
    if (tight) {
        evict(parts);
    }
    return lately_ns;
}
