/*
 * rating.c - opening all that `cleave rate` needs.
 *
 * The order matters: what the user may have got wrong comes before what takes
 * long, and the ledger's key needs everything that changes a number.
 */
#include "rating.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "codec/frame.h"
#include "gnuplot.h"
#include "profile/fingerprint.h"

#define ALL_CODERS ((1U << CLV_CODERS) - 1)

/* -- The command line -- */

static cleave_status read_budget(const char *text, double *ret_budget,
                                 cleave_error *err)
{
    char *end;
    double budget = text != NULL ? strtod(text, &end) : 1.0;

    if (text != NULL && (end == text || !isfinite(budget) || budget < 0 ||
                         (*end != '\0' && strcmp(end, "pp") != 0))) {
        return clv_fail(err, CLEAVE_INVALID, "--budget",
                        "'%.100s' is not a number of points such as 1.0pp.",
                        text);
    }
    *ret_budget = budget;
    return CLEAVE_OK;
}

static cleave_status read_coders(const struct settings *s, unsigned *ret_coders,
                                 cleave_error *err)
{
    *ret_coders = ALL_CODERS;
    return s->coders != NULL ? clv_coders_parse(s->coders, ret_coders, err)
                             : CLEAVE_OK;
}

cleave_status rating_check(const struct settings *s, cleave_error *err)
{
    struct clv_ladder *ladder;
    unsigned coders;
    double budget;
    cleave_status status = dataset_check(s, err);

    if (status == CLEAVE_OK) {
        status = read_budget(s->budget, &budget, err);
    }
    if (status == CLEAVE_OK) {
        status = read_coders(s, &coders, err);
    }
    if (status == CLEAVE_OK && s->ladder != NULL) {
        ladder = malloc(sizeof *ladder);
        status = ladder == NULL
                     ? clv_fail_memory(err, "settings", sizeof *ladder)
                     : clv_ladder_parse(s->ladder, coders, CLV_LADDER_PICTURE,
                                        ladder, err);
        free(ladder);
    }
    return status;
}

/* -- Opening -- */

/* Everything that changes the numbers of a row, and nothing else. */
static cleave_status make_key(struct rating *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    const struct dataset *d = &r->dataset;
    struct clv_fingerprint f;
    cleave_status status;

    clv_fingerprint_init(&f);
    clv_fingerprint_text(&f, "version", cleave_version());
    clv_fingerprint_file(&f, "program", "/proc/self/exe");
    clv_fingerprint_number(&f, "frames", CLV_FRAME_VERSION);
    clv_fingerprint_text(&f, "model", clv_network_sha256(d->opened.network));
    clv_fingerprint_text(&f, "engine", clv_engine_name(d->opened.engine));
    clv_fingerprint_text(&f, "identity", clv_engine_identity(d->opened.engine));
    clv_fingerprint_file(&f, "card",
                         d->card_path[0] != '\0' ? d->card_path : NULL);
    clv_fingerprint_file(&f, "labels", s->labels);
    clv_fingerprint_source(&f, "data", d->source);
    clv_fingerprint_number(&f, "teach", r->sampling.teach_count);
    clv_fingerprint_number(&f, "examine", r->sampling.examine_count);
    clv_fingerprint_text(&f, "calibration",
                         r->given != NULL ? clv_calibration_id(r->given)
                                          : NULL);
    status = clv_fingerprint_key(&f, &r->key, err);
    clv_fingerprint_fini(&f);
    return status;
}

