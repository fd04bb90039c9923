/*
 * pipeline.c - the ten steps of one inference. A newcomer starts here.
 *
 *     inputs --head--> tensors at the cut --pack--> bytes --exchange-->
 *         answer --> outputs of the tail, and those the head had already
 *
 *     or, where no right answer comes in time:
 *         tensors at the cut --tail, here--> the same outputs
 *
 * The steps are functions of one `flight`, run in order until one fails. At
 * the cut `output` there is nothing to send, at the cut `input` there is no
 * head; their steps find nothing to do. Packing, times and bytes are counted
 * where they arise.
 *
 * The local finish: until the answer has been read, the lane holds the
 * tensors at the cut as the head made them. If the exchange fails, or its
 * answer is not what the model says, the tail is computed from them on this
 * device, and the trouble is told beside the result. Where a picture is sent
 * instead of tensors, packing encodes it, there are no inputs on this device,
 * and finishing begins with making them of the picture.
 *
 * What this file leaves out: choosing the cut, and how long to wait for the
 * server; an errand says it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/wait.h"
#include "run/rig.h"
#include "tensor/element.h"

struct flight {
    struct clv_rig *rig;
    struct clv_lane *lane;
    struct clv_errand *errand; /* NULL if the lane is only run again */
    cleave_tensor inputs[CLV_MESSAGE_TENSORS]; /* under the model's names */
    size_t input_count;
    struct clv_client *client; /* taken at step 5 */
    clv_bytes answer;          /* frames that are not yet read */
    int has_head;              /* the lane holds what the head made */
    int is_ours;               /* no answer of the server's: finish here */
    int is_quiet;              /* nobody waits for it: it passes no gate */
    cleave_result *result;
    int64_t waited_ns;    /* for other tasks of this device */
    int64_t tail_here_ns; /* computing, at step 8 */
    int64_t started_ns;
    cleave_error *err;
};

static int64_t now(const struct flight *f)
{
    return clv_clock_now_ns(f->rig->ground->clock);
}

