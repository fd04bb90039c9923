/*
 * catalog.h - the models of a folder.
 *
 * Made once, when the server opens, and never changed: so it needs no lock.
 */
#ifndef CLV_CATALOG_H
#define CLV_CATALOG_H

#include <stddef.h>

#include "engine/engine.h"
#include "network/network.h"
#include "serve/journal.h"
#include "wire/response.h"

struct clv_model {
    char *name;
    struct clv_network *network; /* NULL: it could not be opened */
    cleave_error error;          /* why not */
    struct clv_labels labels;    /* count 0: none are known */
};

struct clv_catalog {
    struct clv_model *models; /* in order of their names */
    size_t count;
};

/*
 * Opens every *.onnx of `folder`. `engine` and `store` are borrowed.
 * CLEAVE_NOT_FOUND if there is none.
 */
cleave_status clv_catalog_open(const char *folder, struct clv_engine *engine,
                               struct clv_store *store,
                               const struct clv_journal *journal,
                               struct clv_catalog *ret_catalog,
                               cleave_error *err);

/* Takes an all-zero catalog too. All parts must have been released. */
void clv_catalog_close(struct clv_catalog *catalog);

/*
 * The model of this name. CLEAVE_NOT_FOUND if there is none, the model's own
 * error if it could not be opened.
 */
cleave_status clv_catalog_find(const struct clv_catalog *catalog,
                               const char *name,
                               const struct clv_model **ret_model,
                               cleave_error *err);

#endif
