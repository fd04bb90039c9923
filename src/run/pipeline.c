/*
 * pipeline.c - the nine steps of one inference. A newcomer starts here.
 *
 *     inputs --head--> tensors at the cut --pack--> bytes --exchange-->
 *         answer --> outputs of the tail, and those the head had already
 *
 * The steps are functions of one `flight`, run in order until one fails. At
 * the cut `output` there is nothing to send, at the cut `input` there is no
 * head; their steps find nothing to do. Packing, times and bytes are counted
 * where they arise.
 *
 * Where a picture is sent instead of tensors, packing encodes it, and there
 * are no inputs on this device.
 *
 * What this file leaves out: choosing the cut, and finishing on the device
 * when the server does not answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/device.h"
#include "tensor/element.h"

struct flight {
    cleave_session *session;
    struct clv_lane *lane;
    const cleave_tensor *given;
    cleave_tensor inputs[CLV_MESSAGE_TENSORS]; /* under the model's names */
    size_t input_count;
    struct clv_exchange exchange;
    clv_bytes answer; /* frames that are not yet read */
    cleave_result *result;
    int64_t started_ns;
    cleave_error *err;
};

static int64_t now(const struct flight *f)
{
    return clv_clock_now_ns(f->session->clock);
}

static cleave_status check_input(struct flight *f, size_t i,
                                 const cleave_tensor_info *want)
{
    const cleave_tensor *have = &f->given[i];
    uint64_t elements;
    uint64_t bytes;
    char a[128];
    char b[128];

    if (!clv_tensor_fits(want, &have->info) ||
        cleave_tensor_count(&have->info, &elements, &bytes) != CLEAVE_OK ||
        bytes != have->bytes) {
        return clv_fail(f->err, CLEAVE_MISMATCH, want->name,
                        "The model wants %s here, not %s in %zu bytes.",
                        clv_tensor_describe(want, a, sizeof a),
                        clv_tensor_describe(&have->info, b, sizeof b),
                        have->bytes);
    }
    f->inputs[i] = *have;
    f->inputs[i].info.name = want->name;
    return CLEAVE_OK;
}

/* 1. The inputs must be the model's; a picture is the server's to judge. */
static cleave_status check_inputs(struct flight *f)
{
    size_t count;
    const cleave_tensor_info *want =
        clv_network_inputs(f->session->network, &count);
    cleave_status status = CLEAVE_OK;

    if (f->session->sends_picture) {
        return CLEAVE_OK;
    }
    if (count != f->input_count || count > CLV_MESSAGE_TENSORS) {
        return clv_fail(f->err, CLEAVE_MISMATCH, "inputs",
                        "The model has %zu inputs (at most %d can be run); "
                        "%zu were given.",
                        count, CLV_MESSAGE_TENSORS, f->input_count);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = check_input(f, i, &want[i]);
    }
    return status;
}

/* 2. Somewhere to put the answer. */
static cleave_status make_result(struct flight *f)
{
    f->result = clv_result_new(f->session);
    return f->result != NULL
               ? CLEAVE_OK
               : clv_fail_memory(f->err, "result", sizeof *f->result);
}

static const cleave_tensor *find(const cleave_tensor *tensors, size_t count,
                                 const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tensors[i].info.name, name) == 0) {
            return &tensors[i];
        }
    }
    return NULL;
}

/* 3. The head, or the whole network, on this device. */
static cleave_status run_head(struct flight *f)
{
    struct clv_session *session;
    const cleave_tensor_info *want;
    cleave_tensor inputs[CLV_MESSAGE_TENSORS];
    size_t count;
    cleave_status status;

    if (f->session->head == NULL) {
        f->started_ns = now(f);
        return CLEAVE_OK;
    }
    session = clv_part_session(f->session->head);
    want = clv_session_inputs(session, &count);
    for (size_t i = 0; i < count; i++) {
        inputs[i] = *find(f->inputs, f->input_count, want[i].name);
    }
    clv_gate_enter(&f->session->gate);
    f->started_ns = now(f);
    status = clv_session_run(session, inputs, count, f->lane->outputs, f->err);
    clv_gate_leave(&f->session->gate);
    return status;
}

/* A tensor that this device has: made by the head, or an input. */
static const cleave_tensor *find_here(const struct flight *f, const char *name)
{
    const cleave_tensor *tensor = NULL;
    size_t count;

    if (f->lane->outputs != NULL) {
        const cleave_tensor *made =
            clv_outputs_tensors(f->lane->outputs, &count);
        tensor = find(made, count, name);
    }
    return tensor != NULL ? tensor : find(f->inputs, f->input_count, name);
}

/* 4. The tensors at the cut become bytes. */
static cleave_status pack_cut(struct flight *f)
{
    const cleave_session *s = f->session;
    cleave_status status = CLEAVE_OK;

    if (s->sends_picture) {
        status = clv_sending_picture(s, f->lane, f->err);
    }
    for (size_t i = 0;
         !s->sends_picture && status == CLEAVE_OK && i < s->cut_count; i++) {
        const char *name = s->cut_tensors[i].name;
        status = clv_sending_tensor(s, f->lane, i, find_here(f, name), f->err);
    }
    f->result->head_ns = now(f) - f->started_ns;
    return status;
}

