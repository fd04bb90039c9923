/*
 * probing.h - when to ask a server although nothing is computed there.
 *
 * Two things are not seen from exchanges that do not happen: that a server is
 * back, and that a link has become better while all is computed on the
 * device. A probe is a small exchange that tells: its end says that the
 * server answers, its time goes to the link's estimator.
 *
 *     server away     every 250 ms, and small: a question for its health
 *     link unheard    large enough for its bytes to be seen beside the round
 *                     trip; how often depends on what is to be gained:
 *
 *                     nobody has said    250 ms after the last exchange, then
 *                                        rarer, up to every 2 s
 *                     a rate would       every 250 ms, or once an inference
 *                     change the choice  if these take longer
 *                     none would, the    every ten seconds
 *                     round trip being
 *                     what it is
 *
 * One of these belongs to each server. Pure; belongs to one thread; time is
 * what the caller says. Whether there is any work at hand, without which
 * nothing needs to be known, is the caller's to judge.
 */
#ifndef CLV_PROBING_H
#define CLV_PROBING_H

#include <stdint.h>

#include "plan/estimator.h"

#define CLV_PROBE_AWAY_NS ((int64_t)250000000)
#define CLV_PROBE_FIRST_NS ((int64_t)250000000)
#define CLV_PROBE_LAST_NS ((int64_t)2000000000)
#define CLV_PROBE_IDLE_NS ((int64_t)10000000000)

/* A rate, times what is estimated, that stands for any: the choice under it
   says whether to look often. After an outage the estimate is next to
   nothing, so it is large. */
#define CLV_PROBE_HOPE 1e4

/* A probe's bytes, answer aside; of a server that is away the least. */
#define CLV_PROBE_LEAST_BYTES 200
#define CLV_PROBE_MOST_BYTES 4096

struct clv_probing {
    int64_t last_ns;     /* begin of the last probe; INT64_MIN: none yet */
    int64_t interval_ns; /* of probes of a link unheard */
    int64_t hope_ns;     /* the same, by what is to be gained; 0: not said */
};

void clv_probing_init(struct clv_probing *p);

/* The design changed: what the link is like matters again. */
void clv_probing_wake(struct clv_probing *p);

/* What is to be gained: whether any rate would change the choice, and how
   long an inference takes. */
void clv_probing_hope(struct clv_probing *p, int would_change,
                      double inference_ns);

/*
 * When the next probe is due, given what is known of the link: at or before
 * `now_ns` means now. Then the caller probes, and tells when it began.
 */
int64_t clv_probing_due(const struct clv_probing *p, int is_up,
                        const struct clv_link_view *view, int64_t now_ns);
void clv_probing_note(struct clv_probing *p, int is_up, int64_t begun_ns);

/* How many bytes to send. */
uint64_t clv_probing_bytes(int is_up, const struct clv_link_view *view);

#endif
