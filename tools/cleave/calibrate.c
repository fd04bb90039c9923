/*
 * calibrate.c - `cleave calibrate`: learns how a model's tensors are coded
 * in the fewest bytes, from inputs without labels.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "codec/calibration.h"
#include "command.h"
#include "dataset.h"
#include "profile/learning.h"
#include "profile/sampling.h"
#include "progress.h"
#include "teaching.h"
#include "tensor/element.h"

struct calibrating {
    const struct settings *settings;
    struct dataset dataset;
    struct cutlist cuts;
    struct clv_sampling sampling;
    struct clv_learning *learning;
    struct progress progress;
    char out[CLV_PATH_MAX];
    int64_t started_ns;
};

/* MODEL-STEM.calib beside the model. */
static cleave_status place_out(struct calibrating *c, cleave_error *err)
{
    const char *model = c->settings->rest[0];
    int length = (int)strlen(model);

    if (c->settings->out != NULL) {
        return clv_path_print(c->out, sizeof c->out, err, "%s",
                              c->settings->out);
    }
    if (clv_path_ends(model, ".onnx")) {
        length -= (int)strlen(".onnx");
    }
    return clv_path_print(c->out, sizeof c->out, err, "%.*s.calib", length,
                          model);
}

/* What cannot be written in the end is better told at the beginning. */
static cleave_status check_out(struct calibrating *c, cleave_error *err)
{
    const char *name = clv_path_name(c->out);
    char folder[CLV_PATH_MAX];
    cleave_status status = clv_path_print(folder, sizeof folder, err, "%.*s.",
                                          (int)(name - c->out), c->out);

    if (status == CLEAVE_OK && access(folder, W_OK) != 0) {
        return clv_fail_errno(err, CLEAVE_IO, c->out, "Creating the file");
    }
    return status;
}

static void note_progress(void *self, size_t done, size_t count)
{
    struct calibrating *c = self;

    progress_within(&c->progress, done, count);
}

static void tell(void *self, const struct clv_lesson *lesson)
{
    struct calibrating *c = self;
    const cleave_tensor_info *t = lesson->tensor;
    char form[128];

    progress_clear(&c->progress);
    if (lesson->problem != NULL) {
        fprintf(stderr, "cleave: %s: left out: %s\n", t->name, lesson->problem);
        return;
    }
    if (lesson->samples < lesson->wanted) {
        fprintf(stderr,
                "cleave: %s: learnt from %zu inputs instead of %zu, for the "
                "memory that their tensors take; allow more with --memory.\n",
                t->name, lesson->samples, lesson->wanted);
    }
    if (!c->settings->json) {
        printf("%-32s %-22s %zu samples\n", t->name,
               clv_tensor_describe(t, form, sizeof form), lesson->samples);
        fflush(stdout);
    }
}

static cleave_status open_all(struct calibrating *c, cleave_error *err)
{
    const struct settings *s = c->settings;
    cleave_status status = place_out(c, err);

    if (status == CLEAVE_OK) {
        status = check_out(c, err);
    }
    if (status == CLEAVE_OK) {
        status = dataset_open(s, &c->dataset, err);
    }
    if (status == CLEAVE_OK) {
        status = cutlist_init(&c->cuts, s, c->dataset.opened.network, 1, err);
    }
    if (status == CLEAVE_OK) {
        uint64_t count = c->dataset.count;
        teaching_tell(s->quiet, "--samples", s->samples, count);
        status = clv_sampling_init(&c->sampling, count,
                                   clv_sampling_teachers(s->samples, count), 0,
                                   NULL, NULL, err);
    }
    if (status == CLEAVE_OK) {
        struct clv_learning_options options = {
            .network = c->dataset.opened.network,
            .source = c->dataset.source,
            .samples = c->sampling.teach,
            .sample_count = c->sampling.teach_count,
            .memory_bytes = s->memory,
            .progress = note_progress,
            .told = tell,
            .self = c,
        };
        status = clv_learning_new(&options, &c->learning, err);
    }
    return status;
}

/* A cut costs its head, and about as much again for the learning. */
static double cost(const struct cutlist *cuts, size_t i)
{
    return 0.5 + cuts->shares[i];
}

