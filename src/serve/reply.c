/*
 * reply.c - an answer on its way from those who make it to those who send it.
 *
 * An error that cannot even be written for lack of memory leaves an empty
 * body: the HTTP status still says what happened.
 */
#include "serve/reply.h"

#include "wire/trouble.h"

#define MAX_REPLY ((size_t)1 << 30)

void clv_reply_init(struct clv_reply *reply)
{
    *reply = (struct clv_reply){.http = 200, .json_bytes = -1};
    clv_buffer_init(&reply->body, MAX_REPLY);
}

void clv_reply_fini(struct clv_reply *reply)
{
    clv_buffer_fini(&reply->body);
}

void clv_reply_fail(struct clv_reply *reply, const cleave_error *error)
{
    clv_buffer_reset(&reply->body);
    reply->http = cleave_status_http(error->code);
    reply->json_bytes = -1;
    reply->frames = false;
    clv_error_write(error, &reply->body);
    if (clv_buffer_status(&reply->body) != CLEAVE_OK) {
        clv_buffer_reset(&reply->body);
    }
}
