/*
 * clients.c - connections to one server, shared by all designs that use it.
 *
 * A connection costs round trips to open and keeps what TCP has learnt of the
 * link, so it outlives a change of design. The last one given back is the
 * next one taken: with one inference at a time there is one connection.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/rig.h"

cleave_status clv_clients_init(struct clv_clients *clients, const char *url,
                               size_t count, cleave_error *err)
{
    struct clv_transfer_options options = {
        .url = url, .max_response_bytes = CLV_ANSWER_BYTES};
    cleave_status status = CLEAVE_OK;

    clients->idle = calloc(count, sizeof(struct clv_client *));
    clients->url = strdup(url);
    if (clients->idle == NULL || clients->url == NULL) {
        free(clients->idle);
        free(clients->url);
        *clients = (struct clv_clients){0};
        return clv_fail_memory(err, url, count * sizeof(void *));
    }
    pthread_mutex_init(&clients->lock, NULL);
    pthread_cond_init(&clients->given, NULL);
    while (status == CLEAVE_OK && clients->count < count) {
        status = clv_client_open(&options, &clients->idle[clients->count], err);
        clients->count += status == CLEAVE_OK;
    }
    clients->idle_count = clients->count;
    return status;
}

void clv_clients_fini(struct clv_clients *clients)
{
    if (clients->idle == NULL) {
        return;
    }
    for (size_t i = 0; i < clients->count; i++) {
        clv_client_close(clients->idle[i]);
    }
    free(clients->idle);
    free(clients->url);
    pthread_mutex_destroy(&clients->lock);
    pthread_cond_destroy(&clients->given);
    *clients = (struct clv_clients){0};
}

struct clv_client *clv_clients_take(struct clv_clients *clients)
{
    struct clv_client *client;

    pthread_mutex_lock(&clients->lock);
    while (clients->idle_count == 0) {
        pthread_cond_wait(&clients->given, &clients->lock);
    }
    client = clients->idle[--clients->idle_count];
    pthread_mutex_unlock(&clients->lock);
    return client;
}

void clv_clients_give(struct clv_clients *clients, struct clv_client *client)
{
    pthread_mutex_lock(&clients->lock);
    clients->idle[clients->idle_count++] = client;
    pthread_cond_signal(&clients->given);
    pthread_mutex_unlock(&clients->lock);
}
