/*
 * quantising.c - an int8 variant of a model, from inputs without labels.
 *
 * A range ends halfway between the greatest element of all inputs and the mean
 * of the inputs' greatest elements, and likewise at its low end. That cuts
 * outliers off and makes steps finer: on 300 pictures the relative error of
 * MobileNetV2's outputs falls from 0.19 to 0.13. Of five other networks four
 * stay within 7 % of what they were, and ResNet-20 rises by 13 %, from 0.037
 * to 0.041. (The mean alone doubles some.) The ends of the network are not
 * cut: of a classifier's output the outlier is the answer.
 */
#include "profile/quantising.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "model/extract.h"

/* Activations are rounded to integers without a sign: processors with
   instructions for eight bits multiply those by signed weights. */
#define KIND CLV_EIGHTBIT_UNSIGNED

/* Of one tensor: over all inputs, and summed over the inputs. */
struct seen {
    struct clv_range all;
    double low_sum;
    double high_sum;
};

struct quantising {
    const struct clv_quantising_options *options;
    struct clv_model *model;
    struct clv_quantised *plan;
    struct clv_ids tensors;
    struct seen *seen;
    struct clv_range *ranges; /* as taken in the end */
    cleave_tensor_info *ends; /* the outputs of the network that is run */
    char folder[CLV_PATH_MAX];
    struct clv_session *session;
    struct clv_outputs *outputs;
    struct clv_sample sample;
};

/* -- The network with more outputs -- */

static cleave_status list_ends(struct quantising *q, cleave_error *err)
{
    q->tensors = clv_quantised_tensors(q->plan);
    q->ranges = calloc((size_t)q->tensors.count + 1, sizeof *q->ranges);
    q->seen = calloc((size_t)q->tensors.count + 1, sizeof *q->seen);
    q->ends = calloc((size_t)q->tensors.count + 1, sizeof *q->ends);
    if (q->ranges == NULL || q->seen == NULL || q->ends == NULL) {
        return clv_fail_memory(err, q->options->model,
                               q->tensors.count * sizeof *q->ends);
    }
    for (uint32_t i = 0; i < q->tensors.count; i++) {
        q->ends[i].name = clv_model_tensor_name(q->model, q->tensors.id[i]);
        q->seen[i].all = (struct clv_range){INFINITY, -INFINITY};
    }
    return CLEAVE_OK;
}

static cleave_status write_network(struct quantising *q, char *path,
                                   cleave_error *err)
{
    uint32_t input_count;
    struct clv_extract what = {
        .inputs = clv_model_inputs(q->model, &input_count),
        .outputs = q->ends,
        .output_count = q->tensors.count,
    };
    cleave_status status =
        clv_store_work_begin(q->options->store, q->folder, err);

    what.input_count = input_count;
    if (status == CLEAVE_OK) {
        status = clv_path_print(path, CLV_PATH_MAX, err, "%s/ranges.onnx",
                                q->folder);
    }
    return status == CLEAVE_OK ? clv_model_write(q->model, &what, path, err)
                               : status;
}

static cleave_status open_network(struct quantising *q, cleave_error *err)
{
    char path[CLV_PATH_MAX];
    uint32_t input_count;
    struct clv_session_source source = {
        .path = path,
        .optimise = CLV_OPTIMISE_ALL,
        .inputs = clv_model_inputs(q->model, &input_count),
        .outputs = q->ends,
        .output_count = q->tensors.count,
    };
    cleave_status status = write_network(q, path, err);

    source.input_count = input_count;
    if (status == CLEAVE_OK) {
        status = clv_session_new(q->options->engine, &source, &q->session, err);
    }
    return status == CLEAVE_OK ? clv_outputs_new(q->session, &q->outputs, err)
                               : status;
}

/* -- Ranges -- */

/* An element that is not a number makes the range none, too. */
static struct clv_range range_of(const cleave_tensor *t)
{
    const float *x = t->data;
    size_t count = t->bytes / sizeof *x;
    struct clv_range range = {INFINITY, -INFINITY};
    float sum = 0; /* of differences: 0, or not a number */

