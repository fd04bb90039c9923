/*
 * adapt_sections.h - the parts of bench_adapt, each a process of its own.
 *
 * A section measures, prints its rows and returns; what it cannot do ends
 * its process with a message.
 */
#ifndef CLV_ADAPT_SECTIONS_H
#define CLV_ADAPT_SECTIONS_H

/* Effort: `quick` tries the benchmark itself, its numbers mean nothing. */
struct adapt_effort {
    int quick;
};

/* One decision over 20,000 designs of which none beats another. */
void section_decide(const char *data, const struct adapt_effort *effort);

#endif
