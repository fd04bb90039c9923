/*
 * rater.c - what a packing costs: bytes, time, and right answers.
 *
 * For one input the steps are: the tensors at the cut (from the shelf, or the
 * head computed), through the parcel and back, the tail, the verdict. A
 * verdict on tensors that came back before, bit for bit, is looked up (memo.h),
 * so of two coders with one quantiser only the first pays for the tail.
 *
 * What it leaves out: summing up what inputs said (evidence.h), choosing what
 * to measure (ladder.h), remembering it (ledger.h), printing it.
 */
#include "profile/rater.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/memo.h"
#include "profile/parcel.h"
#include "profile/seam.h"
#include "profile/shelf.h"
#include "profile/statistics.h"

/* What the whole network answers to one input. */
struct known {
    int64_t right; /* the right class, where answers are judged by it */
    struct clv_verdict verdict;
};

struct clv_rater {
    struct clv_rater_options options;
    struct clv_judge judge;
    struct clv_sample sample;
    struct clv_seam *whole;
    struct known *known;
    int has_reference;
    struct clv_shelf references; /* outputs, where verdicts compare */

    /* What is open at the moment. */
    char *cut;
    struct clv_seam *seam;
    struct clv_shelf heads;
    struct clv_memo memo;
    struct clv_parcel *parcel; /* during a measurement */
    cleave_tensor *list;       /* what the tail takes */
    struct clv_evidence evidence;
    struct clv_rater_spreads spreads;
};

/* -- Opening -- */

static cleave_status open_memory(struct clv_rater *r, cleave_error *err)
{
    size_t n = r->options.sample_count;
    size_t inputs;
    size_t outputs;
    cleave_status status;
    int compares = clv_judge_compares(r->judge.by);
    uint64_t bytes = r->options.memory_bytes;

    clv_network_inputs(r->options.network, &inputs);
    clv_network_outputs(r->options.network, &outputs);
    r->known = calloc(n, sizeof *r->known);
    r->list = calloc(inputs + CLV_CUT_TENSORS + outputs, sizeof *r->list);
    if (r->known == NULL || r->list == NULL) {
        return clv_fail_memory(err, "rating", n * sizeof *r->known);
    }
    status = clv_evidence_init(&r->evidence, n, err);
    if (status == CLEAVE_OK) {
        status =
            clv_shelf_init(&r->heads, n, compares ? bytes / 2 : bytes, err);
    }
    if (status == CLEAVE_OK && compares) {
        status = clv_shelf_init(&r->references, n, bytes / 2, err);
    }
    return status == CLEAVE_OK ? clv_memo_init(&r->memo, n, err) : status;
}

static int wants_labels(const struct clv_rater *r)
{
    return r->judge.by == CLV_JUDGED_BY_TOP1 ||
           r->judge.by == CLV_JUDGED_BY_TOPK;
}

static cleave_status find_labels(struct clv_rater *r, cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         wants_labels(r) && status == CLEAVE_OK && i < o->sample_count; i++) {
        status = clv_labels_find(
            o->labels, clv_source_file(o->source, o->samples[i]),
            clv_source_row(o->source, o->samples[i]), &r->known[i].right, err);
    }
    return status;
}

cleave_status clv_rater_open(const struct clv_rater_options *options,
                             struct clv_rater **ret_rater, cleave_error *err)
{
    struct clv_rater *r;
    size_t outputs;
    const cleave_tensor_info *output =
        clv_network_outputs(options->network, &outputs);
    cleave_status status;

