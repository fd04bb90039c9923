/*
 * client.h - asking a server, over HTTP.
 *
 * A client holds one connection to one server and keeps it open between
 * calls. One client belongs to one thread at a time. Nothing here knows what a
 * tensor means: bodies come from request.h and go to response.h, or are
 * frames, which are the caller's affair.
 *
 * The usual proxy settings of the machine are honoured, except towards a
 * loopback address. Redirects are not followed.
 */
#ifndef CLV_CLIENT_H
#define CLV_CLIENT_H

#include "wire/metadata.h"
#include "wire/request.h"
#include "wire/response.h"
#include "wire/transfer.h"

struct clv_client;

/*
 * Makes a client; connects at the first call. CLEAVE_INVALID for an URL that
 * is not http or https. `options` is copied.
 */
cleave_status clv_client_open(const struct clv_transfer_options *options,
                              struct clv_client **ret_client,
                              cleave_error *err);

/* Takes NULL. */
void clv_client_close(struct clv_client *client);

/* Calls are given up once `*stop` is other than zero (transfer.h). */
void clv_client_heed(struct clv_client *client, const atomic_int *stop);

/*
 * GETs `path` ("/v2/health/ready"). `timeout_ms` is for the whole exchange,
 * 0 means no limit. CLEAVE_UNREACHABLE if there is no connection,
 * CLEAVE_TIMEOUT, CLEAVE_LIMIT for too long an answer; for an HTTP status
 * other than 200 the status the server tells (see trouble.h). In that last
 * case `ret_exchange` is written too.
 */
cleave_status clv_client_get(struct clv_client *client, const char *path,
                             int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err);

/* Reads a model's metadata. The caller ends it with its fini. */
cleave_status clv_client_model(struct clv_client *client, const char *model,
                               int64_t timeout_ms,
                               struct clv_model_metadata *ret_metadata,
                               cleave_error *err);

/*
 * Sends an infer request and reads the answer; statuses as for GET. The
 * model's name is escaped. `ret_response` borrows from the client until its
 * next call; the caller ends it with its fini. `ret_exchange` is written
 * whenever an answer came, whatever its HTTP status.
 */
cleave_status clv_client_infer(struct clv_client *client, const char *model,
                               const struct clv_body *body, int64_t timeout_ms,
                               struct clv_infer_response *ret_response,
                               struct clv_exchange *ret_exchange,
                               cleave_error *err);

/* One inference in the compact form: docs/protocol.md. */
struct clv_cut_request {
    const char *model;
    const char *cut;
    const char *sha256;       /* of the model's file, in hexadecimal */
    const char *content_type; /* of a picture; NULL: the body is frames */
    int64_t timeout_us;       /* after which the server need not begin, or 0 */
    clv_bytes body;
};

/*
 * Sends it; what comes back, frames again, is the body of the exchange.
 * Statuses as for GET; CLEAVE_MISMATCH if the server's model is another one.
 * `ret_exchange` is written whenever an answer came.
 */
cleave_status clv_client_infer_cut(struct clv_client *client,
                                   const struct clv_cut_request *request,
                                   int64_t timeout_ms,
                                   struct clv_exchange *ret_exchange,
                                   cleave_error *err);

/* The URL that the client was opened with, without a final '/'. Borrowed. */
const char *clv_client_url(const struct clv_client *client);

#endif
