/*
 * onnxruntime.c - ONNX Runtime as an engine.
 *
 * ONNX Runtime keeps one environment per process; the first engine opened
 * decides its shared thread pool, and engines of the same threads and
 * spinning use that pool. Others get threads per session.
 *
 * Sessions are made to be many and small: weights come from mapped memory
 * (AddInitializer), kernels that repack them share their copies, and
 * activations come from one arena for all. Outputs are ONNX Runtime's own
 * memory, lent to the caller until the next run, which writes into the same
 * memory again where the shape is fixed.
 *
 * This is the only file that knows ONNX Runtime's header.
 */
#include "engine/backend.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/sha256.h"
#include "engine/hush.h"

/* The largest block of its NCHWc layout; which it has on x86 only. */
#if defined(__x86_64__)
#define CHANNEL_BLOCK 16
#else
#define CHANNEL_BLOCK 0
#endif

/* -- The process's one environment, counted -- */

static struct {
    pthread_mutex_t lock;
    unsigned users;
    OrtEnv *env;
    uint32_t threads;
    int spin;
} runtime = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct ort_engine {
    struct clv_engine base;
    const OrtApi *api;
    OrtEnv *env;
    struct clv_engine_name name;
    OrtMemoryInfo *memory;
    OrtAllocator *allocator;
};

struct ort_session {
    struct clv_session base;
    const OrtApi *api;
    OrtSession *session;
    OrtMemoryInfo *memory; /* the engine's */
    OrtValue **weights;    /* must outlive the session */
    size_t weight_count;
    const char **input_names;
    const char **output_names;
    uint8_t *output_is_fixed; /* shape known before the run */
};

static const OrtApi *find_api(void)
{
    return OrtGetApiBase()->GetApi(ORT_API_VERSION);
}

/* Turns ONNX Runtime's status into ours, with its words. */
static cleave_status check(const OrtApi *api, OrtStatus *status,
                           const char *where, cleave_error *err)
{
    const char *words;
    size_t length;

    if (status == NULL) {
        return CLEAVE_OK;
    }
    words = api->GetErrorMessage(status);
    length = strlen(words);
    length -= length > 0 && words[length - 1] == '\n';
    clv_fail(err, CLEAVE_ENGINE, where, "ONNX Runtime: %.*s", (int)length,
             words);
    api->ReleaseStatus(status);
    return CLEAVE_ENGINE;
}

static void ORT_API_CALL no_log(void *param, OrtLoggingLevel severity,
                                const char *category, const char *id,
                                const char *location, const char *message)
{
    (void)param;
    (void)severity;
    (void)category;
    (void)id;
    (void)location;
    (void)message;
}

static OrtStatus *make_env(const OrtApi *api,
                           const struct clv_engine_name *name, OrtEnv **ret)
{
    OrtThreadingOptions *threading = NULL;
    OrtStatus *status = api->CreateThreadingOptions(&threading);

    if (status == NULL) {
        status = api->SetGlobalIntraOpNumThreads(threading, (int)name->threads);
    }
    if (status == NULL) {
        status = api->SetGlobalInterOpNumThreads(threading, 1);
    }
    if (status == NULL) {
        status = api->SetGlobalSpinControl(threading, name->spin);
    }
    if (status == NULL) {
        status = api->CreateEnvWithCustomLoggerAndGlobalThreadPools(
            no_log, NULL, ORT_LOGGING_LEVEL_FATAL, "cleave", threading, ret);
    }
    if (threading != NULL) {
        api->ReleaseThreadingOptions(threading);
    }
    return status;
}

/* One arena for the activations of all sessions. */
static OrtStatus *register_arena(const OrtApi *api, OrtEnv *env)
{
    OrtMemoryInfo *memory = NULL;
    OrtStatus *status =
        api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory);

    if (status == NULL) {
        status = api->CreateAndRegisterAllocator(env, memory, NULL);
        api->ReleaseMemoryInfo(memory);
    }
    return status;
}

/*
 * The least network there is, y = x, as an ONNX file. The first session of a
 * process registers ONNX's operators; made here, that happens once, and what
 * some builds say meanwhile can be kept off standard error (hush.h).
 */
