/*
 * place.c - "path:line", cut at the end that tells less.
 */
#include "base/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

/* Room for a colon, the digits of a line and the final zero. */
#define LINE_ROOM 12

cleave_status clv_fail_at(cleave_error *err, cleave_status code,
                          const char *path, unsigned line, const char *format,
                          ...)
{
    char where[sizeof err->where];
    char text[sizeof err->text];
    size_t length = strlen(path);
    size_t room = sizeof where - LINE_ROOM;
    va_list args;

    if (length <= room) {
        snprintf(where, sizeof where, "%s:%u", path, line);
    } else {
        snprintf(where, sizeof where, "...%s:%u", path + length - room + 3,
                 line);
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return clv_fail(err, code, where, "%s", text);
}
