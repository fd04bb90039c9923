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
#include "profile/database.h"
#include "profiletable.h"
#include "profiling.h"

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

static int is_cancelled(void *self)
{
    sigset_t pending;

    (void)self;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
                                         sigismember(&pending, SIGTERM) == 1);
}

/* -- One model -- */

static cleave_status forget(struct profiled *p, cleave_error *err)
{
    char machine[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];

    if (!p->all->settings->fresh) {
        return CLEAVE_OK;
    }
    clv_machine_id(machine, text);
    return clv_database_forget(p->all->database, clv_network_sha256(p->network),
                               machine, err);
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
        .calibration = p->calibration,
        .calibration_is_fixed = p->calibration_is_fixed,
        .is_fast = a->settings->fast,
        .budget_pp = a->budget_pp,
        .memory_bytes = a->settings->memory,
        .clock = clv_clock_machine(),
        .energy = &a->energy,
        .watch = {.self = p,
                  .ahead = note_ahead,
                  .step = note_step,
                  .within = note_within,
                  .stepped = note_stepped,
                  .note = note_text,
                  .is_cancelled = is_cancelled},
    };
    cleave_status status = clv_survey_run(&options, err);

    progress_clear(&a->progress);
    return status;
}

/* What the database has of it now. */
static cleave_status print(struct profiled *p, cleave_error *err)
{
    struct profiling *a = p->all;
    const char *servers[PROFILING_SERVERS];
    struct clv_wanted_variant variant = {p->variant->name,
                                         clv_network_sha256(p->network)};
    struct clv_wanted wanted = {
        .variants = &variant,
        .variant_count = 1,
        .engines = a->engine_names,
        .engine_count = a->engine_count,
        .servers = servers,
        .server_count = a->server_count,
        .identity = p->engines[0].identity,
    };
    struct clv_costs costs;
    char note[512];
    cleave_status status;

    for (size_t i = 0; i < a->server_count; i++) {
        servers[i] = a->servers[i].name;
    }
    status = clv_database_load(a->database, &wanted, &costs, note, err);
    if (status == CLEAVE_OK) {
        profiletable_print(&costs, a->budget_pp, note, a->settings->json);
        clv_costs_fini(&costs);
    }
    return status;
}

static cleave_status profile_one(struct profiling *a,
                                 const struct clv_app_variant *variant,
                                 cleave_error *err)
{
    struct profiled one = {0};
    cleave_status status = profiled_open(&one, a, variant, err);

    if (status == CLEAVE_OK) {
        status = forget(&one, err);
    }
    if (status == CLEAVE_OK) {
        status = survey(&one, err);
    }
    if (status == CLEAVE_OK) {
        status = print(&one, err);
    }
    profiled_close(&one);
    return status;
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
        tell_energy(&a);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < a.task->variant_count; i++) {
        status = profile_one(&a, &a.task->variants[i], err);
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
    .usage = "APP|MODEL --data DIR --db FILE [--labels FILE] [OPTION...]",
    .summary = "measure what deciding needs: times, bytes, accuracy",
    .text =
        "Measures the models of an application's task (or one model): heads\n"
        "and tails on this device and on its servers, packings' times, bytes\n"
        "and accuracy, memory, and energy where the machine counts it. Every\n"
        "row is kept as it comes, with the machine, the versions and the data\n"
        "it depends on; a run that was cut off goes on where it was. Inputs\n"
        "that calibrate are never tested. --fast looks only at what could win\n"
        "and says what it left out.\n"
        "\nexamples:\n"
        "  cleave profile app.yaml --data photos --labels labels.csv \\\n"
        "      --db app.profile\n"
        "  cleave profile net.onnx --data photos --db net.profile --fast \\\n"
        "      --server http://nas:8700 --engine cpu:threads=1\n",
    .check = profiling_check,
    .run = profile,
};
