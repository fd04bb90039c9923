/*
 * catalog.c - the models of a folder.
 *
 * A broken file is kept with its error and not left out, so that who asks
 * for it reads what is wrong with it, and not that it does not exist.
 */
#include "serve/catalog.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"

#define SUFFIX ".onnx"
#define CALIBRATION_SUFFIX ".calib"
#define MAX_MODELS 1024

static int by_name(const void *a, const void *b)
{
    const struct clv_served *x = a;
    const struct clv_served *y = b;

    return strcmp(x->name, y->name);
}

static int is_model(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strlen(entry->d_name) > strlen(SUFFIX) &&
           clv_path_ends(entry->d_name, SUFFIX);
}

static cleave_status add(struct clv_catalog *catalog, const char *file,
                         cleave_error *err)
{
    struct clv_served *models = catalog->models;
    char *name = NULL;

    if (catalog->count == MAX_MODELS) {
        return clv_fail(err, CLEAVE_LIMIT, file,
                        "More than %d models in one folder.", MAX_MODELS);
    }
    models = realloc(models, (catalog->count + 1) * sizeof *models);
    if (models != NULL) {
        catalog->models = models;
        name = strndup(file, strlen(file) - strlen(SUFFIX));
    }
    if (name == NULL) {
        return clv_fail_memory(err, file, sizeof *models);
    }
    models[catalog->count++] = (struct clv_served){.name = name};
    return CLEAVE_OK;
}

/* The names first; opening comes when they are in order. */
static cleave_status scan(const char *folder, struct clv_catalog *catalog,
                          cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    if (dir == NULL) {
        return clv_fail_errno(err, CLEAVE_NOT_FOUND, folder,
                              "Opening the folder of models");
    }
    while (status == CLEAVE_OK && (entry = readdir(dir)) != NULL) {
        if (is_model(entry)) {
            status = add(catalog, entry->d_name, err);
        }
    }
    closedir(dir);
    if (status == CLEAVE_OK && catalog->count == 0) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, folder,
                          "There is no *" SUFFIX " file in this folder.");
    }
    return status;
}

/* A card that is there must be right: half a model would surprise. */
static cleave_status open_card(const char *path, struct clv_served *model)
{
    char card[CLV_PATH_MAX];
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(model->network, &inputs);
    const cleave_tensor_info *out =
        clv_network_outputs(model->network, &outputs);
    cleave_status status = clv_card_default_path(path, card, &model->error);

    if (status != CLEAVE_OK || access(card, F_OK) != 0) {
        return status;
    }
    status = clv_card_read(card, &model->card, &model->error);
    return status == CLEAVE_OK ? clv_card_check(model->card, in, inputs, out,
                                                outputs, &model->error)
                               : status;
}

/* So must a calibration: with another model's, answers would be wrong. */
static cleave_status open_calibration(const char *folder,
                                      struct clv_served *model)
{
    char path[CLV_PATH_MAX];
    cleave_status status =
        clv_path_print(path, sizeof path, &model->error,
                       "%s/%s" CALIBRATION_SUFFIX, folder, model->name);

    if (status != CLEAVE_OK || access(path, F_OK) != 0) {
        return status;
    }
    status = clv_calibration_read(path, &model->calibration, &model->error);
    if (status != CLEAVE_OK) {
        return status;
    }
    return clv_calibration_check(model->calibration,
                                 clv_network_sha256(model->network), path,
                                 &model->error);
}

static void close_model(struct clv_served *model)
{
    clv_network_close(model->network);
    clv_card_free(model->card);
    clv_calibration_free(model->calibration);
    model->network = NULL;
    model->card = NULL;
    model->calibration = NULL;
}

static void open_model(const char *folder, struct clv_served *model,
                       struct clv_engine *engine, struct clv_store *store,
                       const struct clv_journal *journal)
{
    char path[CLV_PATH_MAX];
    cleave_status status = clv_path_print(path, sizeof path, &model->error,
                                          "%s/%s" SUFFIX, folder, model->name);

    if (status == CLEAVE_OK) {
        status = clv_network_open(path, engine, store, &model->network,
                                  &model->error);
    }
    if (status == CLEAVE_OK) {
        status = open_card(path, model);
    }
    if (status == CLEAVE_OK) {
        status = open_calibration(folder, model);
    }
    if (status != CLEAVE_OK) {
        close_model(model);
        model->error.code = status;
        clv_journal_write(journal, CLEAVE_LOG_WARNING,
                          "model %s cannot be served: %s: %s", model->name,
                          model->error.where, model->error.text);
    } else {
        clv_journal_write(journal, CLEAVE_LOG_INFO, "model %s, sha256 %s%s%s",
                          model->name, clv_network_sha256(model->network),
                          model->calibration != NULL ? ", calibration " : "",
                          model->calibration != NULL
                              ? clv_calibration_id(model->calibration)
                              : "");
    }
}

struct clv_class_names clv_served_labels(const struct clv_served *model,
                                         const char *output)
{
    const struct clv_card_output *card =
        model->card != NULL ? clv_card_output(model->card, output) : NULL;

    if (card == NULL) {
        return (struct clv_class_names){0};
    }
    return (struct clv_class_names){card->labels.list, card->labels.count,
                                    (size_t)card->first_class};
}

cleave_status clv_catalog_open(const char *folder, struct clv_engine *engine,
                               struct clv_store *store,
                               const struct clv_journal *journal,
                               struct clv_catalog *ret_catalog,
                               cleave_error *err)
{
    struct clv_catalog catalog = {0};
    cleave_status status = scan(folder, &catalog, err);

    if (status != CLEAVE_OK) {
        clv_catalog_close(&catalog);
        return status;
    }
    qsort(catalog.models, catalog.count, sizeof *catalog.models, by_name);
    for (size_t i = 0; i < catalog.count; i++) {
        open_model(folder, &catalog.models[i], engine, store, journal);
    }
    *ret_catalog = catalog;
    return CLEAVE_OK;
}

void clv_catalog_close(struct clv_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        close_model(&catalog->models[i]);
        free(catalog->models[i].name);
    }
    free(catalog->models);
    *catalog = (struct clv_catalog){0};
}

cleave_status clv_catalog_find(const struct clv_catalog *catalog,
                               const char *name, struct clv_served **ret_model,
                               cleave_error *err)
{
    struct clv_served key = {.name = (char *)(uintptr_t)name};
    struct clv_served *model =
        bsearch(&key, catalog->models, catalog->count, sizeof key, by_name);

    if (model == NULL) {
        return clv_fail(err, CLEAVE_NOT_FOUND, name,
                        "There is no model '%s'; GET /v2/models lists those "
                        "that are served.",
                        name);
    }
    if (model->network == NULL) {
        return clv_fail(err, model->error.code, name,
                        "The model '%s' cannot be served: %s", name,
                        model->error.text);
    }
    *ret_model = model;
    return CLEAVE_OK;
}
