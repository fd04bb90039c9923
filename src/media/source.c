/*
 * source.c - the list of samples, and loading one.
 *
 * The list is made of groups: a picture is a group of one sample, a file (or
 * folder) of stacked arrays a group of as many as it has rows. Each group
 * knows the number of its first sample, so sample i is found by bisection
 * and nothing is kept for each row of a stack.
 *
 * gather.c turns paths into groups.
 */
#include "media/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "media/gather.h"

void clv_sample_init(struct clv_sample *sample)
{
    *sample = (struct clv_sample){0};
    clv_image_init(&sample->image);
    clv_preparer_init(&sample->preparer, 0);
}

void clv_sample_fini(struct clv_sample *sample)
{
    for (size_t i = 0; i < CLV_CARD_INPUTS; i++) {
        free(sample->memory[i]);
    }
    clv_image_fini(&sample->image);
    clv_preparer_fini(&sample->preparer);
    clv_sample_init(sample);
}

/* What the card knows of a free dimension, the input need not leave open. */
static void narrow(cleave_tensor_info *input, const struct clv_card *card)
{
    const struct clv_card_input *said = clv_card_input(card, input->name);

    if (said == NULL || said->kind != CLV_KIND_ARRAY) {
        return;
    }
    for (uint32_t i = 0; i < input->rank && i < said->rank; i++) {
        if (input->shape[i] < 0) {
            input->shape[i] = said->shape[i];
        }
    }
}

