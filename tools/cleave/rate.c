/*
 * rate.c - `cleave rate`: what packing costs in accuracy, cut by cut.
 *
 * For each cut the coders climb their ladders (profile/ladder.h). A rung is
 * measured (profile/rater.h) unless the ledger has it from an earlier run,
 * put into the ledger, and printed. A cut's calibration is learnt when its
 * first rung needs it, and kept in the cache.
 *
 * What this file leaves out: everything that is more than going through
 * cuts and rungs in order.
 */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "command.h"
#include "curves.h"
#include "profile/fingerprint.h"
#include "profile/learning.h"
#include "rating.h"

#define LEARNING_CODERS \
    (1U << CLV_CODER_LZ | 1U << CLV_CODER_FAST | 1U << CLV_CODER_DENSE)

/* Work is counted in passes of the whole network over all test inputs. */
static double rung_units(const struct rating *r, size_t cut)
{
    return 1.05 - r->cuts.shares[cut];
}

static const struct clv_row *known(const struct rating *r, size_t cut,
                                   const struct clv_rung *rung)
{
    return clv_ledger_find(r->ledger, r->cuts.names[cut], &rung->packing);
}

static double count_units(const struct rating *r)
{
    double units = 1; /* the network without packing */

    for (size_t c = 0; c < r->cuts.count; c++) {
        for (size_t i = 0; i < r->ladders[c].count; i++) {
            units += known(r, c, &r->ladders[c].rungs[i]) == NULL
                         ? rung_units(r, c)
                         : 0;
        }
    }
    return units;
}

/* -- Calibrating one cut -- */

static cleave_status learn(struct rating *r, const char *cut,
                           struct clv_buffer *file, cleave_error *err)
{
    struct clv_learning *learning = NULL;
    struct clv_learning_options options = {
        .network = r->dataset.opened.network,
        .source = r->dataset.source,
        .samples = r->sampling.teach,
        .sample_count = r->sampling.teach_count,
        .progress = rating_note_progress,
        .self = r,
    };
    cleave_status status = clv_learning_new(&options, &learning, err);

    if (status == CLEAVE_OK) {
        status = clv_learning_cut(learning, cut, err);
    }
    if (status == CLEAVE_OK && clv_learning_count(learning) > 0) {
        status = clv_learning_write(learning, file, err);
    }
    clv_learning_free(learning);
    return status;
}

/* From the cache, if an earlier run has learnt this cut. */
static int find_learnt(struct rating *r, const char *key)
{
    char path[CLV_PATH_MAX];

    return !r->settings->fresh &&
           clv_store_entry_path(r->dataset.opened.store, key, "calib", path,
                                NULL) == CLEAVE_OK &&
           clv_calibration_read(path, &r->own, NULL) == CLEAVE_OK;
}

static cleave_status learn_and_keep(struct rating *r, const char *cut,
                                    const char *key, cleave_error *err)
{
    struct clv_buffer file;
    cleave_status status;

    clv_buffer_init(&file, CLV_CALIBRATION_BYTES);
    status = learn(r, cut, &file, err);
    if (status == CLEAVE_OK && file.size > 0) {
        status =
            clv_calibration_new(clv_buffer_bytes(&file), cut, &r->own, err);
    }
    if (status == CLEAVE_OK && file.size > 0) {
        status = clv_store_put(r->dataset.opened.store, key, "calib",
                               clv_buffer_bytes(&file), err);
    }
    clv_buffer_fini(&file);
    return status;
}

static cleave_status calibrate_cut(struct rating *r, size_t cut,
                                   cleave_error *err)
{
    struct clv_fingerprint f;
    struct clv_sha256 key;
    cleave_status status;

    if (r->has_own || r->given != NULL || !(r->coders & LEARNING_CODERS)) {
        return CLEAVE_OK;
    }
    r->has_own = 1;
    clv_fingerprint_init(&f);
    clv_fingerprint_text(&f, "rate", r->key.hex);
    clv_fingerprint_text(&f, "cut", r->cuts.names[cut]);
    status = clv_fingerprint_key(&f, &key, err);
    clv_fingerprint_fini(&f);
    if (status != CLEAVE_OK || find_learnt(r, key.hex)) {
        return status;
    }
    progress_step(&r->progress, 0, "calibrating");
    return learn_and_keep(r, r->cuts.names[cut], key.hex, err);
}

static void forget_own(struct rating *r)
{
    clv_calibration_free(r->own);
    r->own = NULL;
    r->has_own = 0;
}

/* A calibration that lacks a tensor makes its frames carry tables; say so. */
static void note_unlearnt(const struct rating *r, const char *cut)
{
    cleave_tensor_info tensors[CLV_CUT_TENSORS];
    size_t count = 0;

    if (r->given == NULL || strcmp(cut, CLV_CUT_INPUT) == 0 ||
        clv_network_cut_tensors(r->dataset.opened.network, cut, tensors, &count,
                                NULL) != CLEAVE_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (clv_calibration_find(r->given, tensors[i].name) == NULL) {
            fprintf(stderr,
                    "cleave: %s: the calibration does not know this tensor; "
                    "its tables travel along\n",
                    tensors[i].name);
        }
    }
}

