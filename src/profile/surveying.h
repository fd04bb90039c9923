/*
 * surveying.h - the inside of a survey, for the files that make it up.
 *
 * survey.c goes through the steps; surveyplaces.c finds the cuts and times
 * their tails on servers; surveytimes.c times here; surveypacks.c measures
 * packings.
 */
#ifndef CLV_SURVEYING_H
#define CLV_SURVEYING_H

#include "codec/calibration.h"
#include "profile/choosing.h"
#include "profile/ladder.h"
#include "profile/rater.h"
#include "profile/survey.h"
#include "wire/client.h"

/* A cut of the survey. */
struct clv_place {
    const char *name; /* borrowed from the network */
    struct clv_cost_cut row;
    unsigned groups; /* choosing.h; 0: left out */
    int is_end;      /* `input` or `output` */
    enum clv_ladder_kind kind;
    double packed_bytes; /* weighed */
    double step_sd;      /* as finely as it needs */
    double extra_up;     /* bytes of a message beyond its body */
    double down;         /* bytes of an answer */
};

struct clv_survey {
    const struct clv_survey_options *o;
    char machine[CLV_MACHINE_TEXT];
    const char *sha256;
    struct clv_place *places; /* `input` first, `output` last */
    size_t place_count;
    double peak_bytes; /* of activations */
    struct clv_calibration *calibration;
    struct clv_rater *rater;
    char pack_data[160]; /* fingerprint of inputs and calibration */
};

/* survey.c: the watch, whose functions may be missing. */
void clv_survey_ahead(const struct clv_survey *s, double seconds);
void clv_survey_step(const struct clv_survey *s, double seconds,
                     const char *what);
void clv_survey_stepped(const struct clv_survey *s);
void clv_survey_within(void *self, size_t done, size_t count);
void clv_survey_note(const struct clv_survey *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int clv_survey_is_cancelled(const struct clv_survey *s);

/* CLEAVE_CANCELLED if the user wants to stop. */
cleave_status clv_survey_check(const struct clv_survey *s);

/* Where a row comes from: `data` is "" for what does not depend on inputs. */
struct clv_origin clv_survey_origin(const struct clv_survey *s, size_t engine,
                                    const char *data);

/* surveyplaces.c: steps 1 and 5; of the whole network alone there is but the
   place `output`. */
cleave_status clv_survey_find_places(struct clv_survey *s, cleave_error *err);
cleave_status clv_survey_find_whole(struct clv_survey *s, cleave_error *err);
void clv_survey_forget_places(struct clv_survey *s);
cleave_status clv_survey_time_there(struct clv_survey *s, cleave_error *err);

/* surveytimes.c: step 2. */
cleave_status clv_survey_time_here(struct clv_survey *s, cleave_error *err);
cleave_status clv_survey_time_whole(struct clv_survey *s, cleave_error *err);

/* Passes progress on; nonzero if the user wants to stop. */
int clv_survey_lap(void *self, size_t done, size_t count);

/* surveypacks.c: steps 3 and 6. */
cleave_status clv_survey_calibrate(struct clv_survey *s, cleave_error *err);
cleave_status clv_survey_pack_all(struct clv_survey *s, cleave_error *err);

#endif
