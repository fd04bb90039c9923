/*
 * seam.c - one cut of a network with both its sides on this machine.
 *
 * Tensors find their places by name, as on the two machines of a real run:
 * sessions may order their ends as they like.
 */
#include "profile/seam.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

/* A part and the working memory to run it. */
struct side {
    struct clv_part *part; /* NULL: there is nothing to compute */
    struct clv_outputs *outputs;
    cleave_tensor *inputs;
};

struct clv_seam {
    struct clv_network *network;
    char *cut;
    cleave_tensor_info *tensors;
    size_t count;
    struct side head;
    struct side tail;
    cleave_tensor *given;   /* by the head: tensors, then early outputs */
    cleave_tensor *answers; /* by the tail */
};

static int is_input(const struct clv_seam *s)
{
    return strcmp(s->cut, CLV_CUT_INPUT) == 0;
}

static cleave_status open_side(struct clv_seam *s, struct side *side,
                               enum clv_part_kind kind, cleave_error *err)
{
    size_t count;
    cleave_status status =
        clv_network_load(s->network, kind, s->cut, &side->part, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_session_inputs(clv_part_session(side->part), &count);
    side->inputs = calloc(count + 1, sizeof *side->inputs);
    if (side->inputs == NULL) {
        return clv_fail_memory(err, s->cut, count * sizeof *side->inputs);
    }
    return clv_outputs_new(clv_part_session(side->part), &side->outputs, err);
}

static void close_side(struct side *side)
{
    clv_outputs_free(side->outputs);
    free(side->inputs);
    clv_part_release(side->part);
}

static cleave_status list_tensors(struct clv_seam *s, cleave_error *err)
{
    const cleave_tensor_info *inputs;
    size_t count;
    size_t outputs;
    size_t room;

    inputs = clv_network_inputs(s->network, &count);
    clv_network_outputs(s->network, &outputs);
    room = count > CLV_CUT_TENSORS ? count : CLV_CUT_TENSORS;
    s->tensors = calloc(room, sizeof *s->tensors);
    s->given = calloc(room + outputs, sizeof *s->given);
    s->answers = calloc(outputs + 1, sizeof *s->answers);
    if (s->tensors == NULL || s->given == NULL || s->answers == NULL) {
        return clv_fail_memory(err, s->cut, room * sizeof *s->given);
    }
    if (is_input(s)) {
        memcpy(s->tensors, inputs, count * sizeof *inputs);
        s->count = count;
        return CLEAVE_OK;
    }
    return clv_network_cut_tensors(s->network, s->cut, s->tensors, &s->count,
                                   err);
}

static cleave_status open_all(struct clv_seam *s, enum clv_seam_sides sides,
                              cleave_error *err)
{
    cleave_status status = list_tensors(s, err);

    if (status == CLEAVE_OK && !is_input(s)) {
        status = open_side(s, &s->head, CLV_PART_HEAD, err);
    }
    if (status == CLEAVE_OK && sides == CLV_SEAM_BOTH) {
        status = open_side(s, &s->tail,
                           is_input(s) ? CLV_PART_WHOLE : CLV_PART_TAIL, err);
    }
    return status;
}

cleave_status clv_seam_open(struct clv_network *network, const char *cut,
                            enum clv_seam_sides sides,
                            struct clv_seam **ret_seam, cleave_error *err)
{
    struct clv_seam *s;
    cleave_status status;

    if (strcmp(cut, CLV_CUT_OUTPUT) == 0) {
        return clv_fail(err, CLEAVE_INVALID, cut,
                        "At this cut nothing travels; name another one, "
                        "`cleave inspect` lists them.");
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return clv_fail_memory(err, cut, sizeof *s);
    }
    s->network = network;
    s->cut = strdup(cut);
    status = s->cut != NULL ? open_all(s, sides, err)
                            : clv_fail_memory(err, cut, strlen(cut));
    if (status != CLEAVE_OK) {
        clv_seam_close(s);
        return status;
    }
    *ret_seam = s;
    return CLEAVE_OK;
}

void clv_seam_close(struct clv_seam *seam)
{
    if (seam == NULL) {
        return;
    }
    close_side(&seam->head);
    close_side(&seam->tail);
    free(seam->given);
    free(seam->answers);
    free(seam->tensors);
    free(seam->cut);
    free(seam);
}

const cleave_tensor_info *clv_seam_tensors(const struct clv_seam *seam,
                                           size_t *ret_count)
{
    *ret_count = seam->count;
    return seam->tensors;
}

static const cleave_tensor *find(const cleave_tensor *tensors, size_t count,
                                 const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tensors[i].info.name, name) == 0) {
            return &tensors[i];
        }
    }
    return NULL;
}

