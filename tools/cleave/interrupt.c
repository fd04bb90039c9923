/*
 * interrupt.c - SIGINT and SIGTERM, for commands that run until told to stop.
 *
 * To end at once, the signal is raised again with nobody to catch it: a shell
 * then sees what has ended the command. What is written must bear that anyway,
 * as a computer may fail at any time.
 */
#include "interrupt.h"

#include "base/clock.h"
#include "base/fail.h"

/* A signal may come twice: to the group of processes, and passed on by whoever
   has started this one. */
#define ECHO_NS 1000000000

static int64_t now(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

static void end_at_once(const sigset_t *signals, int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};

    sigemptyset(&plain.sa_mask);
    sigaction(number, &plain, NULL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    raise(number);
}

static void *wait_for_signals(void *arg)
{
    struct interrupt *i = arg;
    int64_t told_ns = -ECHO_NS;

    while (!atomic_load(&i->is_over)) {
        int number = 0;
        if (sigwait(&i->signals, &number) != 0 || atomic_load(&i->is_over)) {
            continue;
        }
        if (atomic_exchange(&i->is_run, 0)) {
            told_ns = now();
            atomic_store(&i->has_come, 1);
        } else if (now() - told_ns >= ECHO_NS) {
            end_at_once(&i->signals, number);
        }
    }
    return NULL;
}

cleave_status interrupt_open(struct interrupt *i, cleave_error *err)
{
    *i = (struct interrupt){0};
    sigemptyset(&i->signals);
    sigaddset(&i->signals, SIGINT);
    sigaddset(&i->signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &i->signals, NULL);
    i->has_thread = pthread_create(&i->thread, NULL, wait_for_signals, i) == 0;
    return i->has_thread ? CLEAVE_OK
                         : clv_fail(err, CLEAVE_MEMORY, "signals",
                                    "No thread could be started.");
}

void interrupt_close(struct interrupt *i)
{
    if (i->has_thread) {
        atomic_store(&i->is_over, 1);
        pthread_kill(i->thread, SIGTERM); /* only wakes it */
        pthread_join(i->thread, NULL);
        i->has_thread = 0;
    }
}

void interrupt_run(struct interrupt *i, int begins)
{
    atomic_store(&i->is_run, begins);
}

int interrupt_came(const struct interrupt *i)
{
    return atomic_load(&i->has_come);
}
