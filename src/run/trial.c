/*
 * trial.c - small exchanges that try a server and its link.
 *
 * The head runs on zeros; what it makes tells the shapes at the cut where
 * the model leaves them free. The messages are made of tensors of these
 * shapes, all zero but for some noise at the beginning of floating-point
 * ones, and coded densely: a zero costs next to nothing, an element of noise
 * about a byte. Integers stay zero, for a network may look things up by them.
 */
#include "run/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"

/* Elements of noise in each size, about as many bytes. */
static const size_t noise_of[CLV_TRIAL_SIZES] = {0, 800, 3000, 7800, 120000};

#define MAX_BYTES ((size_t)64 << 20) /* of a made-up tensor */

/* Zeroes of this form, a free dimension as 1. The caller frees the data. */
static cleave_status make_zeros(const cleave_tensor_info *info,
                                cleave_tensor *ret_tensor, cleave_error *err)
{
    cleave_tensor tensor = {.info = *info};
    uint64_t elements;
    uint64_t bytes;
    cleave_status status;

    for (uint32_t i = 0; i < tensor.info.rank; i++) {
        if (tensor.info.shape[i] < 0) {
            tensor.info.shape[i] = 1;
        }
    }
    status = cleave_tensor_count(&tensor.info, &elements, &bytes);
    if (status != CLEAVE_OK || bytes > MAX_BYTES) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, info->name,
                        "A tensor of this form cannot be made up.");
    }
    tensor.bytes = (size_t)bytes;
    tensor.data = calloc(1, tensor.bytes > 0 ? tensor.bytes : 1);
    if (tensor.data == NULL) {
        return clv_fail_memory(err, info->name, tensor.bytes);
    }
    *ret_tensor = tensor;
    return CLEAVE_OK;
}

static void free_all(cleave_tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tensors[i].data);
    }
}

/* Runs the head on zeros, into the lane. */
static cleave_status warm_head(struct clv_rig *rig, struct clv_lane *lane,
                               cleave_error *err)
{
    struct clv_session *head = clv_part_session(rig->head);
    cleave_tensor inputs[CLV_MESSAGE_TENSORS];
    size_t count;
    size_t made = 0;
    const cleave_tensor_info *want = clv_session_inputs(head, &count);
    cleave_status status = CLEAVE_OK;

    while (made < count && made < CLV_MESSAGE_TENSORS && status == CLEAVE_OK) {
        status = make_zeros(&want[made], &inputs[made], err);
        made += status == CLEAVE_OK;
    }
    if (status == CLEAVE_OK) {
        status = clv_session_run(head, inputs, made, lane->head, err);
    }
    free_all(inputs, made);
    return status;
}

/* The form that a tensor of the cut has once the head has run. */
static const cleave_tensor_info *form_of(const struct clv_rig *rig,
                                         const struct clv_lane *lane, size_t i)
{
    const cleave_tensor_info *info = &rig->cut_tensors[i];
    const cleave_tensor *made;
    size_t count;

    if (rig->head == NULL) {
        return info;
    }
    made = clv_outputs_tensors(lane->head, &count);
    for (size_t k = 0; k < count; k++) {
        if (strcmp(made[k].info.name, info->name) == 0) {
            return &made[k].info;
        }
    }
    return info;
}

static int is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16 ||
           type == CLEAVE_TYPE_F64;
}

/* Whole numbers that no coder can foresee, at the beginning. */
static void add_noise(cleave_tensor *tensor, size_t elements)
{
    float *at = tensor->data;
    uint32_t seed = 1;

    for (size_t i = 0; i < elements && i < tensor->bytes / sizeof *at; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (float)(int)(seed >> 24) - 128;
    }
}

/* Adds the frame of tensor `i` to the message of each size. */
static cleave_status add_frames(struct clv_trial *trial,
                                const struct clv_rig *rig,
                                struct clv_lane *lane, size_t i,
                                cleave_error *err)
{
    struct clv_packing packing = {.coder = CLV_CODER_DENSE, .step = 1};
    cleave_tensor tensor;
    cleave_status status = make_zeros(form_of(rig, lane, i), &tensor, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (tensor.info.type == CLEAVE_TYPE_F64) {
        packing = (struct clv_packing){.coder = CLV_CODER_RAW};
    }
    tensor.info.name = ""; /* no calibration: the frame stands alone */
    for (size_t s = 0; status == CLEAVE_OK && s < CLV_TRIAL_SIZES; s++) {
        if (i == 0 && is_float(tensor.info.type)) {
            add_noise(&tensor,
                      tensor.info.type == CLEAVE_TYPE_F32 ? noise_of[s] : 0);
        }
        status =
            clv_codec_pack(lane->codec, &packing, &tensor,
                           i + 1 == rig->cut_count, &trial->messages[s], err);
    }
    free(tensor.data);
    return status;
}

cleave_status clv_trial_init(struct clv_trial *trial, struct clv_rig *rig,
                             cleave_error *err)
{
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    cleave_status status = CLEAVE_OK;

    for (size_t s = 0; s < CLV_TRIAL_SIZES; s++) {
        clv_buffer_init(&trial->messages[s], CLV_MESSAGE_BYTES);
    }
    if (rig->head != NULL) {
        status = warm_head(rig, lane, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < rig->cut_count; i++) {
        status = add_frames(trial, rig, lane, i, err);
    }
    clv_lanes_give(&rig->lanes, lane);
    return status;
}

void clv_trial_fini(struct clv_trial *trial)
{
    for (size_t s = 0; s < CLV_TRIAL_SIZES; s++) {
        clv_buffer_fini(&trial->messages[s]);
    }
}

size_t clv_trial_size(const struct clv_trial *trial, uint64_t most_bytes)
{
    size_t size = CLV_TRIAL_SIZES - 1;

    while (size > 0 && trial->messages[size].size > most_bytes) {
        size--;
    }
    return size;
}

/* The frames must be outputs of the model, in its order. */
static cleave_status check_answer(const struct clv_rig *rig, clv_bytes answer,
                                  cleave_error *err)
{
    size_t count;
    size_t at = 0;
    const cleave_tensor_info *want =
        clv_network_outputs(rig->ground->network, &count);

    do {
        struct clv_frame frame;
        cleave_status status = clv_frame_read(answer, NULL, &frame, err);
        if (status != CLEAVE_OK) {
            return status;
        }
        while (at < count && want[at].type != CLEAVE_TYPE_NONE &&
               !clv_tensor_fits(&want[at], &frame.info)) {
            at++;
        }
        if (at++ == count) {
            return clv_fail(err, CLEAVE_MISMATCH, rig->clients->url,
                            "The server's answer is none that the model "
                            "gives.");
        }
        answer.data += frame.size;
        answer.size -= frame.size;
    } while (answer.size > 0);
    return CLEAVE_OK;
}

cleave_status clv_trial_send(const struct clv_trial *trial, size_t size,
                             const struct clv_rig *rig,
                             struct clv_client *client, int64_t timeout_ms,
                             struct clv_exchange *ret_exchange,
                             cleave_error *err)
{
    struct clv_cut_request request = {
        .model = rig->ground->model_name,
        .cut = rig->cut,
        .sha256 = clv_network_sha256(rig->ground->network),
        .body = clv_buffer_bytes(&trial->messages[size]),
    };
    cleave_status status =
        clv_client_infer_cut(client, &request, timeout_ms, ret_exchange, err);

    return status == CLEAVE_OK ? check_answer(rig, ret_exchange->body, err)
                               : status;
}
