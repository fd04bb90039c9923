/*
 * test_sending.c - what is sent of the tensors at the cut, and which packings
 * a cut cannot have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "run/rig.h"
#include "scratch_picture.h"

struct bench {
    struct clv_rig rig;
    struct clv_ground ground;
    cleave_tensor_info cut[2];
    struct clv_card card;
    struct clv_lane lane;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    b->cut[0] = (cleave_tensor_info){"t", CLEAVE_TYPE_F32, 1, {3}};
    b->cut[1] = (cleave_tensor_info){"u", CLEAVE_TYPE_U8, 1, {4}};
    b->rig.ground = &b->ground;
    b->rig.cut_tensors = b->cut;
    b->rig.cut_count = 2;
    strcpy(b->rig.cut, "t+u");
    clv_buffer_init(&b->lane.message, 10000);
    clv_picture_encoder_init(&b->lane.encoder);
    clv_sample_init(&b->lane.sample);
    assert_int_equal(clv_codec_new(NULL, &b->lane.codec), CLEAVE_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    clv_codec_free(b->lane.codec);
    clv_buffer_fini(&b->lane.message);
    clv_picture_encoder_fini(&b->lane.encoder);
    clv_sample_fini(&b->lane.sample);
    free(b);
    return 0;
}

static void pack_as(struct bench *b, const char *text)
{
    assert_int_equal(clv_packing_parse(text, &b->rig.packing, NULL), CLEAVE_OK);
    b->rig.sends_picture = clv_packing_is_picture(&b->rig.packing);
}

/* Sends both tensors under names that are not the cut's. */
static void send_both(struct bench *b, float *t, uint8_t *u)
{
    cleave_tensor first = {{"x", CLEAVE_TYPE_F32, 1, {3}}, t, 12};
    cleave_tensor second = {{"y", CLEAVE_TYPE_U8, 1, {4}}, u, 4};

    assert_int_equal(clv_sending_tensor(&b->rig, &b->lane, 0, &first, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_sending_tensor(&b->rig, &b->lane, 1, &second, NULL),
                     CLEAVE_OK);
}

static void a_message_has_a_frame_for_each_tensor(void **state)
{
    struct bench *b = *state;
    float t[3] = {0.5f, -2, 65504};
    uint8_t u[4] = {1, 2, 3, 255};
    float back[3];
    struct clv_frame frame;
    clv_bytes rest;

    pack_as(b, "f16");
    for (int again = 0; again < 2; again++) { /* a message replaces the last */
        send_both(b, t, u);
    }
    rest = clv_buffer_bytes(&b->lane.message);
    assert_int_equal(clv_frame_read(rest, NULL, &frame, NULL), CLEAVE_OK);
    assert_int_equal(frame.quantiser, CLV_QUANTISER_HALF);
    assert_int_equal(frame.info.type, CLEAVE_TYPE_F32);
    assert_int_equal(
        clv_codec_unpack(b->lane.codec, &frame, back, sizeof back, NULL),
        CLEAVE_OK);
    assert_memory_equal(back, t, sizeof t); /* exact in f16 */
    rest.data += frame.size;
    rest.size -= frame.size;
    assert_int_equal(clv_frame_read(rest, NULL, &frame, NULL), CLEAVE_OK);
    assert_int_equal(frame.size, rest.size);
    assert_int_equal(frame.info.type, CLEAVE_TYPE_U8); /* never narrowed */
    assert_int_equal(
        clv_codec_unpack(b->lane.codec, &frame, back, sizeof u, NULL),
        CLEAVE_OK);
    assert_memory_equal(back, u, sizeof u);
    assert_null(clv_sending_type(&b->rig));
}

static void a_picture_is_the_message(void **state)
{
    static const struct {
        const char *pack;
        const char *type;
        enum clv_image_kind kind;
    } cases[] = {{"jpeg:quality=90", "image/jpeg", CLV_IMAGE_JPEG},
                 {"webp:quality=90", "image/webp", CLV_IMAGE_WEBP}};
    struct bench *b = *state;
    struct clv_image back;

    clv_image_init(&back);
    draw_picture(&b->lane.sample.image, 24, 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pack_as(b, cases[i].pack);
        assert_string_equal(clv_sending_type(&b->rig), cases[i].type);
        assert_int_equal(clv_sending_picture(&b->rig, &b->lane, NULL),
                         CLEAVE_OK);
        clv_bytes bytes = clv_buffer_bytes(&b->lane.message);
        assert_int_equal(clv_image_kind_of(bytes), cases[i].kind);
        assert_int_equal(clv_image_decode(bytes, 0, "p", &back, NULL),
                         CLEAVE_OK);
        assert_true(picture_error(&back, &b->lane.sample.image) < 200);
    }
    clv_image_fini(&back);
}

/* What was sent as a picture is a tensor all the same, to finish here. */
static void a_picture_that_was_sent_can_be_computed_on(void **state)
{
    struct bench *b = *state;
    struct clv_card_input *input = &b->card.inputs[0];
    const struct clv_image *image = &b->lane.sample.image;
    cleave_tensor tensor;
    const float *at;

    draw_picture(&b->lane.sample.image, 24, 16);
    b->ground.card = &b->card;
    *input = (struct clv_card_input){.kind = CLV_KIND_IMAGE,
                                     .channels = CLV_CHANNELS_RGB,
                                     .layout = CLV_LAYOUT_NCHW,
                                     .scale = 0.5,
                                     .mean = {1, 2, 3},
                                     .std = {2, 2, 2}};
    b->cut[0] = (cleave_tensor_info){"x", CLEAVE_TYPE_F32, 4, {1, 3, 16, 24}};
    clv_buffer_init(&b->lane.tensor, 1 << 20);
    assert_int_equal(clv_sending_unsent(&b->rig, &b->lane, &tensor, NULL),
                     CLEAVE_OK);
    assert_string_equal(tensor.info.name, "x");
    assert_int_equal(tensor.bytes, 3 * 16 * 24 * sizeof *at);
    at = tensor.data;
    for (size_t i = 0; i < 16 * 24; i++) {
        for (size_t c = 0; c < 3; c++) {
            float want = (0.5f * image->pixels[3 * i + c] - (float)(c + 1)) / 2;
            assert_true(at[c * 16 * 24 + i] - want < 1e-4f);
            assert_true(want - at[c * 16 * 24 + i] < 1e-4f);
        }
    }
    b->cut[0].shape[2] = 17; /* not what the picture is */
    assert_int_equal(clv_sending_unsent(&b->rig, &b->lane, &tensor, NULL),
                     CLEAVE_MISMATCH);
    clv_buffer_fini(&b->lane.tensor);
}

static void assert_refused(struct bench *b, const char *packing,
                           const char *said)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    pack_as(b, packing);
    assert_int_equal(clv_sending_check(&b->rig, &err), CLEAVE_INVALID);
    if (strstr(err.text, said) == NULL) {
        fail_msg("'%s' is not in '%s'", said, err.text);
    }
}

