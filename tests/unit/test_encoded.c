/*
 * test_encoded.c - what the server makes of a picture that travelled.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <math.h>

#include "media/picture.h"
#include "media/source.h"
#include "scratch_media.h"
#include "scratch_picture.h"

#define MAX ((size_t)1 << 22)
#define WIDTH 24
#define HEIGHT 16

static const cleave_tensor_info want = {
    "x", CLEAVE_TYPE_F32, 4, {1, 3, HEIGHT, WIDTH}};

/* The server's side, kept from picture to picture. */
struct server {
    struct clv_picture_encoder encoder;
    struct clv_preparer preparer;
    struct clv_buffer bytes;
    struct clv_buffer memory;
    struct clv_card_input input;
    cleave_tensor tensor;
};

static int server_begin(void **state)
{
    struct server *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return -1;
    }
    clv_picture_encoder_init(&s->encoder);
    clv_preparer_init(&s->preparer, 0);
    clv_buffer_init(&s->bytes, MAX);
    clv_buffer_init(&s->memory, MAX);
    s->input = (struct clv_card_input){
        .step_count = 3,
        .steps = {{CLV_STEP_SHORTER, 20, 20},
                  {CLV_STEP_CROP, 18, 20},
                  {CLV_STEP_RESIZE, WIDTH, HEIGHT}},
        .scale = 1 / 255.0,
        .mean = {0.485, 0.456, 0.406},
        .std = {0.229, 0.224, 0.225},
    };
    *state = s;
    return 0;
}

static int server_end(void **state)
{
    struct server *s = *state;

    clv_picture_encoder_fini(&s->encoder);
    clv_preparer_fini(&s->preparer);
    clv_buffer_fini(&s->bytes);
    clv_buffer_fini(&s->memory);
    free(s);
    return 0;
}

/* A drawn picture of this size, encoded, in s->bytes. */
static void draw_and_encode(struct server *s, uint32_t width, uint32_t height,
                            enum clv_image_kind kind)
{
    struct clv_image image;

    clv_image_init(&image);
    draw_picture(&image, width, height);
    clv_buffer_reset(&s->bytes);
    assert_int_equal(CLEAVE_OK, clv_picture_encode(&s->encoder, &image, kind,
                                                   90, "p", &s->bytes, NULL));
    clv_image_fini(&image);
}

static cleave_status receive(struct server *s, clv_bytes bytes,
                             const cleave_tensor_info *info, cleave_error *err)
{
    return clv_prepare_encoded(&s->preparer, &s->input, bytes, info, "request",
                               &s->memory, &s->tensor, err);
}

static void assert_refused(struct server *s, clv_bytes bytes,
                           const cleave_tensor_info *info, cleave_status code,
                           const char *word)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_tensor before = s->tensor;

    assert_int_equal(code, receive(s, bytes, info, &err));
    assert_string_equal("request", err.where);
    if (strstr(err.text, word) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
    }
    assert_memory_equal(&before, &s->tensor, sizeof before);
}

/* Geometry here, PPM, values there; and all of it here: not a bit apart. */
static void assert_same_as_prepared_here(struct server *s,
                                         const cleave_tensor_info *info)
{
    struct clv_image image;
    struct clv_image other;
    cleave_tensor here = {.data = NULL};
    cleave_error err = CLEAVE_ERROR_INIT;
    uint64_t elements;
    uint64_t bytes;

    clv_image_init(&image);
    clv_image_init(&other);
    draw_picture(&image, 91, 67);
    draw_picture(&other, 91, 67);
    assert_int_equal(CLEAVE_OK, clv_prepare_geometry(&s->preparer, &s->input,
                                                     &image, "p", &err));
    clv_buffer_reset(&s->bytes);
    assert_int_equal(CLEAVE_OK,
                     clv_picture_encode(&s->encoder, &image, CLV_IMAGE_PPM, 0,
                                        "p", &s->bytes, &err));
    assert_int_equal(CLEAVE_OK,
                     receive(s, clv_buffer_bytes(&s->bytes), info, &err));
    assert_int_equal(CLEAVE_OK, clv_prepare_form(&s->input, 91, 67, info, "p",
                                                 &here.info, &err));
    assert_memory_equal(&here.info, &s->tensor.info, sizeof here.info);
    assert_int_equal(CLEAVE_OK,
                     cleave_tensor_count(&here.info, &elements, &bytes));
    here.bytes = (size_t)bytes;
    here.data = malloc(here.bytes);
    assert_non_null(here.data);
    assert_int_equal(CLEAVE_OK, clv_prepare(&s->preparer, &s->input, &other,
                                            "p", &here, &err));
    assert_int_equal(here.bytes, s->tensor.bytes);
    assert_memory_equal(here.data, s->tensor.data, here.bytes);
    free(here.data);
    clv_image_fini(&image);
    clv_image_fini(&other);
}

