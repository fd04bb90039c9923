/*
 * entry.h - one tensor in a message of the Open Inference Protocol.
 *
 * Requests list their inputs and answers their outputs in the same form:
 *
 *     {"name": "x", "datatype": "FP32", "shape": [1, 2],
 *      "data": [1.5, 2.5]}                              as JSON
 *     {"name": "x", "datatype": "FP32", "shape": [1, 2],
 *      "parameters": {"binary_data_size": 8}}           as binary
 *
 * Binary data stands behind the JSON, in the order of the entries.
 */
#ifndef CLV_ENTRY_H
#define CLV_ENTRY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "cleave/tensor.h"

struct json_t;

/* More tensors than this in one message are refused. */
#define CLV_MESSAGE_TENSORS 64

/* A body cut in two: the JSON, and the binary data behind it. */
struct clv_message {
    clv_bytes json;
    clv_bytes binary; /* what no entry has taken yet */
};

/*
 * Cuts a body after `json_bytes`, the value of the header
 * Inference-Header-Content-Length; negative means that there was none and
 * all is JSON. CLEAVE_INVALID if the body is shorter.
 */
cleave_status clv_message_split(clv_bytes body, int64_t json_bytes,
                                struct clv_message *ret_message,
                                cleave_error *err);

/* CLEAVE_INVALID if the entries have left binary data untaken. */
cleave_status clv_message_end(const struct clv_message *message,
                              cleave_error *err);

/*
 * What an entry may have besides: strings (datatype BYTES, as in answers to
 * classification; CLEAVE_TYPE_NONE here), or free dimensions of -1.
 */
enum clv_entry_also {
    CLV_ENTRY_PLAIN = 0,
    CLV_ENTRY_STRINGS = 1,
    CLV_ENTRY_FREE = 2
};

/*
 * Reads name, datatype and shape. The name is borrowed from the document.
 * CLEAVE_UNSUPPORTED for a datatype cleave does not have. `what` is "input"
 * or "output", for messages.
 */
cleave_status clv_entry_info(const struct json_t *entry, const char *what,
                             enum clv_entry_also also,
                             cleave_tensor_info *ret_info, cleave_error *err);

/*
 * Takes `size` bytes of the message's binary data for the tensor `name`.
 * CLEAVE_INVALID, with both numbers, if fewer are left.
 */
cleave_status clv_entry_take(struct clv_message *message, const char *name,
                             uint64_t size, clv_bytes *ret_bytes,
                             cleave_error *err);

/*
 * Reads a whole entry whose info is known. Binary data becomes a view into
 * the message and `ret_owned` NULL, if it is aligned for its type; else, and
 * for JSON data, `ret_owned` is memory that the caller frees.
 */
cleave_status clv_entry_data(const struct json_t *entry,
                             const cleave_tensor_info *info,
                             struct clv_message *message,
                             cleave_tensor *ret_tensor, void **ret_owned,
                             cleave_error *err);

/*
 * True in `ret_packed` if the entry's parameters carry "cleave_packing": true:
 * its binary data is then one frame of whatever length, which is taken.
 * CLEAVE_INVALID if such an entry has no binary data.
 */
cleave_status clv_entry_packed(const struct json_t *entry, const char *name,
                               struct clv_message *message, bool *ret_packed,
                               clv_bytes *ret_frame, cleave_error *err);

/* Appends `"name":..,"datatype":..,"shape":[..]`. */
void clv_entry_write(struct clv_buffer *into, const char *name,
                     const char *datatype, const int64_t *shape, uint32_t rank);

#endif
