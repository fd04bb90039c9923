/*
 * hognumbers.h - which numbers of hogs count, where too many were measured.
 *
 * A machine is tried beside as many busy threads as it has cores, and beside
 * half as many. A file may hold trials with others, of an earlier cleave or of
 * a machine that was told apart less well; there are no more levels of load
 * than CLV_HOG_NUMBERS, and those count that suit the machine as it is now.
 *
 * Pure.
 */
#ifndef CLV_HOGNUMBERS_H
#define CLV_HOGNUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* Of these the least suitable gives way to another one. */
#define CLV_HOGNUMBERS_MOST 64

/* All zero is empty. */
struct clv_hognumbers {
    uint32_t cores; /* of the machine now; 0: not known */
    uint32_t hogs[CLV_HOGNUMBERS_MOST];
    uint64_t turn[CLV_HOGNUMBERS_MOST]; /* of the latest trial with it */
    uint64_t turns;
    size_t count;
};

/* A trial with so many hogs, later than those before. 0 hogs are none. */
void clv_hognumbers_note(struct clv_hognumbers *numbers, uint32_t hogs);

/*
 * Keeps `most` at most, most suitable first: as many as there are cores, and
 * half as many; then those below the cores; then what is left; each time the
 * latest first. Returns how many fell out.
 */
size_t clv_hognumbers_choose(struct clv_hognumbers *numbers, size_t most);

/* Whether it is among them; 0 always is. */
int clv_hognumbers_has(const struct clv_hognumbers *numbers, uint32_t hogs);

#endif
