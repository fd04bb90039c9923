/*
 * test_posting.c - a runner is moved between posts: at once where the post is
 * ready, once it is where it is not; what is under way ends where it began,
 * and nothing is lost, whatever fails meanwhile.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "posts_bed.h"

#define MOVES 60

static int set_up(void **state)
{
    *state = posts_bed_new();
    return 0;
}

static int tear_down(void **state)
{
    posts_bed_free(*state);
    return 0;
}

/* The design of the next inference. */
static const struct clv_candidate *next(struct posts_bed *p)
{
    struct clv_decision d;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_deciding_take(p->bed->runner, &d, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    clv_fleet_give(p->bed->runner->fleet, d.berth);
    return d.candidate;
}

static void a_post_that_is_ready_counts_at_once(void **state)
{
    struct posts_bed *p = *state;

    runner_bed_kill_server(p->bed);
    posts_bed_open(p, 3);
    assert_int_equal(next(p)->variant, 0);
    posts_bed_keep(p, 7, 0);
    runner_bed_await(p->bed, CLEAVE_EVENT_READY, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(posts_bed_ask(p, TWIN, NULL), CLEAVE_OK);
        assert_int_equal(next(p)->variant, 1);
        assert_int_equal(posts_bed_ask(p, OTHER, NULL), CLEAVE_OK);
        assert_int_equal(next(p)->variant, 0);
        assert_int_equal(next(p)->engine, 1);
    }
    assert_int_equal(runner_bed_events(p->bed, CLEAVE_EVENT_SWITCH), 6);
    assert_int_equal(posts_bed_ask(p, OTHER, NULL), CLEAVE_OK);
    assert_int_equal(runner_bed_events(p->bed, CLEAVE_EVENT_SWITCH), 6);
}

static void a_post_that_is_not_is_made_so_while_the_old_one_goes_on(
    void **state)
{
    struct posts_bed *p = *state;

    runner_bed_kill_server(p->bed);
    posts_bed_open(p, 3);
    assert_int_equal(posts_bed_ask(p, TWIN, NULL), CLEAVE_BUSY);
    assert_int_equal(next(p)->variant, 0);
    runner_bed_await(p->bed, CLEAVE_EVENT_READY, 1);
    assert_int_equal(next(p)->variant, 0);
    assert_int_equal(posts_bed_ask(p, TWIN, NULL), CLEAVE_OK);
    assert_int_equal(next(p)->variant, 1);
}

static void what_is_not_wanted_is_unloaded_and_loaded_again(void **state)
{
    struct posts_bed *p = *state;

    runner_bed_kill_server(p->bed);
    posts_bed_open(p, 3);
    posts_bed_keep(p, 7, 0);
    runner_bed_await(p->bed, CLEAVE_EVENT_READY, 2);
    posts_bed_move(p, TWIN);
    posts_bed_keep(p, 1 << TWIN, 1);
    assert_true(posts_bed_has(p, TWIN));
    assert_false(posts_bed_has(p, CHAIN));
    assert_false(posts_bed_has(p, OTHER));
    assert_int_equal(runner_bed_infer(p->bed), 0);
    assert_int_equal(posts_bed_ask(p, CHAIN, NULL), CLEAVE_BUSY);
    assert_int_equal(next(p)->variant, 1);
    posts_bed_move(p, CHAIN);
    assert_int_equal(runner_bed_infer(p->bed), 0);
}

static void what_is_under_way_ends_where_it_began(void **state)
{
    struct posts_bed *p = *state;
    struct clv_decision d;

    runner_bed_kill_server(p->bed);
    posts_bed_open(p, 3);
    posts_bed_keep(p, 1 << CHAIN | 1 << TWIN, 0);
    runner_bed_await(p->bed, CLEAVE_EVENT_READY, 1);
    assert_int_equal(clv_deciding_take(p->bed->runner, &d, NULL), CLEAVE_OK);
    posts_bed_move(p, TWIN);
    posts_bed_keep(p, 1 << TWIN, 1);
    assert_int_equal(d.candidate->variant, 0);
    assert_string_equal(d.berth->rig->cut, "output");
    assert_false(posts_bed_has(p, CHAIN)); /* for others */
    clv_fleet_give(p->bed->runner->fleet, d.berth);
    assert_int_equal(next(p)->variant, 1);
}

static void a_file_that_vanished_is_told_and_the_rest_goes_on(void **state)
{
    struct posts_bed *p = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    runner_bed_kill_server(p->bed);
    posts_bed_open(p, 3);
    assert_int_equal(remove(p->twin), 0);
    posts_bed_keep(p, 7, 0);
    runner_bed_await(p->bed, CLEAVE_EVENT_REFUSED, 1);
    assert_int_equal(posts_bed_ask(p, TWIN, &err), CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.where, "twin"));
    assert_int_equal(runner_bed_infer(p->bed), 0);
    posts_bed_move(p, OTHER);
    assert_int_equal(next(p)->engine, 1);
    posts_bed_keep(p, 7, 0); /* not tried again so soon */
    posts_bed_move(p, CHAIN);
    assert_int_equal(runner_bed_events(p->bed, CLEAVE_EVENT_REFUSED), 1);
}

static void a_first_post_that_vanished_is_not_where_it_begins(void **state)
{
    struct posts_bed *p = *state;
    struct clv_post chain = p->posts[CHAIN];

    runner_bed_kill_server(p->bed);
    p->posts[CHAIN] = p->posts[TWIN];
    p->posts[TWIN] = chain;
    assert_int_equal(remove(p->twin), 0);
    posts_bed_open(p, 3);
    assert_int_equal(next(p)->variant, 0);
    assert_int_equal(runner_bed_infer(p->bed), 0);
}

