/*
 * seeded.h - chance for property tests: the same for the same seed, which
 * a test prints before it uses it. CLEAVE_SEED in the environment replaces
 * the seeds of all tests of a program.
 */
#ifndef SEEDED_H
#define SEEDED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/processor.h"

struct seeded {
    uint64_t state;
};

static inline struct seeded seeded_init(const char *test, uint64_t seed)
{
    const char *given = getenv("CLEAVE_SEED");

    if (given != NULL) {
        seed = strtoull(given, NULL, 0);
    }
    printf("%s: seed %llu\n", test, (unsigned long long)seed);
    return (struct seeded){seed * 0x9E3779B97F4A7C15u + 1};
}

static inline uint32_t seeded_next(struct seeded *s)
{
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return (uint32_t)(s->state >> 32);
}

/* From 0 to below - 1. */
static inline uint32_t seeded_below(struct seeded *s, uint32_t below)
{
    return (uint32_t)((uint64_t)seeded_next(s) * below >> 32);
}

/* From 0 to below 1. */
static inline double seeded_unit(struct seeded *s)
{
    return seeded_next(s) * 0x1p-32;
}

/* A symbol's number with P(0) = zero, falling off geometrically. */
static inline int seeded_geometric(struct seeded *s, double zero)
{
    double u = 1 - seeded_unit(s);

    return (int)(log(u) / log(1 - zero));
}

/* The same with a sign. */
static inline int seeded_laplace(struct seeded *s, double zero)
{
    int magnitude = seeded_geometric(s, zero);

    return seeded_next(s) & 1 ? magnitude : -magnitude;
}

/* The next path after `path` that this machine has; CLV_PATH_COUNT: none. */
static inline int seeded_path_after(int path)
{
    do {
        path++;
    } while (path < CLV_PATH_COUNT && !clv_processor_has((enum clv_path)path));
    return path;
}

#define SEEDED_EACH_PATH(path)                                \
    for (int path = CLV_PATH_PORTABLE; path < CLV_PATH_COUNT; \
         path = seeded_path_after(path))

#endif
