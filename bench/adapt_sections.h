/*
 * adapt_sections.h - the parts of bench_adapt, each a process of its own.
 *
 * A section measures, prints its rows and returns; what it cannot do ends
 * its process with a message.
 */
#ifndef CLV_ADAPT_SECTIONS_H
#define CLV_ADAPT_SECTIONS_H

#include "bench/course.h"

/* One decision over 20,000 designs of which none beats another. */
void section_decide(const char *data, const struct course_effort *effort);

/* Points of the sweep lived through, and predictions against measurements:
   over a steady link, and over replayed traces. */
void section_confirm(const char *data, const struct course_effort *effort);
void section_traces(const char *data, const struct course_effort *effort);

/* A tenfold step of the link's rate, down and back up. */
void section_step(const char *data, const struct course_effort *effort);

/* Against f32 at the best cut, from 0.1 Mbit/s to 10 Gbit/s. */
void section_auto_raw(const char *data, const struct course_effort *effort);

/* Servers killed, frozen and black-holed while inferences come steadily. */
void section_outages(const char *data, const struct course_effort *effort);

#endif
