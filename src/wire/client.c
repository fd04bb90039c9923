/*
 * client.c - asking a server, over HTTP, through libcurl.
 *
 * The only file that knows libcurl. A call costs two system calls on a warm
 * connection if nothing is set up anew: so the easy handle, the URL of the
 * last model and the header list are kept, and a small body is copied into
 * one run of bytes, which libcurl sends together with the headers. A large
 * body is read from its parts as the socket takes it.
 */
#include "wire/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fail.h"
#include "wire/sigpipe.h"
#include "wire/trouble.h"

#define DEFAULT_CONNECT_MS 3000
#define DEFAULT_MAX_RESPONSE ((size_t)256 << 20)
#define SMALL_BODY ((size_t)60 << 10)
#define SOCKET_BUFFER 131072L
#define HEADER_ROOM 256
#define HEADERS_ABOUT 41 /* bytes of a POST's besides URL and our lines */
#define MAX_URL 4096
#define TAG_DIGITS 16 /* of a model's SHA-256 that name it in If-Match */

/* Where the read callback stands in a body of several parts. */
struct cursor {
    const struct clv_body *body;
    size_t part;
    size_t offset;
};

struct clv_client {
    CURL *curl;
    char *url;
    bool secure; /* https */
    size_t max_response_bytes;
    struct clv_clock clock;

    char target[MAX_URL]; /* the URL that curl has now */
    char *model;          /* whose infer URL that is, or NULL */
    char *cut;            /* and at which cut, NULL: the JSON form's */
    struct curl_slist *headers;
    char header_text[HEADER_ROOM]; /* what they say, "": they are for GET */

    struct clv_buffer small;  /* a small request body in one run */
    struct clv_buffer answer; /* the response body */
    struct cursor cursor;
    struct clv_exchange exchange; /* headers that have come so far */
    char curl_error[CURL_ERROR_SIZE];
    const atomic_int *stop; /* borrowed, or NULL */
};

static size_t on_body(char *data, size_t size, size_t count, void *self)
{
    struct clv_client *client = self;

    if (clv_buffer_append(&client->answer, data, size * count) != CLEAVE_OK) {
        return 0; /* not what was offered: curl gives up */
    }
    return size * count;
}

/* The value of a header line if it has this name, without blanks around. */
static bool header_is(const char *line, size_t size, const char *name,
                      clv_bytes *ret_value)
{
    size_t length = strlen(name);

    if (size <= length || line[length] != ':' ||
        strncasecmp(line, name, length) != 0) {
        return false;
    }
    line += length + 1;
    size -= length + 1;
    while (size > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == '\n' ||
                        line[size - 1] == ' ')) {
        size--;
    }
    *ret_value = (clv_bytes){(const uint8_t *)line, size};
    return true;
}

/* Digits only, at most 18 of them; -1 if it is anything else. */
static int64_t decimal(clv_bytes text)
{
    int64_t value = 0;

    if (text.size == 0 || text.size > 18) {
        return -1;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    return value;
}

static size_t on_header(char *line, size_t size, size_t count, void *self)
{
    struct clv_client *client = self;
    struct clv_exchange *exchange = &client->exchange;
    clv_bytes value;

    size *= count;
    if (header_is(line, size, "Inference-Header-Content-Length", &value)) {
        int64_t bytes = decimal(value);
        exchange->json_bytes = bytes >= 0 ? bytes : INT64_MAX;
    } else if (header_is(line, size, "Server-Timing", &value)) {
        exchange->has_timing =
            clv_timing_parse(value, &exchange->timing) == CLEAVE_OK;
    } else if (header_is(line, size, "Retry-After", &value)) {
        int64_t seconds = decimal(value);
        exchange->retry_after_s =
            seconds > 0 && seconds < 86400 ? (int)seconds : 1;
    }
    return size;
}

static size_t on_read(char *into, size_t size, size_t count, void *self)
{
    struct clv_client *client = self;
    struct cursor *c = &client->cursor;
    size_t room = size * count;
    size_t done = 0;

    while (room > 0 && c->part < c->body->part_count) {
        clv_bytes part = c->body->parts[c->part];
        size_t n = part.size - c->offset;
        n = n < room ? n : room;
        if (n > 0) {
            memcpy(into + done, part.data + c->offset, n);
        }
        done += n;
        room -= n;
        c->offset += n;
        if (c->offset == part.size) {
            c->part++;
            c->offset = 0;
        }
    }
    return done;
}

/* A kept connection may have died: then curl starts the body again. */
static int on_seek(void *self, curl_off_t offset, int origin)
{
    struct clv_client *client = self;

    if (origin != SEEK_SET || offset != 0) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    client->cursor.part = 0;
    client->cursor.offset = 0;
    return CURL_SEEKFUNC_OK;
}

/* The host part of an URL, for finding out whether it is this machine. */
static bool is_loopback(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    bool loopback = false;

    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == 0 &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == 0) {
        loopback = strcasecmp(host, "localhost") == 0 ||
                   strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
    }
    curl_free(host);
    curl_url_cleanup(parts);
    return loopback;
}

