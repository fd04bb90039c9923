/*
 * exhibit.c - a trained network with its data, and the cuts it is shown at.
 *
 * Calibrations are kept in the store under everything they depend on, this
 * program among it; so sections share them, and a changed trainer learns
 * anew.
 */
#include "bench/exhibit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cifar.h"
#include "profile/fingerprint.h"
#include "profile/learning.h"
#include "profile/seam.h"

const struct exhibit_place *exhibit_known(size_t index)
{
    static const struct exhibit_place places[EXHIBIT_KNOWN] = {
        {"models-imagenet", "mobilenet_v1_1.0_224_fp32", "imagenet-500", 0},
        {"models-imagenet", "mobilenet_v2_fp32", "imagenet-500", 0},
        {"models-imagenet", "squeezenet1_1_fp32", "imagenet-500", 0},
    };

    return &places[index];
}

/* -- Opening -- */

static int has_label(void *self, uint64_t index)
{
    const struct exhibit *e = self;
    int64_t right;

    return clv_labels_find(e->labels, clv_source_file(e->source, index),
                           clv_source_row(e->source, index), &right,
                           NULL) == CLEAVE_OK;
}

static void open_card(struct exhibit *e, const char *data)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(e->network, &inputs);
    const cleave_tensor_info *out = clv_network_outputs(e->network, &outputs);

    stage_must(clv_path_print(path, sizeof path, &err, "%s/cards/%s.yaml", data,
                              e->name),
               &err, e->name);
    stage_must(clv_card_read(path, &e->card, &err), &err, path);
    stage_must(clv_card_check(e->card, in, inputs, out, outputs, &err), &err,
               path);
}

static void open_inputs(struct exhibit *e, const char *data,
                        const struct exhibit_place *place,
                        const struct effort *effort)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char folder[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];
    const char *paths[] = {path};
    size_t inputs;
    const cleave_tensor_info *in = clv_network_inputs(e->network, &inputs);

    stage_must(
        clv_path_print(path, sizeof path, &err, "%s/%s", data, place->inputs),
        &err, data);
    if (place->is_cifar) {
        cifar_convert(path, e->card, folder);
    } else {
        memcpy(folder, path, sizeof folder);
    }
    stage_must(clv_path_print(path, sizeof path, &err, "%s/labels.csv", folder),
               &err, folder);
    stage_must(clv_labels_read(path, &e->labels, &err), &err, path);
    stage_must(clv_path_print(path, sizeof path, &err, "%s%s", folder,
                              place->is_cifar ? "/inputs.npy" : ""),
               &err, folder);
    stage_must(clv_source_new(e->card, in, inputs, paths, 1, &e->source, &err),
               &err, path);
    stage_must(clv_sampling_init(&e->sampling, clv_source_count(e->source),
                                 effort->teach, effort->examine, has_label, e,
                                 &err),
               &err, path);
}

/* -- Choosing cuts -- */

uint64_t exhibit_elements(const struct clv_cut *cut)
{
    const cleave_tensor_info *info = &cut->tensors[0];
    uint64_t elements = 0;
    uint64_t bytes;

    if (cut->tensor_count != 1 || info->type != CLEAVE_TYPE_F32 ||
        info->rank < 3 ||
        info->shape[info->rank - 1] * info->shape[info->rank - 2] <= 1 ||
        cleave_tensor_count(info, &elements, &bytes) != CLEAVE_OK) {
        return 0;
    }
    return elements;
}

static int by_work(const void *a, const void *b)
{
    const struct clv_cut *const *x = a;
    const struct clv_cut *const *y = b;

    if ((*x)->head_macs != (*y)->head_macs) {
        return (*x)->head_macs < (*y)->head_macs ? -1 : 1;
    }
    return *x < *y ? -1 : *x > *y; /* in network order */
}

static void choose_cuts(struct exhibit *e, size_t most)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_cut *all;
    const struct clv_cut **eligible;
    size_t count;

    stage_must(clv_network_all_cuts(e->network, &all, &count, &err), &err,
               e->name);
    eligible = calloc(count + 1, sizeof *eligible);
    stage_must(eligible != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, e->name);
    for (size_t i = 0; i < count; i++) {
        uint64_t elements = exhibit_elements(&all[i]);
        if (elements > 0 && elements <= EXHIBIT_ELEMENTS) {
            eligible[e->eligible++] = &all[i];
        }
    }
    qsort(eligible, e->eligible, sizeof(*eligible), by_work);
    most = most < EXHIBIT_CUTS ? most : EXHIBIT_CUTS;
    e->cut_count = e->eligible < most ? e->eligible : most;
    for (size_t i = 0; i < e->cut_count; i++) {
        e->cuts[i] =
            eligible[clv_sampling_spread(i, e->cut_count, e->eligible)];
    }
    free(eligible);
}

