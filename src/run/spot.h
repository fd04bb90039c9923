/*
 * spot.h - a place in a document, for checks that complain about it.
 *
 *     struct clv_spot at = clv_spot_in(&task, ".objectives[%u]", i);
 *     return clv_spot_refuse(&at, "A weight is above 0.");
 *
 * Spots are plain values. All errors are CLEAVE_INVALID with "path:line".
 */
#ifndef CLV_SPOT_H
#define CLV_SPOT_H

#include "base/document.h"
#include "cleave/status.h"

/* "tasks[15].objectives[7].minimize" and the like, with room to spare. */
#define CLV_SPOT_TEXT 96

struct clv_spot {
    const struct clv_document *document;
    cleave_error *err;
    char at[CLV_SPOT_TEXT]; /* "": the document */
};

/* A key (".deadline") or an entry ("[3]") within this one. */
struct clv_spot clv_spot_in(const struct clv_spot *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fills the error and returns CLEAVE_INVALID. */
cleave_status clv_spot_refuse(const struct clv_spot *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with what a parser of values has said. */
cleave_status clv_spot_pass_on(const struct clv_spot *s,
                               const cleave_error *inner);

/* strdup with CLEAVE_MEMORY. */
cleave_status clv_spot_copy(const struct clv_spot *s, const char *text,
                            char **ret_copy);

#endif