static cleave_status check_input(struct flight *f, size_t i,
                                 const cleave_tensor_info *want)
{
    const cleave_tensor *have = &f->errand->inputs[i];
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
        clv_network_inputs(f->rig->ground->network, &count);
    cleave_status status = CLEAVE_OK;

    if (f->rig->sends_picture) {
        return CLEAVE_OK;
    }
    f->input_count = f->errand->input_count;
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
    f->result = clv_result_new(f->rig->ground->network);
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

/* A tensor that this device has: made by the head, or an input. */
static const cleave_tensor *find_here(const struct flight *f, const char *name)
{
    const cleave_tensor *tensor = NULL;
    size_t count;

    if (f->has_head) {
        const cleave_tensor *made = clv_outputs_tensors(f->lane->head, &count);
        tensor = find(made, count, name);
    }
    return tensor != NULL ? tensor : find(f->inputs, f->input_count, name);
}

/* Runs a part on what this device has; all its inputs must be there. */
static cleave_status run_part(struct flight *f, struct clv_part *part,
                              struct clv_outputs *into)
{
    struct clv_session *session = clv_part_session(part);
    cleave_tensor inputs[CLV_MESSAGE_TENSORS];
    size_t count;
    const cleave_tensor_info *want = clv_session_inputs(session, &count);

    for (size_t i = 0; i < count; i++) {
        const cleave_tensor *here =
            i < CLV_MESSAGE_TENSORS ? find_here(f, want[i].name) : NULL;
        if (here == NULL) {
            return clv_fail(f->err, CLEAVE_MISMATCH, want[i].name,
                            "A part of the network wants this tensor, and "
                            "the part before it does not make it.");
        }
        inputs[i] = *here;
    }
    return clv_session_run(session, inputs, count, into, f->err);
}

/* 3. The head, or the whole network, on this device. */
static cleave_status run_head(struct flight *f)
{
    struct clv_gate *gate = f->rig->ground->gate;
    int64_t asked_ns;
    cleave_status status;

    if (f->rig->head == NULL) {
        f->started_ns = now(f);
        return CLEAVE_OK;
    }
    clv_gate_enter(gate);
    asked_ns = now(f);
    clv_gate_take_turn(gate);
    f->started_ns = now(f);
    f->waited_ns = f->started_ns - asked_ns;
    status = run_part(f, f->rig->head, f->lane->head);
    f->has_head = status == CLEAVE_OK;
    clv_gate_leave(gate);
    return status;
}

/* An emulated slow machine is slow in packing, too. */
static void hold_back(const struct flight *f, int64_t began_ns)
{
    double factor = f->rig->ground->pack_slowdown;
    double took_ns = (double)(now(f) - began_ns);

    if (factor > 1) {
        clv_wait_until(began_ns + (int64_t)(took_ns * factor));
    }
}

/* 4. The tensors at the cut become bytes. */
static cleave_status pack_cut(struct flight *f)
{
    const struct clv_rig *r = f->rig;
    int64_t began_ns = now(f);
    cleave_status status = CLEAVE_OK;

    if (r->sends_picture) {
        status = clv_sending_picture(r, f->lane, f->err);
    }
    for (size_t i = 0;
         !r->sends_picture && status == CLEAVE_OK && i < r->cut_count; i++) {
        const char *name = r->cut_tensors[i].name;
        status = clv_sending_tensor(r, f->lane, i, find_here(f, name), f->err);
    }
    if (r->needs_server) {
        hold_back(f, began_ns);
    }
    f->result->head_ns = now(f) - f->started_ns;
    return status;
}

/*
 * The server has failed. If the errand wants that and the tail is here, the
 * inference goes on without it.
 */
static cleave_status give_up(struct flight *f, cleave_status status,
                             const cleave_error *why)
{
    f->errand->trouble = *why;
    f->errand->trouble.code = status;
    if (f->errand->may_finish && f->rig->tail != NULL) {
        f->is_ours = 1;
        return CLEAVE_OK;
    }
    return clv_fail(f->err, status, why->where, "%s", why->text);
}

/* How long the server may take; 0 if there is no time left to ask it. */
static int64_t patience_ms(const struct flight *f)
{
    const struct clv_errand *e = f->errand;
    int64_t wait_ns =
        e->patience_ns > 0 ? e->patience_ns : f->rig->deadline_ms * 1000000;

    if (e->answer_by_ns != 0 && wait_ns > e->answer_by_ns - now(f)) {
        wait_ns = e->answer_by_ns - now(f);
    }
    return wait_ns <= 0 ? 0 : 1 + (wait_ns - 1) / 1000000;
}

/* In steps, so that requests seldom differ in it: two digits, rounded up. */
static int64_t coarse_us(int64_t ms)
{
    int64_t step = 1;

    while (ms > 100 * step) {
        step *= 10;
    }
    return (ms + step - 1) / step * step * 1000;
}

static cleave_status ask_server(struct flight *f, cleave_error *why)
{
    const struct clv_rig *r = f->rig;
    struct clv_cut_request request = {
        .model = r->ground->model_name,
        .cut = r->cut,
        .sha256 = clv_network_sha256(r->ground->network),
        .content_type = clv_sending_type(r),
        .body = clv_buffer_bytes(&f->lane->message),
    };
    int64_t most_ms = patience_ms(f);

    if (most_ms == 0) {
        return clv_fail(why, CLEAVE_TIMEOUT, r->clients->url,
                        "No time was left to ask the server.");
    }
    if (f->errand->may_finish) {
        request.timeout_us = coarse_us(most_ms);
    }
    f->errand->was_sent = 1;
    f->errand->sent_bytes = request.body.size;
    if (f->errand->on_link != NULL) {
        f->errand->on_link(f->errand->self, f->errand, 1);
    }
    f->errand->sent = clv_client_infer_cut(f->client, &request, most_ms,
                                           &f->errand->exchange, why);
    if (f->errand->on_link != NULL) {
        f->errand->on_link(f->errand->self, f->errand, 0);
    }
    return f->errand->sent;
}

/* 5. Over the link, and back with the answer. */
static cleave_status exchange(struct flight *f)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status;

    if (!f->rig->needs_server) {
        return CLEAVE_OK;
    }
    f->client = clv_clients_take(f->rig->clients);
    status = ask_server(f, &why);
    f->answer = f->errand->exchange.body;
    return status == CLEAVE_OK ? CLEAVE_OK : give_up(f, status, &why);
}

