/*
 * test_trace.c - rates over time, and the two questions asked of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nearly.h"
#include "plan/trace.h"
#include "seeded.h"

#define S ((int64_t)1000000000)

static cleave_status read_text(struct clv_trace *trace, const char *text,
                               double scale, size_t *ret_gaps,
                               cleave_error *err)
{
    clv_bytes bytes = {(const uint8_t *)text, strlen(text)};

    return clv_trace_init_csv(trace, bytes, "t.csv", scale, ret_gaps, err);
}

static struct clv_trace make(const char *text)
{
    struct clv_trace trace;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (read_text(&trace, text, 1, NULL, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return trace;
}

static void rates_hold_until_the_next_point(void **state)
{
    struct clv_trace t = make("seconds,mbit_per_s\n0,8\n1,16\n3,4\n");

    (void)state;
    assert_int_equal(3, t.count);
    assert_nearly(clv_trace_bps(&t, 0), 8e6, 0);
    assert_nearly(clv_trace_bps(&t, S - 1), 8e6, 0);
    assert_nearly(clv_trace_bps(&t, S), 16e6, 0);
    assert_nearly(clv_trace_bps(&t, 3 * S - 1), 16e6, 0);
    assert_nearly(clv_trace_bps(&t, 4 * S), 4e6, 0);
    clv_trace_fini(&t);
}

static void begins_anew_behind_its_end(void **state)
{
    /* Steps of 1, 2 s: the last point lasts 2 s, the length is 5 s. */
    struct clv_trace t = make("seconds,mbit_per_s\n0,8\n1,16\n3,4\n");

    (void)state;
    assert_true(t.length_ns == 5 * S);
    assert_nearly(t.bits, 8e6 + 32e6 + 8e6, 1e-3);
    assert_nearly(clv_trace_bps(&t, 5 * S), 8e6, 0);
    assert_nearly(clv_trace_bps(&t, 1000000 * 5 * S + S), 16e6, 0);
    assert_nearly(clv_trace_bits(&t, 4 * S, 6 * S), 4e6 + 8e6, 1e-3);
    assert_nearly(clv_trace_bits(&t, 0, 50 * S), 10 * t.bits, 1e-3);
    clv_trace_fini(&t);
}

static void bytes_end_where_their_bits_fit(void **state)
{
    struct clv_trace t = make("seconds,mbit_per_s\n0,8\n1,0\n2,8\n");

    (void)state;
    assert_true(clv_trace_end(&t, 0, 0) == 0);
    assert_true(clv_trace_end(&t, S / 2, 250000) == S / 2 + S / 4);
    assert_true(clv_trace_end(&t, 0, 1000000) == S); /* before the outage */
    assert_true(clv_trace_end(&t, S / 2, 1000000) == 2 * S + S / 2);
    assert_true(clv_trace_end(&t, S, 1) == 2 * S + 1000);
    assert_true(clv_trace_end(&t, 0, 2000000 * 1000.0) == 3000 * S);
    clv_trace_fini(&t);
}

static void nothing_ever_ends_on_a_dead_link(void **state)
{
    struct clv_trace t;
    struct clv_trace slow;

    (void)state;
    assert_int_equal(CLEAVE_OK, clv_trace_init_flat(&t, 0, NULL));
    assert_true(clv_trace_end(&t, 7, 1) == INT64_MAX);
    assert_true(clv_trace_end(&t, 7, 0) == 7);
    clv_trace_fini(&t);
    assert_int_equal(CLEAVE_OK, clv_trace_init_flat(&slow, 1e-9, NULL));
    assert_true(clv_trace_end(&slow, 0, 1e9) == INT64_MAX);
    clv_trace_fini(&slow);
}

static void a_flat_link_has_one_rate(void **state)
{
    struct clv_trace t;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLEAVE_OK, clv_trace_init_flat(&t, 12.4e6, NULL));
    assert_nearly(clv_trace_bps(&t, 123456789 * S), 12.4e6, 0);
    assert_true(clv_trace_end(&t, 100 * S, 1.55e6) == 101 * S);
    clv_trace_fini(&t);
    assert_int_equal(CLEAVE_INVALID, clv_trace_init_flat(&t, -1, &err));
    assert_int_equal(CLEAVE_INVALID, clv_trace_init_flat(&t, NAN, NULL));
}

/* What `end` says is what `bits` says, at any time, on any trace. */
static void both_questions_agree(void **state)
{
    struct seeded chance = seeded_init("trace", 4);

    (void)state;
    for (int round = 0; round < 200; round++) {
        char text[2048] = "seconds,mbit_per_s\n";
        struct clv_trace t;
        double second = 0;
        for (int i = 0; i < 20; i++) {
            size_t at = strlen(text);
            double mbit =
                seeded_below(&chance, 4) == 0 ? 0 : 50 * seeded_unit(&chance);
            snprintf(text + at, sizeof text - at, "%.3f,%.4f\n", second, mbit);
            second += 0.001 + 2 * seeded_unit(&chance);
        }
        t = make(text);
        for (int i = 0; t.bits > 0 && i < 50; i++) {
            int64_t from = (int64_t)(100 * seeded_unit(&chance) * 1e9);
            double bytes = 1e6 * seeded_unit(&chance);
            int64_t end = clv_trace_end(&t, from, bytes);
            assert_true(end > from);
            /* One nanosecond at 50 Mbit/s is 0.05 bits. */
            assert_nearly(clv_trace_bits(&t, from, end), 8 * bytes, 0.1);
        }
        clv_trace_fini(&t);
    }
}

