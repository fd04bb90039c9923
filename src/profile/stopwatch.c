/*
 * stopwatch.c - how long heads and tails take on engines of this device.
 *
 * First every cut is opened alone and its bytes are asked; that also makes
 * the store ready. Then all are opened together and the rounds begin.
 */
#include "profile/stopwatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/calm.h"
#include "profile/seam.h"

#define DEFAULT_ROUNDS 8
#define DEFAULT_VISITS 2
#define MOST_ROUNDS 4096
#define FEW_ROUNDS 3
#define FURTHER 3 /* times as many rounds, to make up for disturbed runs */
#define ENERGY_NS 100000000 /* counters are too coarse for less */

struct lane {
    struct clv_seam *seam; /* at `output` that of `input`: the whole */
    double *head_ns;
    double *finish_ns;
    size_t count;
    struct clv_calm_visit *looks; /* one a run */
    size_t calm;
    int is_input;
    int is_output;
};

struct stopwatch {
    const struct clv_stopwatch_options *o;
    struct lane *lanes;
    struct clv_sample sample;
    uint32_t visits;
    uint32_t rounds;
    size_t room; /* of each lane's numbers */
    size_t step; /* of all, for the progress */
};

static int64_t now(const struct stopwatch *w)
{
    return clv_clock_now_ns(w->o->clock);
}

static cleave_status tell(struct stopwatch *w)
{
    size_t all = w->o->cut_count * (w->rounds + 1);

    w->step++;
    if (w->o->progress != NULL &&
        w->o->progress(w->o->self, w->step < all ? w->step : all, all)) {
        return CLEAVE_CANCELLED;
    }
    return CLEAVE_OK;
}

/* -- Opening -- */

static struct clv_network *network_of(const struct stopwatch *w, size_t i)
{
    return w->o->networks != NULL ? w->o->networks[i] : w->o->network;
}

static cleave_status open_lane(struct stopwatch *w, size_t i, cleave_error *err)
{
    struct lane *lane = &w->lanes[i];
    const char *cut = w->o->cuts[i];

    lane->is_input = strcmp(cut, CLV_CUT_INPUT) == 0;
    lane->is_output = strcmp(cut, CLV_CUT_OUTPUT) == 0;
    return clv_seam_open(network_of(w, i),
                         lane->is_output ? CLV_CUT_INPUT : cut, CLV_SEAM_BOTH,
                         &lane->seam, err);
}

static void close_lane(struct lane *lane)
{
    clv_seam_close(lane->seam);
    lane->seam = NULL;
}

/* Parts of other cuts would share weights with this one's. */
static cleave_status weigh_alone(struct stopwatch *w, struct clv_laps *laps,
                                 cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < w->o->cut_count; i++) {
        uint64_t before = clv_network_bytes(network_of(w, i));
        status = open_lane(w, i, err);
        if (status == CLEAVE_OK) {
            uint64_t bytes = clv_network_bytes(network_of(w, i));
            laps[i].part_bytes = bytes > before ? (double)(bytes - before) : 0;
        }
        close_lane(&w->lanes[i]);
        if (status == CLEAVE_OK) {
            status = tell(w);
        }
    }
    return status;
}

static cleave_status open_all(struct stopwatch *w, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < w->o->cut_count; i++) {
        struct lane *lane = &w->lanes[i];
        status = open_lane(w, i, err);
        lane->head_ns = calloc(w->room, sizeof *lane->head_ns);
        lane->finish_ns = calloc(w->room, sizeof *lane->finish_ns);
        lane->looks = calloc(w->room, sizeof *lane->looks);
        if (status == CLEAVE_OK &&
            (lane->head_ns == NULL || lane->finish_ns == NULL ||
             lane->looks == NULL)) {
            status = clv_fail_memory(err, "times", w->room * sizeof(double));
        }
    }
    return status;
}

/* -- Running -- */

/* One run of both parts. */
static cleave_status run_once(struct stopwatch *w, struct lane *lane,
                              int64_t ret_ns[2], cleave_error *err)
{
    const cleave_tensor *tensors = NULL;
    const cleave_tensor *outputs;
    size_t count = 0;
    size_t output_count;
    int64_t begun = now(w);
    int64_t cut_at;
    cleave_status status = clv_seam_head(
        lane->seam, w->sample.tensors, w->sample.count, &tensors, &count, err);

    cut_at = now(w);
    if (status == CLEAVE_OK) {
        status = clv_seam_tail(lane->seam, tensors, count, &outputs,
                               &output_count, err);
    }
    ret_ns[0] = cut_at - begun;
    ret_ns[1] = now(w) - cut_at;
    return status;
}

