/*
 * address.c - network addresses in words.
 *
 * The last colon separates host from port; an IPv6 address stands in
 * brackets, so that its own colons do not count.
 */
#include "base/address.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fail.h"

struct place {
    char host[256];
    char port[6];
};

static cleave_status split(const char *address, struct place *ret_place,
                           cleave_error *err)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    size_t host_size = colon != NULL ? (size_t)(colon - address) : 0;
    size_t port_size = colon != NULL ? strlen(colon + 1) : 0;

    if (host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
        host++;
        host_size -= 2;
    } else if (memchr(host, ':', host_size) != NULL) {
        host_size = 0; /* an IPv6 address without brackets */
    }
    if (host_size == 0 || host_size >= sizeof ret_place->host ||
        port_size == 0 || port_size > 5 ||
        strspn(colon + 1, "0123456789") != port_size ||
        strtoul(colon + 1, NULL, 10) > 65535) {
        return clv_fail(err, CLEAVE_INVALID, address,
                        "This is not an address; write HOST:PORT, for "
                        "example 127.0.0.1:8700 or [::1]:8700.");
    }
    memcpy(ret_place->host, host, host_size);
    ret_place->host[host_size] = '\0';
    memcpy(ret_place->port, colon + 1, port_size + 1);
    return CLEAVE_OK;
}

cleave_status clv_address_find(const char *address, int passive,
                               struct addrinfo **ret_found, cleave_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    struct place place;
    int bad;
    cleave_status status = split(address, &place, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    hints.ai_flags |= passive ? AI_PASSIVE : 0;
    bad = getaddrinfo(place.host, place.port, &hints, ret_found);
    if (bad != 0) {
        return clv_fail(err, CLEAVE_INVALID, address,
                        "The host '%s' is not known: %s.", place.host,
                        gai_strerror(bad));
    }
    return CLEAVE_OK;
}
