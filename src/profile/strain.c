/*
 * strain.c - how finely a cut must be packed, found out on a few inputs.
 *
 * The error grows about in proportion to the step, so from one standard
 * deviation two corrections come near the target. No calibration is at hand
 * at this point; the tables that travel along instead are a few hundred bytes
 * on every cut alike.
 */
#include "profile/strain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/parcel.h"
#include "profile/seam.h"
#include "profile/shelf.h"

#define MOST_BYTES ((uint64_t)512 << 20)
#define TRIES 3

struct clv_strain {
    struct clv_network *network;
    const struct clv_source *source;
    const uint64_t *samples;
    size_t count;
    struct clv_clock clock;
    struct clv_sample sample;
    struct clv_shelf answers; /* of the whole */
    cleave_tensor *list;      /* what a tail takes */
};

/* A cut being tried. */
struct trial {
    struct clv_strain *strain;
    struct clv_seam *seam;
    struct clv_parcel *parcel;
    double bytes; /* sums over the inputs */
    double error;
};

/* -- Errors -- */

static void add_squares(const cleave_tensor *a, const cleave_tensor *b,
                        double *difference, double *size)
{
    const float *x = a->data;
    const float *y = b->data;

    for (size_t i = 0; i < a->bytes / sizeof *x; i++) {
        *difference += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        *size += (double)y[i] * y[i];
    }
}

/* Of f32 outputs; others count as whole or broken. */
static double error_of(const cleave_tensor *outputs,
                       const cleave_tensor *answers, size_t count)
{
    double difference = 0;
    double size = 0;

    for (size_t i = 0; i < count; i++) {
        if (outputs[i].bytes != answers[i].bytes) {
            return 1;
        }
        if (outputs[i].info.type == CLEAVE_TYPE_F32) {
            add_squares(&outputs[i], &answers[i], &difference, &size);
        } else if (memcmp(outputs[i].data, answers[i].data, answers[i].bytes)) {
            difference += 1;
            size += 1;
        }
    }
    difference = size > 0 ? sqrt(difference / size) : 0;
    return isfinite(difference) ? difference : 1e9;
}

/* -- The whole -- */

static cleave_status answer_all(struct clv_strain *s, struct clv_seam *seam,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < s->count; i++) {
        const cleave_tensor *tensors = NULL;
        const cleave_tensor *outputs = NULL;
        size_t count = 0;
        size_t output_count = 0;
        status = clv_source_load(s->source, s->samples[i], &s->sample, err);
        if (status == CLEAVE_OK) {
            status = clv_seam_head(seam, s->sample.tensors, s->sample.count,
                                   &tensors, &count, err);
        }
        if (status == CLEAVE_OK) {
            status = clv_seam_tail(seam, tensors, count, &outputs,
                                   &output_count, err);
        }
        if (status == CLEAVE_OK &&
            clv_shelf_put(&s->answers, i, outputs, output_count) == NULL) {
            status = clv_fail_memory(err, "answers", outputs[0].bytes);
        }
    }
    return status;
}

static cleave_status prepare(struct clv_strain *s, cleave_error *err)
{
    struct clv_seam *seam = NULL;
    size_t inputs;
    size_t outputs;
    cleave_status status =
        clv_shelf_init(&s->answers, s->count, MOST_BYTES, err);

    clv_network_inputs(s->network, &inputs);
    clv_network_outputs(s->network, &outputs);
    s->list = calloc(inputs + outputs + CLV_CUT_TENSORS, sizeof *s->list);
    if (status == CLEAVE_OK && s->list == NULL) {
        status = clv_fail_memory(err, "answers", inputs + outputs);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_seam_open(s->network, CLV_CUT_INPUT, CLV_SEAM_BOTH, &seam, err);
    }
    if (status == CLEAVE_OK) {
        status = answer_all(s, seam, err);
    }
    clv_seam_close(seam);
    return status;
}

cleave_status clv_strain_new(struct clv_network *network,
                             const struct clv_source *source,
                             const uint64_t *samples, size_t count,
                             struct clv_clock clock,
                             struct clv_strain **ret_strain, cleave_error *err)
{
    struct clv_strain *s = calloc(1, sizeof *s);
    cleave_status status;

    if (s == NULL) {
        return clv_fail_memory(err, "answers", sizeof *s);
    }
    s->network = network;
    s->source = source;
    s->samples = samples;
    s->count = count;
    s->clock = clock;
    clv_sample_init(&s->sample);
    status = prepare(s, err);
    if (status != CLEAVE_OK) {
        clv_strain_free(s);
        return status;
    }
    *ret_strain = s;
    return CLEAVE_OK;
}