static void packings_must_go_with_the_cut(void **state)
{
    static const char *const good[] = {"f32",         "f16",
                                       "lz:bits=4",   "dense:step=0.9sd",
                                       "fast:step=1", "dense:bits=3"};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        pack_as(b, good[i]);
        assert_int_equal(clv_sending_check(&b->rig, NULL), CLEAVE_OK);
    }
    assert_refused(b, "dense", "'t' is f32");
    assert_refused(b, "lz", "step");
    b->cut[0].type = CLEAVE_TYPE_I8; /* without loss: nothing to be told */
    pack_as(b, "dense");
    assert_int_equal(clv_sending_check(&b->rig, NULL), CLEAVE_OK);
}

static void pictures_need_the_input_and_a_card(void **state)
{
    struct bench *b = *state;

    assert_refused(b, "jpeg", "cut 'input'");
    strcpy(b->rig.cut, "output");
    assert_refused(b, "webp", "not with 'output'");
    strcpy(b->rig.cut, "input");
    b->rig.cut_count = 1;
    assert_refused(b, "jpeg", "card");
    b->ground.card = &b->card;
    b->card.input_count = 1;
    b->card.inputs[0].kind = CLV_KIND_ARRAY;
    assert_refused(b, "jpeg", "image");
    b->card.inputs[0].kind = CLV_KIND_IMAGE;
    pack_as(b, "jpeg");
    assert_int_equal(clv_sending_check(&b->rig, NULL), CLEAVE_OK);
    b->card.input_count = 2;
    b->rig.cut_count = 2;
    assert_refused(b, "jpeg", "one input");
}

int main(void)
{
#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_BENCH(a_message_has_a_frame_for_each_tensor),
        ON_BENCH(a_picture_is_the_message),
        ON_BENCH(a_picture_that_was_sent_can_be_computed_on),
        ON_BENCH(packings_must_go_with_the_cut),
        ON_BENCH(pictures_need_the_input_and_a_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
