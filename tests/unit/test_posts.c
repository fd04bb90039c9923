/*
 * test_posts.c - a post decides as a scheduler over all designs would that may
 * not choose any other variant or engine.
 */
#include "costs_bed.h"

#include "run/posts.h"

static const struct clv_power power = {4, 2, 1};

struct world {
    struct clv_costs costs;
    struct clv_space space;
    const struct clv_policy *policy;
    struct clv_slo slo;
    struct clv_post post;
};

static int set_up(void **state)
{
    struct costs_bed bed = {
        .variants = 3, .engines = 2, .cuts = 6, .servers = 2};
    struct seeded chance = seeded_init("posts", 11);
    struct world *w = calloc(1, sizeof *w);

    costs_bed_fill(&w->costs, &chance, &bed);
    assert_int_equal(clv_space_init(&w->space, &w->costs, &power, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_policy_find("cleave", &w->policy, NULL), CLEAVE_OK);
    w->slo = clv_slo_default();
    w->slo.constraints[0].bound = 4;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clv_space_fini(&w->space);
    clv_costs_fini(&w->costs);
    free(w);
    return 0;
}

static struct clv_desk *desk_of(struct world *w, struct clv_post post)
{
    struct clv_desk *desk = NULL;

    w->post = post;
    assert_int_equal(
        clv_desk_new(&w->space, &w->slo, w->policy, &post, &desk, NULL),
        CLEAVE_OK);
    return desk;
}

static int is_elsewhere(void *self, size_t candidate)
{
    const struct world *w = self;
    const struct clv_candidate *c = &w->space.candidates[candidate];

    return c->variant != w->post.variant || c->engine != w->post.engine ||
           (w->post.is_away &&
            (c->head_share > 0 || c->server == CLV_NO_SERVER));
}

static struct clv_conditions any_conditions(struct seeded *s)
{
    struct clv_conditions c = clv_conditions_reference(2);

    c.slowdown = 1 + 3 * seeded_unit(s);
    for (size_t i = 0; i < 2; i++) {
        c.reach[i].up_bps = 1e5 * pow(1e4, seeded_unit(s));
        c.reach[i].down_bps = c.reach[i].up_bps;
        c.reach[i].rtt_ns = 1e5 * pow(1e3, seeded_unit(s));
        c.reach[i].slowdown = 1 + seeded_unit(s);
    }
    return c;
}

static void compare(struct world *w, struct clv_desk *desk, struct seeded *s)
{
    struct clv_scheduler *whole = NULL;
    size_t current = CLV_NONE;

    assert_int_equal(
        clv_scheduler_new(&w->space, &w->slo, w->policy, &whole, NULL),
        CLEAVE_OK);
    assert_int_equal(clv_scheduler_exclude(whole, is_elsewhere, w, NULL),
                     CLEAVE_OK);
    for (int i = 0; i < 60; i++) {
        struct clv_conditions c = any_conditions(s);
        struct clv_choice a;
        struct clv_choice b;
        clv_desk_decide(desk, &c, current, &a);
        clv_scheduler_decide(whole, &c, current, &b);
        assert_int_equal(a.candidate, b.candidate);
        assert_int_equal(a.reason, b.reason);
        assert_int_equal(a.is_feasible, b.is_feasible);
        assert_false(is_elsewhere(w, a.candidate));
        current = i % 7 == 0 ? seeded_below(s, (uint32_t)w->space.count)
                             : a.candidate;
    }
    clv_scheduler_free(whole);
}

static void a_post_decides_as_all_would_without_the_others(void **state)
{
    struct world *w = *state;
    struct seeded chance = seeded_init("conditions", 12);

    for (uint32_t i = 0; i < 12; i++) {
        struct clv_post post = {i % 3, i / 3 % 2, i >= 6};
        struct clv_desk *desk = desk_of(w, post);
        compare(w, desk, &chance);
        clv_desk_free(desk);
    }
}

static void it_lands_at_home(void **state)
{
    struct world *w = *state;
    struct clv_post post = {2, 1, 1};
    struct clv_desk *desk = desk_of(w, post);
    const struct clv_candidate *c = &w->space.candidates[desk->home];

    assert_int_equal(desk->landing, desk->home);
    assert_int_equal(desk->current, CLV_NONE);
    assert_int_equal(c->variant, 2);
    assert_int_equal(c->engine, 1);
    assert_int_equal(c->server, CLV_NO_SERVER);
    clv_desk_free(desk);
}

static int is_on_a_server(void *self, size_t candidate)
{
    const struct world *w = self;

    return w->space.candidates[candidate].server != CLV_NO_SERVER;
}

static int is_any(void *self, size_t candidate)
{
    (void)self;
    (void)candidate;
    return 1;
}

static void what_is_left_out_is_not_chosen_unless_nothing_is_left(void **state)
{
    struct world *w = *state;
    struct clv_post post = {1, 0, 0};
    struct clv_desk *desk = desk_of(w, post);
    struct clv_conditions c = clv_conditions_reference(2);
    struct clv_choice before;
    struct clv_choice choice;

    clv_desk_decide(desk, &c, CLV_NONE, &before);
    clv_desk_exclude(desk, is_on_a_server, w);
    clv_desk_decide(desk, &c, CLV_NONE, &choice);
    assert_int_equal(w->space.candidates[choice.candidate].server,
                     CLV_NO_SERVER);
    clv_desk_exclude(desk, is_any, w);
    clv_desk_decide(desk, &c, CLV_NONE, &choice);
    assert_int_equal(choice.candidate, before.candidate);
    clv_desk_exclude(desk, NULL, NULL);
    clv_desk_decide(desk, &c, CLV_NONE, &choice);
    assert_int_equal(choice.candidate, before.candidate);
    clv_desk_free(desk);
}

static void a_design_of_another_post_counts_as_left_out(void **state)
{
    struct world *w = *state;
    struct clv_post post = {0, 0, 0};
    struct clv_desk *desk = desk_of(w, post);
    struct clv_conditions c = clv_conditions_reference(2);
    struct clv_choice choice;
    size_t other = 0;

    while (w->space.candidates[other].variant == 0) {
        other++;
    }
    clv_desk_decide(desk, &c, other, &choice);
    assert_int_equal(choice.reason, CLV_REASON_EXCLUDED);
    assert_int_equal(w->space.candidates[choice.candidate].variant, 0);
    clv_desk_free(desk);
    clv_desk_free(NULL);
}

static void a_post_without_designs_is_none(void **state)
{
    struct world *w = *state;
    struct clv_post post = {9, 0, 0};
    struct clv_desk *desk = NULL;

    assert_int_equal(
        clv_desk_new(&w->space, &w->slo, w->policy, &post, &desk, NULL),
        CLEAVE_NOT_FOUND);
    assert_null(desk);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_post_decides_as_all_would_without_the_others),
        IN_WORLD(it_lands_at_home),
        IN_WORLD(what_is_left_out_is_not_chosen_unless_nothing_is_left),
        IN_WORLD(a_design_of_another_post_counts_as_left_out),
        IN_WORLD(a_post_without_designs_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
