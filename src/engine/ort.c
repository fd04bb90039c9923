/*
 * ort.c - what cleave asks of ONNX Runtime.
 *
 * The C API is a table of functions that return a status object, or NULL if
 * all is well. Here such calls are put together to what onnxruntime.c wants,
 * and statuses become ours. What is decided (who shares what, what is lent,
 * what is used again) is decided there.
 *
 * This is the only file that knows ONNX Runtime's header.
 */
#include "engine/ort.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_run_options_config_keys.h>
#include <onnxruntime_session_options_config_keys.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "engine/hush.h"

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

const char *clv_ort_version(void)
{
    return OrtGetApiBase()->GetVersionString();
}

cleave_status clv_ort_check(cleave_error *err)
{
    if (find_api() == NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, "onnxruntime",
                        "The ONNX Runtime found is version %s; cleave needs "
                        "1.%d or later.",
                        clv_ort_version(), ORT_API_VERSION);
    }
    return CLEAVE_OK;
}

cleave_status clv_ort_providers(char *names, size_t size, size_t most,
                                size_t *ret_count, cleave_error *err)
{
    const OrtApi *api = find_api();
    char **list = NULL;
    int count = 0;
    cleave_status status = check(api, api->GetAvailableProviders(&list, &count),
                                 "onnxruntime", err);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (int i = 0; i < count && *ret_count < most; i++) {
        snprintf(names + (*ret_count)++ * size, size, "%s", list[i]);
    }
    return check(api, api->ReleaseAvailableProviders(list, count),
                 "onnxruntime", err);
}

/* -- The environment -- */

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

static OrtStatus *make_env(const OrtApi *api, uint32_t threads, int spin,
                           OrtEnv **ret)
{
    OrtThreadingOptions *threading = NULL;
    OrtStatus *status = api->CreateThreadingOptions(&threading);

    if (status == NULL) {
        status = api->SetGlobalIntraOpNumThreads(threading, (int)threads);
    }
    if (status == NULL) {
        status = api->SetGlobalInterOpNumThreads(threading, 1);
    }
    if (status == NULL) {
        status = api->SetGlobalSpinControl(threading, spin);
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

/* One arena for the activations of all sessions. It never gives back what it
   took first, so that is to be little. */
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

/* -- The least network there is, y = x, where x is 0 if nobody says -- */

/* Only a run can make the arena give back what no session uses. */
static OrtStatus *run_least(const OrtApi *api, OrtSession *session)
{
    static const char *const names[] = {"y"};
    OrtValue *y = NULL;
    OrtRunOptions *options = NULL;
    OrtStatus *status = api->CreateRunOptions(&options);

    if (status == NULL) {
        status = api->AddRunConfigEntry(
            options, kOrtRunOptionsConfigEnableMemoryArenaShrinkage, "cpu:0");
    }
    if (status == NULL) {
        status = api->Run(session, options, NULL, NULL, 0, names, 1, &y);
    }
    clv_ort_value_free(y);
    if (options != NULL) {
        api->ReleaseRunOptions(options);
    }
    return status;
}

static OrtStatus *load_least(const OrtApi *api, OrtEnv *env,
                             const OrtSessionOptions *options, int runs)
{
    static const char least[] =
        "\x08\x07\x42\x02\x10\x0d\x3a\x46" /* version, opset, graph */
        "\x0a\x10\x0a\x01x\x12\x01y\x22\x08Identity\x12\x01g"
        "\x2a\x0d\x08\x01\x10\x01\x22\x04\0\0\0\0\x42\x01x"
        "\x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01"
        "\x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01";
    OrtSession *session = NULL;
    OrtStatus *status = api->CreateSessionFromArray(
        env, least, sizeof least - 1, options, &session);

    if (status == NULL && runs) {
        status = run_least(api, session);
    }
    if (session != NULL) {
        api->ReleaseSession(session);
    }
    return status;
}

/* The first session of a process registers ONNX's operators: made of this one,
   that happens once, and what some builds say meanwhile can be kept off
   standard error (hush.h). */
static OrtStatus *use_least(const OrtApi *api, OrtEnv *env, int runs)
{
    OrtSessionOptions *options = NULL;
    OrtStatus *status = api->CreateSessionOptions(&options);

    if (status == NULL) {
        status = api->DisablePerSessionThreads(options);
    }
    if (status == NULL) {
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigUseEnvAllocators, "1");
    }
    if (status == NULL) {
        status = load_least(api, env, options, runs);
    }
    clv_ort_options_free(options);
    return status;
}

cleave_status clv_ort_env_new(uint32_t threads, int spin,
                              struct OrtEnv **ret_env, cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtEnv *env = NULL;
    struct clv_hush hush;
    OrtStatus *status;

    clv_hush_begin(&hush);
    status = make_env(api, threads, spin, &env);
    if (status == NULL) {
        status = register_arena(api, env);
    }
    if (status == NULL) {
        status = use_least(api, env, 1);
    }
    clv_hush_end(&hush);
    if (status == NULL) {
        *ret_env = env;
    } else {
        clv_ort_env_free(env);
    }
    return check(api, status, "onnxruntime", err);
}

void clv_ort_env_free(struct OrtEnv *env)
{
    if (env != NULL) {
        find_api()->ReleaseEnv(env);
    }
}

cleave_status clv_ort_env_give_back(struct OrtEnv *env, cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api, use_least(api, env, 1), "onnxruntime", err);
}

