/*
 * sending.c - what is sent of the tensors at the cut.
 *
 * One message, in memory that the lane keeps: a frame for each tensor, in the
 * cut's order, or at the cut `input` the prepared picture, encoded. What a
 * packing asks of the cut is checked once, when the rig opens, so that
 * nothing of it is left to fail at the first inference.
 */
#include <string.h>

#include "base/fail.h"
#include "run/rig.h"

static int has_picture(const struct clv_rig *r)
{
    const struct clv_card *card = r->ground->card;

    return card != NULL && card->input_count == 1 && r->cut_count == 1 &&
           card->inputs[0].kind == CLV_KIND_IMAGE;
}

static cleave_status check_picture(const struct clv_rig *r, cleave_error *err)
{
    if (strcmp(r->cut, CLV_CUT_INPUT) != 0) {
        return clv_fail(err, CLEAVE_INVALID, "pack",
                        "The packing %s sends the picture itself, so it goes "
                        "only with the cut 'input', not with '%.100s'.",
                        clv_coder_name(r->packing.coder), r->cut);
    }
    if (!has_picture(r)) {
        return clv_fail(err, CLEAVE_INVALID, "pack",
                        "The packing %s sends a picture; the model needs a "
                        "card that says that its one input is an image. Name "
                        "one (--card), or pack the tensors.",
                        clv_coder_name(r->packing.coder));
    }
    return CLEAVE_OK;
}

/* Floating-point tensors cannot be quantised without being told how finely. */
static cleave_status check_step(const struct clv_rig *r, cleave_error *err)
{
    const struct clv_packing *p = &r->packing;

    if (p->coder == CLV_CODER_RAW || p->step > 0 || p->bits > 0) {
        return CLEAVE_OK;
    }
    for (size_t i = 0; i < r->cut_count; i++) {
        cleave_type type = r->cut_tensors[i].type;
        if (type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16) {
            return clv_fail(err, CLEAVE_INVALID, "pack",
                            "The tensor '%.150s' is %s, so the packing needs "
                            "a step, for example %s:step=0.5sd, or bits.",
                            r->cut_tensors[i].name, cleave_type_name(type),
                            clv_coder_name(p->coder));
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_sending_check(const struct clv_rig *rig, cleave_error *err)
{
    if (clv_packing_is_picture(&rig->packing)) {
        return check_picture(rig, err);
    }
    return check_step(rig, err);
}

cleave_status clv_sending_tensor(const struct clv_rig *rig,
                                 struct clv_lane *lane, size_t i,
                                 const cleave_tensor *tensor, cleave_error *err)
{
    cleave_tensor named = *tensor;

    named.info.name = rig->cut_tensors[i].name;
    if (i == 0) {
        clv_buffer_reset(&lane->message);
    }
    return clv_codec_pack(lane->codec, &rig->packing, &named,
                          i + 1 == rig->cut_count, &lane->message, err);
}

cleave_status clv_sending_picture(const struct clv_rig *rig,
                                  struct clv_lane *lane, cleave_error *err)
{
    enum clv_image_kind kind =
        rig->packing.coder == CLV_CODER_JPEG ? CLV_IMAGE_JPEG : CLV_IMAGE_WEBP;

    clv_buffer_reset(&lane->message);
    return clv_picture_encode(&lane->encoder, &lane->sample.image, kind,
                              (int)rig->packing.quality, "picture",
                              &lane->message, err);
}

cleave_status clv_sending_unsent(const struct clv_rig *rig,
                                 struct clv_lane *lane,
                                 cleave_tensor *ret_tensor, cleave_error *err)
{
    const struct clv_card_input *input = &rig->ground->card->inputs[0];
    const struct clv_image *image = &lane->sample.image;
    cleave_tensor tensor = {0};
    uint64_t elements;
    uint64_t bytes;
    cleave_status status = clv_prepare_values_form(
        input, image->width, image->height, &rig->cut_tensors[0], "picture",
        &tensor.info, err);

    if (status == CLEAVE_OK) {
        status = cleave_tensor_count(&tensor.info, &elements, &bytes);
    }
    clv_buffer_reset(&lane->tensor);
    if (status == CLEAVE_OK) {
        status = clv_buffer_reserve(&lane->tensor, (size_t)bytes);
    }
    if (status != CLEAVE_OK) {
        return clv_fail(err, status, "picture",
                        "There is no room for the picture's tensor.");
    }
    tensor.data = lane->tensor.data;
    tensor.bytes = (size_t)bytes;
    status = clv_prepare_values(input, image, "picture", &tensor, err);
    if (status == CLEAVE_OK) {
        *ret_tensor = tensor;
    }
    return status;
}

const char *clv_sending_type(const struct clv_rig *rig)
{
    switch (rig->packing.coder) {
    case CLV_CODER_JPEG:
        return "image/jpeg";
    case CLV_CODER_WEBP:
        return "image/webp";
    default:
        return NULL;
    }
}
