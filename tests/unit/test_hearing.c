/*
 * test_hearing.c - news are heard in their order, and probes go out between.
 */
#include "world_bed.h"

#include "nearly.h"
#include "plan/play.h"

struct fixture {
    struct world_bed bed;
    struct clv_trace up;
    struct clv_play play;
};

static void begin(struct fixture *f, const char *policy)
{
    struct clv_simulation_options options = {.rtt_ns = 40e6};
    cleave_error err = CLEAVE_ERROR_INIT;

    *f = (struct fixture){.up = bed_flat(8e6)};
    bed_init(&f->bed, 0);
    options.space = &f->bed.space;
    options.up = &f->up;
    bed_is_ok(clv_policy_find(policy, &options.policy, &err), &err);
    bed_is_ok(clv_world_init(&f->play.world, &options, &err), &err);
    clv_link_estimator_init(&f->play.link, options.policy->learns, 5e6, 20e6,
                            50e6);
    clv_load_estimator_init(&f->play.servers[0]);
    clv_probing_init(&f->play.probing);
    f->play.is_up = 1;
}

static void end(struct fixture *f)
{
    clv_trace_fini(&f->up);
    bed_fini(&f->bed);
}

static void add(struct fixture *f, int64_t at_ns, double server_load)
{
    struct clv_passage p = {.answer_ns = at_ns, .link_ns = 50e6};
    struct clv_news n = clv_news_of(&p, 10000, 100);

    n.measured_ns = server_load * 1e6;
    n.profiled_ns = 1e6;
    clv_play_add_news(&f->play, &n);
}

static void nothing_is_heard_before_its_time(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "cleave");
    add(&f, 3 * S, 7);
    add(&f, 1 * S, 2);
    clv_play_hear(&f.play, S - 1);
    assert_nearly(clv_load_estimator_look(&f.play.servers[0], S), 1, 0);
    clv_play_hear(&f.play, S);
    assert_nearly(clv_load_estimator_look(&f.play.servers[0], S), 2, 1e-9);
    assert_int_equal(1, f.play.news_count);
    clv_play_hear(&f.play, 4 * S);
    assert_nearly(clv_load_estimator_look(&f.play.servers[0], 3 * S), 4.5,
                  1e-9);
    assert_int_equal(0, f.play.news_count);
    end(&f);
}

static void what_never_ends_is_no_news(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "cleave");
    add(&f, INT64_MAX, 1);
    assert_int_equal(0, f.play.news_count);
    end(&f);
}

static void first_words_tell_the_link(void **state)
{
    struct fixture f;
    int64_t heard;

    (void)state;
    begin(&f, "cleave");
    heard = clv_play_first_words(&f.play);
    assert_true(heard > 80 * MS && heard < 200 * MS);
    assert_int_equal(2, f.play.result.probes);
    assert_nearly(clv_link_estimator_look(&f.play.link, heard).rtt_ns / 40e6, 1,
                  0.2);
    end(&f);
    begin(&f, "device-only");
    assert_true(clv_play_first_words(&f.play) == 0);
    assert_int_equal(0, f.play.result.probes);
    end(&f);
}

static void a_server_that_is_lost_is_found_by_probes(void **state)
{
    struct fixture f;
    struct clv_news lost = {.at_ns = 10 * S, .kind = CLV_NEWS_LOST};

    (void)state;
    begin(&f, "cleave");
    f.play.nth = 1;
    f.play.world.options.outage_from_ns = 10 * S;
    f.play.world.options.outage_to_ns = 12 * S;
    clv_probing_note(&f.play.probing, 1, 10 * S - MS);
    clv_play_add_news(&f.play, &lost);
    clv_play_hear(&f.play, 12 * S - MS);
    assert_false(f.play.is_up);
    assert_true(f.play.result.probes >= 7);
    clv_play_hear(&f.play, 12 * S + 400 * MS);
    assert_true(f.play.is_up);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_heard_before_its_time),
        cmocka_unit_test(what_never_ends_is_no_news),
        cmocka_unit_test(first_words_tell_the_link),
        cmocka_unit_test(a_server_that_is_lost_is_found_by_probes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
