/*
 * test_shaper.c - what may leave when, in virtual time: rates, headers, delay,
 * the bucket, changes of the rate, outages, traces.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "link/shaper.h"
#include "seeded.h"

#define MS ((int64_t)1000000)
#define S (1000 * MS)
#define PIECES 2000

struct bed {
    struct clv_shaper shaper;
    struct clv_piece pieces[PIECES];
    size_t used;
};

static struct clv_piece *push(struct bed *bed, uint32_t bytes, int64_t now_ns)
{
    struct clv_piece *piece = &bed->pieces[bed->used++];

    piece->payload_bytes = bytes;
    clv_shaper_push(&bed->shaper, piece, now_ns);
    return piece;
}

/* Steps through virtual time from event to event, until nothing is left. */
static size_t pop_all(struct bed *bed, int64_t *ret_last_ns)
{
    size_t count = 0;
    int64_t at_ns;

    while ((at_ns = clv_shaper_next(&bed->shaper)) != INT64_MAX) {
        while (clv_shaper_pop(&bed->shaper, at_ns) != NULL) {
            *ret_last_ns = at_ns;
            count++;
        }
    }
    return count;
}

/* The piece has arrived at this time and not a nanosecond earlier. */
static void assert_arrives(struct bed *bed, struct clv_piece *piece,
                           int64_t at_ns)
{
    assert_null(clv_shaper_pop(&bed->shaper, at_ns - 1));
    assert_ptr_equal(clv_shaper_pop(&bed->shaper, at_ns), piece);
}

static void bytes_take_their_time_and_the_delay(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {.bps = 8e6, /* a byte a microsecond */
                                   .origin_ns = 5 * S,
                                   .delay_ns = 20 * MS,
                                   .queue_bytes = 3000};
    struct clv_piece *a;
    struct clv_piece *b;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    assert_int_equal(clv_shaper_next(&bed.shaper), INT64_MAX);
    a = push(&bed, 1448, 6 * S);
    b = push(&bed, 1449, 6 * S); /* a second segment of one byte */
    assert_int_equal(a->counted_bytes, 1514);
    assert_int_equal(b->counted_bytes, 1449 + 132);
    assert_false(clv_shaper_has_room(&bed.shaper));
    assert_int_equal(clv_shaper_next(&bed.shaper), 6 * S + 1514000);
    assert_null(clv_shaper_pop(&bed.shaper, 6 * S + 1514000));
    assert_true(clv_shaper_has_room(&bed.shaper));
    assert_arrives(&bed, a, 6 * S + 20 * MS + 1514000);
    assert_arrives(&bed, b, 6 * S + 20 * MS + (1514 + 1581) * 1000);
    assert_int_equal(bed.shaper.sent_bytes, 1514 + 1581);
    assert_int_equal(bed.shaper.arrived_bytes, 1448 + 1449);
    assert_int_equal(clv_shaper_next(&bed.shaper), INT64_MAX);
}

static void who_looks_late_sees_the_same_rate(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {
        .bps = 8e6, .queue_bytes = 1 << 30, .payload_only = 1};
    struct clv_piece *piece;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    for (int i = 0; i < 10; i++) {
        push(&bed, 1000, 0);
    }
    /* all ten are there when the first is fetched, 7 ms late */
    for (int i = 0; i < 8; i++) {
        piece = clv_shaper_pop(&bed.shaper, 8 * MS);
        assert_ptr_equal(piece, &bed.pieces[i]);
        assert_int_equal(piece->arrival_ns, (i + 1) * MS);
    }
    assert_null(clv_shaper_pop(&bed.shaper, 8 * MS));
    assert_int_equal(clv_shaper_next(&bed.shaper), 9 * MS);
    assert_ptr_equal(clv_shaper_drain(&bed.shaper), &bed.pieces[8]);
    assert_ptr_equal(clv_shaper_drain(&bed.shaper), &bed.pieces[9]);
    assert_null(clv_shaper_drain(&bed.shaper));
}

