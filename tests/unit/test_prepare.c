/*
 * test_prepare.c - steps and numbers; equal to the reference crops.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "media/prepare.h"
#include "scratch_media.h"
#include "tensor/element.h"

/* 2 x 1 pixels: (10, 20, 30) and (40, 50, 60). */
static void draw(struct clv_image *image)
{
    clv_image_init(image);
    assert_int_equal(CLEAVE_OK, clv_image_shape(image, 2, 1, 0, "p", NULL));
    for (uint8_t i = 0; i < 6; i++) {
        image->pixels[i] = (uint8_t)(10 * (i + 1));
    }
}

static struct clv_card_input plain(void)
{
    return (struct clv_card_input){.scale = 1, .std = {1, 1, 1}};
}

static void run(const struct clv_card_input *input,
                const cleave_tensor_info *want, void *data, size_t bytes)
{
    struct clv_preparer p;
    struct clv_image image;
    cleave_tensor into = {.data = data, .bytes = bytes};
    cleave_error err = CLEAVE_ERROR_INIT;

    draw(&image);
    clv_preparer_init(&p, 0);
    if (clv_prepare_form(input, 2, 1, want, "p", &into.info, &err) !=
            CLEAVE_OK ||
        clv_prepare(&p, input, &image, "p", &into, &err) != CLEAVE_OK) {
        fail_msg("%s", err.text);
    }
    clv_preparer_fini(&p);
    clv_image_fini(&image);
}

static void layouts_and_channels(void **state)
{
    const cleave_tensor_info nchw = {"x", CLEAVE_TYPE_F32, 4, {1, 3, 1, 2}};
    const cleave_tensor_info nhwc = {"x", CLEAVE_TYPE_F32, 4, {1, 1, 2, 3}};
    const cleave_tensor_info chw = {"x", CLEAVE_TYPE_F32, 3, {3, 1, -1}};
    const cleave_tensor_info gray = {"x", CLEAVE_TYPE_F32, 4, {-1, 1, 1, 2}};
    struct clv_card_input in = plain();
    float out[6];

    (void)state;
    run(&in, &nchw, out, sizeof out);
    assert_memory_equal(((float[]){10, 40, 20, 50, 30, 60}), out, sizeof out);
    run(&in, &chw, out, sizeof out);
    assert_memory_equal(((float[]){10, 40, 20, 50, 30, 60}), out, sizeof out);
    in.channels = CLV_CHANNELS_BGR;
    run(&in, &nchw, out, sizeof out);
    assert_memory_equal(((float[]){30, 60, 20, 50, 10, 40}), out, sizeof out);
    in.layout = CLV_LAYOUT_NHWC;
    run(&in, &nhwc, out, sizeof out);
    assert_memory_equal(((float[]){30, 20, 10, 60, 50, 40}), out, sizeof out);
    in = plain();
    in.channels = CLV_CHANNELS_GRAY;
    run(&in, &gray, out, 8);
    assert_memory_equal(((float[]){18, 48}), out, 8); /* as Pillow's L */
}

static void numbers_and_types(void **state)
{
    cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, 4, {1, 3, 1, 2}};
    struct clv_card_input in = plain();
    float out[6];
    uint16_t half[6];
    uint8_t bytes[6];

    (void)state;
    in.scale = 0.5;
    in.mean[0] = 5;
    in.mean[1] = 11;
    in.std[0] = 2;
    in.std[2] = -4;
    run(&in, &want, out, sizeof out);
    assert_memory_equal(((float[]){0, 7.5f, -1, 14, -3.75f, -7.5f}), out,
                        sizeof out);
    want.type = CLEAVE_TYPE_F16;
    run(&in, &want, half, sizeof half);
    clv_f16_to_f32(half, 6, out);
    assert_memory_equal(((float[]){0, 7.5f, -1, 14, -3.75f, -7.5f}), out,
                        sizeof out);
    want.type = CLEAVE_TYPE_U8;
    run(&in, &want, bytes, sizeof bytes);
    assert_memory_equal(((uint8_t[]){0, 8, 0, 14, 0, 0}), bytes, 6);
    in = plain();
    in.scale = 10;
    run(&in, &want, bytes, sizeof bytes);
    assert_memory_equal(((uint8_t[]){100, 255, 200, 255, 255, 255}), bytes, 6);
}

static void assert_refused(const struct clv_card_input *in,
                           const cleave_tensor_info *want, cleave_status code,
                           const char *a, const char *b)
{
    cleave_tensor_info info;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(code,
                     clv_prepare_form(in, 20, 10, want, "p.jpg", &info, &err));
    assert_string_equal("p.jpg", err.where);
    assert_non_null(strstr(err.text, a));
    assert_non_null(strstr(err.text, b));
}

