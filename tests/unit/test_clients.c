/*
 * test_clients.c - connections go to one inference at a time, the warmest
 * first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "run/rig.h"

static void the_last_one_given_is_the_next_one_taken(void **state)
{
    struct clv_clients c = {0};
    struct clv_client *first;
    struct clv_client *second;

    (void)state;
    assert_int_equal(clv_clients_init(&c, "http://127.0.0.1:1", 2, NULL),
                     CLEAVE_OK);
    first = clv_clients_take(&c);
    second = clv_clients_take(&c);
    assert_ptr_not_equal(first, second);
    clv_clients_give(&c, second);
    clv_clients_give(&c, first);
    assert_ptr_equal(clv_clients_take(&c), first);
    clv_clients_give(&c, first);
    clv_clients_fini(&c);
}

struct lender {
    struct clv_clients clients;
    struct clv_client *lent;
};

static void *give_back(void *arg)
{
    struct lender *l = arg;

    clv_clients_give(&l->clients, l->lent);
    return NULL;
}

static void who_finds_none_waits(void **state)
{
    struct lender l = {0};
    pthread_t giver;

    (void)state;
    assert_int_equal(
        clv_clients_init(&l.clients, "http://127.0.0.1:1", 1, NULL), CLEAVE_OK);
    l.lent = clv_clients_take(&l.clients);
    assert_int_equal(pthread_create(&giver, NULL, give_back, &l), 0);
    assert_ptr_equal(clv_clients_take(&l.clients), l.lent);
    pthread_join(giver, NULL);
    clv_clients_give(&l.clients, l.lent);
    clv_clients_fini(&l.clients);
}

static void an_url_that_is_none_is_refused(void **state)
{
    struct clv_clients c = {0};
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_clients_init(&c, "ftp://nas", 1, &err),
                     CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "http://"));
    clv_clients_fini(&c);
    clv_clients_fini(&c); /* all zero */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_one_given_is_the_next_one_taken),
        cmocka_unit_test(who_finds_none_waits),
        cmocka_unit_test(an_url_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
