/*
 * outlook.c - one state of the world, solved.
 */
#include "plan/outlook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/formula.h"
#include "plan/obstacle.h"

/* Designs whose memory is looked at where nothing is feasible. */
#define SAMPLES 4096

/* A worth that is not one of what keeps all SLOs. */
#define BROKEN_MOST 0.999999

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Of designs spread evenly over all. */
static cleave_status sample_tenth(const struct clv_product *product,
                                  double *ret_tenth, cleave_error *err)
{
    double size = clv_product_size(product);
    size_t count = size < SAMPLES ? (size_t)size : SAMPLES;
    double *memory = calloc(count, sizeof *memory);
    size_t known = 0;

    if (memory == NULL) {
        return clv_fail_memory(err, "outlook", count * sizeof *memory);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t choice[CLV_SEATS];
        double at = size / (double)count * (double)i;
        double value;
        clv_product_choice(product, (uint64_t)fmin(at, 0x1p62), choice);
        value = clv_product_memory(product, choice);
        if (value >= 0) {
            memory[known++] = value;
        }
    }
    qsort(memory, known, sizeof *memory, compare);
    *ret_tenth = known > 0 ? memory[(known - 1) / 10] : INFINITY;
    free(memory);
    return CLEAVE_OK;
}

static void note_best(struct clv_outlook *o)
{
    for (size_t t = 0; t < o->options.task_count; t++) {
        size_t count;
        o->best[t] = clv_product_configs(o->product, t, &count)[o->choice[t]];
    }
}

/* Solves as things are. CLEAVE_NOT_FOUND: nothing keeps all bounds. */
static cleave_status solve(struct clv_outlook *o, struct clv_sheet *sheet,
                           cleave_error *why, cleave_error *err)
{
    cleave_error inner = CLEAVE_ERROR_INIT;
    cleave_status status = clv_product_new(&o->options, &o->product, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    status = clv_rass_try_on(o->product, sheet, &o->rass, &inner);
    if (status == CLEAVE_NOT_FOUND && why != NULL) {
        status = clv_obstacle_fail(o->product, &inner);
    }
    if (status == CLEAVE_OK) {
        clv_product_choice(o->product, o->rass.kept[0].design, o->choice);
        o->worth = 1 + o->rass.kept[0].optimality;
        o->is_feasible = 1;
        o->memory_tenth =
            o->rass.memory_tenth >= 0 ? o->rass.memory_tenth : INFINITY;
    } else if (status == CLEAVE_NOT_FOUND && why != NULL) {
        *why = inner;
    } else if (status != CLEAVE_NOT_FOUND && err != NULL) {
        *err = inner;
    }
    return status;
}

/* What even the nearest design cannot do without: 1 if anything was. */
static int waive(struct clv_outlook *o)
{
    struct clv_nearness far =
        clv_nearness_of(o->product, o->options.goals, o->choice);

    if (far.out_of_order != 0) {
        o->options.situation.out_of_order &= ~far.out_of_order;
        o->forced |= CLV_FORCED_PROCESSOR;
    }
    if (far.memory > 0) {
        o->options.situation.memory_bytes = INFINITY;
        o->forced |= CLV_FORCED_MEMORY;
    }
    o->forced |= far.away > 0 ? CLV_FORCED_SERVER : 0;
    return far.out_of_order != 0 || far.memory > 0;
}

static double broken_worth(double violation)
{
    return fmin(1 / (1 + violation), BROKEN_MOST);
}

cleave_status clv_outlook_init_on(struct clv_outlook *outlook,
                                  const struct clv_product_options *options,
                                  const struct clv_situation *situation,
                                  struct clv_sheet *sheet, cleave_error *why,
                                  cleave_error *err)
{
    cleave_status status;

    *outlook = (struct clv_outlook){.options = *options};
    outlook->options.situation = *situation;
    status = solve(outlook, sheet, why, err);
    if (status == CLEAVE_NOT_FOUND) {
        clv_nearest(outlook->product, outlook->choice);
        if (waive(outlook)) {
            clv_product_free(outlook->product);
            outlook->product = NULL;
            status = solve(outlook, sheet, why, err);
        }
    }
    if (status == CLEAVE_NOT_FOUND) {
        struct clv_nearness far;
        clv_nearest(outlook->product, outlook->choice);
        far =
            clv_nearness_of(outlook->product, options->goals, outlook->choice);
        outlook->worth = broken_worth(far.worst);
        status = sample_tenth(outlook->product, &outlook->memory_tenth, err);
        outlook->memory_tenth = clv_rass_slightly_more(
            outlook->memory_tenth,
            clv_product_memory(outlook->product, outlook->choice));
    }
    if (status == CLEAVE_OK) {
        note_best(outlook);
    } else {
        clv_outlook_fini(outlook);
    }
    return status;
}

cleave_status clv_outlook_init(struct clv_outlook *outlook,
                               const struct clv_product_options *options,
                               const struct clv_situation *situation,
                               cleave_error *why, cleave_error *err)
{
    return clv_outlook_init_on(outlook, options, situation, NULL, why, err);
}

void clv_outlook_fini(struct clv_outlook *outlook)
{
    clv_product_free(outlook->product);
    clv_product_free(outlook->loose);
    outlook->product = NULL;
    outlook->loose = NULL;
}

/* -- Other designs -- */

static int is_up(const struct clv_outlook *o, const struct clv_config *c)
{
    return (o->forced & CLV_FORCED_SERVER) ||
           clv_reach_is_usable(&o->options.situation.conditions, c->server);
}

/* A place that will do, if the server of the one that is wanted is away. All
   on a server, the engine stands for any. */
static int is_alike(const struct clv_config *a, const struct clv_config *b)
{
    return a->variant == b->variant &&
           (a->engine == b->engine || a->place == CLV_PLACE_SERVER);
}

static double worth_of(const struct clv_outlook *o,
                       const struct clv_product *product,
                       const uint32_t *choice)
{
    struct clv_nearness far =
        clv_nearness_of(product, o->options.goals, choice);

    if ((far.away > 0 && !(o->forced & CLV_FORCED_SERVER)) ||
        far.out_of_order != 0 || far.memory > 0) {
        return -1;
    }
    if (far.worst > 0 || !o->is_feasible || product != o->product) {
        return broken_worth(far.worst);
    }
    /* What the best inherits (rass.h) is the worth of the best. */
    if (memcmp(choice, o->choice, o->options.task_count * sizeof *choice) ==
        0) {
        return o->worth;
    }
    return 1 + clv_rass_rate(&o->rass, product, choice);
}

/* The pair as it was placed; if its server is away any place of it with a
   server that is up, which `ret_is_exact` tells. 0: there is none. */
static int find_pair(const struct clv_outlook *o, const struct clv_config *list,
                     size_t count, const struct clv_config *wanted,
                     uint32_t *ret_index, int *ret_is_exact)
{
    uint32_t other = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (!is_up(o, &list[i])) {
            continue;
        }
        if (clv_config_is_same(&list[i], wanted)) {
            *ret_index = i;
            *ret_is_exact = 1;
            return 1;
        }
        if (other == UINT32_MAX && !is_up(o, wanted) &&
            is_alike(&list[i], wanted)) {
            other = i;
        }
    }
    *ret_index = other;
    *ret_is_exact = 0;
    return other != UINT32_MAX;
}

