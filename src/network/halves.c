/*
 * halves.c - making a part, once per model and machine.
 *
 *     model --cut--> half.onnx --engine optimises--> whole graph on disk
 *           --weights out--> stub (kilobytes) + blobs, both in the store
 *
 * Cuts are made on the graph that the engine saves after its portable
 * optimisations: it has half the nodes and no seam inside a fusion, and in a
 * quantised network the tensors left are the integer ones, so a cut there is
 * exact. Where a tensor of the cut did not survive the optimiser (another
 * machine's optimiser may have kept it) the original graph is cut instead.
 *
 * Weights move out to blobs named by their content: many halves of one model
 * share them on disk and, mapped, in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/extract.h"
#include "network/state.h"

#define ENTRY "onnx"

/* Bumped whenever what is kept changes its meaning. */
#define KEEP_VERSION "3"

/* Weights below this stay in the stub. */
#define BLOB_BYTES 1024

void clv_halves_key(const struct clv_network *n, const char *what,
                    const char *name, char key[CLV_SHA256_HEX])
{
    const char *texts[] = {KEEP_VERSION, n->sha256,
                           clv_engine_identity(n->engine), what, name};
    clv_bytes parts[sizeof texts / sizeof texts[0]];
    struct clv_sha256 hash;

    /* Final zeroes are hashed too, so the texts cannot run together. */
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parts[i] = (clv_bytes){(const uint8_t *)texts[i], strlen(texts[i]) + 1};
    }
    hash = clv_sha256_of_parts(parts, sizeof texts / sizeof texts[0]);
    memcpy(key, hash.hex, CLV_SHA256_HEX);
}

static cleave_status place_blob(void *self, const cleave_tensor *weight,
                                int *ret_moved,
                                struct clv_weight_place *ret_place,
                                cleave_error *err)
{
    struct clv_network *n = self;
    struct clv_sha256 hash;
    cleave_status status;

    *ret_moved = 0;
    if (weight->bytes < BLOB_BYTES || weight->info.type == CLEAVE_TYPE_NONE) {
        return CLEAVE_OK;
    }
    status = clv_store_put_blob(
        n->store, (clv_bytes){weight->data, weight->bytes}, &hash, err);
    if (status == CLEAVE_OK) {
        *ret_moved = 1;
        ret_place->offset = 0;
        snprintf(ret_place->location, sizeof ret_place->location, "blobs/%s",
                 hash.hex);
    }
    return status;
}

/* A workplace for making one part: a folder and the files in it. */
struct making {
    struct clv_network *n;
    char folder[CLV_PATH_MAX];
    char half[CLV_PATH_MAX];
    char whole[CLV_PATH_MAX];
    char stub[CLV_PATH_MAX];
};

static cleave_status name_files(struct making *m, cleave_error *err)
{
    cleave_status status =
        clv_path_print(m->half, sizeof m->half, err, "%s/half.onnx", m->folder);

    if (status == CLEAVE_OK) {
        status = clv_path_print(m->whole, sizeof m->whole, err, "%s/whole.onnx",
                                m->folder);
    }
    if (status == CLEAVE_OK) {
        status = clv_path_print(m->stub, sizeof m->stub, err, "%s/stub.onnx",
                                m->folder);
    }
    return status;
}

static void end_making(struct making *m)
{
    if (m->folder[0] != '\0') {
        clv_store_work_end(m->n->store, m->folder);
    }
    free(m);
}

static cleave_status begin_making(struct clv_network *n,
                                  struct making **ret_making, cleave_error *err)
{
    struct making *m = calloc(1, sizeof *m);
    cleave_status status;

    if (m == NULL) {
        return clv_fail_memory(err, n->path, sizeof *m);
    }
    m->n = n;
    status = clv_store_work_begin(n->store, m->folder, err);
    if (status == CLEAVE_OK) {
        status = name_files(m, err);
    }
    if (status != CLEAVE_OK) {
        end_making(m);
        return status;
    }
    *ret_making = m;
    return CLEAVE_OK;
}

static cleave_status write_all(const struct clv_model *model,
                               const struct clv_weight_placer *placer,
                               const char *path, cleave_error *err)
{
    uint32_t input_count;
    uint32_t output_count;
    struct clv_extract what = {
        .inputs = clv_model_inputs(model, &input_count),
        .outputs = clv_model_outputs(model, &output_count),
        .placer = placer,
    };

    what.input_count = input_count;
    what.output_count = output_count;
    return clv_model_write(model, &what, path, err);
}

/* Writes all of `model` with its weights in blobs, and keeps that. */
static cleave_status keep_stub(struct making *m, const struct clv_model *model,
                               const char *key, cleave_error *err)
{
    struct clv_weight_placer placer = {place_blob, m->n};
    cleave_status status = write_all(model, &placer, m->stub, err);

    if (status == CLEAVE_OK) {
        status = clv_store_adopt(m->n->store, key, ENTRY, m->stub, err);
    }
    return status;
}

