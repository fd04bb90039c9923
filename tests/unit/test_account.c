/*
 * test_account.c - room for bodies is never given twice, and the last call is
 * waited for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/account.h"

#define MOST 100
#define THREADS 4
#define ROUNDS 20000

static void room_is_up_to_the_limit(void **state)
{
    struct clv_account a;

    (void)state;
    clv_account_init(&a, MOST);
    clv_account_enter(&a);
    clv_account_enter(&a);
    assert_false(clv_account_charge(&a, MOST + 1));
    assert_false(clv_account_charge(&a, UINT64_MAX));
    assert_true(clv_account_charge(&a, 60));
    assert_false(clv_account_charge(&a, 41));
    assert_true(clv_account_charge(&a, 40));
    assert_true(clv_account_charge(&a, 0));
    assert_false(clv_account_charge(&a, 1));
    clv_account_leave(&a, 60);
    assert_true(clv_account_charge(&a, 60));
    clv_account_leave(&a, 100);
    assert_int_equal(a.bytes, 0);
    clv_account_fini(&a);
}

struct caller {
    struct clv_account *account;
    uint64_t refused;
    int broke; /* more was given than there is */
};

static void *call_often(void *self)
{
    struct caller *c = self;

    for (int i = 0; i < ROUNDS; i++) {
        clv_account_enter(c->account);
        if (clv_account_charge(c->account, 40)) {
            pthread_mutex_lock(&c->account->lock);
            c->broke |= c->account->bytes > MOST;
            pthread_mutex_unlock(&c->account->lock);
            clv_account_leave(c->account, 40);
        } else {
            c->refused++;
            clv_account_leave(c->account, 0);
        }
    }
    return NULL;
}

static void many_at_once_add_up(void **state)
{
    struct clv_account a;
    struct caller callers[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    clv_account_init(&a, MOST);
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (struct caller){.account = &a};
        assert_int_equal(
            pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(callers[i].broke);
        assert_true(callers[i].refused < ROUNDS);
    }
    assert_int_equal(a.calls, 0);
    assert_int_equal(a.bytes, 0);
    assert_true(clv_account_wait(&a, 0));
    clv_account_fini(&a);
}

static void *leave(void *self)
{
    clv_account_leave(self, 10);
    return NULL;
}

static void the_last_call_ends_the_waiting(void **state)
{
    struct clv_account a;
    pthread_t thread;

    (void)state;
    clv_account_init(&a, MOST);
    clv_account_enter(&a);
    assert_true(clv_account_charge(&a, 10));
    assert_false(clv_account_wait(&a, 1)); /* it is still there */
    assert_int_equal(pthread_create(&thread, NULL, leave, &a), 0);
    assert_true(clv_account_wait(&a, 60000));
    pthread_join(thread, NULL);
    clv_account_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_up_to_the_limit),
        cmocka_unit_test(many_at_once_add_up),
        cmocka_unit_test(the_last_call_ends_the_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
