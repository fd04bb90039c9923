/*
 * test_trial.c - trials are small, of several sizes, and answered by a real
 * server; answers that are none are noticed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lying_server.h"
#include "runner_bed.h"

struct world {
    struct runner_bed *bed;
    struct clv_fleet *fleet;
    const struct clv_ground *ground;
};

static void nobody(void *self, size_t candidate, cleave_status status,
                   const cleave_error *err)
{
    (void)self;
    (void)candidate;
    (void)status;
    (void)err;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct clv_fleet_options o = {.lanes = 1, .clients = 1, .told = nobody};

    w->bed = runner_bed_new();
    runner_bed_design(w->bed);
    o.designs = &w->bed->designs;
    o.cache = w->bed->cache;
    assert_int_equal(clv_fleet_open(&o, &w->fleet, NULL), CLEAVE_OK);
    assert_int_equal(clv_fleet_ground(w->fleet, 0, 0, &w->ground, NULL),
                     CLEAVE_OK);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clv_fleet_close(w->fleet);
    runner_bed_free(w->bed);
    free(w);
    return 0;
}

static struct clv_rig *rig_at(struct world *w, const char *cut)
{
    struct clv_rig_options o = {.cut = cut,
                                .clients = clv_fleet_clients(w->fleet, 0)};
    struct clv_rig *rig = NULL;

    assert_int_equal(clv_rig_open(w->ground, &o, &rig, NULL), CLEAVE_OK);
    return rig;
}

static cleave_status try_it(const struct clv_rig *rig,
                            const struct clv_trial *trial, size_t size,
                            struct clv_exchange *x, cleave_error *err)
{
    struct clv_client *client = clv_clients_take(rig->clients);
    cleave_status status =
        clv_trial_send(trial, size, rig, client, 60000, x, err);

    clv_clients_give(rig->clients, client);
    return status;
}

static void trials_are_answered_at_every_cut(void **state)
{
    static const char *const cuts[] = {"input", "a", "b"};
    struct world *w = *state;

    for (int i = 0; i < 3; i++) {
        struct clv_rig *rig = rig_at(w, cuts[i]);
        struct clv_trial trial = {0};
        assert_int_equal(clv_trial_init(&trial, rig, NULL), CLEAVE_OK);
        for (size_t s = 0; s < CLV_TRIAL_SIZES; s++) {
            struct clv_exchange x;
            assert_int_equal(try_it(rig, &trial, s, &x, NULL), CLEAVE_OK);
            assert_int_equal(x.http, 200);
            assert_true(x.has_timing);
        }
        clv_trial_fini(&trial);
        clv_rig_close(rig);
    }
}

static void sizes_ascend_and_are_small(void **state)
{
    struct world *w = *state;
    struct clv_rig *rig = rig_at(w, "a");
    struct clv_trial trial = {0};

    assert_int_equal(clv_trial_init(&trial, rig, NULL), CLEAVE_OK);
    assert_true(trial.messages[0].size < 200);
    assert_true(trial.messages[CLV_TRIAL_SIZES - 2].size < 8192);
    for (size_t s = 1; s < CLV_TRIAL_SIZES; s++) {
        assert_true(5 * trial.messages[s].size >
                    6 * trial.messages[s - 1].size);
        assert_int_equal(clv_trial_size(&trial, trial.messages[s].size), s);
        assert_int_equal(clv_trial_size(&trial, trial.messages[s].size - 1),
                         s - 1);
    }
    assert_int_equal(clv_trial_size(&trial, 0), 0);
    clv_trial_fini(&trial);
    clv_rig_close(rig);
}

static void what_is_no_answer_is_noticed(void **state)
{
    struct world *w = *state;
    struct clv_rig *rig = rig_at(w, "input");
    struct clv_trial trial = {0};
    struct lying_server liar;
    struct clv_exchange x;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_trial_init(&trial, rig, NULL), CLEAVE_OK);
    runner_bed_kill_server(w->bed);
    assert_int_equal(lying_start(&liar, w->bed->port,
                                 clv_network_sha256(w->ground->network),
                                 LIE_GARBAGE),
                     0);
    assert_int_equal(try_it(rig, &trial, 0, &x, &err), CLEAVE_CORRUPT);
    assert_true(err.text[0] != '\0');
    atomic_store(&liar.lie, LIE_BUSY);
    assert_int_equal(try_it(rig, &trial, 0, &x, NULL), CLEAVE_BUSY);
    assert_int_equal(x.retry_after_s, 1);
    lying_stop(&liar);
    clv_trial_fini(&trial);
    clv_rig_close(rig);
}

int main(int argc, char **argv)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(trials_are_answered_at_every_cut),
        IN_WORLD(sizes_ascend_and_are_small),
        IN_WORLD(what_is_no_answer_is_noticed),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