    if (options->sample_count < 2) {
        return clv_fail(err, CLEAVE_INVALID, "data",
                        "%zu inputs are left to measure with, and 2 are the "
                        "least; give more inputs, or let fewer calibrate.",
                        options->sample_count);
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return clv_fail_memory(err, "rating", sizeof *r);
    }
    r->options = *options;
    if (r->options.memory_bytes == 0) {
        r->options.memory_bytes = CLV_RATER_MEMORY;
    }
    clv_sample_init(&r->sample);
    r->judge =
        clv_judge_of(options->card, output->name, options->labels != NULL);
    status = open_memory(r, err);
    if (status == CLEAVE_OK) {
        status = find_labels(r, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_seam_open(options->network, CLV_CUT_INPUT, CLV_SEAM_BOTH,
                               &r->whole, err);
    }
    if (status != CLEAVE_OK) {
        clv_rater_close(r);
        return status;
    }
    *ret_rater = r;
    return CLEAVE_OK;
}

static void close_cut(struct clv_rater *r)
{
    clv_shelf_clear(&r->heads);
    clv_memo_clear(&r->memo);
    clv_seam_close(r->seam);
    free(r->cut);
    r->seam = NULL;
    r->cut = NULL;
}

void clv_rater_close(struct clv_rater *r)
{
    if (r == NULL) {
        return;
    }
    close_cut(r);
    clv_shelf_fini(&r->heads);
    clv_shelf_fini(&r->references);
    clv_memo_fini(&r->memo);
    clv_seam_close(r->whole);
    clv_sample_fini(&r->sample);
    clv_evidence_fini(&r->evidence);
    free(r->known);
    free(r->list);
    free(r);
}

/* -- The network without packing -- */

/* The whole network on input `i`. */
static cleave_status compute_whole(struct clv_rater *r, size_t i,
                                   const cleave_tensor **ret_outputs,
                                   size_t *ret_count, cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    const cleave_tensor *tensors;
    size_t count;
    cleave_status status =
        clv_source_load(o->source, o->samples[i], &r->sample, err);

    if (status == CLEAVE_OK) {
        status = clv_seam_head(r->whole, r->sample.tensors, r->sample.count,
                               &tensors, &count, err);
    }
    return status == CLEAVE_OK ? clv_seam_tail(r->whole, tensors, count,
                                               ret_outputs, ret_count, err)
                               : status;
}

static cleave_status refer(struct clv_rater *r, size_t i, cleave_error *err)
{
    const cleave_tensor *outputs = NULL;
    size_t count = 0;
    cleave_status status = compute_whole(r, i, &outputs, &count, err);
    struct clv_judge best = r->judge;

    if (status != CLEAVE_OK) {
        return status;
    }
    if (r->judge.by == CLV_JUDGED_BY_AGREEMENT) {
        /* The best is not known yet: ask for it, then agree with it. */
        best.by = CLV_JUDGED_BY_TOP1;
        r->known[i].verdict =
            clv_judge_look(&best, outputs, count, NULL, 0, INT64_MIN);
    }
    r->known[i].verdict =
        clv_judge_look(&r->judge, outputs, count, outputs,
                       r->known[i].verdict.best, r->known[i].right);
    if (clv_judge_compares(r->judge.by)) {
        clv_shelf_put(&r->references, i, outputs, count);
    }
    return CLEAVE_OK;
}

static cleave_status refer_all(struct clv_rater *r, cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         !r->has_reference && status == CLEAVE_OK && i < o->sample_count; i++) {
        status = refer(r, i, err);
        if (o->progress != NULL) {
            o->progress(o->self, i + 1, o->sample_count);
        }
    }
    r->has_reference |= status == CLEAVE_OK;
    return status;
}

/* -- One input through the packing -- */

/* The tensors at the cut, and outputs that are there already. */
static cleave_status take_tensors(struct clv_rater *r, size_t i,
                                  const cleave_tensor **ret_tensors,
                                  size_t *ret_count, cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    cleave_status status;

    *ret_tensors = clv_shelf_get(&r->heads, i, ret_count);
    if (*ret_tensors != NULL) {
        return CLEAVE_OK;
    }
    status = clv_source_load(o->source, o->samples[i], &r->sample, err);
    if (status == CLEAVE_OK) {
        status = clv_seam_head(r->seam, r->sample.tensors, r->sample.count,
                               ret_tensors, ret_count, err);
    }
    if (status == CLEAVE_OK) {
        clv_shelf_put(&r->heads, i, *ret_tensors, *ret_count);
    }
    return status;
}

static cleave_status send_tensors(struct clv_rater *r, size_t i,
                                  const struct clv_packing *packing,
                                  size_t *ret_count,
                                  struct clv_passage *ret_passage,
                                  cleave_error *err)
{
    const cleave_tensor *tensors = NULL;
    const cleave_tensor *back = NULL;
    size_t sent;
    size_t count = 0;
    cleave_status status = take_tensors(r, i, &tensors, &count, err);

    clv_seam_tensors(r->seam, &sent);
    if (status == CLEAVE_OK) {
        status = clv_parcel_send(r->parcel, packing, tensors, sent, &back,
                                 ret_passage, err);
    }
    if (status == CLEAVE_OK) {
        memcpy(r->list, tensors, count * sizeof *tensors);
        memcpy(r->list, back, sent * sizeof *back);
        *ret_count = count;
    }
    return status;
}

