/*
 * stall.h - how long work on this machine has waited for a processor.
 *
 * Linux counts it (PSI, /proc/pressure/cpu): the time in which somebody,
 * whoever, was ready to run and had no processor to run on. While one thing is
 * measured on an otherwise idle machine nobody waits; so a measurement during
 * which the count has grown was disturbed, and how much is known to the
 * microsecond. But Linux weighs it by ticks (1 to 10 ms), and forgets part of
 * what was waited between two askings within one: 70 to 85 % was counted when
 * asked more often. An engine with more threads than there are processors
 * makes its own threads wait, always about as much.
 *
 * Given like a clock (clock.h), so that tests say themselves what waits.
 * Thread-safe.
 */
#ifndef CLV_STALL_H
#define CLV_STALL_H

struct clv_stall {
    /* Nanoseconds since an arbitrary origin; below 0: not known here. */
    double (*waited_ns)(void *self);
    void *self; /* of all zero nothing is known */
};

/* The machine's. */
struct clv_stall clv_stall_machine(void);

/* Asks. */
double clv_stall_ns(struct clv_stall stall);

/* The share of `took_ns` that was waited in since `before_ns`; 0 to 1, below
   0 if it is not known. */
double clv_stall_share(struct clv_stall stall, double before_ns,
                       double took_ns);

#endif
