/*
 * gather.h - inside of a source: how paths become groups of samples.
 *
 * Shared by source.c and gather.c only.
 */
#ifndef CLV_GATHER_H
#define CLV_GATHER_H

#include "media/source.h"
#include "media/stack.h"

/*
 * A picture (`stacks` is NULL, one row), or arrays: one stack for each input
 * of the model, all with `rows` rows.
 */
struct clv_group {
    char *path;
    uint64_t first;
    uint64_t rows;
    struct clv_stack *stacks;
};

/* Samples are numbered through the groups; `groups` is sorted by `first`. */
struct clv_source {
    const struct clv_card *card;
    size_t input_count;
    cleave_tensor_info inputs[CLV_CARD_INPUTS];
    char *names[CLV_CARD_INPUTS]; /* owns the inputs' names */
    struct clv_group *groups;
    size_t group_count;
    size_t group_capacity;
    size_t array_count;
    uint64_t samples;
};

/* Appends the samples at `path`, a file or folder. */
cleave_status clv_gather(struct clv_source *source, const char *path,
                         cleave_error *err);

/* Gives back what a group holds. */
void clv_group_fini(const struct clv_source *source, struct clv_group *group);

#endif
