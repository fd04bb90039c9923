/*
 * clock.c - reading CLOCK_MONOTONIC.
 */
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t machine_now_ns(void *self)
{
    struct timespec t;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct clv_clock clv_clock_machine(void)
{
    return (struct clv_clock){machine_now_ns, NULL};
}

int64_t clv_clock_now_ns(struct clv_clock clock)
{
    return clock.now_ns(clock.self);
}

double clv_ns_to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}
