/*
 * chance.h - numbers that look drawn and are the same in every run.
 *
 * A xorshift generator: good enough to make up spaces of designs, and quick
 * enough not to be seen in what is measured beside it.
 */
#ifndef CLV_CHANCE_H
#define CLV_CHANCE_H

#include <stdint.h>

/* Begins with any state but 0. */
struct chance {
    uint64_t state;
};

/* From 0 to below 1. */
static inline double chance_unit(struct chance *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (double)(c->state >> 11) * 0x1p-53;
}

#endif
