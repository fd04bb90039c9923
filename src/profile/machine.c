/*
 * machine.c - which machine this is, for profiles.
 *
 * Times hold for a kind of machine: its processor, how many cores of it this
 * process may use, how much memory, which system. The host's name is not in
 * it, so a fleet of equal devices shares one profile. Memory is rounded to
 * half a GiB, since kernels of different versions keep different amounts for
 * themselves.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/sha256.h"
#include "profile/database.h"

#define HALF_GIB ((uint64_t)1 << 29)
#define ID_DIGITS 16

/* The value of a "key : value" line that starts with `key`. */
static int take_value(const char *line, const char *key, char *into,
                      size_t room)
{
    const char *colon = strchr(line, ':');

    if (strncmp(line, key, strlen(key)) != 0 || colon == NULL) {
        return 0;
    }
    colon += 1 + strspn(colon + 1, " \t");
    snprintf(into, room, "%.*s", (int)strcspn(colon, "\n"), colon);
    return into[0] != '\0';
}

/* x86 says "model name", arm64 boards say "Model" and numbers of the part. */
static void name_processor(char *into, size_t room)
{
    static const char *const keys[] = {"model name", "Model", "CPU part",
                                       "Hardware"};
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    size_t best = sizeof keys / sizeof keys[0];

    snprintf(into, room, "unknown processor");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        for (size_t i = 0; i < best; i++) {
            if (take_value(line, keys[i], into, room)) {
                best = i;
            }
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* Those that this process may use, as in a container. */
static int count_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static unsigned memory_halves(void)
{
    uint64_t bytes =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    return (unsigned)((bytes + HALF_GIB / 2) / HALF_GIB);
}

void clv_machine_id(char ret_id[CLV_MACHINE_TEXT],
                    char ret_text[CLV_MACHINE_TEXT])
{
    struct utsname system = {0};
    struct clv_sha256 hash;
    unsigned halves = memory_halves();
    char processor[80];
    clv_bytes text;

    uname(&system);
    name_processor(processor, sizeof processor);
    /* no "%.1f": the name must be the same in every locale */
    snprintf(ret_text, CLV_MACHINE_TEXT, "%s, %d cores, %u.%u GiB, %.20s %.20s",
             processor, count_cores(), halves / 2, halves % 2 * 5,
             system.sysname, system.machine);
    text = (clv_bytes){(const uint8_t *)ret_text, strlen(ret_text)};
    hash = clv_sha256_of(text);
    snprintf(ret_id, CLV_MACHINE_TEXT, "%.*s", ID_DIGITS, hash.hex);
}
