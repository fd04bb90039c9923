/*
 * visit.h - tails on a server, measured through the very requests of a run.
 *
 * A visit asks one server for the tails of one model's cuts: each gets a real
 * message, again and again, in rounds over all cuts (stopwatch.h says why).
 * The time of the tail is what the server says in Server-Timing; the link is
 * not in it. What a message takes beyond its body, and how long the answer
 * is, are counted on the way.
 *
 * Belongs to one thread.
 */
#ifndef CLV_VISIT_H
#define CLV_VISIT_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "profile/costs.h"
#include "wire/client.h"

/* One cut to ask for. Borrowed. */
struct clv_errand {
    const char *cut;
    clv_bytes message; /* frames */
};

/* What came of it. */
struct clv_findings {
    struct clv_spread tail_ns;
    double extra_up_bytes; /* of a message beyond its body */
    double down_bytes;     /* of an answer, headers included */
};

/* Told after each round; returns nonzero to give up. */
typedef int clv_visit_progress(void *self, size_t done, size_t count);

/* All is borrowed. Zero means default. */
struct clv_visit_options {
    const char *url;
    const char *model;  /* the server's name for it */
    const char *sha256; /* it must be this one */
    const struct clv_errand *errands;
    size_t errand_count;
    uint32_t rounds;    /* 10 */
    int64_t timeout_ms; /* of one request, 30000 */
    clv_visit_progress *progress;
    void *self;
};

/*
 * Asks. `ret_findings` has room for all errands. CLEAVE_UNREACHABLE,
 * CLEAVE_MISMATCH if the server's model is another, CLEAVE_UNSUPPORTED if it
 * says no times, and what clv_client_infer_cut says; CLEAVE_CANCELLED.
 */
cleave_status clv_visit_run(const struct clv_visit_options *options,
                            struct clv_findings *ret_findings,
                            cleave_error *err);

/*
 * About the same for a server that nobody has asked: bytes of such a
 * request's head, and of the head of an answer.
 */
double clv_visit_guess_up(const char *model, const char *cut);
double clv_visit_guess_down(size_t outputs);

/* What a picture's content type adds to a request's head. */
double clv_visit_type_bytes(const char *content_type);

#endif
