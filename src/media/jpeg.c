/*
 * jpeg.c - JPEG through TurboJPEG.
 *
 * The library warns and goes on where a file is damaged, filling the rest
 * with gray. A gray half of a picture would quietly cost accuracy, so a
 * warning is an error here, but for bytes too many between two markers,
 * which cameras do leave and which cost nothing.
 *
 * CMYK and YCCK files come out as inverted CMYK, the convention of the one
 * program that writes them, so a channel of RGB is its product with K.
 */
#include "media/image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "base/fail.h"

/* Accurate DCT as in training; a file with hundreds of scans is a trap. */
#define FLAGS (TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)

#define CMYK_CHANNELS 4

static int is_harmless(tjhandle handle)
{
    return tjGetErrorCode(handle) == TJERR_WARNING &&
           strstr(tjGetErrorStr2(handle), "extraneous bytes") != NULL;
}

static cleave_status refuse(tjhandle handle, const char *where,
                            cleave_error *err)
{
    if (strstr(tjGetErrorStr2(handle), "emory") != NULL) {
        return clv_fail(err, CLEAVE_MEMORY, where,
                        "No memory to decode the JPEG.");
    }
    return clv_fail(err, CLEAVE_CORRUPT, where,
                    "The JPEG is damaged or cut short (%s); get it again.",
                    tjGetErrorStr2(handle));
}

static cleave_status decode_into(tjhandle handle, clv_bytes bytes,
                                 const struct clv_image *image, uint8_t *into,
                                 int format, const char *where,
                                 cleave_error *err)
{
    int code =
        tjDecompress2(handle, bytes.data, (unsigned long)bytes.size, into,
                      (int)image->width, 0, (int)image->height, format, FLAGS);

    if (code != 0 && !is_harmless(handle)) {
        return refuse(handle, where, err);
    }
    return CLEAVE_OK;
}

static uint8_t product(unsigned ink, unsigned black)
{
    return (uint8_t)((ink * black + 127) / 255);
}

static cleave_status decode_cmyk(tjhandle handle, clv_bytes bytes,
                                 struct clv_image *image, const char *where,
                                 cleave_error *err)
{
    size_t count = (size_t)image->width * image->height;
    uint8_t *cmyk = malloc(count * CMYK_CHANNELS);
    cleave_status status;

    if (cmyk == NULL) {
        return clv_fail_memory(err, where, count * CMYK_CHANNELS);
    }
    status = decode_into(handle, bytes, image, cmyk, TJPF_CMYK, where, err);
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        const uint8_t *in = cmyk + i * CMYK_CHANNELS;
        uint8_t *out = image->pixels + i * CLV_IMAGE_CHANNELS;
        for (size_t c = 0; c < CLV_IMAGE_CHANNELS; c++) {
            out[c] = product(in[c], in[3]);
        }
    }
    free(cmyk);
    return status;
}

/* What the header says. `ret_colours` is of enum TJCS. */
static cleave_status read_header(tjhandle handle, clv_bytes bytes,
                                 const char *where, uint32_t *ret_width,
                                 uint32_t *ret_height, int *ret_colours,
                                 cleave_error *err)
{
    int width = 0;
    int height = 0;
    int sampling = 0;

    if (tjDecompressHeader3(handle, bytes.data, (unsigned long)bytes.size,
                            &width, &height, &sampling, ret_colours) != 0 ||
        width < 0 || height < 0) {
        return refuse(handle, where, err);
    }
    *ret_width = (uint32_t)width;
    *ret_height = (uint32_t)height;
    return CLEAVE_OK;
}

static cleave_status decode(tjhandle handle, clv_bytes bytes,
                            uint64_t max_pixels, const char *where,
                            struct clv_image *into, cleave_error *err)
{
    uint32_t width = 0;
    uint32_t height = 0;
    int colours = 0;
    cleave_status status =
        read_header(handle, bytes, where, &width, &height, &colours, err);

    if (status == CLEAVE_OK) {
        status = clv_image_shape(into, width, height, max_pixels, where, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
        return decode_cmyk(handle, bytes, into, where, err);
    }
    return decode_into(handle, bytes, into, into->pixels, TJPF_RGB, where, err);
}

static cleave_status open_decoder(clv_bytes bytes, const char *where,
                                  tjhandle *ret_handle, cleave_error *err)
{
    if (bytes.size > INT_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "A JPEG of %zu bytes is too large.", bytes.size);
    }
    *ret_handle = tjInitDecompress();
    if (*ret_handle == NULL) {
        return clv_fail_memory(err, where, bytes.size);
    }
    return CLEAVE_OK;
}

cleave_status clv_jpeg_measure(clv_bytes bytes, const char *where,
                               uint32_t *ret_width, uint32_t *ret_height,
                               cleave_error *err)
{
    tjhandle handle;
    int colours;
    cleave_status status = open_decoder(bytes, where, &handle, err);

    if (status == CLEAVE_OK) {
        status = read_header(handle, bytes, where, ret_width, ret_height,
                             &colours, err);
        tjDestroy(handle);
    }
    return status;
}

cleave_status clv_jpeg_decode(clv_bytes bytes, uint64_t max_pixels,
                              const char *where, struct clv_image *into,
                              cleave_error *err)
{
    tjhandle handle;
    cleave_status status = open_decoder(bytes, where, &handle, err);

    if (status == CLEAVE_OK) {
        status = decode(handle, bytes, max_pixels, where, into, err);
        tjDestroy(handle);
    }
    return status;
}
