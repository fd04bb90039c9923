/*
 * resident_memory.h - how much memory this process really has.
 *
 * Bounds are to be wide: pages come and go in clusters. Sanitizers keep what
 * is freed; with them RESIDENT_MEMORY is 0, and there is nothing to measure.
 */
#ifndef RESIDENT_MEMORY_H
#define RESIDENT_MEMORY_H

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    !defined(__GLIBC__)
#define RESIDENT_MEMORY 0
#else
#define RESIDENT_MEMORY 1
#endif

#define RESIDENT_MB ((size_t)1 << 20)

/* 0 if the system does not tell. */
static inline size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1) {
        pages = 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

#endif