/* 6. What of it was the link, what the server. */
static cleave_status share_times(struct flight *f)
{
    const struct clv_exchange *x = &f->errand->exchange;
    cleave_result *r = f->result;

    r->bytes_up = x->bytes_up;
    r->bytes_down = x->bytes_down;
    r->tail_ns = x->timing.queue_ns + x->timing.unpack_ns + x->timing.tail_ns;
    r->transfer_ns = x->total_ns - r->tail_ns;
    if (r->transfer_ns < 0) { /* the server's clock, rounded */
        r->transfer_ns = 0;
    }
    return CLEAVE_OK;
}

static cleave_status wrong_answer(const struct flight *f, cleave_status status,
                                  const cleave_tensor_info *want,
                                  const char *what, cleave_error *err)
{
    return clv_fail(err, status, f->rig->clients->url,
                    "The output '%.200s' in the server's answer: %s",
                    want->name, what);
}

/* What came must be what the model says, before it gets any memory. */
static cleave_status check_output(const struct flight *f,
                                  const cleave_tensor_info *want,
                                  const struct clv_frame *frame,
                                  cleave_error *err)
{
    char a[128];
    char b[128];

    if (want->type != CLEAVE_TYPE_NONE &&
        !clv_tensor_fits(want, &frame->info)) {
        return clv_fail(err, CLEAVE_MISMATCH, f->rig->clients->url,
                        "The output '%.200s' came as %s; the model says %s.",
                        want->name,
                        clv_tensor_describe(&frame->info, a, sizeof a),
                        clv_tensor_describe(want, b, sizeof b));
    }
    if (frame->bytes > CLV_ANSWER_BYTES) {
        return wrong_answer(f, CLEAVE_LIMIT, want,
                            "It is larger than a device takes.", err);
    }
    return CLEAVE_OK;
}

/* The next frame of the answer is this output. */
static cleave_status take_output(struct flight *f, size_t i,
                                 const cleave_tensor_info *want,
                                 cleave_error *err)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    struct clv_frame frame;
    void *data = NULL;
    cleave_status status = clv_frame_read(f->answer, NULL, &frame, &why);

    if (status != CLEAVE_OK) {
        return wrong_answer(f, status, want, why.text, err);
    }
    status = check_output(f, want, &frame, err);
    if (status == CLEAVE_OK) {
        status = clv_result_room(f->result, i, want, &frame.info,
                                 (size_t)frame.bytes, &data, err);
    }
    if (status == CLEAVE_OK) {
        f->answer.data += frame.size;
        f->answer.size -= frame.size;
        status = clv_codec_unpack(f->lane->codec, &frame, data,
                                  (size_t)frame.bytes, err);
    }
    return status;
}

/* The head has made some of the outputs; the server sends the others. */
static cleave_status place_output(struct flight *f, size_t i,
                                  const cleave_tensor_info *want,
                                  cleave_error *err)
{
    int all_there = f->rig->needs_server && f->rig->head == NULL;
    const cleave_tensor *from = all_there ? NULL : find_here(f, want->name);

    return from != NULL ? clv_result_set(f->result, i, want, from, err)
                        : take_output(f, i, want, err);
}

static cleave_status place_outputs(struct flight *f, cleave_error *err)
{
    size_t count;
    const cleave_tensor_info *want =
        clv_network_outputs(f->rig->ground->network, &count);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = place_output(f, i, &want[i], err);
    }
    if (status == CLEAVE_OK && f->answer.size > 0) {
        status = clv_fail(err, CLEAVE_CORRUPT, f->rig->clients->url,
                          "The server's answer has more outputs than the "
                          "model has left to it.");
    }
    return status;
}

