/*
 * test_parcel.c - what goes through a packing comes back as it promises, and
 * is counted and timed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "profile/parcel.h"

#define N 1000

/* A clock that moves on by 5 us each time it is read. */
static int64_t ticking(void *self)
{
    int64_t *now = self;

    return *now += 5000;
}

static struct clv_parcel *open_parcel(int64_t *now)
{
    struct clv_parcel *p = NULL;

    assert_int_equal(
        clv_parcel_new(NULL, 2, (struct clv_clock){ticking, now}, &p, NULL),
        CLEAVE_OK);
    return p;
}

static struct clv_packing packing(const char *text)
{
    struct clv_packing p;

    assert_int_equal(clv_packing_parse(text, &p, NULL), CLEAVE_OK);
    return p;
}

static void fill(float *values)
{
    for (int i = 0; i < N; i++) {
        values[i] = sinf((float)i * 0.37f) * (float)(i % 7);
    }
}

static void two_tensors_come_back(void **state)
{
    int64_t now = 0;
    struct clv_parcel *parcel = open_parcel(&now);
    struct clv_packing dense = packing("dense:step=0.5");
    float values[N];
    int64_t ids[N];
    cleave_tensor sent[] = {
        {{"f", CLEAVE_TYPE_F32, 2, {10, N / 10}}, values, sizeof values},
        {{"i", CLEAVE_TYPE_I64, 1, {N}}, ids, sizeof ids}};
    const cleave_tensor *back;
    struct clv_passage passage;

    (void)state;
    fill(values);
    for (int i = 0; i < N; i++) {
        ids[i] = i % 13;
    }
    assert_int_equal(
        clv_parcel_send(parcel, &dense, sent, 2, &back, &passage, NULL),
        CLEAVE_OK);
    for (int i = 0; i < N; i++) {
        assert_true(fabsf(((float *)back[0].data)[i] - values[i]) <= 0.2501f);
    }
    assert_memory_equal(back[1].data, ids, sizeof ids);
    assert_string_equal(back[0].info.name, "f");
    assert_int_equal(back[0].info.shape[1], N / 10);
    assert_int_equal(passage.elements, 2 * N);
    assert_in_range(passage.bytes, 100, 2 * N);
    assert_int_equal(passage.encode_ns, 5000);
    assert_int_equal(passage.decode_ns, 5000);
    clv_parcel_free(parcel);
}

static void raw_is_exact_and_counted_with_its_head(void **state)
{
    int64_t now = 0;
    struct clv_parcel *parcel = open_parcel(&now);
    struct clv_packing raw = packing("f32");
    float values[N];
    cleave_tensor sent = {
        {"f", CLEAVE_TYPE_F32, 1, {N}}, values, sizeof values};
    const cleave_tensor *back;
    struct clv_passage passage;

    (void)state;
    fill(values);
    assert_int_equal(
        clv_parcel_send(parcel, &raw, &sent, 1, &back, &passage, NULL),
        CLEAVE_OK);
    assert_memory_equal(back[0].data, values, sizeof values);
    assert_ptr_not_equal(back[0].data, values);
    assert_in_range(passage.bytes, sizeof values + 5, sizeof values + 20);
    clv_parcel_free(parcel);
}

static void what_cannot_be_packed_is_an_error(void **state)
{
    int64_t now = 0;
    struct clv_parcel *parcel = open_parcel(&now);
    struct clv_packing vague = packing("dense");
    float values[N];
    cleave_tensor sent[3] = {
        {{"f", CLEAVE_TYPE_F32, 1, {N}}, values, sizeof values}};
    const cleave_tensor *back;
    struct clv_passage passage;

    (void)state;
    fill(values);
    assert_int_equal(
        clv_parcel_send(parcel, &vague, sent, 1, &back, &passage, NULL),
        CLEAVE_INVALID);
    assert_int_equal(
        clv_parcel_send(parcel, &vague, sent, 3, &back, &passage, NULL),
        CLEAVE_LIMIT);
    clv_parcel_free(parcel);
    clv_parcel_free(NULL);
}

static struct clv_card *picture_card(void)
{
    static const char text[] = "task: array\ninput: [{name: x, kind: image}]\n";
    struct clv_card *card = NULL;

    assert_int_equal(
        clv_card_new((clv_bytes){(const uint8_t *)text, sizeof text - 1},
                     "c.yaml", &card, NULL),
        CLEAVE_OK);
    return card;
}

static void pictures_come_back_nearly(void **state)
{
    static const char *const texts[] = {"jpeg:quality=90", "webp:quality=90"};
    int64_t now = 0;
    struct clv_parcel *parcel = open_parcel(&now);
    struct clv_card *card = picture_card();
    cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, 4, {1, 3, 32, 32}};
    struct clv_image image;

    (void)state;
    clv_image_init(&image);
    assert_int_equal(clv_image_shape(&image, 32, 32, 0, "image", NULL),
                     CLEAVE_OK);
    memset(image.pixels, 100, (size_t)32 * 32 * 3);
    for (size_t i = 0; i < 2; i++) {
        struct clv_packing p = packing(texts[i]);
        const cleave_tensor *back;
        struct clv_passage passage;
        assert_int_equal(
            clv_parcel_send_picture(parcel, &p, &image, &card->inputs[0], &want,
                                    "image", &back, &passage, NULL),
            CLEAVE_OK);
        assert_int_equal(back->bytes, 4 * 3 * 32 * 32);
        assert_float_equal(((float *)back->data)[500], 100, 4);
        assert_int_equal(passage.elements, 3 * 32 * 32);
        assert_in_range(passage.bytes, 20, 2000);
        assert_int_equal(passage.encode_ns, 5000);
    }
    clv_image_fini(&image);
    clv_card_free(card);
    clv_parcel_free(parcel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tensors_come_back),
        cmocka_unit_test(raw_is_exact_and_counted_with_its_head),
        cmocka_unit_test(what_cannot_be_packed_is_an_error),
        cmocka_unit_test(pictures_come_back_nearly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
