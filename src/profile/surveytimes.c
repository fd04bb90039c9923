/*
 * surveytimes.c - the times of a survey on this device.
 *
 * With cuts, an engine is timed at a time: its heads and tails are many, and
 * are compared with each other in the same rounds. Without, there is one
 * network on each engine, and all of these share the rounds, for then it is
 * engines that are compared.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "profile/stopwatch.h"
#include "profile/surveying.h"

#define TIMING_S 0.1 /* of one part, about */
#define FAST_TIMING_NS 20000000000
#define FULL_TIMING_NS 60000000000
#define LEAST_WHOLE_NS 100000000
#define FAST_WHOLE_NS 2000000000 /* of one engine */
#define FULL_WHOLE_NS 5000000000
#define UNREST 0.1      /* a share of time or measurements that is told */
#define MOST_ENGINES 64 /* timed in the same rounds */

/* -- What is known -- */

static struct clv_part_name head_name(const struct clv_survey *s,
                                      const struct clv_origin *origin,
                                      size_t engine, size_t place)
{
    return (struct clv_part_name){.origin = origin,
                                  .model = s->sha256,
                                  .cut = s->places[place].name,
                                  .engine = s->o->engines[engine].name};
}

/* Times of one engine belong together: all are there, or none. */
static cleave_status find_heads(struct clv_survey *s, size_t engine,
                                int *ret_all, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, engine, "");
    cleave_status status = CLEAVE_OK;

    *ret_all = 1;
    for (size_t i = 0; status == CLEAVE_OK && *ret_all && i < s->place_count;
         i++) {
        struct clv_part_name part = head_name(s, &origin, engine, i);
        struct clv_cost_head row;
        status =
            clv_database_find_head(s->o->database, &part, &row, ret_all, err);
    }
    return status;
}

static cleave_status put_heads(struct clv_survey *s, size_t engine,
                               const struct clv_laps *laps, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, engine, "");
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < s->place_count; i++) {
        struct clv_part_name part = head_name(s, &origin, engine, i);
        struct clv_cost_head row = {
            .time_ns = laps[i].head_ns,
            .finish_ns = laps[i].finish_ns,
            .memory_bytes = laps[i].part_bytes + s->peak_bytes,
            .energy_j = laps[i].energy_j,
        };
        status = clv_database_put_head(s->o->database, &part, &row, err);
    }
    return status;
}

int clv_survey_lap(void *self, size_t done, size_t count)
{
    clv_survey_within(self, done, count);
    return clv_survey_is_cancelled(self);
}

/* What disturbed the measurements of these parts, if it is worth telling. */
static void note_unrest(const struct clv_survey *s, const struct clv_laps *laps,
                        size_t count)
{
    double runs = 0;
    double disturbed = 0;
    double stalled = 0;

    for (size_t i = 0; i < count; i++) {
        runs += laps[i].runs;
        disturbed += laps[i].disturbed;
        stalled = laps[i].stalled > stalled ? laps[i].stalled : stalled;
    }
    if (stalled > UNREST) {
        clv_survey_note(s,
                        "The machine is busy with other work: during up to "
                        "%.0f %% of the time measured somebody waited for a "
                        "processor, and times are told too long. Measure "
                        "again with --fresh when it is idle.",
                        100 * stalled);
    } else if (disturbed > UNREST * runs) {
        clv_survey_note(s,
                        "Other work disturbed %.0f of %.0f runs; they do not "
                        "count, others were made in their place.",
                        disturbed, runs);
    }
}

/* -- Heads and tails of all cuts, engine by engine -- */

