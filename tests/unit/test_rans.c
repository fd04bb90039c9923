/*
 * test_rans.c - what is coded under any tables comes back, the words are the
 * same on every path, and words that lack are noticed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/rans.h"
#include "odd_books.h"

#define MOST (1 << 15)
#define SLACK 64

/* Tokens under contexts, as rows of a decoder want them. */
struct run {
    struct clv_book *book;
    size_t lanes;
    size_t steps;
    uint8_t base[MOST + SLACK];
    uint8_t contexts[MOST + SLACK];
    uint8_t tokens[MOST + SLACK];
    uint8_t words[2 * MOST + 2 * SLACK];
};

static uint8_t token_of(struct seeded *s, const uint16_t frequency[CLV_TOKENS])
{
    uint32_t slot = seeded_below(s, CLV_SLOTS);
    unsigned t = 0;

    while (slot >= frequency[t]) {
        slot -= frequency[t++];
    }
    return (uint8_t)t;
}

static void make_run(struct seeded *s, struct run *run)
{
    run->lanes = (size_t)1 << seeded_below(s, 6);
    run->steps =
        seeded_below(s, (uint32_t)(MOST / run->lanes)) >> seeded_below(s, 12);
    for (size_t i = 0; i < run->steps * run->lanes; i++) {
        unsigned left = 0;
        unsigned group = seeded_below(s, run->book->threshold_count + 1);
        if (i >= run->lanes) {
            left = run->book->cut_class[clv_token_magnitude(
                run->tokens[i - run->lanes], run->book->is_signed)];
        }
        if (seeded_below(s, 10) == 0) {
            run->base[i] = CLV_CONTEXT_VOID;
            run->tokens[i] = 0;
        } else {
            run->base[i] = (uint8_t)(4 * group);
            run->tokens[i] =
                token_of(s, run->book->frequency[4 * group + left]);
        }
        run->contexts[i] = (uint8_t)(run->base[i] + left);
    }
}

/* Loud lanes, states and words behind each other, as in a payload. */
static size_t encode(enum clv_path path, struct run *run,
                     struct clv_buffer *payload)
{
    uint8_t *end = run->words + SLACK + 2 * run->steps * run->lanes;
    struct clv_rans_encoder e;
    size_t quiet =
        clv_rans_encode_quiet(&e, clv_book_codes(run->book), run->lanes,
                              run->contexts, run->tokens, run->steps, end);

    assert_true(quiet <= run->steps && quiet <= CLV_RANS_QUIET);
    clv_rans_encode(path, &e, clv_book_codes(run->book), run->contexts,
                    run->tokens, run->steps - quiet);
    assert_true(e.at >= run->words + SLACK);
    clv_buffer_reset(payload);
    clv_rans_put_loud(&e, payload);
    clv_rans_put_states(&e, payload);
    assert_int_equal(clv_buffer_append(payload, e.at, (size_t)(end - e.at)),
                     CLEAVE_OK);
    return quiet;
}

/* Decodes `width` steps at a time. Returns 1 if all is as it should be. */
static int decode(enum clv_path path, const struct run *run, clv_bytes payload,
                  size_t quiet, size_t width, uint8_t *tokens)
{
    uint8_t *words = malloc(payload.size + CLV_RANS_SLACK);
    size_t loud = run->steps - quiet;
    struct clv_rans_decoder d;
    struct clv_reader r;
    int was_short = 0;
    int ok;

    assert_non_null(words);
    clv_reader_init(&r, payload);
    clv_rans_read_loud(&d, run->lanes, &r);
    clv_rans_read_states(&d, run->lanes, &r);
    memcpy(words, r.at, clv_reader_left(&r));
    memset(words + clv_reader_left(&r), 0, CLV_RANS_SLACK);
    d.at = words;
    d.end = words + clv_reader_left(&r);
    for (size_t step = 0; step < run->steps; step += width) {
        size_t now = run->steps - step < width ? run->steps - step : width;
        size_t here = loud < now ? loud : now;
        /* Rows begin without a left neighbour; here they have one. */
        clv_rans_decode_row(path, &d, clv_book_slots(run->book),
                            run->base + step * run->lanes, now, here,
                            tokens + step * run->lanes);
        loud -= here;
        assert_true(!was_short || clv_rans_is_short(&d)); /* for good */
        was_short = clv_rans_is_short(&d);
    }
    assert_int_equal(was_short, d.at > d.end);
    ok = !r.failed && d.at == d.end && clv_rans_is_done(&d);
    free(words);
    return ok;
}

static void tokens_come_back(void **state)
{
    struct seeded s = seeded_init("round trip", 1);
    struct run *run = calloc(1, sizeof *run);
    uint8_t *tokens = malloc(MOST + SLACK);
    struct clv_buffer first;
    struct clv_buffer payload;

    (void)state;
    assert_non_null(run);
    assert_non_null(tokens);
    clv_buffer_init(&first, 1 << 20);
    clv_buffer_init(&payload, 1 << 20);
    for (int round = 0; round < 400; round++) {
        size_t quiet;
        run->book = odd_book(&s, round % 2, 1);
        make_run(&s, run);
        quiet = encode(CLV_PATH_PORTABLE, run, &first);
        SEEDED_EACH_PATH(path)
        {
            assert_int_equal(encode((enum clv_path)path, run, &payload), quiet);
            assert_int_equal(payload.size, first.size);
            assert_memory_equal(payload.data, first.data, first.size);
            memset(tokens, 0xee, MOST);
            assert_true(decode((enum clv_path)path, run,
                               clv_buffer_bytes(&first), quiet, run->steps + 1,
                               tokens));
            assert_memory_equal(tokens, run->tokens, run->steps * run->lanes);
            assert_int_equal(tokens[run->steps * run->lanes],
                             run->steps * run->lanes < MOST ? 0xee
                                                            : tokens[MOST]);
        }
        clv_book_free(run->book);
    }
    clv_buffer_fini(&first);
    clv_buffer_fini(&payload);
    free(tokens);
    free(run);
}

