/*
 * test_turns.c - whose head computes first: the higher priority where cores
 * are taken, nobody held back where priorities are equal or cores free, and
 * nobody for ever.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>

#include "run/turns.h"

/* One who wants a turn, in a thread of its own. */
struct guest {
    struct clv_turns *turns;
    int priority;
    unsigned threads;
    int place; /* among those let in, from 1 */
    int *places;
    pthread_mutex_t *lock;
    pthread_t thread;
};

static void *visit(void *self)
{
    struct guest *g = self;

    clv_turns_enter(g->turns, g->priority, g->threads);
    pthread_mutex_lock(g->lock);
    g->place = ++*g->places;
    pthread_mutex_unlock(g->lock);
    return NULL;
}

/* Comes, and waits: returns when it does. */
static void come(struct guest *g, size_t waiting)
{
    assert_int_equal(pthread_create(&g->thread, NULL, visit, g), 0);
    while (clv_turns_waiting(g->turns) != waiting) {
        sched_yield();
    }
}

static void equals_never_wait(void **state)
{
    struct clv_turns t;

    (void)state;
    clv_turns_init(&t, 2);
    for (int i = 0; i < 10; i++) {
        clv_turns_enter(&t, 3, 2); /* would hang if it waited */
    }
    for (int i = 0; i < 10; i++) {
        clv_turns_leave(&t, 3, 2);
    }
    assert_int_equal(t.taken, 0);
    clv_turns_fini(&t);
}

static void the_highest_never_waits_for_lower_ones(void **state)
{
    struct clv_turns t;

    (void)state;
    clv_turns_init(&t, 1);
    clv_turns_enter(&t, 5, 1);
    clv_turns_enter(&t, 5, 1);
    clv_turns_enter(&t, 1, 1);
    clv_turns_leave(&t, 5, 1);
    clv_turns_leave(&t, 1, 1);
    clv_turns_leave(&t, 5, 1);
    clv_turns_fini(&t);
}

static void who_finds_a_free_core_goes_in(void **state)
{
    struct clv_turns t;

    (void)state;
    clv_turns_init(&t, 2);
    clv_turns_enter(&t, 1, 1);
    clv_turns_enter(&t, 2, 1);
    clv_turns_leave(&t, 2, 1);
    clv_turns_leave(&t, 1, 1);
    clv_turns_fini(&t);
}

/* One core, which the highest priority has, and a lock for who comes. */
struct house {
    struct clv_turns turns;
    pthread_mutex_t lock;
    int places;
};

static void house_begin(struct house *h)
{
    h->places = 0;
    assert_int_equal(pthread_mutex_init(&h->lock, NULL), 0);
    clv_turns_init(&h->turns, 1);
    clv_turns_enter(&h->turns, 1, 1);
}

static struct guest guest_of(struct house *h, int priority)
{
    return (struct guest){&h->turns, priority, 1, 0, &h->places, &h->lock, 0};
}

/* Everybody has left. */
static void house_end(struct house *h)
{
    assert_int_equal(h->turns.taken, 0);
    pthread_mutex_destroy(&h->lock);
    clv_turns_fini(&h->turns);
}

static void those_who_wait_go_in_by_priority_and_then_by_coming(void **state)
{
    struct house h;
    struct guest late_low = guest_of(&h, 3);
    struct guest first = guest_of(&h, 2);
    struct guest second = guest_of(&h, 2);

    (void)state;
    house_begin(&h);
    come(&late_low, 1);
    come(&first, 2);
    come(&second, 3);
    clv_turns_leave(&h.turns, 1, 1); /* both of priority 2: equals */
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    assert_int_equal(clv_turns_waiting(&h.turns), 1);
    clv_turns_leave(&h.turns, 2, 1);
    assert_int_equal(clv_turns_waiting(&h.turns), 1);
    clv_turns_leave(&h.turns, 2, 1);
    pthread_join(late_low.thread, NULL);
    assert_int_equal(late_low.place, 3);
    clv_turns_leave(&h.turns, 3, 1);
    house_end(&h);
}

static void one_who_waits_is_not_kept_out_by_those_who_come_later(void **state)
{
    struct house h;
    struct guest low = guest_of(&h, 2);

    (void)state;
    house_begin(&h);
    come(&low, 1);
    clv_turns_leave(&h.turns, 1, 1); /* lets it in, awake or not */
    clv_turns_enter(&h.turns, 1, 1);
    pthread_join(low.thread, NULL);
    clv_turns_leave(&h.turns, 2, 1);
    clv_turns_leave(&h.turns, 1, 1);
    house_end(&h);
}

static void nobody_is_overtaken_for_ever(void **state)
{
    struct house h;
    struct guest low = guest_of(&h, 2);

    (void)state;
    house_begin(&h);
    come(&low, 1);
    for (int i = 1; i < CLV_TURNS_PATIENCE; i++) {
        clv_turns_enter(&h.turns, 1, 1); /* there is always one in */
        clv_turns_leave(&h.turns, 1, 1);
        assert_int_equal(clv_turns_waiting(&h.turns), 1);
    }
    clv_turns_enter(&h.turns, 1, 1);
    pthread_join(low.thread, NULL);
    clv_turns_leave(&h.turns, 1, 1);
    clv_turns_leave(&h.turns, 1, 1);
    clv_turns_leave(&h.turns, 2, 1);
    house_end(&h);
}

static void odd_priorities_count_as_the_nearest(void **state)
{
    struct clv_turns t;

    (void)state;
    clv_turns_init(&t, 0); /* there is one core at least */
    clv_turns_enter(&t, -5, 1);
    clv_turns_leave(&t, 0, 1);
    clv_turns_enter(&t, 1000000, 1);
    clv_turns_leave(&t, CLV_TURNS_PRIORITIES, 1);
    assert_int_equal(t.taken, 0);
    clv_turns_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_never_wait),
        cmocka_unit_test(the_highest_never_waits_for_lower_ones),
        cmocka_unit_test(who_finds_a_free_core_goes_in),
        cmocka_unit_test(those_who_wait_go_in_by_priority_and_then_by_coming),
        cmocka_unit_test(one_who_waits_is_not_kept_out_by_those_who_come_later),
        cmocka_unit_test(nobody_is_overtaken_for_ever),
        cmocka_unit_test(odd_priorities_count_as_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
