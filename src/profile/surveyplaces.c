/*
 * surveyplaces.c - the places of a survey: cuts found, and timed on servers.
 *
 * Which cuts matter is found out in two looks (choosing.h): the first costs
 * nothing, the second packs a few inputs as finely as each cut needs
 * (strain.h). Times are taken of all places of a server together, in rounds.
 *
 * What it leaves out: times here (surveytimes.c), packings (surveypacks.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "codec/codec.h"
#include "profile/strain.h"
#include "profile/surveying.h"
#include "profile/visit.h"

#define GUESS_MARGIN 1.6 /* of the first look */
#define WEIGHT_MARGIN 1.2
#define WEIGHED_INPUTS 6
#define MESSAGE_BYTES ((size_t)1 << 30)
#define WEIGHING_S 0.15 /* of one cut, about */
#define TIMING_S 0.1    /* likewise */
#define MOST_NOTED 4

/* -- What travels -- */

static int is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16 ||
           type == CLEAVE_TYPE_F64;
}

static enum clv_ladder_kind kind_of(const cleave_tensor_info *tensors,
                                    size_t count)
{
    enum clv_ladder_kind kind = CLV_LADDER_INTEGERS;

    for (size_t i = 0; i < count; i++) {
        kind = is_float(tensors[i].type) ? CLV_LADDER_FLOATS : kind;
    }
    return kind;
}

/* One input, a picture, and the samples are pictures. */
static int sends_pictures(const struct clv_survey_options *o)
{
    size_t count;
    const cleave_tensor_info *in = clv_network_inputs(o->network, &count);
    const struct clv_card_input *input = o->card != NULL && count == 1
                                             ? clv_card_input(o->card, in->name)
                                             : NULL;

    return input != NULL && input->kind == CLV_KIND_IMAGE &&
           !clv_path_ends(clv_source_file(o->source, o->sampling->examine[0]),
                          ".npy");
}

static double raw_bytes(const cleave_tensor_info *tensors, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        cleave_tensor_info whole = tensors[i];
        uint64_t elements = 0;
        uint64_t bytes = 0;
        for (uint32_t d = 0; d < whole.rank; d++) {
            whole.shape[d] = whole.shape[d] < 0 ? 1 : whole.shape[d];
        }
        (void)cleave_tensor_count(&whole, &elements, &bytes);
        sum += (double)bytes;
    }
    return sum;
}

/* -- Weighing -- */

/* A picture's weight is that of a JPEG that hardly any network minds. */
static cleave_status weigh_picture(struct clv_survey *s, double *ret_bytes,
                                   cleave_error *err)
{
    const struct clv_packing packing = {.coder = CLV_CODER_JPEG, .quality = 80};
    struct clv_rater_spreads spreads;
    cleave_status status = clv_rater_weigh(s->rater, CLV_CUT_INPUT, &packing,
                                           NULL, WEIGHED_INPUTS, &spreads, err);

    if (status == CLEAVE_OK) {
        *ret_bytes = spreads.bytes.mean;
    }
    return status;
}

static cleave_status weigh(struct clv_survey *s, struct clv_strain *strain,
                           const char *cut, double *ret_bytes, double *ret_step,
                           cleave_error *err)
{
    struct clv_strained strained = {0};
    cleave_status status = clv_survey_check(s);

    clv_survey_step(s, WEIGHING_S, cut);
    if (status == CLEAVE_OK) {
        status = clv_strain_cut(strain, cut, &strained, err);
    }
    if (status == CLEAVE_OK) {
        *ret_bytes = strained.bytes;
        *ret_step = strained.step_sd;
    }
    clv_survey_stepped(s);
    return status;
}

/* -- Finding -- */

struct finding {
    struct clv_survey *s;
    const struct clv_cut *cuts;
    size_t cut_count;
    struct clv_option *options; /* those that passed the first look, */
    const struct clv_cut **of;  /* and what they are of, */
    double *steps;              /* and how finely they must be packed */
    size_t count;
    double input_raw;
    double input_packed;
    double input_step;
    enum clv_ladder_kind input_kind;
};

static cleave_status look_first(struct finding *f, cleave_error *err)
{
    size_t kept = 0;

    f->options = calloc(f->cut_count + 1, sizeof *f->options);
    f->of = calloc(f->cut_count + 1, sizeof *f->of);
    f->steps = calloc(f->cut_count + 1, sizeof *f->steps);
    if (f->options == NULL || f->of == NULL || f->steps == NULL) {
        return clv_fail_memory(err, "cuts", f->cut_count);
    }
    for (size_t i = 0; i < f->cut_count; i++) {
        f->options[i] = clv_option_of(&f->cuts[i]);
    }
    clv_choosing_look(f->options, f->cut_count, GUESS_MARGIN, f->input_raw, 0);
    for (size_t i = 0; i < f->cut_count; i++) {
        if (f->options[i].groups != 0) {
            f->options[kept] = f->options[i];
            f->of[kept++] = &f->cuts[i];
        }
    }
    f->count = kept;
    return CLEAVE_OK;
}

