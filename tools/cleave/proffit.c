/*
 * proffit.c - whether the variants of a task go together, before hours of
 * measuring show that they do not.
 *
 * Models are opened only as far as their inputs and outputs.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "profile/fitting.h"
#include "profiling.h"

struct candidate {
    struct clv_network *network;
    struct clv_card *card;
    struct clv_fitting fitting;
};

static cleave_status open_one(struct candidate *c, const struct profiling *a,
                              const struct clv_app_variant *variant,
                              cleave_error *err)
{
    char card[CLV_PATH_MAX] = "";
    cleave_status status = clv_network_open(variant->path, a->examiner,
                                            a->store, &c->network, err);

    if (status == CLEAVE_OK) {
        status = profiling_card(a, variant, card, err);
    }
    if (status == CLEAVE_OK && card[0] != '\0') {
        status = clv_card_read(card, &c->card, err);
    }
    c->fitting = (struct clv_fitting){variant->name, c->network, c->card};
    return status;
}

static void close_one(struct candidate *c)
{
    clv_card_free(c->card);
    clv_network_close(c->network);
}

static cleave_status check_task(const struct profiling *a,
                                const struct clv_app_task *task,
                                cleave_error *err)
{
    struct candidate first = {0};
    cleave_status status = open_one(&first, a, &task->variants[0], err);

    for (size_t i = 1; status == CLEAVE_OK && i < task->variant_count; i++) {
        struct candidate other = {0};
        status = open_one(&other, a, &task->variants[i], err);
        if (status == CLEAVE_OK) {
            status = clv_variants_fit(&first.fitting, &other.fitting, err);
        }
        close_one(&other);
    }
    close_one(&first);
    return status;
}

cleave_status proffit_check(const struct profiling *a, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < a->task_count; i++) {
        if (a->tasks[i]->variant_count > 1) {
            status = check_task(a, a->tasks[i], err);
        }
    }
    return status;
}
