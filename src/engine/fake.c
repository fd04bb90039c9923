/*
 * fake.c - an engine that computes nothing, for tests.
 *
 * Its sessions have the ends that their source declares (free dimensions are
 * 1) and answer every run with numbers that depend on all input bytes and on
 * nothing else: byte i of every output is byte i % 4 of the inputs' FNV-1a
 * hash, as elements 0 to 255. `delay` makes it slow and `fail` makes every
 * n-th run of a session fail, so that what stands above can be seen to cope.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "engine/backend.h"

struct fake_engine {
    struct clv_engine base;
    struct clv_engine_name name;
};

struct fake_session {
    struct clv_session base;
    pthread_mutex_t lock;
    uint32_t runs; /* under lock */
};

static cleave_status fake_open(const struct clv_engine_name *name,
                               struct clv_engine **ret_engine,
                               cleave_error *err)
{
    struct fake_engine *e = calloc(1, sizeof *e);

    if (e == NULL) {
        return clv_fail_memory(err, "fake", sizeof *e);
    }
    e->name = *name;
    strcpy(e->base.identity, "fake 1");
    *ret_engine = &e->base;
    return CLEAVE_OK;
}

static void fake_close(struct clv_engine *engine)
{
    free(engine);
}

static cleave_status fake_share(struct clv_engine *engine, void **ret_held,
                                cleave_error *err)
{
    (void)engine;
    (void)err;
    *ret_held = NULL;
    return CLEAVE_OK;
}

static void fake_unshare(struct clv_engine *engine, void *held)
{
    (void)engine;
    (void)held;
}

static void free_infos(cleave_tensor_info *infos, size_t count)
{
    for (size_t i = 0; infos != NULL && i < count; i++) {
        free((void *)(uintptr_t)infos[i].name);
    }
    free(infos);
}

static cleave_tensor_info *copy_infos(const cleave_tensor_info *infos,
                                      size_t count)
{
    cleave_tensor_info *copy = calloc(count + 1, sizeof *copy);

    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = infos[i];
        copy[i].name = strdup(infos[i].name);
        for (uint32_t d = 0; d < copy[i].rank; d++) {
            copy[i].shape[d] = copy[i].shape[d] < 0 ? 1 : copy[i].shape[d];
        }
        if (copy[i].name == NULL) {
            free_infos(copy, i);
            return NULL;
        }
    }
    return copy;
}

static void fake_unload(struct clv_session *session)
{
    struct fake_session *s = (struct fake_session *)session;

    free_infos(session->inputs, session->input_count);
    free_infos(session->outputs, session->output_count);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static cleave_status fake_load(struct clv_engine *engine,
                               const struct clv_session_source *source,
                               struct clv_session **ret_session,
                               cleave_error *err)
{
    struct fake_session *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return clv_fail_memory(err, "fake", sizeof *s);
    }
    pthread_mutex_init(&s->lock, NULL);
    s->base.engine = engine;
    s->base.inputs = copy_infos(source->inputs, source->input_count);
    s->base.outputs = copy_infos(source->outputs, source->output_count);
    s->base.input_count = source->input_count;
    s->base.output_count = source->output_count;
    if (s->base.inputs == NULL || s->base.outputs == NULL) {
        fake_unload(&s->base);
        return clv_fail_memory(err, "fake", source->input_count);
    }
    *ret_session = &s->base;
    return CLEAVE_OK;
}

static uint32_t hash_inputs(const struct clv_session *session,
                            const cleave_tensor *inputs)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < session->input_count; i++) {
        const uint8_t *bytes = inputs[i].data;
        for (size_t j = 0; j < inputs[i].bytes; j++) {
            hash = (hash ^ bytes[j]) * 16777619u;
        }
    }
    return hash;
}

static void fill(cleave_tensor *t, uint64_t elements, uint32_t hash)
{
    for (uint64_t i = 0; i < elements; i++) {
        uint8_t value = (uint8_t)(hash >> 8 * (i % 4));
        if (t->info.type == CLEAVE_TYPE_F32) {
            ((float *)t->data)[i] = value;
        } else {
            ((uint8_t *)t->data)[i * (t->bytes / elements)] = value;
        }
    }
}

static cleave_status answer(struct clv_session *session,
                            struct clv_outputs *outputs, uint32_t hash,
                            cleave_error *err)
{
    for (size_t i = 0; i < session->output_count; i++) {
        cleave_tensor *t = &outputs->tensors[i];
        uint64_t elements = 0;
        uint64_t bytes = 0;
        t->info = session->outputs[i];
        if (cleave_tensor_count(&t->info, &elements, &bytes) != CLEAVE_OK) {
            return clv_fail(err, CLEAVE_UNSUPPORTED, t->info.name,
                            "The fake engine needs to know the form of this "
                            "output.");
        }
        t->bytes = (size_t)bytes;
        t->data = outputs->held[i] = calloc(1, t->bytes + 1);
        if (t->data == NULL) {
            return clv_fail_memory(err, "fake", t->bytes);
        }
        fill(t, elements, hash);
    }
    return CLEAVE_OK;
}

static int is_turn_to_fail(struct fake_session *s, uint32_t each)
{
    uint32_t turn;

    pthread_mutex_lock(&s->lock);
    turn = ++s->runs;
    pthread_mutex_unlock(&s->lock);
    return each > 0 && turn % each == 0;
}

static void fake_release(struct clv_outputs *outputs)
{
    for (size_t i = 0; i < outputs->session->output_count; i++) {
        free(outputs->held[i]);
        outputs->held[i] = NULL;
    }
}

static cleave_status fake_run(struct clv_session *session,
                              const cleave_tensor *inputs,
                              struct clv_outputs *outputs, cleave_error *err)
{
    struct fake_session *s = (struct fake_session *)session;
    struct fake_engine *e = (struct fake_engine *)session->engine;
    struct timespec delay = {
        .tv_sec = (time_t)(e->name.delay_ns / 1000000000),
        .tv_nsec = (long)(e->name.delay_ns % 1000000000),
    };

    if (e->name.delay_ns > 0) {
        nanosleep(&delay, NULL);
    }
    if (is_turn_to_fail(s, e->name.fail_each)) {
        return clv_fail(err, CLEAVE_ENGINE, "fake",
                        "This run fails, as the engine's name asks.");
    }
    fake_release(outputs);
    return answer(session, outputs, hash_inputs(session, inputs), err);
}

const struct clv_engine_ops clv_fake_ops = {
    .open = fake_open,
    .close = fake_close,
    .share = fake_share,
    .unshare = fake_unshare,
    .load = fake_load,
    .unload = fake_unload,
    .run = fake_run,
    .release = fake_release,
};
