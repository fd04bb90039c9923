/*
 * test_outlook.c - what designs are worth in a state: illegal ones nothing,
 * those that break an SLO less than those that keep all, and of these the
 * more optimal more; and where a design goes when its server is away.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/outlook.h"

struct world {
    struct product_bed bed;
    struct clv_outlook outlook;
};

static void look(struct world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_outlook_init(&w->outlook, &w->bed.options,
                         &w->bed.options.situation, NULL, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void world_init(struct world *w, uint64_t seed)
{
    struct seeded s = seeded_init("outlook", seed);
    struct product_bed_size size = {2, 2, 2, 2, 0, 0};

    product_bed_fill(&w->bed, &s, &size);
}

static void world_fini(struct world *w)
{
    clv_outlook_fini(&w->outlook);
    product_bed_fini(&w->bed);
}

static void configs_of(const struct clv_product *product,
                       const uint32_t *choice, struct clv_config *ret_configs)
{
    for (size_t t = 0; t < 2; t++) {
        size_t count;
        ret_configs[t] = clv_product_configs(product, t, &count)[choice[t]];
    }
}

static void the_best_is_worth_most(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 1);
    product_bed_demand(&w.bed.all, "memory <= 150MB");
    product_bed_agree(&w.bed);
    look(&w);
    assert_true(w.outlook.is_feasible);
    assert_true(w.outlook.worth > 1);
    for (uint64_t i = 0; i < (uint64_t)clv_product_size(w.outlook.product);
         i++) {
        struct clv_config configs[CLV_SEATS];
        uint32_t choice[CLV_SEATS];
        uint32_t found[CLV_SEATS];
        double worth;
        double violation;
        clv_product_choice(w.outlook.product, i, choice);
        configs_of(w.outlook.product, choice, configs);
        assert_true(
            clv_outlook_find(&w.outlook, w.outlook.product, configs, found));
        assert_memory_equal(found, choice, 2 * sizeof *choice);
        worth = clv_outlook_worth(&w.outlook, configs);
        violation = clv_product_violation(w.outlook.product, choice, NULL);
        assert_true(violation > 0 ? worth > 0 && worth < 1
                                  : worth > 1 && worth <= w.outlook.worth);
        assert_nearly(clv_outlook_share(&w.outlook, worth),
                      worth > 1 ? (worth - 1) / (w.outlook.worth - 1) : 0,
                      1e-12);
    }
    world_fini(&w);
}

static void a_server_that_is_away_gives_way_to_another_place(void **state)
{
    struct world w;
    struct clv_config cut = {.variant = 1,
                             .engine = 1,
                             .place = CLV_PLACE_CUT,
                             .server = 0,
                             .seat = 1};
    struct clv_config configs[CLV_SEATS] = {cut, cut};
    uint32_t choice[CLV_SEATS];

    (void)state;
    world_init(&w, 2);
    w.bed.options.situation.conditions.reach[0].is_up = 0;
    look(&w);
    assert_true(
        clv_outlook_find(&w.outlook, w.outlook.product, configs, choice));
    for (size_t t = 0; t < 2; t++) {
        size_t count;
        const struct clv_config *c =
            &clv_product_configs(w.outlook.product, t, &count)[choice[t]];
        assert_int_equal(c->variant, 1);
        assert_true(c->engine == 1 || c->place == CLV_PLACE_SERVER);
        assert_int_not_equal(c->server, 0);
    }
    assert_true(clv_outlook_worth(&w.outlook, configs) > 1);
    world_fini(&w);
}

/* A processor out of order is no reason to go elsewhere: the runner would not
   know. */
static void a_processor_out_of_order_is_not_worked_around(void **state)
{
    struct world w;
    struct clv_config cut = {.variant = 0,
                             .engine = 1,
                             .place = CLV_PLACE_CUT,
                             .server = 1,
                             .seat = 1};
    struct clv_config configs[CLV_SEATS] = {cut, cut};

    (void)state;
    world_init(&w, 3);
    w.bed.options.situation.out_of_order = 2;
    look(&w);
    assert_true(clv_outlook_worth(&w.outlook, configs) < 0);
    assert_nearly(clv_outlook_share(&w.outlook, -1), -1, 0);
    world_fini(&w);
}

/* What breaks bounds even alone is in no list, and is worth little. */
static void what_is_in_no_list_is_still_worth_something(void **state)
{
    struct world w;
    struct clv_config slow = {.variant = 0,
                              .engine = 0,
                              .place = CLV_PLACE_DEVICE,
                              .server = CLV_NO_SERVER,
                              .seat = 0};
    struct clv_config configs[CLV_SEATS] = {slow, slow};
    uint32_t choice[CLV_SEATS];
    double worth;

    (void)state;
    world_init(&w, 4);
    for (size_t t = 0; t < 2; t++) {
        product_bed_demand(&w.bed.slos[t], "latency <= 30ms");
    }
    product_bed_agree(&w.bed);
    look(&w);
    assert_true(w.outlook.is_feasible);
    assert_false(
        clv_outlook_find(&w.outlook, w.outlook.product, configs, choice));
    worth = clv_outlook_worth(&w.outlook, configs);
    assert_true(worth > 0 && worth < 1);
    assert_ptr_equal(clv_outlook_place(&w.outlook, configs, choice),
                     w.outlook.loose);
    assert_nearly(clv_outlook_share(&w.outlook, worth), 0, 0);
    world_fini(&w);
}

static void what_every_design_is_in_is_waived(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 5);
    w.bed.options.situation.out_of_order = 3;
    w.bed.options.situation.conditions.reach[0].is_up = 0;
    w.bed.options.situation.conditions.reach[1].is_up = 0;
    look(&w);
    assert_int_equal(w.outlook.forced, CLV_FORCED_PROCESSOR);
    assert_true(w.outlook.is_feasible);
    clv_outlook_fini(&w.outlook);
    w.bed.options.situation = (struct clv_situation){
        .conditions = clv_conditions_reference(2), .memory_bytes = 1};
    look(&w);
    assert_int_equal(w.outlook.forced, CLV_FORCED_MEMORY);
    assert_true(w.outlook.is_feasible);
    assert_true(clv_outlook_worth(&w.outlook, w.outlook.best) > 1);
    world_fini(&w);
}

static void a_state_that_keeps_nothing_says_why(void **state)
{
    struct world w;
    cleave_error why = CLEAVE_ERROR_INIT;

    (void)state;
    world_init(&w, 6);
    product_bed_demand(&w.bed.slos[1], "latency <= 1us");
    product_bed_agree(&w.bed);
    assert_int_equal(clv_outlook_init(&w.outlook, &w.bed.options,
                                      &w.bed.options.situation, &why, NULL),
                     CLEAVE_OK);
    assert_false(w.outlook.is_feasible);
    assert_true(why.text[0] != '\0');
    assert_true(w.outlook.worth > 0 && w.outlook.worth < 1);
    assert_nearly(clv_outlook_worth(&w.outlook, w.outlook.best),
                  w.outlook.worth, 1e-12);
    assert_nearly(clv_outlook_share(&w.outlook, w.outlook.worth), 1, 0);
    assert_true(isfinite(w.outlook.memory_tenth));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_worth_most),
        cmocka_unit_test(a_server_that_is_away_gives_way_to_another_place),
        cmocka_unit_test(a_processor_out_of_order_is_not_worked_around),
        cmocka_unit_test(what_is_in_no_list_is_still_worth_something),
        cmocka_unit_test(what_every_design_is_in_is_waived),
        cmocka_unit_test(a_state_that_keeps_nothing_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
