/*
 * calm.h - which of several measurements of one thing were undisturbed.
 *
 * A profile says what things take on an idle machine. Others' work only ever
 * adds to that; so of measurements that were repeated, those that others
 * disturbed are told, not averaged in.
 *
 * Where it is known how much was waited during each (stall.h), those are calm
 * that waited hardly more than the one that waited least: an engine that
 * always waits for itself keeps its times, however they scatter. Where it is
 * not known, those are disturbed that took much longer than the lower quartile,
 * provided they are few: if they are many, that is how the thing is.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_CALM_H
#define CLV_CALM_H

#include <stddef.h>
#include <stdint.h>

/* One measurement. */
struct clv_calm_visit {
    double stalled; /* share of its time; below 0: not known */
    double pace;    /* how long it took, in any unit */
    int is_calm;    /* what comes of it */
};

/*
 * Sets `is_calm` of each. At least `least` are calm (all, if there are no
 * more): the least disturbed are taken as calm where there are too few.
 * Returns how many would be without that.
 */
size_t clv_calm_mark(struct clv_calm_visit *visits, size_t count, size_t least);

#endif
