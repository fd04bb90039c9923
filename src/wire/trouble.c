/*
 * trouble.c - errors on the wire: {"error": "text", "code": "MISMATCH"}.
 *
 * Several statuses share one HTTP code, so the code alone would lose what
 * went wrong; a foreign server sends no `code`, and then the HTTP status has
 * to do.
 */
#include "wire/trouble.h"

#include <string.h>

#include "base/fail.h"
#include "wire/json.h"

static const char *const names[] = {
#define X(name, http, text) #name,
    CLEAVE_STATUS_LIST(X)
#undef X
};

static cleave_status status_of_http(int http)
{
    switch (http) {
    case 408:
    case 504:
        return CLEAVE_TIMEOUT;
    case 404:
        return CLEAVE_NOT_FOUND;
    case 409:
    case 412:
        return CLEAVE_MISMATCH;
    case 413:
        return CLEAVE_LIMIT;
    case 415:
    case 422:
    case 501:
        return CLEAVE_UNSUPPORTED;
    case 429:
    case 503:
        return CLEAVE_BUSY;
    case 502:
        return CLEAVE_UNREACHABLE;
    default:
        return http >= 500 ? CLEAVE_ENGINE : CLEAVE_INVALID;
    }
}

/* The status of this name, or OK. */
static cleave_status status_of_name(const char *name)
{
    for (int i = 1; i < CLEAVE_STATUS_COUNT; i++) {
        if (name != NULL && strcmp(names[i], name) == 0) {
            return (cleave_status)i;
        }
    }
    return CLEAVE_OK;
}

void clv_error_write(const cleave_error *error, struct clv_buffer *into)
{
    const char *text = error->text;
    cleave_status code = error->code;

    if ((unsigned)code >= CLEAVE_STATUS_COUNT) {
        code = CLEAVE_IO;
    }
    clv_json_put(into, "{\"error\":");
    clv_json_put_string(into,
                        text[0] != '\0' ? text : cleave_status_text(code));
    (void)clv_buffer_printf(into, ",\"code\":\"%s\"}", names[code]);
}

cleave_status clv_error_read(clv_bytes body, int http, const char *where,
                             cleave_error *err)
{
    struct json_t *document = NULL;
    const char *text = NULL;
    const char *name = NULL;
    cleave_status status;

    if (clv_json_read(body, where, &document, NULL) == CLEAVE_OK) {
        (void)clv_json_string(document, "error", where, &text, NULL);
        (void)clv_json_string(document, "code", where, &name, NULL);
    }
    status = status_of_name(name);
    if (status == CLEAVE_OK) {
        status = status_of_http(http);
    }
    if (text != NULL) {
        status = clv_fail(err, status, where, "%s", text);
    } else {
        status = clv_fail(err, status, where,
                          "The server answered with HTTP status %d.", http);
    }
    clv_json_free(document);
    return status;
}
