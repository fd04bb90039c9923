/*
 * fuzz_trace.c - any bytes as a trace, and questions at odd times.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good) {
        abort();
    }
}

static void ask(const struct clv_trace *trace, int64_t from, double bytes)
{
    int64_t end = clv_trace_end(trace, from, bytes);
    double bits;

    must(clv_trace_bps(trace, from) >= 0);
    must(end >= from);
    if (end == INT64_MAX) {
        return;
    }
    bits = clv_trace_bits(trace, from, end);
    must(isfinite(bits) && bits >= -1e-6 * trace->bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_trace trace;
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t gaps = 0;

    if (clv_trace_init_csv(&trace, (clv_bytes){data, size}, "trace.csv", 0.3,
                           &gaps, &err) != CLEAVE_OK) {
        must(strlen(err.text) > 0 && trace.points == NULL);
        return 0;
    }
    must(trace.count > 0 && trace.points[0].at_ns == 0);
    must(trace.length_ns > 0 && trace.bits >= 0 && isfinite(trace.bits));
    for (size_t i = 0; i < trace.count; i += 1 + trace.count / 16) {
        ask(&trace, trace.points[i].at_ns, 1500);
        ask(&trace, trace.points[i].at_ns + trace.length_ns - 1, 1e7);
    }
    ask(&trace, INT64_MAX - 1, 1);
    ask(&trace, 0, 1e18);
    clv_trace_fini(&trace);
    return 0;
}
