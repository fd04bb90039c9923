/*
 * test_bout.c - in a bout all members compute at once, each has its turns, and
 * who fails ends it for all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/bout.h"
#include "rating_bed.h"

#define MEMBERS 3

struct ring {
    struct rating_bed *bed;
    struct clv_seam *seams[MEMBERS];
    struct clv_sample samples[2];
    struct clv_bout_times times[MEMBERS];
    struct clv_bout_member members[MEMBERS];
    struct clv_bout bout;
};

static int begin(void **state)
{
    struct ring *r = calloc(1, sizeof *r);
    void *bed = NULL;

    if (r == NULL || bed_begin(&bed) != 0) {
        return -1;
    }
    r->bed = bed;
    for (size_t i = 0; i < 2; i++) {
        clv_sample_init(&r->samples[i]);
        if (clv_source_load(r->bed->source, i, &r->samples[i], NULL) !=
            CLEAVE_OK) {
            return -1;
        }
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        if (clv_seam_open(r->bed->network, CLV_CUT_INPUT, CLV_SEAM_BOTH,
                          &r->seams[i], NULL) != CLEAVE_OK) {
            return -1;
        }
        r->members[i] =
            (struct clv_bout_member){r->seams[i], r->samples, 2, &r->times[i]};
    }
    r->bout = (struct clv_bout){.members = r->members,
                                .count = MEMBERS,
                                .least = 5,
                                .clock = clv_clock_machine()};
    *state = r;
    return 0;
}

static int end(void **state)
{
    struct ring *r = *state;
    void *bed = r->bed;

    for (size_t i = 0; i < MEMBERS; i++) {
        clv_seam_close(r->seams[i]);
        free(r->times[i].ns);
    }
    clv_sample_fini(&r->samples[0]);
    clv_sample_fini(&r->samples[1]);
    free(r);
    return bed_end(&bed);
}

static void run(struct ring *r)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_bout_run(&r->bout, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void everybody_has_enough_turns(void **state)
{
    struct ring *r = *state;
    size_t before;

    run(r);
    for (size_t i = 0; i < MEMBERS; i++) {
        assert_true(r->times[i].count >= 5);
        for (size_t j = 0; j < r->times[i].count; j++) {
            assert_true(r->times[i].ns[j] >= 0);
        }
    }
    before = r->times[0].count; /* the next bout's come behind these */
    run(r);
    assert_true(r->times[0].count >= before + 5);
}

static void hogs_stand_beside(void **state)
{
    struct ring *r = *state;

    r->bout.count = 1;
    r->bout.hogs = 3;
    run(r);
    assert_true(r->times[0].count >= 5);
    assert_int_equal(r->times[1].count, 0);
}

/* By a clock that ticks when it is looked at, time is over at some look. */
static int64_t tick(void *self)
{
    int64_t *now = self;

    return *now += 10;
}

static void it_lasts_as_long_as_it_shall(void **state)
{
    struct ring *r = *state;
    int64_t now = 0;

    r->bout.count = 1;
    r->bout.least = 1;
    r->bout.clock = (struct clv_clock){tick, &now};
    r->bout.for_ns = 1000; /* two looks a turn */
    run(r);
    assert_in_range(r->times[0].count, 40, 60);
    assert_true(r->times[0].ns[0] == 10);
}

static void who_fails_ends_it_for_all(void **state)
{
    struct ring *r = *state;
    struct clv_sample broken = r->samples[0];
    cleave_error err = CLEAVE_ERROR_INIT;

    broken.tensors[0].info.shape[1] = BED_WIDTH - 1;
    broken.tensors[0].bytes -= sizeof(float);
    r->members[1].samples = &broken;
    r->members[1].sample_count = 1;
    r->bout.hogs = 2;
    assert_int_equal(clv_bout_run(&r->bout, &err), CLEAVE_MISMATCH);
    assert_true(err.text[0] != '\0');
    assert_int_equal(r->times[1].count, 0);
}

static void too_many_are_refused(void **state)
{
    struct ring *r = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    r->bout.hogs = CLV_BOUT_THREADS;
    assert_int_equal(clv_bout_run(&r->bout, &err), CLEAVE_LIMIT);
}

#define IN_RING(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_RING(everybody_has_enough_turns),
        IN_RING(hogs_stand_beside),
        IN_RING(it_lasts_as_long_as_it_shall),
        IN_RING(who_fails_ends_it_for_all),
        IN_RING(too_many_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
