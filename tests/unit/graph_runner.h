/*
 * graph_runner.h - running a session on inputs by name, for tests.
 *
 * Inputs that the test does not give are made up, the same each time: small
 * numbers of all kinds, free dimensions taken as 1.
 */
#ifndef GRAPH_RUNNER_H
#define GRAPH_RUNNER_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tensor/element.h"

#define RUN_ENDS 16

struct run {
    struct clv_session *session; /* closed by run_end if the run opened it */
    int owns_session;
    cleave_tensor inputs[RUN_ENDS];
    void *made_up[RUN_ENDS];
    size_t input_count;
    struct clv_outputs *outputs;
    const cleave_tensor *out;
    size_t out_count;
};

static inline void *run_numbers(cleave_tensor_info *info, size_t *ret_bytes)
{
    uint64_t elements;
    uint64_t bytes;
    uint32_t seed = 1;
    void *data;

    for (uint32_t d = 0; d < info->rank; d++) {
        info->shape[d] = info->shape[d] < 0 ? 1 : info->shape[d];
    }
    if (cleave_tensor_count(info, &elements, &bytes) != CLEAVE_OK ||
        (data = calloc(1, (size_t)bytes + 1)) == NULL) {
        abort();
    }
    for (uint64_t i = 0; i < elements; i++) {
        seed = seed * 1664525u + 1013904223u;
        if (info->type == CLEAVE_TYPE_F32) {
            ((float *)data)[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
        } else if (info->type == CLEAVE_TYPE_I64) {
            ((int64_t *)data)[i] = (seed >> 16) & 1;
        } else if (info->type == CLEAVE_TYPE_F16) {
            ((uint16_t *)data)[i] = (uint16_t)(0x3000 + ((seed >> 16) & 0xbff));
        }
    }
    *ret_bytes = (size_t)bytes;
    return data;
}

static inline const cleave_tensor *run_find(const cleave_tensor *tensors,
                                            size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tensors[i].info.name, name) == 0) {
            return &tensors[i];
        }
    }
    return NULL;
}

static inline cleave_status run_begin(struct clv_session *session,
                                      const cleave_tensor *given,
                                      size_t given_count, struct run *r,
                                      cleave_error *err)
{
    const cleave_tensor_info *infos =
        clv_session_inputs(session, &r->input_count);
    cleave_status status;

    r->session = session;
    if (r->input_count > RUN_ENDS) {
        abort();
    }
    for (size_t i = 0; i < r->input_count; i++) {
        const cleave_tensor *t = run_find(given, given_count, infos[i].name);
        if (t != NULL) {
            r->inputs[i] = *t;
            continue;
        }
        r->inputs[i].info = infos[i];
        r->inputs[i].data = r->made_up[i] =
            run_numbers(&r->inputs[i].info, &r->inputs[i].bytes);
    }
    status = clv_outputs_new(session, &r->outputs, err);
    if (status == CLEAVE_OK) {
        status = clv_session_run(session, r->inputs, r->input_count, r->outputs,
                                 err);
    }
    if (status == CLEAVE_OK) {
        r->out = clv_outputs_tensors(r->outputs, &r->out_count);
    }
    return status;
}

/* Takes a run that failed, too. */
static inline void run_end(struct run *r)
{
    clv_outputs_free(r->outputs);
    for (size_t i = 0; i < RUN_ENDS; i++) {
        free(r->made_up[i]);
    }
    if (r->owns_session) {
        clv_session_free(r->session);
    }
    *r = (struct run){.owns_session = 0};
}

/* Loads an ONNX file and runs it. */
static inline cleave_status run_file(struct clv_engine *engine,
                                     const char *path,
                                     const cleave_tensor *given,
                                     size_t given_count, struct run *r,
                                     cleave_error *err)
{
    struct clv_session_source source = {.path = path};
    cleave_status status;

    *r = (struct run){.owns_session = 0};
    status = clv_session_new(engine, &source, &r->session, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    r->owns_session = 1;
    return run_begin(r->session, given, given_count, r, err);
}

/* Equal, or every number within `share` of the largest. */
static inline int run_same(const cleave_tensor *a, const cleave_tensor *b,
                           double share)
{
    double most = 0;

    if (a->bytes != b->bytes || a->info.type != b->info.type) {
        return 0;
    }
    if (memcmp(a->data, b->data, a->bytes) == 0) {
        return 1;
    }
    if (a->info.type != CLEAVE_TYPE_F32) {
        return 0;
    }
    for (size_t i = 0; i < a->bytes / 4; i++) {
        most = fmax(most, fabs((double)((float *)a->data)[i]));
    }
    for (size_t i = 0; i < a->bytes / 4; i++) {
        double x = ((float *)a->data)[i];
        double y = ((float *)b->data)[i];
        if (!(fabs(x - y) <= share * most)) {
            return 0;
        }
    }
    return 1;
}

#endif
