/*
 * catalog.h - the models of a folder.
 *
 * Made once, when the server opens, and never changed but for hints: so it
 * needs no lock. A card beside a model gives its classes their labels, a
 * calibration (MODEL.calib) the code books that frames may name.
 */
#ifndef CLV_CATALOG_H
#define CLV_CATALOG_H

#include <stdatomic.h>
#include <stddef.h>

#include "codec/calibration.h"
#include "engine/engine.h"
#include "media/card.h"
#include "network/network.h"
#include "serve/journal.h"
#include "wire/response.h"

struct clv_served {
    char *name;
    struct clv_network *network;         /* NULL: it could not be opened */
    cleave_error error;                  /* why not */
    struct clv_card *card;               /* or NULL */
    struct clv_calibration *calibration; /* or NULL */
    /* Size of a body that was quick to answer last time; a hint. */
    atomic_size_t quick_bytes;
};

struct clv_catalog {
    struct clv_served *models; /* in order of their names */
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

/*
 * The labels of the classes in this output; count 0 if the card names none
 * or there is no card. Borrowed.
 */
struct clv_class_names clv_served_labels(const struct clv_served *model,
                                         const char *output);

/* Takes an all-zero catalog too. All parts must have been released. */
void clv_catalog_close(struct clv_catalog *catalog);

/*
 * The model of this name. CLEAVE_NOT_FOUND if there is none, the model's own
 * error if it could not be opened.
 */
cleave_status clv_catalog_find(const struct clv_catalog *catalog,
                               const char *name, struct clv_served **ret_model,
                               cleave_error *err);

#endif
