/*
 * quantize.c - `cleave quantize`: an int8 variant of a model, and what it is
 * worth: accuracy and time of both, measured side by side.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "cardcopy.h"
#include "command.h"
#include "dataset.h"
#include "profile/quantified.h"
#include "profile/quantising.h"
#include "progress.h"
#include "report.h"

/* Speed is told of one core, where it means the most. */
#define DEFAULT_ENGINE "cpu:threads=1"

/* How much of the progress learning and comparing are, an input each. */
#define LEARN_UNITS 1.0
#define COMPARE_UNITS 2.0

struct quantizing {
    struct settings settings; /* with the engine filled in */
    struct dataset dataset;
    struct clv_sampling sampling;
    struct progress progress;
    struct clv_quantised_counts counts;
    struct clv_network *variant;
    struct clv_quantified found;
    uint64_t bytes_before;
    uint64_t bytes_after;
    enum cardcopy card;
    char card_path[CLV_PATH_MAX];
};

static cleave_status check(const struct settings *s, cleave_error *err)
{
    cleave_status status = dataset_check(s, err);

    if (status == CLEAVE_OK && s->out == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say where to write the variant: -o FILE.");
    }
    return status;
}

/* What cannot be written in the end is better told at the beginning; and the
   original must survive. */
static cleave_status check_out(const struct settings *s, cleave_error *err)
{
    const char *name = clv_path_name(s->out);
    char folder[CLV_PATH_MAX];
    struct stat model;
    struct stat out;
    cleave_status status = clv_path_print(folder, sizeof folder, err, "%.*s.",
                                          (int)(name - s->out), s->out);

    if (status == CLEAVE_OK && access(folder, W_OK) != 0) {
        return clv_fail_errno(err, CLEAVE_IO, s->out, "Creating the file");
    }
    if (status == CLEAVE_OK && stat(s->rest[0], &model) == 0 &&
        stat(s->out, &out) == 0 && model.st_dev == out.st_dev &&
        model.st_ino == out.st_ino) {
        return clv_fail(err, CLEAVE_INVALID, s->out,
                        "This is the model itself; write the variant "
                        "elsewhere.");
    }
    return status;
}

static void note_progress(void *self, size_t done, size_t count)
{
    struct quantizing *q = self;

    progress_within(&q->progress, done, count);
}

/* -- The steps -- */

static cleave_status make(struct quantizing *q, cleave_error *err)
{
    struct clv_quantising_options options = {
        .model = q->settings.rest[0],
        .engine = q->dataset.opened.engine,
        .store = q->dataset.opened.store,
        .source = q->dataset.source,
        .samples = q->sampling.teach,
        .sample_count = q->sampling.teach_count,
        .progress = note_progress,
        .self = q,
    };
    cleave_status status;

    progress_step(&q->progress, LEARN_UNITS * (double)options.sample_count,
                  "ranges");
    status = clv_quantising_run(&options, q->settings.out, &q->counts, err);
    progress_stepped(&q->progress);
    return status == CLEAVE_OK
               ? cardcopy_make(q->dataset.card, q->dataset.card_path,
                               q->settings.out, &q->card, q->card_path, err)
               : status;
}

static cleave_status compare(struct quantizing *q, cleave_error *err)
{
    struct dataset *d = &q->dataset;
    struct clv_quantified_options options = {
        .original = d->opened.network,
        .source = d->source,
        .card = d->card,
        .labels = d->labels,
        .samples = q->sampling.examine,
        .sample_count = q->sampling.examine_count,
        .clock = clv_clock_machine(),
        .progress = note_progress,
        .self = q,
    };
    cleave_status status = clv_network_open(q->settings.out, d->opened.engine,
                                            d->opened.store, &q->variant, err);

    if (status != CLEAVE_OK) { /* nobody is to find a file that does not run */
        (void)remove(q->settings.out);
    }
    options.variant = q->variant;
    progress_step(&q->progress, COMPARE_UNITS * (double)options.sample_count,
                  "accuracy and time");
    if (status == CLEAVE_OK) {
        status = clv_quantified_run(&options, &q->found, err);
    }
    progress_stepped(&q->progress);
    return status;
}

