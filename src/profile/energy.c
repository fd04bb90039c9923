/*
 * energy.c - what computing draws, where the machine has a counter for it.
 *
 * Since 2020 kernels let only root read RAPL; then the files are there and
 * cannot be read, which is the same as having none.
 */
#include "profile/energy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/costs.h"

#define UJ 1e6

/* The number in a file; returns 0 if there is none. */
static int read_number(const char *path, double *ret)
{
    FILE *file = fopen(path, "re");
    char text[64];
    char *end = text;

    if (file == NULL) {
        return 0;
    }
    if (fgets(text, sizeof text, file) != NULL) {
        *ret = strtod(text, &end);
    }
    fclose(file);
    return end != text && *ret >= 0;
}

static int read_word(const char *path, char *into, int room)
{
    FILE *file = fopen(path, "re");
    int good = file != NULL && fgets(into, room, file) != NULL;

    if (file != NULL) {
        fclose(file);
    }
    if (good) {
        into[strcspn(into, "\n")] = '\0';
    }
    return good;
}

static void note(struct clv_energy *e, const char *path, double wraps_at,
                 const char *source)
{
    if (e->count < CLV_ENERGY_COUNTERS) {
        snprintf(e->paths[e->count], sizeof e->paths[0], "%s", path);
        e->wraps_at_uj[e->count++] = wraps_at;
        snprintf(e->source, sizeof e->source, "%s", source);
    }
}

/* -- Places to look -- */

/* Told of each entry of a folder; returns 1 once it needs no more. */
typedef int entry_seen(struct clv_energy *e, const char *folder,
                       const char *name);

static int look_in(struct clv_energy *e, const char *sys, const char *part,
                   entry_seen *seen)
{
    char folder[160];
    struct dirent **entries = NULL;
    int enough = 0;
    int count;

    snprintf(folder, sizeof folder, "%.100s/%s", sys, part);
    count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (!enough && entries[i]->d_name[0] != '.') {
            enough = seen(e, folder, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return enough || e->count > 0;
}

/*
 * Packages are intel-rapl:N; what has a second colon is a part of one. Some
 * processors show a package a second time, as intel-rapl-mmio:N, and beside
 * the packages one domain of the whole machine (psys), which has them in it:
 * joules must not count twice.
 */
static int is_package(const char *folder, const char *name)
{
    const char *colon = strchr(name, ':');
    char path[256];
    char word[32];

    if (colon == NULL || strchr(colon + 1, ':') != NULL ||
        strncmp(name, "intel-rapl-mmio", strlen("intel-rapl-mmio")) == 0) {
        return 0;
    }
    snprintf(path, sizeof path, "%.150s/%.60s/name", folder, name);
    return !read_word(path, word, sizeof word) || strcmp(word, "psys") != 0;
}

static int see_package(struct clv_energy *e, const char *folder,
                       const char *name)
{
    char path[256];
    char range[256];
    double value = 0;
    double wraps_at = 0;

    if (!is_package(folder, name)) {
        return 0;
    }
    snprintf(path, sizeof path, "%.150s/%.60s/energy_uj", folder, name);
    snprintf(range, sizeof range, "%.150s/%.60s/max_energy_range_uj", folder,
             name);
    if (read_number(path, &value)) {
        (void)read_number(range, &wraps_at);
        note(e, path, wraps_at, "powercap");
    }
    return 0;
}

static int see_monitor(struct clv_energy *e, const char *folder,
                       const char *name, const char *kind, const char *ending)
{
    double value = 0;

    for (int i = 1; i <= CLV_ENERGY_COUNTERS; i++) {
        char path[256];
        snprintf(path, sizeof path, "%.150s/%.60s/%s%d_%s", folder, name, kind,
                 i, ending);
        if (read_number(path, &value)) {
            note(e, path, 0, "hwmon");
            return 1;
        }
    }
    return 0;
}

static int see_counter(struct clv_energy *e, const char *folder,
                       const char *name)
{
    return see_monitor(e, folder, name, "energy", "input");
}

static int see_sensor(struct clv_energy *e, const char *folder,
                      const char *name)
{
    e->is_sensor = see_monitor(e, folder, name, "power", "input") ||
                   see_monitor(e, folder, name, "power", "average");
    return e->is_sensor;
}

static int see_battery(struct clv_energy *e, const char *folder,
                       const char *name)
{
    char path[256];
    char state[32];
    double value = 0;

    snprintf(path, sizeof path, "%.150s/%.60s/status", folder, name);
    if (!read_word(path, state, sizeof state) ||
        strcmp(state, "Discharging") != 0) {
        return 0;
    }
    snprintf(path, sizeof path, "%.150s/%.60s/power_now", folder, name);
    if (!read_number(path, &value)) {
        return 0;
    }
    note(e, path, 0, "battery");
    e->is_sensor = 1;
    return 1;
}

void clv_energy_init(struct clv_energy *energy, const char *sys,
                     struct clv_clock clock)
{
    *energy = (struct clv_energy){.clock = clock};
    (void)(look_in(energy, sys, "class/powercap", see_package) ||
           look_in(energy, sys, "class/hwmon", see_counter) ||
           look_in(energy, sys, "class/hwmon", see_sensor) ||
           look_in(energy, sys, "class/power_supply", see_battery));
}

const char *clv_energy_source(const struct clv_energy *energy)
{
    return energy->count > 0 ? energy->source : NULL;
}

/* -- Measuring -- */

static int read_all(const struct clv_energy *e, double *values)
{
    for (unsigned i = 0; i < e->count; i++) {
        if (!read_number(e->paths[i], &values[i])) {
            return 0;
        }
    }
    return e->count > 0;
}

void clv_energy_begin(struct clv_energy *energy)
{
    energy->is_running = read_all(energy, energy->begun_uj);
    energy->begun_ns = clv_clock_now_ns(energy->clock);
}

double clv_energy_end(struct clv_energy *energy)
{
    double now[CLV_ENERGY_COUNTERS];
    double sum = 0;
    int64_t ns = clv_clock_now_ns(energy->clock) - energy->begun_ns;

    if (!energy->is_running || !read_all(energy, now)) {
        return CLV_UNKNOWN;
    }
    energy->is_running = 0;
    if (energy->is_sensor) {
        return (energy->begun_uj[0] + now[0]) / 2 / UJ * (double)ns / 1e9;
    }
    for (unsigned i = 0; i < energy->count; i++) {
        double used = now[i] - energy->begun_uj[i];
        if (used < 0) {
            used += energy->wraps_at_uj[i];
        }
        if (used < 0) {
            return CLV_UNKNOWN; /* it went back, and not by wrapping */
        }
        sum += used;
    }
    return sum / UJ;
}