static void silence_fills_the_bucket_and_no_more(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {.bps = 8e6,
                                   .queue_bytes = 1 << 30,
                                   .burst_bytes = 2500,
                                   .payload_only = 1};
    struct clv_piece *piece;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    for (int i = 0; i < 3; i++) {
        piece = push(&bed, 1000, 10 * S);
        if (i < 2) {
            assert_ptr_equal(clv_shaper_pop(&bed.shaper, 10 * S), piece);
        }
    }
    /* 500 bytes were left, the other 500 take half a millisecond */
    assert_arrives(&bed, piece, 10 * S + MS / 2);
    /* a millisecond of silence is worth 1000 bytes */
    piece = push(&bed, 1000, 10 * S + MS / 2 + MS);
    assert_ptr_equal(clv_shaper_pop(&bed.shaper, 10 * S + MS / 2 + MS), piece);
}

static void a_change_of_the_rate_counts_what_was_sent(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {
        .bps = 8e6, .queue_bytes = 1 << 30, .payload_only = 1};
    struct clv_piece *a;
    struct clv_piece *b;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    a = push(&bed, 10000, 0);
    b = push(&bed, 1000, 0);
    clv_shaper_set_rate(&bed.shaper, 4 * MS, 80e6); /* 6000 bytes are left */
    assert_arrives(&bed, a, 4 * MS + 600000);
    clv_shaper_set_delay(&bed.shaper, 4 * MS + 600000, 3 * MS);
    clv_shaper_set_rate(&bed.shaper, 4 * MS + 600000, 0); /* no limit */
    assert_arrives(&bed, b, 7 * MS + 600000);
}

static void in_an_outage_nothing_moves(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {
        .bps = 8e6, .delay_ns = MS, .queue_bytes = 1 << 30, .payload_only = 1};
    struct clv_piece *a;
    struct clv_piece *b;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    a = push(&bed, 1000, 0);
    b = push(&bed, 1000, 0);
    clv_shaper_hold(&bed.shaper, MS + MS / 2, 1); /* a flies, b is half sent */
    assert_int_equal(clv_shaper_next(&bed.shaper), INT64_MAX);
    assert_null(clv_shaper_pop(&bed.shaper, 9 * S));
    assert_true(clv_shaper_bps(&bed.shaper, 9 * S) == 0);
    clv_shaper_hold(&bed.shaper, 10 * S, 0);
    assert_ptr_equal(clv_shaper_pop(&bed.shaper, 10 * S), a);
    assert_arrives(&bed, b, 10 * S + MS / 2 + MS);
}

static void outages_of_the_plan_come_and_go(void **state)
{
    struct clv_outage outages[] = {
        {30 * S, 40 * S}, {10 * S, 12 * S}, {39 * S, 41 * S}, {5 * S, 5 * S}};
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {.bps = 8e6,
                                   .origin_ns = 100 * S,
                                   .delay_ns = 10 * MS,
                                   .queue_bytes = 1 << 30,
                                   .payload_only = 1,
                                   .outages = outages};
    struct clv_piece *piece;

    (void)state;
    plan.outage_count = clv_outages_order(outages, 4);
    assert_int_equal(plan.outage_count, 2);
    assert_int_equal(outages[1].to_ns, 41 * S);
    clv_shaper_init(&bed.shaper, &plan);
    assert_true(clv_shaper_bps(&bed.shaper, 110 * S - 1) == 8e6);
    assert_true(clv_shaper_bps(&bed.shaper, 110 * S) == 0);
    assert_true(clv_shaper_bps(&bed.shaper, 112 * S) == 8e6);
    /* begun in one */
    piece = push(&bed, 1000, 111 * S);
    assert_arrives(&bed, piece, 112 * S + 11 * MS);
    /* interrupted by one */
    piece = push(&bed, 1000000, 129 * S + 500 * MS);
    assert_arrives(&bed, piece, 141 * S + 510 * MS);
    /* sent before, would have arrived in it */
    clv_shaper_init(&bed.shaper, &plan);
    piece = push(&bed, 1000, 110 * S - 5 * MS);
    assert_arrives(&bed, piece, 112 * S);
}

