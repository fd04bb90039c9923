/*
 * account.c - counting calls and their bytes under one lock.
 *
 * Nothing is done under it but adding and comparing, so the connections'
 * thread never waits for long.
 */
#include "serve/account.h"

#include <errno.h>
#include <time.h>

void clv_account_init(struct clv_account *account, uint64_t most_bytes)
{
    pthread_condattr_t attributes;

    *account = (struct clv_account){.most_bytes = most_bytes};
    pthread_mutex_init(&account->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&account->left, &attributes);
    pthread_condattr_destroy(&attributes);
}

void clv_account_fini(struct clv_account *account)
{
    pthread_cond_destroy(&account->left);
    pthread_mutex_destroy(&account->lock);
}

void clv_account_enter(struct clv_account *account)
{
    pthread_mutex_lock(&account->lock);
    account->calls++;
    pthread_mutex_unlock(&account->lock);
}

bool clv_account_charge(struct clv_account *account, uint64_t bytes)
{
    bool room;

    pthread_mutex_lock(&account->lock);
    room = bytes <= account->most_bytes - account->bytes;
    if (room) {
        account->bytes += bytes;
    }
    pthread_mutex_unlock(&account->lock);
    return room;
}

void clv_account_leave(struct clv_account *account, uint64_t bytes)
{
    pthread_mutex_lock(&account->lock);
    account->bytes -= bytes;
    account->calls--;
    pthread_cond_broadcast(&account->left);
    pthread_mutex_unlock(&account->lock);
}

static struct timespec deadline_after(uint32_t timeout_ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

bool clv_account_wait(struct clv_account *account, uint32_t timeout_ms)
{
    struct timespec deadline = deadline_after(timeout_ms);
    int waited = 0;
    bool empty;

    pthread_mutex_lock(&account->lock);
    while (account->calls > 0 && waited != ETIMEDOUT) {
        waited =
            pthread_cond_timedwait(&account->left, &account->lock, &deadline);
    }
    empty = account->calls == 0;
    pthread_mutex_unlock(&account->lock);
    return empty;
}
