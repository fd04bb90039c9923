/*
 * solverrivals.c - the designs that came next after the best one.
 *
 * All designs are looked at where they are not too many; else those that
 * differ from the best one in one task's configuration, and in two if these
 * are not too many either: what a reader would try.
 */
#include <string.h>

#include "plansolver.h"

/* Designs that are all looked at. */
#define ALL_MOST 100000

/* Configurations of all tasks, of which any two are changed. */
#define PAIRED_MOST 400

static int is_best(const struct plansolver *p, const uint32_t *choice)
{
    return memcmp(choice, p->now.choice,
                  p->application->task_count * sizeof *choice) == 0;
}

/* Into the sorted list, if it is good enough; of equals the first stays
   first. */
static void consider(struct plansolver *p, const uint32_t *choice)
{
    struct plansolver_rival rival = {.optimality = 0};
    size_t at;

    p->rivals_seen++;
    if (is_best(p, choice) ||
        clv_product_violation(p->now.product, choice, NULL) > 0) {
        return;
    }
    rival.optimality = clv_rass_rate(&p->now.rass, p->now.product, choice);
    memcpy(rival.choice, choice, p->application->task_count * sizeof *choice);
    if (p->rival_count == PLANSOLVER_RIVALS &&
        rival.optimality <= p->rivals[p->rival_count - 1].optimality) {
        return;
    }
    if (p->rival_count < PLANSOLVER_RIVALS) {
        p->rival_count++;
    }
    for (at = p->rival_count - 1;
         at > 0 && p->rivals[at - 1].optimality < rival.optimality; at--) {
        p->rivals[at] = p->rivals[at - 1];
    }
    p->rivals[at] = rival;
}

static size_t count_of(const struct plansolver *p, size_t task)
{
    size_t count;

    clv_product_configs(p->now.product, task, &count);
    return count;
}

static void change_one(struct plansolver *p, uint32_t *choice, size_t task,
                       int others_too)
{
    uint32_t before = choice[task];

    for (uint32_t i = 0; i < count_of(p, task); i++) {
        choice[task] = i;
        if (i == before) {
            continue;
        }
        consider(p, choice);
        for (size_t t = task + 1; others_too && t < p->application->task_count;
             t++) {
            change_one(p, choice, t, 0);
        }
    }
    choice[task] = before;
}

void solverrivals_find(struct plansolver *p)
{
    double size = clv_product_size(p->now.product);
    uint32_t choice[CLV_SEATS];
    size_t configs = 0;

    for (size_t t = 0; t < p->application->task_count; t++) {
        configs += count_of(p, t);
    }
    for (uint64_t i = 0; size <= ALL_MOST && i < (uint64_t)size; i++) {
        clv_product_choice(p->now.product, i, choice);
        consider(p, choice);
    }
    if (size > ALL_MOST) {
        memcpy(choice, p->now.choice, sizeof choice);
        for (size_t t = 0; t < p->application->task_count; t++) {
            change_one(p, choice, t, configs <= PAIRED_MOST);
        }
    }
}
