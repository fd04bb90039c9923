/*
 * receiving.c - from the bytes of a request to the tensors a part takes.
 *
 * A receiver's memory is kept from request to request, unless a large one has
 * made it large. The codec of a receiver needs no calibration: a frame
 * that names a code book has found it when it was read.
 */
#include "serve/receiving.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/fail.h"
#include "codec/codec.h"
#include "media/picture.h"
#include "tensor/element.h"
#include "wire/entry.h"

#define SPARE_RECEIVERS 64
#define KEPT_BYTES ((uint64_t)8 << 20) /* decoded by one that is kept */

struct clv_receiver {
    struct clv_receiver *next; /* spare ones */
    struct clv_codec *codec;
    struct clv_preparer preparer;
    uint64_t left_bytes; /* that this request's tensors may still take */
    size_t used;
    struct clv_buffer rooms[CLV_MESSAGE_TENSORS];
};

struct clv_receivers {
    uint64_t most_bytes;

    pthread_mutex_t lock; /* guards the two below */
    struct clv_receiver *spare;
    size_t spare_count;
};

cleave_status clv_receivers_new(uint64_t most_bytes,
                                struct clv_receivers **ret_receivers,
                                cleave_error *err)
{
    struct clv_receivers *receivers = calloc(1, sizeof *receivers);

    if (receivers == NULL) {
        return clv_fail_memory(err, "server", sizeof *receivers);
    }
    receivers->most_bytes = most_bytes;
    pthread_mutex_init(&receivers->lock, NULL);
    *ret_receivers = receivers;
    return CLEAVE_OK;
}

static void discard(struct clv_receiver *receiver)
{
    for (size_t i = 0; i < CLV_MESSAGE_TENSORS; i++) {
        clv_buffer_fini(&receiver->rooms[i]);
    }
    clv_preparer_fini(&receiver->preparer);
    clv_codec_free(receiver->codec);
    free(receiver);
}

void clv_receivers_free(struct clv_receivers *receivers)
{
    if (receivers == NULL) {
        return;
    }
    while (receivers->spare != NULL) {
        struct clv_receiver *receiver = receivers->spare;
        receivers->spare = receiver->next;
        discard(receiver);
    }
    pthread_mutex_destroy(&receivers->lock);
    free(receivers);
}

static cleave_status make(const struct clv_receivers *receivers,
                          struct clv_receiver **ret_receiver, cleave_error *err)
{
    struct clv_receiver *receiver = calloc(1, sizeof *receiver);

    if (receiver == NULL) {
        return clv_fail_memory(err, "server", sizeof *receiver);
    }
    for (size_t i = 0; i < CLV_MESSAGE_TENSORS; i++) {
        clv_buffer_init(&receiver->rooms[i], (size_t)receivers->most_bytes);
    }
    clv_preparer_init(&receiver->preparer, 0);
    if (clv_codec_new(NULL, &receiver->codec) != CLEAVE_OK) {
        receiver->codec = NULL;
        discard(receiver);
        return clv_fail_memory(err, "server", sizeof *receiver);
    }
    *ret_receiver = receiver;
    return CLEAVE_OK;
}

cleave_status clv_receivers_take(struct clv_receivers *receivers,
                                 struct clv_receiver **ret_receiver,
                                 cleave_error *err)
{
    struct clv_receiver *receiver;
    cleave_status status = CLEAVE_OK;

    pthread_mutex_lock(&receivers->lock);
    receiver = receivers->spare;
    if (receiver != NULL) {
        receivers->spare = receiver->next;
        receivers->spare_count--;
    }
    pthread_mutex_unlock(&receivers->lock);
    if (receiver == NULL) {
        status = make(receivers, &receiver, err);
    }
    if (status == CLEAVE_OK) {
        receiver->left_bytes = receivers->most_bytes;
        *ret_receiver = receiver;
    }
    return status;
}

void clv_receivers_give(struct clv_receivers *receivers,
                        struct clv_receiver *receiver)
{
    bool small;

    if (receiver == NULL) {
        return;
    }
    small = receivers->most_bytes - receiver->left_bytes <= KEPT_BYTES;
    while (receiver->used > 0) {
        clv_buffer_reset(&receiver->rooms[--receiver->used]);
    }
    pthread_mutex_lock(&receivers->lock);
    if (small && receivers->spare_count < SPARE_RECEIVERS) {
        receiver->next = receivers->spare;
        receivers->spare = receiver;
        receivers->spare_count++;
        receiver = NULL;
    }
    pthread_mutex_unlock(&receivers->lock);
    if (receiver != NULL) {
        discard(receiver);
    }
}

/* -- Frames -- */

