/*
 * http.c - connections and bodies, by libmicrohttpd.
 *
 * The only file that knows libmicrohttpd. One thread of its serves all
 * connections and never blocks: it collects a body, hands it to the workers
 * and lets the connection sleep until a worker wakes it. Only what is known
 * to be done sooner than handed over is computed in place. A call's life:
 *
 *     first seen --> RECEIVING --body complete--> WORKING (suspended)
 *         |              |                            | a worker resumes it
 *         |              | overload, GET, ...         v
 *         +--refused-----+-----------------------> ANSWERED --> sent, freed
 *
 * In RECEIVING and ANSWERED a call belongs to the connections' thread, in
 * WORKING to the worker; suspending and resuming hand it over. The body of a
 * call that is refused at first sight is read away if it is short; else the
 * connection ends. A client that vanishes is noticed when its call is sent, or
 * by the worker before it computes; either way the call is freed in
 * on_completed.
 */
#include "serve/http.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "serve/account.h"
#include "serve/infer.h"
#include "serve/routes.h"

#define CONNECTION_MEMORY ((size_t)32 << 10)
#define ALIGN 16
#define NUMBER_TEXT 24
#define TAG_DIGITS 16  /* of a model's SHA-256 that make its entity tag */
#define SPARE_CALLS 32 /* kept with their buffers, */
#define SPARE_BYTES (256 << 10) /* if these are no larger */
#define MOST_IGNORED (16 << 20) /* bytes of a refused body that are read */

struct clv_http {
    struct clv_service *service;
    struct clv_workers *workers;
    struct MHD_Daemon *daemon;
    uint64_t max_request_bytes;
    int quiesced_socket; /* ours again after drain, or -1 */
    struct call *spare;  /* of the connections' thread: memory to use again */
    size_t spare_count;
    struct clv_account account;
};

enum state { RECEIVING, WORKING, ANSWERED };

struct call {
    struct clv_work work; /* first: a work is its call */
    struct call *next;    /* spare ones */
    struct clv_http *http;
    struct MHD_Connection *connection;
    enum state state;
    struct clv_route route;
    struct clv_buffer body; /* `skew` bytes, then what came */
    size_t skew;            /* so that binary data is aligned */
    uint64_t charged_bytes; /* our share of the account */
    uint64_t ignored_bytes; /* of a body that is refused already */
    int64_t json_bytes;
    int64_t timeout_us;       /* or -1; -2: not a number */
    const char *content_type; /* the connection's, or NULL */
    const char *if_match;     /* likewise */
    int64_t arrived_ns;
    bool final; /* the connection ends after this */
    struct clv_reply reply;
};

static void call_fail(struct call *call, cleave_status status, const char *text)
{
    cleave_error error = CLEAVE_ERROR_INIT;

    clv_fail(&error, status, "server", "%s", text);
    clv_reply_fail(&call->reply, &error);
    call->state = ANSWERED;
}

/* Takes room for `bytes` of body among those of all calls. */
static bool charge(struct call *call, uint64_t bytes)
{
    bool room = clv_account_charge(&call->http->account, bytes);

    call->charged_bytes += room ? bytes : 0;
    return room;
}

/* A call to be filled: one that kept its buffers, or a new one. */
static struct call *call_take(struct clv_http *http)
{
    struct call *call = http->spare;
    struct clv_buffer body;
    struct clv_buffer answer;

    if (call == NULL) {
        call = calloc(1, sizeof *call);
        if (call != NULL) {
            clv_buffer_init(&call->body,
                            (size_t)http->max_request_bytes + ALIGN);
            clv_reply_init(&call->reply);
        }
        return call;
    }
    http->spare = call->next;
    http->spare_count--;
    body = call->body;
    answer = call->reply.body;
    *call = (struct call){.body = body};
    clv_reply_init(&call->reply);
    call->reply.body = answer;
    clv_buffer_reset(&call->body);
    clv_buffer_reset(&call->reply.body);
    return call;
}

static struct call *call_new(struct clv_http *http,
                             struct MHD_Connection *connection)
{
    struct call *call = call_take(http);

    if (call == NULL) {
        return NULL;
    }
    call->http = http;
    call->connection = connection;
    call->json_bytes = -1;
    clv_account_enter(&http->account);
    return call;
}

static void call_drop(struct call *call)
{
    clv_buffer_fini(&call->body);
    clv_reply_fini(&call->reply);
    free(call);
}

