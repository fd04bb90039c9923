/*
 * engine.c - the part of an engine that does not depend on what is behind.
 *
 * Names are parsed and arguments checked here, once for all backends, so
 * that a tensor of the wrong form is our own clear error and never a
 * backend's surprise.
 */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/clock.h"
#include "base/fail.h"
#include "base/wait.h"
#include "engine/backend.h"
#include "tensor/element.h"

static const struct {
    const char *scheme;
    const struct clv_engine_ops *ops;
} backends[] = {
    {"cpu", &clv_onnxruntime_ops},
    {"webgpu", &clv_onnxruntime_ops},
    {"cuda", &clv_onnxruntime_ops},
    {"fake", &clv_fake_ops},
};

cleave_status clv_engine_open(const char *text, struct clv_engine **ret_engine,
                              cleave_error *err)
{
    struct clv_engine_name name;
    struct clv_engine *engine;
    cleave_status status = clv_engine_name_parse(text, &name, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(backends[i].scheme, name.scheme) != 0) {
            continue;
        }
        status = backends[i].ops->open(&name, &engine, err);
        if (status == CLEAVE_OK) {
            engine->ops = backends[i].ops;
            engine->threads = name.threads;
            engine->slow_milli = name.slow_milli;
            clv_engine_name_print(&name, engine->name, sizeof engine->name);
            *ret_engine = engine;
        }
        return status;
    }
    return clv_fail(err, CLEAVE_INVALID, text,
                    "There is no engine '%s'; known are cpu, webgpu, cuda "
                    "and fake. `cleave engines` lists those of this "
                    "machine.",
                    name.scheme);
}

void clv_engine_close(struct clv_engine *engine)
{
    if (engine != NULL) {
        engine->ops->close(engine);
    }
}

const char *clv_engine_name(const struct clv_engine *engine)
{
    return engine->name;
}

uint32_t clv_engine_threads(const struct clv_engine *engine)
{
    return engine->threads;
}

double clv_engine_slowdown(const struct clv_engine *engine)
{
    return engine->slow_milli / 1000.0;
}

void clv_engine_hold_back(const struct clv_engine *engine, int64_t began_ns)
{
    int64_t took_ns = clv_clock_now_ns(clv_clock_machine()) - began_ns;
    double whole_ns = (double)took_ns * clv_engine_slowdown(engine);

    if (engine->slow_milli != 1000) {
        clv_wait_until(began_ns + (int64_t)whole_ns);
    }
}

const char *clv_engine_identity(const struct clv_engine *engine)
{
    return engine->identity;
}

uint32_t clv_engine_channel_block(const struct clv_engine *engine)
{
    return engine->channel_block;
}

int clv_engine_saves_graphs(const struct clv_engine *engine)
{
    return engine->saves_graphs;
}

void clv_engines_give_back(void)
{
    clv_onnxruntime_give_back();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

cleave_status clv_copies_new(struct clv_engine *engine,
                             struct clv_copies **ret_copies, cleave_error *err)
{
    struct clv_copies *copies = calloc(1, sizeof *copies);
    cleave_status status;

    if (copies == NULL) {
        return clv_fail_memory(err, "copies", sizeof *copies);
    }
    copies->engine = engine;
    status = engine->ops->share(engine, &copies->held, err);
    if (status != CLEAVE_OK) {
        free(copies);
        return status;
    }
    *ret_copies = copies;
    return CLEAVE_OK;
}

void clv_copies_free(struct clv_copies *copies)
{
    if (copies != NULL) {
        copies->engine->ops->unshare(copies->engine, copies->held);
        free(copies);
    }
}

cleave_status clv_session_new(struct clv_engine *engine,
                              const struct clv_session_source *source,
                              struct clv_session **ret_session,
                              cleave_error *err)
{
    return engine->ops->load(engine, source, ret_session, err);
}

void clv_session_free(struct clv_session *session)
{
    if (session != NULL) {
        session->engine->ops->unload(session);
    }
}

const cleave_tensor_info *clv_session_inputs(const struct clv_session *session,
                                             size_t *ret_count)
{
    *ret_count = session->input_count;
    return session->inputs;
}

const cleave_tensor_info *clv_session_outputs(const struct clv_session *session,
                                              size_t *ret_count)
{
    *ret_count = session->output_count;
    return session->outputs;
}

cleave_status clv_outputs_new(struct clv_session *session,
                              struct clv_outputs **ret_outputs,
                              cleave_error *err)
{
    struct clv_outputs *o = calloc(1, sizeof *o);
    size_t n = session->output_count + 1;

    if (o != NULL) {
        o->session = session;
        o->tensors = calloc(n, sizeof *o->tensors);
        o->held = calloc(n, sizeof *o->held);
    }
    if (o == NULL || o->tensors == NULL || o->held == NULL) {
        clv_outputs_free(o);
        return clv_fail_memory(err, "outputs", n * sizeof *o->tensors);
    }
    *ret_outputs = o;
    return CLEAVE_OK;
}

void clv_outputs_free(struct clv_outputs *outputs)
{
    if (outputs == NULL) {
        return;
    }
    if (outputs->held != NULL) {
        outputs->session->engine->ops->release(outputs);
    }
    free(outputs->held);
    free(outputs->tensors);
    free(outputs);
}

const cleave_tensor *clv_outputs_tensors(const struct clv_outputs *outputs,
                                         size_t *ret_count)
{
    *ret_count = outputs->session->output_count;
    return outputs->tensors;
}

static cleave_status check_input(const cleave_tensor_info *want,
                                 const cleave_tensor *have, cleave_error *err)
{
    uint64_t elements;
    uint64_t bytes;
    char a[128];
    char b[128];

    if (!clv_tensor_fits(want, &have->info)) {
        return clv_fail(err, CLEAVE_MISMATCH, want->name,
                        "The network wants %s here, not %s.",
                        clv_tensor_describe(want, a, sizeof a),
                        clv_tensor_describe(&have->info, b, sizeof b));
    }
    if (cleave_tensor_count(&have->info, &elements, &bytes) != CLEAVE_OK ||
        bytes != have->bytes) {
        return clv_fail(err, CLEAVE_MISMATCH, want->name,
                        "%s has another size than %zu bytes.",
                        clv_tensor_describe(&have->info, b, sizeof b),
                        have->bytes);
    }
    return CLEAVE_OK;
}

cleave_status clv_session_run(struct clv_session *session,
                              const cleave_tensor *inputs, size_t input_count,
                              struct clv_outputs *outputs, cleave_error *err)
{
    int64_t began_ns = clv_clock_now_ns(clv_clock_machine());
    cleave_status status;

    if (input_count != session->input_count) {
        return clv_fail(err, CLEAVE_MISMATCH, NULL,
                        "The network has %zu inputs; %zu were given.",
                        session->input_count, input_count);
    }
    for (size_t i = 0; i < input_count; i++) {
        status = check_input(&session->inputs[i], &inputs[i], err);
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    status = session->engine->ops->run(session, inputs, outputs, err);
    clv_engine_hold_back(session->engine, began_ns);
    return status;
}
