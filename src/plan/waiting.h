/*
 * waiting.h - how long a device waits for an answer before it computes the
 * rest itself.
 *
 * Two reasons to stop waiting: finishing here must begin now to be in time
 * for the deadline; or the answer is overdue. Overdue is the old question of
 * renting skis: who has waited in vain for as long as finishing would have
 * taken stops, and so never takes more than twice what the better choice
 * would have, whatever the link does. An answer within twice the time that
 * was expected is not overdue in any case, nor one within 200 ms: a machine
 * that is busy for a moment is no reason to break an exchange off.
 *
 * Where finishing takes so long that it would have to begin before the answer
 * is expected, to begin it always would waste what is nearly there; then the
 * answer is waited for until the deadline, or twice as long as expected.
 *
 * Pure. The live run and the simulator ask the same function.
 */
#ifndef CLV_WAITING_H
#define CLV_WAITING_H

#include <stdint.h>

struct clv_waiting {
    int64_t began_ns;    /* the inference */
    int64_t sent_ns;     /* the exchange */
    double expected_ns;  /* from sending to the answer */
    double finish_ns;    /* what the tail takes here; 0: it cannot */
    int64_t deadline_ns; /* from the beginning; 0: none */
    unsigned crowd;      /* exchanges that may share the link; 0: 1 */
};

/* INT64_MAX: until it comes. Never before `sent_ns`. */
int64_t clv_waiting_until(const struct clv_waiting *wait);

#endif
