/*
 * evidence.h - what the inputs of one measurement say together.
 *
 * A packing is tried on one input after another. What each cost, and what its
 * answer was worth beside the one without packing, is put down here; at the
 * end stands what the packing does: means and medians, and how surely they
 * are known.
 *
 * Memory is allocated once, for the most inputs that will come. One thread.
 */
#ifndef CLV_EVIDENCE_H
#define CLV_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "profile/costs.h"
#include "profile/parcel.h"
#include "profile/verdict.h"

/*
 * What one packing does at one cut, over all inputs. A point is a hundredth:
 * of the inputs where answers are right or wrong, else of the loss that
 * verdict.h defines. The interval is 95 %, paired, as statistics.h says.
 */
struct clv_rate {
    double bytes; /* mean of a message: frames, headers, tables */
    double bits_per_element;
    double encode_us; /* median */
    double decode_us; /* median */
    enum clv_judged_by by;
    double score;     /* mean: a share, a cosine, or dB */
    double unpacked;  /* the same without packing */
    double change_pp; /* against the network without packing */
    double ci_low_pp;
    double ci_high_pp;
    double agreement; /* share with the same best answer as unpacked */
    uint64_t inputs;
};

/* What it costs, over all inputs. */
struct clv_rater_spreads {
    struct clv_spread encode_ns;
    struct clv_spread decode_ns;
    struct clv_spread bytes;
};

struct clv_evidence {
    double *encode_us; /* of each input */
    double *decode_us;
    double *sizes;  /* bytes */
    double *change; /* share of 1, below 0 is worse */
    size_t count;   /* inputs so far */
    uint64_t bytes;
    uint64_t elements;
    double score;
    uint64_t gained; /* right only with the packing, */
    uint64_t lost;   /* or only without */
    uint64_t agree;
};

/* Room for `most` inputs. The caller ends it with fini, also on failure. */
cleave_status clv_evidence_init(struct clv_evidence *evidence, size_t most,
                                cleave_error *err);

/* Takes one of all zeros. */
void clv_evidence_fini(struct clv_evidence *evidence);

/* Forgets the inputs. */
void clv_evidence_clear(struct clv_evidence *evidence);

/* One more input, and what its way cost. */
void clv_evidence_cost(struct clv_evidence *evidence,
                       const struct clv_passage *passage);

/* What the answer to it is worth, after clv_evidence_cost: without packing
   `before`, with it `now`. */
void clv_evidence_answer(struct clv_evidence *evidence,
                         const struct clv_verdict *before,
                         const struct clv_verdict *now);

/*
 * The sum, if every input has been answered, and there are two at least.
 * `unpacked` is the mean score without packing. Sorts the times.
 */
struct clv_rate clv_evidence_rate(struct clv_evidence *evidence,
                                  enum clv_judged_by by, double unpacked);

/* The costs alone. Comes last, for it takes the numbers apart. */
struct clv_rater_spreads clv_evidence_spreads(struct clv_evidence *evidence);

/* Half of the interval's width, in points. */
double clv_rate_ci_pp(const struct clv_rate *rate);

/* True if no more than `budget_pp` points were lost, as observed. */
int clv_rate_is_within(const struct clv_rate *rate, double budget_pp);

/* True if more were lost even at the good end of the interval. */
int clv_rate_is_beyond(const struct clv_rate *rate, double budget_pp);

#endif
