/*
 * tcpinfo.h - what TCP has learnt of a link.
 *
 * The kernel measures round trips and the rate at which bytes are
 * acknowledged on every connection, and tells for the asking. It is of the
 * connection itself: where a relay or a proxy stands in between, of the way
 * to it and no further. Thread-safe.
 */
#ifndef CLV_TCPINFO_H
#define CLV_TCPINFO_H

/* What is not known is -1. */
struct clv_tcp_info {
    double rtt_ns;   /* smoothed round trip */
    double rate_bps; /* bits a second that were lately acknowledged; less than
                        the link's where the sender had nothing more to send */
    int is_limited;  /* ... and that was so */
};

/* Asks about a socket; all unknown if it is no TCP socket, or elsewhere than
   on Linux. */
struct clv_tcp_info clv_tcp_info_of(int fd);

#endif
