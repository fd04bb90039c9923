/*
 * request.h - the body of an infer request, read and built.
 *
 * A body is JSON, or JSON with binary tensor data behind it; see entry.h.
 * docs/protocol.md says which members mean what.
 *
 * Reading copies no binary tensor: inputs are views into the body, which
 * must stay until the request is no longer used. Building copies none
 * either: a clv_body lists the runs of bytes to be sent.
 * Not thread-safe; one request and one body per thread.
 */
#ifndef CLV_REQUEST_H
#define CLV_REQUEST_H

#include <stdbool.h>

#include "base/buffer.h"
#include "cleave/tensor.h"
#include "wire/entry.h"

/* An output that the client wants. */
struct clv_wanted_output {
    const char *name;
    bool binary;      /* as binary data, not JSON */
    uint32_t classes; /* 0: the tensor itself; k: its top k classes as text */
};

struct clv_infer_request {
    const char *id;      /* to be repeated in the answer, or NULL */
    const char *sha256;  /* of the model that the client means, or NULL */
    uint64_t priority;   /* lower is more urgent, 0: none given */
    uint64_t timeout_us; /* since arrival, 0: none */
    bool binary_output;  /* how outputs come that are not in `outputs` */
    size_t input_count;
    cleave_tensor *inputs; /* of a packed one the data is missing: */
    clv_bytes *frames;     /* here is its frame, unread; else empty */
    size_t output_count;   /* 0: all */
    struct clv_wanted_output *outputs;

    struct json_t *document; /* strings are borrowed from it */
    void **owned;            /* per input: decoded or aligned copy, or NULL */
};

/*
 * Reads a request. `json_bytes` is the header Inference-Header-Content-Length
 * or negative if there was none. The request borrows from `body`; free it
 * with fini. CLEAVE_INVALID for what is malformed or does not add up,
 * CLEAVE_LIMIT beyond limits, CLEAVE_UNSUPPORTED for what this server cannot
 * do; messages name the tensor and both numbers.
 */
cleave_status clv_infer_request_parse(clv_bytes body, int64_t json_bytes,
                                      struct clv_infer_request *ret_request,
                                      cleave_error *err);

/* Frees what parse made. Takes an all-zero request too. */
void clv_infer_request_fini(struct clv_infer_request *request);

/* What a client sends. Zero means absent; inputs go as binary data. */
struct clv_request_spec {
    const char *id;
    const char *sha256;
    uint64_t priority;
    uint64_t timeout_us;
    const cleave_tensor *inputs;
    size_t input_count;
    const struct clv_wanted_output *outputs;
    size_t output_count;
    bool binary_output;
};

/* A request body as runs of bytes: the JSON first, then every input. */
struct clv_body {
    struct clv_buffer json;
    clv_bytes parts[1 + CLV_MESSAGE_TENSORS];
    size_t part_count;
    size_t total_bytes;
};

/* An empty body. Allocates nothing. */
void clv_body_init(struct clv_body *body);

/* Gives the memory back; the body is empty and usable again. */
void clv_body_fini(struct clv_body *body);

/*
 * Builds a request into `body`, which may have been used before and keeps
 * its memory. The parts borrow from the spec's tensors. CLEAVE_INVALID if a
 * tensor's bytes do not match its shape.
 */
cleave_status clv_request_build(const struct clv_request_spec *spec,
                                struct clv_body *body, cleave_error *err);

#endif
