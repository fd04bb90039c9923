/*
 * turns.h - who computes first, when tasks of one device want its cores.
 *
 * Tasks of equal priority do not hold each other back at all: what they cost
 * each other was measured, and designs were chosen by it. A head of a lower
 * priority waits while the cores are taken and one of a higher priority is
 * among those that take them; the highest never waits. Whoever waits is let in
 * when another leaves: by priority, then in the order of coming. So that
 * nobody waits for ever, one that was overtaken CLV_TURNS_PATIENCE times is
 * let in all the same.
 *
 *     enter --cores free, or nobody higher is in--> in --leave--> out
 *       |                                           ^
 *       +---------------- waits --------------------+
 *
 * Thread-safe, but for init and fini.
 */
#ifndef CLV_TURNS_H
#define CLV_TURNS_H

#include <pthread.h>
#include <stddef.h>

/* 1 goes first; greater ones than this count as this. */
#define CLV_TURNS_PRIORITIES 16

#define CLV_TURNS_PATIENCE 64

struct clv_turn; /* one who waits; turns.c */

struct clv_turns {
    pthread_mutex_t lock;
    unsigned cores;
    unsigned taken; /* cores, by those who are in; may be more than there are */
    unsigned in[CLV_TURNS_PRIORITIES]; /* how many, by priority less 1 */
    struct clv_turn *first;            /* who waits, in order */
};

void clv_turns_init(struct clv_turns *turns, unsigned cores);

/* Nobody may be in. */
void clv_turns_fini(struct clv_turns *turns);

/* Waits for its turn, to compute with so many threads. */
void clv_turns_enter(struct clv_turns *turns, int priority, unsigned threads);

/* With the same numbers. */
void clv_turns_leave(struct clv_turns *turns, int priority, unsigned threads);

/* How many wait now. */
size_t clv_turns_waiting(struct clv_turns *turns);

#endif
