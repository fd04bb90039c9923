/*
 * scratch_picture.h - pictures drawn by a rule, and how far two are apart.
 */
#ifndef SCRATCH_PICTURE_H
#define SCRATCH_PICTURE_H

#include <stdint.h>
#include <stdlib.h>

#include "media/image.h"

/* Slopes in all channels with a little noise, as photographs have. */
static inline void draw_picture(struct clv_image *image, uint32_t width,
                                uint32_t height)
{
    uint32_t noise = 1;

    assert_int_equal(CLEAVE_OK,
                     clv_image_shape(image, width, height, 0, "p", NULL));
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t *pixel = image->pixels + ((size_t)y * width + x) * 3;

            noise = noise * 1664525u + 1013904223u;
            pixel[0] = (uint8_t)(20 + 200 * x / width + (noise >> 29));
            pixel[1] = (uint8_t)(20 + 200 * y / height + (noise >> 29));
            pixel[2] = (uint8_t)(220 - 200 * x / width + (noise >> 29));
        }
    }
}

/* The mean of the squared differences of all bytes. */
static inline double picture_error(const struct clv_image *a,
                                   const struct clv_image *b)
{
    size_t count = (size_t)a->width * a->height * 3;
    double sum = 0;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (size_t i = 0; i < count; i++) {
        double apart = (double)a->pixels[i] - b->pixels[i];
        sum += apart * apart;
    }
    return sum / (double)count;
}

#endif
