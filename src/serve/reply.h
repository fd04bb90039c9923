/*
 * reply.h - an answer on its way from those who make it to those who send it.
 */
#ifndef CLV_REPLY_H
#define CLV_REPLY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "wire/timing.h"

struct clv_reply {
    int http;
    struct clv_buffer body;
    int64_t json_bytes; /* of an answer with binary data, else -1 */
    bool frames;        /* the body is frames */
    bool untyped;       /* and the client needs not be told so */
    bool timed;
    struct clv_timing timing;
    const char *allow; /* the methods that would be allowed, or NULL */
    const char *model; /* SHA-256 of the model it describes, or NULL */
};

/* An empty reply of status 200. Allocates nothing. */
void clv_reply_init(struct clv_reply *reply);

/* Gives the memory back. */
void clv_reply_fini(struct clv_reply *reply);

/* Makes it an error, whatever it was. */
void clv_reply_fail(struct clv_reply *reply, const cleave_error *error);

#endif
