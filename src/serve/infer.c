/*
 * infer.c - one infer request, from its body to its answer.
 *
 * clv_infer_answer reads as the list of its steps. The names of the tensors
 * that came say which part of the network is wanted; the part's session says
 * what it wants of them: order, types and shapes. A tensor that came as f16
 * where f32 is wanted is widened here; everything else has to fit.
 *
 * What the device is told (Server-Timing): `queue` is waiting, for a worker
 * and for the part to be loaded; `unpack` is reading the request and
 * widening; `tail` is the session's run and nothing else.
 */
#include "serve/infer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/request.h"
#include "wire/response.h"

/* What is short enough not to be handed to a worker. */
#define QUICK_NS 100000
#define QUICK_BYTES (64 << 10)

/* Below this wait it is not worth a system call to look for the client. */
#define SHORT_WAIT_NS 1000000

struct inference {
    struct clv_service *service;
    const struct clv_infer_job *job;
    struct clv_served *model;
    struct clv_infer_request request;
    struct clv_part_use part;
    cleave_tensor inputs[CLV_MESSAGE_TENSORS]; /* in the session's order */
    struct clv_timing timing;
    int64_t deadline_ns; /* 0: none */
    bool must_be_quick;
    cleave_error *err;
};

static int64_t now(const struct inference *i)
{
    return clv_clock_now_ns(i->service->clock);
}

static cleave_status check_deadline(const struct inference *i)
{
    if (i->deadline_ns > 0 && now(i) >= i->deadline_ns) {
        return clv_fail(i->err, CLEAVE_TIMEOUT, i->job->model,
                        "The request's timeout of %llu us passed before it "
                        "could be computed.",
                        (unsigned long long)i->request.timeout_us);
    }
    return CLEAVE_OK;
}

static cleave_status read_request(struct inference *i)
{
    int64_t started_ns = now(i);
    cleave_status status = clv_catalog_find(&i->service->catalog, i->job->model,
                                            &i->model, i->err);

    if (status == CLEAVE_OK) {
        status = clv_infer_request_parse(i->job->body, i->job->json_bytes,
                                         &i->request, i->err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    i->timing.queue_ns = started_ns - i->job->arrived_ns;
    i->timing.unpack_ns = now(i) - started_ns;
    if (i->request.timeout_us > 0) {
        i->deadline_ns =
            i->job->arrived_ns + (int64_t)i->request.timeout_us * 1000;
    }
    return check_deadline(i);
}

static cleave_status check_client(const struct inference *i)
{
    if (i->timing.queue_ns > SHORT_WAIT_NS && i->job->gone != NULL &&
        i->job->gone(i->job->self)) {
        return clv_fail(i->err, CLEAVE_CANCELLED, i->job->model,
                        "The client has gone.");
    }
    return CLEAVE_OK;
}

static cleave_status check_identity(const struct inference *i)
{
    const char *have = clv_network_sha256(i->model->network);
    const char *want = i->request.sha256;

    if (want != NULL && strcasecmp(want, have) != 0) {
        return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                        "The model '%s' here has SHA-256 %s, the client means "
                        "%s; give both sides the same file.",
                        i->model->name, have, want);
    }
    return CLEAVE_OK;
}

static cleave_status take_part(struct inference *i)
{
    const char *names[CLV_MESSAGE_TENSORS];
    int64_t started_ns = now(i);
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status;

    for (size_t k = 0; k < i->request.input_count; k++) {
        names[k] = i->request.inputs[k].info.name;
    }
    if (i->must_be_quick) {
        return clv_parts_take_quick(i->service->parts, i->model->network, names,
                                    i->request.input_count, QUICK_NS, &i->part)
                   ? CLEAVE_OK
                   : CLEAVE_BUSY;
    }
    status =
        clv_parts_take(i->service->parts, i->model->network, names,
                       i->request.input_count, i->deadline_ns, &i->part, &why);
    if (status == CLEAVE_NOT_FOUND) { /* `where` is the tensor at fault */
        clv_fail(i->err, status, why.where, "Model '%s', tensor '%s': %s",
                 i->model->name, why.where, why.text);
    } else if (status != CLEAVE_OK) {
        clv_fail(i->err, status, why.where, "Model '%s': %s", i->model->name,
                 why.text);
    }
    i->timing.queue_ns += now(i) - started_ns;
    return status;
}

static cleave_status wrong_form(const struct inference *i,
                                const cleave_tensor_info *want,
                                const cleave_tensor_info *have)
{
    char wanted[96];
    char got[96];

    return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                    "The tensor '%s' of model '%s' must be %s, %s came.",
                    want->name, i->model->name,
                    clv_tensor_describe(want, wanted, sizeof wanted),
                    clv_tensor_describe(have, got, sizeof got));
}

