/*
 * model.h - an ONNX file as a graph that can be cut.
 *
 * Opening maps the file, reads its graph (skeleton.h), gives every tensor and
 * node a number and checks that the graph is sound: nothing dangling, no
 * cycle, external data where it says and inside the model's folder.
 *
 * Numbers: tensors count in network order, the graph's inputs first; nodes
 * are numbered in an order in which every node follows what it needs (the
 * file's own wherever possible). Nodes and tensors that depend on constants
 * only are constant: they belong to no side of a cut and are copied to those
 * that need them.
 *
 * A model is read-only after opening and may be used by several threads.
 */
#ifndef CLV_MODEL_H
#define CLV_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_model;

#define CLV_NONE UINT32_MAX

/* A run of tensor or node numbers. Borrowed. */
struct clv_ids {
    const uint32_t *id;
    uint32_t count;
};

/* A weight: an initializer of the graph and its bytes in the mapped file. */
struct clv_weight {
    cleave_tensor tensor; /* data is NULL if it is not kept as raw bytes */
    const char *location; /* of external data, else NULL. Borrowed */
};

/*
 * Opens an ONNX file. CLEAVE_NOT_FOUND, CLEAVE_CORRUPT (not ONNX, cycles,
 * dangling names, wrong sizes), CLEAVE_UNSUPPORTED (valid, but for instance
 * with sequences as inputs), CLEAVE_LIMIT, CLEAVE_MEMORY.
 */
cleave_status clv_model_open(const char *path, struct clv_model **ret_model,
                             cleave_error *err);

/* The same from bytes that the caller keeps (no external data). */
cleave_status clv_model_parse(clv_bytes file, const char *where,
                              struct clv_model **ret_model, cleave_error *err);

/* Takes NULL. */
void clv_model_close(struct clv_model *model);

/* Lets go of the file's pages in memory; what is read again comes back. Worth
   it after all of it was read and before it is for the next time. */
void clv_model_rest(const struct clv_model *model);

/* Size of the file itself, external data left out. */
uint64_t clv_model_file_bytes(const struct clv_model *model);

/* SHA-256 of the file, in hexadecimal; each file of external data is hashed
   onto it in turn. Slow-ish: it reads the whole model. */
void clv_model_sha256(const struct clv_model *model, char into[65]);

/* The model's inputs (initializers are not among them) and outputs, with
   their declared shapes; free or unknown dimensions are -1. */
const cleave_tensor_info *clv_model_inputs(const struct clv_model *model,
                                           uint32_t *ret_count);
const cleave_tensor_info *clv_model_outputs(const struct clv_model *model,
                                            uint32_t *ret_count);

/* True if the file lists initializers among its inputs, as defaults that a
   caller might override (old files do). Here they are plain constants. */
int clv_model_has_defaults(const struct clv_model *model);

uint32_t clv_model_tensor_count(const struct clv_model *model);
uint32_t clv_model_node_count(const struct clv_model *model);

/* A tensor's name. Borrowed. */
const char *clv_model_tensor_name(const struct clv_model *model, uint32_t id);

/* The tensor with this name, or CLV_NONE. */
uint32_t clv_model_find_tensor(const struct clv_model *model, const char *name);

/* What the file says of a tensor's type and shape (value_info); type
   CLEAVE_TYPE_NONE if it says nothing. The name is always set. */
cleave_tensor_info clv_model_declared(const struct clv_model *model,
                                      uint32_t id);

/* The node that makes the tensor, CLV_NONE for inputs and initializers. */
uint32_t clv_model_producer(const struct clv_model *model, uint32_t id);

/* True if the tensor depends on constants only. */
int clv_model_is_constant(const struct clv_model *model, uint32_t id);

/* True if the tensor is an input of the model. */
int clv_model_is_input(const struct clv_model *model, uint32_t id);

/* A node's operator ("Conv"). Borrowed. */
const char *clv_model_node_op(const struct clv_model *model, uint32_t node);

/* What a node reads (tensors that its sub-graphs capture included) and
   makes. Unnamed optional inputs and outputs are left out. */
struct clv_ids clv_model_node_inputs(const struct clv_model *model,
                                     uint32_t node);
struct clv_ids clv_model_node_outputs(const struct clv_model *model,
                                      uint32_t node);

/* An attribute of a node: an integer, or `otherwise` if it has none such. */
int64_t clv_model_node_int(const struct clv_model *model, uint32_t node,
                           const char *attribute, int64_t otherwise);

/* The graph's initializers, in file order. */
uint32_t clv_model_weight_count(const struct clv_model *model);
struct clv_weight clv_model_weight(const struct clv_model *model, uint32_t i);

#endif
