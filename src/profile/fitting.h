/*
 * fitting.h - whether two models can be variants of one task.
 *
 * Variants may be of any architecture, element type and picture size, since
 * each has a card that says how its input is prepared and what its outputs
 * mean. What must agree is what the task is: what goes in and what comes out.
 *
 *     inputs    as many; pictures for all of them or arrays for all of them.
 *               Arrays have the same names, element types and forms, because
 *               the same files are given to both
 *     outputs   as many; of a classification as many classes, those below
 *               `first_class` (a background) not counted; of an array the
 *               same form; of a detection the same rank
 *     cards     both or none, with the same task and metric
 *
 * A dimension that is free fits any. Pure; thread-safe.
 */
#ifndef CLV_FITTING_H
#define CLV_FITTING_H

#include <stddef.h>

#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/card.h"
#include "model/model.h"
#include "network/network.h"

/* One model. All is borrowed. */
struct clv_fitting {
    const char *name;              /* for errors */
    struct clv_network *network;   /* opened on any engine; or NULL: then */
    const struct clv_model *model; /* what its file says must do */
    const struct clv_card *card;   /* or NULL */
};

/*
 * CLEAVE_MISMATCH if the models cannot serve one task; the error is at the
 * other's name and says what differs from the first.
 */
cleave_status clv_variants_fit(const struct clv_fitting *first,
                               const struct clv_fitting *other,
                               cleave_error *err);

#endif
