/*
 * metadata.h - what a server and its models say of themselves.
 *
 * The server's side writes, the client's side reads. A model's parameters
 * carry the SHA-256 of its file, so that a client knows that both sides mean
 * the same network. Not thread-safe; one struct per thread.
 */
#ifndef CLV_METADATA_H
#define CLV_METADATA_H

#include "base/buffer.h"
#include "cleave/tensor.h"
#include "wire/entry.h"

/* Appends the answer to GET /v2. */
void clv_server_metadata_write(struct clv_buffer *into);

/* Free dimensions are -1. */
struct clv_model_metadata {
    const char *name;
    const char *sha256;      /* or NULL: the server did not say */
    const char *calibration; /* the id of its calibration, or NULL: none */
    const char *platform;
    const cleave_tensor_info *inputs;
    size_t input_count;
    const cleave_tensor_info *outputs;
    size_t output_count;

    struct json_t *document;   /* what parse borrows from */
    cleave_tensor_info *owned; /* inputs, then outputs */
};

/* Appends the answer to GET /v2/models/M. */
void clv_model_metadata_write(const struct clv_model_metadata *metadata,
                              struct clv_buffer *into);

/*
 * Reads such an answer into copies; `body` may go. CLEAVE_INVALID if it is
 * not one, CLEAVE_UNSUPPORTED if it has tensors of strings.
 */
cleave_status clv_model_metadata_parse(clv_bytes body,
                                       struct clv_model_metadata *ret_metadata,
                                       cleave_error *err);

/* Frees what parse made. Takes an all-zero struct too. */
void clv_model_metadata_fini(struct clv_model_metadata *metadata);

#endif