static cleave_status set_up_curl(struct clv_client *client,
                                 const struct clv_client_options *options)
{
    CURL *curl = client->curl;
    int64_t connect_ms =
        options->connect_ms > 0 ? options->connect_ms : DEFAULT_CONNECT_MS;
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    bad |= curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, SOCKET_BUFFER);
    bad |= curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, SOCKET_BUFFER);
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    bad |= curl_easy_setopt(curl, CURLOPT_READDATA, client);
    bad |= curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
    bad |= curl_easy_setopt(curl, CURLOPT_SEEKDATA, client);
    if (is_loopback(options->url)) {
        bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    }
    return bad == CURLE_OK ? CLEAVE_OK : CLEAVE_MEMORY;
}

static cleave_status check_url(const char *url, cleave_error *err)
{
    if (url == NULL || (strncasecmp(url, "http://", 7) != 0 &&
                        strncasecmp(url, "https://", 8) != 0)) {
        return clv_fail(err, CLEAVE_INVALID, url,
                        "A server's URL begins with http:// or https://, for "
                        "example http://192.168.1.5:8700.");
    }
    if (strlen(url) > MAX_URL / 4) {
        return clv_fail(err, CLEAVE_LIMIT, "client",
                        "The server's URL is %zu bytes long, at most %d are "
                        "allowed.",
                        strlen(url), MAX_URL / 4);
    }
    return CLEAVE_OK;
}

static char *copy_url(const char *url)
{
    char *copy = strdup(url);
    size_t length = copy != NULL ? strlen(copy) : 0;

    while (length > 0 && copy[length - 1] == '/') {
        copy[--length] = '\0';
    }
    return copy;
}

cleave_status clv_client_open(const struct clv_client_options *options,
                              struct clv_client **ret_client, cleave_error *err)
{
    struct clv_client *client;
    size_t most = options->max_response_bytes;
    cleave_status status = check_url(options->url, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    client = calloc(1, sizeof *client);
    if (client == NULL) {
        return clv_fail_memory(err, "client", sizeof *client);
    }
    client->max_response_bytes = most > 0 ? most : DEFAULT_MAX_RESPONSE;
    client->clock = clv_clock_machine();
    clv_buffer_init(&client->answer, client->max_response_bytes);
    clv_buffer_init(&client->small, SMALL_BODY);
    client->url = copy_url(options->url);
    client->secure = strncasecmp(options->url, "https:", 6) == 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
        client->curl = curl_easy_init();
    }
    if (client->url == NULL || client->curl == NULL ||
        set_up_curl(client, options) != CLEAVE_OK) {
        clv_client_close(client);
        return clv_fail(err, CLEAVE_MEMORY, "client",
                        "libcurl could not be set up.");
    }
    *ret_client = client;
    return CLEAVE_OK;
}

void clv_client_close(struct clv_client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    if (client->curl != NULL) {
        curl_global_cleanup();
    }
    clv_buffer_fini(&client->small);
    clv_buffer_fini(&client->answer);
    free(client->model);
    free(client->cut);
    free(client->url);
    free(client);
}

const char *clv_client_url(const struct clv_client *client)
{
    return client->url;
}

/* libcurl asks at least once a second, also when nothing comes. */
static int on_progress(void *self, curl_off_t all_down, curl_off_t down,
                       curl_off_t all_up, curl_off_t up)
{
    const struct clv_client *client = self;

    (void)all_down;
    (void)down;
    (void)all_up;
    (void)up;
    return client->stop != NULL && atomic_load(client->stop) != 0;
}

void clv_client_heed(struct clv_client *client, const atomic_int *stop)
{
    client->stop = stop;
    curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(client->curl, CURLOPT_XFERINFODATA, client);
    curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, stop == NULL ? 1L : 0L);
}