static cleave_status weigh_all(struct finding *f, struct clv_strain *strain,
                               cleave_error *err)
{
    cleave_status status = weigh(f->s, strain, CLV_CUT_INPUT, &f->input_packed,
                                 &f->input_step, err);

    if (status == CLEAVE_OK && f->input_kind == CLV_LADDER_PICTURE) {
        status = weigh_picture(f->s, &f->input_packed, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < f->count; i++) {
        status = weigh(f->s, strain, f->options[i].name,
                       &f->options[i].packed_bytes, &f->steps[i], err);
    }
    return status;
}

static cleave_status look_again(struct finding *f, cleave_error *err)
{
    const struct clv_survey_options *o = f->s->o;
    struct clv_strain *strain = NULL;
    cleave_status status = clv_strain_new(
        o->network, o->source, o->sampling->examine,
        o->sampling->examine_count < WEIGHED_INPUTS ? o->sampling->examine_count
                                                    : WEIGHED_INPUTS,
        o->clock, &strain, err);

    if (status == CLEAVE_OK) {
        status = weigh_all(f, strain, err);
    }
    if (status == CLEAVE_OK) {
        clv_choosing_look(f->options, f->count, o->is_fast ? 1 : WEIGHT_MARGIN,
                          f->input_raw, o->is_fast ? f->input_packed : 0);
    }
    clv_strain_free(strain);
    return status;
}

/* Those that fell out at the second look are named, some of them. */
static void note_left_out(const struct finding *f, size_t chosen)
{
    size_t named = 0;

    clv_survey_note(f->s,
                    "%zu of %zu cuts are measured; of the others, some cut "
                    "nearer to the input sends no more bytes.",
                    chosen, f->cut_count);
    for (size_t i = 0; i < f->count && named < MOST_NOTED; i++) {
        size_t rival = clv_choosing_rival(f->options, f->count, i);
        if (f->options[i].groups == 0 && rival < f->count) {
            clv_survey_note(
                f->s,
                "%.80s is left out: packed as finely as it needs it "
                "takes %.0f bytes, and %.80s %.0f for less work.",
                f->options[i].name, f->options[i].packed_bytes,
                f->options[rival].name, f->options[rival].packed_bytes);
            named++;
        }
    }
}

static cleave_status add_place(struct clv_survey *s,
                               const struct clv_place *place, cleave_error *err)
{
    struct clv_place *p = &s->places[s->place_count];

    *p = *place;
    p->row.name = strdup(place->name);
    if (p->row.name == NULL) {
        return clv_fail_memory(err, place->name, strlen(place->name));
    }
    s->place_count++;
    return CLEAVE_OK;
}

static cleave_status add_input(struct finding *f, cleave_error *err)
{
    size_t count;
    int is_picture = f->input_kind == CLV_LADDER_PICTURE;
    struct clv_place place = {
        .name = CLV_CUT_INPUT, .is_end = 1, .groups = CLV_CHOSEN_RAW};

    clv_network_inputs(f->s->o->network, &count);
    place.kind = f->input_kind;
    place.packed_bytes = f->input_packed;
    place.step_sd = f->input_step;
    place.row.tensors = (uint32_t)count;
    place.row.raw_bytes = (uint64_t)f->input_raw;
    place.row.is_picture = is_picture;
    return add_place(f->s, &place, err);
}

static cleave_status add_option(struct finding *f, size_t i, cleave_error *err)
{
    const struct clv_cut *cut = f->of[i];
    struct clv_place place = {
        .name = cut->name,
        .groups = f->options[i].groups,
        .kind = kind_of(cut->tensors, cut->tensor_count),
        .packed_bytes = f->options[i].packed_bytes,
        .step_sd = f->steps[i],
        .row = {.tensors = (uint32_t)cut->tensor_count,
                .head_share = cut->head_share,
                .raw_bytes = cut->bytes,
                .is_activation = cut->is_activation},
    };

    return add_place(f->s, &place, err);
}

static cleave_status add_places(struct finding *f, cleave_error *err)
{
    struct clv_place output = {.name = CLV_CUT_OUTPUT, .is_end = 1};
    size_t chosen = 0;
    cleave_status status;

    f->s->places = calloc(f->count + 2, sizeof *f->s->places);
    if (f->s->places == NULL) {
        return clv_fail_memory(err, "cuts", f->count);
    }
    status = add_input(f, err);
    for (size_t i = 0; status == CLEAVE_OK && i < f->count; i++) {
        if (f->options[i].groups != 0) {
            status = add_option(f, i, err);
            chosen++;
        }
    }
    output.row.head_share = 1;
    if (status == CLEAVE_OK) {
        status = add_place(f->s, &output, err);
    }
    if (status == CLEAVE_OK && chosen < f->cut_count) {
        note_left_out(f, chosen);
    }
    return status;
}

static cleave_status put_places(struct clv_survey *s, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, 0, "");
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < s->place_count; i++) {
        struct clv_part_name part = {
            .origin = &origin, .model = s->sha256, .cut = s->places[i].name};
        status = clv_database_put_cut(s->o->database, &part, &s->places[i].row,
                                      i, err);
    }
    return status;
}

