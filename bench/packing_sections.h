/*
 * packing_sections.h - the parts of bench_packing, each a process of its own.
 *
 * A section measures, prints its rows and returns; what it cannot do ends
 * its process with a message. `data` is the folder with the test data.
 */
#ifndef CLV_PACKING_SECTIONS_H
#define CLV_PACKING_SECTIONS_H

#include "bench/exhibit.h"

/* Bytes within a budget of accuracy: dense against lz, cuts against
   pictures. */
void section_bytes(const char *data, const struct effort *effort);

/* Frames of dense against the ideal length under their own model. */
void section_entropy(const char *data, const struct effort *effort);

/* The same symbols through dense and through general compressors. */
void section_rivals(const char *data, const struct effort *effort);

/* Nanoseconds an element, next to memcpy and general compressors. */
void section_speed(const char *data, const struct effort *effort);

#endif
