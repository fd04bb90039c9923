/*
 * pipeline.c - the ten steps of one inference. A newcomer starts here.
 *
 *     inputs --head--> tensors at the cut --pack--> bytes --exchange-->
 *         answer --> outputs of the tail, and those the head had already
 *
 * The steps are functions of one `flight`, run in order until one fails. At
 * the cut `output` there is nothing to send, at the cut `input` there is no
 * head; their steps find nothing to do. Packing, times and bytes are counted
 * where they arise.
 *
 * What this file leaves out: choosing the cut, and finishing on the device
 * when the server does not answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/device.h"
#include "tensor/element.h"
#include "wire/request.h"
#include "wire/response.h"

struct flight {
    cleave_session *session;
    struct clv_lane *lane;
    const cleave_tensor *given;
    cleave_tensor inputs[CLV_MESSAGE_TENSORS]; /* under the model's names */
    size_t input_count;
    struct clv_infer_response answer;
    struct clv_exchange exchange;
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

/* 1. The inputs must be the model's. */
static cleave_status check_inputs(struct flight *f)
{
    size_t count;
    const cleave_tensor_info *want =
        clv_network_inputs(f->session->network, &count);
    cleave_status status = CLEAVE_OK;

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
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < f->session->cut_count; i++) {
        const char *name = f->session->cut_tensors[i].name;
        status =
            clv_pack_tensor(f->session, f->lane, i, find_here(f, name), f->err);
    }
    f->result->head_ns = now(f) - f->started_ns;
    return status;
}

/* 5. The request around them. */
static cleave_status build_request(struct flight *f)
{
    const cleave_session *s = f->session;
    struct clv_request_spec spec = {
        .sha256 = clv_network_sha256(s->network),
        .inputs = f->lane->sent,
        .input_count = s->cut_count,
        .binary_output =
            true, /* all that the tail makes: the head's are here */
    };

    return s->needs_server ? clv_request_build(&spec, &f->lane->body, f->err)
                           : CLEAVE_OK;
}

/* 6. Over the link, and back with the answer. */
static cleave_status exchange(struct flight *f)
{
    const cleave_session *s = f->session;

    if (!s->needs_server) {
        return CLEAVE_OK;
    }
    return clv_client_infer(f->lane->client, s->model_name, &f->lane->body,
                            s->deadline_ms, &f->answer, &f->exchange, f->err);
}

/* 7. What of it was the link, what the server. */
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

static cleave_status place_output(struct flight *f, size_t i,
                                  const cleave_tensor_info *want)
{
    const cleave_tensor *from = find_here(f, want->name);
    const struct clv_response_output *came;
    char a[128];
    char b[128];

    if (from == NULL) {
        came = clv_infer_response_find(&f->answer, want->name);
        if (came == NULL || came->strings != NULL) {
            return clv_fail(f->err, CLEAVE_CORRUPT, f->session->url,
                            "The server's answer lacks the output '%.200s'.",
                            want->name);
        }
        from = &came->tensor;
    }
    if (want->type != CLEAVE_TYPE_NONE && !clv_tensor_fits(want, &from->info)) {
        return clv_fail(f->err, CLEAVE_MISMATCH, f->session->url,
                        "The output '%.200s' came as %s; the model says %s.",
                        want->name,
                        clv_tensor_describe(&from->info, a, sizeof a),
                        clv_tensor_describe(want, b, sizeof b));
    }
    return clv_result_set(f->result, i, want, from, f->err);
}

/* 8. Outputs of both sides, in the model's order. */
static cleave_status join_outputs(struct flight *f)
{
    size_t count;
    const cleave_tensor_info *want =
        clv_network_outputs(f->session->network, &count);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = place_output(f, i, &want[i]);
    }
    return status;
}

/* 9. What it means. */
static cleave_status rank_classes(struct flight *f)
{
    clv_result_rank(f->result, f->session);
    return CLEAVE_OK;
}

/* 10. How long it took. */
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
        check_inputs, make_result, run_head,     pack_cut,     build_request,
        exchange,     share_times, join_outputs, rank_classes, note_total,
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
    clv_infer_response_fini(&f.answer);
    if (status == CLEAVE_OK) {
        *ret_result = f.result;
    } else {
        cleave_result_free(f.result);
    }
    return status;
}