static void what_does_not_fit_names_both_shapes(void **state)
{
    cleave_tensor_info want = {"data", CLEAVE_TYPE_F32, 4, {1, 3, 8, 8}};
    struct clv_card_input in = plain();

    (void)state;
    assert_refused(&in, &want, CLEAVE_MISMATCH, "f32 1x3x10x20", "f32 1x3x8x8");
    in.step_count = 1;
    in.steps[0] = (struct clv_card_step){CLV_STEP_CROP, 12, 12};
    assert_refused(&in, &want, CLEAVE_MISMATCH, "12x12", "20x10");
    in.steps[0] = (struct clv_card_step){CLV_STEP_RESIZE, 8, 8};
    want.type = CLEAVE_TYPE_I64;
    assert_refused(&in, &want, CLEAVE_UNSUPPORTED, "i64", "data");
    want.type = CLEAVE_TYPE_F32;
    want.rank = 2;
    assert_refused(&in, &want, CLEAVE_MISMATCH, "1x3x8x8", "1x3");
}

static void steps_are_done_in_order(void **state)
{
    const cleave_tensor_info want = {"x", CLEAVE_TYPE_U8, 4, {1, 3, 4, 6}};
    struct clv_card_input in = plain();
    uint8_t out[3 * 4 * 6];

    (void)state;
    in.step_count = 3;
    in.steps[0] = (struct clv_card_step){CLV_STEP_SHORTER, 5, 5}; /* 10x5 */
    in.steps[1] = (struct clv_card_step){CLV_STEP_CROP, 8, 5};
    in.steps[2] = (struct clv_card_step){CLV_STEP_RESIZE, 6, 4};
    run(&in, &want, out, sizeof out);
    assert_in_range(out[0], 10, 20); /* left is dark, right is bright */
    assert_in_range(out[5], 30, 40);
}

static void assert_size(const struct clv_card_input *in,
                        const cleave_tensor_info *want, uint64_t width,
                        uint64_t height)
{
    uint64_t w;
    uint64_t h;

    clv_prepare_size(in, want, &w, &h);
    assert_int_equal(width, w);
    assert_int_equal(height, h);
}

static void the_size_is_the_models_or_else_the_cards(void **state)
{
    cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, 4, {1, 3, 8, 9}};
    struct clv_card_input in = plain();

    (void)state;
    assert_size(&in, &want, 9, 8);
    in.layout = CLV_LAYOUT_NHWC; /* then it is 3 high and 8 wide */
    assert_size(&in, &want, 8, 3);
    in.layout = CLV_LAYOUT_NCHW;
    want.shape[2] = -1;
    assert_size(&in, &want, 9, 0);
    want.shape[3] = -1;
    assert_size(&in, &want, 0, 0);
    in.step_count = 1;
    in.steps[0] = (struct clv_card_step){CLV_STEP_SHORTER, 5, 5};
    assert_size(&in, &want, 0, 0);
    in.step_count = 2;
    in.steps[1] = (struct clv_card_step){CLV_STEP_CROP, 20, 10};
    assert_size(&in, &want, 20, 10);
    in.step_count = 3;
    in.steps[2] = (struct clv_card_step){CLV_STEP_SHORTER, 5, 5};
    assert_size(&in, &want, 10, 5);
}

/* A prepared picture is taken as it is, even if the steps would change it. */
static void steps_are_not_done_twice(void **state)
{
    const cleave_tensor_info want = {"x", CLEAVE_TYPE_U8, 4, {1, 3, 1, 2}};
    struct clv_card_input in = plain();
    struct clv_image image;
    cleave_tensor_info info;
    uint8_t out[6];
    cleave_tensor into = {.data = out, .bytes = sizeof out};
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    in.step_count = 2;
    in.steps[0] = (struct clv_card_step){CLV_STEP_SHORTER, 7, 7};
    in.steps[1] = (struct clv_card_step){CLV_STEP_CROP, 2, 1};
    draw(&image);
    assert_int_equal(CLEAVE_OK, clv_prepare_values_form(&in, 2, 1, &want, "p",
                                                        &into.info, NULL));
    assert_int_equal(CLEAVE_OK,
                     clv_prepare_values(&in, &image, "p", &into, NULL));
    assert_memory_equal(((uint8_t[]){10, 40, 20, 50, 30, 60}), out, 6);
    assert_int_equal(CLEAVE_MISMATCH, clv_prepare_values_form(
                                          &in, 14, 7, &want, "p", &info, &err));
    assert_non_null(strstr(err.text, "14x7"));
    assert_non_null(strstr(err.text, "2x1"));
    into.bytes = 5;
    assert_int_equal(CLEAVE_INVALID,
                     clv_prepare_values(&in, &image, "p", &into, NULL));
    clv_image_fini(&image);
}

