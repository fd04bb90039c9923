/*
 * spot.c - a place in a document, for checks that complain about it.
 */
#include "run/spot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

cleave_status clv_spot_refuse(const struct clv_spot *s, const char *format, ...)
{
    char text[sizeof s->err->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return clv_document_fail(s->document, s->err, s->at, "%s", text);
}

cleave_status clv_spot_pass_on(const struct clv_spot *s,
                               const cleave_error *inner)
{
    return clv_spot_refuse(s, "%s%s%s", inner->where,
                           inner->where[0] ? ": " : "", inner->text);
}

struct clv_spot clv_spot_in(const struct clv_spot *s, const char *format, ...)
{
    struct clv_spot inner = *s;
    size_t used = strlen(s->at);
    va_list args;

    va_start(args, format);
    vsnprintf(inner.at + used, sizeof inner.at - used, format, args);
    va_end(args);
    return inner;
}

cleave_status clv_spot_copy(const struct clv_spot *s, const char *text,
                            char **ret_copy)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        return clv_fail_memory(s->err, NULL, strlen(text));
    }
    *ret_copy = copy;
    return CLEAVE_OK;
}