/* The most that is alive at once, and as much again while a node makes one
   of another; the offered cuts are what is alive between nodes. */
static void find_peak(struct finding *f)
{
    double peak = f->input_raw;

    for (size_t i = 0; i < f->cut_count; i++) {
        double bytes = (double)f->cuts[i].bytes;
        peak = bytes > peak ? bytes : peak;
    }
    f->s->peak_bytes = 2 * peak;
}

cleave_status clv_survey_find_places(struct clv_survey *s, cleave_error *err)
{
    struct finding f = {.s = s};
    size_t count;
    const cleave_tensor_info *inputs =
        clv_network_inputs(s->o->network, &count);
    cleave_status status =
        clv_network_all_cuts(s->o->network, &f.cuts, &f.cut_count, err);

    f.input_raw = raw_bytes(inputs, count);
    f.input_kind =
        sends_pictures(s->o) ? CLV_LADDER_PICTURE : kind_of(inputs, count);
    if (status == CLEAVE_OK) {
        find_peak(&f);
        status = look_first(&f, err);
    }
    if (status == CLEAVE_OK) {
        clv_survey_ahead(s, WEIGHING_S * (double)(f.count + 1) +
                                TIMING_S * (double)f.count);
        status = look_again(&f, err);
    }
    if (status == CLEAVE_OK) {
        status = add_places(&f, err);
    }
    free(f.options);
    free(f.of);
    free(f.steps);
    return status == CLEAVE_OK ? put_places(s, err) : status;
}

void clv_survey_forget_places(struct clv_survey *s)
{
    for (size_t i = 0; i < s->place_count; i++) {
        free(s->places[i].row.name);
    }
    free(s->places);
}

/* -- The whole network alone -- */

/* Behind all cuts that an earlier survey may have found. */
#define LAST_POSITION 65535

cleave_status clv_survey_find_whole(struct clv_survey *s, cleave_error *err)
{
    struct finding f = {.s = s};
    struct clv_place output = {.name = CLV_CUT_OUTPUT, .is_end = 1};
    struct clv_origin origin = clv_survey_origin(s, 0, "");
    struct clv_part_name part = {
        .origin = &origin, .model = s->sha256, .cut = CLV_CUT_OUTPUT};
    size_t count;
    const cleave_tensor_info *inputs =
        clv_network_inputs(s->o->network, &count);
    cleave_status status =
        clv_network_all_cuts(s->o->network, &f.cuts, &f.cut_count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    f.input_raw = raw_bytes(inputs, count);
    find_peak(&f);
    output.row.head_share = 1;
    s->places = calloc(1, sizeof *s->places);
    status = s->places != NULL ? add_place(s, &output, err)
                               : clv_fail_memory(err, "cuts", 1);
    return status == CLEAVE_OK
               ? clv_database_put_cut(s->o->database, &part, &s->places[0].row,
                                      LAST_POSITION, err)
               : status;
}

/* -- Times there -- */

/* The tensors of one input at a cut, as f16. */
static cleave_status make_message(struct clv_survey *s, struct clv_codec *codec,
                                  size_t place, struct clv_buffer *into,
                                  cleave_error *err)
{
    const struct clv_packing packing = {.coder = CLV_CODER_RAW, .half = 1};
    const cleave_tensor *tensors = NULL;
    size_t count = 0;
    cleave_status status = clv_rater_tensors(s->rater, s->places[place].name, 0,
                                             &tensors, &count, err);

    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = clv_codec_pack(codec, &packing, &tensors[i], i + 1 == count,
                                into, err);
    }
    return status;
}

struct calling {
    struct clv_survey *s;
    struct clv_buffer *messages;
    struct clv_errand *errands;
    struct clv_findings *findings;
    size_t count; /* places but the last, `output` */
};

