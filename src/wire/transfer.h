/*
 * transfer.h - one connection to a server, and what goes over it and back.
 *
 * A transfer asks a server for one thing after another. What is asked is set
 * up piece by piece, the target first, and stays as it is until it is set
 * anew; clv_transfer_perform sends it and waits. The connection is kept open
 * between exchanges.
 *
 * Nothing here knows what is asked for: client.c does. One thread at a time.
 */
#ifndef CLV_TRANSFER_H
#define CLV_TRANSFER_H

#include <stdatomic.h>

#include "wire/exchange.h"
#include "wire/request.h"

/* Longer URLs are refused. */
#define CLV_TRANSFER_URL 4096

/* All header lines of ours together, in bytes. */
#define CLV_TRANSFER_HEADERS 256

struct clv_transfer;

/* Zero means default. */
struct clv_transfer_options {
    const char *url;           /* "http://host:port" or https, no default */
    int64_t connect_ms;        /* to connect, 3000 */
    size_t max_response_bytes; /* larger answers are refused, 256 MiB */
};

/*
 * Connects at the first exchange. CLEAVE_INVALID for an URL that is not http
 * or https, CLEAVE_LIMIT for a very long one. `options` is copied.
 */
cleave_status clv_transfer_open(const struct clv_transfer_options *options,
                                struct clv_transfer **ret_transfer,
                                cleave_error *err);

/* Takes NULL. */
void clv_transfer_close(struct clv_transfer *transfer);

/*
 * From now on exchanges are given up, with CLEAVE_UNREACHABLE, within a second
 * or so of `*stop` becoming other than zero, which any thread may do. NULL, as
 * in the beginning: they are not. `stop` must outlive the exchanges.
 */
void clv_transfer_heed(struct clv_transfer *transfer, const atomic_int *stop);

/* The server's URL, without a final '/'. Borrowed. */
const char *clv_transfer_url(const struct clv_transfer *transfer);

/*
 * Writes `text` as a part of a path, escaped. CLEAVE_LIMIT, with `err` left
 * to the caller, who knows what the text is, if it does not fit.
 */
cleave_status clv_transfer_escape(const struct clv_transfer *transfer,
                                  const char *text, char *into, size_t size,
                                  cleave_error *err);

/* What is asked for: a path on the server, "/v2". CLEAVE_LIMIT if it is too
   long. */
cleave_status clv_transfer_aim(struct clv_transfer *transfer, const char *path,
                               cleave_error *err);

/* A GET: no body, no headers of ours. */
void clv_transfer_get(struct clv_transfer *transfer);

/*
 * Our header lines, each ending in "\r\n", instead of those that curl would
 * add: a few bytes here are many beside a small frame. At most
 * CLV_TRANSFER_HEADERS bytes with the final 0. They seldom change: the same
 * ones cost a comparison.
 */
cleave_status clv_transfer_headers(struct clv_transfer *transfer,
                                   const char *text, cleave_error *err);

/* A POST of these bytes, which are borrowed until they are sent. */
void clv_transfer_post(struct clv_transfer *transfer, clv_bytes bytes);

/* The same of a body of several parts. */
cleave_status clv_transfer_post_parts(struct clv_transfer *transfer,
                                      const struct clv_body *body,
                                      cleave_error *err);

/*
 * Sends what has been set up and waits for the answer. `timeout_ms` is for
 * the whole exchange, 0 means no limit. CLEAVE_UNREACHABLE if there is no
 * connection, CLEAVE_TIMEOUT, CLEAVE_LIMIT for too long an answer; for an HTTP
 * status other than 200 the status that the server tells (see trouble.h). In
 * that last case `ret_exchange` is written too.
 */
cleave_status clv_transfer_perform(struct clv_transfer *transfer,
                                   int64_t timeout_ms,
                                   struct clv_exchange *ret_exchange,
                                   cleave_error *err);

#endif