static cleave_status set_inputs(struct clv_source *s,
                                const struct clv_card *card,
                                const cleave_tensor_info *inputs, size_t count,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (count == 0 || count > CLV_CARD_INPUTS) {
        return clv_fail(err, CLEAVE_LIMIT, NULL,
                        "The model has %zu inputs; from 1 to %d are possible.",
                        count, CLV_CARD_INPUTS);
    }
    if (card != NULL) {
        status = clv_card_check(card, inputs, count, NULL, 0, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        char *name = strdup(inputs[i].name);
        if (name == NULL) {
            return clv_fail_memory(err, inputs[i].name, strlen(inputs[i].name));
        }
        s->inputs[i] = inputs[i];
        s->inputs[i].name = name;
        s->names[i] = name;
        s->input_count++;
        if (card != NULL) {
            narrow(&s->inputs[i], card);
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_source_new(const struct clv_card *card,
                             const cleave_tensor_info *inputs,
                             size_t input_count, const char *const *paths,
                             size_t path_count, struct clv_source **ret_source,
                             cleave_error *err)
{
    struct clv_source *s = calloc(1, sizeof *s);
    cleave_status status;

    if (s == NULL) {
        return clv_fail_memory(err, NULL, sizeof *s);
    }
    s->card = card;
    status = set_inputs(s, card, inputs, input_count, err);
    for (size_t i = 0; status == CLEAVE_OK && i < path_count; i++) {
        status = clv_gather(s, paths[i], err);
    }
    if (status == CLEAVE_OK && s->samples == 0) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, NULL,
                          "There is no input; name pictures, .npy files or "
                          "folders of them.");
    }
    if (status != CLEAVE_OK) {
        clv_source_free(s);
        return status;
    }
    *ret_source = s;
    return CLEAVE_OK;
}

void clv_source_free(struct clv_source *source)
{
    if (source == NULL) {
        return;
    }
    for (size_t g = 0; g < source->group_count; g++) {
        clv_group_fini(source, &source->groups[g]);
    }
    for (size_t i = 0; i < source->input_count; i++) {
        free(source->names[i]);
    }
    free(source->groups);
    free(source);
}

uint64_t clv_source_count(const struct clv_source *source)
{
    return source->samples;
}

/* The last group whose first sample is not after `sample`. */
static const struct clv_group *group_of(const struct clv_source *source,
                                        uint64_t sample)
{
    size_t low = 0;
    size_t high = source->group_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->groups[middle].first <= sample) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &source->groups[low];
}

const char *clv_source_name(const struct clv_source *source, uint64_t sample,
                            char into[CLV_SOURCE_NAME])
{
    const struct clv_group *group = group_of(source, sample);
    const char *name = clv_path_name(group->path);

    if (group->rows > 1) {
        snprintf(into, CLV_SOURCE_NAME, "%.255s[%" PRIu64 "]", name,
                 sample - group->first);
    } else {
        snprintf(into, CLV_SOURCE_NAME, "%.255s", name);
    }
    return into;
}

const char *clv_source_file(const struct clv_source *source, uint64_t sample)
{
    return group_of(source, sample)->path;
}

uint64_t clv_source_row(const struct clv_source *source, uint64_t sample)
{
    return sample - group_of(source, sample)->first;
}

static cleave_status make_room(struct clv_sample *sample, size_t input,
                               size_t bytes, const char *where,
                               cleave_error *err)
{
    uint8_t *memory;

    if (bytes <= sample->capacity[input]) {
        return CLEAVE_OK;
    }
    memory = malloc(bytes);
    if (memory == NULL) {
        return clv_fail_memory(err, where, bytes);
    }
    free(sample->memory[input]);
    sample->memory[input] = memory;
    sample->capacity[input] = bytes;
    return CLEAVE_OK;
}

cleave_status clv_source_fill(const struct clv_source *source,
                              struct clv_sample *into, cleave_error *err)
{
    const cleave_tensor_info *want = &source->inputs[0];
    const struct clv_image *image = &into->image;
    const struct clv_card_input *input;
    cleave_tensor tensor = {.data = NULL};
    uint64_t elements;
    uint64_t bytes;
    cleave_status status;

    if (source->card == NULL || image->pixels == NULL) {
        return clv_fail(err, CLEAVE_INVALID, want->name,
                        "There is no picture to fill the tensor from; load "
                        "one first.");
    }
    input = clv_card_input(source->card, want->name);
    status = clv_prepare_values_form(input, image->width, image->height, want,
                                     want->name, &tensor.info, err);

    if (status == CLEAVE_OK &&
        cleave_tensor_count(&tensor.info, &elements, &bytes) != CLEAVE_OK) {
        status =
            clv_fail(err, CLEAVE_LIMIT, want->name, "The tensor is too large.");
    }
    if (status == CLEAVE_OK) {
        status = make_room(into, 0, (size_t)bytes, want->name, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    tensor.data = into->memory[0];
    tensor.bytes = (size_t)bytes;
    into->tensors[0] = tensor;
    into->count = 1;
    return clv_prepare_values(input, image, want->name, &tensor, err);
}

/* Decodes a picture and does the card's steps, if they suit the model. */
static cleave_status load_picture(const struct clv_source *source,
                                  const char *path, struct clv_sample *into,
                                  cleave_error *err)
{
    const cleave_tensor_info *want = &source->inputs[0];
    const struct clv_card_input *input =
        clv_card_input(source->card, want->name);
    struct clv_image *image = &into->image;
    cleave_tensor_info info;
    struct clv_map map;
    cleave_status status = clv_map_open(path, &map, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    status = clv_image_decode(map.bytes, 0, path, image, err);
    clv_map_close(&map);
    if (status == CLEAVE_OK) {
        status = clv_prepare_form(input, image->width, image->height, want,
                                  path, &info, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_prepare_geometry(&into->preparer, input, image, path, err);
    }
    return status;
}

/* Borrows the row from the map, or copies it where it cannot be used there. */
static cleave_status load_row(const struct clv_stack *stack, uint64_t row,
                              size_t input, struct clv_sample *into,
                              cleave_error *err)
{
    cleave_tensor *tensor = &into->tensors[input];
    const uint8_t *data = clv_stack_row(stack, row);
    cleave_status status = CLEAVE_OK;

    tensor->info = stack->row;
    tensor->bytes = stack->row_bytes;
    tensor->data = (void *)(uintptr_t)data;
    if (!stack->is_aligned) {
        status = make_room(into, input, stack->row_bytes, stack->row.name, err);
    }
    if (!stack->is_aligned && status == CLEAVE_OK) {
        memcpy(into->memory[input], data, stack->row_bytes);
        tensor->data = into->memory[input];
    }
    return status;
}

/* The group of a sample, which may not be there. */
static cleave_status find_group(const struct clv_source *source,
                                uint64_t sample,
                                const struct clv_group **ret_group,
                                cleave_error *err)
{
    if (sample >= source->samples) {
        return clv_fail(err, CLEAVE_INVALID, NULL,
                        "There is no sample %" PRIu64 " of %" PRIu64 ".",
                        sample, source->samples);
    }
    *ret_group = group_of(source, sample);
    return CLEAVE_OK;
}

cleave_status clv_source_load(const struct clv_source *source, uint64_t sample,
                              struct clv_sample *into, cleave_error *err)
{
    const struct clv_group *group = NULL;
    cleave_status status = find_group(source, sample, &group, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (group->stacks == NULL) {
        status = load_picture(source, group->path, into, err);
        return status == CLEAVE_OK ? clv_source_fill(source, into, err)
                                   : status;
    }
    into->count = source->input_count;
    for (size_t i = 0; status == CLEAVE_OK && i < source->input_count; i++) {
        status =
            load_row(&group->stacks[i], sample - group->first, i, into, err);
    }
    return status;
}

cleave_status clv_source_load_picture(const struct clv_source *source,
                                      uint64_t sample, struct clv_sample *into,
                                      cleave_error *err)
{
    const struct clv_group *group = NULL;
    cleave_status status = find_group(source, sample, &group, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (group->stacks != NULL) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, group->path,
                        "This is an array, and only a picture can be sent as "
                        "one; name a picture, or let the tensor be sent.");
    }
    into->count = 0;
    return load_picture(source, group->path, into, err);
}
