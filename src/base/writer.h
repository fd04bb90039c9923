/*
 * writer.h - a file that appears whole or not at all.
 *
 * Bytes go to a temporary file in the same folder, which is renamed over the
 * target only when all of them are on disk. So a reader never sees half a
 * file, whatever is killed when, and two writers of the same content need no
 * lock. Errors stick: the commit reports the first one. Not thread-safe.
 */
#ifndef CLV_WRITER_H
#define CLV_WRITER_H

#include <stdint.h>
#include <stdio.h>

#include "base/file.h"

struct clv_writer {
    FILE *file;
    uint64_t written;
    int error; /* the first errno, or 0 */
    int lazy;  /* set after open: do not wait for the disk at the commit */
    char path[CLV_PATH_MAX];
    char temporary[CLV_PATH_MAX];
};

/* Begins a file. The target stays as it is until the commit. */
cleave_status clv_writer_open(struct clv_writer *w, const char *path,
                              cleave_error *err);

/* Appends bytes. */
void clv_writer_put(struct clv_writer *w, const void *data, size_t size);

/* Appends zeroes up to a multiple of `alignment`. */
void clv_writer_align(struct clv_writer *w, size_t alignment);

/* Hands all bytes to the system, so that the commit can hardly fail any more.
   CLEAVE_IO if any byte failed; then the file must be abandoned. */
cleave_status clv_writer_flush(struct clv_writer *w, cleave_error *err);

/* Ends the file and puts it in place. CLEAVE_IO if any byte failed; then the
   target is as before and nothing is left behind. */
cleave_status clv_writer_commit(struct clv_writer *w, cleave_error *err);

/* Ends the file and removes it. */
void clv_writer_abandon(struct clv_writer *w);

#endif
