/*
 * probing.c - when to ask a server although nothing is computed there.
 *
 * Most is saved by not asking where no answer would matter; where one would,
 * a link that is back is worth more than a few kilobytes a second, of which
 * computing on the server would send ten times as many.
 */
#include "plan/probing.h"

/* Of the round trip, so long a probe's bytes should take. */
#define SHARE_OF_TRIP 0.5
#define LEAST_NS 10e6

void clv_probing_init(struct clv_probing *p)
{
    *p = (struct clv_probing){.last_ns = INT64_MIN,
                              .interval_ns = CLV_PROBE_FIRST_NS};
}

void clv_probing_wake(struct clv_probing *p)
{
    p->interval_ns = CLV_PROBE_FIRST_NS;
}

void clv_probing_hope(struct clv_probing *p, int would_change,
                      double inference_ns)
{
    p->hope_ns = CLV_PROBE_FIRST_NS;
    if (!would_change || inference_ns > (double)CLV_PROBE_IDLE_NS) {
        p->hope_ns = CLV_PROBE_IDLE_NS;
    } else if (inference_ns > (double)CLV_PROBE_FIRST_NS) {
        p->hope_ns = (int64_t)inference_ns;
    }
}

int64_t clv_probing_due(const struct clv_probing *p, int is_up,
                        const struct clv_link_view *view, int64_t now_ns)
{
    int64_t interval = p->hope_ns > 0 ? p->hope_ns : p->interval_ns;
    int64_t heard = INT64_MIN;
    int64_t last = p->last_ns;

    if (is_up && view->age_ns != INT64_MAX) {
        heard = now_ns - view->age_ns;
    }
    last = heard > last ? heard : last;
    if (last == INT64_MIN) {
        return now_ns;
    }
    return last + (is_up ? interval : CLV_PROBE_AWAY_NS);
}

void clv_probing_note(struct clv_probing *p, int is_up, int64_t begun_ns)
{
    p->last_ns = begun_ns;
    if (is_up && p->interval_ns < CLV_PROBE_LAST_NS) {
        p->interval_ns *= 2;
    }
}

uint64_t clv_probing_bytes(int is_up, const struct clv_link_view *view)
{
    double time_ns = view->rtt_ns * SHARE_OF_TRIP;
    double bytes;

    if (!is_up) {
        return CLV_PROBE_LEAST_BYTES;
    }
    time_ns = time_ns > LEAST_NS ? time_ns : LEAST_NS;
    bytes = view->up_bps / 8 * time_ns / 1e9;
    if (bytes < CLV_SMALL_BYTES) {
        return CLV_SMALL_BYTES;
    }
    return bytes < CLV_PROBE_MOST_BYTES ? (uint64_t)bytes
                                        : CLV_PROBE_MOST_BYTES;
}
