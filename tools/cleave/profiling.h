/*
 * profiling.h - all that `cleave profile` holds while it measures one model.
 *
 * profiling.c opens it from the settings and the application; profile.c goes
 * through the models.
 */
#ifndef CLEAVE_TOOL_PROFILING_H
#define CLEAVE_TOOL_PROFILING_H

#include <signal.h>

#include "base/sha256.h"
#include "command.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "profile/energy.h"
#include "profile/sampling.h"
#include "profile/survey.h"
#include "progress.h"
#include "run/application.h"

#define PROFILING_ENGINES 16
#define PROFILING_SERVERS 32

/* What all models of one command share. */
struct profiling {
    const struct settings *settings;
    struct clv_application *application;
    const struct clv_app_task *task;
    struct clv_database *database;
    struct clv_store *store;
    struct clv_labels *labels;   /* or NULL */
    struct clv_engine *examiner; /* judges accuracy, on all cores */
    struct clv_engine *engines[PROFILING_ENGINES];
    const char *engine_names[PROFILING_ENGINES];
    size_t engine_count;
    struct clv_survey_server servers[PROFILING_SERVERS];
    size_t server_count;
    double budget_pp;
    struct clv_energy energy;
    struct progress progress;
};

/* One model. */
struct profiled {
    struct profiling *all;
    const struct clv_app_variant *variant;
    struct clv_network *network; /* on the examiner */
    struct clv_network *networks[PROFILING_ENGINES];
    struct clv_survey_engine engines[PROFILING_ENGINES];
    struct clv_card *card; /* or NULL */
    struct clv_source *source;
    struct clv_sampling sampling;
    struct clv_sha256 data;
    char calibration[CLV_PATH_MAX];
    int calibration_is_fixed;
    uint64_t size_bytes;
};

/* What the command line alone can get wrong. */
cleave_status profiling_check(const struct settings *settings,
                              cleave_error *err);

/* Opens what the settings name. Takes an all-zero struct; close it whatever
   the outcome. */
cleave_status profiling_open(struct profiling *all,
                             const struct settings *settings,
                             cleave_error *err);
void profiling_close(struct profiling *all);

/* Opens one model and its data; likewise. */
cleave_status profiled_open(struct profiled *one, struct profiling *all,
                            const struct clv_app_variant *variant,
                            cleave_error *err);
void profiled_close(struct profiled *one);

#endif