static void an_unchanged_picture_gives_an_unchanged_tensor(void **state)
{
    static const cleave_type types[] = {CLEAVE_TYPE_F32, CLEAVE_TYPE_F16,
                                        CLEAVE_TYPE_U8};
    struct server *s = *state;

    for (int channels = CLV_CHANNELS_RGB; channels <= CLV_CHANNELS_GRAY;
         channels++) {
        int64_t depth = channels == CLV_CHANNELS_GRAY ? 1 : 3;
        cleave_tensor_info nchw = {"x", 0, 4, {-1, depth, HEIGHT, WIDTH}};
        cleave_tensor_info nhwc = {"x", 0, 3, {-1, -1, depth}};

        s->input.channels = (enum clv_card_channels)channels;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            nchw.type = types[i];
            nhwc.type = types[i];
            s->input.layout = CLV_LAYOUT_NCHW;
            assert_same_as_prepared_here(s, &nchw);
            s->input.layout = CLV_LAYOUT_NHWC;
            assert_same_as_prepared_here(s, &nhwc);
        }
    }
}

static void every_kind_arrives(void **state)
{
    static const enum clv_image_kind kinds[] = {CLV_IMAGE_JPEG, CLV_IMAGE_WEBP,
                                                CLV_IMAGE_PPM};
    struct server *s = *state;
    float first[3];

    for (size_t i = 0; i < 3; i++) {
        draw_and_encode(s, WIDTH, HEIGHT, kinds[i]);
        assert_int_equal(CLEAVE_OK,
                         receive(s, clv_buffer_bytes(&s->bytes), &want, NULL));
        assert_int_equal(3 * HEIGHT * WIDTH * 4, s->tensor.bytes);
        assert_ptr_equal(want.name, s->tensor.info.name);
        first[i] = ((float *)s->tensor.data)[0];
    }
    assert_true(fabsf(first[0] - first[2]) < 0.2f);
    assert_true(fabsf(first[1] - first[2]) < 0.2f);
}

static void the_size_must_be_exactly_the_models(void **state)
{
    cleave_tensor_info open = {"x", CLEAVE_TYPE_F32, 4, {1, 3, -1, -1}};
    struct server *s = *state;
    clv_bytes bytes;

    draw_and_encode(s, 20, 30, CLV_IMAGE_JPEG);
    bytes = clv_buffer_bytes(&s->bytes);
    assert_refused(s, bytes, &want, CLEAVE_MISMATCH, "20x30");
    assert_refused(s, bytes, &want, CLEAVE_MISMATCH, "24x16");
    assert_refused(s, bytes, &open, CLEAVE_MISMATCH, "24x16"); /* the card's */
    s->input.step_count = 0;
    assert_refused(s, bytes, &want, CLEAVE_MISMATCH, "24x16"); /* the model's */
    open.shape[2] = 31;
    assert_refused(s, bytes, &open, CLEAVE_MISMATCH, "anyx31");
    open.shape[2] = -1;
    assert_int_equal(CLEAVE_OK, receive(s, bytes, &open, NULL));
    assert_int_equal(30, s->tensor.info.shape[2]);
    assert_int_equal(20, s->tensor.info.shape[3]);
}

static void limits_hold_where_the_model_has_none(void **state)
{
    cleave_tensor_info open = {"x", CLEAVE_TYPE_F32, 4, {1, 3, -1, -1}};
    struct server *s = *state;
    clv_bytes bytes;

    s->input.step_count = 0;
    draw_and_encode(s, 40, 30, CLV_IMAGE_WEBP);
    bytes = clv_buffer_bytes(&s->bytes);
    s->preparer.max_pixels = 40 * 30 - 1;
    assert_refused(s, bytes, &open, CLEAVE_LIMIT, "40x30");
    s->preparer.max_pixels = 40 * 30;
    clv_buffer_fini(&s->memory);
    clv_buffer_init(&s->memory, 40 * 30 * 12 - 1);
    assert_refused(s, bytes, &open, CLEAVE_LIMIT, "1x3x30x40");
    clv_buffer_fini(&s->memory);
    clv_buffer_init(&s->memory, 40 * 30 * 12);
    assert_int_equal(CLEAVE_OK, receive(s, bytes, &open, NULL));
}

