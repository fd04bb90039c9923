/*
 * network.h - one model file on one engine: whole, or cut in two.
 *
 * This is where model (graphs), engine (running) and store (what is kept on
 * disk) meet. A network offers cuts, and for a cut its head and its tail as
 * sessions ready to run. Halves are optimised once, kept in the store, and
 * opened from there in milliseconds; their weights are mapped from the
 * store's pool, so that many halves of one model cost little more than one.
 *
 * A part is shared and reference counted: loading the same part twice gives
 * the same session.
 *
 * Threads: all functions may be called by several threads at once, except
 * close, which comes last. Parts must be released before the network closes.
 */
#ifndef CLV_NETWORK_H
#define CLV_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "engine/engine.h"

struct clv_network;
struct clv_store;

/* A cut has at most this many tensors. */
#define CLV_CUT_TENSORS 4

/* The cuts that are always there. */
#define CLV_CUT_INPUT "input"   /* all on the server */
#define CLV_CUT_OUTPUT "output" /* all on the device */

/*
 * A set of tensors that separates input side from output side. Its name is
 * its tensors' names in network order, joined by '+'.
 */
struct clv_cut {
    const char *name;
    size_t tensor_count;
    cleave_tensor_info tensors[CLV_CUT_TENSORS]; /* free dimensions as 1 */
    uint64_t bytes;                              /* of all its tensors */
    uint64_t head_macs;
    double head_share; /* of the network's work, 0 to 1 */
    /* One tensor, made by an activation function (through quantisation and
       the like). In a network none of whose cuts is such a tensor, because
       its activations are folded into convolutions or bypassed by residuals:
       one tensor. */
    int is_activation;
};

enum clv_part_kind { CLV_PART_WHOLE, CLV_PART_HEAD, CLV_PART_TAIL };

/*
 * A runnable part. A tail's inputs are the cut's tensors; a head's outputs
 * are the cut's tensors first, then the model's outputs that it has already
 * computed. A cut tensor that is itself an input of the model is not among
 * the head's outputs: the caller passes it on.
 */
struct clv_part;

/*
 * Opens the model at `path`. `engine` and `store` are borrowed and must
 * outlive the network. CLEAVE_CORRUPT and friends say what is wrong with a
 * bad file. Cheap: nothing is optimised or loaded yet.
 */
cleave_status clv_network_open(const char *path, struct clv_engine *engine,
                               struct clv_store *store,
                               struct clv_network **ret_network,
                               cleave_error *err);

/* Takes NULL. */
void clv_network_close(struct clv_network *network);

/* The file's SHA-256 in hexadecimal (external data included). Borrowed. */
const char *clv_network_sha256(const struct clv_network *network);

/* The model's inputs and outputs, in the file's order. Borrowed. */
const cleave_tensor_info *clv_network_inputs(const struct clv_network *network,
                                             size_t *ret_count);
const cleave_tensor_info *clv_network_outputs(const struct clv_network *network,
                                              size_t *ret_count);

/*
 * The useful cuts in network order: of all cuts, those that no other beats
 * in both bytes and head work, be it `input` (which sends the inputs) or
 * `output` (which sends nothing). These two are not among them. The
 * first call optimises the graph (seconds for a large model, then kept in
 * the store). Borrowed.
 */
cleave_status clv_network_cuts(struct clv_network *network,
                               const struct clv_cut **ret_cuts,
                               size_t *ret_count, cleave_error *err);

/* As clv_network_cuts, with the cuts that others beat. */
cleave_status clv_network_all_cuts(struct clv_network *network,
                                   const struct clv_cut **ret_cuts,
                                   size_t *ret_count, cleave_error *err);

/* Parameters of the model, and multiply-accumulates of one inference. */
cleave_status clv_network_work(struct clv_network *network,
                               uint64_t *ret_parameters, uint64_t *ret_macs,
                               cleave_error *err);

/*
 * The name of the cut with exactly these tensors, in whatever order: the
 * name of `input` if they are the model's inputs. CLEAVE_NOT_FOUND if they
 * do not separate the network, naming what comes close. `into` holds
 * `size` bytes.
 */
cleave_status clv_network_cut_of(struct clv_network *network,
                                 const char *const *tensors, size_t count,
                                 char *into, size_t size, cleave_error *err);

/*
 * The tensors of a cut by name, in network order, with their forms (free
 * dimensions are -1). `ret_tensors` has room for CLV_CUT_TENSORS. Errors as
 * for clv_network_load. Names are borrowed from the network.
 */
cleave_status clv_network_cut_tensors(struct clv_network *network,
                                      const char *cut,
                                      cleave_tensor_info *ret_tensors,
                                      size_t *ret_count, cleave_error *err);

/*
 * Loads a part, or takes another reference to it if it is already loaded.
 * `cut` is ignored for the whole. Any set of tensors that separates the
 * network is a valid cut, offered or not. CLEAVE_NOT_FOUND for a cut that
 * does not exist, naming those that come close.
 */
cleave_status clv_network_load(struct clv_network *network,
                               enum clv_part_kind kind, const char *cut,
                               struct clv_part **ret_part, cleave_error *err);

/* Gives a reference back; the last one unloads the part. Takes NULL. */
void clv_part_release(struct clv_part *part);

/*
 * Writes both halves as portable ONNX files, cut from the original graph.
 * Errors as for clv_network_load, CLEAVE_IO for what cannot be written.
 */
cleave_status clv_network_split(struct clv_network *network, const char *cut,
                                const char *head, const char *tail,
                                cleave_error *err);

/* The session to run. Borrowed from the part. */
struct clv_session *clv_part_session(struct clv_part *part);

/*
 * Bytes that the part keeps in memory beyond what other loaded parts of the
 * network already keep: its own structures, weights that nobody else maps,
 * and the copies that kernels pack of them. An estimate, meant to err on the
 * high side; memory for activations, shared by all parts, is not in it.
 */
uint64_t clv_part_bytes(const struct clv_part *part);

/* Bytes that all loaded parts of the network keep in memory, likewise. */
uint64_t clv_network_bytes(const struct clv_network *network);

#endif
