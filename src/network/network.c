/*
 * network.c - one model file on one engine, and its loaded parts.
 *
 * A part is looked up by kind and cut; the first who asks loads it while
 * others wait for him, not for each other's parts. What a part keeps mapped
 * is its own stub's model; the same blobs mapped by several parts are the
 * same pages, which is what the accounting below reflects.
 */
#include "network/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/work.h"
#include "network/state.h"

/*
 * A session's own structures against its stub file's size: measured at 24 to
 * 43 times on graphs of 20 to 200 nodes, some 14 KB a node.
 */
#define STUB_FACTOR 45

#define MAX_ARENA_BYTES ((size_t)1 << 30)

enum part_state { LOADING, LOADED, FAILED };

struct clv_part {
    struct clv_part *next;
    struct clv_network *network;
    enum clv_part_kind kind;
    char name[CLV_CUT_NAME_MAX];
    enum part_state state;  /* under the network's lock */
    unsigned refs;          /* under the network's lock */
    struct clv_model *stub; /* keeps the weights mapped */
    struct clv_session *session;
    uint64_t own_bytes;
};

/* -- Life -- */

cleave_status clv_network_open(const char *path, struct clv_engine *engine,
                               struct clv_store *store,
                               struct clv_network **ret_network,
                               cleave_error *err)
{
    struct clv_network *n = calloc(1, sizeof *n);
    cleave_status status;

    if (n == NULL) {
        return clv_fail_memory(err, path, sizeof *n);
    }
    n->engine = engine;
    n->store = store;
    clv_arena_init(&n->arena, MAX_ARENA_BYTES);
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->loaded, NULL);
    pthread_mutex_init(&n->learn_lock, NULL);
    status = clv_path_print(n->path, sizeof n->path, err, "%s", path);
    if (status == CLEAVE_OK) {
        status = clv_model_open(path, &n->model, err);
    }
    if (status != CLEAVE_OK) {
        clv_network_close(n);
        return status;
    }
    clv_model_sha256(n->model, n->sha256);
    clv_model_rest(n->model); /* parts have weights of their own */
    *ret_network = n;
    return CLEAVE_OK;
}

void clv_network_close(struct clv_network *n)
{
    if (n == NULL) {
        return;
    }
    clv_pool_fini(&n->pool);
    clv_model_close(n->optimised);
    clv_model_close(n->model);
    clv_arena_fini(&n->arena);
    pthread_mutex_destroy(&n->lock);
    pthread_cond_destroy(&n->loaded);
    pthread_mutex_destroy(&n->learn_lock);
    free(n);
}

const char *clv_network_sha256(const struct clv_network *n)
{
    return n->sha256;
}

const cleave_tensor_info *clv_network_inputs(const struct clv_network *n,
                                             size_t *ret_count)
{
    uint32_t count;
    const cleave_tensor_info *infos = clv_model_inputs(n->model, &count);

    *ret_count = count;
    return infos;
}

const cleave_tensor_info *clv_network_outputs(const struct clv_network *n,
                                              size_t *ret_count)
{
    uint32_t count;
    const cleave_tensor_info *infos = clv_model_outputs(n->model, &count);

    *ret_count = count;
    return infos;
}

/* -- What is learnt of the graph -- */

static cleave_status learn_cuts(struct clv_network *n, cleave_error *err)
{
    cleave_status status;

    pthread_mutex_lock(&n->learn_lock);
    status = clv_offer_learn_locked(n, err);
    pthread_mutex_unlock(&n->learn_lock);
    return status;
}

cleave_status clv_network_cuts(struct clv_network *n,
                               const struct clv_cut **ret_cuts,
                               size_t *ret_count, cleave_error *err)
{
    cleave_status status = learn_cuts(n, err);

    if (status == CLEAVE_OK) {
        *ret_cuts = n->cuts;
        *ret_count = n->cut_count;
    }
    return status;
}

cleave_status clv_network_all_cuts(struct clv_network *n,
                                   const struct clv_cut **ret_cuts,
                                   size_t *ret_count, cleave_error *err)
{
    cleave_status status = learn_cuts(n, err);

    if (status == CLEAVE_OK) {
        *ret_cuts = n->all_cuts;
        *ret_count = n->all_cut_count;
    }
    return status;
}

cleave_status clv_network_work(struct clv_network *n, uint64_t *ret_parameters,
                               uint64_t *ret_macs, cleave_error *err)
{
    cleave_status status = learn_cuts(n, err);

    if (status == CLEAVE_OK) {
        *ret_parameters = clv_work_parameters(n->model, n->shapes->concrete);
        *ret_macs = n->macs;
    }
    return status;
}

static int is_all_inputs(const struct clv_network *n,
                         const struct clv_cut_set *cut)
{
    uint32_t count;

    clv_model_inputs(n->model, &count);
    for (uint32_t i = 0; i < cut->count; i++) {
        if (!clv_model_is_input(n->model, cut->tensor[i])) {
            return 0;
        }
    }
    return cut->count == count;
}

