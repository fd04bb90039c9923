/*
 * quantified.c - what a variant has lost and gained against its original.
 *
 * First every input is judged, then time is taken on the inputs in turn. A
 * round runs each network twice and counts the second run: the first one
 * warms the caches, which the other network has just filled with its own.
 */
#include "profile/quantified.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/seam.h"
#include "tensor/element.h"

/* Rounds go on until there are enough and they took long enough. */
#define LEAST_ROUNDS 15
#define MOST_ROUNDS 500
#define ROUNDS_NS ((int64_t)3000000000)

enum side { ORIGINAL, VARIANT, SIDES };

struct quantified {
    const struct clv_quantified_options *options;
    struct clv_judge judge;
    struct clv_seam *seams[SIDES];
    struct clv_sample sample;
    cleave_tensor *kept; /* the original's outputs, copied */
    size_t kept_count;
    double *change; /* of each input: loss before less loss after */
    double *times[SIDES];
    double *ratios;
    size_t rounds;
};

static cleave_status check_ends(const cleave_tensor_info *a, size_t a_count,
                                const cleave_tensor_info *b, size_t b_count,
                                cleave_error *err)
{
    char want[128];
    char have[128];

    if (a_count != b_count) {
        return clv_fail(err, CLEAVE_MISMATCH, NULL,
                        "One network has %zu of them, the other %zu: they do "
                        "not compare.",
                        a_count, b_count);
    }
    for (size_t i = 0; i < a_count; i++) {
        if (strcmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type) {
            return clv_fail(err, CLEAVE_MISMATCH, a[i].name,
                            "One network has %s here, the other %s: they do "
                            "not compare.",
                            clv_tensor_describe(&a[i], want, sizeof want),
                            clv_tensor_describe(&b[i], have, sizeof have));
        }
    }
    return CLEAVE_OK;
}

static cleave_status check_both(const struct clv_quantified_options *o,
                                cleave_error *err)
{
    size_t n[SIDES];
    const cleave_tensor_info *in[SIDES] = {
        clv_network_inputs(o->original, &n[ORIGINAL]),
        clv_network_inputs(o->variant, &n[VARIANT])};
    const cleave_tensor_info *out[SIDES];
    cleave_status status;

    if (o->sample_count < 2) {
        return clv_fail(err, CLEAVE_INVALID, "data",
                        "%zu inputs are left to measure with, and 2 are the "
                        "least; give more inputs, or let fewer calibrate.",
                        o->sample_count);
    }
    status = check_ends(in[0], n[0], in[1], n[1], err);
    out[ORIGINAL] = clv_network_outputs(o->original, &n[ORIGINAL]);
    out[VARIANT] = clv_network_outputs(o->variant, &n[VARIANT]);
    return status == CLEAVE_OK ? check_ends(out[0], n[0], out[1], n[1], err)
                               : status;
}

static cleave_status open_both(struct quantified *q, cleave_error *err)
{
    const struct clv_quantified_options *o = q->options;
    size_t outputs;
    const cleave_tensor_info *out = clv_network_outputs(o->original, &outputs);
    cleave_status status = clv_seam_open(o->original, CLV_CUT_INPUT,
                                         CLV_SEAM_BOTH, &q->seams[0], err);

    if (status == CLEAVE_OK) {
        status = clv_seam_open(o->variant, CLV_CUT_INPUT, CLV_SEAM_BOTH,
                               &q->seams[1], err);
    }
    q->judge = clv_judge_of(o->card, out->name, o->labels != NULL);
    q->kept = calloc(outputs, sizeof *q->kept);
    q->kept_count = outputs;
    q->change = calloc(o->sample_count, sizeof *q->change);
    q->ratios = calloc(MOST_ROUNDS, sizeof *q->ratios);
    for (int side = 0; side < SIDES; side++) {
        q->times[side] = calloc(MOST_ROUNDS, sizeof *q->times[side]);
    }
    if (q->kept == NULL || q->change == NULL || q->ratios == NULL ||
        q->times[0] == NULL || q->times[1] == NULL) {
        return clv_fail_memory(err, "data", o->sample_count);
    }
    return status;
}

