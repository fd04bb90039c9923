/*
 * test_receiving.c - frames and pictures of strangers become the tensors that
 * a part takes, or an error, and never more memory than a request may have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "media/picture.h"
#include "scratch_folder.h"
#include "scratch_picture.h"
#include "serve/receiving.h"
#include "tiny_calibration.h"

#define MOST 4096 /* bytes of a request's tensors */
#define MODEL_SHA \
    "00000000000000000000000000000000000000000000000000000000000000aa"

static const cleave_tensor_info want = {"a", CLEAVE_TYPE_F32, 2, {1, -1}};
static char model_name[] = "net";

struct bench {
    struct scratch *scratch;
    struct clv_receivers *receivers;
    struct clv_receiver *receiver;
    struct clv_served model;
    struct clv_codec *codec;
    struct clv_buffer message;
    cleave_tensor tensor;
    size_t used;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    void *scratch = NULL;

    assert_int_equal(scratch_begin(&scratch), 0);
    b->scratch = scratch;
    b->model.name = model_name;
    clv_buffer_init(&b->message, 1 << 20);
    assert_int_equal(clv_receivers_new(MOST, &b->receivers, NULL), CLEAVE_OK);
    assert_int_equal(clv_receivers_take(b->receivers, &b->receiver, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_codec_new(NULL, &b->codec), CLEAVE_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    void *scratch = b->scratch;

    clv_receivers_give(b->receivers, b->receiver);
    clv_receivers_free(b->receivers);
    clv_codec_free(b->codec);
    clv_calibration_free(b->model.calibration);
    clv_buffer_fini(&b->message);
    scratch_end(&scratch);
    free(b);
    return 0;
}

static void pack(struct bench *b, struct clv_codec *codec, const char *name,
                 const char *packing, size_t count)
{
    static float numbers[2 * MOST];
    struct clv_packing p;
    cleave_tensor tensor = {
        {name, CLEAVE_TYPE_F32, 2, {1, (int64_t)count}}, numbers, 4 * count};

    tiny_numbers(numbers, count, 5);
    assert_int_equal(clv_packing_parse(packing, &p, NULL), CLEAVE_OK);
    clv_buffer_reset(&b->message);
    assert_int_equal(clv_codec_pack(codec, &p, &tensor, 1, &b->message, NULL),
                     CLEAVE_OK);
}

static cleave_status receive(struct bench *b, cleave_error *err)
{
    return clv_receiver_frame(b->receiver, clv_buffer_bytes(&b->message),
                              &b->model, &want, &b->tensor, &b->used, err);
}

static void frames_become_tensors_up_to_the_limit(void **state)
{
    struct bench *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    pack(b, b->codec, "a", "f32", MOST / 8); /* half of what is allowed */
    assert_int_equal(receive(b, NULL), CLEAVE_OK);
    assert_int_equal(b->used, b->message.size);
    assert_string_equal(b->tensor.info.name, "a");
    assert_int_equal(b->tensor.info.shape[1], MOST / 8);
    assert_int_equal(b->tensor.bytes, MOST / 2);
    assert_int_equal(receive(b, NULL), CLEAVE_OK); /* the other half */
    pack(b, b->codec, "a", "f32", 1);
    assert_int_equal(receive(b, &err), CLEAVE_LIMIT);
    assert_non_null(strstr(err.text, "4 bytes decoded"));
    clv_receivers_give(b->receivers, b->receiver);
    assert_int_equal(clv_receivers_take(b->receivers, &b->receiver, NULL),
                     CLEAVE_OK);
    assert_int_equal(receive(b, NULL), CLEAVE_OK); /* a new request */
}

static void a_frame_that_names_a_book_needs_the_calibration(void **state)
{
    struct bench *b = *state;
    struct clv_calibration *calibration = NULL;
    struct clv_codec *codec = NULL;
    const char *path = scratch_path(b->scratch, "net.calib");
    cleave_error err = CLEAVE_ERROR_INIT;

    tiny_calibrate(path, MODEL_SHA, MOST / 4, 1);
    assert_int_equal(clv_calibration_read(path, &calibration, NULL), CLEAVE_OK);
    assert_int_equal(clv_codec_new(calibration, &codec), CLEAVE_OK);
    pack(b, codec, "a", "dense:step=0.5sd", MOST / 4);
    assert_int_equal(receive(b, &err), CLEAVE_MISMATCH); /* no books here */
    assert_non_null(strstr(err.text, "code book"));
    assert_non_null(strstr(err.text, "'a' of model 'net'"));
    assert_non_null(strstr(err.text, "same calibration"));
    clv_codec_free(codec);
    b->model.calibration = calibration;
    assert_int_equal(receive(b, NULL), CLEAVE_OK);
    assert_int_equal(b->tensor.info.shape[1], MOST / 4);
}

static void a_calibration_that_was_replaced_lacks_the_book(void **state)
{
    struct bench *b = *state;
    struct clv_calibration *older = NULL;
    struct clv_codec *codec = NULL;
    const char *path = scratch_path(b->scratch, "net.calib");
    cleave_error err = CLEAVE_ERROR_INIT;

    tiny_calibrate(path, MODEL_SHA, MOST / 4, 1);
    assert_int_equal(clv_calibration_read(path, &older, NULL), CLEAVE_OK);
    tiny_calibrate(path, MODEL_SHA, MOST / 4, 1000);
    assert_int_equal(clv_calibration_read(path, &b->model.calibration, NULL),
                     CLEAVE_OK);
    assert_string_not_equal(clv_calibration_id(older),
                            clv_calibration_id(b->model.calibration));
    assert_int_equal(clv_codec_new(older, &codec), CLEAVE_OK);
    pack(b, codec, "a", "dense:step=0.5sd", MOST / 4);
    assert_int_equal(receive(b, &err), CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "this calibration has not"));
    clv_codec_free(codec);
    clv_calibration_free(older);
}

/* A model whose one input is a picture of 24 x 16. */
static struct clv_card picture_card(void)
{
    static char input_name[] = "x";
    struct clv_card card = {.input_count = 1};

