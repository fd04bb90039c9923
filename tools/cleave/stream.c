/*
 * stream.c - a file, or a standard stream where the name is "-".
 *
 * A pipe has no length, so what comes is read until it ends.
 */
#include "stream.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"

#define CHUNK ((size_t)1 << 16)

int stream_is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static cleave_status read_standard(struct clv_buffer *into, cleave_error *err)
{
    while (clv_buffer_status(into) == CLEAVE_OK && !feof(stdin)) {
        size_t room = into->max - into->size;
        size_t n = room < CHUNK ? room + 1 : CHUNK;
        if (clv_buffer_reserve(into, n) == CLEAVE_OK) {
            into->size += fread(into->data + into->size, 1, n, stdin);
        }
        if (ferror(stdin)) {
            return clv_fail_errno(err, CLEAVE_IO, "standard input", "Reading");
        }
    }
    if (clv_buffer_status(into) != CLEAVE_OK) {
        return clv_fail(err, clv_buffer_status(into), "standard input",
                        "More than %zu bytes came; that is the most.",
                        into->max);
    }
    return CLEAVE_OK;
}

cleave_status stream_read(const char *path, struct clv_buffer *into,
                          cleave_error *err)
{
    return stream_is_standard(path) ? read_standard(into, err)
                                    : clv_file_read(path, into->max, into, err);
}

cleave_status stream_write(const char *path, clv_bytes content,
                           cleave_error *err)
{
    if (!stream_is_standard(path)) {
        return clv_file_write(path, content, err);
    }
    if (fwrite(content.data, 1, content.size, stdout) != content.size ||
        fflush(stdout) != 0) {
        return clv_fail_errno(err, CLEAVE_IO, "standard output", "Writing");
    }
    return CLEAVE_OK;
}
