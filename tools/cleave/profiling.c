/*
 * profiling.c - opening all that `cleave profile` needs.
 *
 * Accuracy is judged on an engine of its own, on all cores: it is the same on
 * every processor of a kind, and the engine that is timed may be a slow one.
 */
#include "profiling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "base/file.h"
#include "plan/metric.h"
#include "profile/fingerprint.h"
#include "teaching.h"

#define FAST_LIMIT 200
#define DEFAULT_BUDGET_PP 1.0
#define EXAMINER "cpu"
#define FULL_TOGETHER_NS 60e9
#define FAST_TOGETHER_NS 20e9
#define APPLICATION_BYTES 8192

/* -- The command line -- */

static cleave_status read_budget(const char *text, double *ret_budget,
                                 cleave_error *err)
{
    double budget = 0;
    const char *end = text != NULL ? clv_decimal_read(text, &budget) : NULL;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    if (end == NULL || budget <= 0 ||
        (*end != '\0' && strcmp(end, "pp") != 0)) {
        return clv_fail(err, CLEAVE_INVALID, "--budget",
                        "'%.100s' is not a number of points such as 1.0pp.",
                        text);
    }
    *ret_budget = budget;
    return CLEAVE_OK;
}

cleave_status profiling_patience(const struct settings *s, double *ret_ns,
                                 cleave_error *err)
{
    const char *text = s->together;
    double seconds = 0;
    const char *end = text != NULL ? clv_decimal_read(text, &seconds) : NULL;

    if (text == NULL) {
        *ret_ns = s->fast ? FAST_TOGETHER_NS : FULL_TOGETHER_NS;
        return CLEAVE_OK;
    }
    if (end != NULL && *end == '\0' && seconds >= 0 && seconds <= 1e6) {
        *ret_ns = seconds * 1e9;
        return CLEAVE_OK;
    }
    return clv_value_parse(text, CLV_UNIT_TIME, ret_ns, NULL) == CLEAVE_OK
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, "--together",
                          "'%.100s' is not a time such as 60s; 0 for none.",
                          text);
}

cleave_status profiling_check(const struct settings *s, cleave_error *err)
{
    double budget;
    double patience;
    cleave_status status;

    if (s->rest_count != 1) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Name one application file, or one model.");
    }
    if (s->data == NULL && clv_path_ends(s->rest[0], ".onnx")) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say what to measure on: --data DIR.");
    }
    if (s->db == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say where to keep what is measured: --db FILE.");
    }
    status = read_budget(s->budget, &budget, err);
    return status == CLEAVE_OK ? profiling_patience(s, &patience, err) : status;
}

/* -- The application -- */

/* A model alone is an application of one task with nothing more to say. */
static cleave_status write_application(const struct settings *s,
                                       struct clv_buffer *into,
                                       cleave_error *err)
{
    const char *name = clv_path_name(s->rest[0]);

    clv_buffer_printf(into, "tasks:\n  - name: model\n    models: ['");
    for (; *name != '\0'; name++) {
        clv_buffer_printf(into, *name == '\'' ? "''" : "%c", *name);
    }
    clv_buffer_printf(into, "']\nengines: ['%s']\n",
                      s->engine != NULL ? s->engine : "cpu");
    return clv_buffer_status(into) == CLEAVE_OK
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_LIMIT, s->rest[0],
                          "The path is too long.");
}

static cleave_status read_application(struct profiling *a, cleave_error *err)
{
    const char *path = a->settings->rest[0];
    struct clv_buffer text;
    cleave_status status;

    a->is_alone = clv_path_ends(path, ".onnx");
    if (!a->is_alone) {
        return clv_application_read(path, &a->application, err);
    }
    clv_buffer_init(&text, APPLICATION_BYTES);
    status = write_application(a->settings, &text, err);
    if (status == CLEAVE_OK) {
        status = clv_application_new(clv_buffer_bytes(&text), path,
                                     &a->application, err);
    }
    clv_buffer_fini(&text);
    return status;
}

