/*
 * surveypacks.c - the packings of a survey: calibrated for, then measured.
 *
 * Each cut is climbed by the coders that make sense there (climbing.h). A
 * full survey lets all of them; a fast one lets `lz` only where a baseline
 * would use it, and `fast` only at steps that `dense` has found to be within
 * the budget. f32 is not judged: it gives the very tensors back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "profile/climbing.h"
#include "profile/huffman.h"
#include "profile/learning.h"
#include "profile/surveying.h"
#include "profile/visit.h"

#define FAST_TEACHERS 32
#define WEIGHED_INPUTS 32
#define HUFFMAN_INPUTS 16
#define LEARNING_S 1.5 /* of one cut, about */

/* -- Calibration -- */

/* True if every float at the places is known. */
static int knows_all(const struct clv_survey *s)
{
    for (size_t i = 0; s->calibration != NULL && i + 1 < s->place_count; i++) {
        cleave_tensor_info tensors[CLV_CUT_TENSORS];
        const cleave_tensor_info *infos = tensors;
        size_t count = 0;
        if (i == 0) {
            infos = clv_network_inputs(s->o->network, &count);
        } else if (clv_network_cut_tensors(s->o->network, s->places[i].name,
                                           tensors, &count,
                                           NULL) != CLEAVE_OK) {
            return 0;
        }
        for (size_t j = 0; j < count; j++) {
            if (infos[j].type != CLEAVE_TYPE_F64 &&
                clv_calibration_find(s->calibration, infos[j].name) == NULL) {
                return 0;
            }
        }
    }
    return s->calibration != NULL;
}

static cleave_status read_calibration(struct clv_survey *s, cleave_error *err)
{
    const char *path = s->o->calibration;
    cleave_status status;

    if (path == NULL || access(path, F_OK) != 0) {
        return CLEAVE_OK;
    }
    status = clv_calibration_read(path, &s->calibration, err);
    return status == CLEAVE_OK
               ? clv_calibration_check(s->calibration, s->sha256, path, err)
               : status;
}

/* Cuts that an earlier survey has taught stay known: a calibration is not
   exchanged for a poorer one. */
static cleave_status learn_known(struct clv_survey *s,
                                 struct clv_learning *learning,
                                 cleave_error *err)
{
    size_t count = 0;
    const struct clv_calibrated *known =
        s->calibration != NULL ? clv_calibration_tensors(s->calibration, &count)
                               : NULL;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = clv_survey_check(s);
        if (status == CLEAVE_OK) {
            cleave_error why = CLEAVE_ERROR_INIT;
            status = clv_learning_cut(learning, known[i].name, &why);
            status = status == CLEAVE_NOT_FOUND /* one of several there */
                         ? CLEAVE_OK
                         : status;
            if (status != CLEAVE_OK) {
                clv_fail(err, status, why.where, "%s", why.text);
            }
        }
    }
    return status;
}

static cleave_status learn_places(struct clv_survey *s,
                                  struct clv_learning *learning,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i + 1 < s->place_count; i++) {
        status = clv_survey_check(s);
        clv_survey_step(s, LEARNING_S, s->places[i].name);
        if (status == CLEAVE_OK) {
            status = clv_learning_cut(learning, s->places[i].name, err);
        }
        clv_survey_stepped(s);
    }
    return status == CLEAVE_OK ? learn_known(s, learning, err) : status;
}

static cleave_status keep(struct clv_survey *s, struct clv_learning *learning,
                          cleave_error *err)
{
    const char *path = s->o->calibration;
    struct clv_buffer file;
    cleave_status status = CLEAVE_OK;

    clv_buffer_init(&file, CLV_CALIBRATION_BYTES);
    if (clv_learning_count(learning) > 0) {
        status = clv_learning_write(learning, &file, err);
    }
    if (status == CLEAVE_OK && file.size > 0) {
        clv_calibration_free(s->calibration);
        s->calibration = NULL;
        status = clv_calibration_new(clv_buffer_bytes(&file),
                                     path != NULL ? path : s->o->name,
                                     &s->calibration, err);
    }
    if (status == CLEAVE_OK && file.size > 0 && path != NULL) {
        status = clv_file_write(path, clv_buffer_bytes(&file), err);
        clv_survey_note(s,
                        "The calibration is in %.300s; device and server need "
                        "the same one.",
                        path);
    }
    clv_buffer_fini(&file);
    return status;
}

