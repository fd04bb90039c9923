/*
 * test_switching.c - states and their numbers, what they stand for and how
 * they are called; kinds of switches; classes of links.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nearly.h"
#include "plan/switching.h"

static const char *const servers[] = {"nas", "pi"};

/* Two processors, of which the cpu's levels were measured; two servers, of
   which the second has two classes. */
static struct clv_switching table(void)
{
    return (struct clv_switching){
        .tasks = 2,
        .processors = 2,
        .names = {"cpu", "webgpu"},
        .levels = {3, 2},
        .hogs = {0, 1, 4},
        .servers = 2,
        .link_classes = {CLV_LINK_CLASSES, 2},
        .state_count = 3 * 2 * 2 * 4 * 2,
    };
}

static void a_state_and_its_number_are_one_another(void **state)
{
    struct clv_switching t = table();

    (void)state;
    for (size_t i = 0; i < t.state_count; i++) {
        struct clv_state s;
        clv_state_of(&t, i, &s);
        assert_int_equal(clv_state_number(&t, &s), i);
        assert_true(s.load[0] < 3 && s.load[1] < 2 && s.memory < 2);
        assert_true(s.link[0] < 4);
        assert_true(s.link[1] == CLV_LINK_AWAY || s.link[1] == CLV_LINK_MIDDLE);
        if (s.memory) {
            struct clv_state twin = s;
            twin.memory = 0;
            assert_true(clv_state_number(&t, &twin) < i);
        }
    }
}

static void what_a_table_does_not_have_counts_as_the_nearest(void **state)
{
    struct clv_switching t = table();
    struct clv_state far = {.load = {9, 9}, .memory = 7, .link = {200, 3}};
    struct clv_state near = {
        .load = {2, 1}, .memory = 1, .link = {CLV_LINK_FAST, CLV_LINK_MIDDLE}};

    (void)state;
    assert_int_equal(clv_state_number(&t, &far), clv_state_number(&t, &near));
    assert_int_equal(clv_state_number(&t, &far), t.state_count - 1);
    memset(t.link_classes, 0, sizeof t.link_classes); /* made by hand */
    far.link[1] = CLV_LINK_SLOW;
    near.link[1] = CLV_LINK_SLOW;
    assert_int_equal(clv_state_number(&t, &far), clv_state_number(&t, &near));
}

static void a_state_stands_for_a_situation(void **state)
{
    struct clv_switching t = table();
    struct clv_switching_options options = {
        .product.situation = {.conditions = clv_conditions_reference(2),
                              .memory_bytes = INFINITY}};
    struct clv_state s = {
        .load = {2, 1}, .memory = 1, .link = {CLV_LINK_SLOW, CLV_LINK_AWAY}};
    struct clv_situation now;

    (void)state;
    t.entries = calloc(t.state_count, sizeof *t.entries);
    assert_non_null(t.entries);
    t.entries[clv_state_number(&t, &s)].memory_bytes = 5e6;
    options.product.situation.conditions.reach[0].slowdown = 3;
    now = clv_switching_situation(&t, &options, &s);
    assert_int_equal(now.hogs, 4);
    assert_int_equal(now.out_of_order, 2);
    assert_nearly(now.memory_bytes, 5e6, 0);
    assert_nearly(now.conditions.reach[0].up_bps, 1.6e6, 1e-9);
    assert_nearly(now.conditions.reach[0].rtt_ns, 64e6, 1e-9);
    assert_nearly(now.conditions.reach[0].slowdown, 3, 0);
    assert_false(now.conditions.reach[1].is_up);
    s = (struct clv_state){.link = {CLV_LINK_FAST, CLV_LINK_MIDDLE}};
    now = clv_switching_situation(&t, &options, &s);
    assert_int_equal(now.hogs, 0);
    assert_int_equal(now.out_of_order, 0);
    assert_true(isinf(now.memory_bytes));
    assert_true(now.conditions.reach[1].is_up);
    free(t.entries);
}