void clv_strain_free(struct clv_strain *strain)
{
    if (strain == NULL) {
        return;
    }
    clv_shelf_fini(&strain->answers);
    clv_sample_fini(&strain->sample);
    free(strain->list);
    free(strain);
}

/* -- A cut -- */

static cleave_status try_input(struct trial *t, size_t i,
                               const struct clv_packing *packing,
                               cleave_error *err)
{
    struct clv_strain *s = t->strain;
    const cleave_tensor *tensors = NULL;
    const cleave_tensor *back = NULL;
    const cleave_tensor *outputs = NULL;
    struct clv_passage passage = {0};
    size_t sent;
    size_t count = 0;
    cleave_status status =
        clv_source_load(s->source, s->samples[i], &s->sample, err);

    clv_seam_tensors(t->seam, &sent);
    if (status == CLEAVE_OK) {
        status = clv_seam_head(t->seam, s->sample.tensors, s->sample.count,
                               &tensors, &count, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_parcel_send(t->parcel, packing, tensors, sent, &back,
                                 &passage, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    memcpy(s->list, tensors, count * sizeof *tensors);
    memcpy(s->list, back, sent * sizeof *back);
    status = clv_seam_tail(t->seam, s->list, count, &outputs, &count, err);
    if (status == CLEAVE_OK) {
        t->bytes += (double)passage.bytes;
        t->error +=
            error_of(outputs, clv_shelf_get(&s->answers, i, &count), count);
    }
    return status;
}

static cleave_status try_step(struct trial *t, double step,
                              struct clv_strained *ret, cleave_error *err)
{
    const struct clv_packing packing = {
        .coder = CLV_CODER_DENSE, .step = step, .step_in_sd = step > 0};
    cleave_status status = CLEAVE_OK;

    t->bytes = 0;
    t->error = 0;
    for (size_t i = 0; status == CLEAVE_OK && i < t->strain->count; i++) {
        status = try_input(t, i, &packing, err);
    }
    *ret = (struct clv_strained){
        .step_sd = step,
        .bytes = t->bytes / (double)t->strain->count,
        .error = t->error / (double)t->strain->count,
    };
    return status;
}

static int has_floats(const struct clv_seam *seam)
{
    size_t count;
    const cleave_tensor_info *tensors = clv_seam_tensors(seam, &count);

    for (size_t i = 0; i < count; i++) {
        if (tensors[i].type == CLEAVE_TYPE_F32 ||
            tensors[i].type == CLEAVE_TYPE_F16) {
            return 1;
        }
    }
    return 0;
}

static double correct(const struct clv_strained *tried)
{
    double factor =
        tried->error > 0 ? CLV_STRAIN_TARGET / tried->error : 1 / 0.25;
    double step = tried->step_sd * (factor > 4 ? 4 : factor);

    return step < CLV_STRAIN_FINEST     ? CLV_STRAIN_FINEST
           : step > CLV_STRAIN_COARSEST ? CLV_STRAIN_COARSEST
                                        : step;
}

static cleave_status try_cut(struct trial *t, struct clv_strained *ret,
                             cleave_error *err)
{
    double step = has_floats(t->seam) ? 1 : 0;
    cleave_status status = try_step(t, step, ret, err);

    for (int i = 1; step > 0 && status == CLEAVE_OK && i < TRIES; i++) {
        step = correct(ret);
        status = try_step(t, step, ret, err);
    }
    return status;
}

cleave_status clv_strain_cut(struct clv_strain *strain, const char *cut,
                             struct clv_strained *ret_strained,
                             cleave_error *err)
{
    struct trial t = {.strain = strain};
    struct clv_strained tried = {0};
    size_t inputs;
    cleave_status status =
        clv_seam_open(strain->network, cut, CLV_SEAM_BOTH, &t.seam, err);

    clv_network_inputs(strain->network, &inputs);
    if (status == CLEAVE_OK) {
        status = clv_parcel_new(NULL, inputs + CLV_CUT_TENSORS, strain->clock,
                                &t.parcel, err);
    }
    if (status == CLEAVE_OK) {
        status = try_cut(&t, &tried, err);
    }
    if (status == CLEAVE_OK) {
        *ret_strained = tried;
    }
    clv_parcel_free(t.parcel);
    clv_seam_close(t.seam);
    return status;
}
