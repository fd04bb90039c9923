/*
 * listen.h - a listening socket from an address in words.
 */
#ifndef CLV_LISTEN_H
#define CLV_LISTEN_H

#include <stdint.h>

#include "cleave/status.h"

/*
 * Listens on "HOST:PORT" ("127.0.0.1:8700", "[::1]:0", "localhost:http" is
 * not understood: ports are numbers). Port 0 takes a free one; `ret_port` is
 * what was taken. CLEAVE_INVALID for an address that does not parse or
 * resolve, CLEAVE_IO if it cannot be had. The caller closes the socket.
 */
cleave_status clv_listen(const char *address, int *ret_socket,
                         uint16_t *ret_port, cleave_error *err);

#endif
