/*
 * client.c - what a device asks of a server.
 *
 * Each question is a path, header lines and a body, handed to transfer.c; what
 * comes back is parsed where its form is known. The same model and cut are
 * asked for again and again: so the last ones are remembered, and their URL is
 * not put together anew.
 */
#include "wire/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "wire/transfer.h"

#define TAG_DIGITS 16 /* of a model's SHA-256 that name it in If-Match */

struct clv_client {
    struct clv_transfer *transfer;
    char *model; /* whose infer the transfer is aimed at, or NULL */
    char *cut;   /* and at which cut, NULL: the JSON form's */
};

cleave_status clv_client_open(const struct clv_transfer_options *options,
                              struct clv_client **ret_client, cleave_error *err)
{
    struct clv_client *client = calloc(1, sizeof *client);
    cleave_status status;

    if (client == NULL) {
        return clv_fail_memory(err, "client", sizeof *client);
    }
    status = clv_transfer_open(options, &client->transfer, err);
    if (status != CLEAVE_OK) {
        free(client);
        return status;
    }
    *ret_client = client;
    return CLEAVE_OK;
}

void clv_client_close(struct clv_client *client)
{
    if (client == NULL) {
        return;
    }
    clv_transfer_close(client->transfer);
    free(client->model);
    free(client->cut);
    free(client);
}

void clv_client_heed(struct clv_client *client, const atomic_int *stop)
{
    clv_transfer_heed(client->transfer, stop);
}

const char *clv_client_url(const struct clv_client *client)
{
    return clv_transfer_url(client->transfer);
}

/* -- Where to -- */

static cleave_status aim(struct clv_client *client, const char *path,
                         cleave_error *err)
{
    free(client->model);
    free(client->cut);
    client->model = NULL;
    client->cut = NULL;
    return clv_transfer_aim(client->transfer, path, err);
}

static cleave_status too_long(const struct clv_client *client, const char *what,
                              cleave_error *err)
{
    return clv_fail(err, CLEAVE_LIMIT, clv_client_url(client),
                    "The %s is too long.", what);
}

static cleave_status aim_at_model(struct clv_client *client, const char *model,
                                  const char *verb, cleave_error *err)
{
    char path[CLV_TRANSFER_URL];
    char name[CLV_TRANSFER_URL];
    cleave_status status =
        clv_transfer_escape(client->transfer, model, name, sizeof name, err);
    int length = 0;

    if (status == CLEAVE_OK) {
        length = snprintf(path, sizeof path, "/v2/models/%s%s", name, verb);
    }
    if (status == CLEAVE_LIMIT || length < 0 || (size_t)length >= sizeof path) {
        return too_long(client, "model's name", err);
    }
    return status == CLEAVE_OK ? aim(client, path, err) : status;
}

/* The URL of the model's infer, unless it is there already. */
static cleave_status aim_at_infer(struct clv_client *client, const char *model,
                                  cleave_error *err)
{
    cleave_status status;

    if (client->model != NULL && client->cut == NULL &&
        strcmp(client->model, model) == 0) {
        return CLEAVE_OK;
    }
    status = aim_at_model(client, model, "/infer", err);
    if (status == CLEAVE_OK) {
        client->model = strdup(model); /* if that fails, only time is lost */
    }
    return status;
}

/* The URL of the cut's infer, unless it is there already. */
static cleave_status aim_at_cut(struct clv_client *client, const char *model,
                                const char *cut, cleave_error *err)
{
    char verb[CLV_TRANSFER_URL];
    char name[CLV_TRANSFER_URL];
    int length = 0;
    cleave_status status;

    if (client->model != NULL && client->cut != NULL &&
        strcmp(client->model, model) == 0 && strcmp(client->cut, cut) == 0) {
        return CLEAVE_OK;
    }
    status = clv_transfer_escape(client->transfer, cut, name, sizeof name, err);
    if (status == CLEAVE_OK) {
        length = snprintf(verb, sizeof verb, "/cuts/%s/infer", name);
    }
    if (status == CLEAVE_LIMIT || length < 0 || (size_t)length >= sizeof verb) {
        return too_long(client, "cut's name", err);
    }
    if (status == CLEAVE_OK) {
        status = aim_at_model(client, model, verb, err);
    }
    if (status == CLEAVE_OK) {
        client->cut = strdup(cut); /* as above */
        client->model = client->cut != NULL ? strdup(model) : NULL;
    }
    return status;
}

/* -- The questions -- */

static cleave_status get(struct clv_client *client, int64_t timeout_ms,
                         struct clv_exchange *ret_exchange, cleave_error *err)
{
    clv_transfer_get(client->transfer);
    return clv_transfer_perform(client->transfer, timeout_ms, ret_exchange,
                                err);
}

cleave_status clv_client_get(struct clv_client *client, const char *path,
                             int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err)
{
    cleave_status status = aim(client, path, err);

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
    cleave_status status = aim_at_model(client, model, "", err);

    if (status == CLEAVE_OK) {
        status = get(client, timeout_ms, &exchange, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_model_metadata_parse(exchange.body, ret_metadata, err);
    }
    return status;
}

static cleave_status set_json_headers(struct clv_client *client,
                                      int64_t json_bytes, cleave_error *err)
{
    char text[CLV_TRANSFER_HEADERS];

    snprintf(text, sizeof text,
             "Inference-Header-Content-Length: %lld\r\n"
             "Content-Type: application/octet-stream\r\n",
             (long long)json_bytes);
    return clv_transfer_headers(client->transfer, text, err);
}

cleave_status clv_client_infer(struct clv_client *client, const char *model,
                               const struct clv_body *body, int64_t timeout_ms,
                               struct clv_infer_response *ret_response,
                               struct clv_exchange *ret_exchange,
                               cleave_error *err)
{
    cleave_status status = aim_at_infer(client, model, err);

    if (status == CLEAVE_OK) {
        status = set_json_headers(client, (int64_t)body->json.size, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_transfer_post_parts(client->transfer, body, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_transfer_perform(client->transfer, timeout_ms,
                                      ret_exchange, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_infer_response_parse(
            ret_exchange->body, ret_exchange->json_bytes, ret_response, err);
    }
    return status;
}

static cleave_status set_cut_headers(struct clv_client *client,
                                     const struct clv_cut_request *request,
                                     cleave_error *err)
{
    const char *type = request->content_type;
    char timeout[64] = "";
    char text[CLV_TRANSFER_HEADERS];
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
        return too_long(client, "content type", err);
    }
    return clv_transfer_headers(client->transfer, text, err);
}

cleave_status clv_client_infer_cut(struct clv_client *client,
                                   const struct clv_cut_request *request,
                                   int64_t timeout_ms,
                                   struct clv_exchange *ret_exchange,
                                   cleave_error *err)
{
    cleave_status status =
        aim_at_cut(client, request->model, request->cut, err);

    if (status == CLEAVE_OK) {
        status = set_cut_headers(client, request, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_transfer_post(client->transfer, request->body);
    return clv_transfer_perform(client->transfer, timeout_ms, ret_exchange,
                                err);
}
