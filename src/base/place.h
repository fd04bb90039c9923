/*
 * place.h - errors that point at a line of a file.
 */
#ifndef CLV_PLACE_H
#define CLV_PLACE_H

#include "cleave/status.h"

/*
 * clv_fail() with "path:line" as the place; lines count from 1. A path that
 * is too long for cleave_error loses its beginning, never the line.
 */
cleave_status clv_fail_at(cleave_error *err, cleave_status code,
                          const char *path, unsigned line, const char *format,
                          ...) __attribute__((format(printf, 5, 6)));

#endif
