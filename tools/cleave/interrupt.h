/*
 * interrupt.h - SIGINT and SIGTERM, for commands that run until told to stop.
 *
 *     before the run    the command ends at once, as any program would
 *     in the run        it is told, once: the run ends with what it has to say
 *     a second later    the command ends at once, whatever it waits for
 *
 * A thread of its own waits for the signals; in all others they stay blocked.
 */
#ifndef CLEAVE_TOOL_INTERRUPT_H
#define CLEAVE_TOOL_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "cleave/status.h"

struct interrupt {
    sigset_t signals;
    pthread_t thread;
    int has_thread;
    atomic_int is_run; /* the run is under way, and nobody was told yet */
    atomic_int has_come;
    atomic_int is_over;
};

/* Before any other thread begins, as these inherit what is blocked. */
cleave_status interrupt_open(struct interrupt *interrupt, cleave_error *err);

/* Takes one of zeros. */
void interrupt_close(struct interrupt *interrupt);

/* The run begins, and ends. */
void interrupt_run(struct interrupt *interrupt, int begins);

/* Whether the run was told to stop. Any thread may ask. */
int interrupt_came(const struct interrupt *interrupt);

#endif
