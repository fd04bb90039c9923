/*
 * server.h - a server that computes tails, or whole networks.
 *
 * A server offers every *.onnx file of a folder as a model, named by the
 * file's stem, over HTTP; docs/protocol.md says how to ask it. It runs in
 * threads of its own: open it, let it work, drain and close it.
 *
 * Threads: open and close belong to one thread; the other functions may be
 * called by any thread in between.
 */
#ifndef CLEAVE_SERVER_H
#define CLEAVE_SERVER_H

#include <stdint.h>

#include "cleave/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cleave_server cleave_server;

typedef enum cleave_log_level {
    CLEAVE_LOG_ERROR,
    CLEAVE_LOG_WARNING,
    CLEAVE_LOG_INFO
} cleave_log_level;

/*
 * Takes one line without a final newline. Called by any of the server's
 * threads, several at once; must not block.
 */
typedef void (*cleave_log_fn)(void *self, cleave_log_level level,
                              const char *line);

/* Zero means the default. Strings are copied. */
typedef struct cleave_server_options {
    const char *models;    /* the folder with the *.onnx files; no default */
    const char *cache;     /* the folder for what is kept; no default */
    const char *listen;    /* "HOST:PORT", IPv6 in brackets, port 0: any free
                              one. Default "127.0.0.1:8700" */
    const char *engine;    /* as in engine names, default "cpu:threads=1" */
    uint32_t workers;      /* requests computed at once, default: cores */
    uint32_t queue;        /* requests waiting at most, default 64 */
    uint32_t connections;  /* open at most, default 512 */
    uint32_t idle_seconds; /* silence before a connection is closed, 30 */
    uint64_t memory_limit; /* bytes of loaded parts, default 2 GiB */
    uint64_t max_request_bytes; /* of one body, default 64 MiB */
    uint64_t max_pending_bytes; /* of all bodies held, default 512 MiB */
    cleave_log_fn log;          /* default: silence */
    void *log_self;
} cleave_server_options;

#define CLEAVE_SERVER_OPTIONS_INIT {0}

/*
 * Opens the models and starts to listen. A model that cannot be opened does
 * not stop the others: it is logged, and requests for it get its error.
 * CLEAVE_NOT_FOUND if the folder is missing or has no model, CLEAVE_INVALID
 * for an option that makes no sense, CLEAVE_IO if the address is taken.
 */
CLEAVE_API cleave_status
cleave_server_open(const cleave_server_options *options,
                   cleave_server **ret_server, cleave_error *err);

/* The port it listens on. */
CLEAVE_API uint16_t cleave_server_port(const cleave_server *server);

/*
 * Stops accepting and waits until the requests that have begun are answered,
 * `timeout_ms` at most. New requests on open connections get 503, and
 * /v2/health/ready says no. CLEAVE_TIMEOUT if some were still at work.
 */
CLEAVE_API cleave_status cleave_server_drain(cleave_server *server,
                                             uint32_t timeout_ms);

/*
 * Ends it. Requests still waiting are given up; those being computed are
 * waited for. Takes NULL.
 */
CLEAVE_API void cleave_server_close(cleave_server *server);

#ifdef __cplusplus
}
#endif
#endif