static cleave_status time_engine(struct clv_survey *s, size_t engine,
                                 cleave_error *err)
{
    const struct clv_survey_engine *e = &s->o->engines[engine];
    const char **cuts = calloc(s->place_count, sizeof *cuts);
    struct clv_laps *laps = calloc(s->place_count, sizeof *laps);
    struct clv_stopwatch_options options = {
        .network = e->network,
        .source = s->o->source,
        .samples = s->o->sampling->examine,
        .sample_count = s->o->sampling->examine_count,
        .cuts = cuts,
        .cut_count = s->place_count,
        .rounds = s->o->is_fast ? 8 : 16,
        .most_ns = s->o->is_fast ? FAST_TIMING_NS : FULL_TIMING_NS,
        .energy = s->o->energy,
        .clock = s->o->clock,
        .stall = s->o->stall,
        .progress = clv_survey_lap,
        .self = s,
    };
    cleave_status status = cuts != NULL && laps != NULL
                               ? CLEAVE_OK
                               : clv_fail_memory(err, "times", s->place_count);

    clv_survey_step(s, TIMING_S * (double)s->place_count, e->name);
    for (size_t i = 0; status == CLEAVE_OK && i < s->place_count; i++) {
        cuts[i] = s->places[i].name;
    }
    if (status == CLEAVE_OK) {
        status = clv_stopwatch_run(&options, laps, err);
    }
    if (status == CLEAVE_OK) {
        note_unrest(s, laps, s->place_count);
        status = put_heads(s, engine, laps, err);
    }
    clv_survey_stepped(s);
    free(cuts);
    free(laps);
    return status;
}

cleave_status clv_survey_time_here(struct clv_survey *s, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    int have_all = 0;

    for (size_t i = 0; status == CLEAVE_OK && i < s->o->engine_count; i++) {
        status = find_heads(s, i, &have_all, err);
        if (status == CLEAVE_OK && !have_all) {
            status = time_engine(s, i, err);
        }
    }
    return status;
}

/* -- The whole network, on all engines in the same rounds -- */

/* The whole network on those engines that have not been timed yet. */
static cleave_status time_wholes(struct clv_survey *s, const size_t *engines,
                                 size_t count, cleave_error *err)
{
    const char *cuts[MOST_ENGINES];
    struct clv_network *networks[MOST_ENGINES];
    struct clv_laps laps[MOST_ENGINES];
    struct clv_stopwatch_options options = {
        .networks = networks,
        .source = s->o->source,
        .samples = s->o->sampling->examine,
        .sample_count = s->o->sampling->examine_count,
        .cuts = cuts,
        .cut_count = count,
        .rounds = s->o->is_fast ? 8 : 15,
        .visits = 4,
        .least_ns = (s->o->is_fast ? 1 : 4) * LEAST_WHOLE_NS * (int64_t)count,
        .most_ns =
            (s->o->is_fast ? FAST_WHOLE_NS : FULL_WHOLE_NS) * (int64_t)count,
        .energy = s->o->energy,
        .clock = s->o->clock,
        .stall = s->o->stall,
        .progress = clv_survey_lap,
        .self = s,
    };
    cleave_status status;

    for (size_t i = 0; i < count; i++) {
        cuts[i] = CLV_CUT_OUTPUT;
        networks[i] = s->o->engines[engines[i]].network;
    }
    clv_survey_step(s, TIMING_S * (double)count, "times of the whole");
    status = clv_stopwatch_run(&options, laps, err);
    if (status == CLEAVE_OK) {
        note_unrest(s, laps, count);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = put_heads(s, engines[i], &laps[i], err);
    }
    clv_survey_stepped(s);
    return status;
}

cleave_status clv_survey_time_whole(struct clv_survey *s, cleave_error *err)
{
    size_t engines[MOST_ENGINES];
    size_t count = 0;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < s->o->engine_count; i++) {
        int have = 0;
        status = find_heads(s, i, &have, err);
        if (status == CLEAVE_OK && !have && count < MOST_ENGINES) {
            engines[count++] = i;
        }
    }
    clv_survey_ahead(s, TIMING_S * (double)count);
    return status == CLEAVE_OK && count > 0
               ? time_wholes(s, engines, count, err)
               : status;
}