/* Our words for curl's troubles. */
static cleave_status transfer_failed(struct clv_client *client, CURLcode code,
                                     int64_t timeout_ms, cleave_error *err)
{
    const char *why = client->curl_error[0] != '\0' ? client->curl_error
                                                    : curl_easy_strerror(code);

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return clv_fail(err, CLEAVE_TIMEOUT, client->url,
                        "No answer within %lld ms: %s.", (long long)timeout_ms,
                        why);
    case CURLE_WRITE_ERROR:
        if (clv_buffer_status(&client->answer) == CLEAVE_LIMIT) {
            return clv_fail(err, CLEAVE_LIMIT, client->url,
                            "The answer is larger than the %zu bytes allowed.",
                            client->max_response_bytes);
        }
        return clv_fail_memory(err, client->url, client->answer.capacity);
    case CURLE_OUT_OF_MEMORY:
        return clv_fail_memory(err, client->url, 0);
    case CURLE_ABORTED_BY_CALLBACK:
        return clv_fail(err, CLEAVE_UNREACHABLE, client->url,
                        "Its answer is not waited for any more.");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return clv_fail(err, CLEAVE_INVALID, client->url, "%s.", why);
    default:
        return clv_fail(err, CLEAVE_UNREACHABLE, client->url,
                        "%s. Is the server running there, and the address "
                        "right? Try: curl %s/v2",
                        why, client->url);
    }
}

/*
 * Bytes of the request's headers. Versions of curl differ in whether the
 * size of a request includes a body that left together with its headers;
 * we know about how long ours are, so the nearer of the two is right.
 */
static uint64_t header_bytes(const struct clv_client *client, uint64_t request,
                             uint64_t body)
{
    uint64_t guess =
        strlen(client->target) + strlen(client->header_text) + HEADERS_ABOUT;
    uint64_t without = request > body ? request - body : request;

    if (request <= guess) {
        return request;
    }
    return without >= guess || guess - without < request - guess ? without
                                                                 : request;
}