static cleave_status learn_cuts(struct calibrating *c, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    double total = 0;

    for (size_t i = 0; i < c->cuts.count; i++) {
        total += cost(&c->cuts, i);
    }
    progress_begin(&c->progress, !c->settings->quiet, total);
    for (size_t i = 0; status == CLEAVE_OK && i < c->cuts.count; i++) {
        progress_step(&c->progress, cost(&c->cuts, i), c->cuts.names[i]);
        status = clv_learning_cut(c->learning, c->cuts.names[i], err);
        progress_stepped(&c->progress);
    }
    progress_clear(&c->progress);
    return status;
}

static json_t *describe_tensors(const struct clv_calibration *calibration)
{
    size_t count;
    const struct clv_calibrated *t =
        clv_calibration_tensors(calibration, &count);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:I}", "name",
                            t[i].name, "type", cleave_type_name(t[i].type),
                            "lo", (double)t[i].lo, "hi", (double)t[i].hi,
                            "mean", (double)t[i].mean, "sd", (double)t[i].sd,
                            "books", (json_int_t)t[i].book_count));
    }
    return list;
}

static void summarise(const struct calibrating *c, size_t bytes,
                      const struct clv_calibration *calibration)
{
    int64_t ns = clv_clock_now_ns(clv_clock_machine()) - c->started_ns;
    json_t *object;

    if (!c->settings->json) {
        printf("%s: %zu bytes, %zu tensors, %.1f s, id %s\n", c->out, bytes,
               clv_learning_count(c->learning), (double)ns / 1e9,
               clv_calibration_id(calibration));
        return;
    }
    object =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:o}", "file", c->out,
                  "model", clv_calibration_model(calibration), "id",
                  clv_calibration_id(calibration), "bytes", (json_int_t)bytes,
                  "inputs", (json_int_t)c->sampling.teach_count, "seconds",
                  (double)ns / 1e9, "tensors", describe_tensors(calibration));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    printf("\n");
    json_decref(object);
}

/* What was written is read again, so that a file that is there is good. */
static cleave_status write_out(struct calibrating *c, cleave_error *err)
{
    struct clv_calibration *calibration = NULL;
    struct clv_buffer file;
    cleave_status status;

    clv_buffer_init(&file, CLV_CALIBRATION_BYTES);
    status = clv_learning_write(c->learning, &file, err);
    if (status == CLEAVE_OK) {
        status = clv_calibration_new(clv_buffer_bytes(&file), c->out,
                                     &calibration, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_file_write(c->out, clv_buffer_bytes(&file), err);
    }
    if (status == CLEAVE_OK) {
        summarise(c, file.size, calibration);
    }
    clv_calibration_free(calibration);
    clv_buffer_fini(&file);
    return status;
}

static cleave_status calibrate(const struct settings *s, cleave_error *err)
{
    struct calibrating c = {.settings = s};
    cleave_status status;

    c.started_ns = clv_clock_now_ns(clv_clock_machine());
    status = open_all(&c, err);
    if (status == CLEAVE_OK) {
        status = learn_cuts(&c, err);
    }
    if (status == CLEAVE_OK) {
        status = write_out(&c, err);
    }
    clv_learning_free(c.learning);
    clv_sampling_fini(&c.sampling);
    cutlist_fini(&c.cuts);
    dataset_close(&c.dataset);
    return status;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .taker = TAKES_CALIBRATE,
    .usage = "MODEL --data DIR [-o FILE] [OPTION...]",
    .summary = "learn how a model's tensors are best packed",
    .text =
        "Runs heads over inputs without labels and writes what packing needs\n"
        "to know: ranges, spreads and code books of the tensors at the cuts.\n"
        "The file travels with the model; device and server need the same.\n"
        "\nexamples:\n"
        "  cleave calibrate net.onnx --data photos\n"
        "  cleave calibrate net.onnx --data photos --cuts conv4_relu,conv9 \\\n"
        "      --samples 100 -o net.calib\n",
    .check = dataset_check,
    .run = calibrate,
};
