/*
 * parcel.c - tensors through a packing and back, as the other side gets them.
 *
 * The codec for packing and the one for unpacking are two, as they are on two
 * machines: nothing but the message passes between them.
 */
#include "profile/parcel.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "codec/codec.h"
#include "media/picture.h"
#include "media/prepare.h"
#include "tensor/element.h"

/* The largest message, and the largest tensor of a picture. */
#define MESSAGE_MAX ((size_t)4 << 30)

/* Memory for one tensor that came back. */
struct room {
    void *data;
    size_t capacity;
};

struct clv_parcel {
    const struct clv_calibration *calibration;
    struct clv_clock clock;
    struct clv_codec *packer;
    struct clv_codec *unpacker;
    struct clv_buffer message;
    struct room *rooms;
    cleave_tensor *tensors;
    size_t max_tensors;
    struct clv_picture_encoder encoder;
    struct clv_preparer preparer;
    struct clv_buffer filled; /* the tensor of a picture */
};

cleave_status clv_parcel_new(const struct clv_calibration *calibration,
                             size_t max_tensors, struct clv_clock clock,
                             struct clv_parcel **ret_parcel, cleave_error *err)
{
    struct clv_parcel *p = calloc(1, sizeof *p);
    cleave_status status;

    if (p == NULL) {
        return clv_fail_memory(err, "packing", sizeof *p);
    }
    p->calibration = calibration;
    p->clock = clock;
    p->max_tensors = max_tensors;
    clv_buffer_init(&p->message, MESSAGE_MAX);
    clv_buffer_init(&p->filled, MESSAGE_MAX);
    clv_picture_encoder_init(&p->encoder);
    clv_preparer_init(&p->preparer, 0);
    p->rooms = calloc(max_tensors, sizeof *p->rooms);
    p->tensors = calloc(max_tensors, sizeof *p->tensors);
    status = clv_codec_new(calibration, &p->packer);
    if (status == CLEAVE_OK) {
        status = clv_codec_new(calibration, &p->unpacker);
    }
    if (status != CLEAVE_OK || p->rooms == NULL || p->tensors == NULL) {
        clv_parcel_free(p);
        return clv_fail_memory(err, "packing", sizeof *p);
    }
    *ret_parcel = p;
    return CLEAVE_OK;
}

void clv_parcel_free(struct clv_parcel *parcel)
{
    if (parcel == NULL) {
        return;
    }
    for (size_t i = 0; parcel->rooms != NULL && i < parcel->max_tensors; i++) {
        free(parcel->rooms[i].data);
    }
    free(parcel->rooms);
    free(parcel->tensors);
    clv_codec_free(parcel->packer);
    clv_codec_free(parcel->unpacker);
    clv_buffer_fini(&parcel->message);
    clv_buffer_fini(&parcel->filled);
    clv_picture_encoder_fini(&parcel->encoder);
    clv_preparer_fini(&parcel->preparer);
    free(parcel);
}

static cleave_status make_room(struct room *room, size_t bytes,
                               cleave_error *err)
{
    void *data;

    if (bytes <= room->capacity && room->data != NULL) {
        return CLEAVE_OK;
    }
    data = realloc(room->data, bytes > 0 ? bytes : 1);
    if (data == NULL) {
        return clv_fail_memory(err, "packing", bytes);
    }
    room->data = data;
    room->capacity = bytes;
    return CLEAVE_OK;
}

static cleave_status pack(struct clv_parcel *p,
                          const struct clv_packing *packing,
                          const cleave_tensor *tensors, size_t count,
                          cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    clv_buffer_reset(&p->message);
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = clv_codec_pack(p->packer, packing, &tensors[i], i + 1 == count,
                                &p->message, err);
    }
    return status;
}

