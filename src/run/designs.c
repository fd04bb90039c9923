/*
 * designs.c - an application's task and its profile, put together.
 *
 * What is wanted is told to the database in names: of models with the hash
 * of their files, of engines, of servers. What comes back is told apart by
 * the same names.
 *
 * Times in a profile are of models, whichever task they were measured for; so
 * variants are asked first whether they fit each other. Accuracies are of
 * tasks, so the database is told which one asks.
 */
#include "run/designs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "model/model.h"
#include "profile/database.h"
#include "profile/fitting.h"

/* What a database is asked for, and what keeps its texts. */
struct wish {
    char (*hashes)[CLV_SHA256_HEX];
    struct clv_wanted_variant *variants;
    const char **servers;
    struct clv_engine *engine; /* for its identity only; NULL: cannot open */
    char input[CLV_PATH_MAX];  /* the task's, whole */
    char labels[CLV_PATH_MAX];
    struct clv_wanted wanted;
};

/* -- Variants -- */

/* One model's file, and its card. */
struct sheet {
    struct clv_model *model;
    struct clv_card *card; /* or NULL */
};

static void sheet_fini(struct sheet *s)
{
    clv_card_free(s->card);
    clv_model_close(s->model);
}

static cleave_status sheet_open(struct sheet *s,
                                const struct clv_app_variant *variant,
                                cleave_error *err)
{
    char path[CLV_PATH_MAX];
    const char *card = variant->card;
    cleave_status status = clv_model_open(variant->path, &s->model, err);

    if (status == CLEAVE_OK && card == NULL) {
        status = clv_card_default_path(variant->path, path, err);
        card = status == CLEAVE_OK && access(path, F_OK) == 0 ? path : NULL;
    }
    return status == CLEAVE_OK && card != NULL
               ? clv_card_read(card, &s->card, err)
               : status;
}

/* Fits the first one, and has this hash. */
static cleave_status look_at(const struct sheet *first,
                             const struct clv_app_task *task, size_t variant,
                             char into[CLV_SHA256_HEX], cleave_error *err)
{
    struct sheet own = {NULL, NULL};
    cleave_status status = sheet_open(&own, &task->variants[variant], err);

    if (status == CLEAVE_OK) {
        struct clv_fitting a = {.name = task->variants[0].path,
                                .model = first->model,
                                .card = first->card};
        struct clv_fitting b = {.name = task->variants[variant].path,
                                .model = own.model,
                                .card = own.card};
        status = clv_variants_fit(&a, &b, err);
    }
    if (status == CLEAVE_OK) {
        clv_model_sha256(own.model, into);
    }
    sheet_fini(&own);
    return status;
}

static cleave_status look_at_all(struct wish *w,
                                 const struct clv_app_task *task,
                                 cleave_error *err)
{
    struct sheet first = {NULL, NULL};
    cleave_status status = sheet_open(&first, &task->variants[0], err);

    if (status == CLEAVE_OK) {
        clv_model_sha256(first.model, w->hashes[0]);
    }
    for (size_t i = 1; status == CLEAVE_OK && i < task->variant_count; i++) {
        status = look_at(&first, task, i, w->hashes[i], err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < task->variant_count; i++) {
        w->variants[i] =
            (struct clv_wanted_variant){task->variants[i].name, w->hashes[i]};
    }
    sheet_fini(&first);
    return status;
}

/* -- A wish -- */

static void wish_fini(struct wish *w)
{
    clv_engine_close(w->engine);
    free(w->hashes);
    free(w->variants);
    free(w->servers);
}

static cleave_status wish_allocate(struct wish *w, size_t variants,
                                   size_t servers, cleave_error *err)
{
    w->hashes = calloc(variants, sizeof *w->hashes);
    w->variants = calloc(variants, sizeof *w->variants);
    w->servers = calloc(servers + 1, sizeof *w->servers);
    return w->hashes != NULL && w->variants != NULL && w->servers != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, "designs",
                                 variants * sizeof *w->variants);
}

