/*
 * cores.c - how many cores there are for this process.
 *
 * Counts what the scheduler allows. A CPU quota, which gives less than whole
 * cores, is no count and left out.
 */
#include "base/cores.h"

#include <sched.h>
#include <unistd.h>

uint32_t clv_cores_count(void)
{
    cpu_set_t set;
    long online = 0;

    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        online = CPU_COUNT(&set);
    } else { /* more cores than the set has room for */
        online = sysconf(_SC_NPROCESSORS_ONLN);
    }
    return online > 0 ? (uint32_t)online : 1;
}
