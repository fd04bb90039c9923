/*
 * run_overhead.c - our session against bare ONNX Runtime.
 *
 * The same file, optimised alike, on the same thread pool, in turns: once as
 * clv_session_run, which checks its inputs, wraps them, lets ONNX Runtime
 * allocate the outputs and describes them; once as a bare Run over values
 * made beforehand, outputs too. ONNX Runtime has one environment a process,
 * so the bare session joins the one that the engine has made.
 */
#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/sections.h"
#include "bench/stage.h"
#include "bench/tally.h"
#include "tests/unit/tiny_model.h"

#define BAR 1.02
#define NETWORK_NS 4000000000
#define TURN_NS 1000000
#define MAX_TURNS 20001
#define MOST 8 /* inputs, and outputs */

struct bare {
    const OrtApi *api;
    OrtEnv *env;
    OrtMemoryInfo *memory;
    OrtSession *session;
    OrtValue *inputs[MOST];
    OrtValue *outputs[MOST];
    const char *input_names[MOST];
    const char *output_names[MOST];
    size_t input_count;
    size_t output_count;
    void *memory_of[MOST];
};

static void must(const struct bare *b, OrtStatus *status)
{
    if (status != NULL) {
        fprintf(stderr, "bench: %s\n", b->api->GetErrorMessage(status));
        exit(1);
    }
}

static OrtSession *bare_load(struct bare *b, const char *path)
{
    OrtSessionOptions *options;
    OrtSession *session;

    must(b, b->api->CreateSessionOptions(&options));
    must(b, b->api->DisablePerSessionThreads(options));
    must(b, b->api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    must(b, b->api->AddSessionConfigEntry(
                options, kOrtSessionOptionsConfigUseEnvAllocators, "1"));
    must(b, b->api->CreateSession(b->env, path, options, &session));
    b->api->ReleaseSessionOptions(options);
    return session;
}

static OrtValue *bare_value(struct bare *b, const cleave_tensor *t)
{
    OrtValue *value;

    must(b, b->api->CreateTensorWithDataAsOrtValue(
                b->memory, t->data, t->bytes, t->info.shape, t->info.rank,
                (ONNXTensorElementDataType)t->info.type, &value));
    return value;
}

/* Outputs are as those of a run before. */
static void bare_open(struct bare *b, const char *path,
                      const cleave_tensor *inputs, size_t input_count,
                      const cleave_tensor *outputs, size_t output_count)
{
    *b =
        (struct bare){.input_count = input_count, .output_count = output_count};
    b->api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    must(b, b->api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "bench", &b->env));
    must(b, b->api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault,
                                        &b->memory));
    b->session = bare_load(b, path);
    for (size_t i = 0; i < input_count; i++) {
        b->input_names[i] = inputs[i].info.name;
        b->inputs[i] = bare_value(b, &inputs[i]);
    }
    for (size_t i = 0; i < output_count; i++) {
        cleave_tensor t = outputs[i];
        t.data = b->memory_of[i] = calloc(1, t.bytes + 1);
        stage_must(t.data ? CLEAVE_OK : CLEAVE_MEMORY, NULL, path);
        b->output_names[i] = t.info.name;
        b->outputs[i] = bare_value(b, &t);
    }
}

static void bare_close(struct bare *b)
{
    b->api->ReleaseSession(b->session);
    for (size_t i = 0; i < b->input_count; i++) {
        b->api->ReleaseValue(b->inputs[i]);
    }
    for (size_t i = 0; i < b->output_count; i++) {
        b->api->ReleaseValue(b->outputs[i]);
        free(b->memory_of[i]);
    }
    b->api->ReleaseMemoryInfo(b->memory);
    b->api->ReleaseEnv(b->env);
}

static int64_t time_bare(struct bare *b, unsigned times)
{
    int64_t started = tally_now_ns();

    for (unsigned i = 0; i < times; i++) {
        must(b, b->api->Run(b->session, NULL, b->input_names,
                            (const OrtValue *const *)b->inputs, b->input_count,
                            b->output_names, b->output_count, b->outputs));
    }
    return tally_now_ns() - started;
}

struct ours {
    struct clv_session *session;
    struct clv_outputs *outputs;
    const cleave_tensor *inputs;
    size_t input_count;
};

static int64_t time_ours(struct ours *o, unsigned times)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    int64_t started = tally_now_ns();

    for (unsigned i = 0; i < times; i++) {
        stage_must(clv_session_run(o->session, o->inputs, o->input_count,
                                   o->outputs, &err),
                   &err, "run");
    }
    return tally_now_ns() - started;
}