static void bans_count_at_all_posts(void **state)
{
    struct posts_bed *p = *state;
    struct clv_ban ban = {0, CLV_ANY, CLV_ANY, 0, 0, 0};

    posts_bed_open(p, POSTS);
    posts_bed_keep(p, 15, 0);
    runner_bed_until(p->bed, 1);
    clv_deciding_ban(p->bed->runner, &ban, CLV_NONE, "a test");
    assert_int_equal(next(p)->server, CLV_NO_SERVER);
    posts_bed_move(p, OTHER);
    posts_bed_move(p, CHAIN);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(runner_bed_infer(p->bed), 0);
    }
    clv_deciding_pardon(p->bed->runner, 0);
    runner_bed_until(p->bed, 1);
}

static void away_it_computes_on_servers_while_there_are_any(void **state)
{
    struct posts_bed *p = *state;

    posts_bed_open(p, POSTS);
    posts_bed_move(p, AWAY);
    runner_bed_until(p->bed, 1);
    for (int i = 0; i < 20; i++) {
        const struct clv_candidate *c = next(p);
        assert_true(c->server == CLV_NO_SERVER || c->head_share <= 0);
        (void)runner_bed_infer(p->bed);
    }
    runner_bed_kill_server(p->bed);
    runner_bed_until(p->bed, 0);
    assert_int_equal(next(p)->server, CLV_NO_SERVER);
    runner_bed_start_server(p->bed);
    runner_bed_until(p->bed, 1);
    assert_true(next(p)->head_share <= 0);
}

/* A design of a server that is not ready. */
static size_t find_remote(struct posts_bed *p)
{
    const struct clv_space *s = p->bed->runner->space;
    size_t at = 0;

    while (at < s->count && (s->candidates[at].server == CLV_NO_SERVER ||
                             clv_fleet_has(p->bed->runner->fleet, at))) {
        at++;
    }
    assert_true(at < s->count);
    return at;
}

static void a_server_that_is_down_is_not_asked_over_and_over(void **state)
{
    struct posts_bed *p = *state;
    int refused;

    posts_bed_open(p, POSTS);
    runner_bed_until(p->bed, 1);
    runner_bed_kill_server(p->bed);
    runner_bed_until(p->bed, 0);
    p->bed->runner->desks[TWIN]->landing = find_remote(p);
    refused = runner_bed_events(p->bed, CLEAVE_EVENT_REFUSED);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(posts_bed_ask(p, TWIN, NULL), CLEAVE_BUSY);
        (void)runner_bed_infer(p->bed);
    }
    /* one may have been asked for before it was down */
    assert_true(runner_bed_events(p->bed, CLEAVE_EVENT_REFUSED) <= refused + 1);
}

static void posts_are_listed_once_and_so_many_only(void **state)
{
    struct posts_bed *p = *state;
    struct clv_post none = {7, 0, 0};
    size_t at = 99;

    posts_bed_open(p, 2);
    assert_int_equal(
        clv_runner_add_post(p->bed->runner, &p->posts[OTHER], &at, NULL),
        CLEAVE_OK);
    assert_int_equal(at, 1);
    assert_int_equal(
        clv_runner_add_post(p->bed->runner, &p->posts[TWIN], &at, NULL),
        CLEAVE_OK);
    assert_int_equal(at, 2);
    posts_bed_move(p, 2);
    assert_int_equal(clv_runner_add_post(p->bed->runner, &none, &at, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(at, 2);
}

struct crowd {
    struct posts_bed *p;
    atomic_int stop;
    atomic_int answers;
};

static void *infer_on(void *self)
{
    struct crowd *c = self;

    while (!atomic_load(&c->stop)) {
        (void)runner_bed_infer(c->p->bed);
        atomic_fetch_add(&c->answers, 1);
    }
    return NULL;
}

/* Every answer is checked; the server is killed and comes back while posts
   change. */
static void nothing_is_lost_while_posts_change_and_servers_die(void **state)
{
    struct posts_bed *p = *state;
    struct crowd crowd = {.p = p};
    pthread_t threads[2];

    posts_bed_open(p, POSTS);
    posts_bed_keep(p, 15, 0);
    runner_bed_until(p->bed, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, infer_on, &crowd),
                         0);
    }
    for (int i = 0; i < MOVES; i++) {
        int before = atomic_load(&crowd.answers);
        if (i == MOVES / 3) {
            runner_bed_kill_server(p->bed);
        } else if (i == 2 * MOVES / 3) {
            runner_bed_start_server(p->bed);
        }
        posts_bed_keep(p, 15, 0);
        posts_bed_move(p, (size_t)(i % POSTS));
        if (i % 5 == 0) {
            posts_bed_keep(p, 1u << i % POSTS, 1);
        }
        while (atomic_load(&crowd.answers) < before + 2) {
            (void)runner_bed_infer(p->bed);
        }
    }
    atomic_store(&crowd.stop, 1);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(atomic_load(&crowd.answers) >= MOVES);
}

int main(int argc, char **argv)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(a_post_that_is_ready_counts_at_once),
        IN_BED(a_post_that_is_not_is_made_so_while_the_old_one_goes_on),
        IN_BED(what_is_not_wanted_is_unloaded_and_loaded_again),
        IN_BED(what_is_under_way_ends_where_it_began),
        IN_BED(a_file_that_vanished_is_told_and_the_rest_goes_on),
        IN_BED(a_first_post_that_vanished_is_not_where_it_begins),
        IN_BED(bans_count_at_all_posts),
        IN_BED(away_it_computes_on_servers_while_there_are_any),
        IN_BED(a_server_that_is_down_is_not_asked_over_and_over),
        IN_BED(posts_are_listed_once_and_so_many_only),
        IN_BED(nothing_is_lost_while_posts_change_and_servers_die),
    };

    runner_bed_serves(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
