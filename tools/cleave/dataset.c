/*
 * dataset.c - a model opened with its card and a folder of inputs.
 */
#include "dataset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/file.h"
#include "teaching.h"

/* A part whose work is not known is taken for a half. */
#define UNKNOWN_SHARE 0.5

cleave_status dataset_check(const struct settings *settings, cleave_error *err)
{
    cleave_status status = command_check_model(settings, err);

    if (status == CLEAVE_OK && settings->data == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say what to measure on: --data DIR.");
    }
    return status;
}

/* The card named, or the one beside the model if there is one. */
static cleave_status open_card(const struct settings *s, struct dataset *d,
                               cleave_error *err)
{
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in =
        clv_network_inputs(d->opened.network, &inputs);
    const cleave_tensor_info *out =
        clv_network_outputs(d->opened.network, &outputs);
    cleave_status status;

    if (s->card != NULL) {
        status = clv_path_print(d->card_path, sizeof d->card_path, err, "%s",
                                s->card);
    } else {
        status = clv_card_default_path(s->rest[0], d->card_path, err);
        if (status == CLEAVE_OK && access(d->card_path, F_OK) != 0) {
            d->card_path[0] = '\0';
            return CLEAVE_OK; /* a model without a card takes arrays */
        }
    }
    if (status == CLEAVE_OK) {
        status = clv_card_read(d->card_path, &d->card, err);
    }
    return status == CLEAVE_OK
               ? clv_card_check(d->card, in, inputs, out, outputs, err)
               : status;
}

cleave_status dataset_open(const struct settings *s, struct dataset *d,
                           cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (s->labels != NULL) {
        status = clv_labels_read(s->labels, &d->labels, err);
    }
    if (status == CLEAVE_OK) {
        status = command_open(s, s->rest[0], &d->opened, err);
    }
    if (status == CLEAVE_OK) {
        status = open_card(s, d, err);
    }
    if (status == CLEAVE_OK) {
        size_t inputs;
        const cleave_tensor_info *in =
            clv_network_inputs(d->opened.network, &inputs);
        status =
            clv_source_new(d->card, in, inputs, &s->data, 1, &d->source, err);
    }
    if (status == CLEAVE_OK) {
        d->count = clv_source_count(d->source);
    }
    return status;
}

void dataset_close(struct dataset *d)
{
    clv_source_free(d->source);
    clv_labels_free(d->labels);
    clv_card_free(d->card);
    command_close(&d->opened);
}

int dataset_has_pictures(const struct dataset *d)
{
    size_t inputs;
    const cleave_tensor_info *in =
        clv_network_inputs(d->opened.network, &inputs);
    const struct clv_card_input *input = d->card != NULL && inputs == 1
                                             ? clv_card_input(d->card, in->name)
                                             : NULL;

    return input != NULL && input->kind == CLV_KIND_IMAGE &&
           !clv_path_ends(clv_source_file(d->source, 0), ".npy");
}

/* -- Calibrating and testing -- */

static int has_label(void *self, uint64_t index)
{
    const struct dataset *d = self;
    int64_t class_index;

    return d->labels == NULL ||
           clv_labels_find(d->labels, clv_source_file(d->source, index),
                           clv_source_row(d->source, index), &class_index,
                           NULL) == CLEAVE_OK;
}

cleave_status dataset_divide(struct dataset *d, const struct settings *s,
                             struct clv_sampling *sampling, cleave_error *err)
{
    uint64_t teach = clv_sampling_teachers(s->calibrate, d->count);
    cleave_status status = clv_sampling_init(sampling, d->count, teach,
                                             s->limit, has_label, d, err);

    teaching_tell(s->quiet, "--calibrate", s->calibrate, d->count);
    if (status == CLEAVE_OK && sampling->examine_count < 2) {
        return clv_fail(
            err, CLEAVE_INVALID, s->data,
            "Of %llu inputs %zu calibrate, and %zu with a label are left to "
            "test; let fewer calibrate with --calibrate, or give more.",
            (unsigned long long)d->count, sampling->teach_count,
            sampling->examine_count);
    }
    return status;
}