static void a_hostile_size_is_refused_unread(void **state)
{
    static const char huge[] = "P6 65535 65535 255\nabc";
    struct server *s = *state;

    assert_refused(s, (clv_bytes){(const uint8_t *)huge, sizeof huge - 1},
                   &want, CLEAVE_MISMATCH, "65535x65535");
    assert_null(s->preparer.other.pixels);
    assert_null(s->memory.data);
}

static void what_came_damaged_is_refused(void **state)
{
    static const enum clv_image_kind kinds[] = {CLV_IMAGE_JPEG, CLV_IMAGE_WEBP,
                                                CLV_IMAGE_PPM};
    cleave_tensor_info i64 = {"x", CLEAVE_TYPE_I64, 4, {1, 3, HEIGHT, WIDTH}};
    struct server *s = *state;
    clv_bytes bytes;

    assert_refused(s, (clv_bytes){NULL, 0}, &want, CLEAVE_UNSUPPORTED, "WebP");
    assert_refused(s, (clv_bytes){(const uint8_t *)"GIF89a", 6}, &want,
                   CLEAVE_UNSUPPORTED, "JPEG");
    for (size_t i = 0; i < 3; i++) {
        draw_and_encode(s, WIDTH, HEIGHT, kinds[i]);
        bytes = clv_buffer_bytes(&s->bytes);
        assert_refused(s, bytes, &i64, CLEAVE_UNSUPPORTED, "i64");
        bytes.size /= 2;
        assert_refused(s, bytes, &want, CLEAVE_CORRUPT, "cut short");
    }
}

/* Real photographs through a source, as a device and a server do it. */
static void photographs_lose_little(void **state)
{
    struct server *s = *state;
    const char *folder = data_path("imagenet-500");
    const cleave_tensor_info data = {
        "x", CLEAVE_TYPE_F32, 4, {-1, 3, 224, 224}};
    struct clv_card card = {.input_count = 1};
    struct clv_source *source = NULL;
    struct clv_sample whole;
    struct clv_sample sent;
    char name[] = "x";

    if (folder == NULL) {
        skip();
    }
    s->input.name = name;
    s->input.steps[0] = (struct clv_card_step){CLV_STEP_SHORTER, 256, 256};
    s->input.steps[1] = (struct clv_card_step){CLV_STEP_CROP, 224, 224};
    s->input.step_count = 2;
    card.inputs[0] = s->input;
    assert_int_equal(
        CLEAVE_OK, clv_source_new(&card, &data, 1, &folder, 1, &source, NULL));
    clv_sample_init(&whole);
    clv_sample_init(&sent);
    for (uint64_t i = 0; i < 500; i += 50) {
        static const enum clv_image_kind kinds[] = {
            CLV_IMAGE_PPM, CLV_IMAGE_JPEG, CLV_IMAGE_WEBP};

        assert_int_equal(CLEAVE_OK, clv_source_load(source, i, &whole, NULL));
        assert_int_equal(CLEAVE_OK,
                         clv_source_load_picture(source, i, &sent, NULL));
        for (size_t k = 0; k < 3; k++) {
            const float *a = whole.tensors[0].data;
            const float *b;
            double sum = 0;

            clv_buffer_reset(&s->bytes);
            assert_int_equal(CLEAVE_OK, clv_picture_encode(
                                            &s->encoder, &sent.image, kinds[k],
                                            75, "p", &s->bytes, NULL));
            assert_int_equal(CLEAVE_OK, receive(s, clv_buffer_bytes(&s->bytes),
                                                &data, NULL));
            b = s->tensor.data;
            assert_int_equal(whole.tensors[0].bytes, s->tensor.bytes);
            for (size_t j = 0; j < s->tensor.bytes / 4; j++) {
                sum += fabs((double)a[j] - (double)b[j]);
            }
            if (k == 0) {
                assert_memory_equal(a, b, s->tensor.bytes);
            } else {
                assert_true(s->bytes.size < 40000); /* the tensor: 602112 */
                assert_true(sum / (224 * 224 * 3) < 0.25);
            }
        }
    }
    clv_sample_fini(&whole);
    clv_sample_fini(&sent);
    clv_source_free(source);
}

#define SERVER(test) \
    cmocka_unit_test_setup_teardown(test, server_begin, server_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER(an_unchanged_picture_gives_an_unchanged_tensor),
        SERVER(every_kind_arrives),
        SERVER(the_size_must_be_exactly_the_models),
        SERVER(limits_hold_where_the_model_has_none),
        SERVER(a_hostile_size_is_refused_unread),
        SERVER(what_came_damaged_is_refused),
        SERVER(photographs_lose_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