static cleave_status wish_init(struct wish *w, const struct clv_application *a,
                               const struct clv_app_task *task,
                               cleave_error *err)
{
    cleave_status status =
        wish_allocate(w, task->variant_count, a->server_count, err);

    if (status == CLEAVE_OK) {
        status = look_at_all(w, task, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < a->server_count; i++) {
        w->servers[i] = a->servers[i].name;
    }
    /* Deciding needs no engine: without one, versions are not compared. */
    if (clv_engine_open(a->engines[0], &w->engine, NULL) != CLEAVE_OK) {
        w->engine = NULL;
    }
    clv_path_whole(task->input, w->input);
    clv_path_whole(task->labels, w->labels);
    w->wanted = (struct clv_wanted){
        .variants = w->variants,
        .variant_count = task->variant_count,
        .engines = (const char *const *)a->engines,
        .engine_count = a->engine_count,
        .servers = w->servers,
        .server_count = a->server_count,
        .identity = w->engine != NULL ? clv_engine_identity(w->engine) : NULL,
        .subject = {.task = task->name, .input = w->input, .labels = w->labels},
    };
    return status;
}

/* A machine that measured one of the models. */
static cleave_status find_machine(struct clv_designs *d, struct wish *w,
                                  struct clv_database *database,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && d->machine[0] == '\0' &&
                       i < w->wanted.variant_count;
         i++) {
        status = clv_database_elsewhere(database, w->variants[i].sha256,
                                        d->machine, err);
    }
    w->wanted.machine = d->machine[0] != '\0' ? d->machine : NULL;
    return status;
}

static cleave_status load_costs(struct clv_designs *d, const char *path,
                                int is_elsewhere, cleave_error *err)
{
    struct wish wish = {0};
    struct clv_database *database = NULL;
    cleave_status status = wish_init(&wish, d->application, d->task, err);

    if (status == CLEAVE_OK) {
        status = clv_database_open(path, CLV_DATABASE_READ, &database, err);
    }
    if (status == CLEAVE_OK && is_elsewhere) {
        status = find_machine(d, &wish, database, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_database_load(database, &wish.wanted, &d->costs, d->note, err);
    }
    clv_database_close(database);
    wish_fini(&wish);
    return status;
}

static cleave_status load(const struct clv_application *application,
                          const char *task, const char *database,
                          int is_elsewhere, struct clv_designs **ret_designs,
                          cleave_error *err)
{
    struct clv_designs *d = calloc(1, sizeof *d);
    cleave_status status;

    if (d == NULL) {
        return clv_fail_memory(err, "designs", sizeof *d);
    }
    d->application = application;
    clv_costs_init(&d->costs);
    status = clv_application_task(application, task, &d->task, err);
    if (status == CLEAVE_OK) {
        status = load_costs(d, database, is_elsewhere, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_space_init(&d->space, &d->costs, &application->power, err);
    }
    if (status != CLEAVE_OK) {
        clv_designs_free(d);
        return status;
    }
    *ret_designs = d;
    return CLEAVE_OK;
}

cleave_status clv_designs_load(const struct clv_application *application,
                               const char *task, const char *database,
                               struct clv_designs **ret_designs,
                               cleave_error *err)
{
    return load(application, task, database, 0, ret_designs, err);
}

cleave_status clv_designs_load_elsewhere(
    const struct clv_application *application, const char *task,
    const char *database, struct clv_designs **ret_designs, cleave_error *err)
{
    return load(application, task, database, 1, ret_designs, err);
}

void clv_designs_free(struct clv_designs *designs)
{
    if (designs == NULL) {
        return;
    }
    clv_space_fini(&designs->space);
    clv_costs_fini(&designs->costs);
    free(designs);
}

const struct clv_app_variant *clv_designs_variant(
    const struct clv_designs *designs, size_t variant)
{
    const struct clv_app_task *task = designs->task;
    const char *name = designs->costs.variants[variant].name;
    size_t i = 0;

    while (i + 1 < task->variant_count &&
           strcmp(task->variants[i].name, name) != 0) {
        i++;
    }
    return &task->variants[i];
}

const struct clv_app_server *clv_designs_server(
    const struct clv_designs *designs, size_t server)
{
    const struct clv_application *a = designs->application;
    const char *name = designs->costs.servers[server];
    size_t i = 0;

    while (i + 1 < a->server_count && strcmp(a->servers[i].name, name) != 0) {
        i++;
    }
    return &a->servers[i];
}