static void scales_shifts_and_counts_gaps(void **state)
{
    struct clv_trace t;
    size_t gaps = 99;

    (void)state;
    assert_int_equal(
        CLEAVE_OK,
        read_text(&t,
                  "id,mbit_per_s,seconds\r\na,10,100\r\nb,,101\r\nc,20,102\r\n"
                  "d,nan,103\r\ne,30,104\r\nf,1e1,200\r\ng,5,202\r\n",
                  0.5, &gaps, NULL));
    assert_int_equal(3, gaps);
    assert_int_equal(5, t.count);
    assert_nearly(clv_trace_bps(&t, S), 5e6, 1e-6);
    assert_nearly(clv_trace_bps(&t, 2 * S), 10e6, 1e-6);
    assert_nearly(clv_trace_bps(&t, 50 * S), 15e6, 1e-6);
    assert_nearly(clv_trace_bps(&t, 101 * S), 5e6, 1e-6);
    assert_true(t.length_ns == 104 * S);
    clv_trace_fini(&t);
}

static void the_later_of_two_at_once_holds(void **state)
{
    struct clv_trace t = make("seconds,mbit_per_s\n0,1\n1,2\n1,3\n2,4\n");

    (void)state;
    assert_int_equal(3, t.count);
    assert_nearly(clv_trace_bps(&t, S), 3e6, 1e-6);
    clv_trace_fini(&t);
}

static void refuses_with_the_line(void **state)
{
    static const struct {
        const char *text;
        const char *where;
        const char *word;
    } cases[] = {
        {"", "t.csv:1", "seconds"},
        {"time,mbit_per_s\n0,1\n", "t.csv:1", "seconds"},
        {"seconds,rate\n0,1\n", "t.csv:1", "mbit_per_s"},
        {"seconds,mbit_per_s\n", "t.csv:2", "no point"},
        {"seconds,mbit_per_s\n0,\n", "t.csv:3", "no point"},
        {"seconds,mbit_per_s\n0,1\n2,1\n1,1\n", "t.csv:4", "back"},
        {"seconds,mbit_per_s\n0,-1\n", "t.csv:2", "mbit_per_s"},
        {"seconds,mbit_per_s\n0,2000000\n", "t.csv:2", "million"},
        {"seconds,mbit_per_s\n0,1e300\n", "t.csv:2", "million"},
        {"seconds,mbit_per_s\n0,fast\n", "t.csv:2", "fast"},
        {"seconds,mbit_per_s\n0,1e\n", "t.csv:2", "1e"},
        {"seconds,mbit_per_s\n-1,1\n", "t.csv:2", "seconds"},
        {"seconds,mbit_per_s\n1e12,1\n", "t.csv:2", "seconds"},
        {"seconds,mbit_per_s\n0,1,2\n", "t.csv:2", "3 fields"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct clv_trace t;
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(CLEAVE_CORRUPT,
                         read_text(&t, cases[i].text, 1, NULL, &err));
        assert_string_equal(err.where, cases[i].where);
        if (strstr(err.text, cases[i].word) == NULL) {
            fail_msg("%s: %s", cases[i].text, err.text);
        }
        assert_null(t.points);
    }
}

static void refuses_a_scale_that_is_none(void **state)
{
    struct clv_trace t;

    (void)state;
    assert_int_equal(CLEAVE_INVALID,
                     read_text(&t, "seconds,mbit_per_s\n0,1\n", 0, NULL, NULL));
    assert_int_equal(CLEAVE_INVALID, read_text(&t, "seconds,mbit_per_s\n0,1\n",
                                               NAN, NULL, NULL));
}

static void more_points_than_a_trace_has_are_a_limit(void **state)
{
    size_t size = 32 + (CLV_TRACE_POINTS + 1) * 10;
    char *text = malloc(size);
    char *at = text;
    struct clv_trace t;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_non_null(text);
    at += snprintf(at, 32, "seconds,mbit_per_s\n");
    for (size_t i = 0; i <= CLV_TRACE_POINTS; i++) {
        at += snprintf(at, 16, "%zu,1\n", i);
    }
    assert_int_equal(CLEAVE_LIMIT, read_text(&t, text, 1, NULL, &err));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_hold_until_the_next_point),
        cmocka_unit_test(begins_anew_behind_its_end),
        cmocka_unit_test(bytes_end_where_their_bits_fit),
        cmocka_unit_test(nothing_ever_ends_on_a_dead_link),
        cmocka_unit_test(a_flat_link_has_one_rate),
        cmocka_unit_test(both_questions_agree),
        cmocka_unit_test(scales_shifts_and_counts_gaps),
        cmocka_unit_test(the_later_of_two_at_once_holds),
        cmocka_unit_test(refuses_with_the_line),
        cmocka_unit_test(refuses_a_scale_that_is_none),
        cmocka_unit_test(more_points_than_a_trace_has_are_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