static cleave_status send_picture(struct clv_rater *r, size_t i,
                                  const struct clv_packing *packing,
                                  size_t *ret_count,
                                  struct clv_passage *ret_passage,
                                  cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    const char *file = clv_source_file(o->source, o->samples[i]);
    const cleave_tensor *back = NULL;
    size_t count;
    const cleave_tensor_info *want = clv_network_inputs(o->network, &count);
    cleave_status status =
        clv_source_load_picture(o->source, o->samples[i], &r->sample, err);

    if (status == CLEAVE_OK) {
        status = clv_parcel_send_picture(r->parcel, packing, &r->sample.image,
                                         clv_card_input(o->card, want->name),
                                         want, file, &back, ret_passage, err);
    }
    if (status == CLEAVE_OK) {
        r->list[0] = *back;
        *ret_count = 1;
    }
    return status;
}

/* The tail, and what its answer is worth. */
static cleave_status judge_tail(struct clv_rater *r, size_t i, size_t count,
                                struct clv_verdict *ret_verdict,
                                cleave_error *err)
{
    const cleave_tensor *outputs = NULL;
    const cleave_tensor *reference = NULL;
    size_t output_count = 0;
    cleave_status status =
        clv_seam_tail(r->seam, r->list, count, &outputs, &output_count, err);

    if (status == CLEAVE_OK && clv_judge_compares(r->judge.by)) {
        reference = clv_shelf_get(&r->references, i, &output_count);
        if (reference == NULL) {
            status = compute_whole(r, i, &reference, &output_count, err);
        }
    }
    if (status == CLEAVE_OK) {
        *ret_verdict =
            clv_judge_look(&r->judge, outputs, output_count, reference,
                           r->known[i].verdict.best, r->known[i].right);
    }
    return status;
}

static cleave_status send_one(struct clv_rater *r, size_t i,
                              const struct clv_packing *packing,
                              size_t *ret_count, cleave_error *err)
{
    struct clv_passage passage = {0};
    cleave_status status =
        clv_packing_is_picture(packing)
            ? send_picture(r, i, packing, ret_count, &passage, err)
            : send_tensors(r, i, packing, ret_count, &passage, err);

    if (status == CLEAVE_OK) {
        clv_evidence_cost(&r->evidence, &passage);
    }
    return status;
}

static cleave_status judge_one(struct clv_rater *r, size_t i, size_t count,
                               cleave_error *err)
{
    struct clv_verdict verdict = {0};
    const struct clv_verdict *passed;
    struct clv_memo_key key;
    size_t sent;
    cleave_status status = CLEAVE_OK;

    clv_seam_tensors(r->seam, &sent);
    key = clv_memo_key(r->list, sent);
    passed = clv_memo_find(&r->memo, i, key);
    if (passed != NULL) {
        verdict = *passed;
    } else {
        status = judge_tail(r, i, count, &verdict, err);
        if (status == CLEAVE_OK) {
            clv_memo_add(&r->memo, i, key, verdict);
        }
    }
    if (status == CLEAVE_OK) {
        clv_evidence_answer(&r->evidence, &r->known[i].verdict, &verdict);
    }
    return status;
}

/* -- All inputs -- */

static cleave_status open_cut(struct clv_rater *r, const char *cut,
                              cleave_error *err)
{
    if (r->cut != NULL && strcmp(r->cut, cut) == 0) {
        return CLEAVE_OK;
    }
    close_cut(r);
    r->cut = strdup(cut);
    if (r->cut == NULL) {
        return clv_fail_memory(err, cut, strlen(cut));
    }
    cleave_status status =
        clv_seam_open(r->options.network, cut, CLV_SEAM_BOTH, &r->seam, err);
    if (status != CLEAVE_OK) {
        close_cut(r);
    }
    return status;
}

/* Through the packing, the first `most`, and judged or not. The calibration is
   the caller's, so what borrows it ends with the call. */
static cleave_status rate_all(struct clv_rater *r,
                              const struct clv_packing *packing,
                              const struct clv_calibration *calibration,
                              size_t most, int judged, cleave_error *err)
{
    const struct clv_rater_options *o = &r->options;
    size_t inputs;
    cleave_status status;

    clv_evidence_clear(&r->evidence);
    clv_network_inputs(o->network, &inputs);
    status = clv_parcel_new(calibration, inputs + CLV_CUT_TENSORS, o->clock,
                            &r->parcel, err);
    for (size_t i = 0; status == CLEAVE_OK && i < most; i++) {
        size_t count = 0;
        status = send_one(r, i, packing, &count, err);
        if (status == CLEAVE_OK && judged) {
            status = judge_one(r, i, count, err);
        }
        if (o->progress != NULL) {
            o->progress(o->self, i + 1, most);
        }
    }
    clv_parcel_free(r->parcel);
    r->parcel = NULL;
    return status;
}

