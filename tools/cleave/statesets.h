/*
 * statesets.h - a switching table in few lines: states that want the same
 * design, put together.
 *
 * A set says for each part of a state which of its levels are in it; states
 * are in the set whose parts all are. Together the sets hold each state once.
 */
#ifndef CLEAVE_TOOL_STATESETS_H
#define CLEAVE_TOOL_STATESETS_H

#include "plan/switching.h"

/* Processors, memory, servers. */
#define STATESET_PARTS (CLV_PROCESSORS + 1 + CLV_SERVERS)

struct stateset {
    unsigned parts[STATESET_PARTS]; /* a bit for each level */
    uint16_t design;
    uint8_t is_feasible;
    uint8_t is_forced;
    size_t states;
};

/* By designs. The caller frees. CLEAVE_MEMORY. */
cleave_status statesets_make(const struct clv_switching *switching,
                             struct stateset **ret_sets, size_t *ret_count,
                             cleave_error *err);

/* "cpu load 1|2, nas slow|away"; "all states". Returns `into`. */
#define STATESET_TEXT 512
const char *stateset_text(const struct clv_switching *switching,
                          const struct stateset *set,
                          const char *const *server_names,
                          char into[STATESET_TEXT]);

#endif
