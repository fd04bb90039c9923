/*
 * usecase.c - applications of one and of several tasks, profiled.
 *
 * Bounds are wide enough that any machine of the last ten years keeps them
 * with some of the variants, and narrow enough to matter: each rules some
 * variants out. Detectors have no right answers here, so nothing is asked of
 * their accuracy.
 */
#include "bench/usecase.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/stage.h"

#define V1_LADDER                                                   \
    "mobilenet_v1_1.0_224_fp32", "mobilenet_v1_1.0_224_int8",       \
        "mobilenet_v1_0.75_192_fp32", "mobilenet_v1_0.75_192_int8", \
        "mobilenet_v1_0.5_160_fp32", "mobilenet_v1_0.5_160_int8",   \
        "mobilenet_v1_0.25_128_fp32", "mobilenet_v1_0.25_128_int8"

static const struct usecase usecases[] = {
    {.name = "pictures",
     .task_count = 1,
     .tasks = {{"scene",
                {V1_LADDER, "mobilenet_v2_fp32", "mobilenet_v2_int8",
                 "squeezenet1_1_fp32"},
                "    objectives:\n"
                "      - maximize: accuracy\n"
                "      - minimize: latency\n"
                "      - minimize: latency.std\n"
                "    constraints:\n"
                "      - accuracy >= 60%\n"
                "      - latency.p95 <= 40ms\n"
                "      - memory <= 200MB\n"}},
     .wishes = ""},
    {.name = "sentences",
     .task_count = 1,
     .tasks = {{"intent",
                {"text_s_fp32", "text_s_int8", "text_m_fp32", "text_m_int8",
                 "text_l_fp32", "text_l_int8"},
                "    objectives:\n"
                "      - maximize: accuracy\n"
                "      - minimize: latency\n"
                "      - minimize: size\n"
                "    constraints:\n"
                "      - accuracy >= 80%\n"
                "      - latency.p95 <= 10ms\n"}},
     .wishes = ""},
    {.name = "awake",
     .task_count = 2,
     .tasks = {{"words",
                {"kws_ds_cnn_fp32", "kws_ds_cnn_int8"},
                "    objectives:\n"
                "      - minimize: latency\n"
                "      - minimize: latency.std\n"
                "    constraints:\n"
                "      - accuracy >= 85%\n"
                "      - latency.p95 <= 5ms\n"},
               {"persons",
                {"vww_96_fp32", "vww_96_int8"},
                "    objectives:\n"
                "      - maximize: accuracy\n"
                "      - minimize: latency\n"
                "    constraints:\n"
                "      - accuracy >= 90%\n"
                "      - latency.p95 <= 10ms\n"}},
     .wishes = "objectives:\n  - minimize: memory\n"},
    {.name = "camera",
     .task_count = 3,
     .tasks = {{"scene",
                {V1_LADDER, "mobilenet_v2_fp32", "mobilenet_v2_int8"},
                "    objectives:\n"
                "      - maximize: accuracy\n"
                "      - minimize: latency\n"
                "    constraints:\n"
                "      - accuracy >= 60%\n"
                "      - latency.p95 <= 80ms\n"},
               {"faces",
                {"ultraface_rfb320", "ultraface_rfb320_int8"},
                "    objectives:\n"
                "      - minimize: latency\n"
                "    constraints:\n"
                "      - latency.p95 <= 80ms\n"},
               {"objects",
                {"fastestdet_coco", "fastestdet_coco_int8"},
                "    objectives:\n"
                "      - minimize: latency\n"
                "    constraints:\n"
                "      - latency.p95 <= 80ms\n"}},
     .wishes = "objectives:\n  - maximize: fairness\n"
               "constraints:\n  - memory <= 300MB\n"},
    {.name = "helped",
     .task_count = 1,
     .tasks = {{"scene",
                {"mobilenet_v1_1.0_224_fp32", "mobilenet_v1_0.5_160_fp32",
                 "mobilenet_v2_fp32"},
                "    objectives:\n"
                "      - maximize: accuracy\n"
                "      - minimize: latency\n"
                "      - minimize: device_time\n"
                "    constraints:\n"
                "      - accuracy >= 60%\n"}},
     .wishes = "",
     .has_server = 1},
};

