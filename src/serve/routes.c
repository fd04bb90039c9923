/*
 * routes.c - what a method and a path ask for, and the answers that need no
 * computing.
 *
 * Paths are matched word by word against one table. A model has the one
 * version "1"; another one is not found.
 */
#include "serve/routes.h"

#include <string.h>

#include "base/fail.h"
#include "wire/json.h"
#include "wire/metadata.h"

#define PLATFORM "onnxruntime_onnx"

static const struct {
    /* '*' stands for the model's name, '**' for the cut's: the names of
       tensors have slashes, so a cut's goes up to what stands behind it. */
    const char *words;
    enum clv_route_kind kind;
} table[] = {
    {"v2", CLV_ROUTE_SERVER},
    {"v2/health/live", CLV_ROUTE_LIVE},
    {"v2/health/ready", CLV_ROUTE_READY},
    {"v2/models", CLV_ROUTE_MODELS},
    {"v2/models/*", CLV_ROUTE_MODEL},
    {"v2/models/*/versions/1", CLV_ROUTE_MODEL},
    {"v2/models/*/ready", CLV_ROUTE_MODEL_READY},
    {"v2/models/*/versions/1/ready", CLV_ROUTE_MODEL_READY},
    {"v2/models/*/infer", CLV_ROUTE_INFER},
    {"v2/models/*/versions/1/infer", CLV_ROUTE_INFER},
    {"v2/models/*/cuts/**/infer", CLV_ROUTE_INFER_CUT},
    {"v2/models/*/versions/1/cuts/**/infer", CLV_ROUTE_INFER_CUT},
};

/* Length of the word at `at`, up to the next '/' or the end. */
static size_t word_length(const char *at)
{
    return strcspn(at, "/");
}

static void skip(const char **at, size_t length)
{
    *at += length;
    if (**at == '/') {
        (*at)++;
    }
}

static bool take_name(const char *path, size_t length, char *into, size_t room)
{
    if (length == 0 || length >= room) {
        return false;
    }
    memcpy(into, path, length);
    into[length] = '\0';
    return true;
}

/* Length of the cut's name at `path`: all but what `words` say behind "**". */
static size_t cut_length(const char *words, const char *path)
{
    size_t behind = strlen(words) - strlen("**");
    size_t length = strlen(path);

    return length > behind ? length - behind : 0;
}

static bool matches(const char *words, const char *path,
                    struct clv_route *route)
{
    while (*words != '\0' && *path != '\0') {
        size_t w = word_length(words);
        size_t p = word_length(path);
        if (w == 2 && memcmp(words, "**", w) == 0) {
            p = cut_length(words, path);
            if (!take_name(path, p, route->cut, sizeof route->cut)) {
                return false;
            }
        } else if (w == 1 && *words == '*') {
            if (!take_name(path, p, route->model, sizeof route->model)) {
                return false;
            }
        } else if (w != p || memcmp(words, path, w) != 0) {
            return false;
        }
        skip(&words, w);
        skip(&path, p);
    }
    return *words == '\0' && *path == '\0';
}

static bool find(const char *path, struct clv_route *route)
{
    if (*path != '/') {
        return false;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        route->model[0] = '\0';
        route->cut[0] = '\0';
        if (matches(table[i].words, path + 1, route)) {
            route->kind = table[i].kind;
            return true;
        }
    }
    return false;
}

bool clv_route_infers(const struct clv_route *route)
{
    return route->kind == CLV_ROUTE_INFER || route->kind == CLV_ROUTE_INFER_CUT;
}

cleave_status clv_route_parse(const char *method, const char *path,
                              struct clv_route *ret_route,
                              const char **ret_allow, cleave_error *err)
{
    struct clv_route route;
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool post = strcmp(method, "POST") == 0;

    *ret_allow = NULL;
    if (!find(path, &route)) {
        return clv_fail(err, CLEAVE_NOT_FOUND, path,
                        "There is nothing at '%.200s'; GET /v2/models lists "
                        "the models.",
                        path);
    }
    if (clv_route_infers(&route) ? !post : !get) {
        *ret_allow = clv_route_infers(&route) ? "POST" : "GET, HEAD";
        return clv_fail(err, CLEAVE_INVALID, path,
                        "The method %.20s is not for '%.200s'; allowed: %s.",
                        method, path, *ret_allow);
    }
    *ret_route = route;
    return CLEAVE_OK;
}

static void list_models(const struct clv_service *service,
                        struct clv_buffer *into)
{
    clv_json_put(into, "{\"models\":[");
    for (size_t i = 0; i < service->catalog.count; i++) {
        const struct clv_served *model = &service->catalog.models[i];
        clv_json_put(into, i > 0 ? ",{\"name\":" : "{\"name\":");
        clv_json_put_string(into, model->name);
        (void)clv_buffer_printf(into, ",\"ready\":%s",
                                model->network != NULL ? "true" : "false");
        if (model->network != NULL) {
            clv_json_put(into, ",\"sha256\":");
            clv_json_put_string(into, clv_network_sha256(model->network));
        }
        clv_json_put(into, "}");
    }
    clv_json_put(into, "]}");
}

static void describe_model(const struct clv_served *model,
                           struct clv_buffer *into)
{
    struct clv_model_metadata metadata = {
        .name = model->name,
        .sha256 = clv_network_sha256(model->network),
        .platform = PLATFORM,
    };

    if (model->calibration != NULL) {
        metadata.calibration = clv_calibration_id(model->calibration);
    }
    metadata.inputs = clv_network_inputs(model->network, &metadata.input_count);
    metadata.outputs =
        clv_network_outputs(model->network, &metadata.output_count);
    clv_model_metadata_write(&metadata, into);
}

static void answer_model(const struct clv_service *service,
                         const struct clv_route *route, struct clv_reply *reply)
{
    struct clv_served *model = NULL;
    cleave_error error = CLEAVE_ERROR_INIT;

    if (clv_catalog_find(&service->catalog, route->model, &model, &error) !=
        CLEAVE_OK) {
        clv_reply_fail(reply, &error);
        return;
    }
    if (route->kind == CLV_ROUTE_MODEL) {
        describe_model(model, &reply->body);
        reply->model = clv_network_sha256(model->network);
    } else {
        clv_json_put(&reply->body, "{\"ready\":true}");
    }
}

void clv_route_answer(const struct clv_service *service,
                      const struct clv_route *route, struct clv_reply *reply)
{
    bool ready = !atomic_load(&service->draining);

    switch (route->kind) {
    case CLV_ROUTE_SERVER:
        clv_server_metadata_write(&reply->body);
        break;
    case CLV_ROUTE_LIVE:
        clv_json_put(&reply->body, "{\"live\":true}");
        break;
    case CLV_ROUTE_READY:
        reply->http = ready ? 200 : 503;
        clv_json_put(&reply->body,
                     ready ? "{\"ready\":true}" : "{\"ready\":false}");
        break;
    case CLV_ROUTE_MODELS:
        list_models(service, &reply->body);
        break;
    default:
        answer_model(service, route, reply);
        break;
    }
}
