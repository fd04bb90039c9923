/*
 * response.h - the body of an infer answer, built and read.
 *
 * The server builds into one buffer, JSON first and binary data behind it;
 * the client reads tensors as views into the body it received.
 * Not thread-safe; one answer and one response per thread.
 */
#ifndef CLV_RESPONSE_H
#define CLV_RESPONSE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "cleave/tensor.h"
#include "wire/entry.h"

/* Names of classes. `first_class` is the index that names[0] belongs to. */
struct clv_class_names {
    const char *const *names;
    size_t count;
    size_t first_class;
};

/* One output of an answer. */
struct clv_answer_output {
    const cleave_tensor *tensor;
    bool binary;
    uint32_t classes; /* 0: the tensor; k: its top k classes */
    const struct clv_class_names *labels; /* for classes; may be NULL */
};

struct clv_answer {
    const char *model;
    const char *id; /* or NULL */
    const struct clv_answer_output *outputs;
    size_t output_count;
};

/*
 * Appends the answer to `into`. `ret_json_bytes` is the length of the JSON
 * if binary data follows, else -1: what Inference-Header-Content-Length has
 * to say. CLEAVE_UNSUPPORTED for values that JSON cannot carry,
 * CLEAVE_LIMIT and CLEAVE_MEMORY from the buffer.
 *
 * A classified tensor of shape NxC.. gives N rows of min(k, C..) strings
 * "score:index" or "score:index:label", best first.
 */
cleave_status clv_response_build(const struct clv_answer *answer,
                                 struct clv_buffer *into,
                                 int64_t *ret_json_bytes, cleave_error *err);

/* One output of a response. Strings if the datatype was BYTES. */
struct clv_response_output {
    cleave_tensor tensor; /* with strings: type NONE, no data */
    clv_bytes *strings;   /* not zero-terminated */
    size_t string_count;
};

struct clv_infer_response {
    const char *model; /* or NULL */
    const char *id;    /* or NULL */
    struct clv_response_output *outputs;
    size_t output_count;

    struct json_t *document; /* strings are borrowed from it */
    void **owned;            /* per output: decoded or aligned copy, or NULL */
};

/*
 * Reads an answer; `json_bytes` as in clv_infer_request_parse. Borrows from
 * `body`. CLEAVE_CORRUPT and friends: what came is not a sound answer.
 */
cleave_status clv_infer_response_parse(clv_bytes body, int64_t json_bytes,
                                       struct clv_infer_response *ret_response,
                                       cleave_error *err);

/* Frees what parse made. Takes an all-zero response too. */
void clv_infer_response_fini(struct clv_infer_response *response);

/* The output of this name, or NULL. */
const struct clv_response_output *clv_infer_response_find(
    const struct clv_infer_response *response, const char *name);

#endif
