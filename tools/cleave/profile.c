/*
 * profile.c - `cleave profile`: measures what deciding needs to know.
 *
 * For each model of a task a survey (profile/survey.h) fills the database;
 * then what there is of it is printed. The user's interrupt is a signal that
 * stays blocked and is looked for between measurements, so that a survey ends
 * whole rows, whatever it was doing.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "command.h"
#include "matching.h"
#include "profile/database.h"
#include "profiletable.h"
#include "profiling.h"
#include "proftogether.h"

/* -- The survey's watch -- */

static void note_ahead(void *self, double seconds)
{
    struct profiled *p = self;

    progress_clear(&p->all->progress);
    progress_begin(&p->all->progress, !p->all->settings->quiet, seconds);
}

static void note_step(void *self, double seconds, const char *what)
{
    struct profiled *p = self;
    char text[160];

    snprintf(text, sizeof text, "%.40s: %.100s", p->variant->name, what);
    progress_step(&p->all->progress, seconds, text);
}

static void note_within(void *self, size_t done, size_t count)
{
    struct profiled *p = self;

    progress_within(&p->all->progress, done, count);
}

static void note_stepped(void *self)
{
    struct profiled *p = self;

    progress_stepped(&p->all->progress);
}

static void note_text(void *self, const char *text)
{
    struct profiled *p = self;

    if (!p->all->settings->quiet) {
        progress_clear(&p->all->progress);
        fprintf(stderr, "cleave: %s: %s\n", p->variant->name, text);
    }
}

static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int profiling_is_cancelled(void *self)
{
    sigset_t pending;

    (void)self;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
                                         sigismember(&pending, SIGTERM) == 1);
}

/* -- One model -- */

/* Whether an earlier task has made it fresh; notes that this one does. */
static int was_forgotten(struct profiling *a, const char *sha256)
{
    for (size_t i = 0; i < a->forgotten_count; i++) {
        if (strcmp(a->forgotten[i], sha256) == 0) {
            return 1;
        }
    }
    snprintf(a->forgotten[a->forgotten_count++], sizeof a->forgotten[0], "%s",
             sha256);
    return 0;
}

static cleave_status forget(struct profiled *p, cleave_error *err)
{
    const char *sha256 = clv_network_sha256(p->network);
    char machine[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];

    if (!p->all->settings->fresh || was_forgotten(p->all, sha256)) {
        return CLEAVE_OK;
    }
    clv_machine_id(machine, text);
    return clv_database_forget(p->all->database, sha256, machine, err);
}

static cleave_status survey(struct profiled *p, cleave_error *err)
{
    struct profiling *a = p->all;
    struct clv_survey_options options = {
        .database = a->database,
        .name = p->variant->name,
        .size_bytes = p->size_bytes,
        .network = p->network,
        .engines = p->engines,
        .engine_count = a->engine_count,
        .servers = a->servers,
        .server_count = a->server_count,
        .source = p->source,
        .card = p->card,
        .labels = a->labels,
        .sampling = &p->sampling,
        .data = p->data.hex,
        .subject = a->subject,
        .calibration = p->calibration,
        .calibration_is_fixed = p->calibration_is_fixed,
        .is_fast = a->settings->fast,
        .is_whole = a->is_whole,
        .budget_pp = a->budget_pp,
        .memory_bytes = a->settings->memory,
        .clock = clv_clock_machine(),
        .stall = clv_stall_machine(),
        .energy = &a->energy,
        .watch = {.self = p,
                  .ahead = note_ahead,
                  .step = note_step,
                  .within = note_within,
                  .stepped = note_stepped,
                  .note = note_text,
                  .is_cancelled = profiling_is_cancelled},
    };
    cleave_status status = clv_survey_run(&options, err);

    progress_clear(&a->progress);
    return status;
}

/* What the database has now of variants of the task. */
static cleave_status load(struct profiling *a, size_t first, size_t count,
                          struct clv_costs *ret_costs, char ret_note[512],
                          cleave_error *err)
{
    const char *servers[PROFILING_SERVERS];
    struct clv_wanted_variant variants[CLV_VARIANTS];
    struct clv_wanted wanted = {
        .variants = variants,
        .variant_count = count,
        .engines = a->engine_names,
        .engine_count = a->engine_count,
        .servers = servers,
        .server_count = a->server_count,
        .identity = clv_engine_identity(a->engines[0]),
        .subject = a->subject,
    };

    for (size_t i = 0; i < a->server_count; i++) {
        servers[i] = a->servers[i].name;
    }
    for (size_t i = 0; i < count; i++) {
        variants[i] = (struct clv_wanted_variant){
            a->task->variants[first + i].name, a->models[first + i]};
    }
    return clv_database_load(a->database, &wanted, ret_costs, ret_note, err);
}

