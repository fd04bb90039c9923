/*
 * cores.h - how many cores there are for this process.
 */
#ifndef CLV_CORES_H
#define CLV_CORES_H

#include <stdint.h>

/* Those that this process may use, which in a container or under taskset may
   be fewer than the machine has. At least 1. Thread-safe. */
uint32_t clv_cores_count(void);

#endif
