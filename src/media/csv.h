/*
 * csv.h - one row after the other of an RFC 4180 file.
 *
 * Fields are separated by commas, rows by LF or CRLF. A field that begins
 * with a quote ends with one; within, two quotes are one and commas and
 * newlines are text. A quote anywhere else is an error. Empty lines are
 * skipped. A reader belongs to one thread.
 */
#ifndef CLV_CSV_H
#define CLV_CSV_H

#include <stddef.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* `line` is where the last row began, from 1. */
struct clv_csv {
    char *at;
    char *end;
    const char *path;
    unsigned line;
    unsigned next_line;
};

/*
 * Reads from the writable bytes text[0..size), in which fields are unquoted
 * in place; text[size] must be writable too. Skips a byte order mark.
 */
void clv_csv_init(struct clv_csv *csv, char *text, size_t size,
                  const char *path);

/*
 * The next row's fields, at most `max`, each ended by a zero byte. They stay
 * until the text goes. At the end *ret_count is 0. CLEAVE_CORRUPT for bad
 * quoting or a zero byte, CLEAVE_LIMIT above `max` fields.
 */
cleave_status clv_csv_next(struct clv_csv *csv, char **fields, size_t max,
                           size_t *ret_count, cleave_error *err);

#endif