/* -- Cuts -- */

static cleave_status add_cut(struct cutlist *list, const char *name,
                             double share, cleave_error *err)
{
    char **names = realloc(list->names, (list->count + 1) * sizeof *names);
    double *shares;

    list->names = names != NULL ? names : list->names;
    shares = realloc(list->shares, (list->count + 1) * sizeof *shares);
    list->shares = shares != NULL ? shares : list->shares;
    if (names == NULL || shares == NULL) {
        return clv_fail_memory(err, "cuts", list->count * sizeof *names);
    }
    list->names[list->count] = strdup(name);
    if (list->names[list->count] == NULL) {
        return clv_fail_memory(err, "cuts", strlen(name));
    }
    list->shares[list->count++] = share;
    return CLEAVE_OK;
}

static double share_of(const char *name, const struct clv_cut *cuts,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cuts[i].name, name) == 0) {
            return cuts[i].head_share;
        }
    }
    return strcmp(name, CLV_CUT_INPUT) == 0 ? 0 : UNKNOWN_SHARE;
}

/* One of --cuts, under the name that the network calls it. */
static cleave_status add_named(struct cutlist *list,
                               struct clv_network *network, const char *name,
                               const struct clv_cut *cuts, size_t cut_count,
                               cleave_error *err)
{
    cleave_tensor_info tensors[CLV_CUT_TENSORS];
    const char *names[CLV_CUT_TENSORS];
    char canonical[CLV_PATH_MAX];
    size_t count;
    cleave_status status;

    if (strcmp(name, CLV_CUT_OUTPUT) == 0) {
        return clv_fail(err, CLEAVE_INVALID, name,
                        "At this cut nothing travels.");
    }
    if (strcmp(name, CLV_CUT_INPUT) == 0) {
        return add_cut(list, name, 0, err);
    }
    status = clv_network_cut_tensors(network, name, tensors, &count, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = tensors[i].name;
    }
    status = clv_network_cut_of(network, names, count, canonical,
                                sizeof canonical, err);
    return status == CLEAVE_OK
               ? add_cut(list, canonical, share_of(canonical, cuts, cut_count),
                         err)
               : status;
}

static cleave_status add_all_named(struct cutlist *list, const char *text,
                                   struct clv_network *network,
                                   cleave_error *err)
{
    const struct clv_cut *cuts;
    size_t count;
    char *copy = strdup(text);
    char *rest = copy;
    char *name;
    cleave_status status = clv_network_all_cuts(network, &cuts, &count, err);

    if (copy == NULL) {
        return clv_fail_memory(err, "cuts", strlen(text));
    }
    while (status == CLEAVE_OK && (name = strsep(&rest, ",")) != NULL) {
        status = add_named(list, network, name, cuts, count, err);
    }
    free(copy);
    return status;
}

cleave_status cutlist_init(struct cutlist *list, const struct settings *s,
                           struct clv_network *network, int with_input,
                           cleave_error *err)
{
    const struct clv_cut *cuts;
    size_t count;
    cleave_status status = CLEAVE_OK;

    *list = (struct cutlist){0};
    if (s->cuts != NULL) {
        return add_all_named(list, s->cuts, network, err);
    }
    status = (s->all ? clv_network_all_cuts : clv_network_cuts)(network, &cuts,
                                                                &count, err);
    if (status == CLEAVE_OK && with_input) {
        status = add_cut(list, CLV_CUT_INPUT, 0, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        status = add_cut(list, cuts[i].name, cuts[i].head_share, err);
    }
    return status;
}

void cutlist_fini(struct cutlist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->names[i]);
    }
    free(list->names);
    free(list->shares);
    *list = (struct cutlist){0};
}