static OrtStatus *load_least(const OrtApi *api, OrtEnv *env,
                             const OrtSessionOptions *options)
{
    static const char least[] =
        "\x08\x07\x42\x02\x10\x0d\x3a\x37" /* version, opset, graph */
        "\x0a\x10\x0a\x01x\x12\x01y\x22\x08Identity\x12\x01g"
        "\x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01"
        "\x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01";
    OrtSession *session = NULL;
    OrtStatus *status = api->CreateSessionFromArray(
        env, least, sizeof least - 1, options, &session);

    if (session != NULL) {
        api->ReleaseSession(session);
    }
    return status;
}

static OrtStatus *register_operators(const OrtApi *api, OrtEnv *env)
{
    OrtSessionOptions *options = NULL;
    OrtStatus *status = api->CreateSessionOptions(&options);

    if (status == NULL) {
        status = api->DisablePerSessionThreads(options);
    }
    if (status == NULL) {
        status = load_least(api, env, options);
    }
    if (options != NULL) {
        api->ReleaseSessionOptions(options);
    }
    return status;
}

static OrtStatus *make_runtime(const OrtApi *api,
                               const struct clv_engine_name *name, OrtEnv **ret)
{
    struct clv_hush hush;
    OrtStatus *status;

    clv_hush_begin(&hush);
    status = make_env(api, name, ret);
    if (status == NULL) {
        status = register_arena(api, *ret);
    }
    if (status == NULL) {
        status = register_operators(api, *ret);
    }
    clv_hush_end(&hush);
    return status;
}

static cleave_status join_runtime(const OrtApi *api,
                                  const struct clv_engine_name *name,
                                  OrtEnv **ret_env, cleave_error *err)
{
    OrtStatus *status = NULL;

    pthread_mutex_lock(&runtime.lock);
    if (runtime.users == 0) {
        status = make_runtime(api, name, &runtime.env);
        runtime.threads = name->threads;
        runtime.spin = name->spin;
    }
    if (status == NULL) {
        runtime.users++;
        *ret_env = runtime.env;
    } else if (runtime.env != NULL) {
        api->ReleaseEnv(runtime.env);
        runtime.env = NULL;
    }
    pthread_mutex_unlock(&runtime.lock);
    return check(api, status, "onnxruntime", err);
}