cleave_status clv_network_cut_of(struct clv_network *n,
                                 const char *const *tensors, size_t count,
                                 char *into, size_t size, cleave_error *err)
{
    struct clv_cut_set cut;
    cleave_status status =
        clv_cutname_gather(n->model, tensors, count, &cut, err);

    if (status == CLEAVE_OK && is_all_inputs(n, &cut)) {
        return clv_path_print(into, size, err, "%s", CLV_CUT_INPUT);
    }
    return status == CLEAVE_OK
               ? clv_cutname_print(n->model, &cut, into, size, err)
               : status;
}

cleave_status clv_network_cut_tensors(struct clv_network *n, const char *cut,
                                      cleave_tensor_info *ret_tensors,
                                      size_t *ret_count, cleave_error *err)
{
    struct clv_cut_set set;
    cleave_status status = clv_cutname_parse(n->model, cut, &set, err);

    if (status == CLEAVE_OK) {
        pthread_mutex_lock(&n->learn_lock);
        status = clv_shapes_learn_locked(n, err);
        pthread_mutex_unlock(&n->learn_lock);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < set.count; i++) {
        ret_tensors[i] = n->shapes->form[set.tensor[i]];
    }
    if (status == CLEAVE_OK) {
        *ret_count = set.count;
    }
    return status;
}

/* -- Parts -- */

static struct clv_part *find_part_locked(struct clv_network *n,
                                         enum clv_part_kind kind,
                                         const char *name)
{
    struct clv_part *part = n->parts;

    while (part != NULL && (part->state == FAILED || part->kind != kind ||
                            strcmp(part->name, name) != 0)) {
        part = part->next;
    }
    return part;
}

static struct clv_part *new_part_locked(struct clv_network *n,
                                        enum clv_part_kind kind,
                                        const char *name)
{
    struct clv_part *part = calloc(1, sizeof *part);

    if (part != NULL) {
        part->network = n;
        part->kind = kind;
        strcpy(part->name, name);
        part->refs = 1;
        part->next = n->parts;
        n->parts = part;
        n->copy_users++;
    }
    return part;
}

/* The place for the engine's copies that all parts of the network share. */
static cleave_status share_copies(struct clv_network *n,
                                  struct clv_copies **ret_copies,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    pthread_mutex_lock(&n->lock);
    if (n->copies == NULL) {
        status = clv_copies_new(n->engine, &n->copies, err);
    }
    *ret_copies = n->copies;
    pthread_mutex_unlock(&n->lock);
    return status;
}

/* The last part takes the copies with it, once its session is gone. */
static void leave_copies(struct clv_network *n)
{
    struct clv_copies *last = NULL;

    pthread_mutex_lock(&n->lock);
    if (--n->copy_users == 0) {
        last = n->copies;
        n->copies = NULL;
        clv_pool_forget_copies(&n->pool);
    }
    pthread_mutex_unlock(&n->lock);
    clv_copies_free(last);
}

static void free_part(struct clv_part *part)
{
    clv_session_free(part->session);
    clv_model_close(part->stub);
    free(part);
}

/* The stub's weights that live in blobs, to be lent to the session. */
static size_t list_blobs(const struct clv_model *stub, cleave_tensor *weights)
{
    size_t count = 0;

    for (uint32_t i = 0; i < clv_model_weight_count(stub); i++) {
        struct clv_weight w = clv_model_weight(stub, i);
        if (w.location != NULL) {
            weights[count++] = w.tensor;
        }
    }
    return count;
}

