/*
 * transfer.c - a connection to a server, through libcurl.
 *
 * The only file that knows libcurl. An exchange costs two system calls on a
 * warm connection if nothing is set up anew: so the easy handle, the URL and
 * the header list are kept, and a small body is copied into one run of bytes,
 * which libcurl sends together with the headers. A large body is read from
 * its parts as the socket takes it.
 */
#include "wire/transfer.h"

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
#define HEADERS_ABOUT 41 /* bytes of a POST's besides URL and our lines */

/* Where the read callback stands in a body of several parts. */
struct cursor {
    const struct clv_body *body;
    size_t part;
    size_t offset;
};

struct clv_transfer {
    CURL *curl;
    char *url;
    bool secure; /* https */
    size_t max_response_bytes;
    struct clv_clock clock;

    char target[CLV_TRANSFER_URL]; /* the URL that curl has now */
    struct curl_slist *headers;
    char header_text[CLV_TRANSFER_HEADERS]; /* what they say, "": for GET */

    struct clv_buffer small;  /* a small request body in one run */
    struct clv_buffer answer; /* the response body */
    struct cursor cursor;
    struct clv_exchange exchange; /* headers that have come so far */
    char curl_error[CURL_ERROR_SIZE];
    const atomic_int *stop; /* borrowed, or NULL */
};

/* -- What curl calls -- */

static size_t on_body(char *data, size_t size, size_t count, void *self)
{
    struct clv_transfer *transfer = self;

    if (clv_buffer_append(&transfer->answer, data, size * count) != CLEAVE_OK) {
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
    struct clv_transfer *transfer = self;
    struct clv_exchange *exchange = &transfer->exchange;
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
    struct clv_transfer *transfer = self;
    struct cursor *c = &transfer->cursor;
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
    struct clv_transfer *transfer = self;

    if (origin != SEEK_SET || offset != 0) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    transfer->cursor.part = 0;
    transfer->cursor.offset = 0;
    return CURL_SEEKFUNC_OK;
}

/* -- Opening -- */

/* It asks at least once a second, also when nothing comes. */
static int on_progress(void *self, curl_off_t all_down, curl_off_t down,
                       curl_off_t all_up, curl_off_t up)
{
    const struct clv_transfer *transfer = self;

    (void)all_down;
    (void)down;
    (void)all_up;
    (void)up;
    return transfer->stop != NULL && atomic_load(transfer->stop) != 0;
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

static cleave_status set_up_curl(struct clv_transfer *transfer,
                                 const struct clv_transfer_options *options)
{
    CURL *curl = transfer->curl;
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
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->curl_error);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    bad |= curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    bad |= curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
    bad |= curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer);
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
    if (strlen(url) > CLV_TRANSFER_URL / 4) {
        return clv_fail(err, CLEAVE_LIMIT, "client",
                        "The server's URL is %zu bytes long, at most %d are "
                        "allowed.",
                        strlen(url), CLV_TRANSFER_URL / 4);
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

cleave_status clv_transfer_open(const struct clv_transfer_options *options,
                                struct clv_transfer **ret_transfer,
                                cleave_error *err)
{
    struct clv_transfer *transfer;
    size_t most = options->max_response_bytes;
    cleave_status status = check_url(options->url, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        return clv_fail_memory(err, "client", sizeof *transfer);
    }
    transfer->max_response_bytes = most > 0 ? most : DEFAULT_MAX_RESPONSE;
    transfer->clock = clv_clock_machine();
    clv_buffer_init(&transfer->answer, transfer->max_response_bytes);
    clv_buffer_init(&transfer->small, SMALL_BODY);
    transfer->url = copy_url(options->url);
    transfer->secure = strncasecmp(options->url, "https:", 6) == 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
        transfer->curl = curl_easy_init();
    }
    if (transfer->url == NULL || transfer->curl == NULL ||
        set_up_curl(transfer, options) != CLEAVE_OK) {
        clv_transfer_close(transfer);
        return clv_fail(err, CLEAVE_MEMORY, "client",
                        "libcurl could not be set up.");
    }
    *ret_transfer = transfer;
    return CLEAVE_OK;
}

void clv_transfer_close(struct clv_transfer *transfer)
{
    if (transfer == NULL) {
        return;
    }
    curl_easy_cleanup(transfer->curl);
    curl_slist_free_all(transfer->headers);
    if (transfer->curl != NULL) {
        curl_global_cleanup();
    }
    clv_buffer_fini(&transfer->small);
    clv_buffer_fini(&transfer->answer);
    free(transfer->url);
    free(transfer);
}

const char *clv_transfer_url(const struct clv_transfer *transfer)
{
    return transfer->url;
}

void clv_transfer_heed(struct clv_transfer *transfer, const atomic_int *stop)
{
    CURL *curl = transfer->curl;

    transfer->stop = stop;
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, stop == NULL ? 1L : 0L);
}