static void leave_runtime(const OrtApi *api)
{
    pthread_mutex_lock(&runtime.lock);
    if (--runtime.users == 0) {
        api->ReleaseEnv(runtime.env);
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

    if (e->memory != NULL) {
        e->api->ReleaseMemoryInfo(e->memory);
    }
    if (e->env != NULL) {
        leave_runtime(e->api);
    }
    free(e);
}

static cleave_status fill_engine(struct ort_engine *e, cleave_error *err)
{
    char hex[CLV_SHA256_HEX];
    cleave_status status = join_runtime(e->api, &e->name, &e->env, err);

    if (status == CLEAVE_OK) {
        status = check(e->api,
                       e->api->CreateCpuMemoryInfo(
                           OrtArenaAllocator, OrtMemTypeDefault, &e->memory),
                       "onnxruntime", err);
    }
    if (status == CLEAVE_OK) {
        status =
            check(e->api, e->api->GetAllocatorWithDefaultOptions(&e->allocator),
                  "onnxruntime", err);
    }
    hash_processor(hex);
    snprintf(e->base.identity, sizeof e->base.identity, "onnxruntime %s %s %s",
             OrtGetApiBase()->GetVersionString(), e->name.scheme, hex);
    e->base.saves_graphs = strcmp(e->name.scheme, "cpu") == 0;
    e->base.channel_block = e->base.saves_graphs ? CHANNEL_BLOCK : 0;
    return status;
}

static cleave_status append_provider(struct ort_engine *e,
                                     OrtSessionOptions *options,
                                     cleave_error *err);

/*
 * A provider that this build lacks shows when it is appended, one whose device
 * this machine lacks only when a session is made.
 */
static cleave_status try_provider(struct ort_engine *e, cleave_error *err)
{
    OrtSessionOptions *options = NULL;
    cleave_error inner = CLEAVE_ERROR_INIT;
    struct clv_hush hush;
    cleave_status status;

    if (strcmp(e->name.scheme, "cpu") == 0) {
        return CLEAVE_OK;
    }
    pthread_mutex_lock(&runtime.lock);
    clv_hush_begin(&hush);
    status = check(e->api, e->api->CreateSessionOptions(&options),
                   "onnxruntime", &inner);
    if (status == CLEAVE_OK) {
        status = append_provider(e, options, &inner);
    }
    if (status == CLEAVE_OK) {
        status = check(e->api, load_least(e->api, e->env, options),
                       e->name.scheme, &inner);
    }
    if (options != NULL) {
        e->api->ReleaseSessionOptions(options);
    }
    clv_hush_end(&hush);
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
    const OrtApi *api = find_api();
    struct ort_engine *e;
    cleave_status status;

    if (api == NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, "onnxruntime",
                        "The ONNX Runtime found is version %s; cleave needs "
                        "1.%d or later.",
                        OrtGetApiBase()->GetVersionString(), ORT_API_VERSION);
    }
    e = calloc(1, sizeof *e);
    if (e == NULL) {
        return clv_fail_memory(err, "onnxruntime", sizeof *e);
    }
    e->api = api;
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

/* -- Session options -- */

static OrtStatus *append_cuda(const OrtApi *api, OrtSessionOptions *options)
{
    OrtCUDAProviderOptionsV2 *cuda = NULL;
    OrtStatus *status = api->CreateCUDAProviderOptions(&cuda);

    if (status == NULL) {
        status =
            api->SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda);
    }
    if (cuda != NULL) {
        api->ReleaseCUDAProviderOptions(cuda);
    }
    return status;
}

static cleave_status append_provider(struct ort_engine *e,
                                     OrtSessionOptions *options,
                                     cleave_error *err)
{
    OrtStatus *status = NULL;

    if (strcmp(e->name.scheme, "webgpu") == 0) {
        status = e->api->SessionOptionsAppendExecutionProvider(
            options, "WebGPU", NULL, NULL, 0);
    } else if (strcmp(e->name.scheme, "cuda") == 0) {
        status = append_cuda(e->api, options);
    }
    return check(e->api, status, e->name.scheme, err) == CLEAVE_OK
               ? CLEAVE_OK
               : CLEAVE_UNSUPPORTED;
}

static OrtStatus *set_threads(struct ort_engine *e, OrtSessionOptions *options)
{
    OrtStatus *status;

    if (shares_pool(&e->name)) {
        return e->api->DisablePerSessionThreads(options);
    }
    status = e->api->SetIntraOpNumThreads(options, (int)e->name.threads);
    if (status == NULL) {
        status = e->api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigAllowIntraOpSpinning,
            e->name.spin ? "1" : "0");
    }
    return status;
}

static OrtStatus *set_level(struct ort_engine *e, OrtSessionOptions *options,
                            enum clv_optimise level)
{
    static const GraphOptimizationLevel levels[] = {
        [CLV_OPTIMISE_NONE] = ORT_DISABLE_ALL,
        [CLV_OPTIMISE_EXTENDED] = ORT_ENABLE_EXTENDED,
        [CLV_OPTIMISE_ALL] = ORT_ENABLE_ALL,
    };

    return e->api->SetSessionGraphOptimizationLevel(options, levels[level]);
}

