/*
 * listen.c - a listening socket from an address in words.
 *
 * The last colon separates host from port; an IPv6 address stands in
 * brackets, so that its own colons do not count. The first address that the
 * name resolves to and that can be bound is taken.
 */
#include "serve/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"

#define BACKLOG 512

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
                        "This is not an address to listen on; write HOST:PORT, "
                        "for example 0.0.0.0:8700 or [::]:8700.");
    }
    memcpy(ret_place->host, host, host_size);
    ret_place->host[host_size] = '\0';
    memcpy(ret_place->port, colon + 1, port_size + 1);
    return CLEAVE_OK;
}

static int open_one(const struct addrinfo *info)
{
    int yes = 1;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    uint16_t port = 0;

    memset(&address, 0, sizeof address);
    getsockname(fd, (struct sockaddr *)&address, &size);
    if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &address, sizeof in6);
        port = ntohs(in6.sin6_port);
    } else if (address.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &address, sizeof in);
        port = ntohs(in.sin_port);
    }
    return port;
}

cleave_status clv_listen(const char *address, int *ret_socket,
                         uint16_t *ret_port, cleave_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct place place;
    int fd = -1;
    int bad;
    cleave_status status = split(address, &place, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    bad = getaddrinfo(place.host, place.port, &hints, &found);
    if (bad != 0) {
        return clv_fail(err, CLEAVE_INVALID, address,
                        "The host '%s' is not known: %s.", place.host,
                        gai_strerror(bad));
    }
    for (struct addrinfo *i = found; i != NULL && fd < 0; i = i->ai_next) {
        fd = open_one(i);
    }
    if (fd < 0) {
        status = clv_fail_errno(err, CLEAVE_IO, address, "Listening");
    } else {
        *ret_socket = fd;
        *ret_port = port_of(fd);
    }
    freeaddrinfo(found);
    return status;
}
