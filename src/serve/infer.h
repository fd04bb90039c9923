/*
 * infer.h - one infer request, from its body to its answer.
 */
#ifndef CLV_INFER_H
#define CLV_INFER_H

#include "serve/reply.h"
#include "serve/service.h"

/* The content type of a body of frames. */
#define CLV_FRAME_TYPE "application/vnd.cleave.frame"

struct clv_infer_job {
    const char *model;
    const char *cut; /* of the compact form; NULL: the protocol's own */
    clv_bytes body;
    int64_t json_bytes;       /* Inference-Header-Content-Length or -1 */
    int64_t timeout_us;       /* of the compact form; -1: none, -2: nonsense */
    const char *content_type; /* or NULL */
    const char *if_match;     /* which model is meant, or NULL */
    int64_t arrived_ns;       /* when its last byte came */
    bool (*gone)(void *self); /* true if nobody waits for the answer */
    void *self;
};

/*
 * Computes the answer, or the error, into an initialised reply. Called by a
 * worker; blocks while it computes.
 */
void clv_infer_answer(struct clv_service *service,
                      const struct clv_infer_job *job, struct clv_reply *reply);

/*
 * The same on the connections' thread, but only what is known to take no
 * longer than handing it to a worker and back would: a small body for a
 * loaded part whose runs (and decoding) are short. Returns false if it is
 * anything else; then nothing has been done.
 */
bool clv_infer_try(struct clv_service *service, const struct clv_infer_job *job,
                   struct clv_reply *reply);

#endif
