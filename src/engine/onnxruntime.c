/*
 * onnxruntime.c - ONNX Runtime as an engine.
 *
 * ONNX Runtime keeps one environment per process; the first engine opened
 * decides its shared thread pool, and engines of the same threads and
 * spinning use that pool. Others get threads per session.
 *
 * Sessions are made to be many and small: weights come from mapped memory
 * and are lent, kernels that repack them share their copies, and activations
 * come from one arena for all. Outputs are ONNX Runtime's own memory, lent to
 * the caller until the next run, which writes into the same memory again where
 * the shape is fixed.
 *
 * The calls themselves are in ort.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/sha256.h"
#include "engine/backend.h"
#include "engine/ort.h"

/* The largest block of its NCHWc layout; which it has on x86 only. */
#if defined(__x86_64__)
#define CHANNEL_BLOCK 16
#else
#define CHANNEL_BLOCK 0
#endif

#define FEW_INPUTS 16

/* Where a run fails, for errors. */
#define WHERE "inference"

struct ort_engine {
    struct clv_engine base;
    struct OrtEnv *env;
    struct clv_engine_name name;
    struct OrtMemoryInfo *memory;
};

struct ort_session {
    struct clv_session base;
    struct OrtSession *session;
    struct OrtMemoryInfo *memory; /* the engine's */
    struct OrtValue **weights;    /* must outlive the session */
    size_t weight_count;
    const char **input_names;
    const char **output_names;
    uint8_t *output_is_fixed; /* shape known before the run */
    size_t *passes;           /* of each output: the input that it is, from 1;
                                 0: it is none */
};

/* -- The process's one environment, counted -- */

static struct {
    pthread_mutex_t lock;
    unsigned users;
    struct OrtEnv *env;
    uint32_t threads;
    int spin;
} runtime = {.lock = PTHREAD_MUTEX_INITIALIZER};

static cleave_status join_runtime(const struct clv_engine_name *name,
                                  struct OrtEnv **ret_env, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    pthread_mutex_lock(&runtime.lock);
    if (runtime.users == 0) {
        status = clv_ort_env_new(name->threads, name->spin, &runtime.env, err);
        runtime.threads = name->threads;
        runtime.spin = name->spin;
    }
    if (status == CLEAVE_OK) {
        runtime.users++;
        *ret_env = runtime.env;
    }
    pthread_mutex_unlock(&runtime.lock);
    return status;
}

static void leave_runtime(void)
{
    pthread_mutex_lock(&runtime.lock);
    if (--runtime.users == 0) {
        clv_ort_env_free(runtime.env);
        runtime.env = NULL;
    }
    pthread_mutex_unlock(&runtime.lock);
}

static int shares_pool(const struct clv_engine_name *name)
{
    int same;

    pthread_mutex_lock(&runtime.lock);
    same = runtime.threads == name->threads && runtime.spin == name->spin;
    pthread_mutex_unlock(&runtime.lock);
    return same;
}

void clv_onnxruntime_give_back(void)
{
    pthread_mutex_lock(&runtime.lock);
    if (runtime.users > 0) { /* if it fails, it keeps what it has */
        (void)clv_ort_env_give_back(runtime.env, NULL);
    }
    pthread_mutex_unlock(&runtime.lock);
}

/* -- Engine -- */

/* The processor's features decide which layouts a saved graph uses. */
static void hash_processor(char hex[CLV_SHA256_HEX])
{
    char line[8192] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    struct clv_sha256 hash;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "flags", 5) == 0 ||
            strncmp(line, "Features", 8) == 0) {
            break;
        }
        line[0] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    }
    hash = clv_sha256_of((clv_bytes){(const uint8_t *)line, strlen(line)});
    memcpy(hex, hash.hex, CLV_SHA256_HEX);
}

static void ort_close(struct clv_engine *base)
{
    struct ort_engine *e = (struct ort_engine *)base;

    clv_ort_memory_free(e->memory);
    if (e->env != NULL) {
        leave_runtime();
    }
    free(e);
}

