/*
 * test_lanes.c - lanes are handed to one at a time, and the gate lets no
 * more through than it is wide.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "run/rig.h"

#define THREADS 8
#define ROUNDS 500

struct contest {
    struct clv_lanes lanes;
    struct clv_gate gate;
    atomic_int inside;
    atomic_int most_inside;
    atomic_int in_use[3];
    atomic_int clashes;
};

static void note_inside(struct contest *c)
{
    int now = atomic_fetch_add(&c->inside, 1) + 1;
    int most = atomic_load(&c->most_inside);

    while (now > most &&
           !atomic_compare_exchange_weak(&c->most_inside, &most, now)) {
    }
}

static void *contend(void *arg)
{
    struct contest *c = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct clv_lane *lane = clv_lanes_take(&c->lanes);
        long at = lane - c->lanes.all;
        if (atomic_fetch_add(&c->in_use[at], 1) != 0) {
            atomic_fetch_add(&c->clashes, 1);
        }
        clv_gate_enter(&c->gate);
        note_inside(c);
        atomic_fetch_sub(&c->inside, 1);
        clv_gate_leave(&c->gate);
        atomic_fetch_sub(&c->in_use[at], 1);
        clv_lanes_give(&c->lanes, lane);
    }
    return NULL;
}

static void threads_never_share_a_lane_or_crowd_the_gate(void **state)
{
    struct contest *c = calloc(1, sizeof *c);
    struct clv_rig *rig = calloc(1, sizeof *rig);
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(clv_lanes_init(&c->lanes, rig, 3, NULL), CLEAVE_OK);
    clv_gate_init(&c->gate, 2);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, contend, c), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&c->clashes), 0);
    assert_in_range(atomic_load(&c->most_inside), 1, 2);
    assert_int_equal(c->gate.open, 2);
    clv_gate_fini(&c->gate);
    clv_lanes_fini(&c->lanes);
    free(rig);
    free(c);
}

static void lanes_that_were_never_made_are_freed_too(void **state)
{
    struct clv_lanes lanes = {0};

    (void)state;
    clv_lanes_fini(&lanes);
    assert_null(lanes.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_never_share_a_lane_or_crowd_the_gate),
        cmocka_unit_test(lanes_that_were_never_made_are_freed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
