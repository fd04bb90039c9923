/*
 * guard.h - whether packed answers still are what unpacked ones would be.
 *
 * A profile measured what packing costs in accuracy, on other inputs, at
 * another time. The guard takes a small share of the inferences that were
 * packed with loss and computes them once more, all on this device, from the
 * tensors as they were before packing. It does so in a thread of its own that
 * yields to others, after the answer was given, with a lane that nobody
 * waits for: no answer is ever late because of it.
 *
 * How far the two answers are apart is judged as the card says (verdict.h),
 * for each packing. When it is sure, by a one-sided bound of 99 %, that they
 * are farther apart than the accuracy budget allows, it says so; once. Right
 * classes are not known here, and two wrong answers may differ without harm:
 * of a packing that loses one point of accuracy about three points of the
 * answers change. So where accuracy was measured as a share of right answers,
 * three times the budget and a point may differ.
 *
 * Thread-safe, but for open and close.
 */
#ifndef CLV_GUARD_H
#define CLV_GUARD_H

#include "run/fleet.h"

struct clv_guard;

/* What was seen of one packing so far. */
struct clv_guard_word {
    uint32_t pack; /* row of the costs */
    uint64_t compared;
    double agreement; /* a share */
    double allowed;   /* the least agreement that the budget allows */
    int is_over;      /* the budget is surely broken */
};

/* Told when is_over becomes true, and else at 16, 32, 64, .. comparisons. By
   the guard's thread. */
typedef void clv_guard_told(void *self, size_t candidate,
                            const struct clv_guard_word *word);

struct clv_guard_options {
    const struct clv_designs *designs; /* borrowed; the task says the share */
    struct clv_fleet *fleet;
    clv_guard_told *told;
    void *self;
};

cleave_status clv_guard_open(const struct clv_guard_options *options,
                             struct clv_guard **ret_guard, cleave_error *err);

/* Takes NULL. */
void clv_guard_close(struct clv_guard *guard);

/*
 * Offers an inference that has just been answered: its berth and lane, and
 * the answer, of which what is needed is copied. Returns 1 if the guard took
 * them, and then gives both back itself, 0 if it does not want them.
 */
int clv_guard_offer(struct clv_guard *guard, struct clv_berth *berth,
                    struct clv_lane *lane, const cleave_result *answer);

/*
 * For tests and for the guard itself: whether a loss that was seen this often
 * is surely above `allowed`. `sum` and `squares` are over the losses, each 0
 * to 1.
 */
int clv_guard_is_over(uint64_t count, double sum, double squares,
                      double allowed);

#endif