/* What the connection itself cost, and what it knows. */
static void measure_connection(struct clv_client *client)
{
    struct clv_exchange *exchange = &client->exchange;
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_off_t connected_us = 0;
    curl_off_t secured_us = 0;
    long connections = 0;

    curl_easy_getinfo(client->curl, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(client->curl, CURLINFO_APPCONNECT_TIME_T, &secured_us);
    if (connections > 0) {
        exchange->connect_ns =
            1000 * (secured_us > connected_us ? secured_us : connected_us);
    }
    curl_easy_getinfo(client->curl, CURLINFO_ACTIVESOCKET, &fd);
    exchange->tcp = clv_tcp_info_of(fd);
}

static void measure(struct clv_client *client, int64_t started_ns)
{
    struct clv_exchange *exchange = &client->exchange;
    long request_headers = 0;
    long response_headers = 0;
    long http = 0;
    curl_off_t up = 0;
    curl_off_t down = 0;

    exchange->total_ns = clv_clock_now_ns(client->clock) - started_ns;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(client->curl, CURLINFO_REQUEST_SIZE, &request_headers);
    curl_easy_getinfo(client->curl, CURLINFO_HEADER_SIZE, &response_headers);
    curl_easy_getinfo(client->curl, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(client->curl, CURLINFO_SIZE_DOWNLOAD_T, &down);
    exchange->http = (int)http;
    exchange->bytes_up =
        (uint64_t)up +
        header_bytes(client, (uint64_t)request_headers, (uint64_t)up);
    exchange->bytes_down = (uint64_t)response_headers + (uint64_t)down;
    exchange->body = clv_buffer_bytes(&client->answer);
    measure_connection(client);
}

/* Sends what has been set up and waits for the answer. */
static cleave_status perform(struct clv_client *client, int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err)
{
    int64_t started_ns = clv_clock_now_ns(client->clock);
    struct clv_sigpipe hold;
    CURLcode code;

    clv_buffer_reset(&client->answer);
    client->exchange = (struct clv_exchange){.json_bytes = -1};
    client->curl_error[0] = '\0';
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS,
                     (long)(timeout_ms > 0 ? timeout_ms : 0));
    if (client->secure) {
        clv_sigpipe_hold(&hold);
    }
    code = curl_easy_perform(client->curl);
    if (client->secure) {
        clv_sigpipe_release(&hold);
    }
    if (code != CURLE_OK) {
        return transfer_failed(client, code, timeout_ms, err);
    }
    measure(client, started_ns);
    *ret_exchange = client->exchange;
    if (client->exchange.http != 200) {
        return clv_error_read(client->exchange.body, client->exchange.http,
                              client->url, err);
    }
    return CLEAVE_OK;
}

static cleave_status set_target(struct clv_client *client, const char *path,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    int length = snprintf(client->target, sizeof client->target, "%s%s",
                          client->url, path);

    free(client->model);
    free(client->cut);
    client->model = NULL;
    client->cut = NULL;
    if (length < 0 || (size_t)length >= sizeof client->target) {
        return clv_fail(err, CLEAVE_LIMIT, client->url,
                        "The URL is longer than %zu bytes.",
                        sizeof client->target);
    }
    if (curl_easy_setopt(client->curl, CURLOPT_URL, client->target) != 0) {
        status = clv_fail_memory(err, client->url, sizeof client->target);
    }
    return status;
}

static cleave_status set_model_target(struct clv_client *client,
                                      const char *model, const char *verb,
                                      cleave_error *err)
{
    char path[MAX_URL];
    char *escaped = curl_easy_escape(client->curl, model, 0);
    int length;

    if (escaped == NULL) {
        return clv_fail_memory(err, client->url, strlen(model));
    }
    length = snprintf(path, sizeof path, "/v2/models/%s%s", escaped, verb);
    curl_free(escaped);
    if (length < 0 || (size_t)length >= sizeof path) {
        return clv_fail(err, CLEAVE_LIMIT, client->url,
                        "The model's name is too long.");
    }
    return set_target(client, path, err);
}

static cleave_status get(struct clv_client *client, int64_t timeout_ms,
                         struct clv_exchange *ret_exchange, cleave_error *err)
{
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(client->headers);
    client->headers = NULL;
    client->header_text[0] = '\0';
    return perform(client, timeout_ms, ret_exchange, err);
}

cleave_status clv_client_get(struct clv_client *client, const char *path,
                             int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err)
{
    cleave_status status = set_target(client, path, err);

    if (status == CLEAVE_OK) {
        status = get(client, timeout_ms, ret_exchange, err);
    }
    return status;
}

cleave_status clv_client_model(struct clv_client *client, const char *model,
                               int64_t timeout_ms,
                               struct clv_model_metadata *ret_metadata,
                               cleave_error *err)
{
    struct clv_exchange exchange;
    cleave_status status = set_model_target(client, model, "", err);

    if (status == CLEAVE_OK) {
        status = get(client, timeout_ms, &exchange, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_model_metadata_parse(exchange.body, ret_metadata, err);
    }
    return status;
}

/* curl_slist_append that frees the list if it fails; takes and gives NULL. */
static struct curl_slist *appended(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = NULL;

    if (list != NULL) {
        longer = curl_slist_append(list, line);
    }
    if (longer == NULL) {
        curl_slist_free_all(list);
    }
    return longer;
}

/*
 * Our header lines, each ending in "\r\n", instead of those that curl would
 * add: a few bytes here are many beside a small frame. They seldom change.
 */
static cleave_status set_headers(struct clv_client *client, const char *text,
                                 cleave_error *err)
{
    struct curl_slist *list;
    char line[HEADER_ROOM];

    if (client->headers != NULL && strcmp(client->header_text, text) == 0) {
        return CLEAVE_OK;
    }
    list = curl_slist_append(NULL, "Expect:"); /* not worth a round trip */
    list = appended(list, "Accept:");
    if (strstr(text, "Content-Type:") == NULL) {
        list = appended(list, "Content-Type:");
    }
    for (const char *at = text; *at != '\0'; at = strstr(at, "\r\n") + 2) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\r"), at);
        list = appended(list, line);
    }
    if (list == NULL) {
        return clv_fail_memory(err, client->url, sizeof line);
    }
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, list);
    curl_slist_free_all(client->headers);
    client->headers = list;
    snprintf(client->header_text, sizeof client->header_text, "%s", text);
    return CLEAVE_OK;
}

static cleave_status set_json_headers(struct clv_client *client,
                                      int64_t json_bytes, cleave_error *err)
{
    char text[HEADER_ROOM];

    snprintf(text, sizeof text,
             "Inference-Header-Content-Length: %lld\r\n"
             "Content-Type: application/octet-stream\r\n",
             (long long)json_bytes);
    return set_headers(client, text, err);
}