static cleave_status fill_engine(struct ort_engine *e, cleave_error *err)
{
    char hex[CLV_SHA256_HEX];
    cleave_status status = join_runtime(&e->name, &e->env, err);

    if (status == CLEAVE_OK) {
        status = clv_ort_memory_new(&e->memory, err);
    }
    hash_processor(hex);
    snprintf(e->base.identity, sizeof e->base.identity, "onnxruntime %s %s %s",
             clv_ort_version(), e->name.scheme, hex);
    e->base.saves_graphs = strcmp(e->name.scheme, "cpu") == 0;
    e->base.channel_block = e->base.saves_graphs ? CHANNEL_BLOCK : 0;
    return status;
}

/* A processor is always there; what else there is shows in trying it. */
static cleave_status try_provider(struct ort_engine *e, cleave_error *err)
{
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status;

    if (strcmp(e->name.scheme, "cpu") == 0) {
        return CLEAVE_OK;
    }
    pthread_mutex_lock(&runtime.lock);
    status = clv_ort_try(e->env, e->name.scheme, &inner);
    pthread_mutex_unlock(&runtime.lock);
    return status == CLEAVE_OK
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_UNSUPPORTED, e->name.scheme,
                          "This machine lacks this engine; `cleave engines` "
                          "lists what it has. %s",
                          inner.text);
}

static cleave_status ort_open(const struct clv_engine_name *name,
                              struct clv_engine **ret_engine, cleave_error *err)
{
    cleave_status status = clv_ort_check(err);
    struct ort_engine *e;

    if (status != CLEAVE_OK) {
        return status;
    }
    e = calloc(1, sizeof *e);
    if (e == NULL) {
        return clv_fail_memory(err, "onnxruntime", sizeof *e);
    }
    e->name = *name;
    status = fill_engine(e, err);
    if (status == CLEAVE_OK) {
        status = try_provider(e, err);
    }
    if (status != CLEAVE_OK) {
        ort_close(&e->base);
        return status;
    }
    *ret_engine = &e->base;
    return CLEAVE_OK;
}

cleave_status clv_onnxruntime_look(char (*names)[CLV_PROVIDER_TEXT],
                                   size_t most, size_t *ret_count,
                                   const char **ret_version, cleave_error *err)
{
    *ret_version = clv_ort_version();
    *ret_count = 0;
    if (clv_ort_check(NULL) != CLEAVE_OK) {
        return CLEAVE_OK; /* opening an engine tells why */
    }
    return clv_ort_providers(names[0], CLV_PROVIDER_TEXT, most, ret_count, err);
}

static cleave_status ort_share(struct clv_engine *base, void **ret_held,
                               cleave_error *err)
{
    struct OrtPrepackedWeightsContainer *held = NULL;
    cleave_status status = clv_ort_copies_new(&held, err);

    (void)base;
    if (status == CLEAVE_OK) {
        *ret_held = held;
    }
    return status;
}

static void ort_unshare(struct clv_engine *base, void *held)
{
    (void)base;
    clv_ort_copies_free(held);
}

/* -- The ends of a session -- */

/* No dimensions mean a scalar, or that nothing is known. */
static int is_fixed(const cleave_tensor_info *info)
{
    if (info->type == CLEAVE_TYPE_NONE || info->rank == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < info->rank; i++) {
        if (info->shape[i] < 0) {
            return 0;
        }
    }
    return 1;
}

static int alloc_ends(struct ort_session *s)
{
    struct clv_session *b = &s->base;

    b->inputs = calloc(b->input_count + 1, sizeof *b->inputs);
    b->outputs = calloc(b->output_count + 1, sizeof *b->outputs);
    s->input_names = calloc(b->input_count + 1, sizeof *s->input_names);
    s->output_names = calloc(b->output_count + 1, sizeof *s->output_names);
    s->output_is_fixed = calloc(b->output_count + 1, 1);
    s->passes = calloc(b->output_count + 1, sizeof *s->passes);
    return b->inputs && b->outputs && s->input_names && s->output_names &&
           s->output_is_fixed && s->passes;
}

