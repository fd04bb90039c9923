/*
 * test_workers.c - the queue: bounds, order, stopping.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "serve/workers.h"

struct item {
    struct clv_work work; /* first */
    int number;
    int *order;
    atomic_int *done;
    atomic_int *given_up;
    pthread_mutex_t *gate;
};

static void run(struct clv_work *work, bool cancelled)
{
    struct item *item = (struct item *)work;

    if (item->gate != NULL) {
        pthread_mutex_lock(item->gate);
        pthread_mutex_unlock(item->gate);
    }
    if (cancelled) {
        atomic_fetch_add(item->given_up, 1);
    } else {
        item->order[atomic_fetch_add(item->done, 1)] = item->number;
    }
}

static void the_queue_is_bounded_and_in_order(void **state)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct clv_workers *w = NULL;
    struct item items[4];
    int order[5] = {-1, -1, -1, -1, -1};
    atomic_int done = 0;
    atomic_int given_up = 0;

    (void)state;
    assert_int_equal(clv_workers_new(1, 3, &w, NULL), CLEAVE_OK);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 4; i++) {
        items[i] =
            (struct item){{NULL, run}, i, order, &done, &given_up, &gate};
        assert_int_equal(clv_workers_reserve(w), CLEAVE_OK);
        clv_workers_push(w, &items[i].work);
    }
    assert_int_equal(clv_workers_reserve(w), CLEAVE_BUSY);
    pthread_mutex_unlock(&gate);
    while (clv_workers_reserve(w) == CLEAVE_BUSY) {
    }
    items[0].gate = NULL;
    clv_workers_push(w, &items[0].work); /* room again: 0 has run */
    clv_workers_stop(w);
    assert_int_equal(atomic_load(&done) + atomic_load(&given_up), 5);
    for (int i = 0; i < 4 && order[i] >= 0 && i < atomic_load(&done); i++) {
        assert_int_equal(order[i], i);
    }
    assert_int_equal(clv_workers_reserve(w), CLEAVE_BUSY);
    clv_workers_free(w);
}

static void stopping_gives_up_what_waits(void **state)
{
    struct clv_workers *w = NULL;
    struct item items[64];
    int order[64];
    atomic_int done = 0;
    atomic_int given_up = 0;

    (void)state;
    assert_int_equal(clv_workers_new(3, 64, &w, NULL), CLEAVE_OK);
    for (int i = 0; i < 64; i++) {
        items[i] = (struct item){{NULL, run}, i, order, &done, &given_up, NULL};
        assert_int_equal(clv_workers_reserve(w), CLEAVE_OK);
        clv_workers_push(w, &items[i].work);
    }
    clv_workers_stop(w);
    assert_int_equal(atomic_load(&done) + atomic_load(&given_up), 64);
    clv_workers_free(w);
    clv_workers_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_is_bounded_and_in_order),
        cmocka_unit_test(stopping_gives_up_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
