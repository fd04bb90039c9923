/*
 * prepare.c - steps, then numbers.
 *
 * The halves meet in a picture of the model's size. One machine may do both,
 * or the device does the first and the server, once the picture has come
 * over, the second: it is the same code, so if no byte of the picture changed
 * on the way, none of the tensor did.
 *
 * A byte of a picture can only become one of 256 elements a channel, so the
 * numbers are worked out once, into a table in the model's element type, and
 * filling the tensor is looking up. Layout and channel order are a matter of
 * strides: element (y, x, c) of the tensor stands at
 *
 *     nchw   (c * height + y) * width + x
 *     nhwc   (y * width + x) * channels + c
 */
#include "media/prepare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"

#define LEVELS 256
#define FORM_TEXT 128
#define SIZE_TEXT 64

/* One table a channel, in one of the three element types. */
struct tables {
    float f32[3][LEVELS];
    uint16_t f16[3][LEVELS];
    uint8_t u8[3][LEVELS];
};

struct strides {
    size_t y;
    size_t x;
    size_t channel;
};

void clv_preparer_init(struct clv_preparer *preparer, uint64_t max_pixels)
{
    *preparer = (struct clv_preparer){.max_pixels = max_pixels};
    clv_resizer_init(&preparer->resizer);
    clv_image_init(&preparer->other);
}

void clv_preparer_fini(struct clv_preparer *preparer)
{
    clv_resizer_fini(&preparer->resizer);
    clv_image_fini(&preparer->other);
}

static uint32_t channel_count(const struct clv_card_input *input)
{
    return input->channels == CLV_CHANNELS_GRAY ? 1 : CLV_IMAGE_CHANNELS;
}

/* The size after one step. */
static cleave_status step_size(const struct clv_card_step *step,
                               uint64_t *width, uint64_t *height,
                               const char *where, cleave_error *err)
{
    if (step->kind == CLV_STEP_SHORTER) {
        clv_resize_shorter((uint32_t)*width, (uint32_t)*height, step->width,
                           width, height);
        if (*width > CLV_IMAGE_SIDE_MAX || *height > CLV_IMAGE_SIDE_MAX) {
            return clv_fail(err, CLEAVE_LIMIT, where,
                            "With its shorter side at %u the picture would "
                            "have %llux%llu pixels; it is too narrow to be "
                            "used.",
                            step->width, (unsigned long long)*width,
                            (unsigned long long)*height);
        }
        return CLEAVE_OK;
    }
    if (step->kind == CLV_STEP_CROP &&
        (step->width > *width || step->height > *height)) {
        return clv_fail(err, CLEAVE_MISMATCH, where,
                        "The card crops %ux%u pixels, but here the picture "
                        "has only %llux%llu; put a resize or shorter step "
                        "before the crop, or use a larger picture.",
                        step->width, step->height, (unsigned long long)*width,
                        (unsigned long long)*height);
    }
    *width = step->width;
    *height = step->height;
    return CLEAVE_OK;
}

static void set_shape(const struct clv_card_input *input, uint64_t width,
                      uint64_t height, cleave_tensor_info *info)
{
    int64_t channels = channel_count(input);
    int64_t chw[3] = {channels, (int64_t)height, (int64_t)width};
    int64_t hwc[3] = {(int64_t)height, (int64_t)width, channels};
    uint32_t batch = info->rank == 3 ? 0 : 1;

    info->rank = batch + 3;
    info->shape[0] = 1;
    memcpy(info->shape + batch, input->layout == CLV_LAYOUT_NCHW ? chw : hwc,
           sizeof chw);
}

static cleave_status refuse_form(const cleave_tensor_info *made,
                                 const cleave_tensor_info *want,
                                 const char *where, cleave_error *err)
{
    char made_text[FORM_TEXT];
    char want_text[FORM_TEXT];

    return clv_fail(err, CLEAVE_MISMATCH, where,
                    "By the card this picture becomes %s, but input %s of "
                    "the model wants %s; correct the sizes under prepare, "
                    "channels or layout in the card.",
                    clv_tensor_describe(made, made_text, sizeof made_text),
                    want->name != NULL ? want->name : "",
                    clv_tensor_describe(want, want_text, sizeof want_text));
}

static cleave_status check_type(const cleave_tensor_info *want,
                                const char *where, cleave_error *err)
{
    if (want->type != CLEAVE_TYPE_F32 && want->type != CLEAVE_TYPE_F16 &&
        want->type != CLEAVE_TYPE_U8) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "Input %s of the model wants %s elements; pictures "
                        "become f32, f16 or u8. Prepare them as .npy arrays.",
                        want->name != NULL ? want->name : "",
                        cleave_type_name(want->type));
    }
    return CLEAVE_OK;
}

