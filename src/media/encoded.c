/*
 * encoded.c - from a picture that came over the wire to the input tensor.
 *
 * The sender is not trusted to have done the geometry, so size comes first:
 * it is read from the header and compared with the model's, and only a
 * picture that is exactly right is decoded. So the most that a hostile one
 * can have allocated is what an honest one has.
 */
#include "media/picture.h"

#include "base/fail.h"
#include "tensor/element.h"

#define FORM_TEXT 128

/* Room for the tensor in `into`, which then is its content. */
static cleave_status make_tensor(const cleave_tensor_info *info,
                                 const char *where, struct clv_buffer *into,
                                 cleave_tensor *ret_tensor, cleave_error *err)
{
    char text[FORM_TEXT];
    uint64_t elements;
    uint64_t bytes;
    cleave_status status = cleave_tensor_count(info, &elements, &bytes);

    clv_buffer_reset(into);
    if (status != CLEAVE_OK || bytes > into->max) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The tensor %s of this picture has more than the %zu "
                        "bytes that it may have; send a smaller one.",
                        clv_tensor_describe(info, text, sizeof text),
                        into->max);
    }
    status = clv_buffer_reserve(into, (size_t)bytes);
    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, where, (size_t)bytes);
    }
    into->size = (size_t)bytes;
    *ret_tensor = (cleave_tensor){*info, into->data, (size_t)bytes};
    return CLEAVE_OK;
}

cleave_status clv_prepare_encoded(struct clv_preparer *preparer,
                                  const struct clv_card_input *input,
                                  clv_bytes bytes,
                                  const cleave_tensor_info *want,
                                  const char *where, struct clv_buffer *into,
                                  cleave_tensor *ret_tensor, cleave_error *err)
{
    struct clv_image *image = &preparer->other;
    cleave_tensor tensor;
    cleave_tensor_info info;
    uint32_t width;
    uint32_t height;
    cleave_status status =
        clv_image_measure(bytes, where, &width, &height, err);

    if (status == CLEAVE_OK) {
        status = clv_prepare_values_form(input, width, height, want, where,
                                         &info, err);
    }
    if (status == CLEAVE_OK) {
        status = make_tensor(&info, where, into, &tensor, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_image_decode(bytes, preparer->max_pixels, where, image, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_prepare_values(input, image, where, &tensor, err);
    }
    if (status == CLEAVE_OK) {
        *ret_tensor = tensor;
    }
    return status;
}
