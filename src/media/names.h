/*
 * names.h - the names of classes: a text file with one name a line.
 *
 * Line i (from 0) names class i. An empty line is an empty name, so that
 * numbers stay; the newline after the last name opens no further line.
 * Read-only once made, and may then be read by all threads.
 */
#ifndef CLV_NAMES_H
#define CLV_NAMES_H

#include <stddef.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* The largest file of names, and the most names. */
#define CLV_NAMES_BYTES ((size_t)16 << 20)
#define CLV_NAMES_MAX ((size_t)1 << 20)

/* `list` has `count` names, in `text`. All zero is an empty list. */
struct clv_names {
    char *text;
    const char **list;
    size_t count;
};

/*
 * Splits text into names. Carriage returns before newlines, and a byte order
 * mark, are dropped. CLEAVE_CORRUPT for a zero byte, CLEAVE_LIMIT,
 * CLEAVE_MEMORY. `path` is for errors. The caller calls fini.
 */
cleave_status clv_names_init(struct clv_names *names, clv_bytes bytes,
                             const char *path, cleave_error *err);

/* The same from a file. */
cleave_status clv_names_read(struct clv_names *names, const char *path,
                             cleave_error *err);

/* Gives the memory back. Takes an all-zero one too. */
void clv_names_fini(struct clv_names *names);

#endif