/* Replaces an f16 tensor of the request by its f32. */
static cleave_status widen(struct inference *i, size_t at)
{
    cleave_tensor *tensor = &i->request.inputs[at];
    size_t count = tensor->bytes / sizeof(uint16_t);
    float *wide = malloc(count > 0 ? count * sizeof *wide : 1);

    if (wide == NULL) {
        return clv_fail_memory(i->err, tensor->info.name, count * sizeof *wide);
    }
    clv_f16_to_f32(tensor->data, count, wide);
    free(i->request.owned[at]);
    i->request.owned[at] = wide;
    tensor->data = wide;
    tensor->bytes = count * sizeof *wide;
    tensor->info.type = CLEAVE_TYPE_F32;
    return CLEAVE_OK;
}

/* The request's tensor for one input of the session, made to fit. */
static cleave_status fit_input(struct inference *i,
                               const cleave_tensor_info *want,
                               cleave_tensor *ret_tensor)
{
    cleave_status status = CLEAVE_OK;
    cleave_tensor_info form;
    size_t at = 0;

    while (at < i->request.input_count &&
           strcmp(i->request.inputs[at].info.name, want->name) != 0) {
        at++;
    }
    if (at == i->request.input_count) {
        return clv_fail(i->err, CLEAVE_NOT_FOUND, i->model->name,
                        "The tensor '%s' is missing.", want->name);
    }
    form = i->request.inputs[at].info;
    if (form.type == CLEAVE_TYPE_F16 && want->type == CLEAVE_TYPE_F32) {
        form.type = CLEAVE_TYPE_F32;
    }
    if (!clv_tensor_fits(want, &form)) {
        return wrong_form(i, want, &i->request.inputs[at].info);
    }
    if (form.type != i->request.inputs[at].info.type) {
        status = widen(i, at);
    }
    if (status == CLEAVE_OK) {
        *ret_tensor = i->request.inputs[at];
    }
    return status;
}

static cleave_status fit_inputs(struct inference *i)
{
    size_t count = 0;
    const cleave_tensor_info *want =
        clv_session_inputs(i->part.session, &count);
    int64_t started_ns = now(i);
    cleave_status status = CLEAVE_OK;

    if (count != i->request.input_count) {
        return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                        "%zu tensors came, this part of model '%s' takes %zu.",
                        i->request.input_count, i->model->name, count);
    }
    for (size_t k = 0; k < count && status == CLEAVE_OK; k++) {
        status = fit_input(i, &want[k], &i->inputs[k]);
    }
    i->timing.unpack_ns += now(i) - started_ns;
    return status;
}

static cleave_status run(struct inference *i)
{
    int64_t started_ns;
    cleave_status status = check_deadline(i);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (i->service->hook.before_run != NULL) {
        i->service->hook.before_run(i->service->hook.self);
    }
    started_ns = now(i);
    status = clv_session_run(i->part.session, i->inputs, i->request.input_count,
                             i->part.outputs, i->err);
    i->timing.tail_ns = now(i) - started_ns;
    return status;
}

static const cleave_tensor *find_output(const cleave_tensor *tensors,
                                        size_t count, const char *name)
{
    for (size_t k = 0; k < count; k++) {
        if (strcmp(tensors[k].info.name, name) == 0) {
            return &tensors[k];
        }
    }
    return NULL;
}

