/*
 * infer_cut.c - the compact form: a body of frames, or of a picture, for a
 * cut that the path names, and frames back. No JSON.
 *
 * Frames carry no names: the first is the cut's first tensor, and so on. So
 * the part comes first, and tells for each frame what it has to be. The
 * answer has what the part computes of the model's outputs, in the model's
 * order, as raw frames: they are small, and without loss.
 */
#include "serve/inference.h"

#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "codec/frame.h"

/* The entity tags of If-Match hold so many digits of a SHA-256, or more. */
#define TAG_DIGITS 16
#define SHA256_DIGITS 64

#define LONGEST_US ((int64_t)3600 * 1000000)

static bool is_type(const char *have, const char *want)
{
    size_t length = strlen(want);

    return have != NULL && strncasecmp(have, want, length) == 0 &&
           (have[length] == '\0' || have[length] == ';' || have[length] == ' ');
}

static bool is_picture(const struct clv_inference *i)
{
    return is_type(i->job->content_type, "image/jpeg") ||
           is_type(i->job->content_type, "image/webp");
}

static cleave_status check_type(const struct clv_inference *i)
{
    const char *type = i->job->content_type;

    if (is_picture(i) && strcmp(i->job->cut, CLV_CUT_INPUT) != 0) {
        return clv_fail(i->err, CLEAVE_INVALID, i->job->model,
                        "A picture can only be sent to the cut 'input'; at "
                        "the cut '%.100s' send frames.",
                        i->job->cut);
    }
    if (type == NULL || is_picture(i) || is_type(type, CLV_FRAME_TYPE) ||
        is_type(type, "application/octet-stream")) {
        return CLEAVE_OK;
    }
    return clv_fail(i->err, CLEAVE_UNSUPPORTED, i->job->model,
                    "A body of type '%.100s' is not for this address; send "
                    "frames, as " CLV_FRAME_TYPE
                    " or without a type, or image/jpeg or image/webp.",
                    type);
}

/* One entity tag in quotes: the beginning of the model's SHA-256. */
static bool tag_matches(const char *tag, size_t digits, const char *sha256)
{
    return digits >= TAG_DIGITS && digits <= SHA256_DIGITS &&
           strncasecmp(tag, sha256, digits) == 0;
}

/*
 * If-Match: "2f06e72de813a861", several with commas, or an asterisk. HTTP
 * wants 412 if none of them is what we have.
 */
static cleave_status check_tags(struct clv_inference *i)
{
    const char *have = clv_network_sha256(i->model->network);
    const char *at = i->job->if_match;

    if (at == NULL || strcmp(at, "*") == 0) {
        return CLEAVE_OK;
    }
    while ((at = strchr(at, '"')) != NULL) {
        size_t digits = strcspn(at + 1, "\"");
        if (tag_matches(at + 1, digits, have)) {
            return CLEAVE_OK;
        }
        at += 1 + digits;
        at += *at == '"';
    }
    i->http = 412;
    return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                    "The model '%.100s' here has SHA-256 %.64s, the client "
                    "means %.80s; give both sides the same file.",
                    i->model->name, have, i->job->if_match);
}

/* Timeout-Us: who has waited so long does not wait any more. */
static cleave_status read_timeout(struct clv_inference *i)
{
    int64_t timeout_us = i->job->timeout_us;

    if (timeout_us == -2 || timeout_us == 0 || timeout_us > LONGEST_US) {
        return clv_fail(i->err, CLEAVE_INVALID, i->job->model,
                        "Timeout-Us is a number of microseconds, from 1 to an "
                        "hour's.");
    }
    if (timeout_us > 0) {
        i->request.timeout_us = (uint64_t)timeout_us;
        i->deadline_ns = i->job->arrived_ns + timeout_us * 1000;
    }
    return CLEAVE_OK;
}

static cleave_status read_headers(struct clv_inference *i)
{
    cleave_status status = check_type(i);

    if (status == CLEAVE_OK) {
        status = check_tags(i);
    }
    return status == CLEAVE_OK ? read_timeout(i) : status;
}

static cleave_status take_part(struct clv_inference *i)
{
    const char *cut = i->job->cut;
    cleave_error why = CLEAVE_ERROR_INIT;
    cleave_status status;

    if (i->must_be_quick) {
        return clv_parts_take_cut_quick(i->service->parts, i->model->network,
                                        cut, CLV_QUICK_NS, &i->part)
                   ? CLEAVE_OK
                   : CLEAVE_BUSY;
    }
    status = clv_parts_take_cut(i->service->parts, i->model->network, cut,
                                i->deadline_ns, &i->part, &why);
    if (status != CLEAVE_OK) {
        clv_fail(i->err, status, why.where, "Model '%.100s', cut '%.150s': %s",
                 i->model->name, cut, why.text);
    }
    return status;
}

