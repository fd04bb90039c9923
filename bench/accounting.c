/*
 * accounting.c - what a part is said to keep, against what it keeps.
 *
 * A server decides by clv_part_bytes what it unloads. Here each network is
 * opened in a process of its own, and what the process has grown by (written
 * pages, and pages of mapped weights that are present) is held against what
 * its parts say. No bar: an estimate a little above the truth is wanted.
 * Parts are run once, since pages of weights come as they are read; the
 * activations of that run are in the figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/memory.h"
#include "bench/sections.h"
#include "bench/stage.h"
#include "bench/tally.h"

struct seen {
    struct memory loaded;
    struct memory run;
    double said_mb;
};

static struct memory since(struct memory before)
{
    struct memory now = memory_read();

    return (struct memory){now.private_mb - before.private_mb,
                           now.resident_mb - before.resident_mb};
}

static void add_seen(json_t *context, const char *name, const struct seen *s)
{
    json_object_set_new(
        context, name,
        json_pack("{s:f, s:f, s:f, s:f, s:f}", "said_MB", s->said_mb,
                  "private_MB", s->loaded.private_mb, "resident_MB",
                  s->loaded.resident_mb, "private_run_MB", s->run.private_mb,
                  "resident_run_MB", s->run.resident_mb));
}

/* The whole first, then the halves of a cut in the middle beside it. */
static void look(const struct subject *s, json_t *context,
                 struct seen *ret_whole)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_cut *cuts;
    struct runner whole = {0};
    struct runner head = {0};
    struct runner tail = {0};
    struct seen pair;
    size_t count;
    struct memory before;

    stage_must(clv_network_cuts(s->network, &cuts, &count, &err), &err,
               s->name);
    before = memory_read();
    runner_open(&whole, s, CLV_PART_WHOLE, NULL, NULL);
    ret_whole->loaded = since(before);
    runner_run(&whole, NULL);
    ret_whole->run = since(before);
    ret_whole->said_mb = (double)clv_network_bytes(s->network) / 1e6;
    add_seen(context, "whole", ret_whole);

    before = memory_read();
    runner_open(&head, s, CLV_PART_HEAD, cuts[count / 2].name, NULL);
    runner_open(&tail, s, CLV_PART_TAIL, cuts[count / 2].name, &head);
    pair.loaded = since(before);
    runner_run(&head, NULL);
    runner_run(&tail, &head);
    pair.run = since(before);
    pair.said_mb =
        (double)clv_network_bytes(s->network) / 1e6 - ret_whole->said_mb;
    add_seen(context, "halves_beside_it", &pair);
    runner_close(&tail);
    runner_close(&head);
    runner_close(&whole);
}

static void measure(const char *path, int print)
{
    char cache[CLV_PATH_MAX];
    struct stage stage;
    struct subject s;
    struct seen whole;
    json_t *context = tally_context();
    char id[192];

    stage_cache(cache);
    stage_open(&stage, "cpu:threads=1", cache);
    subject_open(&s, &stage, path);
    look(&s, context, &whole);
    snprintf(id, sizeof id, "first-light.accounting.%s", s.name);
    if (print) {
        tally_row(id, "memory that the whole says it keeps / resident growth",
                  whole.said_mb / whole.loaded.resident_mb, "x", 0, context);
    } else {
        json_decref(context);
    }
    subject_close(&s);
    stage_close(&stage);
}

/* Twice, each in its own process: the first fills the store. */
static void measure_apart(const char *path)
{
    for (int print = 0; print < 2; print++) {
        int status = 1;
        pid_t child;
        fflush(stdout);
        child = fork();
        if (child == 0) {
            measure(path, print);
            fflush(stdout);
            _exit(0);
        }
        stage_must(child > 0 && waitpid(child, &status, 0) == child &&
                           status == 0
                       ? CLEAVE_OK
                       : CLEAVE_IO,
                   NULL, path);
    }
}

void section_accounting(const char *data)
{
    static const char *const models[] = {
        "models-topology-only/light_resnet50.onnx",
        "models-topology-only/light_bvlc_alexnet.onnx",
        "models-imagenet/mobilenet_v2_fp32.onnx",
        "models-imagenet/mobilenet_v2_int8.onnx",
        "models-text/text_l_fp32.onnx",
        "models-text/text_l_int8.onnx",
    };
    char path[CLV_PATH_MAX];

    measure_apart("zoo/shapes.onnx");
    for (size_t i = 0; data && i < sizeof models / sizeof models[0]; i++) {
        snprintf(path, sizeof path, "%.2000s/%s", data, models[i]);
        measure_apart(path);
    }
}