static cleave_status prepare_calls(struct calling *c, cleave_error *err)
{
    struct clv_codec *codec = NULL;
    cleave_status status;

    c->messages = calloc(c->count, sizeof *c->messages);
    c->errands = calloc(c->count, sizeof *c->errands);
    c->findings = calloc(c->count, sizeof *c->findings);
    if (c->messages == NULL || c->errands == NULL || c->findings == NULL) {
        return clv_fail_memory(err, "messages", c->count);
    }
    status = clv_codec_new(NULL, &codec);
    for (size_t i = 0; status == CLEAVE_OK && i < c->count; i++) {
        clv_buffer_init(&c->messages[i], MESSAGE_BYTES);
        status = make_message(c->s, codec, i, &c->messages[i], err);
        c->errands[i] =
            (struct clv_errand){.cut = c->s->places[i].name,
                                .message = clv_buffer_bytes(&c->messages[i])};
    }
    clv_codec_free(codec);
    return status;
}

static void forget_calls(struct calling *c)
{
    for (size_t i = 0; c->messages != NULL && i < c->count; i++) {
        clv_buffer_fini(&c->messages[i]);
    }
    free(c->messages);
    free(c->errands);
    free(c->findings);
}

static cleave_status find_tails(struct clv_survey *s, size_t server,
                                int *ret_all, cleave_error *err)
{
    struct clv_origin origin = clv_survey_origin(s, 0, "");
    cleave_status status = CLEAVE_OK;

    *ret_all = 1;
    for (size_t i = 0;
         status == CLEAVE_OK && *ret_all && i + 1 < s->place_count; i++) {
        struct clv_part_name part = {.origin = &origin,
                                     .model = s->sha256,
                                     .cut = s->places[i].name,
                                     .server = s->o->servers[server].name};
        struct clv_cost_tail row;
        status =
            clv_database_find_tail(s->o->database, &part, &row, ret_all, err);
    }
    return status;
}

static cleave_status put_tails(struct calling *c, size_t server,
                               cleave_error *err)
{
    struct clv_survey *s = c->s;
    struct clv_origin origin = clv_survey_origin(s, 0, "");
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < c->count; i++) {
        struct clv_part_name part = {.origin = &origin,
                                     .model = s->sha256,
                                     .cut = s->places[i].name,
                                     .server = s->o->servers[server].name};
        struct clv_cost_tail row = {.time_ns = c->findings[i].tail_ns};
        status = clv_database_put_tail(s->o->database, &part, &row, err);
    }
    return status;
}

/* What is there already is not measured again; bytes are counted anyway. */
static cleave_status call(struct calling *c, size_t server, cleave_error *err)
{
    struct clv_survey *s = c->s;
    struct clv_visit_options options = {
        .url = s->o->servers[server].url,
        .model = s->o->name,
        .sha256 = s->sha256,
        .errands = c->errands,
        .errand_count = c->count,
        .progress = clv_survey_lap,
        .self = s,
    };
    int have_all = 0;
    cleave_status status = find_tails(s, server, &have_all, err);

    clv_survey_step(s, TIMING_S * (double)c->count, options.url);
    options.rounds = have_all ? 1 : s->o->is_fast ? 6 : 12;
    if (status == CLEAVE_OK) {
        status = clv_visit_run(&options, c->findings, err);
    }
    if (status == CLEAVE_OK && !have_all) {
        status = put_tails(c, server, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && server == 0 && i < c->count;
         i++) {
        s->places[i].extra_up = c->findings[i].extra_up_bytes;
        s->places[i].down = c->findings[i].down_bytes;
    }
    clv_survey_stepped(s);
    return status;
}

static void guess_messages(struct clv_survey *s)
{
    size_t count;
    const cleave_tensor_info *outputs =
        clv_network_outputs(s->o->network, &count);

    clv_survey_note(s, "No server was asked: tails are not known, and the "
                       "bytes of HTTP heads are reckoned, not counted. Name "
                       "one with --server.");
    for (size_t i = 0; i + 1 < s->place_count; i++) {
        struct clv_place *p = &s->places[i];
        p->extra_up = clv_visit_guess_up(s->o->name, p->name);
        p->down = clv_visit_guess_down(count) + raw_bytes(outputs, count);
    }
}

cleave_status clv_survey_time_there(struct clv_survey *s, cleave_error *err)
{
    struct calling c = {.s = s, .count = s->place_count - 1};
    cleave_status status;

    if (s->o->server_count == 0) {
        guess_messages(s);
        return CLEAVE_OK;
    }
    status = prepare_calls(&c, err);
    for (size_t i = 0; status == CLEAVE_OK && i < s->o->server_count; i++) {
        status = call(&c, i, err);
    }
    forget_calls(&c);
    return status;
}