static cleave_status check_picture(const struct clv_rater *r, const char *cut,
                                   cleave_error *err)
{
    size_t inputs;
    const cleave_tensor_info *want =
        clv_network_inputs(r->options.network, &inputs);
    const struct clv_card_input *input =
        r->options.card != NULL ? clv_card_input(r->options.card, want->name)
                                : NULL;

    if (strcmp(cut, CLV_CUT_INPUT) != 0 || inputs != 1 || input == NULL ||
        input->kind != CLV_KIND_IMAGE) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, cut,
                        "jpeg and webp are for the cut 'input' of a network "
                        "whose card says that its one input is a picture.");
    }
    return CLEAVE_OK;
}

static double unpacked_score(const struct clv_rater *r)
{
    double sum = 0;

    for (size_t i = 0; i < r->options.sample_count; i++) {
        sum += r->known[i].verdict.score;
    }
    return sum / (double)r->options.sample_count;
}

cleave_status clv_rater_measure(struct clv_rater *rater, const char *cut,
                                const struct clv_packing *packing,
                                const struct clv_calibration *calibration,
                                struct clv_rate *ret_rate, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (clv_packing_is_picture(packing)) {
        status = check_picture(rater, cut, err);
    }
    if (status == CLEAVE_OK) {
        status = refer_all(rater, err);
    }
    if (status == CLEAVE_OK) {
        status = open_cut(rater, cut, err);
    }
    if (status == CLEAVE_OK) {
        status = rate_all(rater, packing, calibration,
                          rater->options.sample_count, 1, err);
    }
    if (status == CLEAVE_OK) {
        *ret_rate = clv_evidence_rate(&rater->evidence, rater->judge.by,
                                      unpacked_score(rater));
        rater->spreads = clv_evidence_spreads(&rater->evidence);
    }
    return status;
}

cleave_status clv_rater_weigh(struct clv_rater *rater, const char *cut,
                              const struct clv_packing *packing,
                              const struct clv_calibration *calibration,
                              size_t most,
                              struct clv_rater_spreads *ret_spreads,
                              cleave_error *err)
{
    size_t count = rater->options.sample_count;
    cleave_status status = CLEAVE_OK;

    if (clv_packing_is_picture(packing)) {
        status = check_picture(rater, cut, err);
    }
    if (status == CLEAVE_OK) {
        status = open_cut(rater, cut, err);
    }
    if (status == CLEAVE_OK) {
        status = rate_all(rater, packing, calibration,
                          most < count ? most : count, 0, err);
    }
    if (status == CLEAVE_OK) {
        rater->spreads = clv_evidence_spreads(&rater->evidence);
        *ret_spreads = rater->spreads;
    }
    return status;
}

void clv_rater_spread(const struct clv_rater *rater,
                      struct clv_rater_spreads *ret_spreads)
{
    *ret_spreads = rater->spreads;
}

cleave_status clv_rater_tensors(struct clv_rater *rater, const char *cut,
                                size_t i, const cleave_tensor **ret_tensors,
                                size_t *ret_count, cleave_error *err)
{
    size_t given = 0;
    cleave_status status = open_cut(rater, cut, err);

    if (status == CLEAVE_OK) {
        status = take_tensors(rater, i, ret_tensors, &given, err);
    }
    if (status == CLEAVE_OK) {
        clv_seam_tensors(rater->seam, ret_count);
    }
    return status;
}

/* -- The whole -- */

static cleave_status whole_interval(const struct clv_rater *r,
                                    struct clv_interval *ret, cleave_error *err)
{
    size_t n = r->options.sample_count;
    double *scores;

    if (clv_judge_is_binary(r->judge.by)) {
        *ret = clv_share_interval(unpacked_score(r), n);
        return CLEAVE_OK;
    }
    scores = calloc(n, sizeof *scores);
    if (scores == NULL) {
        return clv_fail_memory(err, "rating", n * sizeof *scores);
    }
    for (size_t i = 0; i < n; i++) {
        scores[i] = r->known[i].verdict.score;
    }
    *ret = clv_paired_means(scores, n);
    free(scores);
    return CLEAVE_OK;
}

cleave_status clv_rater_whole(struct clv_rater *rater,
                              struct clv_rated_whole *ret_whole,
                              cleave_error *err)
{
    struct clv_interval interval = {0};
    cleave_status status = refer_all(rater, err);

    if (status == CLEAVE_OK) {
        status = whole_interval(rater, &interval, err);
    }
    if (status == CLEAVE_OK) {
        *ret_whole = (struct clv_rated_whole){
            .by = rater->judge.by,
            .score = interval.value,
            .low = interval.low,
            .high = interval.high,
            .inputs = rater->options.sample_count,
        };
    }
    return status;
}
