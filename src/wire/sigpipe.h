/*
 * sigpipe.h - writing to a connection that has gone, without the signal.
 *
 * TLS libraries write with plain write(), and the signal SIGPIPE would end
 * the application. A library may not change what signals do to a process; so
 * it is held back from this thread alone, and taken away if it came.
 */
#ifndef CLV_SIGPIPE_H
#define CLV_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct clv_sigpipe {
    sigset_t before;
    bool was_pending; /* one that is not ours to take away */
};

/* Holds SIGPIPE back from the calling thread. */
void clv_sigpipe_hold(struct clv_sigpipe *hold);

/* Takes away one that came since, and restores what was before. */
void clv_sigpipe_release(const struct clv_sigpipe *hold);

#endif
