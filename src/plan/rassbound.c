/*
 * rassbound.c - RASS on a product too large to go through, by bounds.
 *
 * Each design that is kept is the answer to a question (exact.h), and so is
 * what it gives way to.
 */
#include "plan/rassbound.h"

#include <math.h>

#include "base/fail.h"
#include "plan/exact.h"
#include "plan/tenth.h"

/* Numbers of designs are exact up to here. */
#define NUMBERS_MOST 0x1p63

static void value_design(const struct clv_product *product,
                         const uint32_t *choice, double *ret_values)
{
    const struct clv_goals *goals = clv_product_options_of(product)->goals;

    for (size_t g = 0; g < goals->goal_count; g++) {
        ret_values[g] = clv_product_value(product, choice, goals->goals[g].task,
                                          goals->goals[g].measure);
    }
}

/* The best of a kind, or what it gives way to, joins what is kept. */
static cleave_status keep(const struct clv_product *product, unsigned role,
                          struct clv_exact_question question,
                          struct clv_rass *rass, uint32_t *ret_choice,
                          cleave_error *err)
{
    struct clv_rass_design design = {.roles = role};
    struct clv_exact_answer answer;
    double values[CLV_GOALS];
    cleave_status status =
        clv_exact_solve(product, &rass->yardstick, &question, &answer, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    design.optimality = answer.optimality;
    question.beats = values;
    while (status == CLEAVE_OK) {
        rass->is_proven &= answer.is_proven;
        value_design(product, answer.choice, values);
        status =
            clv_exact_solve(product, &rass->yardstick, &question, &answer, err);
    }
    if (status != CLEAVE_NOT_FOUND) {
        return status;
    }
    for (size_t i = 0; i < CLV_SEATS; i++) {
        ret_choice[i] = answer.choice[i];
    }
    design.design = clv_product_number(product, answer.choice);
    clv_rass_keep(rass, &design);
    return CLEAVE_OK;
}

/* That there is none of a kind is no failure. */
static cleave_status keep_if_any(const struct clv_product *product,
                                 unsigned role,
                                 const struct clv_exact_question *question,
                                 struct clv_rass *rass, cleave_error *err)
{
    uint32_t choice[CLV_SEATS];
    cleave_status status = keep(product, role, *question, rass, choice, err);

    return status == CLEAVE_NOT_FOUND ? CLEAVE_OK : status;
}

/* Where the tenths end, d0 being known. */
static cleave_status find_tenths(const struct clv_product *product,
                                 const uint32_t *best, struct clv_rass *rass,
                                 cleave_error *err)
{
    struct clv_seating seating = {0};
    cleave_status status = clv_seating_init(&seating, product, err);

    if (status == CLEAVE_OK) {
        status = clv_tenth_find(&seating, clv_seating_memory(&seating),
                                &rass->memory_tenth, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_tenth_find(&seating, clv_seating_workload(&seating),
                                &rass->workload_tenth, err);
    }
    clv_seating_fini(&seating);
    if (status == CLEAVE_OK) {
        rass->memory_tenth = clv_rass_slightly_more(
            rass->memory_tenth, clv_product_memory(product, best));
        rass->workload_tenth = clv_rass_slightly_more(
            rass->workload_tenth, clv_product_workload(product, best));
    }
    return status;
}

static cleave_status keep_little(const struct clv_product *product,
                                 const uint32_t *best, struct clv_rass *rass,
                                 cleave_error *err)
{
    struct clv_exact_question memory = {.avoids = 0};
    struct clv_exact_question workload = {.avoids = 0};
    cleave_status status = find_tenths(product, best, rass, err);

    memory.memory_most = rass->memory_tenth;
    workload.workload_most = rass->workload_tenth;
    if (status == CLEAVE_OK && isfinite(rass->memory_tenth)) {
        status = keep_if_any(product, CLV_ROLE_MEMORY, &memory, rass, err);
    }
    if (status == CLEAVE_OK && isfinite(rass->workload_tenth)) {
        status = keep_if_any(product, CLV_ROLE_WORKLOAD, &workload, rass, err);
    }
    return status;
}

static cleave_status keep_all(const struct clv_product *product,
                              struct clv_rass *rass, cleave_error *err)
{
    struct clv_exact_question any = {.avoids = 0};
    uint32_t best[CLV_SEATS];
    uint32_t used;
    cleave_status status = keep(product, CLV_ROLE_BEST, any, rass, best, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    used = clv_product_processors(product, best);
    for (unsigned bit = 0; status == CLEAVE_OK && bit < CLV_RASS_PROCESSORS;
         bit++) {
        struct clv_exact_question question = {.avoids = 1u << bit};
        if (used & question.avoids) {
            status = keep_if_any(product, CLV_ROLE_AVOIDS << bit, &question,
                                 rass, err);
        }
    }
    return status == CLEAVE_OK ? keep_little(product, best, rass, err) : status;
}

cleave_status clv_rassbound_solve(const struct clv_product *product,
                                  struct clv_rass *ret_rass, cleave_error *err)
{
    struct clv_rass rass = {.is_proven = 1};
    double designs = 0;
    cleave_status status;

    if (clv_product_size(product) > NUMBERS_MOST) {
        return clv_fail(err, CLEAVE_LIMIT, "designs",
                        "%.3g designs are more than can be numbered: name "
                        "fewer models, engines or servers.",
                        clv_product_size(product));
    }
    status = clv_exact_yardstick(product, &rass.yardstick, &designs, err);
    if (status == CLEAVE_OK) {
        rass.feasible = (uint64_t)designs;
        status = keep_all(product, &rass, err);
    }
    if (status == CLEAVE_OK) {
        *ret_rass = rass;
    }
    return status;
}