static void a_trace_is_followed(void **state)
{
    static const char csv[] = "seconds,mbit_per_s\n0,8\n1,0\n2,16\n";
    struct clv_bytes bytes = {(const uint8_t *)csv, sizeof csv - 1};
    struct clv_trace trace;
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {.trace = &trace,
                                   .factor = 0.5,
                                   .origin_ns = 50 * S,
                                   .queue_bytes = 1 << 30,
                                   .payload_only = 1};
    struct clv_piece *piece;

    (void)state;
    assert_int_equal(clv_trace_init_csv(&trace, bytes, "test", 1, NULL, NULL),
                     CLEAVE_OK);
    clv_shaper_init(&bed.shaper, &plan);
    assert_true(clv_shaper_bps(&bed.shaper, 52 * S) == 8e6);
    /* half a second at 4 Mbit/s, one of silence, half a second at 8 */
    piece = push(&bed, 250000 + 500000, 50 * S + 500 * MS);
    assert_int_equal(clv_shaper_next(&bed.shaper), 52 * S + 500 * MS);
    assert_arrives(&bed, piece, 52 * S + 500 * MS);
    /* behind its end it begins anew */
    piece = push(&bed, 500000, 53 * S);
    assert_arrives(&bed, piece, 54 * S);
    clv_trace_fini(&trace);
}

/* However rates change and pieces come, no more is sent than the rates allow,
   and while there is something to send, no less. */
static void nothing_is_lost_or_won(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {
        .bps = 1e6, .queue_bytes = 1 << 30, .payload_only = 1};
    struct seeded seed = seeded_init("nothing_is_lost", 7);
    double allowed_bits = 0;
    double bps = plan.bps;
    int64_t now_ns = 0;
    int64_t last_ns = 0;
    uint64_t pushed = 0;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    push(&bed, 100000000, 0); /* so that it is never idle */
    for (int i = 1; i < PIECES; i++) {
        int64_t step_ns = (int64_t)(seeded_next(&seed) % 3000000);
        allowed_bits += bps * (double)step_ns / 1e9;
        now_ns += step_ns;
        clv_shaper_pop(&bed.shaper, now_ns);
        if (i % 3 == 0) {
            bps = 1e4 + seeded_next(&seed) % 100000000;
            clv_shaper_set_rate(&bed.shaper, now_ns, bps);
        }
        pushed += push(&bed, seeded_next(&seed) % 5000, now_ns)->payload_bytes;
    }
    pushed += 100000000;
    pop_all(&bed, &last_ns);
    allowed_bits += bps * (double)(last_ns - now_ns) / 1e9;
    assert_true(fabs(allowed_bits / 8 - (double)pushed) < 64);
    assert_int_equal(bed.shaper.arrived_bytes, pushed);
    assert_int_equal(bed.shaper.waiting_bytes, 0);
}

static void without_a_limit_only_the_delay_remains(void **state)
{
    struct bed bed = {.used = 0};
    struct clv_shaper_plan plan = {.delay_ns = 3 * MS, .queue_bytes = 1};
    struct clv_piece *piece;

    (void)state;
    clv_shaper_init(&bed.shaper, &plan);
    assert_true(isinf(clv_shaper_bps(&bed.shaper, 0)));
    for (int i = 0; i < 3; i++) {
        piece = push(&bed, 1000000, i * S);
        assert_true(clv_shaper_has_room(&bed.shaper));
        assert_arrives(&bed, piece, i * S + 3 * MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_take_their_time_and_the_delay),
        cmocka_unit_test(who_looks_late_sees_the_same_rate),
        cmocka_unit_test(silence_fills_the_bucket_and_no_more),
        cmocka_unit_test(a_change_of_the_rate_counts_what_was_sent),
        cmocka_unit_test(in_an_outage_nothing_moves),
        cmocka_unit_test(outages_of_the_plan_come_and_go),
        cmocka_unit_test(a_trace_is_followed),
        cmocka_unit_test(nothing_is_lost_or_won),
        cmocka_unit_test(without_a_limit_only_the_delay_remains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