static cleave_status make_options(struct ort_engine *e,
                                  const struct clv_session_source *source,
                                  OrtSessionOptions **ret_options,
                                  cleave_error *err)
{
    const OrtApi *api = e->api;
    OrtSessionOptions *options = NULL;
    OrtStatus *status = api->CreateSessionOptions(&options);

    if (status == NULL) {
        status = set_threads(e, options);
    }
    if (status == NULL) {
        status = set_level(e, options, source->optimise);
    }
    if (status == NULL) {
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigUseEnvAllocators, "1");
    }
    if (status == NULL && source->save_path != NULL) {
        status = api->SetOptimizedModelFilePath(options, source->save_path);
        if (status == NULL) {
            status = api->AddSessionConfigEntry(
                options, kOrtSessionOptionsConfigDisablePrepacking, "1");
        }
    }
    if (check(api, status, source->path, err) != CLEAVE_OK ||
        append_provider(e, options, err) != CLEAVE_OK) {
        if (options != NULL) {
            api->ReleaseSessionOptions(options);
        }
        return CLEAVE_ENGINE;
    }
    *ret_options = options;
    return CLEAVE_OK;
}

static OrtStatus *wrap(const OrtApi *api, const OrtMemoryInfo *memory,
                       const cleave_tensor *t, OrtValue **ret)
{
    return api->CreateTensorWithDataAsOrtValue(
        memory, t->data, t->bytes, t->info.shape, t->info.rank,
        (ONNXTensorElementDataType)t->info.type, ret);
}

/* Lends mapped weights to the session about to be made. */
static cleave_status lend_weights(struct ort_session *s, struct ort_engine *e,
                                  const struct clv_session_source *source,
                                  OrtSessionOptions *options, cleave_error *err)
{
    OrtStatus *status = NULL;

    s->weights = calloc(source->weight_count + 1, sizeof(OrtValue *));
    if (s->weights == NULL) {
        return clv_fail_memory(err, source->path, source->weight_count);
    }
    for (size_t i = 0; status == NULL && i < source->weight_count; i++) {
        const cleave_tensor *t = &source->weights[i];
        status = wrap(e->api, e->memory, t, &s->weights[i]);
        if (status == NULL) {
            s->weight_count = i + 1;
            status =
                e->api->AddInitializer(options, t->info.name, s->weights[i]);
        }
    }
    return check(e->api, status, source->path, err);
}

/* -- The ends of a session -- */

static OrtStatus *read_form(const OrtApi *api, OrtTypeInfo *type,
                            cleave_tensor_info *info)
{
    const OrtTensorTypeAndShapeInfo *tensor = NULL;
    ONNXTensorElementDataType element;
    size_t rank;
    OrtStatus *status = api->CastTypeInfoToTensorInfo(type, &tensor);

    if (status != NULL || tensor == NULL) {
        return status;
    }
    status = api->GetTensorElementType(tensor, &element);
    if (status == NULL) {
        status = api->GetDimensionsCount(tensor, &rank);
    }
    if (status == NULL && rank <= CLEAVE_MAX_RANK) {
        info->type = (cleave_type)element;
        info->rank = (uint32_t)rank;
        status = api->GetDimensions(tensor, info->shape, rank);
    }
    return status;
}

static OrtStatus *read_end(struct ort_session *s, OrtAllocator *allocator,
                           size_t i, int output, cleave_tensor_info *info)
{
    const OrtApi *api = s->api;
    OrtTypeInfo *type = NULL;
    char *name = NULL;
    OrtStatus *status;

    status = output ? api->SessionGetOutputName(s->session, i, allocator, &name)
                    : api->SessionGetInputName(s->session, i, allocator, &name);
    if (status == NULL) {
        info->name = strdup(name);
        status = api->AllocatorFree(allocator, name);
        if (status == NULL && info->name == NULL) {
            status = api->CreateStatus(ORT_FAIL, "no memory for a name");
        }
    }
    if (status == NULL) {
        status = output ? api->SessionGetOutputTypeInfo(s->session, i, &type)
                        : api->SessionGetInputTypeInfo(s->session, i, &type);
    }
    if (status == NULL) {
        status = read_form(api, type, info);
        api->ReleaseTypeInfo(type);
    }
    return status;
}

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
    return b->inputs && b->outputs && s->input_names && s->output_names &&
           s->output_is_fixed;
}