static void close_both(struct quantified *q)
{
    for (int side = 0; side < SIDES; side++) {
        clv_seam_close(q->seams[side]);
        free(q->times[side]);
    }
    for (size_t i = 0; q->kept != NULL && i < q->kept_count; i++) {
        free(q->kept[i].data);
    }
    free(q->kept);
    free(q->change);
    free(q->ratios);
    clv_sample_fini(&q->sample);
}

static cleave_status run(struct quantified *q, enum side side,
                         const cleave_tensor **ret_outputs, size_t *ret_count,
                         cleave_error *err)
{
    return clv_seam_tail(q->seams[side], q->sample.tensors, q->sample.count,
                         ret_outputs, ret_count, err);
}

/* -- Accuracy -- */

/* The original's answer stays while the variant makes its own. */
static cleave_status keep(struct quantified *q, const cleave_tensor *outputs,
                          size_t count, cleave_error *err)
{
    for (size_t i = 0; i < count && i < q->kept_count; i++) {
        void *room = realloc(q->kept[i].data, outputs[i].bytes + 1);
        if (room == NULL) {
            return clv_fail_memory(err, "outputs", outputs[i].bytes);
        }
        q->kept[i].data = room;
        q->kept[i].info = outputs[i].info;
        q->kept[i].bytes = outputs[i].bytes;
        memcpy(room, outputs[i].data, outputs[i].bytes);
    }
    return CLEAVE_OK;
}

static cleave_status find_right(const struct quantified *q, size_t i,
                                int64_t *ret_right, cleave_error *err)
{
    const struct clv_quantified_options *o = q->options;

    if (q->judge.by != CLV_JUDGED_BY_TOP1 &&
        q->judge.by != CLV_JUDGED_BY_TOPK) {
        *ret_right = INT64_MIN;
        return CLEAVE_OK;
    }
    return clv_labels_find(o->labels, clv_source_file(o->source, o->samples[i]),
                           clv_source_row(o->source, o->samples[i]), ret_right,
                           err);
}

/* What an answer's best element is does not depend on how it is judged. */
static uint64_t best_of(const struct quantified *q)
{
    struct clv_judge plain = q->judge;

    plain.by = CLV_JUDGED_BY_TOP1;
    return clv_judge_look(&plain, q->kept, q->kept_count, NULL, 0, INT64_MIN)
        .best;
}

static cleave_status judge_one(struct quantified *q, size_t i,
                               struct clv_quantified *sum, cleave_error *err)
{
    const struct clv_quantified_options *o = q->options;
    const cleave_tensor *outputs = NULL;
    struct clv_verdict before;
    struct clv_verdict after;
    size_t count = 0;
    int64_t right = 0;
    uint64_t best;
    cleave_status status =
        clv_source_load(o->source, o->samples[i], &q->sample, err);

