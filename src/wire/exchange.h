/*
 * exchange.h - a request and its answer: what came, and what it cost.
 */
#ifndef CLV_EXCHANGE_H
#define CLV_EXCHANGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "wire/tcpinfo.h"
#include "wire/timing.h"

/* What one exchange brought and cost. */
struct clv_exchange {
    int http;            /* HTTP status */
    int64_t json_bytes;  /* Inference-Header-Content-Length, or -1 */
    clv_bytes body;      /* borrowed until the next one */
    int64_t total_ns;    /* wall time from call to the last byte */
    int64_t connect_ns;  /* of that, to connect; 0 on a kept connection */
    uint64_t bytes_up;   /* headers included, TLS and TCP not */
    uint64_t bytes_down; /* likewise */
    bool has_timing;
    struct clv_timing timing; /* what the server says it spent */
    int retry_after_s;        /* of an overloaded server, else 0 */
    struct clv_tcp_info tcp;  /* of the connection, at the end */
};

#endif