#define USECASES (sizeof usecases / sizeof usecases[0])

size_t usecase_count(void)
{
    return USECASES;
}

const struct usecase *usecase_at(size_t index)
{
    return &usecases[index];
}

const struct usecase *usecase_find(const char *name)
{
    size_t i = 0;

    while (i < USECASES && strcmp(usecases[i].name, name) != 0) {
        i++;
    }
    stage_must(i < USECASES ? CLEAVE_OK : CLEAVE_NOT_FOUND, NULL, name);
    return &usecases[i];
}

/* -- The application file -- */

static void write_task(const struct usecase_world *w, FILE *file,
                       const struct usecase_task *task, const char *more)
{
    char path[CLV_PATH_MAX];
    char labels[CLV_PATH_MAX];

    fprintf(file, "  - name: %s\n    models:\n", task->name);
    for (size_t i = 0; task->variants[i] != NULL; i++) {
        if (material_model(&w->material, task->variants[i], path)) {
            fprintf(file, "      - '%s'\n", path);
        }
    }
    material_inputs(&w->material, task->variants[0], path, labels);
    fprintf(file, "    input: '%s'\n", path);
    if (labels[0] != '\0') {
        fprintf(file, "    labels: '%s'\n", labels);
    }
    fprintf(file, "%s%s", task->wishes, more != NULL ? more : "");
}

static void write_app(const struct usecase_world *w, const char *path,
                      const char *url, const char *const *more)
{
    const struct usecase *u = w->usecase;
    FILE *file = fopen(path, "w");

    stage_must(file != NULL ? CLEAVE_OK : CLEAVE_IO, NULL, path);
    fprintf(file, "tasks:\n");
    for (size_t i = 0; i < u->task_count; i++) {
        write_task(w, file, &u->tasks[i], more != NULL ? more[i] : NULL);
    }
    fprintf(file,
            "engines: ['cpu:threads=1', 'cpu:threads=2', "
            "'cpu:threads=2,spin=on']\n%s",
            u->wishes);
    if (url != NULL) {
        fprintf(file, "servers:\n  - {name: server, url: '%s'}\n", url);
    }
    stage_must(fclose(file) == 0 ? CLEAVE_OK : CLEAVE_IO, NULL, path);
}

/* -- Measuring -- */

/* A server reads its folder when it starts: the networks are to be there. */
static void gather_models(const struct usecase_world *w)
{
    char path[CLV_PATH_MAX];

    for (size_t i = 0; i < w->usecase->task_count; i++) {
        const char *const *variants = w->usecase->tasks[i].variants;
        for (size_t v = 0; variants[v] != NULL; v++) {
            (void)material_model(&w->material, variants[v], path);
        }
    }
}

static void start_server(const struct usecase_world *w, struct child *server,
                         char url[CHILD_LINE])
{
    char cache[CLV_PATH_MAX];
    char log[CLV_PATH_MAX];
    const char *args[] = {
        "serve",       "--models", w->material.models, "--listen",
        "127.0.0.1:0", "--engine", "cpu:threads=1",    "--cache",
        cache,         NULL};

    stage_path(cache, "%s/server-cache", w->material.folder);
    stage_path(log, "%s/serve.log", w->material.folder);
    child_start(server, args, log);
    child_listening(server, url);
}

static void measure(const struct usecase_world *w)
{
    char log[CLV_PATH_MAX];
    struct child program;
    const char *args[] = {"profile", w->app,   "--db",    w->database,
                          "--cache", w->cache, "--quiet", "--together",
                          "30s",     NULL,     NULL};

    stage_path(log, "%s/profile.log", w->material.folder);
    if (w->usecase->has_server) {
        args[sizeof args / sizeof args[0] - 2] = "--fast";
    }
    printf("profiling %s\n", w->usecase->name);
    child_start(&program, args, log);
    if (child_wait(&program) != 0) {
        fprintf(stderr, "bench: `cleave profile` failed; see %s\n", log);
        exit(1);
    }
}