/* The tensor that a prepared picture of this size becomes. */
static cleave_status form_of(const struct clv_card_input *input, uint64_t width,
                             uint64_t height, const cleave_tensor_info *want,
                             const char *where, cleave_tensor_info *ret_info,
                             cleave_error *err)
{
    cleave_tensor_info info = *want;

    set_shape(input, width, height, &info);
    if (!clv_tensor_fits(want, &info)) {
        return refuse_form(&info, want, where, err);
    }
    *ret_info = info;
    return CLEAVE_OK;
}

cleave_status clv_prepare_form(const struct clv_card_input *input,
                               uint32_t width, uint32_t height,
                               const cleave_tensor_info *want,
                               const char *where, cleave_tensor_info *ret_info,
                               cleave_error *err)
{
    cleave_status status = check_type(want, where, err);
    uint64_t w = width;
    uint64_t h = height;

    for (size_t i = 0; status == CLEAVE_OK && i < input->step_count; i++) {
        status = step_size(&input->steps[i], &w, &h, where, err);
    }
    if (status == CLEAVE_OK) {
        status = form_of(input, w, h, want, where, ret_info, err);
    }
    return status;
}

/* The size after all steps if the picture's own does not matter, else 0. */
static void size_of_steps(const struct clv_card_input *input, uint64_t *width,
                          uint64_t *height)
{
    *width = 0;
    *height = 0;
    for (size_t i = 0; i < input->step_count; i++) {
        const struct clv_card_step *step = &input->steps[i];

        if (step->kind != CLV_STEP_SHORTER) {
            *width = step->width;
            *height = step->height;
        } else if (*width > 0) {
            clv_resize_shorter((uint32_t)*width, (uint32_t)*height, step->width,
                               width, height);
        }
    }
}

void clv_prepare_size(const struct clv_card_input *input,
                      const cleave_tensor_info *want, uint64_t *ret_width,
                      uint64_t *ret_height)
{
    const int64_t *shape = want->shape + (want->rank == 3 ? 0 : 1);

    size_of_steps(input, ret_width, ret_height);
    if (want->rank != 3 && want->rank != 4) {
        return;
    }
    shape += input->layout == CLV_LAYOUT_NCHW ? 1 : 0;
    *ret_height = shape[0] >= 0 ? (uint64_t)shape[0] : *ret_height;
    *ret_width = shape[1] >= 0 ? (uint64_t)shape[1] : *ret_width;
}

/* "224x224", with "any" for a side that is free. */
static const char *size_text(uint64_t width, uint64_t height,
                             char into[SIZE_TEXT])
{
    char sides[2][SIZE_TEXT / 3] = {"any", "any"};

    if (width > 0) {
        snprintf(sides[0], sizeof sides[0], "%llu", (unsigned long long)width);
    }
    if (height > 0) {
        snprintf(sides[1], sizeof sides[1], "%llu", (unsigned long long)height);
    }
    snprintf(into, SIZE_TEXT, "%sx%s", sides[0], sides[1]);
    return into;
}

cleave_status clv_prepare_values_form(const struct clv_card_input *input,
                                      uint32_t width, uint32_t height,
                                      const cleave_tensor_info *want,
                                      const char *where,
                                      cleave_tensor_info *ret_info,
                                      cleave_error *err)
{
    cleave_status status = check_type(want, where, err);
    char text[SIZE_TEXT];
    uint64_t w;
    uint64_t h;

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_prepare_size(input, want, &w, &h);
    if ((w > 0 && w != width) || (h > 0 && h != height)) {
        return clv_fail(err, CLEAVE_MISMATCH, where,
                        "This picture has %ux%u pixels, but input %s takes "
                        "prepared ones of %s; send it after the card's steps "
                        "(shorter, crop, resize).",
                        width, height, want->name != NULL ? want->name : "",
                        size_text(w, h, text));
    }
    return form_of(input, width, height, want, where, ret_info, err);
}

static cleave_status do_step(struct clv_preparer *p,
                             const struct clv_card_step *step,
                             struct clv_image *image, const char *where,
                             cleave_error *err)
{
    uint64_t width = step->width;
    uint64_t height = step->height;
    cleave_status status;

    if (step->kind == CLV_STEP_CROP) {
        return clv_crop_centre(image, step->width, step->height, where, err);
    }
    if (step->kind == CLV_STEP_SHORTER) {
        clv_resize_shorter(image->width, image->height, step->width, &width,
                           &height);
    }
    if (width == image->width && height == image->height) {
        return CLEAVE_OK;
    }
    if (width > CLV_IMAGE_SIDE_MAX || height > CLV_IMAGE_SIDE_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The picture is too narrow to be resized.");
    }
    status = clv_resize(&p->resizer, image, (uint32_t)width, (uint32_t)height,
                        p->max_pixels, where, &p->other, err);
    if (status == CLEAVE_OK) {
        clv_image_swap(image, &p->other);
    }
    return status;
}