static cleave_status open_part(struct clv_part *part, const char *key,
                               cleave_error *err)
{
    struct clv_network *n = part->network;
    struct clv_session_source source = {0};
    char path[CLV_PATH_MAX];
    cleave_tensor *weights = NULL;
    uint32_t count;
    cleave_status status =
        clv_store_entry_path(n->store, key, "onnx", path, err);

    if (status == CLEAVE_OK) {
        status = clv_model_open(path, &part->stub, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    weights =
        calloc((size_t)clv_model_weight_count(part->stub) + 1, sizeof *weights);
    if (weights == NULL) {
        return clv_fail_memory(err, path, sizeof *weights);
    }
    source.path = path;
    source.weights = weights;
    source.weight_count = list_blobs(part->stub, weights);
    source.inputs = clv_model_inputs(part->stub, &count);
    source.input_count = count;
    source.outputs = clv_model_outputs(part->stub, &count);
    source.output_count = count;
    source.optimise = clv_engine_saves_graphs(n->engine) ? CLV_OPTIMISE_NONE
                                                         : CLV_OPTIMISE_ALL;
    status = share_copies(n, &source.copies, err);
    if (status == CLEAVE_OK) {
        status = clv_session_new(n->engine, &source, &part->session, err);
    }
    clv_model_rest(part->stub); /* of what kernels packed nothing comes back */
    part->own_bytes = clv_model_file_bytes(part->stub) * STUB_FACTOR;
    free(weights);
    return status;
}

/* Something is wrong with what the store keeps: make it anew, once. */
static cleave_status load_part(struct clv_part *part,
                               const struct clv_cut_set *cut, cleave_error *err)
{
    struct clv_network *n = part->network;
    char key[CLV_SHA256_HEX];
    cleave_status status =
        clv_halves_prepare(n, part->kind, cut, part->name, key, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (open_part(part, key, NULL) == CLEAVE_OK) {
        return CLEAVE_OK;
    }
    clv_model_close(part->stub);
    part->stub = NULL;
    clv_store_drop(n->store, key, "onnx");
    status = clv_halves_prepare(n, part->kind, cut, part->name, key, err);
    return status == CLEAVE_OK ? open_part(part, key, err) : status;
}

/* Unlinks a part whose last reference is gone; the caller frees it. */
static void unlink_part_locked(struct clv_part *part)
{
    struct clv_part **at = &part->network->parts;

    while (*at != part) {
        at = &(*at)->next;
    }
    *at = part->next;
}

void clv_part_release(struct clv_part *part)
{
    struct clv_network *n;
    unsigned refs;

    if (part == NULL) {
        return;
    }
    n = part->network;
    pthread_mutex_lock(&n->lock);
    refs = --part->refs;
    if (refs == 0) {
        unlink_part_locked(part);
        if (part->state == LOADED) {
            clv_pool_remove(&n->pool, part->stub);
        }
    }
    pthread_mutex_unlock(&n->lock);
    if (refs == 0) {
        free_part(part);
        leave_copies(n);
    }
}

/* Waits for somebody else's loading; on failure the caller tries himself. */
static enum part_state wait_for_locked(struct clv_network *n,
                                       struct clv_part *part)
{
    while (part->state == LOADING) {
        pthread_cond_wait(&n->loaded, &n->lock);
    }
    return part->state;
}

static cleave_status load_new(struct clv_part *part,
                              const struct clv_cut_set *cut,
                              struct clv_part **ret_part, cleave_error *err)
{
    struct clv_network *n = part->network;
    cleave_status status = load_part(part, cut, err);

    if (status == CLEAVE_NOT_FOUND && cut != NULL) {
        clv_offer_name_near(n, cut, err);
    }
    pthread_mutex_lock(&n->lock);
    if (status == CLEAVE_OK && !clv_pool_add(&n->pool, part->stub)) {
        status = clv_fail_memory(err, part->name, sizeof *part);
    }
    part->state = status == CLEAVE_OK ? LOADED : FAILED;
    pthread_cond_broadcast(&n->loaded);
    pthread_mutex_unlock(&n->lock);
    if (status == CLEAVE_OK) {
        *ret_part = part;
    } else {
        clv_part_release(part);
    }
    return status;
}

static cleave_status load(struct clv_network *n, enum clv_part_kind kind,
                          const struct clv_cut_set *cut, const char *name,
                          struct clv_part **ret_part, cleave_error *err)
{
    for (;;) {
        struct clv_part *part;
        enum part_state state;
        pthread_mutex_lock(&n->lock);
        part = find_part_locked(n, kind, name);
        if (part == NULL) {
            part = new_part_locked(n, kind, name);
            pthread_mutex_unlock(&n->lock);
            return part != NULL ? load_new(part, cut, ret_part, err)
                                : clv_fail_memory(err, name, sizeof *part);
        }
        part->refs++;
        state = wait_for_locked(n, part);
        pthread_mutex_unlock(&n->lock);
        if (state == LOADED) {
            *ret_part = part;
            return CLEAVE_OK;
        }
        clv_part_release(part);
    }
}

cleave_status clv_network_load(struct clv_network *n, enum clv_part_kind kind,
                               const char *name, struct clv_part **ret_part,
                               cleave_error *err)
{
    struct clv_cut_set cut;
    char canonical[CLV_CUT_NAME_MAX];
    cleave_status status;

    if (kind == CLV_PART_WHOLE) {
        return load(n, kind, NULL, "", ret_part, err);
    }
    status = clv_cutname_parse(n->model, name, &cut, err);
    if (status == CLEAVE_OK) {
        status =
            clv_cutname_print(n->model, &cut, canonical, sizeof canonical, err);
    }
    return status == CLEAVE_OK ? load(n, kind, &cut, canonical, ret_part, err)
                               : status;
}

struct clv_session *clv_part_session(struct clv_part *part)
{
    return part->session;
}

/* -- Accounting -- */

uint64_t clv_part_bytes(const struct clv_part *part)
{
    struct clv_network *n = part->network;
    uint64_t bytes;

    pthread_mutex_lock(&n->lock);
    bytes = part->own_bytes + clv_pool_unshared(&n->pool, part->stub);
    pthread_mutex_unlock(&n->lock);
    return bytes;
}

uint64_t clv_network_bytes(const struct clv_network *network)
{
    struct clv_network *n = (struct clv_network *)(uintptr_t)network;
    uint64_t bytes;

    pthread_mutex_lock(&n->lock);
    bytes = n->pool.bytes;
    for (const struct clv_part *p = n->parts; p != NULL; p = p->next) {
        bytes += p->state == LOADED ? p->own_bytes : 0;
    }
    pthread_mutex_unlock(&n->lock);
    return bytes;
}
