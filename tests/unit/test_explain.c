/*
 * test_explain.c - the rivals are the best of every other place, best first,
 * and lose where it is said that they lose.
 */
#include "costs_bed.h"

#include <string.h>

#include "nearly.h"
#include "plan/scheduler.h"

#define ROOM 64

static const struct clv_power power = {4, 2, 1};

struct world {
    struct clv_costs costs;
    struct clv_space space;
    struct clv_scheduler *scheduler;
    struct clv_conditions now;
    struct clv_choice choice;
    struct clv_slo slo;
};

static void world_init(struct world *w, const char *constraint)
{
    struct seeded s = seeded_init("explain", 41);
    struct costs_bed bed = {.cuts = 8, .servers = 2};
    size_t count;

    costs_bed_fill(&w->costs, &s, &bed);
    w->slo = clv_slo_default();
    assert_int_equal(
        clv_constraint_parse(constraint, &w->slo.constraints[0], NULL),
        CLEAVE_OK);
    assert_int_equal(clv_space_init(&w->space, &w->costs, &power, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_scheduler_new(&w->space, &w->slo, clv_policies(&count),
                                       &w->scheduler, NULL),
                     CLEAVE_OK);
    w->now = clv_conditions_reference(2);
    w->now.slowdown = 5;
    w->now.reach[0].up_bps = 5e6;
    w->now.reach[1].up_bps = 5e6;
    clv_scheduler_decide(w->scheduler, &w->now, CLV_NONE, &w->choice);
}

static void world_fini(struct world *w)
{
    clv_scheduler_free(w->scheduler);
    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
}

static int same_place(const struct world *w, size_t a, size_t b)
{
    return w->space.candidates[a].cut == w->space.candidates[b].cut &&
           w->space.candidates[a].server == w->space.candidates[b].server;
}

static double latency(const struct world *w, size_t i)
{
    return clv_predict(&w->space, i, &w->now, w->slo.objectives[0].measure);
}

static void rivals_are_the_best_of_other_places(void **state)
{
    struct clv_loss losses[ROOM];
    struct world w;
    size_t count;

    (void)state;
    world_init(&w, "accuracy.drop <= 1pp");
    count = clv_scheduler_explain(w.scheduler, &w.now, &w.choice, losses, ROOM);
    assert_int_equal(count, 7 * 2 + 1 - 1);
    for (size_t i = 0; i < count; i++) {
        const struct clv_loss *loss = &losses[i];
        assert_false(same_place(&w, loss->candidate, w.choice.candidate));
        assert_nearly(loss->value, latency(&w, loss->candidate), 0);
        for (size_t k = 0; k < i; k++) {
            assert_false(same_place(&w, loss->candidate, losses[k].candidate));
        }
        if (i > 0 && loss->broken < 0) {
            assert_true(loss->value >= losses[i - 1].value);
        }
        for (size_t c = 0; c < w.space.count; c++) {
            if (loss->broken < 0 && !w.space.candidates[c].is_huffman &&
                w.space.candidates[c].drop_pp <= 1 &&
                same_place(&w, c, loss->candidate)) {
                assert_true(latency(&w, c) >= loss->value);
            }
        }
    }
    world_fini(&w);
}

static void the_term_is_where_it_loses(void **state)
{
    struct clv_loss losses[ROOM];
    struct world w;
    size_t count;
    int seen_device = 0;

    (void)state;
    world_init(&w, "accuracy.drop <= 1pp");
    count = clv_scheduler_explain(w.scheduler, &w.now, &w.choice, losses, ROOM);
    for (size_t i = 0; i < count; i++) {
        struct clv_terms best =
            clv_terms_of(&w.space, w.choice.candidate, &w.now);
        const struct clv_loss *loss = &losses[i];
        double device = loss->terms.device_ns - best.device_ns;
        double up = loss->terms.up_ns - best.up_ns;
        assert_true(loss->term_excess >= device && loss->term_excess >= up);
        if (strcmp(loss->term, "device") == 0) {
            seen_device = 1;
            assert_nearly(loss->term_excess, device, 0);
        }
    }
    assert_true(seen_device); /* all on a device five times as slow */
    world_fini(&w);
}

static void little_room_holds_the_best(void **state)
{
    struct clv_loss all[ROOM];
    struct clv_loss some[3];
    struct world w;

    (void)state;
    world_init(&w, "accuracy.drop <= 1pp");
    clv_scheduler_explain(w.scheduler, &w.now, &w.choice, all, ROOM);
    assert_int_equal(
        clv_scheduler_explain(w.scheduler, &w.now, &w.choice, some, 3), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(some[i].candidate, all[i].candidate);
    }
    assert_int_equal(
        clv_scheduler_explain(w.scheduler, &w.now, &w.choice, some, 0), 0);
    world_fini(&w);
}

static void broken_constraints_come_last_and_are_named(void **state)
{
    struct clv_loss losses[ROOM];
    struct world w;
    size_t count;
    size_t broken = 0;

    (void)state;
    world_init(&w, "head >= 50%");
    count = clv_scheduler_explain(w.scheduler, &w.now, &w.choice, losses, ROOM);
    for (size_t i = 0; i < count; i++) {
        double share = w.space.candidates[losses[i].candidate].head_share;
        assert_int_equal(losses[i].broken, share >= 0.5 ? -1 : 0);
        assert_true(broken == 0 || losses[i].broken == 0);
        broken += losses[i].broken == 0;
    }
    assert_true(broken > 0 && broken < count);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rivals_are_the_best_of_other_places),
        cmocka_unit_test(the_term_is_where_it_loses),
        cmocka_unit_test(little_room_holds_the_best),
        cmocka_unit_test(broken_constraints_come_last_and_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