static void profile(const struct usecase_world *w)
{
    struct child server = {0};
    char url[CHILD_LINE];

    if (w->usecase->has_server) {
        gather_models(w);
        start_server(w, &server, url);
    }
    write_app(w, w->app, w->usecase->has_server ? url : NULL, NULL);
    measure(w);
    child_stop(&server);
}

/* Keeps this thread, and programs it starts, on the first core it may use;
   gives what it might use before. */
static cpu_set_t keep_on_one(void)
{
    cpu_set_t before;
    cpu_set_t one;
    size_t core = 0;

    stage_must(sched_getaffinity(0, sizeof before, &before) == 0 ? CLEAVE_OK
                                                                 : CLEAVE_IO,
               NULL, "cores");
    while (!CPU_ISSET(core, &before)) {
        core++;
    }
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    return before;
}

static void load(struct usecase_world *w)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_application_read(w->app, &w->application, &err), &err,
               w->app);
    stage_must(
        clv_blueprint_load(w->application, w->database, &w->blueprint, &err),
        &err, w->database);
}

void usecase_refine(struct usecase_world *w, const char *path,
                    const char *const *more)
{
    usecase_close(w);
    snprintf(w->app, sizeof w->app, "%s", path);
    write_app(w, w->app, NULL, more);
    load(w);
}

void usecase_open(struct usecase_world *w, const char *data,
                  const struct usecase *usecase, enum usecase_device device)
{
    const char *where = device == USECASE_HERE ? "here" : "elsewhere";
    cpu_set_t before;

    *w = (struct usecase_world){.usecase = usecase};
    material_open(&w->material, data);
    stage_path(w->app, "%s/%s.%s.yaml", w->material.folder, usecase->name,
               where);
    stage_path(w->database, "%s/%s%s.profile", w->material.folder,
               usecase->has_server ? "helped." : "", where);
    stage_path(w->cache, "%s/device-cache", w->material.folder);
    if (device == USECASE_HERE) {
        profile(w);
        load(w);
        return;
    }
    before = keep_on_one();
    profile(w);
    load(w);
    (void)sched_setaffinity(0, sizeof before, &before);
}

void usecase_close(struct usecase_world *w)
{
    clv_blueprint_free(w->blueprint);
    clv_application_free(w->application);
}

/* -- Words -- */

json_t *usecase_design(const struct clv_product *product,
                       const uint32_t *choice)
{
    const struct clv_product_options *o = clv_product_options_of(product);
    json_t *told = json_object();

    for (size_t t = 0; t < o->task_count; t++) {
        size_t count;
        const struct clv_config *c =
            &clv_product_configs(product, t, &count)[choice[t]];
        char text[CLV_DESIGN_TEXT];
        clv_design_text(o->tasks[t].space, c->candidate, text);
        json_object_set_new(told, o->tasks[t].name, json_string(text));
    }
    return told;
}

json_t *usecase_objectives(const struct clv_product *product,
                           const uint32_t *choice)
{
    const struct clv_product_options *o = clv_product_options_of(product);
    const char *names[CLV_SEATS];
    json_t *told = json_object();

    for (size_t t = 0; t < o->task_count; t++) {
        names[t] = o->tasks[t].name;
    }
    for (size_t g = 0; g < o->goals->goal_count; g++) {
        const struct clv_goal *goal = &o->goals->goals[g];
        char name[CLV_GOAL_TEXT];
        char value[CLV_MEASURE_TEXT];
        clv_value_text(
            clv_product_value(product, choice, goal->task, goal->measure),
            clv_metric_unit(goal->measure.metric), value);
        json_object_set_new(told, clv_goal_text(goal, names, name),
                            json_string(value));
    }
    return told;
}
