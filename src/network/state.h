/*
 * state.h - the inside of a clv_network, for the files of this folder only.
 *
 * Two locks. `lock` guards the list of parts and is held for moments;
 * `learn_lock` guards what is learnt about the graph and is held while it is
 * learnt, which may take seconds. Whoever takes both takes learn_lock first.
 */
#ifndef CLV_STATE_H
#define CLV_STATE_H

#include <pthread.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/sha256.h"
#include "model/cuts.h"
#include "model/model.h"
#include "network/network.h"
#include "network/pool.h"
#include "store/store.h"

/* Type and shape of every tensor of the model, by its number. */
struct clv_shapes {
    cleave_tensor_info *form;     /* free dimensions are -1 */
    cleave_tensor_info *concrete; /* free dimensions are 1 */
    uint32_t count;
};

struct clv_network {
    char path[CLV_PATH_MAX];
    char sha256[CLV_SHA256_HEX];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_model *model;

    pthread_mutex_t lock;
    pthread_cond_t loaded; /* some part left the state "loading" */
    struct clv_part *parts;
    struct clv_pool pool;      /* blobs that loaded parts map */
    struct clv_copies *copies; /* of the parts; NULL while there are none */
    size_t copy_users;         /* parts, the unlinked ones too */

    pthread_mutex_t learn_lock;
    struct clv_arena arena;      /* of all below */
    struct clv_model *optimised; /* what cuts are found on */
    struct clv_shapes *shapes;   /* NULL until learnt */
    struct clv_cut *all_cuts;    /* NULL until learnt */
    size_t all_cut_count;
    struct clv_cut *cuts;
    size_t cut_count;
    uint64_t macs;
};

/* shapes.c: learns every tensor's form, from the store or by a probe. */
cleave_status clv_shapes_learn_locked(struct clv_network *n, cleave_error *err);

/* offer.c: learns the cuts. */
cleave_status clv_offer_learn_locked(struct clv_network *n, cleave_error *err);

/* Adds to an error about a cut the cuts that have a tensor of it. */
void clv_offer_name_near(struct clv_network *n,
                         const struct clv_cut_set *wanted, cleave_error *err);

/* The model that cuts are made on; learnt first. */
cleave_status clv_halves_learn_locked(struct clv_network *n, cleave_error *err);

/*
 * halves.c: makes sure the store holds the part, ready to load, and gives
 * its key. `cut` is NULL for the whole.
 */
cleave_status clv_halves_prepare(struct clv_network *n, enum clv_part_kind kind,
                                 const struct clv_cut_set *cut,
                                 const char *name, char ret_key[CLV_SHA256_HEX],
                                 cleave_error *err);

/*
 * cutting.c: writes one half to a file, cut from the graph that this machine
 * optimised (where that has the cut's tensors), or from the original.
 */
enum clv_cut_graph { CLV_CUT_HERE, CLV_CUT_ORIGINAL };
cleave_status clv_cutting_write(struct clv_network *n, enum clv_part_kind kind,
                                const struct clv_cut_set *cut,
                                enum clv_cut_graph graph, const char *path,
                                cleave_error *err);

/* A store key for something made of this model by this engine. */
void clv_halves_key(const struct clv_network *n, const char *what,
                    const char *name, char key[CLV_SHA256_HEX]);

/*
 * cutname.c: the tensors that a cut's name means, in network order, by their
 * numbers in the model. CLEAVE_NOT_FOUND names those that come close.
 */
cleave_status clv_cutname_parse(const struct clv_model *model, const char *name,
                                struct clv_cut_set *ret_cut, cleave_error *err);

/* Tensors found by name become a cut, in network order. */
cleave_status clv_cutname_gather(const struct clv_model *model,
                                 const char *const *tensors, size_t count,
                                 struct clv_cut_set *ret_cut,
                                 cleave_error *err);

/* The cut's name. CLEAVE_LIMIT if `into` is too small. */
cleave_status clv_cutname_print(const struct clv_model *model,
                                const struct clv_cut_set *cut, char *into,
                                size_t size, cleave_error *err);

/* The longest name of a cut. */
#define CLV_CUT_NAME_MAX 1024

#endif