/* Reading and decoding know neither tensor nor model; who asked does. */
static cleave_status explain(cleave_status status, const cleave_error *why,
                             const struct clv_served *model,
                             const cleave_tensor_info *want, cleave_error *err)
{
    return clv_fail(err, status, model->name,
                    "The frame for the tensor '%.150s' of model '%.100s': %s",
                    want->name, model->name, why->text);
}

static cleave_status check_form(const struct clv_frame *frame,
                                const struct clv_served *model,
                                const cleave_tensor_info *want,
                                cleave_error *err)
{
    char wanted[96];
    char got[96];

    if (!clv_tensor_fits(want, &frame->info)) {
        return clv_fail(err, CLEAVE_MISMATCH, model->name,
                        "The tensor '%.150s' of model '%.100s' must be %s, a "
                        "frame of %s came.",
                        want->name, model->name,
                        clv_tensor_describe(want, wanted, sizeof wanted),
                        clv_tensor_describe(&frame->info, got, sizeof got));
    }
    return CLEAVE_OK;
}

/* Room for a tensor of this size, if the request may still take as much. */
static cleave_status find_room(struct clv_receiver *receiver, uint64_t bytes,
                               const struct clv_served *model,
                               const cleave_tensor_info *want,
                               struct clv_buffer **ret_room, cleave_error *err)
{
    struct clv_buffer *room = &receiver->rooms[receiver->used];

    if (bytes > receiver->left_bytes) {
        return clv_fail(err, CLEAVE_LIMIT, model->name,
                        "The tensor '%.150s' of model '%.100s' has %llu bytes "
                        "decoded; this request may take %llu more. Send "
                        "less, or raise the server's --max-request.",
                        want->name, model->name, (unsigned long long)bytes,
                        (unsigned long long)receiver->left_bytes);
    }
    if (clv_buffer_reserve(room, bytes > 0 ? (size_t)bytes : 1) != CLEAVE_OK) {
        clv_buffer_reset(room);
        return clv_fail_memory(err, want->name, (size_t)bytes);
    }
    receiver->left_bytes -= bytes;
    receiver->used++;
    *ret_room = room;
    return CLEAVE_OK;
}

static cleave_status decode(struct clv_receiver *receiver,
                            const struct clv_frame *frame,
                            const struct clv_served *model,
                            const cleave_tensor_info *want,
                            cleave_tensor *ret_tensor, cleave_error *err)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    struct clv_buffer *room = NULL;
    cleave_status status =
        find_room(receiver, frame->bytes, model, want, &room, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    status = clv_codec_unpack(receiver->codec, frame, room->data,
                              (size_t)frame->bytes, &why);
    if (status != CLEAVE_OK) {
        return explain(status, &why, model, want, err);
    }
    *ret_tensor = (cleave_tensor){
        .info = frame->info, .data = room->data, .bytes = (size_t)frame->bytes};
    ret_tensor->info.name = want->name;
    return CLEAVE_OK;
}

cleave_status clv_receiver_frame(struct clv_receiver *receiver,
                                 clv_bytes message,
                                 const struct clv_served *model,
                                 const cleave_tensor_info *want,
                                 cleave_tensor *ret_tensor, size_t *ret_used,
                                 cleave_error *err)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    struct clv_frame frame;
    cleave_status status =
        clv_frame_read(message, model->calibration, &frame, &why);

    if (status != CLEAVE_OK) {
        return explain(status, &why, model, want, err);
    }
    status = check_form(&frame, model, want, err);
    if (status == CLEAVE_OK) {
        status = decode(receiver, &frame, model, want, ret_tensor, err);
    }
    if (status == CLEAVE_OK) {
        *ret_used = frame.size;
    }
    return status;
}

/* -- Pictures -- */

cleave_status clv_receiver_picture(struct clv_receiver *receiver,
                                   clv_bytes picture,
                                   const struct clv_served *model,
                                   const cleave_tensor_info *want,
                                   cleave_tensor *ret_tensor, cleave_error *err)
{
    const struct clv_card_input *input =
        model->card != NULL ? clv_card_input(model->card, want->name) : NULL;
    struct clv_buffer *room = &receiver->rooms[receiver->used];
    cleave_status status;

    if (input == NULL || model->card->input_count != 1 ||
        input->kind != CLV_KIND_IMAGE) {
        return clv_fail(err, CLEAVE_INVALID, model->name,
                        "The model '%.100s' takes no pictures here: its card, "
                        "%.100s.yaml beside it, has to describe its one input "
                        "as an image.",
                        model->name, model->name);
    }
    status = clv_prepare_encoded(&receiver->preparer, input, picture, want,
                                 model->name, room, ret_tensor, err);
    if (status != CLEAVE_OK) {
        clv_buffer_reset(room);
        return status;
    }
    receiver->left_bytes -= room->size;
    receiver->used++;
    return CLEAVE_OK;
}