static cleave_status learn(struct clv_survey *s, cleave_error *err)
{
    const struct clv_sampling *sampling = s->o->sampling;
    struct clv_learning *learning = NULL;
    struct clv_learning_options options = {
        .network = s->o->network,
        .source = s->o->source,
        .samples = sampling->teach,
        .sample_count = sampling->teach_count,
        .progress = clv_survey_within,
        .self = s,
    };
    uint64_t few[FAST_TEACHERS];
    cleave_status status;

    if (s->o->is_fast && sampling->teach_count > FAST_TEACHERS) {
        for (uint64_t i = 0; i < FAST_TEACHERS; i++) {
            few[i] = sampling->teach[clv_sampling_spread(
                i, FAST_TEACHERS, sampling->teach_count)];
        }
        options.samples = few;
        options.sample_count = FAST_TEACHERS;
    }
    clv_survey_ahead(s, LEARNING_S * (double)s->place_count);
    status = clv_learning_new(&options, &learning, err);
    if (status == CLEAVE_OK) {
        status = learn_places(s, learning, err);
    }
    if (status == CLEAVE_OK) {
        status = keep(s, learning, err);
    }
    clv_learning_free(learning);
    return status;
}

cleave_status clv_survey_calibrate(struct clv_survey *s, cleave_error *err)
{
    cleave_status status = read_calibration(s, err);

    if (status == CLEAVE_OK && !knows_all(s)) {
        if (s->o->calibration_is_fixed) {
            clv_survey_note(s, "The calibration given does not know all cuts; "
                               "where it does not, tables travel along.");
        } else {
            status = learn(s, err);
        }
    } else if (status == CLEAVE_OK) {
        clv_survey_note(s, "The calibration %.300s is used as it is.",
                        s->o->calibration);
    }
    snprintf(s->pack_data, sizeof s->pack_data, "%.80s %.40s", s->o->data,
             s->calibration != NULL ? clv_calibration_id(s->calibration) : "");
    return status;
}

/* -- One packing -- */

struct packing {
    struct clv_survey *s;
    struct clv_place *place;
    struct clv_origin origin;
    struct clv_part_name part;
};

static double units(const struct packing *p)
{
    return 1.05 - p->place->row.head_share;
}

static const char *content_type(const struct clv_packing *packing)
{
    return packing->coder == CLV_CODER_JPEG ? "image/jpeg" : "image/webp";
}

/* Of the message a body of so many bytes is in. */
static double around(const struct packing *p, const struct clv_packing *packing)
{
    return p->place->extra_up +
           (clv_packing_is_picture(packing)
                ? clv_visit_type_bytes(content_type(packing))
                : 0);
}

static void shift(struct clv_spread *spread, double by)
{
    spread->mean += by;
    spread->min += by;
    spread->max += by;
    spread->p50 += by;
    spread->p90 += by;
    spread->p95 += by;
    spread->p99 += by;
}

/* The message as JALAD would send it, of the tensors of a few inputs. */
static cleave_status reckon_huffman(struct packing *p, unsigned bits,
                                    double *ret_bytes, cleave_error *err)
{
    struct clv_survey *s = p->s;
    size_t inputs = s->o->sampling->examine_count < HUFFMAN_INPUTS
                        ? s->o->sampling->examine_count
                        : HUFFMAN_INPUTS;
    double sum = 0;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < inputs; i++) {
        const cleave_tensor *tensors = NULL;
        size_t count = 0;
        status = clv_rater_tensors(s->rater, p->place->name, i, &tensors,
                                   &count, err);
        for (size_t j = 0; status == CLEAVE_OK && j < count; j++) {
            const struct clv_calibrated *known =
                s->calibration != NULL
                    ? clv_calibration_find(s->calibration, tensors[j].info.name)
                    : NULL;
            double bytes = 0;
            if (clv_huffman_bytes(&tensors[j], known, bits, &bytes, NULL) !=
                CLEAVE_OK) {
                *ret_bytes = CLV_UNKNOWN;
                return CLEAVE_OK;
            }
            sum += bytes;
        }
    }
    *ret_bytes = sum / (double)inputs + p->place->extra_up;
    return status;
}

