/*
 * survey.h - everything about one model, measured and put into a database.
 *
 * A survey goes from cheap to costly, so that what is there when it stops is
 * of use, and each step tells the next what is worth its time:
 *
 *     1. the cuts: guessed from the graph, then weighed by packing a few inputs
 *     2. times of heads, tails and the whole, on each engine
 *     3. a calibration of the cuts, unless there is one that knows them
 *     4. the accuracy when nothing is packed
 *     5. times of tails on each server, and bytes of its messages
 *     6. packings, cut by cut: times, bytes, accuracy
 *
 * Where nothing can ever be sent, for there is no server, cuts are of no use:
 * then only the whole network is measured, its accuracy and its times, on all
 * engines in the same rounds, and oftener.
 *
 * What is in the database already, of the same origin, is not measured again.
 * The inputs that calibrate are never examined.
 *
 * Belongs to one thread.
 */
#ifndef CLV_SURVEY_H
#define CLV_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "media/card.h"
#include "media/labels.h"
#include "media/source.h"
#include "network/network.h"
#include "profile/database.h"
#include "profile/energy.h"
#include "profile/sampling.h"
#include "profile/stall.h"

/* Where heads run: the model opened on an engine, and the engine's names. */
struct clv_survey_engine {
    struct clv_network *network;
    const char *name;     /* in full */
    const char *identity; /* clv_engine_identity */
};

struct clv_survey_server {
    const char *url;
    const char *name; /* as the application calls it */
};

/* Whoever looks on. Each function may be NULL. */
struct clv_survey_watch {
    void *self;
    /* About so many seconds of work are ahead, in all. */
    void (*ahead)(void *self, double seconds);
    /* A step of about so many seconds begins, is so far, is done. */
    void (*step)(void *self, double seconds, const char *what);
    void (*within)(void *self, size_t done, size_t count);
    void (*stepped)(void *self);
    /* A sentence for people: what was left out, and why. */
    void (*note)(void *self, const char *text);
    /* True if the user wants to stop. */
    int (*is_cancelled)(void *self);
};

/* All is borrowed. Zero means default or none. */
struct clv_survey_options {
    struct clv_database *database;
    const char *name;            /* of the model, also on servers */
    uint64_t size_bytes;         /* of its file */
    struct clv_network *network; /* that judges accuracy; any engine */
    const struct clv_survey_engine *engines;
    size_t engine_count; /* at least 1 */
    const struct clv_survey_server *servers;
    size_t server_count;
    const struct clv_source *source;
    const struct clv_card *card;
    const struct clv_labels *labels;
    const struct clv_sampling *sampling;
    const char *data;           /* the fingerprint of all these inputs */
    struct clv_subject subject; /* whose they are */
    /* The calibration file, read if it is there; written where it is missing
       or lacks a cut, unless `calibration_is_fixed`. */
    const char *calibration;
    int calibration_is_fixed;
    int is_fast;
    int is_whole;          /* only the whole network */
    double budget_pp;      /* of accuracy; 1 */
    uint64_t memory_bytes; /* of tensors kept */
    struct clv_clock clock;
    struct clv_stall stall;
    struct clv_energy *energy;
    struct clv_survey_watch watch;
};

/*
 * Surveys. CLEAVE_CANCELLED if the user wants to stop; whatever the outcome,
 * what was measured is in the database. Errors of the inputs, of the engine,
 * of a server that cannot be asked, of the database.
 */
cleave_status clv_survey_run(const struct clv_survey_options *options,
                             cleave_error *err);

#endif
