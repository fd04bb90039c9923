/*
 * stream.h - a file, or a standard stream where the name is "-".
 */
#ifndef CLEAVE_TOOL_STREAM_H
#define CLEAVE_TOOL_STREAM_H

#include "base/buffer.h"

/*
 * Reads all of a file or pipe into an initialised buffer, as much as its
 * maximum lets in. CLEAVE_LIMIT above it, CLEAVE_NOT_FOUND, CLEAVE_IO.
 */
cleave_status stream_read(const char *path, struct clv_buffer *into,
                          cleave_error *err);

/* Writes a file, which appears whole or not at all, or standard output. */
cleave_status stream_write(const char *path, clv_bytes content,
                           cleave_error *err);

/* True for "-". */
int stream_is_standard(const char *path);

#endif