/* -- Measuring -- */

static cleave_status measure(struct rating *r, size_t cut,
                             const struct clv_rung *rung,
                             struct clv_rate *ret_rate, cleave_error *err)
{
    const char *name = r->cuts.names[cut];
    char pack[CLV_PACKING_TEXT];
    char what[160];
    cleave_status status = calibrate_cut(r, cut, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    snprintf(what, sizeof what, "%.80s (%zu of %zu) %s", name, cut + 1,
             r->cuts.count, clv_packing_text(&rung->packing, pack));
    progress_step(&r->progress, rung_units(r, cut), what);
    status =
        clv_rater_measure(r->rater, name, &rung->packing,
                          r->given != NULL ? r->given : r->own, ret_rate, err);
    progress_stepped(&r->progress);
    progress_clear(&r->progress);
    return status == CLEAVE_OK
               ? clv_ledger_append(r->ledger, name, &rung->packing, ret_rate,
                                   err)
               : status;
}

/* A rung: found or measured, and printed. */
static cleave_status take_rung(struct rating *r, size_t cut,
                               const struct clv_rung *rung,
                               struct clv_rate *ret_rate, cleave_error *err)
{
    const struct clv_row *row = known(r, cut, rung);
    cleave_status status = CLEAVE_OK;

    if (row != NULL) {
        *ret_rate = row->rate;
    } else {
        status = measure(r, cut, rung, ret_rate, err);
    }
    return status == CLEAVE_OK ? ratetable_add(&r->table, r->cuts.names[cut],
                                               &rung->packing, ret_rate, err)
                               : status;
}

/* A coder that cannot do this cut costs its rows, not the others'. */
static void pass_over(struct rating *r, size_t cut, const struct clv_rung *rung,
                      cleave_error *err)
{
    progress_clear(&r->progress);
    fprintf(stderr, "cleave: %s: %s is left out: %s\n", r->cuts.names[cut],
            clv_coder_name(rung->packing.coder), err->text);
    *err = (cleave_error)CLEAVE_ERROR_INIT;
}

static cleave_status rate_cut(struct rating *r, size_t cut, cleave_error *err)
{
    const struct clv_ladder *ladder = &r->ladders[cut];
    cleave_status status = CLEAVE_OK;
    int stopped = -1; /* the coder that need not go on */

    for (size_t i = 0; status == CLEAVE_OK && i < ladder->count; i++) {
        const struct clv_rung *rung = &ladder->rungs[i];
        struct clv_rate rate = {0};
        if ((int)rung->packing.coder == stopped) {
            progress_drop(&r->progress,
                          known(r, cut, rung) == NULL ? rung_units(r, cut) : 0);
            continue;
        }
        status = take_rung(r, cut, rung, &rate, err);
        if (status == CLEAVE_UNSUPPORTED) {
            pass_over(r, cut, rung, err);
            status = CLEAVE_OK;
            stopped = (int)rung->packing.coder;
        } else if (rung->may_stop && clv_rate_is_beyond(&rate, r->budget_pp)) {
            stopped = (int)rung->packing.coder;
        }
    }
    return status;
}

static cleave_status rate_all(struct rating *r, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    progress_begin(&r->progress, !r->settings->quiet, count_units(r));
    for (size_t i = 0; status == CLEAVE_OK && i < r->cuts.count; i++) {
        note_unlearnt(r, r->cuts.names[i]);
        status = rate_cut(r, i, err);
        forget_own(r);
    }
    progress_clear(&r->progress);
    return status;
}

/* -- All together -- */

static cleave_status rate(const struct settings *s, cleave_error *err)
{
    struct rating r = {0};
    cleave_status status = rating_open(&r, s, err);

    if (status == CLEAVE_OK) {
        status = rate_all(&r, err);
    }
    if (status == CLEAVE_OK) {
        ratetable_finish(&r.table, r.cuts.names, r.cuts.count, r.budget_pp);
    }
    if (status == CLEAVE_OK && s->plot != NULL) {
        status = curves_draw(&r.table, r.cuts.names, r.cuts.count, r.budget_pp,
                             s->plot, err);
    }
    rating_close(&r);
    return status;
}

const struct command command_rate = {
    .name = "rate",
    .taker = TAKES_RATE,
    .usage = "MODEL --data DIR [--labels FILE] [OPTION...]",
    .summary = "measure what packing costs in accuracy, cut by cut",
    .text =
        "For each cut, coder and setting: bytes of a message, times, and the\n"
        "change of the accuracy against the network without packing, with its\n"
        "95 % interval (top-1: paired proportions of Agresti and Min; means:\n"
        "paired t). Last, the smallest setting of each cut within the budget.\n"
        "Inputs that calibrate are never tested. What is measured is kept: a\n"
        "run that was cut off goes on where it was. Without --labels a\n"
        "classification is judged by how often it agrees with itself.\n"
        "\nexamples:\n"
        "  cleave rate net.onnx --data photos --labels labels.csv\n"
        "  cleave rate net.onnx --data photos --labels labels.csv \\\n"
        "      --cuts conv4_relu --coders lz,dense --json --plot curves.svg\n",
    .check = rating_check,
    .run = rate,
};
