/*
 * inference.h - one inference under way on the server, for infer.c and the
 * two forms in which a request may come.
 *
 * A form is a small vtable. infer.c calls its steps in the order in which
 * they stand here, each at most once, until one fails, and `end` in any case.
 * What all forms share (identity, deadline, computing) is infer.c's.
 */
#ifndef CLV_INFERENCE_H
#define CLV_INFERENCE_H

#include "serve/infer.h"
#include "wire/request.h"

struct clv_inference;

struct clv_infer_form {
    /* Reads the request as far as it can be without the part. */
    cleave_status (*read)(struct clv_inference *i);
    /* Takes the part; CLEAVE_BUSY and nothing done if it must be quick and
       is not known to be. Adds to queue_ns what was waited. */
    cleave_status (*take_part)(struct clv_inference *i);
    /* Makes `inputs`, in the session's order. */
    cleave_status (*make_inputs)(struct clv_inference *i);
    /* After the run: writes the answer. */
    cleave_status (*write)(struct clv_inference *i, struct clv_reply *reply);
    /* Gives back what the steps before have taken, part and receiver aside. */
    void (*end)(struct clv_inference *i);
};

extern const struct clv_infer_form clv_infer_form_json; /* infer_json.c */
extern const struct clv_infer_form clv_infer_form_cut;  /* infer_cut.c */

struct clv_inference {
    struct clv_service *service;
    const struct clv_infer_job *job;
    const struct clv_infer_form *form;
    struct clv_served *model;
    struct clv_infer_request request; /* of the JSON form */
    struct clv_receiver *receiver;    /* or NULL */
    struct clv_part_use part;
    cleave_tensor inputs[CLV_MESSAGE_TENSORS]; /* in the session's order */
    size_t input_count;
    const char *sha256; /* of the model that the request means, or NULL */
    struct clv_timing timing;
    int64_t deadline_ns; /* 0: none */
    bool must_be_quick;
    int http; /* of an error, if not the status's own */
    cleave_error *err;
};

/* What is short enough not to be handed to a worker. */
#define CLV_QUICK_NS 100000
#define CLV_QUICK_BYTES (64 << 10)

/* The service's clock. */
int64_t clv_inference_now(const struct clv_inference *i);

/* The request's receiver, taken when first asked for. */
cleave_status clv_inference_receiver(struct clv_inference *i,
                                     struct clv_receiver **ret_receiver);

#endif
