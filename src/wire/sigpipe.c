/*
 * sigpipe.c - writing to a connection that has gone, without the signal.
 *
 * SIGPIPE is sent to the thread that wrote, so blocking it in that thread is
 * enough, and a pending one can be fetched without waiting.
 */
#include "wire/sigpipe.h"

#include <time.h>

static sigset_t only_sigpipe(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void clv_sigpipe_hold(struct clv_sigpipe *hold)
{
    sigset_t set = only_sigpipe();
    sigset_t pending;

    sigemptyset(&pending);
    sigpending(&pending);
    hold->was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &set, &hold->before);
}

void clv_sigpipe_release(const struct clv_sigpipe *hold)
{
    sigset_t set = only_sigpipe();
    struct timespec at_once = {0, 0};

    if (!hold->was_pending) {
        (void)sigtimedwait(&set, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
}