/* CACHE/rate/KEY.jsonl, or where the user says. */
static cleave_status open_ledger(struct rating *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    char cache[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];
    cleave_status status = make_key(r, err);

    if (status == CLEAVE_OK && s->resume != NULL) {
        return clv_ledger_open(s->resume, r->key.hex, s->fresh, &r->ledger,
                               err);
    }
    if (status == CLEAVE_OK) {
        status = command_cache(s, cache, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_path_print(path, sizeof path, err, "%s/rate", cache);
    }
    if (status == CLEAVE_OK) {
        status = clv_folder_make(path, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_path_print(path, sizeof path, err, "%s/rate/%.32s.jsonl",
                                cache, r->key.hex);
    }
    return status == CLEAVE_OK
               ? clv_ledger_open(path, r->key.hex, s->fresh, &r->ledger, err)
               : status;
}

void rating_note_progress(void *self, size_t done, size_t count)
{
    struct rating *r = self;

    progress_within(&r->progress, done, count);
}

static cleave_status open_rater(struct rating *r, cleave_error *err)
{
    struct clv_rater_options options = {
        .network = r->dataset.opened.network,
        .source = r->dataset.source,
        .card = r->dataset.card,
        .labels = r->dataset.labels,
        .samples = r->sampling.examine,
        .sample_count = r->sampling.examine_count,
        .memory_bytes = r->settings->memory,
        .clock = clv_clock_machine(),
        .progress = rating_note_progress,
        .self = r,
    };

    return clv_rater_open(&options, &r->rater, err);
}

static cleave_status open_given(struct rating *r, cleave_error *err)
{
    const char *sha256 = clv_network_sha256(r->dataset.opened.network);
    const char *path = r->settings->calibration;
    cleave_status status = CLEAVE_OK;

    if (path == NULL) {
        return CLEAVE_OK;
    }
    status = clv_calibration_read(path, &r->given, err);
    if (status == CLEAVE_OK) {
        status = clv_calibration_check(r->given, sha256, path, err);
    }
    return status;
}

/* -- What to measure -- */

static int is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16 ||
           type == CLEAVE_TYPE_F64;
}

/* What travels at a cut; of a float among integers the settings matter. */
static cleave_status find_kind(struct rating *r, const char *cut,
                               enum clv_ladder_kind *ret_kind,
                               cleave_error *err)
{
    cleave_tensor_info tensors[CLV_CUT_TENSORS];
    const cleave_tensor_info *infos = tensors;
    size_t count;
    cleave_status status = CLEAVE_OK;
    int is_input = strcmp(cut, CLV_CUT_INPUT) == 0;

    if (is_input) {
        infos = clv_network_inputs(r->dataset.opened.network, &count);
    } else {
        status = clv_network_cut_tensors(r->dataset.opened.network, cut,
                                         tensors, &count, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    *ret_kind = CLV_LADDER_INTEGERS;
    for (size_t i = 0; i < count; i++) {
        if (is_float(infos[i].type)) {
            *ret_kind = CLV_LADDER_FLOATS;
        }
    }
    if (is_input && dataset_has_pictures(&r->dataset)) {
        *ret_kind = CLV_LADDER_PICTURE;
    }
    return CLEAVE_OK;
}

static cleave_status plan(struct rating *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    cleave_status status = cutlist_init(&r->cuts, s, r->dataset.opened.network,
                                        dataset_has_pictures(&r->dataset), err);

    if (status != CLEAVE_OK) {
        return status;
    }
    r->ladders = calloc(r->cuts.count + 1, sizeof *r->ladders);
    if (r->ladders == NULL) {
        return clv_fail_memory(err, "rate", r->cuts.count * sizeof *r->ladders);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < r->cuts.count; i++) {
        enum clv_ladder_kind kind;
        status = find_kind(r, r->cuts.names[i], &kind, err);
        if (status == CLEAVE_OK && s->ladder != NULL) {
            status = clv_ladder_parse(s->ladder, r->coders, kind,
                                      &r->ladders[i], err);
        } else if (status == CLEAVE_OK) {
            clv_ladder_usual(r->coders, kind, &r->ladders[i]);
        }
    }
    return status;
}

/* -- All together -- */

cleave_status rating_open(struct rating *r, const struct settings *s,
                          cleave_error *err)
{
    cleave_status status = read_budget(s->budget, &r->budget_pp, err);

    r->settings = s;
    r->table.json = s->json;
    if (status == CLEAVE_OK) {
        status = read_coders(s, &r->coders, err);
    }
    if (status == CLEAVE_OK && s->plot != NULL) {
        status = gnuplot_check(err); /* now, not after hours */
    }
    if (status == CLEAVE_OK) {
        status = dataset_open(s, &r->dataset, err);
    }
    if (status == CLEAVE_OK) {
        status = dataset_divide(&r->dataset, s, &r->sampling, err);
    }
    if (status == CLEAVE_OK) {
        status = open_given(r, err);
    }
    if (status == CLEAVE_OK) {
        status = plan(r, err);
    }
    if (status == CLEAVE_OK) {
        status = open_ledger(r, err);
    }
    return status == CLEAVE_OK ? open_rater(r, err) : status;
}

void rating_close(struct rating *r)
{
    clv_rater_close(r->rater);
    clv_ledger_close(r->ledger);
    clv_calibration_free(r->given);
    clv_calibration_free(r->own);
    ratetable_fini(&r->table);
    free(r->ladders);
    cutlist_fini(&r->cuts);
    clv_sampling_fini(&r->sampling);
    dataset_close(&r->dataset);
}
