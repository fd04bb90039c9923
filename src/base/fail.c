/*
 * fail.c - the words of an error.
 *
 * Errors live on the caller's stack in a struct of fixed size, so reporting
 * one can itself never fail. The first message wins: the deepest function
 * knows the cause, those above only know that something below went wrong.
 */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    int http;
} statuses[] = {
#define X(name, http, text) {text, http},
    CLEAVE_STATUS_LIST(X)
#undef X
};

const char *cleave_status_text(cleave_status status)
{
    if ((unsigned)status >= CLEAVE_STATUS_COUNT) {
        return "unknown status";
    }
    return statuses[status].text;
}

int cleave_status_http(cleave_status status)
{
    if ((unsigned)status >= CLEAVE_STATUS_COUNT) {
        return 500;
    }
    return statuses[status].http;
}

const char *cleave_version(void)
{
    return CLEAVE_VERSION;
}

static void set_where(cleave_error *err, const char *where)
{
    snprintf(err->where, sizeof err->where, "%s", where ? where : "");
}

cleave_status clv_fail(cleave_error *err, cleave_status code, const char *where,
                       const char *format, ...)
{
    if (err != NULL && err->code == CLEAVE_OK) {
        va_list args;
        err->code = code;
        set_where(err, where);
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return code;
}

cleave_status clv_fail_errno(cleave_error *err, cleave_status code,
                             const char *where, const char *doing)
{
    char reason[128];
    int number = errno;

    snprintf(reason, sizeof reason, "%s", strerror(number));
    return clv_fail(err, code, where, "%s failed: %s.", doing, reason);
}

cleave_status clv_fail_memory(cleave_error *err, const char *where,
                              size_t bytes)
{
    return clv_fail(err, CLEAVE_MEMORY, where,
                    "No memory for %zu bytes; close other programs or use a "
                    "smaller model.",
                    bytes);
}