static cleave_status read_ends(struct ort_session *s, OrtAllocator *allocator,
                               const char *where, cleave_error *err)
{
    struct clv_session *b = &s->base;
    size_t inputs = 0;
    size_t outputs = 0;
    OrtStatus *status = s->api->SessionGetInputCount(s->session, &inputs);

    if (status == NULL) {
        status = s->api->SessionGetOutputCount(s->session, &outputs);
    }
    b->input_count = inputs;
    b->output_count = outputs;
    if (status == NULL && !alloc_ends(s)) {
        b->input_count = 0;
        b->output_count = 0;
        return clv_fail_memory(err, where, inputs + outputs);
    }
    for (size_t i = 0; status == NULL && i < inputs; i++) {
        status = read_end(s, allocator, i, 0, &b->inputs[i]);
        s->input_names[i] = b->inputs[i].name;
    }
    for (size_t i = 0; status == NULL && i < outputs; i++) {
        status = read_end(s, allocator, i, 1, &b->outputs[i]);
        s->output_names[i] = b->outputs[i].name;
        s->output_is_fixed[i] = (uint8_t)is_fixed(&b->outputs[i]);
    }
    return check(s->api, status, where, err);
}

/* -- Session -- */

static void free_ends(cleave_tensor_info *infos, size_t count)
{
    for (size_t i = 0; infos != NULL && i < count; i++) {
        free((void *)(uintptr_t)infos[i].name);
    }
    free(infos);
}

static void ort_unload(struct clv_session *base)
{
    struct ort_session *s = (struct ort_session *)base;

    if (s->session != NULL) {
        s->api->ReleaseSession(s->session);
    }
    for (size_t i = 0; i < s->weight_count; i++) {
        s->api->ReleaseValue(s->weights[i]);
    }
    free(s->weights);
    free_ends(base->inputs, base->input_count);
    free_ends(base->outputs, base->output_count);
    free(s->input_names);
    free(s->output_names);
    free(s->output_is_fixed);
    free(s);
}

static cleave_status ort_share(struct clv_engine *base, void **ret_held,
                               cleave_error *err)
{
    struct ort_engine *e = (struct ort_engine *)base;
    OrtPrepackedWeightsContainer *container = NULL;
    cleave_status status =
        check(e->api, e->api->CreatePrepackedWeightsContainer(&container),
              "onnxruntime", err);

    if (status == CLEAVE_OK) {
        *ret_held = container;
    }
    return status;
}

static void ort_unshare(struct clv_engine *base, void *held)
{
    ((struct ort_engine *)base)->api->ReleasePrepackedWeightsContainer(held);
}

/*
 * Kernels that repack weights share the copies, if they can: some cannot,
 * and refuse; then the session keeps copies of its own.
 */
static cleave_status create_session(struct ort_session *s, struct ort_engine *e,
                                    const struct clv_session_source *source,
                                    OrtSessionOptions *options,
                                    cleave_error *err)
{
    const OrtApi *api = e->api;
    OrtStatus *refused;

    if (source->copies != NULL) {
        refused = api->CreateSessionWithPrepackedWeightsContainer(
            e->env, source->path, options, source->copies->held, &s->session);
        if (refused == NULL) {
            return CLEAVE_OK;
        }
        api->ReleaseStatus(refused);
    }
    return check(api,
                 api->CreateSession(e->env, source->path, options, &s->session),
                 source->path, err);
}

