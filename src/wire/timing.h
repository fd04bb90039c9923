/*
 * timing.h - what the server spent, in the header Server-Timing:
 *
 *     queue;dur=0.100, unpack;dur=0.000, tail;dur=3.200
 *
 * Durations are milliseconds with three decimals: waiting for a worker,
 * unpacking and widening the tensors, and computing. With them the device
 * tells the link from the load. Thread-safe.
 */
#ifndef CLV_TIMING_H
#define CLV_TIMING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct clv_timing {
    int64_t queue_ns;
    int64_t unpack_ns;
    int64_t tail_ns;
};

/* Room for any header value with its final zero. */
#define CLV_TIMING_TEXT 128

/* Writes the header's value, zero-terminated. Negative times are zero. */
void clv_timing_write(const struct clv_timing *timing,
                      char into[CLV_TIMING_TEXT]);

/*
 * Reads a header's value. Metrics that are not ours are skipped, ours that
 * are missing are zero. CLEAVE_CORRUPT if one of ours has no duration, or
 * one that is negative or above a day.
 */
cleave_status clv_timing_parse(clv_bytes text, struct clv_timing *ret_timing);

#endif
