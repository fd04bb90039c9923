/*
 * profiled.c - profiles of the test networks, made when first wanted.
 *
 * Models are linked into one folder, so that what is learnt of them (their
 * calibrations) lies beside them there and not among the test data.
 */
#include "bench/profiled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "bench/child.h"
#include "bench/cifar.h"
#include "bench/stage.h"

#define ENGINE "cpu:threads=1"

static const struct profiled_place places[] = {
    {"models-imagenet", "mobilenet_v2_fp32", "imagenet-500", 0, 1},
    {"models-imagenet", "squeezenet1_1_fp32", "imagenet-500", 0, 0},
    {"models-imagenet", "mobilenet_v1_1.0_224_fp32", "imagenet-500", 0, 0},
    {"models-imagenet", "mobilenet_v1_0.75_192_fp32", "imagenet-500", 0, 0},
    {"models-imagenet", "mobilenet_v1_0.5_160_fp32", "imagenet-500", 0, 0},
    {"models-imagenet", "mobilenet_v1_0.25_128_fp32", "imagenet-500", 0, 0},
    {"models-cifar10", "resnet20_cifar10_fp32", "cifar10-1000", 1, 0},
    {"models-cifar10", "resnet44_cifar10_fp32", "cifar10-1000", 1, 0},
    {"models-text", "text_m_fp32", "text-500", 0, 0},
    {"models-text", "text_l_fp32", "text-500", 0, 0},
};

size_t profiled_count(void)
{
    return sizeof places / sizeof places[0];
}

const struct profiled_place *profiled_place(size_t index)
{
    return &places[index];
}

const struct profiled_place *profiled_find(const char *name)
{
    size_t i = 0;

    while (i < profiled_count() && strcmp(places[i].name, name) != 0) {
        i++;
    }
    stage_must(i < profiled_count() ? CLEAVE_OK : CLEAVE_NOT_FOUND, NULL, name);
    return &places[i];
}

static void make_folder(const char *path)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_folder_make(path, &err), &err, path);
}

/* Models and cards where servers and devices look for them. */
static void link_model(struct profiled *p, const char *data)
{
    char from[CLV_PATH_MAX];
    char to[CLV_PATH_MAX];

    stage_path(p->models, "%s/models", p->folder);
    make_folder(p->models);
    stage_path(from, "%s/%s/%s.onnx", data, p->place->models, p->place->name);
    stage_path(p->model, "%s/%s.onnx", p->models, p->place->name);
    stage_link(from, p->model);
    stage_path(from, "%s/cards/%s.yaml", data, p->place->name);
    stage_path(to, "%s/%s.yaml", p->models, p->place->name);
    stage_link(from, to);
    /* Cards name their classes' file by its place among the test data. */
    stage_path(from, "%s/%s", data, p->place->inputs);
    stage_path(to, "%s/%s", p->folder, p->place->inputs);
    stage_link(from, to);
}

/* CIFAR's pictures become arrays, prepared as the card says. */
static void find_inputs(struct profiled *p, const char *data,
                        char labels[CLV_PATH_MAX])
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_card *card;
    char path[CLV_PATH_MAX];
    char folder[CLV_PATH_MAX];

    stage_path(folder, "%s/%s", data, p->place->inputs);
    if (p->place->is_cifar) {
        stage_path(path, "%s/%s.yaml", p->models, p->place->name);
        stage_must(clv_card_read(path, &card, &err), &err, path);
        memcpy(path, folder, sizeof path);
        cifar_convert(path, card, folder);
        clv_card_free(card);
    }
    stage_path(labels, "%s/labels.csv", folder);
    stage_path(p->inputs, p->place->is_cifar ? "%s/inputs.npy" : "%s", folder);
}

void profiled_write_app(const struct profiled *p, const char *path,
                        const char *engine, const char *url,
                        const char *objective, const char *more)
{
    FILE *file = fopen(path, "w");

    stage_must(file != NULL ? CLEAVE_OK : CLEAVE_IO, NULL, path);
    fprintf(file,
            "tasks:\n  - name: task\n    models: ['%s']\n"
            "    objectives:\n      - %s\n"
            "    constraints:\n      - accuracy.drop <= 1pp\n%s"
            "engines: ['%s']\n",
            p->model, objective, more != NULL ? more : "", engine);
    if (url != NULL) {
        fprintf(file, "servers:\n  - {name: server, url: '%s'}\n", url);
    }
    stage_must(fclose(file) == 0 ? CLEAVE_OK : CLEAVE_IO, NULL, path);
}

/* -- Measuring -- */

static void start_server(const struct profiled *p, struct child *server,
                         char url[CHILD_LINE])
{
    char cache[CLV_PATH_MAX];
    char log[CLV_PATH_MAX];
    const char *args[] = {"serve",       "--models", p->models, "--listen",
                          "127.0.0.1:0", "--engine", ENGINE,    "--cache",
                          cache,         NULL};

    stage_path(cache, "%s/server-cache", p->folder);
    stage_path(log, "%s/serve.log", p->folder);
    child_start(server, args, log);
    child_listening(server, url);
}

static void measure(const struct profiled *p, const char *app,
                    const char *labels)
{
    char cache[CLV_PATH_MAX];
    char log[CLV_PATH_MAX];
    struct child program;
    const char *args[] = {"profile", app,    "--data",    p->inputs, "--labels",
                          labels,    "--db", p->database, "--cache", cache,
                          "--quiet", NULL,   NULL};

    stage_path(cache, "%s/device-cache", p->folder);
    stage_path(log, "%s/profile.log", p->folder);
    if (!p->place->is_whole) {
        args[sizeof args / sizeof args[0] - 2] = "--fast";
    }
    printf("profiling %s\n", p->place->name);
    child_start(&program, args, log);
    if (child_wait(&program) != 0) {
        fprintf(stderr, "bench: `cleave profile` failed; see %s\n", log);
        exit(1);
    }
}

static void profile(struct profiled *p, const char *data, const char *app,
                    const char *objective)
{
    struct child server = {0};
    char labels[CLV_PATH_MAX];
    char url[CHILD_LINE];

    find_inputs(p, data, labels);
    start_server(p, &server, url);
    profiled_write_app(p, app, ENGINE, url, objective, NULL);
    measure(p, app, labels);
    child_stop(&server);
}

void profiled_open(struct profiled *p, const char *data,
                   const struct profiled_place *place, const char *objective)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char app[CLV_PATH_MAX];
    char cache[CLV_PATH_MAX];

    memset(p, 0, sizeof *p);
    p->place = place;
    stage_cache(cache);
    stage_path(p->folder, "%s/profiles", cache);
    make_folder(p->folder);
    link_model(p, data);
    stage_path(app, "%s/%s.app.yaml", p->folder, place->name);
    stage_path(p->database, "%s/%s.profile", p->folder, place->name);
    profile(p, data, app, objective);
    stage_must(clv_application_read(app, &p->application, &err), &err, app);
    stage_must(
        clv_designs_load(p->application, NULL, p->database, &p->designs, &err),
        &err, p->database);
}

void profiled_close(struct profiled *p)
{
    clv_designs_free(p->designs);
    clv_application_free(p->application);
}