static void note_run(struct lane *lane, const int64_t ns[2])
{
    lane->head_ns[lane->count] =
        lane->is_input ? 0 : (double)(lane->is_output ? ns[1] : ns[0]);
    lane->finish_ns[lane->count] = lane->is_output ? 0 : (double)ns[1];
    lane->count++;
}

/* Each run is looked at by itself, so that a short one may be calm between
   others' turns; how fast the machine was is a matter of the whole visit. */
static cleave_status visit(struct stopwatch *w, struct lane *lane,
                           cleave_error *err)
{
    int64_t ns[2];
    size_t first = lane->count;
    double pace = 0;
    cleave_status status = run_once(w, lane, ns, err); /* warms up */
    double waited = clv_stall_ns(w->o->stall);

    for (uint32_t i = 0; status == CLEAVE_OK && i < w->visits; i++) {
        status = run_once(w, lane, ns, err);
        if (status == CLEAVE_OK) {
            double took = (double)(ns[0] + ns[1]);
            lane->looks[lane->count].stalled =
                clv_stall_share(w->o->stall, waited, took);
            note_run(lane, ns);
            pace += took;
            waited = clv_stall_ns(w->o->stall);
        }
    }
    for (size_t i = first; i < lane->count; i++) {
        lane->looks[i].pace = pace;
    }
    return status;
}

/* Whether a lane has too few runs that nobody disturbed. */
static int is_short(const struct stopwatch *w, const struct lane *lane)
{
    return lane->calm < (size_t)w->rounds * w->visits &&
           lane->count + w->visits <= w->room;
}

static int any_is_short(struct stopwatch *w)
{
    int any = 0;

    for (size_t i = 0; i < w->o->cut_count; i++) {
        struct lane *lane = &w->lanes[i];
        lane->calm = clv_calm_mark(lane->looks, lane->count, 0);
        any |= is_short(w, lane);
    }
    return any;
}

/* Slow engines get fewer rounds, but never less than a few. */
static int goes_on(const struct stopwatch *w, uint32_t round, int64_t took_ns)
{
    const struct clv_stopwatch_options *o = w->o;

    if (round >= FEW_ROUNDS && o->most_ns > 0 && took_ns > o->most_ns) {
        return 0;
    }
    return round < MOST_ROUNDS && (round < w->rounds || took_ns < o->least_ns);
}

/* All lanes, or those that are short of calm runs. */
static cleave_status run_round(struct stopwatch *w, uint32_t round,
                               int only_short, cleave_error *err)
{
    const struct clv_stopwatch_options *o = w->o;
    cleave_status status = clv_source_load(
        o->source, o->samples[round % o->sample_count], &w->sample, err);

    for (size_t i = 0; status == CLEAVE_OK && i < o->cut_count; i++) {
        if (only_short && !is_short(w, &w->lanes[i])) {
            continue;
        }
        status = visit(w, &w->lanes[i], err);
        if (status == CLEAVE_OK) {
            status = tell(w);
        }
    }
    return status;
}

static cleave_status run_rounds(struct stopwatch *w, cleave_error *err)
{
    int64_t most_ns = w->o->most_ns;
    int64_t begun = now(w);
    uint32_t round = 0;
    uint32_t last;
    cleave_status status = CLEAVE_OK;

    while (status == CLEAVE_OK && goes_on(w, round, now(w) - begun)) {
        status = run_round(w, round++, 0, err);
    }
    last = round < w->rounds ? round : w->rounds;
    last = round + FURTHER * last;
    while (status == CLEAVE_OK && round < last && any_is_short(w) &&
           (most_ns == 0 || now(w) - begun < 2 * most_ns)) {
        status = run_round(w, round++, 1, err);
    }
    return status;
}

/* -- What counts -- */

/* Moves calm runs to the front. */
static void keep_calm(const struct stopwatch *w, struct lane *lane,
                      struct clv_laps *laps)
{
    size_t least = w->rounds / 2 < FEW_ROUNDS ? FEW_ROUNDS : w->rounds / 2;
    size_t kept = 0;
    double stalled = 0;

