/*
 * test_clientpool.c - a bounded pool of clients.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "wire/client.h"

static void the_pool_is_bounded_and_takes_the_warmest(void **state)
{
    struct clv_client_options options = {.url = "http://127.0.0.1:1"};
    struct clv_client_pool *pool = NULL;
    struct clv_client *a = NULL;
    struct clv_client *b = NULL;
    struct clv_client *c = NULL;

    (void)state;
    assert_int_equal(clv_client_pool_open(&options, 2, &pool, NULL), CLEAVE_OK);
    assert_int_equal(clv_client_pool_take(pool, 0, &a, NULL), CLEAVE_OK);
    assert_int_equal(clv_client_pool_take(pool, 0, &b, NULL), CLEAVE_OK);
    assert_int_equal(clv_client_pool_take(pool, 0, &c, NULL), CLEAVE_BUSY);
    assert_int_equal(clv_client_pool_take(pool, 5, &c, NULL), CLEAVE_BUSY);
    assert_null(c);
    clv_client_pool_give(pool, a);
    clv_client_pool_give(pool, b);
    assert_int_equal(clv_client_pool_take(pool, 0, &c, NULL), CLEAVE_OK);
    assert_ptr_equal(c, b);
    clv_client_pool_give(pool, c);
    clv_client_pool_close(pool);
    clv_client_pool_close(NULL);
}

static void a_bad_url_does_not_use_up_places(void **state)
{
    struct clv_client_options options = {.url = "nonsense"};
    struct clv_client_pool *pool = NULL;
    struct clv_client *client = NULL;

    (void)state;
    assert_int_equal(clv_client_pool_open(&options, 1, &pool, NULL), CLEAVE_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(clv_client_pool_take(pool, 0, &client, NULL),
                         CLEAVE_INVALID);
    }
    clv_client_pool_close(pool);
}

static void *take_and_give(void *self)
{
    struct clv_client_pool *pool = self;

    for (int i = 0; i < 200; i++) {
        struct clv_client *client = NULL;
        if (clv_client_pool_take(pool, 60000, &client, NULL) != CLEAVE_OK) {
            return self;
        }
        clv_client_pool_give(pool, client);
    }
    return NULL;
}

static void threads_wait_for_each_other(void **state)
{
    struct clv_client_options options = {.url = "http://127.0.0.1:1"};
    struct clv_client_pool *pool = NULL;
    pthread_t threads[6];

    (void)state;
    assert_int_equal(clv_client_pool_open(&options, 2, &pool, NULL), CLEAVE_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, pool),
                         0);
    }
    for (int i = 0; i < 6; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    clv_client_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pool_is_bounded_and_takes_the_warmest),
        cmocka_unit_test(a_bad_url_does_not_use_up_places),
        cmocka_unit_test(threads_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
