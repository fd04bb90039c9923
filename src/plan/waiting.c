/*
 * waiting.c - how long a device waits for an answer.
 *
 * A few lines, but those that decide what a dead link costs.
 */
#include "plan/waiting.h"

#include <math.h>

/* No answer is overdue before this. */
#define LEAST_NS 2e8

/* Finishing may take this much longer than it should: what has not run for
   long runs more slowly than in profiling, and others finish beside it. */
#define FINISH_MARGIN 1.5

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A double as a time; beyond reason is never. */
static int64_t time_of(double ns)
{
    return ns < 9e18 ? (int64_t)ns : INT64_MAX;
}

/* When the answer is overdue; others on the link may come first. */
static double overdue(const struct clv_waiting *w)
{
    double expected = w->expected_ns * (w->crowd > 1 ? w->crowd : 1);

    return (double)w->sent_ns +
           fmax(expected + fmax(w->finish_ns, expected), LEAST_NS);
}

/* When finishing must begin to be in time, as far as that makes sense. */
static double latest(const struct clv_waiting *w)
{
    double by = (double)w->began_ns + (double)w->deadline_ns;
    double expected = (double)w->sent_ns + w->expected_ns;

    return by - FINISH_MARGIN * w->finish_ns >= expected
               ? by - FINISH_MARGIN * w->finish_ns
               : fmax(by, expected + w->expected_ns);
}

int64_t clv_waiting_until(const struct clv_waiting *w)
{
    int64_t until;

    if (!(w->finish_ns > 0)) {
        return INT64_MAX;
    }
    until = time_of(overdue(w));
    if (w->deadline_ns > 0) {
        until = min_of(until, time_of(latest(w)));
    }
    return until > w->sent_ns ? until : w->sent_ns;
}
