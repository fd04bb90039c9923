/*
 * wait.c - waiting until a moment, to the microsecond.
 *
 * The kernel may gather the ends of sleeps that lie near to each other (50
 * us by default), and waking takes it some more; so the sleep ends early and
 * the rest is spent looking at the clock.
 */
#include "base/wait.h"

#include <time.h>

#include "base/clock.h"

#define WATCHED_NS 120000

void clv_wait_until(int64_t at_ns)
{
    struct clv_clock clock = clv_clock_machine();
    int64_t sleep_until = at_ns - WATCHED_NS;

    while (clv_clock_now_ns(clock) < sleep_until) {
        struct timespec t = {.tv_sec = (time_t)(sleep_until / 1000000000),
                             .tv_nsec = (long)(sleep_until % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    }
    while (clv_clock_now_ns(clock) < at_ns) {
    }
}