/* Of a model with cuts, as soon as it is done. */
static cleave_status print_one(struct profiling *a, size_t variant,
                               cleave_error *err)
{
    struct clv_costs costs;
    char note[512];
    cleave_status status = load(a, variant, 1, &costs, note, err);

    if (status == CLEAVE_OK) {
        profiletable_print(a->task->name, &costs, a->budget_pp, note,
                           a->settings->json);
        clv_costs_fini(&costs);
    }
    return status;
}

static cleave_status profile_one(struct profiling *a, size_t variant,
                                 cleave_error *err)
{
    struct profiled one = {0};
    cleave_status status =
        profiled_open(&one, a, &a->task->variants[variant], err);

    if (status == CLEAVE_OK) {
        status = forget(&one, err);
    }
    if (status == CLEAVE_OK) {
        status = survey(&one, err);
    }
    profiled_close(&one);
    return status == CLEAVE_OK && !a->is_whole ? print_one(a, variant, err)
                                               : status;
}

/* -- One task -- */

/* What only shows when all variants are there. */
static cleave_status print_task(struct profiling *a, cleave_error *err)
{
    struct clv_costs costs;
    char note[512];
    cleave_status status =
        load(a, 0, a->task->variant_count, &costs, note, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (a->is_whole) {
        profiletable_print_whole(a->task->name, &costs, note,
                                 a->settings->json);
    }
    profiletable_print_worthless(a->task->name, &costs, a->settings->json);
    proftogether_pick(a, &costs);
    clv_costs_fini(&costs);
    return CLEAVE_OK;
}

static cleave_status profile_task(struct profiling *a,
                                  const struct clv_app_task *task,
                                  cleave_error *err)
{
    cleave_status status = profiling_turn_to(a, task, err);

    for (size_t i = 0; status == CLEAVE_OK && i < task->variant_count; i++) {
        status = profile_one(a, i, err);
    }
    return status == CLEAVE_OK ? print_task(a, err) : status;
}

/* -- All together -- */

static void tell_energy(const struct profiling *a)
{
    const char *source = clv_energy_source(&a->energy);

    if (!a->settings->quiet) {
        fprintf(stderr, "cleave: energy is %s%s.\n",
                source != NULL ? "counted by " : "not known on this machine",
                source != NULL ? source : "");
    }
}

static void tell_no_cuts(const struct profiling *a)
{
    if (a->is_whole && !a->settings->quiet) {
        fprintf(stderr,
                "cleave: no server: no cuts are measured, only whole networks "
                "on this device; name one with --server, or in the "
                "application.\n");
    }
}

static void tell_how_to_go_on(const struct settings *s)
{
    if (!s->json && clv_path_ends(s->rest[0], ".onnx")) {
        printf("\nName the model in an application file, and `cleave plan "
               "APP --db %s` decides.\n",
               s->db);
    } else if (!s->json) {
        printf("\n`cleave plan %s --db %s` decides with it.\n", s->rest[0],
               s->db);
    }
}

static cleave_status profile(const struct settings *s, cleave_error *err)
{
    struct profiling a = {0};
    cleave_status status;

    block_signals();
    status = profiling_open(&a, s, err);
    if (status == CLEAVE_OK) {
        status = matching_check(&a, err);
    }
    if (status == CLEAVE_OK) {
        tell_energy(&a);
        tell_no_cuts(&a);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < a.task_count; i++) {
        status = profile_task(&a, a.tasks[i], err);
    }
    if (status == CLEAVE_OK) {
        status = proftogether_run(&a, err);
    }
    if (status == CLEAVE_OK) {
        tell_how_to_go_on(s);
    }
    profiling_close(&a);
    return status;
}

const struct command command_profile = {
    .name = "profile",
    .taker = TAKES_PROFILE,
    .usage = "APP|MODEL --db FILE [--data DIR] [--labels FILE] [OPTION...]",
    .summary = "measure what deciding needs: times, bytes, accuracy",
    .text =
        "Measures the models of an application's tasks (or one model): heads\n"
        "and tails on this device and on its servers, packings' times, bytes\n"
        "and accuracy, memory, and energy where the machine counts it. "
        "Without\n"
        "a server an application's networks are measured whole. Every row is\n"
        "kept as it comes, with the machine, the versions and the data it\n"
        "depends on; a run that was cut off goes on where it was. Inputs that\n"
        "calibrate are never tested. --fast looks only at what could win and\n"
        "says what it left out.\n"
        "\nexamples:\n"
        "  cleave profile app.yaml --data photos --labels labels.csv \\\n"
        "      --db app.profile\n"
        "  cleave profile net.onnx --data photos --db net.profile --fast \\\n"
        "      --server http://nas:8700 --engine cpu:threads=1\n",
    .check = profiling_check,
    .run = profile,
};
