/*
 * blueprint.c - an application's tasks, profiled, as one product of designs.
 *
 * Each task's designs are loaded as for running it alone; what several tasks
 * cost each other is asked for by the very models that these have.
 */
#include "run/blueprint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/database.h"

/* Appends a sentence to the note, as far as there is room. */
static void note(struct clv_blueprint *b, const char *task, const char *text)
{
    size_t used = strlen(b->note);

    snprintf(b->note + used, sizeof b->note - used, "%s%s%s%s",
             used > 0 ? " " : "", task != NULL ? task : "",
             task != NULL ? ": " : "", text);
}

/* clv_designs_load, or .._elsewhere. */
typedef cleave_status load_fn(const struct clv_application *application,
                              const char *task, const char *database,
                              struct clv_designs **ret_designs,
                              cleave_error *err);

static cleave_status load_task(struct clv_blueprint *b, size_t task,
                               const char *database, load_fn *load_designs,
                               cleave_error *err)
{
    const struct clv_app_task *t = &b->application->tasks[task];
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status = load_designs(b->application, t->name, database,
                                        &b->designs[task], &inner);

    if (status != CLEAVE_OK) {
        return clv_fail(err, status, inner.where, "%.60s: %s", t->name,
                        inner.text);
    }
    if (b->designs[task]->note[0] != '\0') {
        note(b, t->name, b->designs[task]->note);
    }
    b->task_names[task] = t->name;
    b->tasks[task] =
        (struct clv_product_task){.name = t->name,
                                  .space = &b->designs[task]->space,
                                  .slo = &t->slo,
                                  .rate_per_s = t->rate_per_s};
    return CLEAVE_OK;
}

/* The models that a task's costs are of. */
static void want(const struct clv_blueprint *b, size_t task,
                 struct clv_wanted_variant *variants,
                 struct clv_wanted *ret_wanted)
{
    const struct clv_costs *costs = &b->designs[task]->costs;

    for (size_t v = 0; v < costs->variant_count; v++) {
        variants[v] = (struct clv_wanted_variant){costs->variants[v].name,
                                                  costs->variants[v].sha256};
    }
    *ret_wanted = (struct clv_wanted){
        .machine = b->designs[task]->machine[0] != '\0'
                       ? b->designs[task]->machine
                       : NULL,
        .variants = variants,
        .variant_count = costs->variant_count,
        .engines = (const char *const *)b->application->engines,
        .engine_count = b->application->engine_count,
    };
}

static cleave_status load_contention(struct clv_blueprint *b, const char *path,
                                     cleave_error *err)
{
    size_t count = b->application->task_count;
    struct clv_wanted_variant *variants =
        calloc(count * CLV_VARIANTS, sizeof *variants);
    struct clv_wanted wanted[CLV_TASKS];
    struct clv_database *database = NULL;
    cleave_status status;

    if (variants == NULL) {
        return clv_fail_memory(err, path, count * sizeof *variants);
    }
    for (size_t t = 0; t < count; t++) {
        want(b, t, variants + t * CLV_VARIANTS, &wanted[t]);
    }
    status = clv_database_open(path, CLV_DATABASE_READ, &database, err);
    if (status == CLEAVE_OK) {
        status = clv_database_load_contention(database, wanted, count,
                                              &b->contention, err);
    }
    clv_database_close(database);
    free(variants);
    return status;
}

static cleave_status set_goals(struct clv_blueprint *b, cleave_error *err)
{
    const struct clv_slo *slos[CLV_TASKS];

    for (size_t t = 0; t < b->application->task_count; t++) {
        slos[t] = &b->application->tasks[t].slo;
    }
    return clv_goals_init(&b->goals, slos, b->application->task_count,
                          &b->application->slo, err);
}

static void note_hogs(struct clv_blueprint *b)
{
    const struct clv_contention *c = &b->contention;
    char text[160];
    size_t used;

    if (c->hogs_left_out == 0) {
        return;
    }
    used = (size_t)snprintf(text, sizeof text,
                            "Of trials beside %zu numbers of busy threads "
                            "those count that suit this machine:",
                            c->hog_count + c->hogs_left_out);
    for (size_t i = 0; i < c->hog_count && used < sizeof text; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %u",
                                 i > 0 ? "," : "", c->hogs[i]);
    }
    if (used + 1 < sizeof text) {
        snprintf(text + used, sizeof text - used, ".");
    }
    note(b, NULL, text);
}

static void set_options(struct clv_blueprint *b)
{
    const struct clv_application *a = b->application;

    for (size_t i = 0; i < a->server_count; i++) {
        b->server_names[i] = a->servers[i].name;
    }
    b->options = (struct clv_switching_options){
        .product =
            {
                .tasks = b->tasks,
                .task_count = a->task_count,
                .engines = (const char *const *)a->engines,
                .engine_count = a->engine_count,
                .servers = b->server_names,
                .server_count = a->server_count,
                .goals = &b->goals,
                .contention = &b->contention,
                .situation = {.conditions =
                                  clv_conditions_reference(a->server_count),
                              .memory_bytes = INFINITY},
            },
        .most = a->kept,
    };
    note_hogs(b);
    if (a->task_count > 1 && b->contention.count == 0) {
        note(b, NULL,
             "These tasks were never measured together, so each is taken to "
             "run as fast as alone; `cleave profile` measures that, too.");
    }
}

static cleave_status load(const struct clv_application *application,
                          const char *database, load_fn *load_designs,
                          struct clv_blueprint **ret_blueprint,
                          cleave_error *err)
{
    struct clv_blueprint *b = calloc(1, sizeof *b);
    cleave_status status = CLEAVE_OK;

    if (b == NULL) {
        return clv_fail_memory(err, database, sizeof *b);
    }
    b->application = application;
    clv_contention_init(&b->contention);
    for (size_t t = 0; status == CLEAVE_OK && t < application->task_count;
         t++) {
        status = load_task(b, t, database, load_designs, err);
    }
    if (status == CLEAVE_OK) {
        status = load_contention(b, database, err);
    }
    if (status == CLEAVE_OK) {
        status = set_goals(b, err);
    }
    if (status != CLEAVE_OK) {
        clv_blueprint_free(b);
        return status;
    }
    set_options(b);
    *ret_blueprint = b;
    return CLEAVE_OK;
}

cleave_status clv_blueprint_load(const struct clv_application *application,
                                 const char *database,
                                 struct clv_blueprint **ret_blueprint,
                                 cleave_error *err)
{
    return load(application, database, clv_designs_load, ret_blueprint, err);
}

cleave_status clv_blueprint_load_elsewhere(
    const struct clv_application *application, const char *database,
    struct clv_blueprint **ret_blueprint, cleave_error *err)
{
    return load(application, database, clv_designs_load_elsewhere,
                ret_blueprint, err);
}

void clv_blueprint_free(struct clv_blueprint *blueprint)
{
    if (blueprint == NULL) {
        return;
    }
    for (size_t t = 0; t < CLV_TASKS; t++) {
        clv_designs_free(blueprint->designs[t]);
    }
    clv_contention_fini(&blueprint->contention);
    free(blueprint);
}
