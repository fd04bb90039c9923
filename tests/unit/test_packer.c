/*
 * test_packer.c - what a calibration has learnt is used where it fits and not
 * where it does not; and what is asked wrongly is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/trainer.h"
#include "hand_calibration.h"
#include "round_trip.h"

#define MODEL "00ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* -- With calibrations -- */

/* A calibration of one tensor, from three samples of a kind. */
static struct clv_calibration *learn(struct bench_top *top, struct seeded *s,
                                     const cleave_tensor_info *info,
                                     enum odd_kind kind)
{
    size_t count = odd_count(info);
    float *room = malloc(3 * count * sizeof *room);
    cleave_tensor samples[3];
    struct clv_trainer *trainer = NULL;
    struct clv_calibration *c = NULL;

    assert_non_null(room);
    for (size_t i = 0; i < 3; i++) {
        samples[i] = (cleave_tensor){*info, room + i * count, count * 4};
        odd_floats(s, kind, 1, samples[i].data, count);
    }
    clv_buffer_reset(&top->message);
    assert_int_equal(clv_trainer_new(MODEL, &trainer, NULL), CLEAVE_OK);
    assert_int_equal(clv_trainer_learn(trainer, info->name, samples, 3, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_trainer_write(trainer, &top->message, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(&top->message), "c", &c, NULL),
        CLEAVE_OK);
    clv_trainer_free(trainer);
    free(room);
    return c;
}

/* Learnt on one distribution, used on all others, in other shapes too. */
static void calibrations_fit_more_than_their_own(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("calibrations", 10);
    int named = 0;
    int own = 0;

    for (int round = 0; round < 24; round++) {
        cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 0, {0}};
        struct clv_calibration *c;
        struct clv_codec *codec = NULL;
        odd_shape(&s, 4000, 0, &info);
        c = learn(top, &s, &info, (enum odd_kind)(1 + round % 7));
        assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
        for (int use = 0; use < 3 * ODD_KINDS; use++) {
            cleave_tensor_info here = info;
            struct clv_packing packing = {
                .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = use % 2};
            struct clv_frame frame;
            cleave_tensor t;
            if (use >= 2 * ODD_KINDS && here.rank > 0) {
                here.shape[0]++;
            }
            t = tensor_of(top, here);
            odd_floats(&s, (enum odd_kind)(use % ODD_KINDS), 1,
                       (float *)top->room, odd_count(&here));
            goes_round(top, codec, c, &packing, &t, &frame);
            if (frame.coder == CLV_CODER_RAW) {
                assert_exact(top, &t);
            } else {
                assert_within((float *)top->back, (float *)top->room,
                              odd_count(&here), (double)frame.step);
            }
            named += frame.names_book;
            own += frame.coder == CLV_CODER_DENSE && !frame.names_book;
        }
        clv_codec_free(codec);
        clv_calibration_free(c);
    }
    assert_true(named > 50 && own > 50);
}

/* A tensor that was dead when it was learnt lives: its own spread counts. */
static void a_calibration_without_spread_gives_no_step(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("dead", 11);
    cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 2, {30, 40}};
    struct clv_calibration *c = learn(top, &s, &info, ODD_ZERO);
    struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = 1};
    struct clv_codec *codec = NULL;
    cleave_tensor t = tensor_of(top, info);
    float *values = (float *)top->room;
    struct clv_frame frame;

    assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
    odd_floats(&s, ODD_UNIFORM, 0.01, values, 1200);
    values[0] = 0;
    goes_round(top, codec, c, &packing, &t, &frame);
    assert_within((float *)top->back, values, 1200, 0.5 * 0.01);
    clv_codec_free(codec);
    clv_calibration_free(c);
}