static void decode(const char *name, struct clv_image *image)
{
    struct clv_map map;

    assert_int_equal(CLEAVE_OK, clv_map_open(data_path(name), &map, NULL));
    assert_int_equal(CLEAVE_OK,
                     clv_image_decode(map.bytes, 0, name, image, NULL));
    clv_map_close(&map);
}

static void prepare_bytes(struct clv_image *image, uint32_t side,
                          const cleave_tensor *into)
{
    struct clv_card_input in = plain();
    struct clv_preparer p;

    in.layout = CLV_LAYOUT_NHWC;
    in.step_count = 3;
    in.steps[0] = (struct clv_card_step){CLV_STEP_SHORTER, 256, 256};
    in.steps[1] = (struct clv_card_step){CLV_STEP_CROP, 224, 224};
    in.steps[2] = (struct clv_card_step){CLV_STEP_RESIZE, side, side};
    clv_preparer_init(&p, 0);
    assert_int_equal(CLEAVE_OK, clv_prepare(&p, &in, image, "p", into, NULL));
    clv_preparer_fini(&p);
}

/*
 * The reference was resized by a tool that repeats the pixels at the border,
 * where Pillow and we leave them out; so the outermost pixels differ more.
 */
static void assert_close(const uint8_t *ours, const struct clv_image *reference)
{
    uint32_t side = reference->width;

    for (uint32_t i = 0; i < side * side * 3; i++) {
        uint32_t x = i / 3 % side;
        uint32_t y = i / 3 / side;
        int inside = x > 0 && y > 0 && x < side - 1 && y < side - 1;
        int most = inside || side == 224 ? 2 : 10;

        assert_in_range(abs(ours[i] - reference->pixels[i]), 0, most);
    }
}

/* A reference picture, and the same made from its JPEG. 0 without JPEG. */
static int compare_with_reference(uint32_t side, const char *wnid)
{
    cleave_tensor into = {{"x", CLEAVE_TYPE_U8, 4, {1, side, side, 3}},
                          NULL,
                          (size_t)side * side * 3};
    struct clv_image image;
    struct clv_image reference;
    char name[100];

    snprintf(name, sizeof name, "imagenet-500/images/%s.jpg", wnid);
    if (!has_data(name)) {
        return 0; /* some references are of pictures that were left out */
    }
    clv_image_init(&image);
    clv_image_init(&reference);
    decode(name, &image);
    snprintf(name, sizeof name, "reference/inputs/%u/%s.ppm", side, wnid);
    decode(name, &reference);
    assert_int_equal(side, reference.width);
    into.data = malloc(into.bytes);
    assert_non_null(into.data);
    prepare_bytes(&image, side, &into);
    assert_close(into.data, &reference);
    free(into.data);
    clv_image_fini(&image);
    clv_image_fini(&reference);
    return 1;
}

static void real_pictures_equal_the_reference(void **state)
{
    const uint32_t sides[] = {128, 160, 192, 224};
    char root[CLV_PATH_MAX];
    char folder[CLV_PATH_MAX];
    const char *found = data_path("reference/inputs");
    int pictures = 0;

    (void)state;
    if (found == NULL) {
        skip();
    }
    strcpy(root, found);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        struct dirent *entry;
        DIR *dir;

        snprintf(folder, sizeof folder, "%.4000s/%u", root, sides[i]);
        dir = opendir(folder);
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
            char wnid[20];
            if (clv_path_ends(entry->d_name, ".ppm")) {
                snprintf(wnid, sizeof wnid, "%.9s", entry->d_name);
                pictures += compare_with_reference(sides[i], wnid);
            }
        }
        if (dir != NULL) {
            closedir(dir);
        }
    }
    assert_true(pictures >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_and_channels),
        cmocka_unit_test(numbers_and_types),
        cmocka_unit_test(what_does_not_fit_names_both_shapes),
        cmocka_unit_test(steps_are_done_in_order),
        cmocka_unit_test(the_size_is_the_models_or_else_the_cards),
        cmocka_unit_test(steps_are_not_done_twice),
        cmocka_unit_test(real_pictures_equal_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
