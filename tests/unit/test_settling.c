/*
 * test_settling.c - where some design keeps all SLOs the table is as wanted;
 * where none does, it is made of those that come nearest, and says so.
 */
#include "product_bed.h"

#include "plan/nearest.h"
#include "run/ensembling.h"

struct world {
    struct product_bed bed;
    struct clv_blueprint blueprint;
    struct clv_switching *table;
    char note[CLV_ENSEMBLE_NOTICE];
};

static int set_up(void **state)
{
    struct product_bed_size size = {.tasks = 2, .variants = 3, .engines = 2};
    struct seeded chance = seeded_init("settling", 3);
    struct world *w = calloc(1, sizeof *w);

    product_bed_fill(&w->bed, &chance, &size);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    clv_switching_free(w->table);
    product_bed_fini(&w->bed);
    free(w);
    return 0;
}

static void settle(struct world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    product_bed_agree(&w->bed);
    w->blueprint.options.product = w->bed.options;
    if (clv_settling_table(&w->blueprint, &w->table, w->note, &err) !=
        CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_true(w->table->kept_count >= 1);
}

static void what_can_be_kept_is_kept(void **state)
{
    struct world *w = *state;

    settle(w);
    assert_string_equal(w->note, "");
    assert_int_equal(clv_switching_check(w->table, &w->blueprint.options, NULL),
                     CLEAVE_OK);
}

/* How far the design of the calm state is from what was wanted, and how far
   any has to be. */
static void compare(struct world *w)
{
    struct clv_product *product;
    struct clv_state calm = clv_manager_calm(w->table);
    const struct clv_kept *kept = &w->table->kept[clv_switching_find(
        w->table, clv_state_number(w->table, &calm))];
    uint32_t nearest[CLV_SEATS];
    uint32_t choice[CLV_SEATS] = {0};

    clv_link_class_set(&w->bed.options.situation.conditions.reach[0],
                       CLV_LINK_FAST);
    product = product_bed_make(&w->bed);
    clv_nearest(product, nearest);
    for (size_t i = 0; i < 2; i++) {
        size_t count;
        const struct clv_config *c = clv_product_configs(product, i, &count);
        while (choice[i] < count &&
               (c[choice[i]].variant != kept->configs[i].variant ||
                c[choice[i]].engine != kept->configs[i].engine ||
                c[choice[i]].place != kept->configs[i].place)) {
            choice[i]++;
        }
        assert_true(choice[i] < count); /* it is one of those that are left */
    }
    assert_true(clv_product_violation(product, choice, NULL) <=
                1.001 * clv_product_violation(product, nearest, NULL) + 1e-3);
    clv_product_free(product);
}

static void what_cannot_be_kept_is_come_near_to(void **state)
{
    struct world *w = *state;

    product_bed_demand(&w->bed.slos[1], "latency.p95 <= 1us");
    settle(w);
    assert_non_null(strstr(w->note, "No designs keep all SLOs"));
    assert_non_null(strstr(w->note, "latency"));
    compare(w);
}

static void what_nothing_comes_near_to_is_let_go(void **state)
{
    struct world *w = *state;

    product_bed_demand(&w->bed.slos[0], "energy <= 0J");
    settle(w);
    assert_non_null(strstr(w->note, "No designs keep all SLOs"));
}

static void what_was_never_measured_is_an_error(void **state)
{
    struct world *w = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    for (size_t i = 0; i < w->bed.spaces[0].count; i++) {
        w->bed.spaces[0].candidates[i].memory_bytes = CLV_UNKNOWN;
    }
    product_bed_demand(&w->bed.slos[0], "memory <= 5MB");
    product_bed_agree(&w->bed);
    w->blueprint.options.product = w->bed.options;
    assert_int_not_equal(
        clv_settling_table(&w->blueprint, &w->table, w->note, &err), CLEAVE_OK);
    assert_null(w->table);
    assert_true(err.text[0] != '\0');
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_can_be_kept_is_kept),
        IN_WORLD(what_cannot_be_kept_is_come_near_to),
        IN_WORLD(what_nothing_comes_near_to_is_let_go),
        IN_WORLD(what_was_never_measured_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