static uint64_t size_of(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 ? (uint64_t)s.st_size : 0;
}

/* External data of the original counts, too. */
static cleave_status weigh(struct quantizing *q, cleave_error *err)
{
    struct clv_model *model;
    cleave_status status = clv_model_open(q->settings.rest[0], &model, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    q->bytes_before = clv_model_file_bytes(model);
    for (uint32_t i = 0; i < clv_model_weight_count(model); i++) {
        struct clv_weight w = clv_model_weight(model, i);
        q->bytes_before += w.location != NULL ? w.tensor.bytes : 0;
    }
    q->bytes_after = size_of(q->settings.out);
    clv_model_close(model);
    return CLEAVE_OK;
}

/* -- What it is worth -- */

static json_t *describe_accuracy(const struct clv_quantified *f)
{
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "judged_by",
                     clv_judge_name(f->by), "original", f->before, "variant",
                     f->after, "change_pp", f->change_pp.value, "ci_low_pp",
                     f->change_pp.low, "ci_high_pp", f->change_pp.high,
                     "agreement", f->agreement, "inputs",
                     (json_int_t)f->inputs);
}

static json_t *describe_time(const struct quantizing *q)
{
    const struct clv_quantified *f = &q->found;

    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:I}", "engine",
                     clv_engine_name(q->dataset.opened.engine), "original_ms",
                     f->before_ms, "variant_ms", f->after_ms, "ratio", f->ratio,
                     "ratio_p10", f->ratio_low, "ratio_p90", f->ratio_high,
                     "rounds", (json_int_t)f->rounds);
}

static cleave_status write_json(const struct quantizing *q, cleave_error *err)
{
    const struct clv_quantised_counts *n = &q->counts;
    json_t *nodes = json_pack(
        "{s:i, s:i, s:i, s:i, s:i}", "convolutions", (int)n->convolutions,
        "products", (int)n->products, "others", (int)n->others, "folded",
        (int)n->folded, "left_in_float", (int)n->left);
    json_t *object = json_pack(
        "{s:o, s:o, s:s, s:o?, s:I, s:o, s:o, s:o, s:{s:I, s:I}, s:b}", "model",
        report_text(q->settings.rest[0]), "file", report_text(q->settings.out),
        "sha256", clv_network_sha256(q->variant), "card",
        q->card != CARDCOPY_NONE ? report_text(q->card_path) : NULL,
        "calibrated_on", (json_int_t)q->sampling.teach_count, "nodes", nodes,
        "accuracy", describe_accuracy(&q->found), "time", describe_time(q),
        "bytes", "original", (json_int_t)q->bytes_before, "variant",
        (json_int_t)q->bytes_after, "is_slower", q->found.ratio < 1);
    char *text = object != NULL
                     ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(7))
                     : NULL;

    json_decref(object);
    if (text == NULL) {
        return clv_fail(err, CLEAVE_MEMORY, q->settings.out,
                        "No memory for the answer.");
    }
    puts(text);
    free(text);
    return CLEAVE_OK;
}

static void print_accuracy(const struct quantizing *q)
{
    const struct clv_quantified *f = &q->found;
    int binary = clv_judge_is_binary(f->by);
    const struct clv_card *card = q->dataset.card;
    const char *unit = binary ? " %" : f->by == CLV_JUDGED_BY_PSNR ? " dB" : "";
    double by = binary ? 100 : 1;
    int digits = f->by == CLV_JUDGED_BY_COSINE ? 4 : 2;

    if (f->by != CLV_JUDGED_BY_AGREEMENT) {
        printf("accuracy   %s %.*f%s, was %.*f%s\n", clv_judge_name(f->by),
               digits, f->after * by, unit, digits, f->before * by, unit);
    }
    printf("change     %+.2f points (95 %%: %+.2f to %+.2f), on %llu inputs "
           "that did not calibrate\n",
           f->change_pp.value, f->change_pp.low, f->change_pp.high,
           (unsigned long long)f->inputs);
    if (card == NULL || card->task == CLV_TASK_CLASSIFICATION) {
        printf("agreement  %.1f %% of the best elements are the same\n",
               f->agreement * 100);
    }
}

