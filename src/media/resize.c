/*
 * resize.c - a separable, antialiased bilinear resize, equal to Pillow's.
 *
 * Each pass first works out, for every output position, the run of input
 * positions under the triangle and their weights as fixed-point numbers of
 * 22 bits (so 255 times a sum of weights fits 31), then is a weighted sum.
 *
 *     spans   [out]          first input and how many
 *     weights [out * taps]   at most `taps` an output
 *     sums    [row]          one row of sums, for the vertical pass
 *
 * all in one block of the resizer. No SIMD by hand: the loops are plain
 * enough for the compiler.
 */
#include "media/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define WEIGHT_BITS 22
#define ONE_HALF (1 << (WEIGHT_BITS - 1))

struct span {
    uint32_t first;
    uint32_t count;
};

/* One axis of the resize, ready to be applied. */
struct axis {
    uint32_t out;
    uint32_t taps;
    struct span *spans;
    int32_t *weights;
    int32_t *sums;
};

void clv_resizer_init(struct clv_resizer *resizer)
{
    *resizer = (struct clv_resizer){0};
    clv_image_init(&resizer->half);
}

void clv_resizer_fini(struct clv_resizer *resizer)
{
    free(resizer->memory);
    clv_image_fini(&resizer->half);
    clv_resizer_init(resizer);
}

static double reach_of(uint32_t in, uint32_t out)
{
    double scale = (double)in / out;

    return scale > 1.0 ? scale : 1.0;
}

/* Lays the axis out in the resizer's block, which grows to hold it. */
static cleave_status lay_out(struct clv_resizer *r, uint32_t in, uint32_t out,
                             size_t row, const char *where, struct axis *axis,
                             cleave_error *err)
{
    uint32_t taps = (uint32_t)ceil(reach_of(in, out)) * 2 + 1;
    size_t spans = out * sizeof(struct span);
    size_t weights = (size_t)out * taps * sizeof(int32_t);
    size_t need = spans + weights + row * sizeof(int32_t);

    if (need > r->capacity) {
        uint8_t *memory = realloc(r->memory, need);
        if (memory == NULL) {
            return clv_fail_memory(err, where, need);
        }
        r->memory = memory;
        r->capacity = need;
    }
    axis->out = out;
    axis->taps = taps;
    axis->spans = (void *)r->memory;
    axis->weights = (void *)(r->memory + spans);
    axis->sums = (void *)(r->memory + spans + weights);
    return CLEAVE_OK;
}

static uint32_t clamp_to(double x, uint32_t most)
{
    if (x <= 0) {
        return 0;
    }
    return x >= (double)most ? most : (uint32_t)x;
}

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static void weigh(struct axis *axis, uint32_t in)
{
    double reach = reach_of(in, axis->out);
    double scale = (double)in / axis->out;
    double shrink = 1.0 / reach;

    for (uint32_t o = 0; o < axis->out; o++) {
        struct span *span = &axis->spans[o];
        int32_t *weights = axis->weights + (size_t)o * axis->taps;
        double centre = (o + 0.5) * scale;
        double total = 0; /* products as Pillow's, to round as it does */

        span->first = clamp_to(centre - reach + 0.5, in);
        span->count = clamp_to(centre + reach + 0.5, in) - span->first;
        for (uint32_t i = 0; i < span->count; i++) {
            total += triangle((i + span->first - centre + 0.5) * shrink);
        }
        for (uint32_t i = 0; i < span->count; i++) {
            double w = triangle((i + span->first - centre + 0.5) * shrink);
            weights[i] =
                (int32_t)(0.5 + w * (1.0 / total) * (1 << WEIGHT_BITS));
        }
    }
}

static uint8_t byte_of(int32_t sum)
{
    sum >>= WEIGHT_BITS; /* never negative: all weights are positive */
    return (uint8_t)(sum > 255 ? 255 : sum);
}

static void pass_across(const struct axis *axis, const struct clv_image *in,
                        struct clv_image *into)
{
    for (uint32_t y = 0; y < in->height; y++) {
        const uint8_t *row = in->pixels + (size_t)y * in->width * 3;
        uint8_t *out = into->pixels + (size_t)y * into->width * 3;

        for (uint32_t o = 0; o < axis->out; o++, out += 3) {
            const int32_t *w = axis->weights + (size_t)o * axis->taps;
            const uint8_t *p = row + (size_t)axis->spans[o].first * 3;
            int32_t sums[3] = {ONE_HALF, ONE_HALF, ONE_HALF};

            for (uint32_t i = 0; i < axis->spans[o].count; i++, p += 3) {
                sums[0] += w[i] * p[0];
                sums[1] += w[i] * p[1];
                sums[2] += w[i] * p[2];
            }
            out[0] = byte_of(sums[0]);
            out[1] = byte_of(sums[1]);
            out[2] = byte_of(sums[2]);
        }
    }
}

static void add_row(int32_t *restrict sums, const uint8_t *restrict row,
                    int32_t weight, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sums[i] += weight * row[i];
    }
}