/* What a constraint allows, unless --budget says otherwise. */
static cleave_status find_budget(struct profiling *a, cleave_error *err)
{
    const struct clv_slo *slo = &a->task->slo;

    a->budget_pp = DEFAULT_BUDGET_PP;
    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        if (c->measure.metric == CLV_METRIC_DROP && !c->at_least &&
            c->bound > 0) {
            a->budget_pp = c->bound;
        }
    }
    return read_budget(a->settings->budget, &a->budget_pp, err);
}

/* -- Tasks -- */

const char *profiling_data(const struct profiling *a,
                           const struct clv_app_task *task)
{
    return a->settings->data != NULL ? a->settings->data : task->input;
}

/* Labels are of their inputs: other inputs, other labels. */
static const char *labels_of(const struct profiling *a,
                             const struct clv_app_task *task)
{
    return a->settings->labels != NULL ? a->settings->labels
           : a->settings->data != NULL ? NULL
                                       : task->labels;
}

/* The one named, or all. */
static cleave_status list_tasks(struct profiling *a, cleave_error *err)
{
    const struct clv_application *app = a->application;

    if (a->settings->task != NULL || app->task_count == 1) {
        a->task_count = 1;
        return clv_application_task(app, a->settings->task, &a->tasks[0], err);
    }
    for (size_t i = 0; i < app->task_count; i++) {
        a->tasks[a->task_count++] = &app->tasks[i];
    }
    return CLEAVE_OK;
}

/* What is missing is said before anything is measured. */
static cleave_status check_inputs(const struct profiling *a, cleave_error *err)
{
    const struct settings *s = a->settings;
    const char *flag = s->data != NULL     ? "--data"
                       : s->labels != NULL ? "--labels"
                                           : NULL;

    if (flag != NULL && a->task_count > 1) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "The application has %zu tasks, and this is of one: "
                        "name it with --task, or give each task its `input` "
                        "and `labels` in the application.",
                        a->task_count);
    }
    for (size_t i = 0; i < a->task_count; i++) {
        const char *data = profiling_data(a, a->tasks[i]);
        if (data == NULL) {
            return clv_fail(err, CLEAVE_INVALID, a->tasks[i]->name,
                            "Say what to measure this task on: --data DIR, or "
                            "`input: DIR` in the application.");
        }
        if (access(data, R_OK) != 0) {
            return clv_fail_errno(err, CLEAVE_NOT_FOUND, data,
                                  "Reading the task's inputs");
        }
    }
    return CLEAVE_OK;
}

/* What the application says is the task's, even where something else stands in
   for it; of a model alone what the command line says. */
static void find_subject(struct profiling *a)
{
    const struct clv_app_task *task = a->task;
    char used[CLV_PATH_MAX];

    clv_path_whole(a->is_alone ? a->data : task->input, a->subject_input);
    clv_path_whole(a->is_alone ? a->labels_path : task->labels,
                   a->subject_labels);
    a->subject = (struct clv_subject){.task = a->is_alone ? "" : task->name,
                                      .input = a->subject_input,
                                      .labels = a->subject_labels};
    clv_path_whole(a->data, used);
    a->subject.is_elsewhere = strcmp(used, a->subject_input) != 0;
    clv_path_whole(a->labels_path, used);
    a->subject.is_elsewhere |= strcmp(used, a->subject_labels) != 0;
}

cleave_status profiling_turn_to(struct profiling *a,
                                const struct clv_app_task *task,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    clv_labels_free(a->labels);
    a->labels = NULL;
    a->task = task;
    a->data = profiling_data(a, task);
    a->labels_path = labels_of(a, task);
    find_subject(a);
    memset(a->models, 0, sizeof a->models);
    if (a->labels_path != NULL) {
        status = clv_labels_read(a->labels_path, &a->labels, err);
    }
    return status == CLEAVE_OK ? find_budget(a, err) : status;
}

