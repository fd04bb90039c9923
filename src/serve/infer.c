/*
 * infer.c - one infer request, from its body to its answer.
 *
 * `answer` reads as the list of its steps. A request comes in one of two
 * forms (inference.h), which read it and write its answer; which part of the
 * network is wanted, and what that part wants, is theirs to find out. Here is
 * what both need.
 *
 * What the device is told (Server-Timing): `queue` is waiting, for a worker
 * and for the part to be loaded; `unpack` is reading the request, decoding
 * and widening; `tail` is the session's run and nothing else.
 */
#include "serve/infer.h"

#include <strings.h>

#include "base/fail.h"
#include "serve/inference.h"

/* Below this wait it is not worth a system call to look for the client. */
#define SHORT_WAIT_NS 1000000

int64_t clv_inference_now(const struct clv_inference *i)
{
    return clv_clock_now_ns(i->service->clock);
}

cleave_status clv_inference_receiver(struct clv_inference *i,
                                     struct clv_receiver **ret_receiver)
{
    cleave_status status = CLEAVE_OK;

    if (i->receiver == NULL) {
        status =
            clv_receivers_take(i->service->receivers, &i->receiver, i->err);
    }
    if (status == CLEAVE_OK) {
        *ret_receiver = i->receiver;
    }
    return status;
}

static cleave_status check_deadline(const struct clv_inference *i)
{
    if (i->deadline_ns > 0 && clv_inference_now(i) >= i->deadline_ns) {
        return clv_fail(i->err, CLEAVE_TIMEOUT, i->job->model,
                        "The request's timeout of %llu us passed before it "
                        "could be computed.",
                        (unsigned long long)i->request.timeout_us);
    }
    return CLEAVE_OK;
}

static cleave_status read_request(struct clv_inference *i)
{
    int64_t started_ns = clv_inference_now(i);
    cleave_status status = clv_catalog_find(&i->service->catalog, i->job->model,
                                            &i->model, i->err);

    if (status == CLEAVE_OK) {
        status = i->form->read(i);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    i->timing.queue_ns = started_ns - i->job->arrived_ns;
    i->timing.unpack_ns = clv_inference_now(i) - started_ns;
    return check_deadline(i);
}

static cleave_status check_client(struct clv_inference *i)
{
    if (i->timing.queue_ns > SHORT_WAIT_NS && i->job->gone != NULL &&
        i->job->gone(i->job->self)) {
        return clv_fail(i->err, CLEAVE_CANCELLED, i->job->model,
                        "The client has gone.");
    }
    return CLEAVE_OK;
}

static cleave_status check_identity(struct clv_inference *i)
{
    const char *have = clv_network_sha256(i->model->network);

    if (i->sha256 != NULL && strcasecmp(i->sha256, have) != 0) {
        return clv_fail(i->err, CLEAVE_MISMATCH, i->model->name,
                        "The model '%s' here has SHA-256 %s, the client means "
                        "%s; give both sides the same file.",
                        i->model->name, have, i->sha256);
    }
    return CLEAVE_OK;
}

static cleave_status take_part(struct clv_inference *i)
{
    int64_t started_ns = clv_inference_now(i);
    cleave_status status = i->form->take_part(i);

    i->timing.queue_ns += clv_inference_now(i) - started_ns;
    return status;
}

static cleave_status make_inputs(struct clv_inference *i)
{
    int64_t started_ns = clv_inference_now(i);
    cleave_status status = i->form->make_inputs(i);

    i->timing.unpack_ns += clv_inference_now(i) - started_ns;
    return status;
}

static cleave_status run(struct clv_inference *i)
{
    int64_t started_ns;
    cleave_status status = check_deadline(i);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (i->service->hook.before_run != NULL) {
        i->service->hook.before_run(i->service->hook.self);
    }
    started_ns = clv_inference_now(i);
    status = clv_session_run(i->part.session, i->inputs, i->input_count,
                             i->part.outputs, i->err);
    i->timing.tail_ns = clv_inference_now(i) - started_ns;
    return status;
}

static cleave_status answer(struct clv_inference *i, struct clv_reply *reply)
{
    static cleave_status (*const steps[])(struct clv_inference *) = {
        read_request, check_client, check_identity, take_part, make_inputs, run,
    };
    cleave_status status = CLEAVE_OK;

    for (size_t k = 0;
         status == CLEAVE_OK && k < sizeof steps / sizeof steps[0]; k++) {
        status = steps[k](i);
    }
    return status == CLEAVE_OK ? i->form->write(i, reply) : status;
}

/*
 * Remembers whether a body of this size is worth a try next time. JSON costs
 * something to be read before the part is known, so there the size must be
 * the same; in the compact form the part alone decides.
 */
static void note_pace(struct clv_inference *i, int64_t lately_ns)
{
    size_t size = i->job->body.size;

    if (i->job->cut != NULL) {
        return;
    }
    if (size <= CLV_QUICK_BYTES && lately_ns <= CLV_QUICK_NS) {
        atomic_store(&i->model->quick_bytes, size);
    } else if (atomic_load(&i->model->quick_bytes) == size) {
        atomic_store(&i->model->quick_bytes, 0);
    }
}

/* How long the part kept its thread; decoding counts where it depends on it. */
static int64_t busy_ns(const struct clv_inference *i)
{
    if (i->timing.tail_ns == 0 || i->job->cut == NULL) {
        return i->timing.tail_ns;
    }
    return i->timing.tail_ns + i->timing.unpack_ns;
}

static void end(struct clv_inference *i, struct clv_reply *reply,
                cleave_status status)
{
    if (status != CLEAVE_OK) {
        i->err->code = status;
        clv_reply_fail(reply, i->err);
        reply->http = i->http > 0 ? i->http : reply->http;
    }
    reply->timed = true;
    reply->timing = i->timing;
    if (i->part.loaded != NULL) {
        note_pace(i, clv_parts_give(i->service->parts, &i->part, busy_ns(i)));
    }
    clv_receivers_give(i->service->receivers, i->receiver);
    i->form->end(i);
}

static struct clv_inference begin(struct clv_service *service,
                                  const struct clv_infer_job *job,
                                  cleave_error *err)
{
    return (struct clv_inference){
        .service = service,
        .job = job,
        .form = job->cut != NULL ? &clv_infer_form_cut : &clv_infer_form_json,
        .err = err,
    };
}

void clv_infer_answer(struct clv_service *service,
                      const struct clv_infer_job *job, struct clv_reply *reply)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_inference i = begin(service, job, &error);

    end(&i, reply, answer(&i, reply));
}

static bool may_be_quick(const struct clv_inference *i)
{
    struct clv_served *model = NULL;
    size_t size = i->job->body.size;

    if (i->service->hook.before_run != NULL || /* it may block */
        clv_catalog_find(&i->service->catalog, i->job->model, &model, NULL) !=
            CLEAVE_OK) {
        return false;
    }
    return i->job->cut != NULL ? size <= CLV_QUICK_BYTES
                               : atomic_load(&model->quick_bytes) == size;
}

bool clv_infer_try(struct clv_service *service, const struct clv_infer_job *job,
                   struct clv_reply *reply)
{
    cleave_error error = CLEAVE_ERROR_INIT;
    struct clv_inference i = begin(service, job, &error);
    cleave_status status;

    if (!may_be_quick(&i)) {
        return false;
    }
    i.must_be_quick = true;
    status = answer(&i, reply);
    if (status == CLEAVE_BUSY && i.part.loaded == NULL) {
        i.form->end(&i);
        return false;
    }
    end(&i, reply, status);
    return true;
}
