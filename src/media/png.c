/*
 * png.c - PNG through libspng, asked for plain 8-bit RGB.
 *
 * libspng widens few bits, narrows 16 and looks palettes up by itself.
 * Transparency is not asked for, so it falls away. Checksums are checked:
 * a file with a wrong one is refused.
 */
#include "media/image.h"

#include <spng.h>

#include "base/fail.h"

/* The most that one side chunk (a profile, a text) may take, and all. */
#define CHUNK_BYTES ((size_t)8 << 20)
#define CHUNKS_BYTES ((size_t)16 << 20)

static cleave_status refuse(int code, const char *where, cleave_error *err)
{
    if (code == SPNG_EMEM || code == SPNG_EZLIB_INIT) {
        return clv_fail(err, CLEAVE_MEMORY, where,
                        "No memory to decode the PNG.");
    }
    if (code == SPNG_EUSER_WIDTH || code == SPNG_EUSER_HEIGHT ||
        code == SPNG_EOVERFLOW) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "A side of this PNG is longer than %d pixels; use a "
                        "smaller picture.",
                        CLV_IMAGE_SIDE_MAX);
    }
    return clv_fail(err, CLEAVE_CORRUPT, where,
                    "The PNG is damaged or cut short (%s); get it again.",
                    spng_strerror(code));
}

/* Sets limits and reads the header. */
static cleave_status read_header(spng_ctx *ctx, clv_bytes bytes,
                                 const char *where, struct spng_ihdr *ret_head,
                                 cleave_error *err)
{
    int code = spng_set_png_buffer(ctx, bytes.data, bytes.size);

    if (code == 0) {
        code =
            spng_set_image_limits(ctx, CLV_IMAGE_SIDE_MAX, CLV_IMAGE_SIDE_MAX);
    }
    if (code == 0) {
        code = spng_set_chunk_limits(ctx, CHUNK_BYTES, CHUNKS_BYTES);
    }
    if (code == 0) {
        code = spng_get_ihdr(ctx, ret_head);
    }
    return code == 0 ? CLEAVE_OK : refuse(code, where, err);
}

static cleave_status decode(spng_ctx *ctx, clv_bytes bytes, uint64_t max_pixels,
                            const char *where, struct clv_image *into,
                            cleave_error *err)
{
    struct spng_ihdr head;
    size_t size = 0;
    int code;
    cleave_status status = read_header(ctx, bytes, where, &head, err);

    if (status == CLEAVE_OK) {
        status = clv_image_shape(into, head.width, head.height, max_pixels,
                                 where, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    code = spng_decoded_image_size(ctx, SPNG_FMT_RGB8, &size);
    if (code == 0 && size > into->capacity) {
        code = SPNG_EINTERNAL;
    }
    if (code == 0) {
        code = spng_decode_image(ctx, into->pixels, size, SPNG_FMT_RGB8, 0);
    }
    return code == 0 ? CLEAVE_OK : refuse(code, where, err);
}

cleave_status clv_png_measure(clv_bytes bytes, const char *where,
                              uint32_t *ret_width, uint32_t *ret_height,
                              cleave_error *err)
{
    spng_ctx *ctx = spng_ctx_new(0);
    struct spng_ihdr head;
    cleave_status status;

    if (ctx == NULL) {
        return refuse(SPNG_EMEM, where, err);
    }
    status = read_header(ctx, bytes, where, &head, err);
    if (status == CLEAVE_OK) {
        *ret_width = head.width;
        *ret_height = head.height;
    }
    spng_ctx_free(ctx);
    return status;
}

cleave_status clv_png_decode(clv_bytes bytes, uint64_t max_pixels,
                             const char *where, struct clv_image *into,
                             cleave_error *err)
{
    spng_ctx *ctx = spng_ctx_new(0);
    cleave_status status;

    if (ctx == NULL) {
        return refuse(SPNG_EMEM, where, err);
    }
    status = decode(ctx, bytes, max_pixels, where, into, err);
    spng_ctx_free(ctx);
    return status;
}
