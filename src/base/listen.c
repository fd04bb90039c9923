/*
 * listen.c - a listening socket from an address in words.
 *
 * The first address that the name resolves to and that can be bound is taken.
 */
#include "base/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/fail.h"

#define BACKLOG 512

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
    struct addrinfo *found = NULL;
    int fd = -1;
    cleave_status status = clv_address_find(address, 1, &found, err);

    if (status != CLEAVE_OK) {
        return status;
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