/* -- Providers and options -- */

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

static cleave_status append_provider(const OrtApi *api, const char *scheme,
                                     OrtSessionOptions *options,
                                     cleave_error *err)
{
    OrtStatus *status = NULL;

    if (strcmp(scheme, "webgpu") == 0) {
        status = api->SessionOptionsAppendExecutionProvider(options, "WebGPU",
                                                            NULL, NULL, 0);
    } else if (strcmp(scheme, "cuda") == 0) {
        status = append_cuda(api, options);
    }
    return check(api, status, scheme, err);
}

cleave_status clv_ort_try(struct OrtEnv *env, const char *scheme,
                          cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtSessionOptions *options = NULL;
    struct clv_hush hush;
    cleave_status status;

    clv_hush_begin(&hush);
    status =
        check(api, api->CreateSessionOptions(&options), "onnxruntime", err);
    if (status == CLEAVE_OK) {
        status = append_provider(api, scheme, options, err);
    }
    if (status == CLEAVE_OK) {
        status = check(api, load_least(api, env, options, 0), scheme, err);
    }
    clv_ort_options_free(options);
    clv_hush_end(&hush);
    return status;
}

static OrtStatus *set_threads(const OrtApi *api,
                              const struct clv_ort_wishes *wishes,
                              OrtSessionOptions *options)
{
    OrtStatus *status;

    if (wishes->is_pooled) {
        return api->DisablePerSessionThreads(options);
    }
    status = api->SetIntraOpNumThreads(options, (int)wishes->name->threads);
    if (status == NULL) {
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigAllowIntraOpSpinning,
            wishes->name->spin ? "1" : "0");
    }
    return status;
}

static OrtStatus *set_level(const OrtApi *api, enum clv_optimise level,
                            OrtSessionOptions *options)
{
    static const GraphOptimizationLevel levels[] = {
        [CLV_OPTIMISE_NONE] = ORT_DISABLE_ALL,
        [CLV_OPTIMISE_EXTENDED] = ORT_ENABLE_EXTENDED,
        [CLV_OPTIMISE_ALL] = ORT_ENABLE_ALL,
    };

    return api->SetSessionGraphOptimizationLevel(options, levels[level]);
}

/* A graph that is saved keeps its weights as they are: what kernels make of
   them is this machine's. */
static OrtStatus *set_saving(const OrtApi *api, const char *path,
                             OrtSessionOptions *options)
{
    OrtStatus *status = api->SetOptimizedModelFilePath(options, path);

    if (status == NULL) {
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigDisablePrepacking, "1");
    }
    return status;
}

cleave_status clv_ort_options_new(const struct clv_ort_wishes *wishes,
                                  const char *where,
                                  struct OrtSessionOptions **ret_options,
                                  cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtSessionOptions *options = NULL;
    OrtStatus *status = api->CreateSessionOptions(&options);

    if (status == NULL) {
        status = set_threads(api, wishes, options);
    }
    if (status == NULL) {
        status = set_level(api, wishes->optimise, options);
    }
    if (status == NULL) {
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsConfigUseEnvAllocators, "1");
    }
    if (status == NULL) { /* what stays is not in the arena */
        status = api->AddSessionConfigEntry(
            options, kOrtSessionOptionsUseDeviceAllocatorForInitializers, "1");
    }
    if (status == NULL && wishes->save_path != NULL) {
        status = set_saving(api, wishes->save_path, options);
    }
    if (check(api, status, where, err) != CLEAVE_OK ||
        append_provider(api, wishes->name->scheme, options, err) != CLEAVE_OK) {
        clv_ort_options_free(options);
        return CLEAVE_ENGINE;
    }
    *ret_options = options;
    return CLEAVE_OK;
}

void clv_ort_options_free(struct OrtSessionOptions *options)
{
    if (options != NULL) {
        find_api()->ReleaseSessionOptions(options);
    }
}

/* -- Tensors -- */

cleave_status clv_ort_memory_new(struct OrtMemoryInfo **ret_memory,
                                 cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api,
                 api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault,
                                          ret_memory),
                 "onnxruntime", err);
}

void clv_ort_memory_free(struct OrtMemoryInfo *memory)
{
    if (memory != NULL) {
        find_api()->ReleaseMemoryInfo(memory);
    }
}

cleave_status clv_ort_wrap(const struct OrtMemoryInfo *memory,
                           const cleave_tensor *t, const char *where,
                           struct OrtValue **ret_value, cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api,
                 api->CreateTensorWithDataAsOrtValue(
                     memory, t->data, t->bytes, t->info.shape, t->info.rank,
                     (ONNXTensorElementDataType)t->info.type, ret_value),
                 where, err);
}

