/*
 * survey.c - everything about one model, measured and put into a database.
 */
#include "profile/survey.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/surveying.h"

/* -- Whoever looks on -- */

void clv_survey_ahead(const struct clv_survey *s, double seconds)
{
    if (s->o->watch.ahead != NULL) {
        s->o->watch.ahead(s->o->watch.self, seconds);
    }
}

void clv_survey_step(const struct clv_survey *s, double seconds,
                     const char *what)
{
    if (s->o->watch.step != NULL) {
        s->o->watch.step(s->o->watch.self, seconds, what);
    }
}

void clv_survey_stepped(const struct clv_survey *s)
{
    if (s->o->watch.stepped != NULL) {
        s->o->watch.stepped(s->o->watch.self);
    }
}

void clv_survey_within(void *self, size_t done, size_t count)
{
    const struct clv_survey *s = self;

    if (s->o->watch.within != NULL) {
        s->o->watch.within(s->o->watch.self, done, count);
    }
}

void clv_survey_note(const struct clv_survey *s, const char *format, ...)
{
    char text[600];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (s->o->watch.note != NULL) {
        s->o->watch.note(s->o->watch.self, text);
    }
}

int clv_survey_is_cancelled(const struct clv_survey *s)
{
    return s->o->watch.is_cancelled != NULL &&
           s->o->watch.is_cancelled(s->o->watch.self);
}

cleave_status clv_survey_check(const struct clv_survey *s)
{
    return clv_survey_is_cancelled(s) ? CLEAVE_CANCELLED : CLEAVE_OK;
}

struct clv_origin clv_survey_origin(const struct clv_survey *s, size_t engine,
                                    const char *data)
{
    return (struct clv_origin){
        .machine = s->machine,
        .version = cleave_version(),
        .engine = s->o->engines[engine].identity,
        .data = data,
    };
}

/* -- Steps -- */

static cleave_status mark(struct clv_survey *s, int complete, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, 0, s->o->data);
    struct clv_part_name part = {.origin = &origin, .model = s->sha256};

    return clv_database_mark(s->o->database, &part, &s->o->subject, complete,
                             err);
}

static cleave_status open_rater(struct clv_survey *s, cleave_error *err)
{
    const struct clv_survey_options *o = s->o;
    struct clv_rater_options options = {
        .network = o->network,
        .source = o->source,
        .card = o->card,
        .labels = o->labels,
        .samples = o->sampling->examine,
        .sample_count = o->sampling->examine_count,
        .memory_bytes = o->memory_bytes,
        .clock = o->clock,
        .progress = clv_survey_within,
        .self = s,
    };

    return clv_rater_open(&options, &s->rater, err);
}

/* How good the variant is when nothing is packed. */
static cleave_status rate_whole(struct clv_survey *s, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, 0, s->o->data);
    struct clv_part_name part = {.origin = &origin, .model = s->sha256};
    struct clv_rated_whole whole = {0};
    struct clv_cost_variant row = {.size_bytes = s->o->size_bytes};
    char *texts[2] = {NULL, NULL};
    uint64_t parameters;
    cleave_status status;

    clv_survey_step(s, 0, "accuracy, nothing packed");
    status = clv_rater_whole(s->rater, &whole, err);
    if (status == CLEAVE_OK) {
        status = clv_network_work(s->o->network, &parameters, &row.macs, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    texts[0] = strdup(s->o->name);
    texts[1] = strdup(clv_judge_name(whole.by));
    row.name = texts[0];
    row.metric = texts[1];
    row.score = whole.score;
    /* where all are right, rounding may put an end beyond the score */
    row.score_low = fmin(whole.low, whole.score);
    row.score_high =
        isfinite(whole.high) ? fmax(whole.high, whole.score) : whole.score;
    status = texts[0] != NULL && texts[1] != NULL
                 ? clv_database_put_variant(s->o->database, &part, &row, err)
                 : clv_fail_memory(err, s->o->name, strlen(s->o->name));
    free(texts[0]);
    free(texts[1]);
    clv_survey_stepped(s);
    return status;
}

/* Without packings the judge is needed for this alone. */
static cleave_status rate_unless_known(struct clv_survey *s, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, 0, s->o->data);
    struct clv_part_name part = {.origin = &origin, .model = s->sha256};
    struct clv_cost_variant row;
    int found = 0;
    cleave_status status =
        clv_database_find_variant(s->o->database, &part, &row, &found, err);

    if (status != CLEAVE_OK || found) {
        return status;
    }
    status = open_rater(s, err);
    return status == CLEAVE_OK ? rate_whole(s, err) : status;
}

typedef cleave_status survey_step(struct clv_survey *s, cleave_error *err);

static survey_step *const steps_with_cuts[] = {
    open_rater,           clv_survey_find_places,
    clv_survey_time_here, clv_survey_calibrate,
    rate_whole,           clv_survey_time_there,
    clv_survey_pack_all,  NULL};

static survey_step *const steps_of_whole[] = {
    clv_survey_find_whole, clv_survey_time_whole, rate_unless_known, NULL};

static cleave_status survey(struct clv_survey *s, cleave_error *err)
{
    survey_step *const *steps =
        s->o->is_whole ? steps_of_whole : steps_with_cuts;
    cleave_status status = mark(s, 0, err);

    for (size_t i = 0; status == CLEAVE_OK && steps[i] != NULL; i++) {
        status = clv_survey_check(s);
        if (status == CLEAVE_OK) {
            status = steps[i](s, err);
        }
    }
    return status == CLEAVE_OK ? mark(s, 1, err) : status;
}

cleave_status clv_survey_run(const struct clv_survey_options *options,
                             cleave_error *err)
{
    struct clv_survey s = {.o = options};
    char machine[CLV_MACHINE_TEXT];
    cleave_status status;

    clv_machine_id(s.machine, machine);
    s.sha256 = clv_network_sha256(options->network);
    status = survey(&s, err);
    if (status == CLEAVE_CANCELLED) {
        clv_fail(err, status, options->name,
                 "Stopped. What was measured is kept; the same command goes "
                 "on from here.");
    }
    clv_rater_close(s.rater);
    clv_calibration_free(s.calibration);
    clv_survey_forget_places(&s);
    return status;
}
