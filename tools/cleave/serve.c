/*
 * serve.c - `cleave serve`: a server until SIGTERM or SIGINT.
 *
 * The signals are blocked in all threads and waited for in this one, so no
 * handler ever runs; the server then finishes what it has begun.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "cleave/server.h"
#include "command.h"

/* Requests in flight at the end have this long to be answered. */
#define DRAIN_MS 30000

static void log_line(void *self, cleave_log_level level, const char *line)
{
    static const char *const names[] = {"error", "warning", "info"};

    (void)self;
    fprintf(stderr, "cleave serve: %s: %s\n", names[level], line);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const char *host_of(const char *listen, char *into, size_t size)
{
    const char *colon = strrchr(listen, ':');
    int length = colon ? (int)(colon - listen) : (int)strlen(listen);

    snprintf(into, size, "%.*s", length, listen);
    return into;
}

static void announce(const struct settings *s, const cleave_server *server)
{
    char host[256];

    host_of(s->listen ? s->listen : "127.0.0.1", host, sizeof host);
    printf("listening on http://%s:%u\n", host, cleave_server_port(server));
    fflush(stdout);
}

static cleave_status check(const struct settings *s, cleave_error *err)
{
    if (s->models == NULL || s->rest_count > 0) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say which folder's models to serve: --models DIR.");
    }
    return CLEAVE_OK;
}

static cleave_status serve(const struct settings *s, cleave_error *err)
{
    char cache[CLV_PATH_MAX];
    cleave_server_options o = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server;
    sigset_t signals;
    int signal_number;
    cleave_status status = command_cache(s, cache, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    o.models = s->models;
    o.cache = cache;
    o.listen = s->listen;
    o.engine = s->engine;
    o.workers = (uint32_t)s->workers;
    o.queue = (uint32_t)s->queue;
    o.memory_limit = s->memory_limit;
    o.max_request_bytes = s->max_request;
    o.log = s->quiet ? NULL : log_line;
    block_signals(&signals);
    status = cleave_server_open(&o, &server, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    announce(s, server);
    sigwait(&signals, &signal_number);
    status = cleave_server_drain(server, DRAIN_MS);
    cleave_server_close(server);
    if (status != CLEAVE_OK) {
        return clv_fail(err, status, "serve",
                        "Some requests were not answered within %d s.",
                        DRAIN_MS / 1000);
    }
    return CLEAVE_OK;
}

const struct command command_serve = {
    .name = "serve",
    .taker = TAKES_SERVE,
    .usage = "--models DIR [OPTION...]",
    .summary = "compute tails, and whole networks, for devices",
    .text =
        "Every *.onnx of the folder is a model under the file's name without\n"
        ".onnx; NAME.yaml beside it is its card, NAME.calib its calibration.\n"
        "Tails are made when first asked for and kept in the cache.\n"
        "Speaks the Open Inference Protocol over HTTP. SIGTERM ends it when\n"
        "what it has begun is done.\n\n"
        "examples:\n"
        "  cleave serve --models nets\n"
        "  cleave serve --models nets --listen 0.0.0.0:8700 --memory-limit "
        "500MB\n"
        "  curl http://127.0.0.1:8700/v2/models/net\n",
    .check = check,
    .run = serve,
};