    for (size_t i = 0; i < count; i++) {
        range.low = x[i] < range.low ? x[i] : range.low;
        range.high = x[i] > range.high ? x[i] : range.high;
        sum += x[i] - x[i];
    }
    return sum == 0 ? range : (struct clv_range){NAN, NAN};
}

static void note(struct seen *s, struct clv_range one)
{
    s->all.low = fminf(s->all.low, one.low);
    s->all.high = fmaxf(s->all.high, one.high);
    s->low_sum += one.low;
    s->high_sum += one.high;
}

static void take_ranges(struct quantising *q)
{
    double n = (double)q->options->sample_count;

    for (uint32_t i = 0; i < q->tensors.count; i++) {
        const struct seen *s = &q->seen[i];
        q->ranges[i] = s->all;
        if (clv_quantised_may_cut(q->plan, i)) {
            q->ranges[i].low = (float)((s->all.low + s->low_sum / n) / 2);
            q->ranges[i].high = (float)((s->all.high + s->high_sum / n) / 2);
        }
    }
}

static cleave_status see(struct quantising *q, uint64_t sample,
                         cleave_error *err)
{
    char name[CLV_SOURCE_NAME];
    const cleave_tensor *tensors;
    size_t count;
    cleave_status status =
        clv_source_load(q->options->source, sample, &q->sample, err);

    if (status == CLEAVE_OK) {
        status = clv_session_run(q->session, q->sample.tensors, q->sample.count,
                                 q->outputs, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    tensors = clv_outputs_tensors(q->outputs, &count);
    for (size_t i = 0; i < count && i < q->tensors.count; i++) {
        struct clv_range one;
        if (tensors[i].info.type != CLEAVE_TYPE_F32) {
            return clv_fail(err, CLEAVE_UNSUPPORTED, q->ends[i].name,
                            "Only tensors of f32 can be quantised.");
        }
        one = range_of(&tensors[i]);
        if (!isfinite(one.low) || !isfinite(one.high)) {
            return clv_fail(err, CLEAVE_INVALID,
                            clv_source_name(q->options->source, sample, name),
                            "On this input the tensor '%.200s' is empty or "
                            "has elements that are not finite, so its range "
                            "cannot be known; leave the input out.",
                            q->ends[i].name);
        }
        note(&q->seen[i], one);
    }
    return CLEAVE_OK;
}

static cleave_status see_all(struct quantising *q, cleave_error *err)
{
    const struct clv_quantising_options *o = q->options;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < o->sample_count; i++) {
        status = see(q, o->samples[i], err);
        if (o->progress != NULL) {
            o->progress(o->self, i + 1, o->sample_count);
        }
    }
    return status;
}

/* -- All together -- */

static void fini(struct quantising *q)
{
    clv_outputs_free(q->outputs);
    clv_session_free(q->session);
    if (q->folder[0] != '\0') {
        clv_store_work_end(q->options->store, q->folder);
    }
    clv_sample_fini(&q->sample);
    clv_quantised_free(q->plan);
    clv_model_close(q->model);
    free(q->seen);
    free(q->ranges);
    free(q->ends);
}

cleave_status clv_quantising_run(const struct clv_quantising_options *options,
                                 const char *path,
                                 struct clv_quantised_counts *ret_counts,
                                 cleave_error *err)
{
    struct quantising q = {.options = options};
    cleave_status status;

    clv_sample_init(&q.sample);
    status = clv_model_open(options->model, &q.model, err);
    if (status == CLEAVE_OK) {
        status = clv_quantised_new(q.model, &q.plan, err);
    }
    if (status == CLEAVE_OK) {
        status = list_ends(&q, err);
    }
    if (status == CLEAVE_OK) {
        status = open_network(&q, err);
    }
    if (status == CLEAVE_OK) {
        status = see_all(&q, err);
    }
    if (status == CLEAVE_OK) {
        take_ranges(&q);
        status = clv_quantised_write(q.plan, q.ranges, KIND, path, err);
    }
    if (status == CLEAVE_OK) {
        *ret_counts = clv_quantised_count(q.plan);
    }
    fini(&q);
    return status;
}