/* The best place of one task's pair, the others' as they are. */
static void settle(const struct clv_outlook *o,
                   const struct clv_product *product, size_t task,
                   const struct clv_config *wanted, uint32_t *choice)
{
    size_t count;
    const struct clv_config *list = clv_product_configs(product, task, &count);
    uint32_t best = choice[task];
    double best_worth = worth_of(o, product, choice);

    for (uint32_t i = best + 1; i < count; i++) {
        double worth;
        if (!is_alike(&list[i], wanted) || !is_up(o, &list[i])) {
            continue;
        }
        choice[task] = i;
        worth = worth_of(o, product, choice);
        if (worth > best_worth) {
            best = i;
            best_worth = worth;
        }
    }
    choice[task] = best;
}

int clv_outlook_find(const struct clv_outlook *outlook,
                     const struct clv_product *product,
                     const struct clv_config *configs, uint32_t *ret_choice)
{
    size_t tasks = outlook->options.task_count;
    uint32_t choice[CLV_SEATS];
    int is_placed[CLV_SEATS];

    for (size_t t = 0; t < tasks; t++) {
        size_t count;
        const struct clv_config *list = clv_product_configs(product, t, &count);
        if (!find_pair(outlook, list, count, &configs[t], &choice[t],
                       &is_placed[t])) {
            return 0;
        }
    }
    for (size_t t = 0; t < tasks; t++) {
        if (!is_placed[t]) {
            settle(outlook, product, t, &configs[t], choice);
        }
    }
    memcpy(ret_choice, choice, tasks * sizeof *choice);
    return 1;
}

/* All that there is, whatever bounds say. */
static struct clv_product *loosen(struct clv_outlook *o)
{
    if (o->loose == NULL) {
        struct clv_product_options options = o->options;
        o->goals = *o->options.goals;
        o->goals.bound_count = 0;
        options.goals = &o->goals;
        o->status = clv_product_new(&options, &o->loose, NULL);
        o->loose = o->status == CLEAVE_OK ? o->loose : NULL;
    }
    return o->loose;
}

const struct clv_product *clv_outlook_place(struct clv_outlook *outlook,
                                            const struct clv_config *configs,
                                            uint32_t *ret_choice)
{
    if (clv_outlook_find(outlook, outlook->product, configs, ret_choice)) {
        return outlook->product;
    }
    if (loosen(outlook) != NULL &&
        clv_outlook_find(outlook, outlook->loose, configs, ret_choice)) {
        return outlook->loose;
    }
    return NULL;
}

double clv_outlook_worth(struct clv_outlook *outlook,
                         const struct clv_config *configs)
{
    uint32_t choice[CLV_SEATS];
    const struct clv_product *product =
        clv_outlook_place(outlook, configs, choice);

    return product != NULL ? worth_of(outlook, product, choice) : -1;
}

double clv_outlook_share(const struct clv_outlook *outlook, double worth)
{
    if (worth < 0) {
        return -1;
    }
    if (!outlook->is_feasible) {
        return fmin(worth / outlook->worth, 1);
    }
    return worth > 1 ? fmin((worth - 1) / (outlook->worth - 1), 1) : 0;
}
