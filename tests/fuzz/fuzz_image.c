/*
 * fuzz_image.c - any bytes as a picture; what decodes is also prepared.
 *
 * The same bytes also come as a prepared picture over the wire, to a model
 * that takes any size and one that takes a single one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/image.h"
#include "media/picture.h"
#include "media/prepare.h"
#include "tensor/element.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that the fuzzer spends its time on files and not on pixels. */
#define MAX_PIXELS (256 * 1024)
#define SIDE 8

static void prepare(struct clv_image *image)
{
    float tensor[3 * SIDE * SIDE];
    struct clv_card_input input = {
        .step_count = 2,
        .steps = {{CLV_STEP_SHORTER, SIDE + 2, SIDE + 2},
                  {CLV_STEP_CROP, SIDE, SIDE}},
        .scale = 1,
        .std = {1, 1, 1},
    };
    cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, 4, {1, 3, SIDE, SIDE}};
    cleave_tensor into = {want, tensor, sizeof tensor};
    struct clv_preparer preparer;

    clv_preparer_init(&preparer, MAX_PIXELS);
    if (clv_prepare_form(&input, image->width, image->height, &want, "x",
                         &into.info, NULL) == CLEAVE_OK) {
        clv_prepare(&preparer, &input, image, "x", &into, NULL);
    }
    clv_preparer_fini(&preparer);
}

/* What is accepted must be the model's, and say so in its tensor. */
static void receive(clv_bytes bytes, const cleave_tensor_info *want)
{
    struct clv_card_input input = {.scale = 1, .std = {1, 1, 1}};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_preparer preparer;
    struct clv_buffer memory;
    cleave_tensor tensor;
    cleave_status status;

    clv_preparer_init(&preparer, MAX_PIXELS);
    clv_buffer_init(&memory, MAX_PIXELS * 3);
    status = clv_prepare_encoded(&preparer, &input, bytes, want, "x", &memory,
                                 &tensor, &err);
    if (status == CLEAVE_OK ? (!clv_tensor_fits(want, &tensor.info) ||
                               tensor.bytes != memory.size)
                            : err.text[0] == '\0') {
        abort();
    }
    clv_buffer_fini(&memory);
    clv_preparer_fini(&preparer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const cleave_tensor_info any = {
        "x", CLEAVE_TYPE_U8, 4, {1, 3, -1, -1}};
    static const cleave_tensor_info one = {
        "x", CLEAVE_TYPE_U8, 4, {1, 3, 12, 16}};
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_image_init(&image);
    if (clv_image_decode((clv_bytes){data, size}, MAX_PIXELS, "picture", &image,
                         &err) == CLEAVE_OK) {
        prepare(&image);
    } else if (strlen(err.text) == 0) {
        abort();
    }
    clv_image_fini(&image);
    receive((clv_bytes){data, size}, &any);
    receive((clv_bytes){data, size}, &one);
    return 0;
}