static void pass_down(const struct axis *axis, const struct clv_image *in,
                      struct clv_image *into)
{
    size_t row = (size_t)in->width * 3;

    for (uint32_t o = 0; o < axis->out; o++) {
        const int32_t *w = axis->weights + (size_t)o * axis->taps;
        const uint8_t *p = in->pixels + axis->spans[o].first * row;
        uint8_t *out = into->pixels + o * row;

        for (size_t i = 0; i < row; i++) {
            axis->sums[i] = ONE_HALF;
        }
        for (uint32_t i = 0; i < axis->spans[o].count; i++, p += row) {
            add_row(axis->sums, p, w[i], row);
        }
        for (size_t i = 0; i < row; i++) {
            out[i] = byte_of(axis->sums[i]);
        }
    }
}

static cleave_status resize_across(struct clv_resizer *r,
                                   const struct clv_image *in, uint32_t width,
                                   uint64_t max_pixels, const char *where,
                                   struct clv_image *into, cleave_error *err)
{
    struct axis axis = {0};
    cleave_status status =
        clv_image_shape(into, width, in->height, max_pixels, where, err);

    if (status == CLEAVE_OK) {
        status = lay_out(r, in->width, width, 0, where, &axis, err);
    }
    if (status == CLEAVE_OK) {
        weigh(&axis, in->width);
        pass_across(&axis, in, into);
    }
    return status;
}

static cleave_status resize_down(struct clv_resizer *r,
                                 const struct clv_image *in, uint32_t height,
                                 uint64_t max_pixels, const char *where,
                                 struct clv_image *into, cleave_error *err)
{
    struct axis axis = {0};
    cleave_status status =
        clv_image_shape(into, in->width, height, max_pixels, where, err);

    if (status == CLEAVE_OK) {
        status = lay_out(r, in->height, height, (size_t)in->width * 3, where,
                         &axis, err);
    }
    if (status == CLEAVE_OK) {
        weigh(&axis, in->height);
        pass_down(&axis, in, into);
    }
    return status;
}

static cleave_status copy(const struct clv_image *in, uint64_t max_pixels,
                          const char *where, struct clv_image *into,
                          cleave_error *err)
{
    cleave_status status =
        clv_image_shape(into, in->width, in->height, max_pixels, where, err);

    if (status == CLEAVE_OK) {
        memcpy(into->pixels, in->pixels, (size_t)in->width * in->height * 3);
    }
    return status;
}

cleave_status clv_resize(struct clv_resizer *resizer,
                         const struct clv_image *in, uint32_t width,
                         uint32_t height, uint64_t max_pixels,
                         const char *where, struct clv_image *into,
                         cleave_error *err)
{
    cleave_status status;

    if (width == in->width && height == in->height) {
        return copy(in, max_pixels, where, into, err);
    }
    if (width == in->width) {
        return resize_down(resizer, in, height, max_pixels, where, into, err);
    }
    if (height == in->height) {
        return resize_across(resizer, in, width, max_pixels, where, into, err);
    }
    status = resize_across(resizer, in, width, max_pixels, where,
                           &resizer->half, err);
    if (status == CLEAVE_OK) {
        status = resize_down(resizer, &resizer->half, height, max_pixels, where,
                             into, err);
    }
    return status;
}

static uint64_t in_proportion(uint32_t longer, uint32_t side, uint32_t shorter)
{
    uint64_t length = (uint64_t)side * longer / shorter;

    return length > 0 ? length : 1;
}

void clv_resize_shorter(uint32_t width, uint32_t height, uint32_t shorter,
                        uint64_t *ret_width, uint64_t *ret_height)
{
    if (width <= height) {
        *ret_width = shorter;
        *ret_height = in_proportion(height, shorter, width);
    } else {
        *ret_width = in_proportion(width, shorter, height);
        *ret_height = shorter;
    }
}

/* Half of the margin, a half rounded to even. */
static uint32_t margin(uint32_t have, uint32_t want)
{
    uint32_t twice = have - want;
    uint32_t half = twice / 2;

    return half + (twice & half & 1);
}

cleave_status clv_crop_centre(struct clv_image *image, uint32_t width,
                              uint32_t height, const char *where,
                              cleave_error *err)
{
    uint32_t left;
    uint32_t top;
    size_t row = (size_t)width * 3;

    if (width > image->width || height > image->height) {
        return clv_fail(err, CLEAVE_MISMATCH, where,
                        "The card crops %ux%u pixels, but here the picture "
                        "has only %ux%u; put a resize or shorter step before "
                        "the crop, or use a larger picture.",
                        width, height, image->width, image->height);
    }
    left = margin(image->width, width);
    top = margin(image->height, height);
    for (uint32_t y = 0; y < height; y++) {
        size_t from = ((size_t)(top + y) * image->width + left) * 3;
        memmove(image->pixels + y * row, image->pixels + from, row);
    }
    image->width = width;
    image->height = height;
    return CLEAVE_OK;
}
