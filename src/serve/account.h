/*
 * account.h - how many calls there are, and how many bytes they hold.
 *
 * A server that took every body offered would run out of memory with a few
 * clients that only send. So calls take room for their bodies from an account
 * that has a limit, before they read them, and give it back when they end. Who
 * ends the server waits here for the last call.
 * Thread-safe.
 */
#ifndef CLV_ACCOUNT_H
#define CLV_ACCOUNT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clv_account {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t left;  /* a call has */
    uint64_t most_bytes;
    size_t calls;
    uint64_t bytes; /* of the bodies that calls hold or announce */
};

/* The caller's storage. */
void clv_account_init(struct clv_account *account, uint64_t most_bytes);
void clv_account_fini(struct clv_account *account);

/* One more call. */
void clv_account_enter(struct clv_account *account);

/* Takes room for `bytes` more; false, and nothing is taken, if there is not
   so much. */
bool clv_account_charge(struct clv_account *account, uint64_t bytes);

/* A call ends that has taken so many bytes in all. */
void clv_account_leave(struct clv_account *account, uint64_t bytes);

/* Waits until there is no call; false if that takes longer. */
bool clv_account_wait(struct clv_account *account, uint32_t timeout_ms);

#endif