/* -- What is asked -- */

cleave_status clv_transfer_escape(const struct clv_transfer *transfer,
                                  const char *text, char *into, size_t size,
                                  cleave_error *err)
{
    char *escaped = curl_easy_escape(transfer->curl, text, 0);
    int length;

    if (escaped == NULL) {
        return clv_fail_memory(err, transfer->url, strlen(text));
    }
    length = snprintf(into, size, "%s", escaped);
    curl_free(escaped);
    return length >= 0 && (size_t)length < size ? CLEAVE_OK : CLEAVE_LIMIT;
}

cleave_status clv_transfer_aim(struct clv_transfer *transfer, const char *path,
                               cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    int length = snprintf(transfer->target, sizeof transfer->target, "%s%s",
                          transfer->url, path);

    if (length < 0 || (size_t)length >= sizeof transfer->target) {
        return clv_fail(err, CLEAVE_LIMIT, transfer->url,
                        "The URL is longer than %zu bytes.",
                        sizeof transfer->target);
    }
    if (curl_easy_setopt(transfer->curl, CURLOPT_URL, transfer->target) != 0) {
        status = clv_fail_memory(err, transfer->url, sizeof transfer->target);
    }
    return status;
}

void clv_transfer_get(struct clv_transfer *transfer)
{
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    transfer->header_text[0] = '\0';
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

cleave_status clv_transfer_headers(struct clv_transfer *transfer,
                                   const char *text, cleave_error *err)
{
    struct curl_slist *list;
    char line[CLV_TRANSFER_HEADERS];

    if (transfer->headers != NULL && strcmp(transfer->header_text, text) == 0) {
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
        return clv_fail_memory(err, transfer->url, sizeof line);
    }
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, list);
    curl_slist_free_all(transfer->headers);
    transfer->headers = list;
    snprintf(transfer->header_text, sizeof transfer->header_text, "%s", text);
    return CLEAVE_OK;
}

void clv_transfer_post(struct clv_transfer *transfer, clv_bytes bytes)
{
    curl_easy_setopt(transfer->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDS,
                     bytes.size > 0 ? (const char *)bytes.data : "");
    curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)bytes.size);
}

cleave_status clv_transfer_post_parts(struct clv_transfer *transfer,
                                      const struct clv_body *body,
                                      cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    const void *run = NULL;

    if (body->total_bytes <= SMALL_BODY) {
        clv_buffer_reset(&transfer->small);
        for (size_t i = 0; i < body->part_count; i++) {
            (void)clv_buffer_append(&transfer->small, body->parts[i].data,
                                    body->parts[i].size);
        }
        status = clv_buffer_status(&transfer->small);
        run = transfer->small.data;
    }
    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, transfer->url, body->total_bytes);
    }
    transfer->cursor = (struct cursor){.body = body};
    curl_easy_setopt(transfer->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDS, run);
    curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)body->total_bytes);
    return CLEAVE_OK;
}

/* -- The exchange -- */

/* Our words for curl's troubles. */
static cleave_status transfer_failed(struct clv_transfer *transfer,
                                     CURLcode code, int64_t timeout_ms,
                                     cleave_error *err)
{
    const char *why = transfer->curl_error[0] != '\0'
                          ? transfer->curl_error
                          : curl_easy_strerror(code);

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return clv_fail(err, CLEAVE_TIMEOUT, transfer->url,
                        "No answer within %lld ms: %s.", (long long)timeout_ms,
                        why);
    case CURLE_WRITE_ERROR:
        if (clv_buffer_status(&transfer->answer) == CLEAVE_LIMIT) {
            return clv_fail(err, CLEAVE_LIMIT, transfer->url,
                            "The answer is larger than the %zu bytes allowed.",
                            transfer->max_response_bytes);
        }
        return clv_fail_memory(err, transfer->url, transfer->answer.capacity);
    case CURLE_OUT_OF_MEMORY:
        return clv_fail_memory(err, transfer->url, 0);
    case CURLE_ABORTED_BY_CALLBACK:
        return clv_fail(err, CLEAVE_UNREACHABLE, transfer->url,
                        "Its answer is not waited for any more.");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return clv_fail(err, CLEAVE_INVALID, transfer->url, "%s.", why);
    default:
        return clv_fail(err, CLEAVE_UNREACHABLE, transfer->url,
                        "%s. Is the server running there, and the address "
                        "right? Try: curl %s/v2",
                        why, transfer->url);
    }
}

