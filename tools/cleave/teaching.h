/*
 * teaching.h - how many inputs calibrate: what calibrate, rate, quantize and
 * profile do alike.
 */
#ifndef CLEAVE_TOOL_TEACHING_H
#define CLEAVE_TOOL_TEACHING_H

#include <stdint.h>

/* Unless `is_quiet`, says on stderr that of so many inputs fewer calibrate than
   usual, if that is so; `flag` says otherwise. */
void teaching_tell(int is_quiet, const char *flag, uint64_t wanted,
                   uint64_t total);

#endif
