/*
 * trouble.h - errors on the wire.
 *
 * An error travels as {"error": "text", "code": "MISMATCH"}: `error` is the
 * protocol's, `code` tells a cleave client the exact status. Thread-safe.
 */
#ifndef CLV_TROUBLE_H
#define CLV_TROUBLE_H

#include "base/buffer.h"

/* Appends an error's JSON body. */
void clv_error_write(const cleave_error *error, struct clv_buffer *into);

/*
 * Reads an error answer into `err` (if not NULL) and returns its status:
 * the one in `code`, else the one that fits the HTTP status. `where` names
 * the peer.
 */
cleave_status clv_error_read(clv_bytes body, int http, const char *where,
                             cleave_error *err);

#endif
