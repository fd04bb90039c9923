/*
 * machine.c - which machine this is, for profiles.
 *
 * Times hold for a kind of machine: its processor, how many cores of it this
 * process may use, how much memory, which system. The host's name is not in
 * it, so a fleet of equal devices shares one profile. Memory is rounded to
 * half a GiB, since kernels of different versions keep different amounts for
 * themselves.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cores.h"
#include "base/sha256.h"
#include "profile/database.h"
#include "profile/machine.h"

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

void clv_machine_look(struct clv_machine *ret_machine)
{
    struct utsname system = {0};

    uname(&system);
    name_processor(ret_machine->processor, sizeof ret_machine->processor);
    ret_machine->cores = clv_cores_count();
    ret_machine->memory_bytes =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    snprintf(ret_machine->system, sizeof ret_machine->system, "%.20s %.20s",
             system.sysname, system.machine);
}

void clv_machine_id(char ret_id[CLV_MACHINE_TEXT],
                    char ret_text[CLV_MACHINE_TEXT])
{
    struct clv_machine machine;
    struct clv_sha256 hash;
    unsigned halves;
    clv_bytes text;

    clv_machine_look(&machine);
    halves = (unsigned)((machine.memory_bytes + HALF_GIB / 2) / HALF_GIB);
    /* no "%.1f": the name must be the same in every locale */
    snprintf(ret_text, CLV_MACHINE_TEXT, "%s, %u cores, %u.%u GiB, %s",
             machine.processor, machine.cores, halves / 2, halves % 2 * 5,
             machine.system);
    text = (clv_bytes){(const uint8_t *)ret_text, strlen(ret_text)};
    hash = clv_sha256_of(text);
    snprintf(ret_id, CLV_MACHINE_TEXT, "%.*s", ID_DIGITS, hash.hex);
}
