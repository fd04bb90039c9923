/*
 * address.h - network addresses in words.
 */
#ifndef CLV_ADDRESS_H
#define CLV_ADDRESS_H

#include <netdb.h>

#include "cleave/status.h"

/*
 * Resolves "HOST:PORT": the last colon separates, an IPv6 address stands in
 * brackets, ports are numbers ("localhost:http" is not understood). `passive`
 * is 1 for an address to listen on. CLEAVE_INVALID if it does not parse or
 * resolve. May ask name servers, and so take seconds. The caller frees with
 * freeaddrinfo. Thread-safe.
 */
cleave_status clv_address_find(const char *address, int passive,
                               struct addrinfo **ret_found, cleave_error *err);

#endif
