/*
 * tcpinfo.c - what TCP has learnt of a link, from Linux's TCP_INFO.
 *
 * The kernel's own header has the fields that libc's leaves out; the two
 * cannot be included together, so this is a file of its own. An older kernel
 * fills less of the struct than asked for; what it leaves is zero and counts
 * as not known.
 */
#include "wire/tcpinfo.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct clv_tcp_info clv_tcp_info_of(int fd)
{
    struct clv_tcp_info found = {.rtt_ns = -1, .rate_bps = -1};
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return found;
    }
    if (info.tcpi_rtt > 0) {
        found.rtt_ns = (double)info.tcpi_rtt * 1e3;
    }
    if (info.tcpi_delivery_rate > 0) {
        found.rate_bps = (double)info.tcpi_delivery_rate * 8;
        found.is_limited = info.tcpi_delivery_rate_app_limited;
    }
    return found;
}
