/*
 * learning.c - a calibration from inputs: heads run, tensors collected.
 */
#include "profile/learning.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "codec/calibration.h"
#include "codec/trainer.h"
#include "profile/sampling.h"
#include "profile/seam.h"
#include "profile/shelf.h"

struct clv_learning {
    struct clv_learning_options options;
    struct clv_trainer *trainer;
    struct clv_sample sample;
    char *done[CLV_CALIBRATION_TENSORS]; /* names: learnt, or given up */
    size_t done_count;
    size_t learnt;
};

/* One cut at work. */
struct lesson {
    struct clv_learning *learning;
    struct clv_seam *seam;
    struct clv_shelf shelf;
    size_t fresh[CLV_CARD_INPUTS]; /* the cut's tensors not done before */
    size_t fresh_count;
    size_t taken; /* inputs */
    cleave_tensor *samples;
};

cleave_status clv_learning_new(const struct clv_learning_options *options,
                               struct clv_learning **ret_learning,
                               cleave_error *err)
{
    struct clv_learning *l = calloc(1, sizeof *l);
    cleave_status status;

    if (l == NULL) {
        return clv_fail_memory(err, "calibration", sizeof *l);
    }
    l->options = *options;
    if (l->options.memory_bytes == 0) {
        l->options.memory_bytes = CLV_LEARNING_MEMORY;
    }
    clv_sample_init(&l->sample);
    status =
        clv_trainer_new(clv_network_sha256(options->network), &l->trainer, err);
    if (status != CLEAVE_OK) {
        clv_learning_free(l);
        return status;
    }
    *ret_learning = l;
    return CLEAVE_OK;
}

void clv_learning_free(struct clv_learning *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->done_count; i++) {
        free(l->done[i]);
    }
    clv_trainer_free(l->trainer);
    clv_sample_fini(&l->sample);
    free(l);
}

static int is_done(const struct clv_learning *l, const char *name)
{
    for (size_t i = 0; i < l->done_count; i++) {
        if (strcmp(l->done[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static cleave_status note_done(struct clv_learning *l, const char *name,
                               cleave_error *err)
{
    char *copy;

    if (l->done_count == CLV_CALIBRATION_TENSORS) {
        return clv_fail(err, CLEAVE_LIMIT, name,
                        "A calibration holds %d tensors; learn fewer cuts.",
                        CLV_CALIBRATION_TENSORS);
    }
    copy = strdup(name);
    if (copy == NULL) {
        return clv_fail_memory(err, name, strlen(name));
    }
    l->done[l->done_count++] = copy;
    return CLEAVE_OK;
}

static void list_fresh(struct lesson *x)
{
    size_t count;
    const cleave_tensor_info *tensors = clv_seam_tensors(x->seam, &count);

    for (size_t i = 0; i < count && x->fresh_count < CLV_CARD_INPUTS; i++) {
        if (!is_done(x->learning, tensors[i].name)) {
            x->fresh[x->fresh_count++] = i;
        }
    }
}

/* The head on one input; what is fresh of it stands in ret_fresh. */
static cleave_status run_head(struct lesson *x, uint64_t sample,
                              cleave_tensor ret_fresh[CLV_CARD_INPUTS],
                              cleave_error *err)
{
    struct clv_learning *l = x->learning;
    const cleave_tensor *tensors;
    size_t count;
    cleave_status status =
        clv_source_load(l->options.source, sample, &l->sample, err);

    if (status == CLEAVE_OK) {
        status = clv_seam_head(x->seam, l->sample.tensors, l->sample.count,
                               &tensors, &count, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < x->fresh_count; i++) {
        ret_fresh[i] = tensors[x->fresh[i]];
    }
    return status;
}

/* How many inputs the memory allows, by what the first one needs. */
static cleave_status plan(struct lesson *x, cleave_error *err)
{
    const struct clv_learning_options *o = &x->learning->options;
    cleave_tensor fresh[CLV_CARD_INPUTS];
    uint64_t bytes = 4096; /* the shelf's own */
    uint64_t most;
    cleave_status status = run_head(x, o->samples[0], fresh, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < x->fresh_count; i++) {
        bytes += fresh[i].bytes;
    }
    most = o->memory_bytes / bytes;
    x->taken = most >= o->sample_count ? o->sample_count : (size_t)most;
    x->taken = x->taken > 0 ? x->taken : 1;
    x->samples = calloc(x->taken, sizeof *x->samples);
    if (x->samples == NULL) {
        return clv_fail_memory(err, "calibration", x->taken);
    }
    return clv_shelf_init(&x->shelf, x->taken, bytes * x->taken, err);
}

static cleave_status collect(struct lesson *x, cleave_error *err)
{
    const struct clv_learning_options *o = &x->learning->options;
    cleave_tensor fresh[CLV_CARD_INPUTS];
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < x->taken; i++) {
        uint64_t at = clv_sampling_spread(i, x->taken, o->sample_count);
        status = run_head(x, o->samples[at], fresh, err);
        if (status == CLEAVE_OK &&
            clv_shelf_put(&x->shelf, i, fresh, x->fresh_count) == NULL) {
            status = clv_fail(err, CLEAVE_MEMORY, fresh[0].info.name,
                              "There is no memory for %zu samples of this "
                              "cut; take fewer.",
                              x->taken);
        }
        if (o->progress != NULL) {
            o->progress(o->self, i + 1, x->taken);
        }
    }
    return status;
}

/* Teaches the trainer the `which`-th fresh tensor. */
static cleave_status teach(struct lesson *x, size_t which, cleave_error *err)
{
    struct clv_learning *l = x->learning;
    cleave_error problem = CLEAVE_ERROR_INIT;
    struct clv_lesson told = {.samples = x->taken,
                              .wanted = l->options.sample_count};
    cleave_status status;
    size_t count;

    for (size_t i = 0; i < x->taken; i++) {
        x->samples[i] = clv_shelf_get(&x->shelf, i, &count)[which];
    }
    told.tensor = &x->samples[0].info;
    status = clv_trainer_learn(l->trainer, told.tensor->name, x->samples,
                               x->taken, &problem);
    l->learnt += status == CLEAVE_OK;
    if (status != CLEAVE_OK && status != CLEAVE_UNSUPPORTED &&
        status != CLEAVE_INVALID) {
        return clv_fail(err, status, problem.where, "%s", problem.text);
    }
    told.problem = status != CLEAVE_OK ? problem.text : NULL;
    if (l->options.told != NULL) {
        l->options.told(l->options.self, &told);
    }
    return note_done(l, told.tensor->name, err);
}

cleave_status clv_learning_cut(struct clv_learning *learning, const char *cut,
                               cleave_error *err)
{
    struct lesson x = {.learning = learning};
    cleave_status status = clv_seam_open(learning->options.network, cut,
                                         CLV_SEAM_HEAD, &x.seam, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    list_fresh(&x);
    if (x.fresh_count > 0) {
        status = plan(&x, err);
        if (status == CLEAVE_OK) {
            status = collect(&x, err);
        }
        for (size_t i = 0; status == CLEAVE_OK && i < x.fresh_count; i++) {
            status = teach(&x, i, err);
        }
    }
    clv_shelf_fini(&x.shelf);
    free(x.samples);
    clv_seam_close(x.seam);
    return status;
}

size_t clv_learning_count(const struct clv_learning *learning)
{
    return learning->learnt;
}

cleave_status clv_learning_write(const struct clv_learning *learning,
                                 struct clv_buffer *into, cleave_error *err)
{
    return clv_trainer_write(learning->trainer, into, err);
}
