/*
 * wait.h - waiting until a moment, to the microsecond.
 *
 * Thread-safe.
 */
#ifndef CLV_WAIT_H
#define CLV_WAIT_H

#include <stdint.h>

/*
 * Returns when the machine's clock (clock.h) says `at_ns` or later, at once
 * if it does already. Sleeps, and watches the clock for the last moment, for
 * a sleep alone ends some fifty microseconds late.
 */
void clv_wait_until(int64_t at_ns);

#endif