struct spent {
    struct tally ours;
    struct tally bare;
    struct tally ratios;
    unsigned times; /* runs a turn */
};

static void take_turns(struct ours *o, struct bare *b, struct spent *spent)
{
    int64_t began = tally_now_ns();
    unsigned times;

    time_bare(b, 3);
    times = (unsigned)(TURN_NS / (time_bare(b, 3) / 3 + 1)) + 1;
    spent->times = times;
    for (unsigned turn = 0;
         turn < MAX_TURNS && tally_now_ns() - began < NETWORK_NS; turn++) {
        int ours_first = turn % 2 == 0;
        int64_t x = ours_first ? time_ours(o, times) : 0;
        int64_t y = time_bare(b, times);
        x = ours_first ? x : time_ours(o, times);
        tally_add(&spent->ratios, (double)x / (double)y);
        tally_add(&spent->ours, (double)x / times / 1e3);
        tally_add(&spent->bare, (double)y / times / 1e3);
    }
}

static void print_network(const char *name, double bar, struct spent *spent)
{
    json_t *context = tally_context();
    char id[192];

    snprintf(id, sizeof id, "first-light.run-overhead.%s", name);
    tally_describe(context, "ratios", &spent->ratios);
    json_object_set_new(context, "ours_us",
                        json_real(tally_median(&spent->ours)));
    json_object_set_new(context, "bare_us",
                        json_real(tally_median(&spent->bare)));
    json_object_set_new(context, "runs_a_turn",
                        json_integer((json_int_t)spent->times));
    tally_row(id, "clv_session_run / bare ONNX Runtime",
              tally_median(&spent->ratios), "x", bar, context);
}

/* `bar` 0: the figure is for information. */
static void measure(const struct stage *stage, const char *path, double bar)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_session_source source = {.path = path,
                                        .optimise = CLV_OPTIMISE_ALL};
    struct subject s;
    struct ours ours;
    struct bare bare;
    struct spent spent = {.times = 0};
    const cleave_tensor *outputs;
    size_t output_count;

    subject_open(&s, stage, path);
    ours = (struct ours){.inputs = s.inputs, .input_count = s.input_count};
    stage_must(clv_session_new(stage->engine, &source, &ours.session, &err),
               &err, path);
    stage_must(clv_outputs_new(ours.session, &ours.outputs, &err), &err, path);
    time_ours(&ours, 1);
    outputs = clv_outputs_tensors(ours.outputs, &output_count);
    stage_must(s.input_count <= MOST && output_count <= MOST ? CLEAVE_OK
                                                             : CLEAVE_LIMIT,
               NULL, path);
    bare_open(&bare, path, s.inputs, s.input_count, outputs, output_count);
    tally_init(&spent.ours, MAX_TURNS);
    tally_init(&spent.bare, MAX_TURNS);
    tally_init(&spent.ratios, MAX_TURNS);
    take_turns(&ours, &bare, &spent);
    print_network(s.name, bar, &spent);
    tally_fini(&spent.ours);
    tally_fini(&spent.bare);
    tally_fini(&spent.ratios);
    bare_close(&bare);
    clv_outputs_free(ours.outputs);
    clv_session_free(ours.session);
    subject_close(&s);
}

void section_run_overhead(const char *data)
{
    static const char *const models[] = {
        "models-imagenet/mobilenet_v2_fp32.onnx",
        "models-imagenet/squeezenet1_1_fp32.onnx",
        "models-imagenet/mobilenet_v1_0.25_128_int8.onnx",
        "models-cifar10/resnet20_cifar10_fp32.onnx",
        "models-text/text_l_fp32.onnx",
    };
    char cache[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];
    struct stage stage;

    stage_cache(cache);
    stage_open(&stage, "cpu:threads=1", cache);
    measure(&stage, "zoo/shapes.onnx", BAR);
    for (size_t i = 0; data && i < sizeof models / sizeof models[0]; i++) {
        snprintf(path, sizeof path, "%.2000s/%s", data, models[i]);
        measure(&stage, path, BAR);
    }
    snprintf(path, sizeof path, "%.2000s/tiny_chain.onnx", cache);
    stage_must(tiny_chain_write(path, 16) == 0 ? CLEAVE_OK : CLEAVE_IO, NULL,
               path);
    measure(&stage, path, 0); /* three nodes: what one call costs */
    unlink(path);
    stage_close(&stage);
}