/* What is said of one model is not said of several. */
static cleave_status check_single(const struct profiling *a, cleave_error *err)
{
    const struct settings *s = a->settings;
    size_t models = 0;
    const char *flag = s->card != NULL          ? "--card"
                       : s->calibration != NULL ? "--calibration"
                       : s->out != NULL         ? "--out"
                                                : NULL;

    for (size_t i = 0; i < a->task_count; i++) {
        models += a->tasks[i]->variant_count;
    }
    return flag == NULL || models == 1
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_INVALID, flag,
                          "There are %zu models, and this is for one; profile "
                          "them one by one, or leave it out.",
                          models);
}

/* --server is a URL, or the name of one that the application has. */
static cleave_status list_servers(struct profiling *a, cleave_error *err)
{
    const struct clv_application *app = a->application;
    const char *wanted = a->settings->server;
    int known = 0;

    for (size_t i = 0; i < app->server_count; i++) {
        const struct clv_app_server *server = &app->servers[i];
        int is_it = wanted == NULL || strcmp(wanted, server->name) == 0 ||
                    strcmp(wanted, server->url) == 0;
        if (is_it && a->server_count < PROFILING_SERVERS) {
            a->servers[a->server_count++] =
                (struct clv_survey_server){server->url, server->name};
            known = 1;
        }
    }
    if (wanted != NULL && !known) {
        if (strstr(wanted, "://") == NULL) {
            return clv_fail(err, CLEAVE_INVALID, "--server",
                            "'%.100s' is neither a URL such as "
                            "http://192.168.1.2:8700 nor a server's name in "
                            "the application.",
                            wanted);
        }
        a->servers[a->server_count++] =
            (struct clv_survey_server){wanted, wanted};
    }
    a->is_whole = !a->is_alone && a->server_count == 0;
    return CLEAVE_OK;
}

static cleave_status open_engines(struct profiling *a, cleave_error *err)
{
    const struct clv_application *app = a->application;
    cleave_status status = clv_engine_open(EXAMINER, &a->examiner, err);

    if (app->engine_count > PROFILING_ENGINES) {
        return clv_fail(err, CLEAVE_LIMIT, "engines",
                        "At most %d are measured at once.", PROFILING_ENGINES);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < app->engine_count; i++) {
        status = clv_engine_open(app->engines[i], &a->engines[i], err);
        if (status == CLEAVE_OK) {
            a->engine_names[i] = clv_engine_name(a->engines[i]);
            a->engine_count++;
        }
    }
    return status;
}

