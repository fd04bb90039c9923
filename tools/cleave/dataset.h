/*
 * dataset.h - a model opened with its card and a folder of inputs: what
 * calibrate, rate and quantize share.
 */
#ifndef CLEAVE_TOOL_DATASET_H
#define CLEAVE_TOOL_DATASET_H

#include "command.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "profile/sampling.h"

struct dataset {
    struct opened opened;
    struct clv_card *card; /* or NULL */
    char card_path[CLV_PATH_MAX];
    struct clv_labels *labels; /* or NULL */
    struct clv_source *source;
    uint64_t count; /* of the source's samples */
};

/* Opens settings->rest[0] and --data, --card, --labels. Takes an all-zero
   struct; close it whatever the outcome. */
cleave_status dataset_open(const struct settings *settings,
                           struct dataset *dataset, cleave_error *err);
void dataset_close(struct dataset *dataset);

/* A check: one model and --data. */
cleave_status dataset_check(const struct settings *settings, cleave_error *err);

/* True if the network takes one picture, and the data are pictures. */
int dataset_has_pictures(const struct dataset *dataset);

/*
 * Chooses which inputs calibrate (--calibrate, by default half at most, which
 * is told on stderr) and which of the others test (--limit): those that have a
 * label if there are labels. CLEAVE_INVALID if fewer than two are left to test.
 * Takes an all-zero sampling; fini it whatever the outcome.
 */
cleave_status dataset_divide(struct dataset *dataset,
                             const struct settings *settings,
                             struct clv_sampling *sampling, cleave_error *err);

/* Cuts to go through. `share` is the head's part of the work, 0 to 1. */
struct cutlist {
    char **names;
    double *shares;
    size_t count;
};

/*
 * Those of --cuts, checked; else those that inspect offers (with --all, all),
 * after `input` if `with_input`.
 */
cleave_status cutlist_init(struct cutlist *list,
                           const struct settings *settings,
                           struct clv_network *network, int with_input,
                           cleave_error *err);
void cutlist_fini(struct cutlist *list);

#endif