static cleave_status run_side(struct side *side, const cleave_tensor *from,
                              size_t from_count, cleave_error *err)
{
    struct clv_session *session = clv_part_session(side->part);
    size_t count;
    const cleave_tensor_info *want = clv_session_inputs(session, &count);

    for (size_t i = 0; i < count; i++) {
        const cleave_tensor *tensor = find(from, from_count, want[i].name);
        if (tensor == NULL) {
            return clv_fail(err, CLEAVE_MISMATCH, want[i].name,
                            "A part of the network wants this tensor, and "
                            "nothing provides it; cut elsewhere.");
        }
        side->inputs[i] = *tensor;
    }
    return clv_session_run(session, side->inputs, count, side->outputs, err);
}

/* What a side has made, nothing if it has nothing to do. */
static const cleave_tensor *made_by(const struct side *side, size_t *ret_count)
{
    *ret_count = 0;
    return side->part != NULL ? clv_outputs_tensors(side->outputs, ret_count)
                              : NULL;
}

/* A tensor among two lists, under the name it was asked for. */
static int take(const char *name, const cleave_tensor *a, size_t a_count,
                const cleave_tensor *b, size_t b_count, cleave_tensor *into)
{
    const cleave_tensor *tensor = find(a, a_count, name);

    if (tensor == NULL) {
        tensor = find(b, b_count, name);
    }
    if (tensor == NULL) {
        return 0;
    }
    *into = *tensor;
    into->info.name = name;
    return 1;
}

cleave_status clv_seam_head(struct clv_seam *s, const cleave_tensor *inputs,
                            size_t input_count,
                            const cleave_tensor **ret_tensors,
                            size_t *ret_count, cleave_error *err)
{
    const cleave_tensor *made;
    const cleave_tensor_info *outputs;
    size_t made_count;
    size_t output_count;
    size_t count = 0;
    cleave_status status = CLEAVE_OK;

    if (s->head.part != NULL) {
        status = run_side(&s->head, inputs, input_count, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    made = made_by(&s->head, &made_count);
    for (; count < s->count; count++) {
        if (!take(s->tensors[count].name, made, made_count, inputs, input_count,
                  &s->given[count])) {
            return clv_fail(err, CLEAVE_MISMATCH, s->tensors[count].name,
                            "The head does not make this tensor.");
        }
    }
    outputs = clv_network_outputs(s->network, &output_count);
    for (size_t i = 0; i < output_count; i++) {
        count += (size_t)take(outputs[i].name, made, made_count, inputs,
                              input_count, &s->given[count]);
    }
    *ret_tensors = s->given;
    *ret_count = count;
    return CLEAVE_OK;
}

cleave_status clv_seam_tail(struct clv_seam *s, const cleave_tensor *tensors,
                            size_t count, const cleave_tensor **ret_outputs,
                            size_t *ret_output_count, cleave_error *err)
{
    const cleave_tensor *made;
    const cleave_tensor_info *outputs;
    size_t made_count;
    size_t output_count;
    cleave_status status = run_side(&s->tail, tensors, s->count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    made = made_by(&s->tail, &made_count);
    outputs = clv_network_outputs(s->network, &output_count);
    for (size_t i = 0; i < output_count; i++) {
        /* What the device has itself goes before what came back. */
        if (!take(outputs[i].name, tensors + s->count, count - s->count, made,
                  made_count, &s->answers[i])) {
            return clv_fail(err, CLEAVE_MISMATCH, outputs[i].name,
                            "Neither side makes this output.");
        }
    }
    *ret_outputs = s->answers;
    *ret_output_count = output_count;
    return CLEAVE_OK;
}
