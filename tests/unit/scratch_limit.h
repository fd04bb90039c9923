/*
 * scratch_limit.h - a disk that is full: no file may grow beyond some bytes.
 */
#ifndef SCRATCH_LIMIT_H
#define SCRATCH_LIMIT_H

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Writing beyond fails with EFBIG until limit_end. */
static inline struct rlimit limit_begin(rlim_t bytes)
{
    struct rlimit before;
    struct rlimit now;

    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &before) != 0) {
        abort();
    }
    now = before;
    now.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &now) != 0) {
        abort();
    }
    return before;
}

static inline void limit_end(struct rlimit before)
{
    if (setrlimit(RLIMIT_FSIZE, &before) != 0) {
        abort();
    }
}

#endif