    clv_calm_mark(lane->looks, lane->count, least * w->visits);
    for (size_t i = 0; i < lane->count; i++) {
        if (lane->looks[i].is_calm) {
            lane->head_ns[kept] = lane->head_ns[i];
            lane->finish_ns[kept] = lane->finish_ns[i];
            stalled += lane->looks[i].stalled;
            kept++;
        }
    }
    laps->runs = (uint32_t)lane->count;
    laps->disturbed = (uint32_t)(lane->count - kept);
    laps->stalled =
        kept > 0 && stalled >= 0 ? stalled / (double)kept : CLV_UNKNOWN;
    lane->count = kept;
}

/* -- Energy -- */

/* One head again and again, for so long that the counter moves. */
static cleave_status draw(struct stopwatch *w, struct lane *lane,
                          double *ret_energy_j, cleave_error *err)
{
    int64_t begun = now(w);
    int64_t head_ns = 0;
    int64_t all_ns = 0;
    double runs = 0;
    cleave_status status = CLEAVE_OK;

    clv_energy_begin(w->o->energy);
    while (status == CLEAVE_OK && now(w) - begun < ENERGY_NS) {
        int64_t ns[2];
        status = run_once(w, lane, ns, err);
        head_ns += lane->is_output ? ns[1] : ns[0];
        all_ns += ns[0] + ns[1];
        runs++;
    }
    *ret_energy_j = clv_energy_end(w->o->energy);
    if (*ret_energy_j >= 0 && runs > 0 && all_ns > 0) {
        *ret_energy_j *= (double)head_ns / (double)all_ns / runs;
    }
    return status;
}

static cleave_status draw_all(struct stopwatch *w, struct clv_laps *laps,
                              cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < w->o->cut_count; i++) {
        laps[i].energy_j = CLV_UNKNOWN;
        if (w->o->energy != NULL && clv_energy_source(w->o->energy) != NULL) {
            status = draw(w, &w->lanes[i], &laps[i].energy_j, err);
        }
    }
    return status;
}

/* -- All together -- */

static cleave_status measure(struct stopwatch *w, struct clv_laps *laps,
                             cleave_error *err)
{
    cleave_status status = weigh_alone(w, laps, err);

    if (status == CLEAVE_OK) {
        status = open_all(w, err);
    }
    if (status == CLEAVE_OK) {
        status = run_rounds(w, err);
    }
    if (status == CLEAVE_OK) {
        status = draw_all(w, laps, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < w->o->cut_count; i++) {
        struct lane *lane = &w->lanes[i];
        keep_calm(w, lane, &laps[i]);
        laps[i].head_ns = clv_spread_of(lane->head_ns, lane->count);
        laps[i].finish_ns = clv_spread_of(lane->finish_ns, lane->count);
    }
    return status;
}

cleave_status clv_stopwatch_run(const struct clv_stopwatch_options *options,
                                struct clv_laps *ret_laps, cleave_error *err)
{
    struct stopwatch w = {
        .o = options,
        .visits = options->visits > 0 ? options->visits : DEFAULT_VISITS,
        .rounds = options->rounds > 0 ? options->rounds : DEFAULT_ROUNDS,
    };
    struct clv_laps *laps = calloc(options->cut_count + 1, sizeof *laps);
    cleave_status status;

    w.lanes = calloc(options->cut_count + 1, sizeof *w.lanes);
    w.room = (size_t)(options->least_ns > 0 ? MOST_ROUNDS : w.rounds) *
             (1 + FURTHER) * w.visits;
    clv_sample_init(&w.sample);
    status = laps != NULL && w.lanes != NULL
                 ? measure(&w, laps, err)
                 : clv_fail_memory(err, "times", options->cut_count);
    for (size_t i = 0; w.lanes != NULL && i < options->cut_count; i++) {
        close_lane(&w.lanes[i]);
        free(w.lanes[i].head_ns);
        free(w.lanes[i].finish_ns);
        free(w.lanes[i].looks);
    }
    if (status == CLEAVE_OK) {
        memcpy(ret_laps, laps, options->cut_count * sizeof *laps);
    }
    clv_sample_fini(&w.sample);
    free(w.lanes);
    free(laps);
    return status;
}
