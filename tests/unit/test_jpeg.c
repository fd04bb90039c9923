/*
 * test_jpeg.c - colour, gray and CMYK; damaged and hostile files.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "media/image.h"

#define SIDE 16

/* A flat picture, so that quality and sampling hardly change it. */
static clv_bytes encode(const uint8_t *pixel, int channels, int format,
                        int sampling, int flags)
{
    uint8_t pixels[SIDE * SIDE * 4];
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();

    for (int i = 0; i < SIDE * SIDE; i++) {
        memcpy(pixels + i * channels, pixel, (size_t)channels);
    }
    assert_int_equal(0, tjCompress2(handle, pixels, SIDE, 0, SIDE, format,
                                    &jpeg, &size, sampling, 95, flags));
    tjDestroy(handle);
    return (clv_bytes){jpeg, size};
}

static void drop(clv_bytes jpeg)
{
    tjFree((unsigned char *)(uintptr_t)jpeg.data);
}

static void assert_pixel(clv_bytes jpeg, int r, int g, int b)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(CLEAVE_OK,
                     clv_image_decode(jpeg, 0, "a.jpg", &image, &err));
    assert_int_equal(SIDE, image.width);
    assert_int_equal(SIDE, image.height);
    for (int i = 0; i < SIDE * SIDE; i++) {
        assert_in_range(image.pixels[3 * i] - r + 3, 0, 6);
        assert_in_range(image.pixels[3 * i + 1] - g + 3, 0, 6);
        assert_in_range(image.pixels[3 * i + 2] - b + 3, 0, 6);
    }
    clv_image_fini(&image);
}

static void every_colour_space_becomes_rgb(void **state)
{
    const uint8_t rgb[] = {200, 100, 50};
    const uint8_t gray[] = {77};
    const uint8_t cmyk[] = {255, 128, 64, 200}; /* inverted, as in files */
    clv_bytes jpeg;

    (void)state;
    jpeg = encode(rgb, 3, TJPF_RGB, TJSAMP_420, 0);
    assert_pixel(jpeg, 200, 100, 50);
    drop(jpeg);
    jpeg = encode(rgb, 3, TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE);
    assert_pixel(jpeg, 200, 100, 50);
    drop(jpeg);
    jpeg = encode(gray, 1, TJPF_GRAY, TJSAMP_GRAY, 0);
    assert_pixel(jpeg, 77, 77, 77);
    drop(jpeg);
    jpeg = encode(cmyk, 4, TJPF_CMYK, TJSAMP_444, 0);
    assert_pixel(jpeg, 200, 100, 50);
    drop(jpeg);
}

static void assert_refused(clv_bytes jpeg, uint64_t max_pixels,
                           cleave_status want)
{
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    assert_int_equal(want,
                     clv_image_decode(jpeg, max_pixels, "a.jpg", &image, &err));
    assert_string_equal("a.jpg", err.where);
    assert_true(strlen(err.text) > 0);
    clv_image_fini(&image);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    const uint8_t rgb[] = {1, 2, 3};
    clv_bytes jpeg = encode(rgb, 3, TJPF_RGB, TJSAMP_420, 0);

    (void)state;
    for (size_t size = 3; size < jpeg.size - 1; size++) {
        assert_refused((clv_bytes){jpeg.data, size}, 0, CLEAVE_CORRUPT);
    }
    drop(jpeg);
}

static void large_pictures_are_refused_by_their_header(void **state)
{
    const uint8_t rgb[] = {1, 2, 3};
    clv_bytes jpeg = encode(rgb, 3, TJPF_RGB, TJSAMP_444, 0);
    uint8_t *bytes = (uint8_t *)(uintptr_t)jpeg.data;

    (void)state;
    assert_refused(jpeg, SIDE * SIDE - 1, CLEAVE_LIMIT);
    for (size_t i = 0; i + 8 < jpeg.size; i++) {
        if (bytes[i] == 0xff && bytes[i + 1] == 0xc0) {
            memcpy(bytes + i + 5, "\xff\xdc\xff\xdc", 4); /* 65500 x 65500 */
        }
    }
    assert_refused(jpeg, 0, CLEAVE_LIMIT);
    drop(jpeg);
}

/* The file with an EXIF segment of this length field after its start. */
static clv_bytes with_exif(clv_bytes jpeg, unsigned length, uint8_t *into)
{
    static const char exif[] = "Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1"
                               "\0\6\0\0\0\0\0\0";
    size_t extra = 4 + sizeof exif - 1;

    memcpy(into, "\xff\xd8\xff\xe1", 4);
    into[4] = (uint8_t)(length >> 8);
    into[5] = (uint8_t)length;
    memcpy(into + 6, exif, sizeof exif - 1);
    memcpy(into + 2 + extra, jpeg.data + 2, jpeg.size - 2);
    return (clv_bytes){into, jpeg.size + extra};
}

static void exif_is_skipped_and_its_length_not_trusted(void **state)
{
    const uint8_t rgb[] = {200, 100, 50};
    clv_bytes jpeg = encode(rgb, 3, TJPF_RGB, TJSAMP_444, 0);
    uint8_t *file = malloc(jpeg.size + 100);

    (void)state;
    assert_non_null(file);
    assert_pixel(with_exif(jpeg, 34, file), 200, 100, 50);
    assert_refused(with_exif(jpeg, 65535, file), 0, CLEAVE_CORRUPT);
    assert_refused(with_exif(jpeg, 1, file), 0, CLEAVE_CORRUPT);
    free(file);
    drop(jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_colour_space_becomes_rgb),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(large_pictures_are_refused_by_their_header),
        cmocka_unit_test(exif_is_skipped_and_its_length_not_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
