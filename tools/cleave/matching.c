/*
 * matching.c - that the models of each task can be its variants.
 *
 * Opening a model reads its graph and no more, so this takes a moment.
 */
#include "matching.h"

#include "profile/fitting.h"

/* A model with its card, for a look. */
struct matched {
    struct clv_network *network;
    struct clv_card *card;
};

static void matched_close(struct matched *m)
{
    clv_card_free(m->card);
    clv_network_close(m->network);
}

static cleave_status matched_open(struct matched *m, struct profiling *all,
                                  const struct clv_app_variant *variant,
                                  cleave_error *err)
{
    char card[CLV_PATH_MAX];
    cleave_status status = clv_network_open(variant->path, all->examiner,
                                            all->store, &m->network, err);

    if (status == CLEAVE_OK) {
        status = profiling_card(all, variant, card, err);
    }
    return status == CLEAVE_OK && card[0] != '\0'
               ? clv_card_read(card, &m->card, err)
               : status;
}

static cleave_status check_variant(struct profiling *all,
                                   const struct matched *first,
                                   const struct clv_app_task *task, size_t i,
                                   cleave_error *err)
{
    struct matched m = {NULL, NULL};
    cleave_status status = matched_open(&m, all, &task->variants[i], err);

    if (status == CLEAVE_OK) {
        struct clv_fitting a = {.name = task->variants[0].path,
                                .network = first->network,
                                .card = first->card};
        struct clv_fitting b = {.name = task->variants[i].path,
                                .network = m.network,
                                .card = m.card};
        status = clv_variants_fit(&a, &b, err);
    }
    matched_close(&m);
    return status;
}

static cleave_status check_task(struct profiling *all,
                                const struct clv_app_task *task,
                                cleave_error *err)
{
    struct matched first = {NULL, NULL};
    cleave_status status;

    if (task->variant_count < 2) {
        return CLEAVE_OK;
    }
    status = matched_open(&first, all, &task->variants[0], err);
    for (size_t i = 1; status == CLEAVE_OK && i < task->variant_count; i++) {
        status = check_variant(all, &first, task, i, err);
    }
    matched_close(&first);
    return status;
}

cleave_status matching_check(struct profiling *all, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < all->task_count; i++) {
        status = check_task(all, all->tasks[i], err);
    }
    return status;
}
