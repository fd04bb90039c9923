/*
 * sections.h - the parts of bench_first_light, each a process of its own.
 *
 * A section measures, prints its rows and returns; what it cannot do ends
 * its process with a message.
 */
#ifndef CLV_SECTIONS_H
#define CLV_SECTIONS_H

#include <stdint.h>

/* Splitting costs nothing: head and tail against the whole. */
void section_split_overhead(const char *data);

/* Many cuts ready at once: time and memory of opening a pair. */
void section_open_prepare(const char *data);
void section_open_cost(const char *data);

/* Our wrapper costs nothing: clv_session_run against ONNX Runtime's Run. */
void section_run_overhead(const char *data);

/* One call to a server, against the same bytes over a bare socket. */
void section_remote_call(void);

/* What clv_part_bytes says against what the process has grown by. */
void section_accounting(const char *data);

#endif
