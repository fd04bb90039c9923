/*
 * profiling.h - all that `cleave profile` holds while it measures.
 *
 * profiling.c opens it from the settings and the application; profile.c goes
 * through the tasks and their models.
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

/* The variant that stands for its task where tasks run together. */
struct profiling_pick {
    size_t variant;
    double alone_ns[PROFILING_ENGINES]; /* of the whole network; mean */
};

/* What all models of one command share. */
struct profiling {
    const struct settings *settings;
    struct clv_application *application;
    const struct clv_app_task *tasks[CLV_TASKS]; /* to measure, */
    size_t task_count;
    const struct clv_app_task *task; /* and the one now, */
    const char *data;                /* its inputs, */
    const char *labels_path;         /* and theirs, or NULL */
    struct clv_labels *labels;       /* or NULL */
    uint32_t told;                   /* of few inputs: tasks, by bits */
    struct clv_subject subject;      /* whose accuracy it is */
    char subject_input[CLV_PATH_MAX];
    char subject_labels[CLV_PATH_MAX];
    char models[CLV_VARIANTS][65]; /* SHA-256 of its variants, once opened */
    char (*forgotten)[65]; /* of --fresh, models that tasks share only once */
    size_t forgotten_count;
    struct profiling_pick picks[CLV_TASKS];
    double budget_pp;
    int is_alone; /* a model, no application */
    int is_whole; /* there is no server: cuts are of no use */
    struct clv_database *database;
    struct clv_store *store;
    struct clv_engine *examiner; /* judges accuracy, on all cores */
    struct clv_engine *engines[PROFILING_ENGINES];
    const char *engine_names[PROFILING_ENGINES];
    size_t engine_count;
    struct clv_survey_server servers[PROFILING_SERVERS];
    size_t server_count;
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

/* How long tasks are tried together. */
cleave_status profiling_patience(const struct settings *settings,
                                 double *ret_ns, cleave_error *err);

/* True once the user wants to stop; signals must be blocked. */
int profiling_is_cancelled(void *self);

/* Opens what the settings name. Takes an all-zero struct; close it whatever
   the outcome. */
cleave_status profiling_open(struct profiling *all,
                             const struct settings *settings,
                             cleave_error *err);
void profiling_close(struct profiling *all);

/* What a task of these runs on: --data, else what the application says. */
const char *profiling_data(const struct profiling *all,
                           const struct clv_app_task *task);

/* Where the model's card is; "" if it has none. */
cleave_status profiling_card(const struct profiling *all,
                             const struct clv_app_variant *variant,
                             char path[CLV_PATH_MAX], cleave_error *err);

/* Makes it the task now, with its labels and its budget. */
cleave_status profiling_turn_to(struct profiling *all,
                                const struct clv_app_task *task,
                                cleave_error *err);

/* Opens one model of the task now, and its data; likewise. */
cleave_status profiled_open(struct profiled *one, struct profiling *all,
                            const struct clv_app_variant *variant,
                            cleave_error *err);
void profiled_close(struct profiled *one);

#endif