/* A row takes up where the one before it stopped. */
static void rows_follow_each_other(void **state)
{
    struct seeded s = seeded_init("rows", 2);
    struct run *run = calloc(1, sizeof *run);
    uint8_t *tokens = malloc(MOST + SLACK);
    struct clv_buffer payload;

    (void)state;
    assert_non_null(run);
    assert_non_null(tokens);
    clv_buffer_init(&payload, 1 << 20);
    for (int round = 0; round < 60; round++) {
        size_t quiet;
        do { /* without cuts, so that rows need no left neighbour */
            clv_book_free(run->book);
            run->book = odd_book(&s, round % 2, 1);
        } while (run->book->cut_count > 0);
        make_run(&s, run);
        quiet = encode(CLV_PATH_PORTABLE, run, &payload);
        SEEDED_EACH_PATH(path)
        {
            assert_true(decode((enum clv_path)path, run,
                               clv_buffer_bytes(&payload), quiet,
                               1 + seeded_below(&s, 20), tokens));
            assert_memory_equal(tokens, run->tokens, run->steps * run->lanes);
        }
    }
    clv_book_free(run->book);
    clv_buffer_fini(&payload);
    free(tokens);
    free(run);
}

/* Zero words are the ones that might be missed without being missed. */
static void words_that_lack_are_noticed(void **state)
{
    struct seeded s = seeded_init("missing words", 3);
    struct run *run = calloc(1, sizeof *run);
    uint8_t *tokens = malloc(MOST + SLACK);
    struct clv_buffer payload;
    int zeros = 0;

    (void)state;
    assert_non_null(run);
    assert_non_null(tokens);
    clv_buffer_init(&payload, 1 << 20);
    for (int round = 0; round < 3000; round++) {
        size_t quiet;
        run->book = odd_book(&s, 0, 1);
        make_run(&s, run);
        run->steps = run->steps < 40 ? run->steps : 40;
        quiet = encode(CLV_PATH_PORTABLE, run, &payload);
        if (payload.size > 2 * run->lanes + 12) { /* some words */
            zeros += payload.data[payload.size - 1] == 0;
            for (size_t less = 1; less <= 2; less++) {
                clv_bytes part = {payload.data, payload.size - less};
                SEEDED_EACH_PATH(path)
                {
                    assert_false(decode((enum clv_path)path, run, part, quiet,
                                        41, tokens));
                    assert_false(decode((enum clv_path)path, run, part, quiet,
                                        3, tokens));
                }
            }
        }
        clv_book_free(run->book);
    }
    assert_true(zeros > 0);
    clv_buffer_fini(&payload);
    free(tokens);
    free(run);
}

static void states_come_back_and_cost_what_they_hold(void **state)
{
    struct seeded s = seeded_init("states", 4);
    struct clv_buffer bytes;

    (void)state;
    clv_buffer_init(&bytes, 1000);
    for (int round = 0; round < 2000; round++) {
        struct clv_rans_encoder e = {.lanes = (size_t)1 << seeded_below(&s, 6)};
        struct clv_rans_decoder d;
        struct clv_reader r;
        size_t bits = 0;
        for (size_t i = 0; i < e.lanes; i++) {
            unsigned high = 15 + seeded_below(&s, 16);
            e.state[i] = 1u << high | (seeded_next(&s) & ((1u << high) - 1));
            bits += 4 + high;
        }
        clv_buffer_reset(&bytes);
        clv_rans_put_states(&e, &bytes);
        assert_int_equal(bytes.size, (bits + 7) / 8);
        clv_reader_init(&r, clv_buffer_bytes(&bytes));
        clv_rans_read_states(&d, e.lanes, &r);
        assert_false(r.failed);
        assert_int_equal(clv_reader_left(&r), 0);
        assert_memory_equal(d.state, e.state, e.lanes * sizeof *e.state);
    }
    clv_buffer_fini(&bytes);
}

static void only_powers_of_two_are_a_beginning(void **state)
{
    struct clv_rans_decoder d = {.lanes = 2, .state = {1, 1}};

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        d.state[1] = 1u << i;
        assert_true(clv_rans_is_done(&d));
    }
    for (unsigned i = 0; i < 3; i++) {
        d.state[1] = (const uint32_t[]){0, 3, 1u << 16}[i];
        assert_false(clv_rans_is_done(&d));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_back),
        cmocka_unit_test(rows_follow_each_other),
        cmocka_unit_test(words_that_lack_are_noticed),
        cmocka_unit_test(states_come_back_and_cost_what_they_hold),
        cmocka_unit_test(only_powers_of_two_are_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
