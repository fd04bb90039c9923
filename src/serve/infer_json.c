/*
 * infer_json.c - the form of the Open Inference Protocol: JSON, and binary
 * data behind it.
 *
 * The names of the tensors that came say which part of the network is wanted;
 * the part's session says what it wants of them: order, types and shapes. A
 * tensor that came as f16 where f32 is wanted is widened here, one that came
 * as a frame is decoded; everything else has to fit.
 */
#include "serve/inference.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/response.h"

static cleave_status read_request(struct clv_inference *i)
{
    const struct clv_infer_job *job = i->job;
    cleave_status status = clv_infer_request_parse(job->body, job->json_bytes,
                                                   &i->request, i->err);

    if (status != CLEAVE_OK) {
        return status;
    }
    i->sha256 = i->request.sha256;
    if (i->request.timeout_us > 0) {
        i->deadline_ns =
            job->arrived_ns + (int64_t)i->request.timeout_us * 1000;
    }
    return CLEAVE_OK;
}

static cleave_status take_part(struct clv_inference *i)
{
    const char *names[CLV_MESSAGE_TENSORS];
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status;

    for (size_t k = 0; k < i->request.input_count; k++) {
        names[k] = i->request.inputs[k].info.name;
    }
    if (i->must_be_quick) {
        return clv_parts_take_quick(i->service->parts, i->model->network, names,
                                    i->request.input_count, CLV_QUICK_NS,
                                    &i->part)
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
    return status;
}

static cleave_status wrong_form(const struct clv_inference *i,
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
static cleave_status widen(struct clv_inference *i, size_t at)
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

/* Replaces a frame of the request by its tensor. */
static cleave_status unpack(struct clv_inference *i, size_t at,
                            const cleave_tensor_info *want)
{
    cleave_tensor *tensor = &i->request.inputs[at];
    clv_bytes frame = i->request.frames[at];
    struct clv_receiver *receiver = NULL;
    cleave_tensor decoded;
    size_t used = 0;
    cleave_status status = clv_inference_receiver(i, &receiver);

    if (status == CLEAVE_OK) {
        status = clv_receiver_frame(receiver, frame, i->model, want, &decoded,
                                    &used, i->err);
    }
    if (status == CLEAVE_OK && used != frame.size) {
        status = clv_fail(i->err, CLEAVE_INVALID, i->model->name,
                          "The tensor '%s' came as %zu bytes, of which its "
                          "frame has %zu; each tensor has one frame.",
                          want->name, frame.size, used);
    }
    if (status == CLEAVE_OK &&
        !clv_tensor_same_form(&tensor->info, &decoded.info)) {
        status = wrong_form(i, &tensor->info, &decoded.info);
    }
    if (status == CLEAVE_OK) {
        *tensor = decoded;
    }
    return status;
}

/* The request's tensor for one input of the session, made to fit. */
static cleave_status fit_input(struct clv_inference *i,
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
    if (form.type == CLEAVE_TYPE_F16 && want->type == CLEAVE_TYPE_F32 &&
        i->request.frames[at].size == 0) {
        form.type = CLEAVE_TYPE_F32;
    }
    if (!clv_tensor_fits(want, &form)) {
        return wrong_form(i, want, &i->request.inputs[at].info);
    }
    if (i->request.frames[at].size > 0) {
        status = unpack(i, at, want);
    } else if (form.type != i->request.inputs[at].info.type) {
        status = widen(i, at);
    }
    if (status == CLEAVE_OK) {
        *ret_tensor = i->request.inputs[at];
    }
    return status;
}

static cleave_status fit_inputs(struct clv_inference *i)
{
    size_t count = 0;
    const cleave_tensor_info *want =
        clv_session_inputs(i->part.session, &count);
    cleave_status status = CLEAVE_OK;

    if (count != i->request.input_count) {
        return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                        "%zu tensors came, this part of model '%s' takes %zu.",
                        i->request.input_count, i->model->name, count);
    }
    for (size_t k = 0; k < count && status == CLEAVE_OK; k++) {
        status = fit_input(i, &want[k], &i->inputs[k]);
    }
    i->input_count = count;
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
static cleave_status choose_outputs(const struct clv_inference *i,
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

static cleave_status write_answer(struct clv_inference *i,
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

static void end(struct clv_inference *i)
{
    clv_infer_request_fini(&i->request);
}

const struct clv_infer_form clv_infer_form_json = {
    .read = read_request,
    .take_part = take_part,
    .make_inputs = fit_inputs,
    .write = write_answer,
    .end = end,
};
