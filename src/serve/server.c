/*
 * server.c - the life of a server: what is opened in which order, and closed
 * in the reverse one.
 *
 *     engine, store -> models -> parts -> workers -> socket, HTTP
 *
 * HTTP comes last, so that the first request finds everything there, and the
 * workers are stopped before HTTP, for no suspended connection may be left
 * when it closes.
 */
#include "cleave/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "serve/http.h"
#include "base/listen.h"
#include "serve/service.h"
#include "serve/workers.h"
#include "store/store.h"

#define DEFAULT_LISTEN "127.0.0.1:8700"
#define DEFAULT_ENGINE "cpu:threads=1"
#define DEFAULT_QUEUE 64
#define DEFAULT_CONNECTIONS 512
#define DEFAULT_IDLE_SECONDS 30
#define DEFAULT_MEMORY ((uint64_t)2 << 30)
#define DEFAULT_REQUEST_BYTES ((uint64_t)64 << 20)
#define DEFAULT_PENDING_BYTES ((uint64_t)512 << 20)
#define MOST_REQUEST_BYTES ((uint64_t)4 << 30)
#define MOST_WORKERS 256
#define MOST_QUEUE 65536

struct cleave_server {
    struct clv_service service;
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_workers *workers;
    struct clv_http *http;
    uint16_t port;
};

static uint32_t or32(uint32_t given, uint32_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static uint64_t or64(uint64_t given, uint64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static uint32_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 && n < MOST_WORKERS ? (uint32_t)n : 1;
}

/* The options with their defaults filled in. */
static cleave_status settle(const cleave_server_options *given,
                            cleave_server_options *ret_options,
                            cleave_error *err)
{
    cleave_server_options o = *given;

    if (o.models == NULL || o.cache == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "server",
                        "A server needs a folder of models and one for its "
                        "cache.");
    }
    o.listen = o.listen != NULL ? o.listen : DEFAULT_LISTEN;
    o.engine = o.engine != NULL ? o.engine : DEFAULT_ENGINE;
    o.workers = or32(o.workers, cores());
    o.queue = or32(o.queue, DEFAULT_QUEUE);
    o.connections = or32(o.connections, DEFAULT_CONNECTIONS);
    o.idle_seconds = or32(o.idle_seconds, DEFAULT_IDLE_SECONDS);
    o.memory_limit = or64(o.memory_limit, DEFAULT_MEMORY);
    o.max_request_bytes = or64(o.max_request_bytes, DEFAULT_REQUEST_BYTES);
    o.max_pending_bytes = or64(o.max_pending_bytes, DEFAULT_PENDING_BYTES);
    if (o.workers > MOST_WORKERS || o.queue > MOST_QUEUE ||
        o.max_request_bytes > MOST_REQUEST_BYTES) {
        return clv_fail(err, CLEAVE_INVALID, "server",
                        "At most %d workers, a queue of %d and bodies of %llu "
                        "bytes are allowed.",
                        MOST_WORKERS, MOST_QUEUE,
                        (unsigned long long)MOST_REQUEST_BYTES);
    }
    if (o.max_pending_bytes < o.max_request_bytes) {
        o.max_pending_bytes = o.max_request_bytes;
    }
    *ret_options = o;
    return CLEAVE_OK;
}

static cleave_status open_models(cleave_server *server,
                                 const cleave_server_options *o,
                                 cleave_error *err)
{
    struct clv_service *service = &server->service;
    cleave_status status = clv_engine_open(o->engine, &server->engine, err);

    if (status == CLEAVE_OK) {
        status = clv_store_open(o->cache, &server->store, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_catalog_open(o->models, server->engine, server->store,
                                  &service->journal, &service->catalog, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_parts_new(o->memory_limit, &service->journal,
                               &service->parts, err);
    }
    if (status == CLEAVE_OK) { /* what is decoded is what could have come raw */
        status =
            clv_receivers_new(o->max_request_bytes, &service->receivers, err);
    }
    return status;
}

static cleave_status start(cleave_server *server,
                           const cleave_server_options *o, cleave_error *err)
{
    struct clv_http_options http = {
        .socket = -1,
        .connections = o->connections,
        .idle_seconds = o->idle_seconds,
        .max_request_bytes = o->max_request_bytes,
        .max_pending_bytes = o->max_pending_bytes,
    };
    cleave_status status =
        clv_workers_new(o->workers, o->queue, &server->workers, err);

    if (status == CLEAVE_OK) {
        status = clv_listen(o->listen, &http.socket, &server->port, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    status = clv_http_open(&http, &server->service, server->workers,
                           &server->http, err);
    if (status != CLEAVE_OK) {
        close(http.socket);
    }
    return status;
}

cleave_status clv_server_open_hooked(const cleave_server_options *options,
                                     struct clv_serve_hook hook,
                                     cleave_server **ret_server,
                                     cleave_error *err)
{
    cleave_server_options o = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server = NULL;
    cleave_status status = settle(options, &o, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    server = calloc(1, sizeof *server);
    if (server == NULL) {
        return clv_fail_memory(err, "server", sizeof *server);
    }
    server->service.journal = (struct clv_journal){o.log, o.log_self};
    server->service.clock = clv_clock_machine();
    server->service.hook = hook;
    atomic_init(&server->service.draining, false);
    status = open_models(server, &o, err);
    if (status == CLEAVE_OK) {
        status = start(server, &o, err);
    }
    if (status != CLEAVE_OK) {
        cleave_server_close(server);
        return status;
    }
    clv_journal_write(&server->service.journal, CLEAVE_LOG_INFO,
                      "listening on port %u, %u workers", server->port,
                      o.workers);
    *ret_server = server;
    return CLEAVE_OK;
}

cleave_status cleave_server_open(const cleave_server_options *options,
                                 cleave_server **ret_server, cleave_error *err)
{
    return clv_server_open_hooked(options, (struct clv_serve_hook){0},
                                  ret_server, err);
}

uint16_t cleave_server_port(const cleave_server *server)
{
    return server->port;
}

cleave_status cleave_server_drain(cleave_server *server, uint32_t timeout_ms)
{
    atomic_store(&server->service.draining, true);
    return clv_http_drain(server->http, timeout_ms);
}

void cleave_server_close(cleave_server *server)
{
    if (server == NULL) {
        return;
    }
    atomic_store(&server->service.draining, true);
    if (server->workers != NULL) {
        clv_workers_stop(server->workers);
    }
    clv_http_close(server->http);
    clv_workers_free(server->workers);
    clv_receivers_free(server->service.receivers);
    clv_parts_free(server->service.parts);
    clv_catalog_close(&server->service.catalog);
    clv_store_close(server->store);
    clv_engine_close(server->engine);
    free(server);
}