/* The input of this name, from 1; 0: none. */
static size_t find_input(const struct clv_session *base, const char *name)
{
    for (size_t i = 0; i < base->input_count; i++) {
        if (strcmp(base->inputs[i].name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static cleave_status read_ends(struct ort_session *s, const char *where,
                               cleave_error *err)
{
    struct clv_session *b = &s->base;
    size_t inputs = 0;
    size_t outputs = 0;
    cleave_status status =
        clv_ort_count_ends(s->session, where, &inputs, &outputs, err);

    b->input_count = inputs;
    b->output_count = outputs;
    if (status == CLEAVE_OK && !alloc_ends(s)) {
        b->input_count = 0;
        b->output_count = 0;
        return clv_fail_memory(err, where, inputs + outputs);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < inputs; i++) {
        status = clv_ort_read_end(s->session, i, 0, where, &b->inputs[i], err);
        s->input_names[i] = b->inputs[i].name;
    }
    for (size_t i = 0; status == CLEAVE_OK && i < outputs; i++) {
        status = clv_ort_read_end(s->session, i, 1, where, &b->outputs[i], err);
        s->output_names[i] = b->outputs[i].name;
        s->output_is_fixed[i] = (uint8_t)is_fixed(&b->outputs[i]);
        s->passes[i] =
            status == CLEAVE_OK ? find_input(b, b->outputs[i].name) : 0;
    }
    return status;
}

static void free_ends(cleave_tensor_info *infos, size_t count)
{
    for (size_t i = 0; infos != NULL && i < count; i++) {
        free((void *)(uintptr_t)infos[i].name);
    }
    free(infos);
}

/* -- Session -- */

static void ort_unload(struct clv_session *base)
{
    struct ort_session *s = (struct ort_session *)base;

    clv_ort_session_free(s->session);
    for (size_t i = 0; i < s->weight_count; i++) {
        clv_ort_value_free(s->weights[i]);
    }
    free(s->weights);
    free_ends(base->inputs, base->input_count);
    free_ends(base->outputs, base->output_count);
    free(s->input_names);
    free(s->output_names);
    free(s->output_is_fixed);
    free(s->passes);
    free(s);
}

/* Lends mapped weights to the session about to be made. */
static cleave_status lend_weights(struct ort_session *s,
                                  const struct clv_session_source *source,
                                  struct OrtSessionOptions *options,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    s->weights = calloc(source->weight_count + 1, sizeof *s->weights);
    if (s->weights == NULL) {
        return clv_fail_memory(err, source->path, source->weight_count);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < source->weight_count; i++) {
        const cleave_tensor *t = &source->weights[i];
        status = clv_ort_wrap(s->memory, t, source->path, &s->weights[i], err);
        if (status == CLEAVE_OK) {
            s->weight_count = i + 1;
            status = clv_ort_lend(options, t->info.name, s->weights[i],
                                  source->path, err);
        }
    }
    return status;
}

static cleave_status make_session(struct ort_session *s,
                                  const struct clv_session_source *source,
                                  cleave_error *err)
{
    const struct ort_engine *e = (struct ort_engine *)s->base.engine;
    struct clv_ort_wishes wishes = {.name = &e->name,
                                    .is_pooled = shares_pool(&e->name),
                                    .optimise = source->optimise,
                                    .save_path = source->save_path};
    struct OrtPrepackedWeightsContainer *held =
        source->copies != NULL ? source->copies->held : NULL;
    struct OrtSessionOptions *options = NULL;
    cleave_status status =
        clv_ort_options_new(&wishes, source->path, &options, err);

    if (status == CLEAVE_OK) {
        status = lend_weights(s, source, options, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_ort_session_new(e->env, source->path, options, held,
                                     &s->session, err);
    }
    clv_ort_options_free(options);
    return status;
}

static cleave_status ort_load(struct clv_engine *base,
                              const struct clv_session_source *source,
                              struct clv_session **ret_session,
                              cleave_error *err)
{
    struct ort_session *s = calloc(1, sizeof *s);
    cleave_status status;

    if (s == NULL) {
        return clv_fail_memory(err, source->path, sizeof *s);
    }
    s->base.engine = base;
    s->memory = ((struct ort_engine *)base)->memory;
    status = make_session(s, source, err);
    if (status == CLEAVE_OK) {
        status = read_ends(s, source->path, err);
    }
    if (status != CLEAVE_OK) {
        ort_unload(&s->base);
        return status;
    }
    *ret_session = &s->base;
    return CLEAVE_OK;
}

/* -- Running -- */

static void release_output(struct clv_outputs *outputs, size_t i)
{
    clv_ort_value_free(outputs->held[i]);
    outputs->held[i] = NULL;
}

static void ort_release(struct clv_outputs *outputs)
{
    for (size_t i = 0; i < outputs->session->output_count; i++) {
        release_output(outputs, i);
    }
}

/* What stays from run to run is made once; all else is made by each run. An
   output that is an input ONNX Runtime would only point to the caller's memory,
   so that it has room of its own, too. */
static cleave_status ready_output(struct ort_session *s,
                                  const cleave_tensor *inputs,
                                  struct clv_outputs *outputs, size_t i,
                                  cleave_error *err)
{
    const cleave_tensor_info *form =
        s->passes[i] > 0 ? &inputs[s->passes[i] - 1].info : &s->base.outputs[i];

    if (!s->output_is_fixed[i]) {
        release_output(outputs, i);
    }
    return outputs->held[i] == NULL &&
                   (s->output_is_fixed[i] || s->passes[i] > 0)
               ? clv_ort_room(form, WHERE,
                              (struct OrtValue **)&outputs->held[i], err)
               : CLEAVE_OK;
}

/* ONNX Runtime leaves such room as it is. */
static void pass_inputs(const struct ort_session *s,
                        const cleave_tensor *inputs,
                        struct clv_outputs *outputs)
{
    for (size_t i = 0; i < s->base.output_count; i++) {
        const cleave_tensor *to = &outputs->tensors[i];
        if (s->passes[i] > 0 && to->bytes > 0) {
            memcpy((void *)(uintptr_t)to->data, inputs[s->passes[i] - 1].data,
                   to->bytes);
        }
    }
}

/* Runs from wrapped inputs into `outputs`. */
static cleave_status run_values(struct ort_session *s, struct OrtValue **values,
                                struct clv_outputs *outputs, cleave_error *err)
{
    struct clv_ort_ends ends = {.input_names = s->input_names,
                                .inputs =
                                    (const struct OrtValue *const *)values,
                                .input_count = s->base.input_count,
                                .output_names = s->output_names,
                                .outputs = (struct OrtValue **)outputs->held,
                                .output_count = s->base.output_count};
    cleave_status status = clv_ort_run(s->session, &ends, WHERE, err);

    for (size_t i = 0; status == CLEAVE_OK && i < ends.output_count; i++) {
        cleave_tensor *t = &outputs->tensors[i];
        if (!s->output_is_fixed[i] || t->data == NULL) {
            t->info = s->base.outputs[i];
            status = clv_ort_view(outputs->held[i], s->output_is_fixed[i],
                                  WHERE, t, err);
        }
    }
    return status;
}

static cleave_status ort_run(struct clv_session *base,
                             const cleave_tensor *inputs,
                             struct clv_outputs *outputs, cleave_error *err)
{
    struct ort_session *s = (struct ort_session *)base;
    struct OrtValue *few[FEW_INPUTS] = {NULL};
    struct OrtValue **values = few;
    cleave_status status = CLEAVE_OK;

    if (base->input_count > FEW_INPUTS) {
        values = calloc(base->input_count, sizeof *values);
        if (values == NULL) {
            return clv_fail_memory(err, "inputs", base->input_count);
        }
    }
    for (size_t i = 0; status == CLEAVE_OK && i < base->output_count; i++) {
        status = ready_output(s, inputs, outputs, i, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < base->input_count; i++) {
        status = clv_ort_wrap(s->memory, &inputs[i], WHERE, &values[i], err);
    }
    if (status == CLEAVE_OK) {
        status = run_values(s, values, outputs, err);
    }
    if (status == CLEAVE_OK) {
        pass_inputs(s, inputs, outputs);
    }
    for (size_t i = 0; i < base->input_count; i++) {
        clv_ort_value_free(values[i]);
    }
    if (values != few) {
        free(values);
    }
    return status;
}

const struct clv_engine_ops clv_onnxruntime_ops = {
    .open = ort_open,
    .close = ort_close,
    .share = ort_share,
    .unshare = ort_unshare,
    .load = ort_load,
    .unload = ort_unload,
    .run = ort_run,
    .release = ort_release,
};
