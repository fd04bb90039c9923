/*
 * clock.h - the one monotonic clock.
 *
 * Everything that measures or waits takes a clv_clock, so that tests decide
 * and adapt in virtual time. Thread-safe.
 */
#ifndef CLV_CLOCK_H
#define CLV_CLOCK_H

#include <stdint.h>

struct clv_clock {
    int64_t (*now_ns)(void *self);
    void *self;
};

/* The machine's CLOCK_MONOTONIC. */
struct clv_clock clv_clock_machine(void);

/* Nanoseconds since an arbitrary origin, never going back. */
int64_t clv_clock_now_ns(struct clv_clock clock);

/* Nanoseconds as milliseconds, for people. */
double clv_ns_to_ms(int64_t ns);

#endif
