/*
 * sending.c - what is sent of the tensors at the cut.
 *
 * One message, in memory that the lane keeps: a frame for each tensor, in the
 * cut's order, or at the cut `input` the prepared picture, encoded. What a
 * packing asks of the cut is checked once, when the session opens, so that
 * nothing of it is left to fail at the first inference.
 */
#include <string.h>

#include "base/fail.h"
#include "run/device.h"

static int has_picture(const cleave_session *s)
{
    return s->card != NULL && s->card->input_count == 1 && s->cut_count == 1 &&
           s->card->inputs[0].kind == CLV_KIND_IMAGE;
}

static cleave_status check_picture(const cleave_session *s, cleave_error *err)
{
    if (strcmp(s->cut, CLV_CUT_INPUT) != 0) {
        return clv_fail(err, CLEAVE_INVALID, "pack",
                        "The packing %s sends the picture itself, so it goes "
                        "only with the cut 'input', not with '%.100s'.",
                        clv_coder_name(s->packing.coder), s->cut);
    }
    if (!has_picture(s)) {
        return clv_fail(err, CLEAVE_INVALID, "pack",
                        "The packing %s sends a picture; the model needs a "
                        "card that says that its one input is an image. Name "
                        "one (--card), or pack the tensors.",
                        clv_coder_name(s->packing.coder));
    }
    return CLEAVE_OK;
}

/* Floating-point tensors cannot be quantised without being told how finely. */
static cleave_status check_step(const cleave_session *s, cleave_error *err)
{
    const struct clv_packing *p = &s->packing;

    if (p->coder == CLV_CODER_RAW || p->step > 0 || p->bits > 0) {
        return CLEAVE_OK;
    }
    for (size_t i = 0; i < s->cut_count; i++) {
        cleave_type type = s->cut_tensors[i].type;
        if (type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16) {
            return clv_fail(err, CLEAVE_INVALID, "pack",
                            "The tensor '%.150s' is %s, so the packing needs "
                            "a step, for example %s:step=0.5sd, or bits.",
                            s->cut_tensors[i].name, cleave_type_name(type),
                            clv_coder_name(p->coder));
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_sending_check(const cleave_session *session,
                                cleave_error *err)
{
    if (clv_packing_is_picture(&session->packing)) {
        return check_picture(session, err);
    }
    return check_step(session, err);
}

cleave_status clv_sending_tensor(const cleave_session *session,
                                 struct clv_lane *lane, size_t i,
                                 const cleave_tensor *tensor, cleave_error *err)
{
    cleave_tensor named = *tensor;

    named.info.name = session->cut_tensors[i].name;
    if (i == 0) {
        clv_buffer_reset(&lane->message);
    }
    return clv_codec_pack(lane->codec, &session->packing, &named,
                          i + 1 == session->cut_count, &lane->message, err);
}

cleave_status clv_sending_picture(const cleave_session *session,
                                  struct clv_lane *lane, cleave_error *err)
{
    enum clv_image_kind kind = session->packing.coder == CLV_CODER_JPEG
                                   ? CLV_IMAGE_JPEG
                                   : CLV_IMAGE_WEBP;

    clv_buffer_reset(&lane->message);
    return clv_picture_encode(&lane->encoder, &lane->sample.image, kind,
                              (int)session->packing.quality, "picture",
                              &lane->message, err);
}

const char *clv_sending_type(const cleave_session *session)
{
    switch (session->packing.coder) {
    case CLV_CODER_JPEG:
        return "image/jpeg";
    case CLV_CODER_WEBP:
        return "image/webp";
    default:
        return NULL;
    }
}
