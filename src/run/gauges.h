/*
 * gauges.h - what this machine is under: load by others, want of memory.
 *
 * Reads what Linux tells: /proc/stat less what this process used (cores that
 * others keep busy), /proc/pressure/memory (share of time that somebody waited
 * for memory), the memory files of this process's cgroup and of those around
 * it, version 1 or 2 (how near a limit is, and its own pressure file, which
 * then counts instead), /proc/meminfo, /proc/self/statm. What a machine does
 * not have is not known, and said so. Load is that of the last half second, if
 * readings were as frequent; time is the processors' own, so that a clock that
 * jumps or a machine that slept changes nothing.
 *
 * For trials, files of a folder stand for those of / where it has them. What
 * its proc/stat says is all others' doing. Belongs to one thread.
 */
#ifndef CLV_GAUGES_H
#define CLV_GAUGES_H

#include <stdint.h>

#include "base/file.h"
#include "cleave/status.h"

struct clv_gauges;

/* CLV_UNKNOWN (below 0) for what the machine does not tell. */
struct clv_pressure {
    int64_t at_ns;
    double cores;        /* that there are */
    double others_cores; /* busy with others' work lately */
    double own_cores;
    double memory_share; /* of time lost to want of memory, 10 s average */
    double memory_used;  /* of what this process may have: the share of the
                            limit that is nearest, be it its cgroup's, that of
                            one around it or the machine's; without what the
                            system would give back at once */
    double resident_bytes;
};

/* `root` may be NULL. CLEAVE_MEMORY, CLEAVE_LIMIT for a path too long,
   CLEAVE_NOT_FOUND for one that is no folder. */
cleave_status clv_gauges_open(const char *root, struct clv_gauges **ret_gauges,
                              cleave_error *err);

/* Takes NULL. */
void clv_gauges_close(struct clv_gauges *gauges);

/* `now_ns` of the machine's clock. Cannot fail: what cannot be read is not
   known. */
void clv_gauges_read(struct clv_gauges *gauges, int64_t now_ns,
                     struct clv_pressure *ret_pressure);

#endif
