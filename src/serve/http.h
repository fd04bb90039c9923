/*
 * http.h - the HTTP side of the server: connections, bodies, and handing
 * requests to the workers.
 *
 * Order of life: open the workers, open this; later drain, stop the workers,
 * close this. Drain may be called by any thread, open and close by one.
 */
#ifndef CLV_HTTP_H
#define CLV_HTTP_H

#include <stdint.h>

#include "serve/service.h"
#include "serve/workers.h"

struct clv_http;

struct clv_http_options {
    int socket; /* listening; belongs to the clv_http if open succeeds */
    uint32_t connections;
    uint32_t idle_seconds;
    uint64_t max_request_bytes;
    uint64_t max_pending_bytes;
};

/* Starts to answer. `service` and `workers` are borrowed. */
cleave_status clv_http_open(const struct clv_http_options *options,
                            struct clv_service *service,
                            struct clv_workers *workers,
                            struct clv_http **ret_http, cleave_error *err);

/*
 * Accepts no more and waits for the requests that have begun. The service
 * must have been marked as draining. CLEAVE_TIMEOUT after `timeout_ms`.
 */
cleave_status clv_http_drain(struct clv_http *http, uint32_t timeout_ms);

/* Closes all connections. The workers must have stopped. Takes NULL. */
void clv_http_close(struct clv_http *http);

#endif