/* The outputs asked for, or all of the part. */
static cleave_status choose_outputs(const struct inference *i,
                                    struct clv_answer_output *chosen,
                                    struct clv_class_names *labels,
                                    size_t *ret_count)
{
    size_t have = 0;
    const cleave_tensor *tensors = clv_outputs_tensors(i->part.outputs, &have);
    size_t wanted = i->request.output_count;

    if (wanted == 0 && have > CLV_MESSAGE_TENSORS) {
        return clv_fail(i->err, CLEAVE_LIMIT, i->model->name,
                        "The model has %zu outputs, an answer at most %d; name "
                        "those you want.",
                        have, CLV_MESSAGE_TENSORS);
    }
    for (size_t k = 0; wanted == 0 && k < have; k++) {
        chosen[k] = (struct clv_answer_output){
            .tensor = &tensors[k], .binary = i->request.binary_output};
    }
    for (size_t k = 0; k < wanted; k++) {
        const struct clv_wanted_output *w = &i->request.outputs[k];
        labels[k] = clv_served_labels(i->model, w->name);
        chosen[k] = (struct clv_answer_output){
            .tensor = find_output(tensors, have, w->name),
            .binary = w->binary,
            .classes = w->classes,
            .labels = &labels[k]};
        if (chosen[k].tensor == NULL) {
            return clv_fail(i->err, CLEAVE_NOT_FOUND, i->model->name,
                            "This part of model '%s' has no output '%s'.",
                            i->model->name, w->name);
        }
    }
    *ret_count = wanted > 0 ? wanted : have;
    return CLEAVE_OK;
}

static cleave_status write_answer(const struct inference *i,
                                  struct clv_reply *reply)
{
    struct clv_answer_output outputs[CLV_MESSAGE_TENSORS];
    struct clv_class_names labels[CLV_MESSAGE_TENSORS];
    struct clv_answer answer = {
        .model = i->model->name, .id = i->request.id, .outputs = outputs};
    cleave_status status =
        choose_outputs(i, outputs, labels, &answer.output_count);

    if (status == CLEAVE_OK) {
        status = clv_response_build(&answer, &reply->body, &reply->json_bytes,
                                    i->err);
    }
    return status;
}

/* Remembers whether a body of this size is worth a try next time. */
static void note_pace(struct inference *i, int64_t lately_ns)
{
    size_t size = i->job->body.size;

    if (size <= QUICK_BYTES && lately_ns <= QUICK_NS) {
        atomic_store(&i->model->quick_bytes, size);
    } else if (atomic_load(&i->model->quick_bytes) == size) {
        atomic_store(&i->model->quick_bytes, 0);
    }
}

static cleave_status answer(struct inference *i, struct clv_reply *reply)
{
    cleave_status status = read_request(i);

    if (status == CLEAVE_OK) {
        status = check_client(i);
    }
    if (status == CLEAVE_OK) {
        status = check_identity(i);
    }
    if (status == CLEAVE_OK) {
        status = take_part(i);
    }
    if (status == CLEAVE_OK) {
        status = fit_inputs(i);
    }
    if (status == CLEAVE_OK) {
        status = run(i);
    }
    if (status == CLEAVE_OK) {
        status = write_answer(i, reply);
    }
    return status;
}

static void end(struct inference *i, struct clv_reply *reply,
                cleave_status status)
{
    if (status != CLEAVE_OK) {
        i->err->code = status;
        clv_reply_fail(reply, i->err);
    }
    reply->timed = true;
    reply->timing = i->timing;
    if (i->part.loaded != NULL) {
        note_pace(
            i, clv_parts_give(i->service->parts, &i->part, i->timing.tail_ns));
    }
    clv_infer_request_fini(&i->request);
}

void clv_infer_answer(struct clv_service *service,
                      const struct clv_infer_job *job, struct clv_reply *reply)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct inference i = {.service = service, .job = job, .err = &error};

    end(&i, reply, answer(&i, reply));
}

bool clv_infer_try(struct clv_service *service, const struct clv_infer_job *job,
                   struct clv_reply *reply)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct inference i = {
        .service = service, .job = job, .err = &error, .must_be_quick = true};
    cleave_status status;

    if (service->hook.before_run != NULL || /* it may block */
        clv_catalog_find(&service->catalog, job->model, &i.model, NULL) !=
            CLEAVE_OK ||
        atomic_load(&i.model->quick_bytes) != job->body.size) {
        return false;
    }
    status = answer(&i, reply);
    if (status == CLEAVE_BUSY && i.part.loaded == NULL) {
        clv_infer_request_fini(&i.request);
        return false;
    }
    end(&i, reply, status);
    return true;
}