static void call_free(struct call *call)
{
    struct clv_http *http = call->http;
    uint64_t bytes = call->charged_bytes;

    if (http->spare_count < SPARE_CALLS && call->body.capacity <= SPARE_BYTES &&
        call->reply.body.capacity <= SPARE_BYTES) {
        call->next = http->spare;
        http->spare = call;
        http->spare_count++;
    } else {
        call_drop(call);
    }
    clv_account_leave(&http->account, bytes);
}

static void add_header(struct MHD_Response *response, const char *name,
                       const char *value)
{
    if (response != NULL && value != NULL) {
        MHD_add_response_header(response, name, value);
    }
}

static const char *print_number(int64_t number, char into[NUMBER_TEXT])
{
    snprintf(into, NUMBER_TEXT, "%lld", (long long)number);
    return number >= 0 ? into : NULL;
}

/* What the body is; a client that did not name its own knows. */
static const char *type_of(const struct clv_reply *reply)
{
    if (reply->frames) {
        return reply->untyped ? NULL : CLV_FRAME_TYPE;
    }
    return reply->json_bytes >= 0 ? "application/octet-stream"
                                  : "application/json";
}

static const char *print_tag(const char *sha256, char into[NUMBER_TEXT])
{
    if (sha256 == NULL) {
        return NULL;
    }
    snprintf(into, NUMBER_TEXT, "\"%.*s\"", TAG_DIGITS, sha256);
    return into;
}

/* Sends the reply. Its body stays the call's until on_completed. */
static enum MHD_Result send_reply(struct call *call)
{
    struct clv_reply *reply = &call->reply;
    bool closing = call->final || atomic_load(&call->http->service->draining);
    char number[NUMBER_TEXT];
    char tag[NUMBER_TEXT];
    char timing[CLV_TIMING_TEXT];
    enum MHD_Result result;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.size, reply->body.data, MHD_RESPMEM_PERSISTENT);

    if (response == NULL) {
        return MHD_NO; /* no memory: the connection ends */
    }
    add_header(response, "Content-Type", type_of(reply));
    add_header(response, "Inference-Header-Content-Length",
               print_number(reply->json_bytes, number));
    add_header(response, "ETag", print_tag(reply->model, tag));
    if (reply->timed) {
        clv_timing_write(&reply->timing, timing);
        add_header(response, "Server-Timing", timing);
    }
    add_header(response, "Allow", reply->allow);
    add_header(response, "Retry-After", reply->http == 503 ? "1" : NULL);
    add_header(response, "Connection", closing ? "close" : NULL);
    result =
        MHD_queue_response(call->connection, (unsigned)reply->http, response);
    MHD_destroy_response(response);
    return result;
}

/* The number in a header: -1 if it is absent, -2 if it is not a sane one. */
static int64_t header_number(struct MHD_Connection *connection,
                             const char *name)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    size_t length = text != NULL ? strlen(text) : 0;

    if (text == NULL) {
        return -1;
    }
    if (length == 0 || length > 18 || strspn(text, "0123456789") != length) {
        return -2;
    }
    return strtoll(text, NULL, 10);
}

