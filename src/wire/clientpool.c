/*
 * clientpool.c - a bounded stack of clients that threads take from.
 *
 * A stack and not a queue: the client used last has the warmest connection.
 * Clients are made on demand, outside of the lock, for making one is slow.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "wire/client.h"

struct clv_client_pool {
    struct clv_client_options options;
    char *url;
    size_t most;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t given;
    size_t made; /* in the stack or taken */
    size_t free_count;
    struct clv_client *free_clients[];
};

cleave_status clv_client_pool_open(const struct clv_client_options *options,
                                   size_t count,
                                   struct clv_client_pool **ret_pool,
                                   cleave_error *err)
{
    struct clv_client_pool *pool = NULL;
    pthread_condattr_t attributes;
    size_t most = count > 0 ? count : 1;
    size_t bytes = sizeof *pool + most * sizeof pool->free_clients[0];

    if (options->url == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "client",
                        "No server URL; give one such as http://host:8700.");
    }
    pool = calloc(1, bytes);
    if (pool == NULL) {
        return clv_fail_memory(err, "client pool", bytes);
    }
    pool->url = strdup(options->url);
    if (pool->url == NULL) {
        free(pool);
        return clv_fail_memory(err, "client pool", strlen(options->url));
    }
    pool->options = *options;
    pool->options.url = pool->url;
    pool->most = most;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_pool = pool;
    return CLEAVE_OK;
}

void clv_client_pool_close(struct clv_client_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < pool->free_count; i++) {
        clv_client_close(pool->free_clients[i]);
    }
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free(pool->url);
    free(pool);
}

static struct timespec deadline_after(int64_t wait_ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += wait_ms / 1000;
    t.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Waits until a client is free or may be made; false if time ran out. */
static bool wait_for_room_locked(struct clv_client_pool *pool, int64_t wait_ms)
{
    struct timespec deadline = deadline_after(wait_ms);

    while (pool->free_count == 0 && pool->made == pool->most) {
        if (wait_ms <= 0 || pthread_cond_timedwait(&pool->given, &pool->lock,
                                                   &deadline) == ETIMEDOUT) {
            return pool->free_count > 0 || pool->made < pool->most;
        }
    }
    return true;
}

static void unmake(struct clv_client_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->made--;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}

cleave_status clv_client_pool_take(struct clv_client_pool *pool,
                                   int64_t wait_ms,
                                   struct clv_client **ret_client,
                                   cleave_error *err)
{
    struct clv_client *client = NULL;
    bool room;
    cleave_status status;

    pthread_mutex_lock(&pool->lock);
    room = wait_for_room_locked(pool, wait_ms);
    if (room && pool->free_count > 0) {
        client = pool->free_clients[--pool->free_count];
    } else if (room) {
        pool->made++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!room) {
        return clv_fail(err, CLEAVE_BUSY, pool->url,
                        "All %zu connections are in use.", pool->most);
    }
    if (client == NULL) {
        status = clv_client_open(&pool->options, &client, err);
        if (status != CLEAVE_OK) {
            unmake(pool);
            return status;
        }
    }
    *ret_client = client;
    return CLEAVE_OK;
}

void clv_client_pool_give(struct clv_client_pool *pool,
                          struct clv_client *client)
{
    pthread_mutex_lock(&pool->lock);
    pool->free_clients[pool->free_count++] = client;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}