/* Which of the session's inputs has this name. */
static size_t find_input(const cleave_tensor_info *infos, size_t count,
                         const char *name)
{
    size_t at = 0;

    while (at < count && strcmp(infos[at].name, name) != 0) {
        at++;
    }
    return at;
}

static cleave_status wrong_number(const struct clv_inference *i,
                                  const char *came)
{
    return clv_fail(i->err, CLEAVE_INVALID, i->model->name,
                    "The cut '%.150s' of model '%.100s' has %zu tensors, and "
                    "%s came. Send one frame for each, in network order.",
                    i->job->cut, i->model->name, i->part.name_count, came);
}

static cleave_status read_frames(struct clv_inference *i,
                                 struct clv_receiver *receiver,
                                 const cleave_tensor_info *want, size_t count)
{
    clv_bytes rest = i->job->body;
    cleave_status status = CLEAVE_OK;

    for (size_t k = 0; k < count && status == CLEAVE_OK; k++) {
        size_t at = find_input(want, count, i->part.names[k]);
        size_t used = 0;
        if (at == count) {
            return wrong_number(i, "others"); /* cannot be: same part */
        }
        if (rest.size == 0) {
            return wrong_number(i, "fewer frames");
        }
        status = clv_receiver_frame(receiver, rest, i->model, &want[at],
                                    &i->inputs[at], &used, i->err);
        rest.data += used;
        rest.size -= used;
    }
    return status == CLEAVE_OK && rest.size > 0 ? wrong_number(i, "more frames")
                                                : status;
}

static cleave_status make_inputs(struct clv_inference *i)
{
    struct clv_receiver *receiver = NULL;
    size_t count = 0;
    const cleave_tensor_info *want =
        clv_session_inputs(i->part.session, &count);
    cleave_status status = clv_inference_receiver(i, &receiver);

    if (status != CLEAVE_OK) {
        return status;
    }
    i->input_count = count;
    if (is_picture(i)) {
        return clv_receiver_picture(receiver, i->job->body, i->model, want,
                                    &i->inputs[0], i->err);
    }
    if (count != i->part.name_count || count > CLV_MESSAGE_TENSORS) {
        return clv_fail(i->err, CLEAVE_LIMIT, i->model->name,
                        "This part has %zu inputs, a message at most %d.",
                        count, CLV_MESSAGE_TENSORS);
    }
    return read_frames(i, receiver, want, count);
}

/* The part's output of this name, or NULL. */
static const cleave_tensor *find_output(const struct clv_inference *i,
                                        const char *name)
{
    size_t count = 0;
    const cleave_tensor *made = clv_outputs_tensors(i->part.outputs, &count);

    for (size_t k = 0; k < count; k++) {
        if (strcmp(made[k].info.name, name) == 0) {
            return &made[k];
        }
    }
    return NULL;
}

static cleave_status write_frames(struct clv_inference *i,
                                  struct clv_reply *reply)
{
    size_t count = 0;
    const cleave_tensor_info *outputs =
        clv_network_outputs(i->model->network, &count);
    const cleave_tensor *next = NULL;
    cleave_status status = CLEAVE_OK;

    for (size_t k = count; k > 0 && next == NULL; k--) {
        next = find_output(i, outputs[k - 1].name);
    }
    for (size_t k = 0; k < count && status == CLEAVE_OK; k++) {
        const cleave_tensor *tensor = find_output(i, outputs[k].name);
        struct clv_frame frame = {.coder = CLV_CODER_RAW};
        if (tensor != NULL) {
            frame.info = tensor->info;
            frame.payload = (clv_bytes){tensor->data, tensor->bytes};
            status = clv_frame_write(&frame, tensor == next, &reply->body);
        }
    }
    if (status != CLEAVE_OK) {
        return clv_fail(i->err, status, i->model->name,
                        "The answer of model '%.100s' could not be written: "
                        "%s.",
                        i->model->name, cleave_status_text(status));
    }
    reply->frames = true;
    reply->untyped = i->job->content_type == NULL;
    return CLEAVE_OK;
}

static void end(struct clv_inference *i)
{
    (void)i;
}

const struct clv_infer_form clv_infer_form_cut = {
    .read = read_headers,
    .take_part = take_part,
    .make_inputs = make_inputs,
    .write = write_frames,
    .end = end,
};