/* 7. Outputs of both sides, in the model's order. */
static cleave_status join_outputs(struct flight *f)
{
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status = f->is_ours ? CLEAVE_OK : place_outputs(f, &why);

    return status == CLEAVE_OK ? CLEAVE_OK : give_up(f, status, &why);
}

static cleave_status run_tail(struct flight *f)
{
    struct clv_gate *gate = f->rig->ground->gate;
    cleave_status status = CLEAVE_OK;

    if (f->rig->sends_picture) {
        status = clv_sending_unsent(f->rig, f->lane, &f->inputs[0], f->err);
        f->input_count = status == CLEAVE_OK;
    }
    if (!f->is_quiet) {
        clv_gate_enter(gate);
        clv_gate_take_turn(gate);
    }
    if (status == CLEAVE_OK) {
        int64_t began_ns = now(f);
        status = run_part(f, f->rig->tail, f->lane->finish);
        f->tail_here_ns = now(f) - began_ns;
    }
    if (!f->is_quiet) {
        clv_gate_leave(gate);
    }
    return status;
}

/* 8. Or else the tail on this device, from the tensors that it still has. */
static cleave_status finish_here(struct flight *f)
{
    size_t count;
    size_t made_count;
    const cleave_tensor_info *want =
        clv_network_outputs(f->rig->ground->network, &count);
    const cleave_tensor *made;
    int64_t started_ns = now(f);
    cleave_status status;

    if (!f->is_ours) {
        return CLEAVE_OK;
    }
    status = run_tail(f);
    made = clv_outputs_tensors(f->lane->finish, &made_count);
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        const cleave_tensor *from = find(made, made_count, want[i].name);
        if (from == NULL) {
            from = find_here(f, want[i].name);
        }
        status = from != NULL
                     ? clv_result_set(f->result, i, &want[i], from, f->err)
                     : clv_fail(f->err, CLEAVE_ENGINE, want[i].name,
                                "Neither half of the network makes this "
                                "output.");
    }
    f->result->finish_ns = now(f) - started_ns;
    return status;
}

/* 9. What it means. */
static cleave_status rank_classes(struct flight *f)
{
    clv_result_rank(f->result, f->rig->ground->card);
    return CLEAVE_OK;
}

/* 10. How long it took: what other tasks held it up for counts, but tells
   nothing of this one's parts. */
static cleave_status note_times(struct flight *f)
{
    f->errand->tail_here_ns = f->tail_here_ns;
    f->result->total_ns = f->waited_ns + now(f) - f->started_ns;
    return CLEAVE_OK;
}

cleave_status clv_pipeline_run(struct clv_rig *rig, struct clv_lane *lane,
                               struct clv_errand *errand,
                               cleave_result **ret_result, cleave_error *err)
{
    static cleave_status (*const steps[])(struct flight *) = {
        check_inputs, make_result,  run_head,    pack_cut,     exchange,
        share_times,  join_outputs, finish_here, rank_classes, note_times,
    };
    struct flight f = {.rig = rig, .lane = lane, .errand = errand, .err = err};
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < sizeof steps / sizeof steps[0]; i++) {
        status = steps[i](&f);
    }
    if (f.client != NULL) { /* the answer is the client's until here */
        clv_clients_give(rig->clients, f.client);
        errand->exchange.body = (clv_bytes){0};
    }
    if (status == CLEAVE_OK) {
        *ret_result = f.result;
    } else {
        cleave_result_free(f.result);
    }
    return status;
}

cleave_status clv_pipeline_again(struct clv_rig *rig, struct clv_lane *lane,
                                 cleave_result **ret_result, cleave_error *err)
{
    struct flight f = {.rig = rig,
                       .lane = lane,
                       .has_head = rig->head != NULL,
                       .is_ours = 1,
                       .is_quiet = 1,
                       .err = err};
    cleave_status status = make_result(&f);

    if (status == CLEAVE_OK) {
        status = finish_here(&f);
    }
    if (status == CLEAVE_OK) {
        *ret_result = f.result;
    } else {
        cleave_result_free(f.result);
    }
    return status;
}
