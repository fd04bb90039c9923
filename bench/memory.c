/*
 * memory.c - what this process keeps in memory, as the kernel says.
 */
#include "bench/memory.h"

#include <stdio.h>

#include "bench/stage.h"

struct memory memory_read(void)
{
    struct memory m = {0};
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    double kb;

    stage_must(file != NULL ? CLEAVE_OK : CLEAVE_IO, NULL, "smaps_rollup");
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Private_Dirty: %lf", &kb) == 1) {
            m.private_mb = kb * 1024 / 1e6;
        } else if (sscanf(line, "Rss: %lf", &kb) == 1) {
            m.resident_mb = kb * 1024 / 1e6;
        }
    }
    fclose(file);
    return m;
}
