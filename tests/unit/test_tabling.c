/*
 * test_tabling.c - tables of made-up applications: total, legal, and in every
 * state as good as a solution made for that state alone, as far as there is
 * room.
 */
#include "product_bed.h"

#include "nearly.h"
#include "plan/switching.h"
#include "scarce_memory.h"

/* A product's bed, and the table made of it. */
struct tabling_bed {
    struct product_bed product;
    struct clv_switching_options options;
    struct clv_switching *table;
};

static void begin(struct tabling_bed *b, struct seeded *s,
                  const struct product_bed_size *size)
{
    product_bed_fill(&b->product, s, size);
    b->options = (struct clv_switching_options){.most = 0};
    b->table = NULL;
}

/* The same, where chance is needed for the bed alone. */
static void begin_from(struct tabling_bed *b, const char *name, uint64_t number,
                       const struct product_bed_size *size)
{
    struct seeded s = seeded_init(name, number);

    begin(b, &s, size);
}

/* Puts what the test has asked of the product into the options. */
static void agree(struct tabling_bed *b)
{
    product_bed_agree(&b->product);
    b->options.product = b->product.options;
}

static const struct clv_switching *build(struct tabling_bed *b)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    agree(b);
    if (clv_switching_new(&b->options, &b->table, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return b->table;
}

static void end(struct tabling_bed *b)
{
    clv_switching_free(b->table);
    product_bed_fini(&b->product);
}

/* Whether a kept design is the same as one of a product, place by place; all
   on a server no engine counts. */
static int is_choice(const struct clv_switching *t, size_t design,
                     const struct clv_product *product, const uint32_t *choice)
{
    int same = 1;

    for (size_t i = 0; i < t->tasks; i++) {
        size_t count;
        const struct clv_config *a = &t->kept[design].configs[i];
        const struct clv_config *b =
            &clv_product_configs(product, i, &count)[choice[i]];
        same &= a->variant == b->variant && a->place == b->place &&
                a->server == b->server &&
                (a->engine == b->engine || a->place == CLV_PLACE_SERVER);
    }
    return same;
}

/* What a state's own solution says of the table's design there: the entry's
   share, and that nothing illegal is used. */
static void check_state(const struct clv_switching *t,
                        const struct clv_switching_options *options,
                        size_t number)
{
    struct clv_product_options o = options->product;
    const struct clv_state_entry *e = &t->entries[number];
    struct clv_product *product;
    struct clv_rass rass;
    struct clv_state state;
    uint32_t best[CLV_SEATS];

    clv_state_of(t, number, &state);
    o.situation = clv_switching_situation(t, options, &state);
    assert_int_equal(clv_product_new(&o, &product, NULL), CLEAVE_OK);
    if (clv_rass_solve(product, &rass, NULL) == CLEAVE_OK) {
        assert_false(e->is_forced);
        clv_product_choice(product, rass.kept[0].design, best);
        if (is_choice(t, e->design, product, best)) {
            assert_nearly(e->share, 1, 1e-6);
        }
        for (size_t i = 0; i < t->kept_count; i++) {
            /* were the best one kept, it would be taken */
            assert_true(!is_choice(t, i, product, best) || e->share > 1 - 1e-6);
        }
    } else {
        assert_true(!e->is_feasible || e->is_forced);
    }
    for (size_t i = 0; i < t->tasks; i++) {
        const struct clv_config *c = &t->kept[e->design].configs[i];
        size_t count;
        const struct clv_config *list = clv_product_configs(product, i, &count);
        int is_there = 0;
        for (size_t j = 0; j < count; j++) {
            is_there |= list[j].variant == c->variant &&
                        (list[j].engine == c->engine ||
                         list[j].place == CLV_PLACE_SERVER);
        }
        assert_true(is_there || !e->is_feasible);
    }
    clv_product_free(product);
}

static void check_table(const struct tabling_bed *b)
{
    const struct clv_switching_options *options = &b->options;
    const struct clv_switching *t = b->table;
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t wanted[CLV_TABLE_DESIGNS] = {0};

    assert_true(t->kept_count > 0 && t->kept_count <= CLV_TABLE_DESIGNS);
    assert_true(t->paper_count > 0 && t->paper_count <= t->kept_count);
    assert_true(t->kept[0].roles & CLV_ROLE_BEST);
    for (size_t i = 0; i < t->state_count; i++) {
        assert_true(t->entries[i].design < t->kept_count);
        assert_true(t->entries[i].share >= 0 && t->entries[i].share <= 1);
        assert_true(t->entries[i].paper_share <= t->entries[i].share + 1e-6F);
        wanted[t->entries[i].design]++;
        check_state(t, options, i);
    }
    for (size_t i = 0; i < t->kept_count; i++) {
        assert_true(wanted[i] > 0);
        assert_int_equal(wanted[i], t->kept[i].states);
    }
    assert_true(t->kept_sizes_bytes <= t->all_sizes_bytes);
    assert_true(t->kept_memory_bytes <= t->all_memory_bytes);
    if (clv_switching_check(t, options, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

/* The bed gives all tasks files of the same names. */
static void tell_files_apart(struct product_bed *bed)
{
    for (size_t t = 0; t < bed->options.task_count; t++) {
        for (size_t v = 0; v < bed->costs[t].variant_count; v++) {
            bed->costs[t].variants[v].sha256[0] = (char)('a' + t);
        }
    }
}

static void tables_are_total_and_legal(void **state)
{
    struct seeded s = seeded_init("tables", 1);

    (void)state;
    for (int round = 0; round < 12; round++) {
        struct product_bed_size size = {
            1 + seeded_below(&s, 3), 1 + seeded_below(&s, 3),
            1 + seeded_below(&s, 3), 1 + seeded_below(&s, 2),
            round % 3 == 2,          round % 4 == 3};
        struct tabling_bed bed;
        begin(&bed, &s, &size);
        tell_files_apart(&bed.product);
        if (size.without_memory) {
            bed.product.all.objective_count = 0;
        }
        if (round % 2 == 1) {
            product_bed_demand(&bed.product.slos[0], "accuracy.drop <= 3pp");
        }
        if (round > 5) { /* slow links, and hogs, break what calm keeps */
            product_bed_demand(&bed.product.slos[0], "latency <= 100ms");
        }
        bed.options.most = round > 8 ? 1 : 1 + seeded_below(&s, 12);
        build(&bed);
        check_table(&bed);
        end(&bed);
    }
}

static void with_room_every_state_has_its_share(void **state)
{
    struct product_bed_size size = {2, 2, 2, 1, 0, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;

    (void)state;
    begin_from(&bed, "room", 2, &size);
    bed.options.most = CLV_TABLE_DESIGNS;
    bed.options.share = 0.9;
    table = build(&bed);
    check_table(&bed);
    for (size_t i = 0; i < table->state_count; i++) {
        assert_true(table->entries[i].share > 0.9F - 1e-6F ||
                    table->kept_count == CLV_TABLE_DESIGNS);
    }
    end(&bed);
}

/* Variants on engines that a table has loaded for a task. */
static size_t loaded(const struct clv_switching *t, size_t task)
{
    size_t count = 0;

    for (size_t i = 0; i < t->kept_count; i++) {
        const struct clv_config *c = &t->kept[i].configs[task];
        int is_new = 1;
        for (size_t j = 0; j < i; j++) {
            is_new &= t->kept[j].configs[task].variant != c->variant ||
                      t->kept[j].configs[task].engine != c->engine;
        }
        count += (size_t)is_new;
    }
    return count;
}

static void places_need_no_room(void **state)
{
    struct product_bed_size size = {2, 1, 1, 1, 0, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;

    (void)state;
    begin_from(&bed, "places", 3, &size);
    bed.options.most = 1;
    table = build(&bed);
    check_table(&bed);
    /* one variant, one engine: whatever else differs is a place */
    assert_true(table->kept_count > 1);
    for (size_t i = 0; i < table->state_count; i++) {
        assert_true(table->entries[i].share > 0.98F - 1e-6F);
    }
    assert_int_equal(loaded(table, 0), 1);
    assert_int_equal(loaded(table, 1), 1);
    end(&bed);
}

static void a_processor_that_nobody_measured_is_left_alone(void **state)
{
    struct product_bed_size size = {2, 2, 2, 1, 0, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;

    (void)state;
    begin_from(&bed, "left alone", 4, &size);
    table = build(&bed);
    assert_int_equal(table->processors, 2);
    assert_string_equal(table->names[1], "webgpu");
    assert_int_equal(table->levels[0], 3); /* one hog, and two */
    assert_int_equal(table->levels[1], 2);
    for (size_t i = 0; i < table->state_count; i++) {
        struct clv_state st;
        clv_state_of(table, i, &st);
        for (size_t t = 0; t < 2 && st.load[1] > 0; t++) {
            const struct clv_config *c =
                &table->kept[table->entries[i].design].configs[t];
            assert_true(c->seat != 1);
        }
        assert_false(table->entries[i].is_forced);
    }
    end(&bed);
}

/* One processor, in trouble, and no server: the trouble is waived. */
static void where_nothing_is_legal_the_state_says_so(void **state)
{
    struct product_bed_size size = {2, 2, 1, 1, 1, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;
    size_t forced = 0;

    (void)state;
    begin_from(&bed, "forced", 5, &size);
    table = build(&bed);
    check_table(&bed);
    for (size_t i = 0; i < table->state_count; i++) {
        struct clv_state st;
        clv_state_of(table, i, &st);
        if (st.load[0] > 0 && st.link[0] == CLV_LINK_AWAY) {
            assert_true(table->entries[i].is_forced);
            assert_true(table->entries[i].is_feasible);
            forced++;
        } else {
            assert_false(table->entries[i].is_forced);
        }
    }
    assert_true(forced > 0);
    end(&bed);
}

/* A bound that only a server can keep: without it the nearest runs. */
static void what_cannot_be_kept_is_come_near_to(void **state)
{
    struct product_bed_size size = {2, 2, 1, 1, 0, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;
    size_t broken = 0;

    (void)state;
    begin_from(&bed, "nearest", 6, &size);
    product_bed_demand(&bed.product.slos[1], "latency <= 40ms");
    table = build(&bed);
    check_table(&bed);
    for (size_t i = 0; i < table->state_count; i++) {
        struct clv_state st;
        clv_state_of(table, i, &st);
        if (st.link[0] == CLV_LINK_AWAY) {
            assert_false(table->entries[i].is_feasible);
            assert_true(table->entries[i].violation > 0);
            broken++;
        }
    }
    assert_true(broken > 0);
    assert_true(table->entries[3].is_feasible);
    end(&bed);
}

static void a_calm_state_that_keeps_nothing_is_an_error(void **state)
{
    struct product_bed_size size = {2, 1, 1, 1, 0, 0};
    struct tabling_bed bed;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    begin_from(&bed, "hopeless", 7, &size);
    product_bed_demand(&bed.product.slos[1], "latency <= 1us");
    agree(&bed);
    assert_int_equal(clv_switching_new(&bed.options, &bed.table, &err),
                     CLEAVE_NOT_FOUND);
    assert_null(bed.table);
    assert_non_null(strstr(err.text, "faces"));
    end(&bed);
}

static void one_design_makes_a_table_too(void **state)
{
    struct product_bed_size size = {1, 1, 1, 1, 1, 0};
    struct tabling_bed bed;
    const struct clv_switching *table;

    (void)state;
    begin_from(&bed, "one", 8, &size);
    bed.product.options.server_count = 0;
    table = build(&bed);
    assert_int_equal(table->kept_count, 1);
    assert_int_equal(table->servers, 0);
    assert_int_equal(table->state_count, 2 * 2);
    check_table(&bed);
    end(&bed);
}

static void too_many_states_get_coarser_then_refused(void **state)
{
    struct product_bed_size size = {1, 1, 1, 2, 0, 0};
    static const char *const names[CLV_SERVERS] = {
        "http://server0:8700", "http://server1:8700", "c", "d", "e", "f"};
    struct tabling_bed bed;
    const struct clv_switching *table;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    begin_from(&bed, "many", 9, &size);
    bed.product.options.servers = names;
    bed.product.options.server_count = 4;
    bed.product.options.situation.conditions = clv_conditions_reference(4);
    table = build(&bed);
    assert_true(table->state_count <= 256);
    assert_int_equal(table->link_classes[0], CLV_LINK_CLASSES);
    assert_int_equal(table->link_classes[3], 2);
    check_table(&bed);
    clv_switching_free(bed.table);
    bed.table = NULL;
    bed.options.product.server_count = CLV_SERVERS + 1;
    assert_int_equal(clv_switching_new(&bed.options, &bed.table, &err),
                     CLEAVE_LIMIT);
    assert_null(bed.table);
    end(&bed);
}

#if SCARCE_MEMORY
/* Whichever allocation fails: an error and nothing kept, or a whole table. */
static void a_table_does_without_no_allocation(void **state)
{
    struct product_bed_size size = {2, 1, 1, 1, 0, 0};
    struct tabling_bed bed;
    int failed = 1;
    int told = 0;

    (void)state;
    begin_from(&bed, "scarce", 10, &size);
    product_bed_demand(&bed.product.slos[1], "latency <= 60ms");
    agree(&bed);
    for (long nth = 1; failed; nth++) {
        struct clv_switching *table = NULL;
        long after;
        long before = scarce_begin(nth);
        cleave_status status = clv_switching_new(&bed.options, &table, NULL);
        failed = scarce_end(&after);
        /* qsort asks for memory, and does without */
        assert_true(status == CLEAVE_OK || (failed && status == CLEAVE_MEMORY));
        assert_true((table != NULL) == (status == CLEAVE_OK));
        told += status == CLEAVE_MEMORY;
        clv_switching_free(table);
        scarce_begin(0);
        scarce_end(&after);
        assert_int_equal(after, before);
    }
    assert_true(told > 50);
    end(&bed);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_total_and_legal),
        cmocka_unit_test(with_room_every_state_has_its_share),
        cmocka_unit_test(places_need_no_room),
        cmocka_unit_test(a_processor_that_nobody_measured_is_left_alone),
        cmocka_unit_test(where_nothing_is_legal_the_state_says_so),
        cmocka_unit_test(what_cannot_be_kept_is_come_near_to),
        cmocka_unit_test(a_calm_state_that_keeps_nothing_is_an_error),
        cmocka_unit_test(one_design_makes_a_table_too),
        cmocka_unit_test(too_many_states_get_coarser_then_refused),
#if SCARCE_MEMORY
        cmocka_unit_test(a_table_does_without_no_allocation),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