cleave_status profiling_open(struct profiling *a, const struct settings *s,
                             cleave_error *err)
{
    char cache[CLV_PATH_MAX];
    cleave_status status;

    a->settings = s;
    a->forgotten = calloc(CLV_TASKS * CLV_VARIANTS, sizeof *a->forgotten);
    status = a->forgotten != NULL
                 ? read_application(a, err)
                 : clv_fail_memory(err, "models", sizeof *a->forgotten);
    if (status == CLEAVE_OK) {
        status = list_tasks(a, err);
    }
    if (status == CLEAVE_OK) {
        status = check_single(a, err);
    }
    if (status == CLEAVE_OK) {
        status = check_inputs(a, err);
    }
    if (status == CLEAVE_OK) {
        status = list_servers(a, err);
    }
    if (status == CLEAVE_OK) {
        status = command_cache(s, cache, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_store_open(cache, &a->store, err);
    }
    if (status == CLEAVE_OK) {
        status = open_engines(a, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_database_open(s->db, CLV_DATABASE_WRITE, &a->database, err);
    }
    clv_energy_init(&a->energy, "/sys", clv_clock_machine());
    return status;
}

void profiling_close(struct profiling *a)
{
    clv_database_close(a->database);
    for (size_t i = 0; i < a->engine_count; i++) {
        clv_engine_close(a->engines[i]);
    }
    clv_engine_close(a->examiner);
    clv_store_close(a->store);
    clv_labels_free(a->labels);
    clv_application_free(a->application);
    free(a->forgotten);
}

/* -- One model -- */

static cleave_status open_networks(struct profiled *p, cleave_error *err)
{
    struct profiling *a = p->all;
    const char *path = p->variant->path;
    struct stat st;
    cleave_status status =
        clv_network_open(path, a->examiner, a->store, &p->network, err);

    for (size_t i = 0; status == CLEAVE_OK && i < a->engine_count; i++) {
        status = clv_network_open(path, a->engines[i], a->store,
                                  &p->networks[i], err);
        p->engines[i] = (struct clv_survey_engine){
            .network = p->networks[i],
            .name = a->engine_names[i],
            .identity = clv_engine_identity(a->engines[i]),
        };
    }
    p->size_bytes = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (status == CLEAVE_OK) {
        snprintf(a->models[p->variant - a->task->variants], sizeof a->models[0],
                 "%s", clv_network_sha256(p->network));
    }
    return status;
}

/* The card named, the one of the application, or the one beside the model. */
cleave_status profiling_card(const struct profiling *all,
                             const struct clv_app_variant *variant,
                             char path[CLV_PATH_MAX], cleave_error *err)
{
    const char *named =
        all->settings->card != NULL ? all->settings->card : variant->card;
    cleave_status status;

    if (named != NULL) {
        return clv_path_print(path, CLV_PATH_MAX, err, "%s", named);
    }
    status = clv_card_default_path(variant->path, path, err);
    if (status == CLEAVE_OK && access(path, F_OK) != 0) {
        path[0] = '\0'; /* a model without a card takes arrays */
    }
    return status;
}

static cleave_status open_data(struct profiled *p, const char *card,
                               cleave_error *err)
{
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(p->network, &inputs);
    const cleave_tensor_info *out = clv_network_outputs(p->network, &outputs);
    const char *data = p->all->data;
    cleave_status status = CLEAVE_OK;

    if (card[0] != '\0') {
        status = clv_card_read(card, &p->card, err);
        if (status == CLEAVE_OK) {
            status = clv_card_check(p->card, in, inputs, out, outputs, err);
        }
    }
    return status == CLEAVE_OK
               ? clv_source_new(p->card, in, inputs, &data, 1, &p->source, err)
               : status;
}

static int has_label(void *self, uint64_t index)
{
    const struct profiled *p = self;
    int64_t class_index;

    return p->all->labels == NULL ||
           clv_labels_find(p->all->labels, clv_source_file(p->source, index),
                           clv_source_row(p->source, index), &class_index,
                           NULL) == CLEAVE_OK;
}

/* Once for each task. */
static void tell_few(struct profiling *a, uint64_t count)
{
    const struct settings *s = a->settings;
    uint32_t bit = 1u << (a->task - a->application->tasks);

    if (!(a->told & bit)) {
        a->told |= bit;
        teaching_tell(s->quiet, "--calibrate", s->calibrate, count);
    }
}

static cleave_status divide_data(struct profiled *p, cleave_error *err)
{
    const struct settings *s = p->all->settings;
    uint64_t count = clv_source_count(p->source);
    uint64_t teach = clv_sampling_teachers(s->calibrate, count);
    uint64_t limit = s->limit > 0 ? s->limit : s->fast ? FAST_LIMIT : 0;
    cleave_status status =
        clv_sampling_init(&p->sampling, count, teach, limit, has_label, p, err);

    tell_few(p->all, count);
    if (status == CLEAVE_OK && p->sampling.examine_count < 2) {
        return clv_fail(
            err, CLEAVE_INVALID, p->all->data,
            "Of %llu inputs %zu calibrate, and %zu with a label are left to "
            "test; let fewer calibrate with --calibrate, or give more.",
            (unsigned long long)count, p->sampling.teach_count,
            p->sampling.examine_count);
    }
    return status;
}

static cleave_status fingerprint(struct profiled *p, const char *card,
                                 cleave_error *err)
{
    const char *labels = p->all->labels_path;
    struct clv_fingerprint f;
    cleave_status status;

    clv_fingerprint_init(&f);
    clv_fingerprint_source(&f, "data", p->source);
    if (labels != NULL) {
        clv_fingerprint_file(&f, "labels", labels);
    }
    if (card[0] != '\0') {
        clv_fingerprint_file(&f, "card", card);
    }
    clv_fingerprint_number(&f, "teach", p->sampling.teach_count);
    clv_fingerprint_number(&f, "examine", p->sampling.examine_count);
    status = clv_fingerprint_key(&f, &p->data, err);
    clv_fingerprint_fini(&f);
    return status;
}

/* -- Where the calibration is -- */

static int may_write(const char *path, cleave_error *err)
{
    const char *name = clv_path_name(path);
    char folder[CLV_PATH_MAX];

    return clv_path_print(folder, sizeof folder, err, "%.*s.",
                          (int)(name - path), path) == CLEAVE_OK &&
           access(folder, W_OK) == 0;
}

static cleave_status place_in_cache(struct profiled *p, cleave_error *err)
{
    char cache[CLV_PATH_MAX];
    cleave_status status = command_cache(p->all->settings, cache, err);

    if (status == CLEAVE_OK) {
        status = clv_path_print(p->calibration, sizeof p->calibration, err,
                                "%s/%.16s.calib", cache,
                                clv_network_sha256(p->network));
    }
    if (status == CLEAVE_OK && !p->all->settings->quiet) {
        fprintf(stderr,
                "cleave: %s: its folder cannot be written, so the calibration "
                "goes to %s; run and serve want it beside the model, or say "
                "where with --out.\n",
                p->variant->path, p->calibration);
    }
    return status;
}

/* MODEL.calib beside the model, unless somebody says otherwise. */
static cleave_status place_calibration(struct profiled *p, cleave_error *err)
{
    const struct settings *s = p->all->settings;
    const char *model = p->variant->path;
    const char *named = s->calibration != NULL ? s->calibration : s->out;
    int length = (int)strlen(model);
    cleave_status status;

    p->calibration_is_fixed = s->calibration != NULL;
    if (named != NULL) {
        return clv_path_print(p->calibration, sizeof p->calibration, err, "%s",
                              named);
    }
    if (clv_path_ends(model, ".onnx")) {
        length -= (int)strlen(".onnx");
    }
    status = clv_path_print(p->calibration, sizeof p->calibration, err,
                            "%.*s.calib", length, model);
    if (status == CLEAVE_OK && access(p->calibration, F_OK) != 0 &&
        !may_write(p->calibration, err)) {
        status = place_in_cache(p, err);
    }
    return status;
}

cleave_status profiled_open(struct profiled *p, struct profiling *all,
                            const struct clv_app_variant *variant,
                            cleave_error *err)
{
    char card[CLV_PATH_MAX] = "";
    cleave_status status;

    p->all = all;
    p->variant = variant;
    status = open_networks(p, err);
    if (status == CLEAVE_OK) {
        status = profiling_card(p->all, p->variant, card, err);
    }
    if (status == CLEAVE_OK) {
        status = open_data(p, card, err);
    }
    if (status == CLEAVE_OK) {
        status = divide_data(p, err);
    }
    if (status == CLEAVE_OK) {
        status = fingerprint(p, card, err);
    }
    return status == CLEAVE_OK ? place_calibration(p, err) : status;
}

void profiled_close(struct profiled *p)
{
    clv_sampling_fini(&p->sampling);
    clv_source_free(p->source);
    clv_card_free(p->card);
    for (size_t i = 0; i < PROFILING_ENGINES; i++) {
        clv_network_close(p->networks[i]);
    }
    clv_network_close(p->network);
}
