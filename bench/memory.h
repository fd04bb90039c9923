/*
 * memory.h - what this process keeps in memory, as the kernel says.
 */
#ifndef CLV_MEMORY_H
#define CLV_MEMORY_H

struct memory {
    double private_mb;  /* pages it has written to, nobody else's */
    double resident_mb; /* all pages present, mapped files too */
};

/* Reads /proc/self/smaps_rollup; ends the program if it cannot. */
struct memory memory_read(void);

#endif