void exhibit_open(struct exhibit *e, const char *data,
                  const struct exhibit_place *place,
                  const struct effort *effort, size_t cuts)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];

    *e = (struct exhibit){.name = place->name, .teach = effort->teach};
    stage_cache(path);
    stage_open(&e->stage, "cpu:threads=1", path);
    stage_must(clv_path_print(path, sizeof path, &err, "%s/%s/%s.onnx", data,
                              place->models, place->name),
               &err, place->name);
    stage_must(clv_network_open(path, e->stage.engine, e->stage.store,
                                &e->network, &err),
               &err, path);
    open_card(e, data);
    open_inputs(e, data, place, effort);
    choose_cuts(e, cuts);
}

void exhibit_close(struct exhibit *e)
{
    clv_sampling_fini(&e->sampling);
    clv_source_free(e->source);
    clv_labels_free(e->labels);
    clv_card_free(e->card);
    clv_network_close(e->network);
    stage_close(&e->stage);
}

/* -- Calibrating -- */

static void find_key(const struct exhibit *e, const char *cut,
                     struct clv_sha256 *ret_key)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_fingerprint f;

    clv_fingerprint_init(&f);
    clv_fingerprint_file(&f, "program", "/proc/self/exe");
    clv_fingerprint_text(&f, "model", clv_network_sha256(e->network));
    clv_fingerprint_text(&f, "engine", clv_engine_identity(e->stage.engine));
    clv_fingerprint_source(&f, "data", e->source);
    clv_fingerprint_number(&f, "teach", e->teach);
    clv_fingerprint_text(&f, "cut", cut);
    stage_must(clv_fingerprint_key(&f, ret_key, &err), &err, cut);
    clv_fingerprint_fini(&f);
}

static void learn(struct exhibit *e, const char *cut, struct clv_buffer *file)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_learning *learning;
    struct clv_learning_options options = {
        .network = e->network,
        .source = e->source,
        .samples = e->sampling.teach,
        .sample_count = e->sampling.teach_count,
    };

    stage_must(clv_learning_new(&options, &learning, &err), &err, cut);
    stage_must(clv_learning_cut(learning, cut, &err), &err, cut);
    stage_must(clv_learning_write(learning, file, &err), &err, cut);
    clv_learning_free(learning);
}

struct clv_calibration *exhibit_calibrate(struct exhibit *e, const char *cut)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_calibration *calibration;
    struct clv_sha256 key;
    struct clv_buffer file;
    char path[CLV_PATH_MAX];

    find_key(e, cut, &key);
    stage_must(
        clv_store_entry_path(e->stage.store, key.hex, "calib", path, &err),
        &err, cut);
    if (clv_calibration_read(path, &calibration, NULL) == CLEAVE_OK) {
        return calibration;
    }
    clv_buffer_init(&file, CLV_CALIBRATION_BYTES);
    learn(e, cut, &file);
    stage_must(
        clv_calibration_new(clv_buffer_bytes(&file), cut, &calibration, &err),
        &err, cut);
    stage_must(clv_store_put(e->stage.store, key.hex, "calib",
                             clv_buffer_bytes(&file), &err),
               &err, cut);
    clv_buffer_fini(&file);
    return calibration;
}

/* -- Showing -- */

void exhibit_show(struct exhibit *e, const char *cut, size_t inputs,
                  exhibit_visit *visit, void *self)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t total = e->sampling.examine_count;
    struct clv_seam *seam;
    struct clv_sample sample;

    inputs = inputs < total ? inputs : total;
    clv_sample_init(&sample);
    stage_must(clv_seam_open(e->network, cut, CLV_SEAM_HEAD, &seam, &err), &err,
               cut);
    for (size_t i = 0; i < inputs; i++) {
        uint64_t at =
            e->sampling.examine[clv_sampling_spread(i, inputs, total)];
        const cleave_tensor *tensors;
        size_t count;
        stage_must(clv_source_load(e->source, at, &sample, &err), &err, cut);
        stage_must(clv_seam_head(seam, sample.tensors, sample.count, &tensors,
                                 &count, &err),
                   &err, cut);
        visit(self, &tensors[0]);
    }
    clv_seam_close(seam);
    clv_sample_fini(&sample);
}

void exhibit_run(void *job, size_t index, void *result)
{
    const struct exhibit_job *j = job;
    struct exhibit e;

    exhibit_open(&e, j->data, exhibit_known(index), j->effort, j->effort->cuts);
    for (size_t i = 0; i < e.cut_count; i++) {
        j->look(&e, e.cuts[i]->name, j->effort, result);
    }
    exhibit_close(&e);
}
