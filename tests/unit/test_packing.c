/*
 * test_packing.c - packings read as people write them, are written as they
 * read, and every wrong one is answered with what is known.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "codec/packing.h"
#include "seeded.h"

static struct clv_packing parse(const char *text)
{
    struct clv_packing packing;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_packing_parse(text, &packing, &err), CLEAVE_OK);
    return packing;
}

static void assert_same(struct clv_packing a, struct clv_packing b)
{
    assert_int_equal(a.coder, b.coder);
    assert_true(a.step == b.step);
    assert_int_equal(a.bits, b.bits);
    assert_int_equal(a.quality, b.quality);
    assert_int_equal(a.step_in_sd, b.step_in_sd);
    assert_int_equal(a.half, b.half);
}

static void every_packing_is_read(void **state)
{
    static const struct {
        const char *text;
        struct clv_packing want;
    } known[] = {
        {NULL, {.coder = CLV_CODER_RAW}},
        {"f32", {.coder = CLV_CODER_RAW}},
        {"raw", {.coder = CLV_CODER_RAW}},
        {"f16", {.coder = CLV_CODER_RAW, .half = 1}},
        {"lz", {.coder = CLV_CODER_LZ}},
        {"lz:bits=4", {.coder = CLV_CODER_LZ, .bits = 4}},
        {"lz:step=2", {.coder = CLV_CODER_LZ, .step = 2}},
        {"fast:step=0.25", {.coder = CLV_CODER_FAST, .step = 0.25}},
        {"dense", {.coder = CLV_CODER_DENSE}},
        {"dense:bits=8", {.coder = CLV_CODER_DENSE, .bits = 8}},
        {"dense:step=0.9sd",
         {.coder = CLV_CODER_DENSE, .step = 0.9, .step_in_sd = 1}},
        {"dense:step=1e-3", {.coder = CLV_CODER_DENSE, .step = 1e-3}},
        {"jpeg", {.coder = CLV_CODER_JPEG, .quality = 85}},
        {"jpeg:quality=1", {.coder = CLV_CODER_JPEG, .quality = 1}},
        {"webp:quality=100", {.coder = CLV_CODER_WEBP, .quality = 100}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_same(parse(known[i].text), known[i].want);
    }
}

static void what_is_none_is_refused_with_words(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } bad[] = {
        {"", "known are"},
        {":", "known are"},
        {"F32", "known are"},
        {"dens", "known are"},
        {"densee:step=1", "known are"},
        {"dense ", "known are"},
        {"dense:", "step=NUMBER"},
        {"dense:step", "step=NUMBER"},
        {"dense:quality=5", "step=NUMBER"},
        {"f32:step=1", "none"},
        {"f16:bits=4", "none"},
        {"jpeg:step=1", "quality=1..100"},
        {"dense:step=", "above 0"},
        {"dense:step=0", "above 0"},
        {"dense:step=-0.0", "above 0"},
        {"dense:step=-1", "above 0"},
        {"dense:step=nan", "above 0"},
        {"dense:step=inf", "above 0"},
        {"dense:step=-inf", "above 0"},
        {"dense:step=1e999", "above 0"},
        {"dense:step=1e-999", "above 0"},
        {"dense:step=1s", "above 0"},
        {"dense:step=1sdx", "above 0"},
        {"dense:step=1 ", "above 0"},
        {"dense:step=0x", "above 0"},
        {"lz:bits=1", "2 to 8"},
        {"lz:bits=9", "2 to 8"},
        {"lz:bits=-4", "2 to 8"},
        {"lz:bits=", "2 to 8"},
        {"lz:bits=4.5", "2 to 8"},
        {"lz:bits=99999999999999999999", "2 to 8"},
        {"lz:bits=4:step=1", "2 to 8"},
        {"jpeg:quality=0", "1 to 100"},
        {"webp:quality=101", "1 to 100"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct clv_packing packing = {.bits = 77};
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(clv_packing_parse(bad[i].text, &packing, &err),
                         CLEAVE_INVALID);
        assert_int_equal(packing.bits, 77); /* nothing is written */
        assert_int_equal(err.code, CLEAVE_INVALID);
        assert_non_null(strstr(err.text, bad[i].word));
        assert_int_equal(clv_packing_parse(bad[i].text, &packing, NULL),
                         CLEAVE_INVALID);
    }
}

static void a_long_wrong_word_is_cut(void **state)
{
    char text[5000];
    struct clv_packing packing;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(clv_packing_parse(text, &packing, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "known are"));
}

static void what_is_written_reads_the_same(void **state)
{
    struct seeded s = seeded_init("texts", 1);

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct clv_packing packing = {.coder =
                                          (enum clv_coder)seeded_below(&s, 6)};
        char text[CLV_PACKING_TEXT];
        char again[CLV_PACKING_TEXT];
        double step = ldexp(1 + seeded_unit(&s), (int)seeded_below(&s, 600));
        if (clv_packing_is_picture(&packing)) {
            packing.quality = 1 + seeded_below(&s, 100);
        } else if (packing.coder == CLV_CODER_RAW) {
            packing.half = (int)seeded_below(&s, 2);
        } else if (seeded_below(&s, 2) == 0) {
            packing.bits = 2 + seeded_below(&s, 7);
        } else {
            packing.step = step * 0x1p-300;
            packing.step_in_sd = (int)seeded_below(&s, 2);
        }
        assert_ptr_equal(clv_packing_text(&packing, text), text);
        if (packing.step > 0) { /* nine digits of it */
            struct clv_packing got = parse(text);
            assert_true(fabs(got.step - packing.step) <= 5e-9 * packing.step);
            packing.step = got.step;
        }
        assert_same(parse(text), packing);
        assert_string_equal(clv_packing_text(&packing, again), text);
    }
}

static void the_longest_text_has_room(void **state)
{
    const struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = 1.23456789e-300, .step_in_sd = 1};
    char text[CLV_PACKING_TEXT];

    (void)state;
    assert_string_equal(clv_packing_text(&packing, text),
                        "dense:step=1.23456789e-300sd");
}

static void coders_have_names(void **state)
{
    static const char *const names[] = {"raw",   "lz",   "fast",
                                        "dense", "jpeg", "webp"};

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct clv_packing packing = {.coder = (enum clv_coder)i};
        assert_string_equal(clv_coder_name((enum clv_coder)i), names[i]);
        assert_int_equal(clv_packing_is_picture(&packing), i >= 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packing_is_read),
        cmocka_unit_test(what_is_none_is_refused_with_words),
        cmocka_unit_test(a_long_wrong_word_is_cut),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(the_longest_text_has_room),
        cmocka_unit_test(coders_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