/* 5. Over the link, and back with the answer. */
static cleave_status exchange(struct flight *f)
{
    const cleave_session *s = f->session;
    struct clv_cut_request request = {
        .model = s->model_name,
        .cut = s->cut,
        .sha256 = clv_network_sha256(s->network),
        .content_type = clv_sending_type(s),
        .body = clv_buffer_bytes(&f->lane->message),
    };
    cleave_status status = CLEAVE_OK;

    if (s->needs_server) {
        status = clv_client_infer_cut(f->lane->client, &request, s->deadline_ms,
                                      &f->exchange, f->err);
        f->answer = f->exchange.body;
    }
    return status;
}

/* 6. What of it was the link, what the server. */
static cleave_status share_times(struct flight *f)
{
    const struct clv_timing *t = &f->exchange.timing;
    cleave_result *r = f->result;

    r->bytes_up = f->exchange.bytes_up;
    r->bytes_down = f->exchange.bytes_down;
    r->tail_ns = t->queue_ns + t->unpack_ns + t->tail_ns;
    r->transfer_ns = f->exchange.total_ns - r->tail_ns;
    if (r->transfer_ns < 0) { /* the server's clock, rounded */
        r->transfer_ns = 0;
    }
    return CLEAVE_OK;
}

static cleave_status wrong_answer(const struct flight *f, cleave_status status,
                                  const cleave_tensor_info *want,
                                  const char *what)
{
    return clv_fail(f->err, status, f->session->url,
                    "The output '%.200s' in the server's answer: %s",
                    want->name, what);
}

/* What came must be what the model says, before it gets any memory. */
static cleave_status check_output(const struct flight *f,
                                  const cleave_tensor_info *want,
                                  const struct clv_frame *frame)
{
    char a[128];
    char b[128];

    if (want->type != CLEAVE_TYPE_NONE &&
        !clv_tensor_fits(want, &frame->info)) {
        return clv_fail(f->err, CLEAVE_MISMATCH, f->session->url,
                        "The output '%.200s' came as %s; the model says %s.",
                        want->name,
                        clv_tensor_describe(&frame->info, a, sizeof a),
                        clv_tensor_describe(want, b, sizeof b));
    }
    if (frame->bytes > CLV_ANSWER_BYTES) {
        return wrong_answer(f, CLEAVE_LIMIT, want,
                            "It is larger than a device takes.");
    }
    return CLEAVE_OK;
}

/* The next frame of the answer is this output. */
static cleave_status take_output(struct flight *f, size_t i,
                                 const cleave_tensor_info *want)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    struct clv_frame frame;
    void *data = NULL;
    cleave_status status = clv_frame_read(f->answer, NULL, &frame, &why);

    if (status != CLEAVE_OK) {
        return wrong_answer(f, status, want, why.text);
    }
    status = check_output(f, want, &frame);
    if (status == CLEAVE_OK) {
        status = clv_result_room(f->result, i, want, &frame.info,
                                 (size_t)frame.bytes, &data, f->err);
    }
    if (status == CLEAVE_OK) {
        f->answer.data += frame.size;
        f->answer.size -= frame.size;
        status = clv_codec_unpack(f->lane->codec, &frame, data,
                                  (size_t)frame.bytes, f->err);
    }
    return status;
}

/* The head has made some of the outputs; the server sends the others. */
static cleave_status place_output(struct flight *f, size_t i,
                                  const cleave_tensor_info *want)
{
    int all_there = f->session->needs_server && f->session->head == NULL;
    const cleave_tensor *from = all_there ? NULL : find_here(f, want->name);

    return from != NULL ? clv_result_set(f->result, i, want, from, f->err)
                        : take_output(f, i, want);
}

/* 7. Outputs of both sides, in the model's order. */
static cleave_status join_outputs(struct flight *f)
{
    size_t count;
    const cleave_tensor_info *want =
        clv_network_outputs(f->session->network, &count);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = place_output(f, i, &want[i]);
    }
    if (status == CLEAVE_OK && f->answer.size > 0) {
        status = clv_fail(f->err, CLEAVE_CORRUPT, f->session->url,
                          "The server's answer has more outputs than the "
                          "model has left to it.");
    }
    return status;
}

/* 8. What it means. */
static cleave_status rank_classes(struct flight *f)
{
    clv_result_rank(f->result, f->session);
    return CLEAVE_OK;
}

/* 9. How long it took. */
static cleave_status note_total(struct flight *f)
{
    f->result->total_ns = now(f) - f->started_ns;
    return CLEAVE_OK;
}

cleave_status clv_pipeline_run(cleave_session *session, struct clv_lane *lane,
                               const cleave_tensor *inputs, size_t input_count,
                               cleave_result **ret_result, cleave_error *err)
{
    static cleave_status (*const steps[])(struct flight *) = {
        check_inputs, make_result,  run_head,     pack_cut,   exchange,
        share_times,  join_outputs, rank_classes, note_total,
    };
    struct flight f = {
        .session = session,
        .lane = lane,
        .given = inputs,
        .input_count = input_count,
        .err = err,
    };
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < sizeof steps / sizeof steps[0]; i++) {
        status = steps[i](&f);
    }
    if (status == CLEAVE_OK) {
        *ret_result = f.result;
    } else {
        cleave_result_free(f.result);
    }
    return status;
}
