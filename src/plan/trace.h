/*
 * trace.h - the rate of a link over time, and how long bytes take on it.
 *
 * A trace is a step function: from each point's second on its rate holds,
 * until the next point. Behind its end it begins anew. Outages are rates of
 * zero. The relay (src/link) and the simulator ask the same questions of it,
 * so that both mean the same link.
 *
 * Pure; read-only once made, and may then be read by all threads.
 */
#ifndef CLV_TRACE_H
#define CLV_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* More points than this are no trace. */
#define CLV_TRACE_POINTS ((size_t)1 << 20)

struct clv_trace_point {
    int64_t at_ns;
    double bps;
};

struct clv_trace {
    struct clv_trace_point *points; /* the first at 0, times ascending */
    double *bits_before;            /* that fit before each point */
    size_t count;
    int64_t length_ns; /* after which it begins anew */
    double bits;       /* of one length */
};

/* One rate for ever; may be 0. */
cleave_status clv_trace_init_flat(struct clv_trace *trace, double bps,
                                  cleave_error *err);

/*
 * Reads a CSV with a header, whose columns `seconds` and `mbit_per_s` are
 * taken and others ignored; rates are multiplied by `scale`. A gap (a missing
 * value, a step of more than ten times the median step) keeps the rate before
 * it and is counted in `ret_gaps` (may be NULL). The last point lasts as long
 * as the median step. CLEAVE_CORRUPT, with the line, for times that go back,
 * negative or absurd rates, no points; CLEAVE_LIMIT. `where` names the file
 * in errors.
 */
cleave_status clv_trace_init_csv(struct clv_trace *trace, clv_bytes csv,
                                 const char *where, double scale,
                                 size_t *ret_gaps, cleave_error *err);

/* Takes an all-zero one, too. */
void clv_trace_fini(struct clv_trace *trace);

/* The rate at a time; from 0 on, any time. */
double clv_trace_bps(const struct clv_trace *trace, int64_t at_ns);

/* Bits that fit between two times. */
double clv_trace_bits(const struct clv_trace *trace, int64_t from_ns,
                      int64_t to_ns);

/* When so many bytes, begun at `from_ns`, are through; INT64_MAX if never. */
int64_t clv_trace_end(const struct clv_trace *trace, int64_t from_ns,
                      double bytes);

#endif