/* The next frame of `rest` into place `i`; it must be what `sent` was. */
static cleave_status unpack_one(struct clv_parcel *p, clv_bytes *rest, size_t i,
                                const cleave_tensor *sent, cleave_error *err)
{
    struct clv_frame frame;
    cleave_status status = clv_frame_read(*rest, p->calibration, &frame, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (!clv_tensor_same_form(&frame.info, &sent->info) ||
        frame.bytes != sent->bytes) {
        return clv_fail(err, CLEAVE_CORRUPT, sent->info.name,
                        "The packing gives a tensor of another form back.");
    }
    status = make_room(&p->rooms[i], sent->bytes, err);
    if (status == CLEAVE_OK) {
        status = clv_codec_unpack(p->unpacker, &frame, p->rooms[i].data,
                                  sent->bytes, err);
    }
    p->tensors[i] = (cleave_tensor){
        .info = sent->info, .data = p->rooms[i].data, .bytes = sent->bytes};
    rest->data += frame.size;
    rest->size -= frame.size;
    return status;
}

static cleave_status unpack(struct clv_parcel *p, const cleave_tensor *sent,
                            size_t count, cleave_error *err)
{
    clv_bytes rest = clv_buffer_bytes(&p->message);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = unpack_one(p, &rest, i, &sent[i], err);
    }
    return status;
}

/* Elements of all tensors; forms were checked by whoever computed them. */
static uint64_t count_elements(const cleave_tensor *tensors, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += tensors[i].bytes / cleave_type_bytes(tensors[i].info.type);
    }
    return sum;
}

cleave_status clv_parcel_send(struct clv_parcel *parcel,
                              const struct clv_packing *packing,
                              const cleave_tensor *tensors, size_t count,
                              const cleave_tensor **ret_tensors,
                              struct clv_passage *ret_passage,
                              cleave_error *err)
{
    int64_t begun;
    int64_t packed;
    cleave_status status;

    if (count > parcel->max_tensors) {
        return clv_fail(err, CLEAVE_LIMIT, "packing",
                        "%zu tensors do not go together; at most %zu do.",
                        count, parcel->max_tensors);
    }
    begun = clv_clock_now_ns(parcel->clock);
    status = pack(parcel, packing, tensors, count, err);
    packed = clv_clock_now_ns(parcel->clock);
    if (status == CLEAVE_OK) {
        status = unpack(parcel, tensors, count, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    *ret_tensors = parcel->tensors;
    *ret_passage = (struct clv_passage){
        .bytes = parcel->message.size,
        .elements = count_elements(tensors, count),
        .encode_ns = packed - begun,
        .decode_ns = clv_clock_now_ns(parcel->clock) - packed,
    };
    return CLEAVE_OK;
}

cleave_status clv_parcel_send_picture(
    struct clv_parcel *parcel, const struct clv_packing *packing,
    const struct clv_image *image, const struct clv_card_input *input,
    const cleave_tensor_info *want, const char *where,
    const cleave_tensor **ret_tensor, struct clv_passage *ret_passage,
    cleave_error *err)
{
    enum clv_image_kind kind =
        packing->coder == CLV_CODER_JPEG ? CLV_IMAGE_JPEG : CLV_IMAGE_WEBP;
    int64_t begun = clv_clock_now_ns(parcel->clock);
    int64_t packed;
    cleave_status status;

    clv_buffer_reset(&parcel->message);
    status =
        clv_picture_encode(&parcel->encoder, image, kind, (int)packing->quality,
                           where, &parcel->message, err);
    packed = clv_clock_now_ns(parcel->clock);
    if (status == CLEAVE_OK) {
        status = clv_prepare_encoded(
            &parcel->preparer, input, clv_buffer_bytes(&parcel->message), want,
            where, &parcel->filled, parcel->tensors, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    *ret_tensor = parcel->tensors;
    *ret_passage = (struct clv_passage){
        .bytes = parcel->message.size,
        .elements = count_elements(parcel->tensors, 1),
        .encode_ns = packed - begun,
        .decode_ns = clv_clock_now_ns(parcel->clock) - packed,
    };
    return CLEAVE_OK;
}