/* Optimises the network at `path` and keeps the result under `key`. */
static cleave_status keep_optimised(struct making *m, const char *path,
                                    enum clv_optimise level, const char *key,
                                    cleave_error *err)
{
    struct clv_session_source source = {
        .path = path, .optimise = level, .save_path = m->whole};
    struct clv_session *session;
    struct clv_model *model;
    cleave_status status;

    if (!clv_engine_saves_graphs(m->n->engine)) {
        memcpy(m->whole, path, strlen(path) + 1);
    } else {
        status = clv_session_new(m->n->engine, &source, &session, err);
        if (status != CLEAVE_OK) {
            return status;
        }
        clv_session_free(session);
    }
    status = clv_model_open(m->whole, &model, err);
    if (status == CLEAVE_OK) {
        status = keep_stub(m, model, key, err);
        clv_model_close(model);
    }
    return status;
}

/*
 * The whole network as the optimiser should see it: the user's own file, or
 * a copy whose weights are not also inputs, since those are not optimised.
 */
static cleave_status keep_whole(struct making *m, enum clv_optimise level,
                                const char *key, cleave_error *err)
{
    cleave_status status;

    if (!clv_model_has_defaults(m->n->model)) {
        return keep_optimised(m, m->n->path, level, key, err);
    }
    status = write_all(m->n->model, NULL, m->half, err);
    return status == CLEAVE_OK ? keep_optimised(m, m->half, level, key, err)
                               : status;
}

/* -- The graph that cuts are made on -- */

static cleave_status open_entry(struct clv_network *n, const char *key,
                                struct clv_model **ret_model, cleave_error *err)
{
    char path[CLV_PATH_MAX];
    cleave_status status =
        clv_store_entry_path(n->store, key, ENTRY, path, err);

    return status == CLEAVE_OK ? clv_model_open(path, ret_model, err) : status;
}

static cleave_status make_graph(struct clv_network *n, const char *key,
                                cleave_error *err)
{
    struct making *m;
    cleave_status status = begin_making(n, &m, err);

    if (status == CLEAVE_OK) {
        status = keep_whole(m, CLV_OPTIMISE_EXTENDED, key, err);
        end_making(m);
    }
    return status;
}

cleave_status clv_halves_learn_locked(struct clv_network *n, cleave_error *err)
{
    char key[CLV_SHA256_HEX];
    cleave_status status;

    if (n->optimised != NULL) {
        return CLEAVE_OK;
    }
    clv_halves_key(n, "graph", "", key);
    if (open_entry(n, key, &n->optimised, NULL) == CLEAVE_OK) {
        return CLEAVE_OK;
    }
    clv_store_drop(n->store, key, ENTRY);
    status = make_graph(n, key, err);
    return status == CLEAVE_OK ? open_entry(n, key, &n->optimised, err)
                               : status;
}

/* -- Halves -- */

static cleave_status learn(struct clv_network *n, cleave_error *err)
{
    cleave_status status;

    pthread_mutex_lock(&n->learn_lock);
    status = clv_shapes_learn_locked(n, err);
    if (status == CLEAVE_OK) {
        status = clv_halves_learn_locked(n, err);
    }
    pthread_mutex_unlock(&n->learn_lock);
    return status;
}

static cleave_status make_half(struct making *m, enum clv_part_kind kind,
                               const struct clv_cut_set *cut, const char *key,
                               cleave_error *err)
{
    cleave_status status = learn(m->n, err);

    if (status == CLEAVE_OK) {
        status = clv_cutting_write(m->n, kind, cut, CLV_CUT_HERE, m->half, err);
    }
    return status == CLEAVE_OK
               ? keep_optimised(m, m->half, CLV_OPTIMISE_ALL, key, err)
               : status;
}

static cleave_status make_part(struct clv_network *n, enum clv_part_kind kind,
                               const struct clv_cut_set *cut, const char *key,
                               cleave_error *err)
{
    struct making *m;
    cleave_status status = begin_making(n, &m, err);

    if (status == CLEAVE_OK) {
        status = kind == CLV_PART_WHOLE
                     ? keep_whole(m, CLV_OPTIMISE_ALL, key, err)
                     : make_half(m, kind, cut, key, err);
        end_making(m);
    }
    return status;
}

cleave_status clv_halves_prepare(struct clv_network *n, enum clv_part_kind kind,
                                 const struct clv_cut_set *cut,
                                 const char *name, char ret_key[CLV_SHA256_HEX],
                                 cleave_error *err)
{
    static const char *const kinds[] = {
        [CLV_PART_WHOLE] = "whole",
        [CLV_PART_HEAD] = "head",
        [CLV_PART_TAIL] = "tail",
    };

    clv_halves_key(n, kinds[kind], kind == CLV_PART_WHOLE ? "" : name, ret_key);
    if (clv_store_has(n->store, ret_key, ENTRY)) {
        return CLEAVE_OK;
    }
    return make_part(n, kind, cut, ret_key, err);
}