static void another_calibration_is_noticed(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("other", 12);
    cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 3, {4, 20, 20}};
    struct clv_calibration *c = learn(top, &s, &info, ODD_RELU);
    struct clv_calibration *other = learn(top, &s, &info, ODD_SMOOTH);
    struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = 1};
    struct clv_codec *codec = NULL;
    cleave_tensor t = tensor_of(top, info);
    struct clv_frame frame;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
    odd_floats(&s, ODD_RELU, 1, (float *)top->room, 1600);
    goes_round(top, codec, c, &packing, &t, &frame);
    assert_true(frame.names_book);
    assert_int_equal(
        clv_frame_read((clv_bytes){top->first.data + 1, top->first.size - 1},
                       other, &frame, &err),
        CLEAVE_MISMATCH);
    assert_int_equal(
        clv_frame_read((clv_bytes){top->first.data + 1, top->first.size - 1},
                       NULL, &frame, NULL),
        CLEAVE_MISMATCH);
    /* The right book with the wrong signs: refused, not misread. */
    assert_int_equal(
        clv_frame_read((clv_bytes){top->first.data + 1, top->first.size - 1}, c,
                       &frame, NULL),
        CLEAVE_OK);
    frame.is_signed = !frame.is_signed;
    assert_int_equal(unpack(top, codec, &frame), CLEAVE_CORRUPT);
    clv_codec_free(codec);
    clv_calibration_free(c);
    clv_calibration_free(other);
}

/* Integers that the base learnt is too far from have one of their own. */
static void integers_far_from_the_base_learnt_are_packed(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor_info info = {"t", CLEAVE_TYPE_I64, 1, {1000}};
    struct clv_packing packing = {.coder = CLV_CODER_DENSE};
    struct clv_trainer *trainer = NULL;
    struct clv_calibration *c = NULL;
    struct clv_codec *codec = NULL;
    struct clv_frame frame;
    cleave_tensor t = tensor_of(top, info);

    for (size_t i = 0; i < 1000; i++) {
        top->room[i] = i * i % 100;
    }
    clv_buffer_reset(&top->message);
    assert_int_equal(clv_trainer_new(MODEL, &trainer, NULL), CLEAVE_OK);
    assert_int_equal(clv_trainer_learn(trainer, "t", &t, 1, NULL), CLEAVE_OK);
    assert_int_equal(clv_trainer_write(trainer, &top->message, NULL),
                     CLEAVE_OK);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(&top->message), "c", &c, NULL),
        CLEAVE_OK);
    assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
    goes_round(top, codec, c, &packing, &t, &frame);
    assert_true(frame.names_book);
    for (size_t i = 0; i < 1000; i++) {
        top->room[i] += 1000000;
    }
    goes_round(top, codec, c, &packing, &t, &frame);
    assert_int_equal(frame.coder, CLV_CODER_DENSE);
    assert_exact(top, &t);
    clv_codec_free(codec);
    clv_calibration_free(c);
    clv_trainer_free(trainer);
}

/* Ranges are those learnt; what lies outside is clipped to their ends. */
static void bits_are_of_the_range_learnt(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("clipping", 13);
    float *values = (float *)top->room;
    int named = 0;

    for (int round = 0; round < 40; round++) {
        cleave_tensor_info info = {"t", CLEAVE_TYPE_F32, 2, {20, 60}};
        struct clv_packing packing = {.coder = round % 2 ? CLV_CODER_DENSE
                                                         : CLV_CODER_LZ,
                                      .bits = 2 + seeded_below(&s, 4)};
        struct clv_calibration *c =
            learn(top, &s, &info, round % 4 < 2 ? ODD_UNIFORM : ODD_RELU);
        const struct clv_calibrated *known = clv_calibration_find(c, "t");
        struct clv_codec *codec = NULL;
        struct clv_frame frame;
        cleave_tensor t = tensor_of(top, info);
        assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
        odd_floats(&s, ODD_UNIFORM, 2, values, 1200);
        goes_round(top, codec, c, &packing, &t, &frame);
        assert_int_equal(frame.quantiser, CLV_QUANTISER_RANGE);
        assert_true(frame.lo == known->lo && frame.hi == known->hi);
        for (size_t i = 0; i < 1200; i++) {
            values[i] = fmaxf(known->lo, fminf(known->hi, values[i]));
        }
        assert_within((float *)top->back, values, 1200,
                      1.00001 * ((double)frame.hi - (double)frame.lo) /
                          ((1u << packing.bits) - 1));
        named += frame.names_book;
        clv_codec_free(codec);
        clv_calibration_free(c);
    }
    assert_true(named > 0); /* where the range begins at zero */
}