static cleave_status fill_row(struct packing *p,
                              const struct clv_packing *packing,
                              const struct clv_rater_spreads *spreads,
                              const struct clv_rate *rate,
                              struct clv_cost_pack *row, cleave_error *err)
{
    *row = (struct clv_cost_pack){
        .packing = *packing,
        .pack_ns = spreads->encode_ns,
        .unpack_ns = spreads->decode_ns,
        .bytes_up = spreads->bytes,
        .bytes_down = p->place->down,
        .drop_pp = -rate->change_pp,
        .drop_low_pp = -rate->ci_high_pp,
        .drop_high_pp = -rate->ci_low_pp,
        .huffman_bytes = CLV_UNKNOWN,
    };
    shift(&row->bytes_up, around(p, packing));
    if (!isfinite(row->drop_low_pp) || !isfinite(row->drop_high_pp)) {
        row->drop_low_pp = -100; /* two inputs say nothing */
        row->drop_high_pp = 100;
    }
    return packing->coder == CLV_CODER_LZ && packing->bits > 0
               ? reckon_huffman(p, packing->bits, &row->huffman_bytes, err)
               : CLEAVE_OK;
}

static cleave_status measure(struct packing *p,
                             const struct clv_packing *packing, int judged,
                             struct clv_cost_pack *row, cleave_error *err)
{
    struct clv_survey *s = p->s;
    struct clv_rate rate = {0};
    struct clv_rater_spreads spreads;
    cleave_status status;

    if (!judged) {
        status = clv_rater_weigh(s->rater, p->place->name, packing,
                                 s->calibration, WEIGHED_INPUTS, &spreads, err);
    } else {
        status = clv_rater_measure(s->rater, p->place->name, packing,
                                   s->calibration, &rate, err);
        clv_rater_spread(s->rater, &spreads);
    }
    if (status == CLEAVE_OK) {
        status = fill_row(p, packing, &spreads, &rate, row, err);
    }
    return status == CLEAVE_OK
               ? clv_database_put_pack(s->o->database, &p->part, row, err)
               : status;
}

/* Found in the database, or measured and put there. */
static cleave_status take(struct packing *p, const struct clv_packing *packing,
                          int judged, struct clv_cost_pack *row,
                          cleave_error *err)
{
    char what[160];
    char text[CLV_PACKING_TEXT];
    int found = 0;
    cleave_status status = clv_survey_check(p->s);

    if (status == CLEAVE_OK) {
        status = clv_database_find_pack(p->s->o->database, &p->part, packing,
                                        row, &found, err);
    }
    if (status != CLEAVE_OK || found) {
        return status;
    }
    snprintf(what, sizeof what, "%.80s %s", p->place->name,
             clv_packing_text(packing, text));
    clv_survey_step(p->s, judged ? units(p) : 0, what);
    status = measure(p, packing, judged, row, err);
    clv_survey_stepped(p->s);
    return status;
}

/* -- Climbing -- */

/* A coder that cannot do this cut costs its rows, not the others'. */
static cleave_status pass_over(struct packing *p, enum clv_coder coder,
                               cleave_status status, cleave_error *err)
{
    if (status == CLEAVE_UNSUPPORTED) {
        clv_survey_note(p->s, "%.80s: %s is left out: %.300s", p->place->name,
                        clv_coder_name(coder), err != NULL ? err->text : "");
        if (err != NULL) {
            *err = (cleave_error)CLEAVE_ERROR_INIT;
        }
        return CLEAVE_OK;
    }
    return status;
}

