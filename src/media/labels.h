/*
 * labels.h - the right answers of a data folder.
 *
 * A CSV file (RFC 4180; LF or CRLF; a byte order mark is fine) with a header.
 * The column `class_index` holds the class; `file` says whose it is, or `row`
 * where the inputs are rows of stacked arrays. Other columns are ignored.
 *
 * Read-only once made, and may then be read by all threads.
 */
#ifndef CLV_LABELS_H
#define CLV_LABELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* The largest file, the most rows, the most columns. */
#define CLV_LABELS_BYTES ((size_t)256 << 20)
#define CLV_LABELS_ROWS ((size_t)1 << 22)
#define CLV_LABELS_COLUMNS 256

struct clv_labels;

/*
 * Reads labels from bytes; `path` is for errors, which point at "path:line".
 * CLEAVE_CORRUPT for quoting that is not RFC 4180's, a row that has not the
 * header's number of fields, a class or row that is not a number, or a file
 * or row that is labelled twice; CLEAVE_INVALID without the columns;
 * CLEAVE_LIMIT. The caller frees.
 */
cleave_status clv_labels_new(clv_bytes bytes, const char *path,
                             struct clv_labels **ret_labels, cleave_error *err);

/* The same from a file. */
cleave_status clv_labels_read(const char *path, struct clv_labels **ret_labels,
                              cleave_error *err);

/* Takes NULL. */
void clv_labels_free(struct clv_labels *labels);

/* How many samples are labelled. */
size_t clv_labels_count(const struct clv_labels *labels);

/* True if labels are by row, false if by file. */
int clv_labels_by_row(const struct clv_labels *labels);

/*
 * The class of a sample. By row: `row` counts from 0 (one that is not
 * stacked is row 0) and `file` is not looked at. By file: `file` is the
 * sample's path, with or without folders; it and the label's `file` are the
 * same where the shorter is the end of the longer at a '/', so
 * "images/a.jpg" labels "a.jpg" and "data/images/a.jpg". CLEAVE_NOT_FOUND if
 * it has no label; CLEAVE_MISMATCH if it could be several and none is exactly
 * it.
 */
cleave_status clv_labels_find(const struct clv_labels *labels, const char *file,
                              uint64_t row, int64_t *ret_class,
                              cleave_error *err);

#endif