static cleave_status set_body(struct clv_client *client,
                              const struct clv_body *body, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    const void *run = NULL;

    if (body->total_bytes <= SMALL_BODY) {
        clv_buffer_reset(&client->small);
        for (size_t i = 0; i < body->part_count; i++) {
            (void)clv_buffer_append(&client->small, body->parts[i].data,
                                    body->parts[i].size);
        }
        status = clv_buffer_status(&client->small);
        run = client->small.data;
    }
    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, client->url, body->total_bytes);
    }
    client->cursor = (struct cursor){.body = body};
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, run);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)body->total_bytes);
    return CLEAVE_OK;
}

/* The URL of the model's infer, unless curl has it already. */
static cleave_status aim(struct clv_client *client, const char *model,
                         cleave_error *err)
{
    cleave_status status;

    if (client->model != NULL && client->cut == NULL &&
        strcmp(client->model, model) == 0) {
        return CLEAVE_OK;
    }
    status = set_model_target(client, model, "/infer", err);
    if (status == CLEAVE_OK) {
        client->model = strdup(model); /* if that fails, only time is lost */
    }
    return status;
}

cleave_status clv_client_infer(struct clv_client *client, const char *model,
                               const struct clv_body *body, int64_t timeout_ms,
                               struct clv_infer_response *ret_response,
                               struct clv_exchange *ret_exchange,
                               cleave_error *err)
{
    cleave_status status = aim(client, model, err);

    if (status == CLEAVE_OK) {
        status = set_json_headers(client, (int64_t)body->json.size, err);
    }
    if (status == CLEAVE_OK) {
        status = set_body(client, body, err);
    }
    if (status == CLEAVE_OK) {
        status = perform(client, timeout_ms, ret_exchange, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_infer_response_parse(
            ret_exchange->body, ret_exchange->json_bytes, ret_response, err);
    }
    return status;
}

/* The URL of the cut's infer, unless curl has it already. */
static cleave_status aim_at_cut(struct clv_client *client, const char *model,
                                const char *cut, cleave_error *err)
{
    char verb[MAX_URL];
    char *escaped;
    int length;
    cleave_status status;

    if (client->model != NULL && client->cut != NULL &&
        strcmp(client->model, model) == 0 && strcmp(client->cut, cut) == 0) {
        return CLEAVE_OK;
    }
    escaped = curl_easy_escape(client->curl, cut, 0);
    if (escaped == NULL) {
        return clv_fail_memory(err, client->url, strlen(cut));
    }
    length = snprintf(verb, sizeof verb, "/cuts/%s/infer", escaped);
    curl_free(escaped);
    if (length < 0 || (size_t)length >= sizeof verb) {
        return clv_fail(err, CLEAVE_LIMIT, client->url,
                        "The cut's name is too long.");
    }
    status = set_model_target(client, model, verb, err);
    if (status == CLEAVE_OK) {
        client->cut = strdup(cut); /* as above */
        client->model = client->cut != NULL ? strdup(model) : NULL;
    }
    return status;
}

static cleave_status set_cut_headers(struct clv_client *client,
                                     const struct clv_cut_request *request,
                                     cleave_error *err)
{
    const char *type = request->content_type;
    char timeout[64] = "";
    char text[HEADER_ROOM];
    int length;

    if (request->timeout_us > 0) {
        snprintf(timeout, sizeof timeout, "Timeout-Us: %lld\r\n",
                 (long long)request->timeout_us);
    }
    length = snprintf(text, sizeof text, "If-Match: \"%.*s\"\r\n%s%s%s%s",
                      TAG_DIGITS, request->sha256, timeout,
                      type != NULL ? "Content-Type: " : "",
                      type != NULL ? type : "", type != NULL ? "\r\n" : "");
    if (length < 0 || (size_t)length >= sizeof text) {
        return clv_fail(err, CLEAVE_LIMIT, client->url,
                        "The content type is too long.");
    }
    return set_headers(client, text, err);
}

cleave_status clv_client_infer_cut(struct clv_client *client,
                                   const struct clv_cut_request *request,
                                   int64_t timeout_ms,
                                   struct clv_exchange *ret_exchange,
                                   cleave_error *err)
{
    clv_bytes body = request->body;
    cleave_status status =
        aim_at_cut(client, request->model, request->cut, err);

    if (status == CLEAVE_OK) {
        status = set_cut_headers(client, request, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS,
                     body.size > 0 ? (const char *)body.data : "");
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)body.size);
    return perform(client, timeout_ms, ret_exchange, err);
}