/*
 * Bytes of the request's headers. Versions of curl differ in whether the
 * size of a request includes a body that left together with its headers;
 * we know about how long ours are, so the nearer of the two is right.
 */
static uint64_t header_bytes(const struct clv_transfer *transfer,
                             uint64_t request, uint64_t body)
{
    uint64_t guess = strlen(transfer->target) + strlen(transfer->header_text) +
                     HEADERS_ABOUT;
    uint64_t without = request > body ? request - body : request;

    if (request <= guess) {
        return request;
    }
    return without >= guess || guess - without < request - guess ? without
                                                                 : request;
}

/* What the connection itself cost, and what it knows. */
static void measure_connection(struct clv_transfer *transfer)
{
    struct clv_exchange *exchange = &transfer->exchange;
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_off_t connected_us = 0;
    curl_off_t secured_us = 0;
    long connections = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(transfer->curl, CURLINFO_CONNECT_TIME_T, &connected_us);
    curl_easy_getinfo(transfer->curl, CURLINFO_APPCONNECT_TIME_T, &secured_us);
    if (connections > 0) {
        exchange->connect_ns =
            1000 * (secured_us > connected_us ? secured_us : connected_us);
    }
    curl_easy_getinfo(transfer->curl, CURLINFO_ACTIVESOCKET, &fd);
    exchange->tcp = clv_tcp_info_of(fd);
}

static void measure(struct clv_transfer *transfer, int64_t started_ns)
{
    struct clv_exchange *exchange = &transfer->exchange;
    long request_headers = 0;
    long response_headers = 0;
    long http = 0;
    curl_off_t up = 0;
    curl_off_t down = 0;

    exchange->total_ns = clv_clock_now_ns(transfer->clock) - started_ns;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(transfer->curl, CURLINFO_REQUEST_SIZE, &request_headers);
    curl_easy_getinfo(transfer->curl, CURLINFO_HEADER_SIZE, &response_headers);
    curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_DOWNLOAD_T, &down);
    exchange->http = (int)http;
    exchange->bytes_up =
        (uint64_t)up +
        header_bytes(transfer, (uint64_t)request_headers, (uint64_t)up);
    exchange->bytes_down = (uint64_t)response_headers + (uint64_t)down;
    exchange->body = clv_buffer_bytes(&transfer->answer);
    measure_connection(transfer);
}

cleave_status clv_transfer_perform(struct clv_transfer *transfer,
                                   int64_t timeout_ms,
                                   struct clv_exchange *ret_exchange,
                                   cleave_error *err)
{
    int64_t started_ns = clv_clock_now_ns(transfer->clock);
    struct clv_sigpipe hold;
    CURLcode code;

    clv_buffer_reset(&transfer->answer);
    transfer->exchange = (struct clv_exchange){.json_bytes = -1};
    transfer->curl_error[0] = '\0';
    curl_easy_setopt(transfer->curl, CURLOPT_TIMEOUT_MS,
                     (long)(timeout_ms > 0 ? timeout_ms : 0));
    if (transfer->secure) {
        clv_sigpipe_hold(&hold);
    }
    code = curl_easy_perform(transfer->curl);
    if (transfer->secure) {
        clv_sigpipe_release(&hold);
    }
    if (code != CURLE_OK) {
        return transfer_failed(transfer, code, timeout_ms, err);
    }
    measure(transfer, started_ns);
    *ret_exchange = transfer->exchange;
    if (transfer->exchange.http != 200) {
        return clv_error_read(transfer->exchange.body, transfer->exchange.http,
                              transfer->url, err);
    }
    return CLEAVE_OK;
}