static const char *header_text(const struct call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* Looks at the headers of an infer request before its body is read. */
static void expect_body(struct call *call)
{
    uint64_t most = call->http->max_request_bytes;
    int64_t length = header_number(call->connection, "Content-Length");
    const char *coding = header_text(call, "Content-Encoding");
    cleave_error error = CLEAVE_ERROR_INIT;

    call->json_bytes =
        header_number(call->connection, "Inference-Header-Content-Length");
    call->timeout_us = header_number(call->connection, "Timeout-Us");
    call->content_type = header_text(call, "Content-Type");
    call->if_match = header_text(call, "If-Match");
    if (length == -2 || (length > 0 && (uint64_t)length > most)) {
        clv_fail(&error, CLEAVE_LIMIT, "server",
                 "The body is %s bytes, at most %llu are allowed.",
                 header_text(call, "Content-Length"), (unsigned long long)most);
        clv_reply_fail(&call->reply, &error);
        call->state = ANSWERED;
    } else if (call->json_bytes == -2) {
        call_fail(call, CLEAVE_INVALID,
                  "Inference-Header-Content-Length is not a number.");
    } else if (coding != NULL && strcasecmp(coding, "identity") != 0) {
        call_fail(call, CLEAVE_UNSUPPORTED,
                  "Content-Encoding is not supported; send the body as it is.");
    } else if (length > 0 && !charge(call, (uint64_t)length)) {
        call_fail(call, CLEAVE_BUSY,
                  "Too many bytes are waiting to be computed; try again.");
    } else if (length > 0) {
        (void)clv_buffer_reserve(&call->body, (size_t)length + ALIGN);
    }
    if (call->json_bytes > 0) {
        call->skew = (ALIGN - (size_t)call->json_bytes % ALIGN) % ALIGN;
    }
    (void)clv_buffer_append(&call->body, "                ", call->skew);
}

/*
 * True if the body of a refused request is read before it is answered. To
 * close upon a client that is still sending resets the connection, and the
 * client may never read why. So what is not too long is read away, unless
 * the client waits for our word before it sends.
 */
static bool is_read_away(struct MHD_Connection *connection)
{
    int64_t length = header_number(connection, "Content-Length");
    const char *expect =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect");

    return length != -2 && length <= MOST_IGNORED && expect == NULL;
}

/* First sight of a request: its headers are there, its body is not. */
static enum MHD_Result begin(struct clv_http *http,
                             struct MHD_Connection *connection,
                             const char *method, const char *path,
                             void **ret_call)
{
    struct call *call = call_new(http, connection);
    cleave_error error = CLEAVE_ERROR_INIT;

    if (call == NULL) {
        return MHD_NO;
    }
    *ret_call = call;
    if (clv_route_parse(method, path, &call->route, &call->reply.allow,
                        &error) != CLEAVE_OK) {
        clv_reply_fail(&call->reply, &error);
        call->reply.http = call->reply.allow != NULL ? 405 : 404;
        call->state = ANSWERED;
    } else if (clv_route_infers(&call->route)) {
        expect_body(call);
    }
    if (call->state == ANSWERED && !is_read_away(connection)) {
        call->final = true; /* answered now, without reading the body */
        return send_reply(call);
    }
    return MHD_YES;
}

/* Reads away what follows a refusal, but not for ever. */
static enum MHD_Result ignore(struct call *call, size_t size)
{
    call->ignored_bytes += size;
    return call->ignored_bytes <= MOST_IGNORED ? MHD_YES : MHD_NO;
}

static enum MHD_Result receive(struct call *call, const char *data, size_t size)
{
    size_t have = call->body.size - call->skew;
    cleave_status status;

    if (call->state != RECEIVING || !clv_route_infers(&call->route)) {
        return ignore(call, size);
    }
    if (have + size > call->charged_bytes &&
        !charge(call, have + size - call->charged_bytes)) {
        call_fail(call, CLEAVE_BUSY,
                  "Too many bytes are waiting to be computed; try again.");
        return MHD_YES;
    }
    status = clv_buffer_append(&call->body, data, size);
    if (status != CLEAVE_OK) {
        call_fail(call, status, "The body is larger than this server takes.");
        clv_buffer_fini(&call->body);
    }
    return MHD_YES;
}

static bool client_has_gone(void *self)
{
    const struct call *call = self;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd p = {.events = POLLRDHUP};

    if (info == NULL) {
        return false;
    }
    p.fd = info->connect_fd;
    return poll(&p, 1, 0) > 0 &&
           (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static struct clv_infer_job job_of(struct call *call)
{
    bool cut = call->route.kind == CLV_ROUTE_INFER_CUT;

    return (struct clv_infer_job){
        .model = call->route.model,
        .cut = cut ? call->route.cut : NULL,
        .content_type = call->content_type,
        .if_match = call->if_match,
        .body = {call->body.data + call->skew, call->body.size - call->skew},
        .json_bytes = call->json_bytes,
        .timeout_us = call->timeout_us,
        .arrived_ns = call->arrived_ns,
        .gone = client_has_gone,
        .self = call,
    };
}

static void work_on(struct clv_work *work, bool cancelled)
{
    struct call *call = (struct call *)work;
    struct clv_infer_job job = job_of(call);

    if (cancelled) {
        call_fail(call, CLEAVE_BUSY, "The server is ending.");
        call->reply.http = 503;
    } else {
        clv_infer_answer(call->http->service, &job, &call->reply);
    }
    if (call->body.capacity > SPARE_BYTES) { /* not kept while it is sent */
        clv_buffer_fini(&call->body);
    }
    call->state = ANSWERED;
    MHD_resume_connection(call->connection);
}

/* Waking a worker and being woken by it costs more than a short tail. */
static bool answer_at_once(struct call *call)
{
    struct clv_infer_job job = job_of(call);

    if (!clv_infer_try(call->http->service, &job, &call->reply)) {
        return false;
    }
    call->state = ANSWERED;
    return true;
}

/* The body is complete: compute, if somebody can. */
static enum MHD_Result submit(struct call *call)
{
    struct clv_http *http = call->http;

    if (atomic_load(&http->service->draining)) {
        call_fail(call, CLEAVE_BUSY, "The server is ending; ask another one.");
        return send_reply(call);
    }
    if (call->body.size == call->skew) {
        call_fail(call, CLEAVE_INVALID, "The request has no body.");
        return send_reply(call);
    }
    call->arrived_ns = clv_clock_now_ns(http->service->clock);
    if (answer_at_once(call)) {
        return send_reply(call);
    }
    if (clv_workers_reserve(http->workers) != CLEAVE_OK) {
        call_fail(call, CLEAVE_BUSY,
                  "All workers are busy and the queue is full; try again.");
        return send_reply(call);
    }
    call->state = WORKING;
    call->work.run = work_on;
    MHD_suspend_connection(call->connection);
    clv_workers_push(http->workers, &call->work);
    return MHD_YES;
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct clv_http *http = self;
    struct call *call = *context;

    (void)version;
    if (call == NULL) {
        return begin(http, connection, method, path, context);
    }
    if (*size > 0) {
        size_t came = *size;
        *size = 0;
        return receive(call, data, came);
    }
    if (call->state == ANSWERED) {
        return send_reply(call);
    }
    if (clv_route_infers(&call->route)) {
        return submit(call);
    }
    clv_route_answer(http->service, &call->route, &call->reply);
    call->state = ANSWERED;
    return send_reply(call);
}

static void on_completed(void *self, struct MHD_Connection *connection,
                         void **context, enum MHD_RequestTerminationCode why)
{
    struct call *call = *context;

    (void)self;
    (void)connection;
    (void)why;
    if (call != NULL) {
        *context = NULL;
        call_free(call);
    }
}

static void http_free(struct clv_http *http)
{
    clv_account_fini(&http->account);
    free(http);
}

cleave_status clv_http_open(const struct clv_http_options *options,
                            struct clv_service *service,
                            struct clv_workers *workers,
                            struct clv_http **ret_http, cleave_error *err)
{
    struct clv_http *http = calloc(1, sizeof *http);

    if (http == NULL) {
        return clv_fail_memory(err, "server", sizeof *http);
    }
    http->service = service;
    http->workers = workers;
    http->max_request_bytes = options->max_request_bytes;
    http->quiesced_socket = -1;
    clv_account_init(&http->account, options->max_pending_bytes);
    /* A Date would be 37 bytes of every answer; who passes one on adds it. */
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_TURBO | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET,
        options->socket, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)options->connections, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)options->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_END);
    if (http->daemon == NULL) {
        http_free(http);
        return clv_fail(err, CLEAVE_IO, "server",
                        "libmicrohttpd could not be started; too many open "
                        "files or threads?");
    }
    *ret_http = http;
    return CLEAVE_OK;
}

cleave_status clv_http_drain(struct clv_http *http, uint32_t timeout_ms)
{
    int listening = MHD_quiesce_daemon(http->daemon);

    if (listening != MHD_INVALID_SOCKET) {
        /* Who connects now is refused, and does not wait for the end. The
           descriptor itself stays until libmicrohttpd's thread has ended. */
        shutdown(listening, SHUT_RDWR);
        http->quiesced_socket = listening;
    }
    return clv_account_wait(&http->account, timeout_ms) ? CLEAVE_OK
                                                        : CLEAVE_TIMEOUT;
}

void clv_http_close(struct clv_http *http)
{
    if (http == NULL) {
        return;
    }
    MHD_stop_daemon(http->daemon);
    while (http->spare != NULL) {
        struct call *call = http->spare;
        http->spare = call->next;
        call_drop(call);
    }
    if (http->quiesced_socket >= 0) {
        close(http->quiesced_socket);
    }
    http_free(http);
}