static cleave_status climb(struct packing *p, enum clv_coder coder,
                           struct clv_packing *ret_within, size_t *ret_count,
                           cleave_error *err)
{
    struct clv_climb climb;
    struct clv_packing packing;
    double budget = p->s->o->budget_pp;
    cleave_status status = CLEAVE_OK;

    *ret_count = 0;
    clv_climb_init(&climb, coder, p->place->kind, p->s->o->is_fast, budget,
                   p->place->step_sd);
    while (status == CLEAVE_OK && clv_climb_next(&climb, &packing)) {
        struct clv_cost_pack row;
        status = take(p, &packing, 1, &row, err);
        if (status == CLEAVE_OK) {
            clv_climb_told(&climb, row.drop_pp);
        }
        if (status == CLEAVE_OK &&
            (row.drop_pp <= budget || !p->s->o->is_fast)) {
            ret_within[(*ret_count)++] = packing;
        }
    }
    return pass_over(p, coder, status, err);
}

/* The same quantiser, so tails are looked up and only the coder is timed. */
static cleave_status follow(struct packing *p, struct clv_packing *packings,
                            size_t count, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_cost_pack row;
        packings[i].coder = CLV_CODER_FAST;
        status = take(p, &packings[i], 1, &row, err);
    }
    return pass_over(p, CLV_CODER_FAST, status, err);
}

static int lets_lz(const struct packing *p)
{
    return !p->s->o->is_fast || p->place->row.is_activation || p->place->is_end;
}

static int lets_steps(const struct packing *p)
{
    return !p->s->o->is_fast || p->place->kind != CLV_LADDER_PICTURE;
}

static cleave_status pack_place(struct packing *p, cleave_error *err)
{
    static const struct clv_packing f32 = {.coder = CLV_CODER_RAW};
    struct clv_packing found[CLV_CLIMB_MOST];
    struct clv_cost_pack row;
    size_t count = 0;
    cleave_status status = take(p, &f32, 0, &row, err);

    if (status == CLEAVE_OK && p->place->kind == CLV_LADDER_PICTURE) {
        status = climb(p, CLV_CODER_JPEG, found, &count, err);
        if (status == CLEAVE_OK) {
            status = climb(p, CLV_CODER_WEBP, found, &count, err);
        }
    }
    if (status == CLEAVE_OK && lets_steps(p)) {
        status = climb(p, CLV_CODER_DENSE, found, &count, err);
        if (status == CLEAVE_OK) {
            status = follow(p, found, count, err);
        }
    }
    if (status == CLEAVE_OK && lets_lz(p)) {
        status = climb(p, CLV_CODER_LZ, found, &count, err);
    }
    return status == CLEAVE_OK ? climb(p, CLV_CODER_RAW, found, &count, err)
                               : status;
}

/* Rungs that a place usually takes, each about its tail over all inputs. */
static double guess_rungs(const struct clv_survey *s,
                          const struct clv_place *place)
{
    double rungs = s->o->is_fast ? 4 : 9;

    if (place->kind == CLV_LADDER_PICTURE) {
        rungs = s->o->is_fast ? 8 : 28;
    } else if (place->kind == CLV_LADDER_INTEGERS) {
        rungs = 1;
    } else if (!s->o->is_fast || place->row.is_activation) {
        rungs += 4;
    }
    return rungs;
}

/* Those first that send least for their work: an interrupted survey has them.
   The ends come before, for every decision needs them. */
static void order_places(const struct clv_survey *s, size_t *order)
{
    size_t count = s->place_count - 1;

    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at > 1 && s->places[order[at - 1]].packed_bytes >
                             s->places[i].packed_bytes) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

cleave_status clv_survey_pack_all(struct clv_survey *s, cleave_error *err)
{
    size_t *order = calloc(s->place_count, sizeof *order);
    double ahead = 0;
    cleave_status status = CLEAVE_OK;

    if (order == NULL) {
        return clv_fail_memory(err, "cuts", s->place_count);
    }
    order_places(s, order);
    for (size_t i = 0; i + 1 < s->place_count; i++) {
        ahead += guess_rungs(s, &s->places[i]) *
                 (1.05 - s->places[i].row.head_share);
    }
    clv_survey_ahead(s, ahead);
    for (size_t i = 0; status == CLEAVE_OK && i + 1 < s->place_count; i++) {
        struct packing p = {.s = s, .place = &s->places[order[i]]};
        p.origin = clv_survey_origin(s, 0, s->pack_data);
        p.part = (struct clv_part_name){
            .origin = &p.origin, .model = s->sha256, .cut = p.place->name};
        status = pack_place(&p, err);
    }
    free(order);
    return status;
}