static cleave_status ort_load(struct clv_engine *base,
                              const struct clv_session_source *source,
                              struct clv_session **ret_session,
                              cleave_error *err)
{
    struct ort_engine *e = (struct ort_engine *)base;
    struct ort_session *s = calloc(1, sizeof *s);
    OrtSessionOptions *options = NULL;
    cleave_status status;

    if (s == NULL) {
        return clv_fail_memory(err, source->path, sizeof *s);
    }
    s->base.engine = base;
    s->api = e->api;
    s->memory = e->memory;
    status = make_options(e, source, &options, err);
    if (status == CLEAVE_OK) {
        status = lend_weights(s, e, source, options, err);
    }
    if (status == CLEAVE_OK) {
        status = create_session(s, e, source, options, err);
    }
    if (status == CLEAVE_OK) {
        status = read_ends(s, e->allocator, source->path, err);
    }
    if (options != NULL) {
        e->api->ReleaseSessionOptions(options);
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
    struct ort_session *s = (struct ort_session *)outputs->session;

    if (outputs->held[i] != NULL) {
        s->api->ReleaseValue(outputs->held[i]);
        outputs->held[i] = NULL;
    }
}

static void ort_release(struct clv_outputs *outputs)
{
    for (size_t i = 0; i < outputs->session->output_count; i++) {
        release_output(outputs, i);
    }
}

/* Points a tensor at what ONNX Runtime has put into `value`. */
static OrtStatus *view(struct ort_session *s, size_t i, OrtValue *value,
                       cleave_tensor *t)
{
    OrtTypeInfo *type = NULL;
    OrtStatus *status = NULL;
    uint64_t elements;
    uint64_t bytes;

    t->info = s->base.outputs[i];
    if (!s->output_is_fixed[i]) {
        status = s->api->GetTypeInfo(value, &type);
        if (status == NULL) {
            status = read_form(s->api, type, &t->info);
            s->api->ReleaseTypeInfo(type);
        }
    }
    if (status == NULL &&
        cleave_tensor_count(&t->info, &elements, &bytes) != CLEAVE_OK) {
        status = s->api->CreateStatus(ORT_FAIL, "an output is not a tensor "
                                                "of numbers");
    }
    if (status == NULL) {
        t->bytes = (size_t)bytes;
        status = s->api->GetTensorMutableData(value, &t->data);
    }
    return status;
}

#define FEW_INPUTS 16

static cleave_status ort_run(struct clv_session *base,
                             const cleave_tensor *inputs,
                             struct clv_outputs *outputs, cleave_error *err)
{
    struct ort_session *s = (struct ort_session *)base;
    OrtValue *few[FEW_INPUTS] = {NULL};
    OrtValue **values = few;
    OrtStatus *status = NULL;

    if (base->input_count > FEW_INPUTS) {
        values = calloc(base->input_count, sizeof(OrtValue *));
        if (values == NULL) {
            return clv_fail_memory(err, "inputs", base->input_count);
        }
    }
    for (size_t i = 0; i < base->output_count; i++) {
        if (!s->output_is_fixed[i]) {
            release_output(outputs, i);
        }
    }
    for (size_t i = 0; status == NULL && i < base->input_count; i++) {
        status = wrap(s->api, s->memory, &inputs[i], &values[i]);
    }
    if (status == NULL) {
        status = s->api->Run(s->session, NULL, s->input_names,
                             (const OrtValue *const *)values, base->input_count,
                             s->output_names, base->output_count,
                             (OrtValue **)outputs->held);
    }
    for (size_t i = 0; status == NULL && i < base->output_count; i++) {
        if (!s->output_is_fixed[i] || outputs->tensors[i].data == NULL) {
            status = view(s, i, outputs->held[i], &outputs->tensors[i]);
        }
    }
    for (size_t i = 0; i < base->input_count; i++) {
        if (values[i] != NULL) {
            s->api->ReleaseValue(values[i]);
        }
    }
    if (values != few) {
        free(values);
    }
    return check(s->api, status, "inference", err);
}

/* -- What is compiled in -- */

cleave_status clv_onnxruntime_look(char (*names)[CLV_PROVIDER_TEXT],
                                   size_t most, size_t *ret_count,
                                   const char **ret_version, cleave_error *err)
{
    const OrtApi *api = find_api();
    char **list = NULL;
    int count = 0;
    cleave_status status;

    *ret_version = OrtGetApiBase()->GetVersionString();
    *ret_count = 0;
    if (api == NULL) {
        return CLEAVE_OK; /* opening an engine tells why */
    }
    status = check(api, api->GetAvailableProviders(&list, &count),
                   "onnxruntime", err);
    if (status != CLEAVE_OK) {
        return status;
    }
    for (int i = 0; i < count && *ret_count < most; i++) {
        snprintf(names[(*ret_count)++], CLV_PROVIDER_TEXT, "%s", list[i]);
    }
    return check(api, api->ReleaseAvailableProviders(list, count),
                 "onnxruntime", err);
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
