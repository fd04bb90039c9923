/*
 * machine.h - which machine this is.
 */
#ifndef CLV_MACHINE_H
#define CLV_MACHINE_H

#include <stdint.h>

struct clv_machine {
    char processor[80]; /* its model, or "unknown processor" */
    uint32_t cores;     /* that this process may use */
    uint64_t memory_bytes;
    char system[44]; /* "Linux x86_64" */
};

/* Looks. Cannot fail: what is not known is told as such. Thread-safe. */
void clv_machine_look(struct clv_machine *ret_machine);

#endif
