/*
 * carin_sections.h - the parts of bench_carin, each a process of its own.
 *
 * A section measures, prints its rows and returns; what it cannot do ends
 * its process with a message.
 */
#ifndef CLV_CARIN_SECTIONS_H
#define CLV_CARIN_SECTIONS_H

#include "bench/course.h"

/* What RASS and its rivals choose in each use case, rated by one yardstick. */
void section_use_cases(const char *data, const struct course_effort *effort);

/* The table's design in each state against a fresh solve; what is kept; how
   long a look-up takes. */
void section_states(const char *data, const struct course_effort *effort);
void section_storage(const char *data, const struct course_effort *effort);
void section_lookup(const char *data, const struct course_effort *effort);

/* What a warm switch costs; SLOs broken under overload and want of memory. */
void section_switch(const char *data, const struct course_effort *effort);
void section_live(const char *data, const struct course_effort *effort);

#endif
