/*
 * test_proving.c - what is wrong in a table is found, wherever it is.
 */
#include "product_bed.h"

#include "plan/switching.h"

struct world {
    struct product_bed bed;
    struct clv_switching_options options;
    struct clv_switching *table;
};

/* A processor that nobody measured, a server, a bound that fails without it. */
static void world_init(struct world *w)
{
    struct seeded s = seeded_init("proofs", 1);
    struct product_bed_size size = {2, 2, 2, 1, 0, 0};
    cleave_error err = CLEAVE_ERROR_INIT;

    product_bed_fill(&w->bed, &s, &size);
    product_bed_demand(&w->bed.slos[1], "latency <= 60ms");
    product_bed_agree(&w->bed);
    w->options =
        (struct clv_switching_options){.product = w->bed.options, .most = 12};
    if (clv_switching_new(&w->options, &w->table, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_true(w->table->kept_count > 1);
}

static void world_fini(struct world *w)
{
    clv_switching_free(w->table);
    product_bed_fini(&w->bed);
}

static void assert_wrong(const struct world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_switching_check(w->table, &w->options, &err),
                     CLEAVE_CORRUPT);
    assert_true(err.where[0] != '\0' && err.text[0] != '\0');
}

static void assert_right(const struct world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_switching_check(w->table, &w->options, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* Most states' designs put in the place of another state's are wrong there:
   not legal, or not the best; the few that are as good are let be. */
static void another_states_design_is_found(void **state)
{
    struct world w;
    size_t found = 0;
    size_t tried = 0;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < w.table->state_count; i += 5) {
        struct clv_state_entry *e = &w.table->entries[i];
        uint16_t right = e->design;
        e->design = (uint16_t)((right + 1) % w.table->kept_count);
        found +=
            clv_switching_check(w.table, &w.options, NULL) == CLEAVE_CORRUPT;
        tried++;
        e->design = right;
    }
    assert_true(tried > 5 && found > tried / 2);
    assert_right(&w);
    world_fini(&w);
}

static void a_design_that_is_not_there_is_found(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.table->entries[w.table->state_count - 1].design =
        (uint16_t)w.table->kept_count;
    assert_wrong(&w);
    world_fini(&w);
}

static void false_words_are_found(void **state)
{
    struct world w;
    struct clv_state_entry *e;

    (void)state;
    world_init(&w);
    e = &w.table->entries[7];
    e->is_feasible = !e->is_feasible;
    assert_wrong(&w);
    e->is_feasible = !e->is_feasible;
    assert_right(&w);
    e->is_forced = !e->is_forced;
    assert_wrong(&w);
    world_fini(&w);
}

/* A design kept for a calm device, where the processor it uses is in trouble,
   or its server away. */
static void an_illegal_design_is_found(void **state)
{
    struct world w;
    size_t illegal = 0;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < w.table->state_count; i++) {
        struct clv_state_entry *e = &w.table->entries[i];
        struct clv_state st;
        uint16_t right = e->design;
        clv_state_of(w.table, i, &st);
        for (uint16_t j = 0;
             illegal < 4 && st.load[1] > 0 && j < w.table->kept_count; j++) {
            const struct clv_config *c = w.table->kept[j].configs;
            if (c[0].seat == 1 || c[1].seat == 1) {
                e->design = j;
                assert_wrong(&w);
                illegal++;
            }
        }
        e->design = right;
    }
    assert_true(illegal > 0);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_states_design_is_found),
        cmocka_unit_test(a_design_that_is_not_there_is_found),
        cmocka_unit_test(false_words_are_found),
        cmocka_unit_test(an_illegal_design_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