static void print_time(const struct quantizing *q)
{
    const struct clv_quantified *f = &q->found;
    const char *engine = clv_engine_name(q->dataset.opened.engine);

    printf("time       %.3f ms, was %.3f ms (p50, %s)\n", f->after_ms,
           f->before_ms, engine);
    printf("ratio      %.2f times as fast (80 %% of %llu rounds: %.2f to "
           "%.2f)\n",
           f->ratio, (unsigned long long)f->rounds, f->ratio_low,
           f->ratio_high);
    if (f->ratio < 1) {
        printf("\nslower than the original here: keep that one for %s; "
               "another machine may tell otherwise.\n",
               engine);
    }
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void print_all(const struct quantizing *q)
{
    const struct clv_quantised_counts *n = &q->counts;

    printf("%s: %u convolution%s, %u matrix product%s and %u operator%s "
           "between them in int8",
           q->settings.out, n->convolutions, plural(n->convolutions),
           n->products, plural(n->products), n->others, plural(n->others));
    if (n->folded > 0) {
        printf("; %u folded", n->folded);
    }
    if (n->left > 0) {
        printf("; %u more stay%s in floats", n->left, n->left == 1 ? "s" : "");
    }
    printf("\nsize       %.2f MB, was %.2f MB\n", (double)q->bytes_after / 1e6,
           (double)q->bytes_before / 1e6);
    if (q->card != CARDCOPY_NONE) {
        printf("card       %s%s\n", q->card_path,
               q->card == CARDCOPY_KEPT ? ", which was there" : "");
    }
    print_accuracy(q);
    print_time(q);
}

/* -- All together -- */

static cleave_status open_all(struct quantizing *q, cleave_error *err)
{
    cleave_status status = check_out(&q->settings, err);

    if (status == CLEAVE_OK) {
        status = dataset_open(&q->settings, &q->dataset, err);
    }
    return status == CLEAVE_OK
               ? dataset_divide(&q->dataset, &q->settings, &q->sampling, err)
               : status;
}

static cleave_status quantize(const struct settings *s, cleave_error *err)
{
    struct quantizing q = {.settings = *s};
    cleave_status status;

    if (q.settings.engine == NULL) {
        q.settings.engine = DEFAULT_ENGINE;
    }
    status = open_all(&q, err);
    progress_begin(&q.progress, status == CLEAVE_OK && !s->quiet,
                   LEARN_UNITS * (double)q.sampling.teach_count +
                       COMPARE_UNITS * (double)q.sampling.examine_count);
    if (status == CLEAVE_OK) {
        status = make(&q, err);
    }
    if (status == CLEAVE_OK) {
        status = compare(&q, err);
    }
    progress_clear(&q.progress);
    if (status == CLEAVE_OK) {
        status = weigh(&q, err);
    }
    if (status == CLEAVE_OK && s->json) {
        status = write_json(&q, err);
    } else if (status == CLEAVE_OK) {
        print_all(&q);
    }
    clv_network_close(q.variant);
    clv_sampling_fini(&q.sampling);
    dataset_close(&q.dataset);
    return status;
}

const struct command command_quantize = {
    .name = "quantize",
    .taker = TAKES_QUANTIZE,
    .usage = "MODEL --data DIR -o FILE [--labels FILE] [OPTION...]",
    .summary = "make an int8 variant of a model, and measure it",
    .text =
        "Runs the model on some of the inputs to learn the ranges of its\n"
        "tensors, writes a variant that computes in eight-bit integers, and\n"
        "measures on the other inputs what that costs in accuracy (top-1 with\n"
        "--labels; agreement without) and gains in time. Whether it is faster\n"
        "depends on the machine: if it is not here, that is said. The model's\n"
        "card is put beside the variant, so it is ready for use.\n"
        "\nexamples:\n"
        "  cleave quantize net.onnx --data photos -o net_int8.onnx\n"
        "  cleave quantize net.onnx --data photos --labels labels.csv \\\n"
        "      --calibrate 100 -o net_int8.onnx --json\n",
    .check = check,
    .run = quantize,
};
