/*
 * energy.h - what computing draws, where the machine has a counter for it.
 *
 * Looked for in this order, below a folder that is /sys in earnest:
 *
 *     class/powercap/intel-rapl:N    the package counters, all together
 *     class/hwmon/hwmonN/energyM_input   the first counter there is
 *     class/hwmon/hwmonN/powerM_input or _average   the first sensor, in watts
 *     class/power_supply/X/power_now     a battery that is discharging
 *
 * A counter counts joules by itself; of a sensor, the mean of its value at
 * both ends is taken for the time between. Either way it is the draw of what
 * the counter covers, other processes and idling included. Where there is
 * none, energy is unknown; nothing is made up.
 *
 * Belongs to one thread.
 */
#ifndef CLV_ENERGY_H
#define CLV_ENERGY_H

#include <stdint.h>

#include "base/clock.h"

#define CLV_ENERGY_COUNTERS 8

struct clv_energy {
    char source[16]; /* what kind */
    struct clv_clock clock;
    int is_sensor;
    char paths[CLV_ENERGY_COUNTERS][256];
    double wraps_at_uj[CLV_ENERGY_COUNTERS]; /* 0: never */
    double begun_uj[CLV_ENERGY_COUNTERS];
    int64_t begun_ns;
    unsigned count;
    int is_running;
};

/* Looks for a counter that can be read. Finding none is no failure. */
void clv_energy_init(struct clv_energy *energy, const char *sys,
                     struct clv_clock clock);

/* "powercap", "hwmon", "battery", or NULL if there is none. */
const char *clv_energy_source(const struct clv_energy *energy);

void clv_energy_begin(struct clv_energy *energy);

/* Joules since begin, or CLV_UNKNOWN. */
double clv_energy_end(struct clv_energy *energy);

#endif
