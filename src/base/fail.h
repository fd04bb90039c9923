/*
 * fail.h - filling a cleave_error.
 */
#ifndef CLV_FAIL_H
#define CLV_FAIL_H

#include <stddef.h>

#include "cleave/status.h"

/*
 * Records (code, where, text) in `err` unless it already holds an error, and
 * returns `code`, so that a caller can `return clv_fail(...)`. `err` may be
 * NULL, `where` too. Long texts are cut, never overrun.
 */
cleave_status clv_fail(cleave_error *err, cleave_status code, const char *where,
                       const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: appends strerror(errno). */
cleave_status clv_fail_errno(cleave_error *err, cleave_status code,
                             const char *where, const char *doing);

/* The same for a failed allocation of `bytes`. */
cleave_status clv_fail_memory(cleave_error *err, const char *where,
                              size_t bytes);

#endif