static void states_have_names(void **state)
{
    struct clv_switching t = table();
    struct clv_state calm = {.link = {CLV_LINK_FAST, CLV_LINK_MIDDLE}};
    struct clv_state bad = {.load = {2, 1}, .memory = 1};
    char text[CLV_STATE_TEXT];

    (void)state;
    assert_string_equal(clv_state_text(&t, &calm, servers, text),
                        "calm, nas fast, pi middle");
    assert_string_equal(
        clv_state_text(&t, &bad, servers, text),
        "cpu load 4, webgpu troubled, memory short, nas away, pi away");
    t.servers = 0;
    assert_string_equal(clv_state_text(&t, &calm, NULL, text), "calm");
}

static void a_switch_is_told_by_what_it_changes(void **state)
{
    struct clv_switching t = table();
    struct clv_config *first = t.kept[0].configs;

    (void)state;
    t.kept_count = 5;
    first[0] = (struct clv_config){.server = CLV_NO_SERVER};
    first[1] = (struct clv_config){.place = CLV_PLACE_SERVER};
    for (size_t i = 1; i < 5; i++) {
        memcpy(t.kept[i].configs, first, 2 * sizeof *first);
    }
    t.kept[1].configs[0].variant = 1;
    t.kept[2].configs[0].engine = 1;
    t.kept[3].configs[1].variant = 1;
    t.kept[3].configs[0].place = CLV_PLACE_CUT;
    /* cut and packing are the scheduler's; all on a server no engine counts */
    t.kept[4].configs[0].candidate = 7;
    t.kept[4].configs[1].engine = 1;
    assert_int_equal(clv_switching_kind(&t, 0, 0), CLV_SWITCH_NONE);
    assert_int_equal(clv_switching_kind(&t, 0, 1), CLV_SWITCH_MODEL);
    assert_int_equal(clv_switching_kind(&t, 0, 2), CLV_SWITCH_PROCESSOR);
    assert_int_equal(clv_switching_kind(&t, 1, 2), CLV_SWITCH_BOTH);
    assert_int_equal(clv_switching_kind(&t, 3, 0), CLV_SWITCH_BOTH);
    assert_int_equal(clv_switching_kind(&t, 4, 0), CLV_SWITCH_NONE);
    assert_string_equal(clv_switch_kind_text(CLV_SWITCH_MODEL), "CM");
    assert_string_equal(clv_switch_kind_text(CLV_SWITCH_PROCESSOR), "CP");
    assert_string_equal(clv_switch_kind_text(CLV_SWITCH_BOTH), "CB");
    assert_string_equal(clv_switch_kind_text(CLV_SWITCH_NONE), "-");
}

static struct clv_reach link_of(double up_bps, double rtt_ns)
{
    return (struct clv_reach){.is_up = 1, .up_bps = up_bps, .rtt_ns = rtt_ns};
}

static void a_link_is_of_the_class_that_is_nearest(void **state)
{
    const struct {
        struct clv_reach reach;
        enum clv_link_class class;
    } links[] = {
        {link_of(0, 0), CLV_LINK_AWAY},
        {link_of(NAN, 0), CLV_LINK_AWAY},
        {link_of(1e4, 1e9), CLV_LINK_SLOW},
        {link_of(1.6e6, 64e6), CLV_LINK_SLOW},
        {link_of(12.4e6, 53e6), CLV_LINK_MIDDLE},
        {link_of(1e9, 60e6), CLV_LINK_MIDDLE}, /* wide, and far away */
        {link_of(100e6, 5e6), CLV_LINK_FAST},
        {link_of(1e9, 1e6), CLV_LINK_FAST},
    };
    struct clv_reach down = link_of(1e9, 1e6);

    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        assert_int_equal(clv_link_class_of(&links[i].reach), links[i].class);
    }
    down.is_up = 0;
    assert_int_equal(clv_link_class_of(&down), CLV_LINK_AWAY);
    for (int i = 0; i < CLV_LINK_CLASSES; i++) {
        struct clv_reach reach = link_of(1, 1);
        clv_link_class_set(&reach, (enum clv_link_class)i);
        assert_int_equal(clv_link_class_of(&reach), i);
    }
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    clv_switching_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_and_its_number_are_one_another),
        cmocka_unit_test(what_a_table_does_not_have_counts_as_the_nearest),
        cmocka_unit_test(a_state_stands_for_a_situation),
        cmocka_unit_test(states_have_names),
        cmocka_unit_test(a_switch_is_told_by_what_it_changes),
        cmocka_unit_test(a_link_is_of_the_class_that_is_nearest),
        cmocka_unit_test(freeing_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