static uint8_t nearest_byte(double x)
{
    x = nearbyint(x);
    if (!(x > 0)) {
        return 0;
    }
    return x > 255 ? 255 : (uint8_t)x;
}

static void fill_tables(const struct clv_card_input *input, cleave_type type,
                        struct tables *t)
{
    for (uint32_t c = 0; c < channel_count(input); c++) {
        for (int x = 0; x < LEVELS; x++) {
            double y = (x * input->scale - input->mean[c]) / input->std[c];
            t->f32[c][x] = (float)y;
            t->u8[c][x] = nearest_byte(y);
        }
        if (type == CLEAVE_TYPE_F16) {
            clv_f32_to_f16(t->f32[c], LEVELS, t->f16[c]);
        }
    }
}

/* Pillow's weights of red, green and blue in gray, of 65536. */
static uint8_t gray_of(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u +
                      0x8000u) >>
                     16);
}

/* The picture's byte for channel `c` of the tensor. */
static uint8_t level(const uint8_t *rgb, enum clv_card_channels channels,
                     uint32_t c)
{
    switch (channels) {
    case CLV_CHANNELS_GRAY:
        return gray_of(rgb);
    case CLV_CHANNELS_BGR:
        return rgb[2 - c];
    default:
        return rgb[c];
    }
}

static struct strides strides_of(const struct clv_card_input *input,
                                 const struct clv_image *image)
{
    size_t channels = channel_count(input);

    if (input->layout == CLV_LAYOUT_NCHW) {
        return (struct strides){image->width, 1,
                                (size_t)image->width * image->height};
    }
    return (struct strides){image->width * channels, channels, 1};
}

static void fill_row(const struct clv_card_input *input, const uint8_t *row,
                     uint32_t width, uint32_t c, struct strides s,
                     const struct tables *t, const cleave_tensor *into,
                     size_t at)
{
    for (uint32_t x = 0; x < width; x++, row += CLV_IMAGE_CHANNELS, at += s.x) {
        uint8_t v = level(row, input->channels, c);

        switch (into->info.type) {
        case CLEAVE_TYPE_F16:
            ((uint16_t *)into->data)[at] = t->f16[c][v];
            break;
        case CLEAVE_TYPE_U8:
            ((uint8_t *)into->data)[at] = t->u8[c][v];
            break;
        default:
            ((float *)into->data)[at] = t->f32[c][v];
            break;
        }
    }
}

static void fill(const struct clv_card_input *input,
                 const struct clv_image *image, const cleave_tensor *into)
{
    struct tables tables;
    struct strides s = strides_of(input, image);

    fill_tables(input, into->info.type, &tables);
    for (uint32_t c = 0; c < channel_count(input); c++) {
        for (uint32_t y = 0; y < image->height; y++) {
            const uint8_t *row =
                image->pixels + (size_t)y * image->width * CLV_IMAGE_CHANNELS;
            fill_row(input, row, image->width, c, s, &tables, into,
                     y * s.y + c * s.channel);
        }
    }
}

cleave_status clv_prepare_geometry(struct clv_preparer *preparer,
                                   const struct clv_card_input *input,
                                   struct clv_image *image, const char *where,
                                   cleave_error *err)
{
    for (size_t i = 0; i < input->step_count; i++) {
        cleave_status status =
            do_step(preparer, &input->steps[i], image, where, err);
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_prepare_values(const struct clv_card_input *input,
                                 const struct clv_image *image,
                                 const char *where, const cleave_tensor *into,
                                 cleave_error *err)
{
    size_t need = (size_t)image->width * image->height * channel_count(input) *
                  cleave_type_bytes(into->info.type);

    if (need != into->bytes) {
        return clv_fail(err, CLEAVE_INVALID, where,
                        "The prepared picture has %zu bytes, room was made "
                        "for %zu.",
                        need, into->bytes);
    }
    fill(input, image, into);
    return CLEAVE_OK;
}

cleave_status clv_prepare(struct clv_preparer *preparer,
                          const struct clv_card_input *input,
                          struct clv_image *image, const char *where,
                          const cleave_tensor *into, cleave_error *err)
{
    cleave_status status =
        clv_prepare_geometry(preparer, input, image, where, err);

    if (status == CLEAVE_OK) {
        status = clv_prepare_values(input, image, where, into, err);
    }
    return status;
}
