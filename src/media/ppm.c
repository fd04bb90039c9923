/*
 * ppm.c - binary PPM (P6), the format that needs no decoder.
 *
 *     "P6" space width space height space 255 one-space pixels
 *
 * Spaces may hold comments, from # to the end of the line. Only 8-bit
 * pictures with a maximum of 255 are taken. Bytes after the pixels (a second
 * picture, by the format) are ignored.
 */
#include "media/image.h"

#include <string.h>

#include "base/fail.h"

/* No number in a header we accept has more digits. */
#define DIGITS_MAX 7

#define MAGIC_BYTES 2

struct scan {
    clv_bytes in;
    size_t at;
};

static int is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int skip_space(struct scan *s)
{
    size_t start = s->at;
    int in_comment = 0;

    for (; s->at < s->in.size; s->at++) {
        uint8_t c = s->in.data[s->at];
        if (in_comment) {
            in_comment = c != '\n' && c != '\r';
        } else if (c == '#') {
            in_comment = 1;
        } else if (!is_space(c)) {
            break;
        }
    }
    return s->at > start;
}

/* A space and a number after it. */
static int scan_number(struct scan *s, uint32_t *ret_number)
{
    uint32_t number = 0;
    int digits = 0;

    if (!skip_space(s)) {
        return 0;
    }
    while (s->at < s->in.size && digits <= DIGITS_MAX) {
        uint8_t c = s->in.data[s->at];
        if (c < '0' || c > '9') {
            break;
        }
        number = number * 10 + (uint32_t)(c - '0');
        digits++;
        s->at++;
    }
    *ret_number = number;
    return digits > 0 && digits <= DIGITS_MAX;
}

/* Reads up to the pixels. */
static cleave_status read_header(struct scan *s, const char *where,
                                 uint32_t *ret_width, uint32_t *ret_height,
                                 cleave_error *err)
{
    uint32_t width;
    uint32_t height;
    uint32_t most;

    if (!scan_number(s, &width) || !scan_number(s, &height) ||
        !scan_number(s, &most) || s->at == s->in.size ||
        !is_space(s->in.data[s->at])) {
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The header of this PPM is not \"P6 width height "
                        "255\".");
    }
    if (most != 255) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "This PPM counts to %u; only 255 is read.", most);
    }
    s->at++;
    *ret_width = width;
    *ret_height = height;
    return CLEAVE_OK;
}

cleave_status clv_ppm_measure(clv_bytes bytes, const char *where,
                              uint32_t *ret_width, uint32_t *ret_height,
                              cleave_error *err)
{
    struct scan s = {bytes, MAGIC_BYTES};

    return read_header(&s, where, ret_width, ret_height, err);
}

cleave_status clv_ppm_decode(clv_bytes bytes, uint64_t max_pixels,
                             const char *where, struct clv_image *into,
                             cleave_error *err)
{
    struct scan s = {bytes, MAGIC_BYTES};
    uint32_t width;
    uint32_t height;
    size_t need;
    cleave_status status = read_header(&s, where, &width, &height, err);

    if (status == CLEAVE_OK) {
        status = clv_image_shape(into, width, height, max_pixels, where, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    need = (size_t)width * height * CLV_IMAGE_CHANNELS;
    if (bytes.size - s.at < need) {
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The PPM is cut short: %zu bytes of pixels, %zu "
                        "wanted.",
                        bytes.size - s.at, need);
    }
    memcpy(into->pixels, bytes.data + s.at, need);
    return CLEAVE_OK;
}