    if (status == CLEAVE_OK) {
        status = find_right(q, i, &right, err);
    }
    if (status == CLEAVE_OK) {
        status = run(q, ORIGINAL, &outputs, &count, err);
    }
    if (status == CLEAVE_OK) {
        status = keep(q, outputs, count, err);
    }
    if (status == CLEAVE_OK) {
        status = run(q, VARIANT, &outputs, &count, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    best = best_of(q);
    before = clv_judge_look(&q->judge, q->kept, count, q->kept, best, right);
    after = clv_judge_look(&q->judge, outputs, count, q->kept, best, right);
    q->change[i] = before.loss - after.loss;
    sum->before += before.score;
    sum->after += after.score;
    sum->agreement += after.best == best;
    return CLEAVE_OK;
}

static struct clv_interval change_of(const struct quantified *q)
{
    size_t n = q->options->sample_count;
    struct clv_interval points;
    uint64_t gained = 0;
    uint64_t lost = 0;

    for (size_t i = 0; i < n; i++) {
        gained += q->change[i] > 0;
        lost += q->change[i] < 0;
    }
    points = clv_judge_is_binary(q->judge.by)
                 ? clv_paired_proportions(n, gained, lost)
                 : clv_paired_means(q->change, n);
    points.value *= 100;
    points.low *= 100;
    points.high *= 100;
    return points;
}

static cleave_status judge_all(struct quantified *q, struct clv_quantified *sum,
                               cleave_error *err)
{
    const struct clv_quantified_options *o = q->options;
    double n = (double)o->sample_count;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < o->sample_count; i++) {
        status = judge_one(q, i, sum, err);
        if (o->progress != NULL) {
            o->progress(o->self, i + 1, o->sample_count);
        }
    }
    sum->by = q->judge.by;
    sum->inputs = o->sample_count;
    sum->before /= n;
    sum->after /= n;
    sum->agreement /= n;
    sum->change_pp = change_of(q);
    return status;
}

/* -- Time -- */

static cleave_status time_side(struct quantified *q, enum side side,
                               double *ret_ms, cleave_error *err)
{
    struct clv_clock clock = q->options->clock;
    const cleave_tensor *outputs;
    size_t count;
    int64_t began_ns;
    cleave_status status = run(q, side, &outputs, &count, err);

    if (status == CLEAVE_OK) {
        began_ns = clv_clock_now_ns(clock);
        status = run(q, side, &outputs, &count, err);
        *ret_ms = clv_ns_to_ms(clv_clock_now_ns(clock) - began_ns);
    }
    return status;
}

/* Who goes first changes from round to round. */
static cleave_status time_round(struct quantified *q, cleave_error *err)
{
    const struct clv_quantified_options *o = q->options;
    size_t r = q->rounds;
    cleave_status status = clv_source_load(
        o->source, o->samples[r % o->sample_count], &q->sample, err);

    for (size_t i = 0; status == CLEAVE_OK && i < SIDES; i++) {
        enum side side = (enum side)((r + i) % SIDES);
        status = time_side(q, side, &q->times[side][r], err);
    }
    if (status == CLEAVE_OK) {
        double after = fmax(q->times[VARIANT][r], 1e-6);
        q->ratios[r] = q->times[ORIGINAL][r] / after;
        q->rounds++;
    }
    return status;
}

static cleave_status time_both(struct quantified *q, struct clv_quantified *sum,
                               cleave_error *err)
{
    struct clv_clock clock = q->options->clock;
    int64_t began_ns = clv_clock_now_ns(clock);
    cleave_status status = CLEAVE_OK;

    while (status == CLEAVE_OK && q->rounds < MOST_ROUNDS &&
           (q->rounds < LEAST_ROUNDS ||
            clv_clock_now_ns(clock) - began_ns < ROUNDS_NS)) {
        status = time_round(q, err);
    }
    if (status == CLEAVE_OK) {
        sum->before_ms = clv_median(q->times[ORIGINAL], q->rounds);
        sum->after_ms = clv_median(q->times[VARIANT], q->rounds);
        sum->ratio = clv_median(q->ratios, q->rounds); /* sorts */
        sum->ratio_low = q->ratios[q->rounds / 10];
        sum->ratio_high = q->ratios[q->rounds - 1 - q->rounds / 10];
        sum->rounds = q->rounds;
    }
    return status;
}

/* -- All together -- */

cleave_status clv_quantified_run(const struct clv_quantified_options *options,
                                 struct clv_quantified *ret_quantified,
                                 cleave_error *err)
{
    struct quantified q = {.options = options};
    struct clv_quantified sum = {.before = 0};
    cleave_status status = check_both(options, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_sample_init(&q.sample);
    status = open_both(&q, err);
    if (status == CLEAVE_OK) {
        status = judge_all(&q, &sum, err);
    }
    if (status == CLEAVE_OK) {
        status = time_both(&q, &sum, err);
    }
    close_both(&q);
    if (status == CLEAVE_OK) {
        *ret_quantified = sum;
    }
    return status;
}