cleave_status clv_ort_room(const cleave_tensor_info *info, const char *where,
                           struct OrtValue **ret_value, cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtAllocator *allocator;
    OrtStatus *status = api->GetAllocatorWithDefaultOptions(&allocator);

    if (status == NULL) {
        status = api->CreateTensorAsOrtValue(
            allocator, info->shape, info->rank,
            (ONNXTensorElementDataType)info->type, ret_value);
    }
    return check(api, status, where, err);
}

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

cleave_status clv_ort_view(struct OrtValue *value, int is_fixed,
                           const char *where, cleave_tensor *t,
                           cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtTypeInfo *type = NULL;
    OrtStatus *status = NULL;
    uint64_t elements;
    uint64_t bytes;

    if (!is_fixed) {
        status = api->GetTypeInfo(value, &type);
        if (status == NULL) {
            status = read_form(api, type, &t->info);
            api->ReleaseTypeInfo(type);
        }
    }
    if (status == NULL &&
        cleave_tensor_count(&t->info, &elements, &bytes) != CLEAVE_OK) {
        status = api->CreateStatus(ORT_FAIL, "an output is not a tensor "
                                             "of numbers");
    }
    if (status == NULL) {
        t->bytes = (size_t)bytes;
        status = api->GetTensorMutableData(value, &t->data);
    }
    return check(api, status, where, err);
}

void clv_ort_value_free(struct OrtValue *value)
{
    if (value != NULL) {
        find_api()->ReleaseValue(value);
    }
}

/* -- Sessions -- */

cleave_status clv_ort_lend(struct OrtSessionOptions *options, const char *name,
                           const struct OrtValue *value, const char *where,
                           cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api, api->AddInitializer(options, name, value), where, err);
}

cleave_status clv_ort_copies_new(struct OrtPrepackedWeightsContainer **ret_held,
                                 cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api, api->CreatePrepackedWeightsContainer(ret_held),
                 "onnxruntime", err);
}

void clv_ort_copies_free(struct OrtPrepackedWeightsContainer *held)
{
    if (held != NULL) {
        find_api()->ReleasePrepackedWeightsContainer(held);
    }
}

cleave_status clv_ort_session_new(struct OrtEnv *env, const char *path,
                                  const struct OrtSessionOptions *options,
                                  struct OrtPrepackedWeightsContainer *held,
                                  struct OrtSession **ret_session,
                                  cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtStatus *refused;

    if (held != NULL) {
        refused = api->CreateSessionWithPrepackedWeightsContainer(
            env, path, options, held, ret_session);
        if (refused == NULL) {
            return CLEAVE_OK;
        }
        api->ReleaseStatus(refused);
    }
    return check(api, api->CreateSession(env, path, options, ret_session), path,
                 err);
}

void clv_ort_session_free(struct OrtSession *session)
{
    if (session != NULL) {
        find_api()->ReleaseSession(session);
    }
}

cleave_status clv_ort_count_ends(const struct OrtSession *session,
                                 const char *where, size_t *ret_inputs,
                                 size_t *ret_outputs, cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtStatus *status = api->SessionGetInputCount(session, ret_inputs);

    if (status == NULL) {
        status = api->SessionGetOutputCount(session, ret_outputs);
    }
    return check(api, status, where, err);
}

/* ONNX Runtime's copy of the name goes back; ours is malloc's. */
static OrtStatus *read_name(const OrtApi *api, const OrtSession *session,
                            size_t i, int is_output, const char **ret_name)
{
    OrtAllocator *allocator;
    char *name = NULL;
    OrtStatus *status = api->GetAllocatorWithDefaultOptions(&allocator);

    if (status == NULL) {
        status = is_output
                     ? api->SessionGetOutputName(session, i, allocator, &name)
                     : api->SessionGetInputName(session, i, allocator, &name);
    }
    if (status == NULL) {
        *ret_name = strdup(name);
        status = api->AllocatorFree(allocator, name);
        if (status == NULL && *ret_name == NULL) {
            status = api->CreateStatus(ORT_FAIL, "no memory for a name");
        }
    }
    return status;
}

cleave_status clv_ort_read_end(const struct OrtSession *session, size_t i,
                               int is_output, const char *where,
                               cleave_tensor_info *info, cleave_error *err)
{
    const OrtApi *api = find_api();
    OrtTypeInfo *type = NULL;
    OrtStatus *status = read_name(api, session, i, is_output, &info->name);

    if (status == NULL) {
        status = is_output ? api->SessionGetOutputTypeInfo(session, i, &type)
                           : api->SessionGetInputTypeInfo(session, i, &type);
    }
    if (status == NULL) {
        status = read_form(api, type, info);
        api->ReleaseTypeInfo(type);
    }
    return check(api, status, where, err);
}

cleave_status clv_ort_run(struct OrtSession *session,
                          const struct clv_ort_ends *ends, const char *where,
                          cleave_error *err)
{
    const OrtApi *api = find_api();

    return check(api,
                 api->Run(session, NULL, ends->input_names, ends->inputs,
                          ends->input_count, ends->output_names,
                          ends->output_count, ends->outputs),
                 where, err);
}