    card.inputs[0] = (struct clv_card_input){
        .name = input_name,
        .kind = CLV_KIND_IMAGE,
        .scale = 1,
        .std = {1, 1, 1},
    };
    return card;
}

static void encode(struct bench *b, uint32_t width, uint32_t height)
{
    struct clv_picture_encoder encoder;
    struct clv_image image;

    clv_picture_encoder_init(&encoder);
    clv_image_init(&image);
    draw_picture(&image, width, height);
    clv_buffer_reset(&b->message);
    assert_int_equal(clv_picture_encode(&encoder, &image, CLV_IMAGE_JPEG, 80,
                                        "p", &b->message, NULL),
                     CLEAVE_OK);
    clv_image_fini(&image);
    clv_picture_encoder_fini(&encoder);
}

static cleave_status receive_picture(struct bench *b,
                                     const cleave_tensor_info *info,
                                     cleave_error *err)
{
    return clv_receiver_picture(b->receiver, clv_buffer_bytes(&b->message),
                                &b->model, info, &b->tensor, err);
}

static void pictures_become_the_models_input(void **state)
{
    const cleave_tensor_info input = {"x", CLEAVE_TYPE_U8, 4, {1, 3, 16, 24}};
    struct clv_card card = picture_card();
    struct bench *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    encode(b, 24, 16);
    assert_int_equal(receive_picture(b, &input, &err), CLEAVE_INVALID);
    assert_non_null(strstr(err.text, "net.yaml"));
    b->model.card = &card;
    assert_int_equal(receive_picture(b, &input, NULL), CLEAVE_OK);
    assert_int_equal(b->tensor.bytes, 3 * 16 * 24);
    assert_true(clv_card_input(&card, "x")->kind == CLV_KIND_IMAGE);
    encode(b, 25, 16);
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(receive_picture(b, &input, &err), CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "25"));
    assert_non_null(strstr(err.text, "24"));
    b->message.size /= 2;
    b->message.data[0] = 'x';
    assert_int_not_equal(receive_picture(b, &input, NULL), CLEAVE_OK);
    encode(b, 24, 16);
    assert_int_equal(receive_picture(b, &input, NULL), CLEAVE_OK);
    card.inputs[0].kind = CLV_KIND_ARRAY;
    assert_int_equal(receive_picture(b, &input, NULL), CLEAVE_INVALID);
    b->model.card = NULL;
}

/* Where the model leaves the size free, the limit is the request's. */
static void a_large_picture_is_not_taken(void **state)
{
    const cleave_tensor_info free_size = {
        "x", CLEAVE_TYPE_F32, 4, {1, 3, -1, -1}};
    struct clv_card card = picture_card();
    struct bench *b = *state;

    b->model.card = &card;
    encode(b, 16, 16); /* 3072 bytes of f32 */
    assert_int_equal(receive_picture(b, &free_size, NULL), CLEAVE_OK);
    encode(b, 24, 16); /* 4608 */
    assert_int_equal(receive_picture(b, &free_size, NULL), CLEAVE_LIMIT);
    b->model.card = NULL;
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_BENCH(frames_become_tensors_up_to_the_limit),
        ON_BENCH(a_frame_that_names_a_book_needs_the_calibration),
        ON_BENCH(a_calibration_that_was_replaced_lacks_the_book),
        ON_BENCH(pictures_become_the_models_input),
        ON_BENCH(a_large_picture_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