/* What a book of biases would be called, by its seed. */
struct called {
    uint32_t hash;
    uint32_t seed;
};

static int by_hash(const void *a, const void *b)
{
    const struct called *x = a;
    const struct called *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* Eight biases, all of them different for another seed. */
static void set_biases(struct clv_book *book, uint32_t seed)
{
    uint64_t biases = seed * 0x9E3779B97F4A7C15u;

    memcpy(book->bias, &biases, 8);
}

/* A book of eight planes. */
static struct clv_book *biased_book(uint32_t seed)
{
    struct clv_book *book = clv_book_new();

    assert_non_null(book);
    book->is_signed = 1;
    book->threshold_count = 1;
    book->thresholds[0] = 128;
    book->bias_count = 8;
    book->bias = malloc(8);
    assert_non_null(book->bias);
    set_biases(book, seed);
    book->frequency[0][0] = 900;
    book->frequency[0][CLV_TOKEN_ESCAPE] = 124;
    book->frequency[4][1] = 900;
    book->frequency[4][CLV_TOKEN_ESCAPE] = 124;
    clv_book_ready(book);
    return book;
}

/* Two books of one name, found by trying many. */
static void find_twins(uint32_t seeds[2])
{
    enum { TRIED = 1 << 18 };
    struct called *all = malloc(TRIED * sizeof *all);
    struct clv_book *book = biased_book(0);
    struct clv_buffer b;

    assert_non_null(all);
    clv_buffer_init(&b, 100);
    for (uint32_t i = 0; i < TRIED; i++) {
        all[i].seed = i;
        set_biases(book, i);
        clv_buffer_reset(&b);
        clv_book_write(book, &b);
        all[i].hash = XXH32(b.data, b.size, 0);
    }
    qsort(all, TRIED, sizeof *all, by_hash);
    seeds[0] = seeds[1] = 0;
    for (size_t i = 1; i < TRIED; i++) {
        if (all[i].hash == all[i - 1].hash) {
            seeds[0] = all[i - 1].seed;
            seeds[1] = all[i].seed;
        }
    }
    assert_int_not_equal(seeds[0], seeds[1]);
    clv_book_free(book);
    clv_buffer_fini(&b);
    free(all);
}

/* A hash of 32 bits names books; the decoder finds the first that has it. */
static void books_of_one_name_are_not_mixed_up(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("twins", 16);
    cleave_tensor_info info = {"a", CLEAVE_TYPE_F32, 3, {8, 20, 20}};
    struct clv_packing packing = {.coder = CLV_CODER_DENSE, .step = 1};
    struct clv_calibration *c = NULL;
    struct clv_codec *codec = NULL;
    struct clv_frame frame;
    struct clv_buffer b;
    uint32_t seeds[2];

    find_twins(seeds);
    clv_buffer_init(&b, 1 << 16);
    hand_begin(&b, 2);
    for (size_t i = 0; i < 2; i++) {
        struct clv_book *book = biased_book(seeds[i]);
        info.name = i == 0 ? "a" : "b";
        hand_tensor(&b, &info, -9, 9, 0, 1, 0, 1);
        (void)hand_book(&b, 1, book);
        clv_book_free(book);
    }
    hand_end(&b);
    assert_int_equal(
        clv_calibration_new(clv_buffer_bytes(&b), "twins", &c, NULL),
        CLEAVE_OK);
    assert_int_equal(clv_codec_new(c, &codec), CLEAVE_OK);
    for (size_t i = 0; i < 2; i++) {
        cleave_tensor t;
        info.name = i == 0 ? "a" : "b";
        t = tensor_of(top, info);
        odd_floats(&s, ODD_LAPLACE, 1, (float *)top->room, 3200);
        goes_round(top, codec, c, &packing, &t, &frame);
        assert_true(frame.names_book);
        assert_within((float *)top->back, (float *)top->room, 3200, 1);
    }
    clv_codec_free(codec);
    clv_calibration_free(c);
    clv_buffer_fini(&b);
}

/* -- Refusals -- */

static void assert_refused(struct bench_top *top, const char *packing,
                           const cleave_tensor *t, cleave_status want,
                           const char *word)
{
    struct clv_packing p;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_buffer_reset(&top->message);
    assert_int_equal(clv_packing_parse(packing, &p, NULL), CLEAVE_OK);
    assert_int_equal(clv_codec_pack(top->codec, &p, t, 1, &top->message, &err),
                     want);
    assert_non_null(strstr(err.text, word));
    assert_int_equal(top->message.size, 0);
}

static void wrong_asking_is_refused(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor t =
        tensor_of(top, (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {9}});
    struct clv_frame frame = {.info = t.info, .elements = 9, .bytes = 36};

    assert_refused(top, "jpeg", &t, CLEAVE_INVALID, "picture");
    assert_refused(top, "webp", &t, CLEAVE_INVALID, "picture");
    assert_refused(top, "dense", &t, CLEAVE_INVALID, "needs a step");
    assert_refused(top, "lz", &t, CLEAVE_INVALID, "needs a step");
    t.bytes--;
    assert_refused(top, "f32", &t, CLEAVE_INVALID, "do not go together");
    t.bytes++;
    t.info.shape[0] = -1;
    assert_refused(top, "f32", &t, CLEAVE_INVALID, "do not go together");
    t.info.shape[0] = 9;
    t.info.type = CLEAVE_TYPE_NONE;
    assert_refused(top, "f32", &t, CLEAVE_INVALID, "do not go together");
    t.info.type = CLEAVE_TYPE_F32;
    t.info.rank = 9;
    assert_refused(top, "f32", &t, CLEAVE_INVALID, "do not go together");
    assert_int_equal(clv_codec_unpack(top->codec, &frame, top->back, 35, NULL),
                     CLEAVE_INVALID);
}

/* Nothing is read or allocated: there are no such tensors here. */
static void tensors_above_the_bounds_are_refused(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor t = {{NULL, CLEAVE_TYPE_U8, 1, {(int64_t)INT32_MAX + 1}},
                       top->room,
                       (size_t)INT32_MAX + 1};
    cleave_tensor none = {
        {NULL, CLEAVE_TYPE_U8, 2, {(int64_t)INT32_MAX + 1, 0}}, top->room, 0};
    cleave_tensor most = {
        {NULL, CLEAVE_TYPE_U8, 2, {INT32_MAX, 0}}, top->room, 0};
    struct clv_packing packing = {.coder = CLV_CODER_DENSE};
    struct clv_frame frame;

    assert_refused(top, "dense", &t, CLEAVE_LIMIT, "2^31 - 1");
    assert_refused(top, "f32", &t, CLEAVE_LIMIT, "2^31 - 1");
    assert_refused(top, "f32", &none, CLEAVE_LIMIT, "2^31 - 1");
    goes_round(top, top->codec, NULL, &packing, &most, &frame);
}

static void room_that_is_too_small_is_said(void **state)
{
    struct bench_top *top = *state;
    cleave_tensor t =
        tensor_of(top, (cleave_tensor_info){"name", CLEAVE_TYPE_U8, 1, {100}});
    struct clv_packing packing = {.coder = CLV_CODER_RAW};
    struct clv_buffer tight;

    for (size_t room = 0; room < 100; room += 7) {
        cleave_error err = CLEAVE_ERROR_INIT;
        clv_buffer_init(&tight, room);
        assert_int_equal(
            clv_codec_pack(top->codec, &packing, &t, 1, &tight, &err),
            CLEAVE_LIMIT);
        assert_string_equal(err.where, "name");
        clv_buffer_fini(&tight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibrations_fit_more_than_their_own),
        cmocka_unit_test(a_calibration_without_spread_gives_no_step),
        cmocka_unit_test(another_calibration_is_noticed),
        cmocka_unit_test(integers_far_from_the_base_learnt_are_packed),
        cmocka_unit_test(bits_are_of_the_range_learnt),
        cmocka_unit_test(books_of_one_name_are_not_mixed_up),
        cmocka_unit_test(wrong_asking_is_refused),
        cmocka_unit_test(tensors_above_the_bounds_are_refused),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
