/*
 * stage.c - networks and their halves set up to be measured.
 *
 * A runner's inputs are wired once: a tail's to the outputs of its head, or
 * to the network's inputs where the cut holds one. So the loop that is
 * measured runs and copies a few pointers, and does nothing else.
 */
#include "bench/stage.h"

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void stage_must(cleave_status status, const cleave_error *err,
                const char *doing)
{
    if (status != CLEAVE_OK) {
        fprintf(stderr, "bench: %s: %s: %s\n", doing, err ? err->where : "",
                err ? err->text : cleave_status_text(status));
        fflush(stdout);
        /* At once: handlers would wait for threads that a fork left behind. */
        _exit(1);
    }
}

static void *must_calloc(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    stage_must(memory != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "memory");
    return memory;
}

const char *stage_data(void)
{
    const char *data = getenv("CLEAVE_DATA");

    if (data == NULL || data[0] == '\0') {
        data = "../shared/data";
    }
    return access(data, R_OK | X_OK) == 0 ? data : NULL;
}

void stage_cache(char into[CLV_PATH_MAX])
{
    char self[CLV_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    stage_must(n > 0 ? CLEAVE_OK : CLEAVE_IO, NULL, "/proc/self/exe");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    stage_must(clv_path_print(into, CLV_PATH_MAX, NULL, "%s/cache", self), NULL,
               self);
}

void stage_path(char into[CLV_PATH_MAX], const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(into, CLV_PATH_MAX, format, args);
    va_end(args);
    stage_must(length > 0 && length < CLV_PATH_MAX ? CLEAVE_OK : CLEAVE_LIMIT,
               NULL, into);
}

void stage_link(const char *from, const char *to)
{
    char whole[PATH_MAX];

    stage_must(realpath(from, whole) != NULL ? CLEAVE_OK : CLEAVE_NOT_FOUND,
               NULL, from);
    (void)unlink(to);
    stage_must(symlink(whole, to) == 0 ? CLEAVE_OK : CLEAVE_IO, NULL, to);
}

void stage_open(struct stage *stage, const char *engine, const char *cache)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_engine_open(engine, &stage->engine, &err), &err, engine);
    stage_must(clv_store_open(cache, &stage->store, &err), &err, cache);
}

void stage_close(struct stage *stage)
{
    clv_store_close(stage->store);
    clv_engine_close(stage->engine);
}

/* -- Inputs -- */

static void fill(cleave_tensor *t)
{
    uint32_t state = 12345;
    float *f32 = t->data;
    int64_t *i64 = t->data;

    for (size_t i = 0; i < t->bytes / cleave_type_bytes(t->info.type); i++) {
        state = state * 1664525 + 1013904223;
        if (t->info.type == CLEAVE_TYPE_F32) {
            f32[i] = (float)(state >> 8) / (1 << 23) - 1;
        } else if (t->info.type == CLEAVE_TYPE_I64) {
            i64[i] = 1;
        }
    }
}

static void make_input(cleave_tensor *t, const cleave_tensor_info *info)
{
    uint64_t elements;
    uint64_t bytes;

    t->info = *info;
    for (uint32_t d = 0; d < info->rank; d++) {
        if (info->shape[d] < 0) {
            t->info.shape[d] = 1;
        }
    }
    stage_must(cleave_tensor_count(&t->info, &elements, &bytes), NULL,
               info->name);
    t->bytes = (size_t)bytes;
    t->data = must_calloc(t->bytes, 1);
    fill(t);
}

void subject_open(struct subject *s, const struct stage *stage,
                  const char *path)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const cleave_tensor_info *infos;

    *s = (struct subject){0};
    snprintf(s->name, sizeof s->name, "%s", clv_path_name(path));
    if (strrchr(s->name, '.') != NULL) {
        *strrchr(s->name, '.') = '\0';
    }
    stage_must(
        clv_network_open(path, stage->engine, stage->store, &s->network, &err),
        &err, path);
    infos = clv_network_inputs(s->network, &s->input_count);
    s->inputs = must_calloc(s->input_count, sizeof *s->inputs);
    for (size_t i = 0; i < s->input_count; i++) {
        make_input(&s->inputs[i], &infos[i]);
    }
}

void subject_close(struct subject *s)
{
    for (size_t i = 0; i < s->input_count; i++) {
        free(s->inputs[i].data);
    }
    free(s->inputs);
    clv_network_close(s->network);
}

/* -- Runners -- */

static size_t find_info(const cleave_tensor_info *infos, size_t count,
                        const char *name)
{
    size_t i = 0;

    while (i < count && strcmp(infos[i].name, name) != 0) {
        i++;
    }
    return i;
}

static int find_source(const struct subject *s, const struct runner *before,
                       const char *name)
{
    const cleave_tensor_info *infos;
    size_t count;
    size_t at;

    if (before != NULL) {
        infos = clv_session_outputs(clv_part_session(before->part), &count);
        at = find_info(infos, count, name);
        if (at < count) {
            return (int)at;
        }
    }
    infos = clv_network_inputs(s->network, &count);
    at = find_info(infos, count, name);
    stage_must(at < count ? CLEAVE_OK : CLEAVE_NOT_FOUND, NULL, name);
    return -1 - (int)at;
}

void runner_open(struct runner *r, const struct subject *s,
                 enum clv_part_kind kind, const char *cut,
                 const struct runner *before)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_session *session;
    const cleave_tensor_info *infos;

    stage_must(clv_network_load(s->network, kind, cut, &r->part, &err), &err,
               s->name);
    session = clv_part_session(r->part);
    stage_must(clv_outputs_new(session, &r->outputs, &err), &err, s->name);
    infos = clv_session_inputs(session, &r->input_count);
    r->inputs = must_calloc(r->input_count, sizeof *r->inputs);
    r->from = must_calloc(r->input_count, sizeof *r->from);
    for (size_t i = 0; i < r->input_count; i++) {
        r->from[i] = find_source(s, before, infos[i].name);
        if (r->from[i] < 0) {
            r->inputs[i] = s->inputs[-1 - r->from[i]];
        }
    }
}

void runner_close(struct runner *r)
{
    clv_outputs_free(r->outputs);
    clv_part_release(r->part);
    free(r->inputs);
    free(r->from);
}

void runner_run(struct runner *r, const struct runner *before)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const cleave_tensor *made = NULL;
    size_t count;

    if (before != NULL) {
        made = clv_outputs_tensors(before->outputs, &count);
        for (size_t i = 0; i < r->input_count; i++) {
            if (r->from[i] >= 0) {
                r->inputs[i] = made[r->from[i]];
            }
        }
    }
    stage_must(clv_session_run(clv_part_session(r->part), r->inputs,
                               r->input_count, r->outputs, &err),
               &err, "run");
}

/* -- Folders -- */

static int is_model(const struct dirent *entry)
{
    return clv_path_ends(entry->d_name, ".onnx");
}

void stage_each_model(const char *folder,
                      void (*visit)(void *self, const char *path), void *self)
{
    struct dirent **list;
    char path[CLV_PATH_MAX];
    int count = scandir(folder, &list, is_model, alphasort);

    stage_must(count > 0 ? CLEAVE_OK : CLEAVE_NOT_FOUND, NULL, folder);
    for (int i = 0; i < count; i++) {
        stage_must(clv_path_print(path, sizeof path, NULL, "%s/%s", folder,
                                  list[i]->d_name),
                   NULL, folder);
        visit(self, path);
        free(list[i]);
    }
    free(list);
}
