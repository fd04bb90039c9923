/*
 * product.c - the designs of several tasks, in one situation.
 *
 * The lists are made in menu.c. Here is what a design is worth: terms of its
 * tasks, each in the company of the others, put together. Latency, throughput
 * and device time are stretched (stretched.h); sums of all tasks are sums of
 * theirs, antt and stp are made of each task's ntt, and fairness is the least
 * ntt over the greatest.
 *
 * A task's size counts once for each task that uses the file, so that designs
 * stay separable.
 */
#include "plan/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/formula.h"
#include "plan/problem.h"
#include "plan/producing.h"
#include "plan/rass.h"
#include "plan/stretched.h"

int clv_config_is_same(const struct clv_config *a, const struct clv_config *b)
{
    return a->variant == b->variant && a->place == b->place &&
           a->server == b->server &&
           (a->engine == b->engine || a->place == CLV_PLACE_SERVER);
}

/* -- What the world's numbers are called -- */

static uint32_t find(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return (uint32_t)i;
        }
    }
    return UINT32_MAX;
}

static int same_scheme(const char *a, const char *b)
{
    size_t length = strcspn(a, ":");

    return length == strcspn(b, ":") && memcmp(a, b, length) == 0;
}

static cleave_status name_processors(struct clv_product *p, cleave_error *err)
{
    const char *const *engines = p->options.engines;
    uint32_t count = 0;

    p->processor_of =
        calloc(p->options.engine_count + 1, sizeof *p->processor_of);
    if (p->processor_of == NULL) {
        return clv_fail_memory(err, "product", p->options.engine_count);
    }
    for (size_t i = 0; i < p->options.engine_count; i++) {
        size_t first = 0;
        while (!same_scheme(engines[i], engines[first])) {
            first++;
        }
        if (first == i && count == CLV_RASS_PROCESSORS) {
            return clv_fail(err, CLEAVE_LIMIT, "engines",
                            "More than %d kinds of engines: name fewer.",
                            CLV_RASS_PROCESSORS);
        }
        p->processor_of[i] =
            first == i ? 1u << count++ : p->processor_of[first];
        p->everybody |= p->processor_of[i];
    }
    return CLEAVE_OK;
}

uint32_t clv_product_processor(const struct clv_product *product,
                               const struct clv_config *config)
{
    return config->seat == CLV_NO_SEAT ? 0
                                       : product->processor_of[config->seat];
}

/* The situation's conditions, in the order of the task's own servers. */
static cleave_status translate(const struct clv_product *p, size_t task,
                               struct clv_product_part *part, cleave_error *err)
{
    const struct clv_product_options *o = &p->options;
    const struct clv_costs *costs = o->tasks[task].space->costs;

    part->conditions = o->situation.conditions;
    part->seat_of = calloc(costs->engine_count + 1, sizeof *part->seat_of);
    part->server_of = calloc(costs->server_count + 1, sizeof *part->server_of);
    part->duties = calloc(o->engine_count + 1, sizeof *part->duties);
    if (part->seat_of == NULL || part->server_of == NULL ||
        part->duties == NULL) {
        return clv_fail_memory(err, o->tasks[task].name, costs->engine_count);
    }
    for (size_t i = 0; i < costs->engine_count; i++) {
        part->seat_of[i] = find(costs->engines[i], o->engines, o->engine_count);
    }
    for (size_t i = 0; i < costs->server_count && i < CLV_SERVERS; i++) {
        uint32_t at = find(costs->servers[i], o->servers, o->server_count);
        part->server_of[i] = at;
        part->conditions.reach[i] = at < CLV_SERVERS
                                        ? o->situation.conditions.reach[at]
                                        : (struct clv_reach){.is_up = 0};
    }
    return CLEAVE_OK;
}

/* -- Company -- */

static int is_uncontended(const struct clv_product *p)
{
    return p->options.contention == NULL || p->options.contention->count == 0;
}

struct clv_spread clv_product_excess_alone(const struct clv_product *product,
                                           uint32_t seat, size_t task)
{
    struct clv_company company = {.tasks = product->options.task_count,
                                  .hogs = product->options.situation.hogs};

    if (is_uncontended(product)) {
        return (struct clv_spread){0};
    }
    for (size_t i = 0; i < company.tasks; i++) {
        company.seats[i] = i == task ? seat : CLV_NO_SEAT;
    }
    company.duties[task] = 1;
    return clv_contention_excess(product->options.contention, &company, task,
                                 NULL);
}

struct clv_spread clv_product_excess(const struct clv_product *product,
                                     const uint32_t *seats, size_t task)
{
    struct clv_company company = {.tasks = product->options.task_count,
                                  .hogs = product->options.situation.hogs};

    if (product->options.ignores_contention || is_uncontended(product)) {
        return clv_product_excess_alone(product, seats[task], task);
    }
    for (size_t i = 0; i < company.tasks; i++) {
        company.seats[i] = seats[i];
        company.duties[i] =
            seats[i] == CLV_NO_SEAT ? 0 : product->parts[i].duties[seats[i]];
    }
    return clv_contention_excess(product->options.contention, &company, task,
                                 NULL);
}

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The share of time that the middle one of the configurations in a seat
   computes. */
static double duty_in(const struct clv_product *p, size_t task, uint32_t seat,
                      double *times)
{
    const struct clv_product_part *part = &p->parts[task];
    const struct clv_product_task *t = &p->options.tasks[task];
    double slowdown = part->conditions.slowdown;
    size_t count = 0;

    for (size_t i = 0; i < part->count; i++) {
        if (part->configs[i].seat == seat) {
            times[count++] =
                t->space->candidates[part->configs[i].candidate].device_ns.mean;
        }
    }
    if (count == 0 || !(t->rate_per_s > 0)) {
        return 1;
    }
    qsort(times, count, sizeof *times, compare_numbers);
    return fmin(1, t->rate_per_s * 1e-9 * times[count / 2] *
                       (slowdown > 0 ? slowdown : 1));
}

/* Duties, and which seats there are. */
static cleave_status seat(struct clv_product *p, size_t task, cleave_error *err)
{
    struct clv_product_part *part = &p->parts[task];
    double *times = calloc(part->count, sizeof *times);
    int all_alike = is_uncontended(p);

    part->chair_of = calloc(part->count, sizeof *part->chair_of);
    part->chairs = calloc(part->count, sizeof *part->chairs);
    if (times == NULL || part->chair_of == NULL || part->chairs == NULL) {
        free(times);
        return clv_fail_memory(err, "product", part->count * sizeof *times);
    }
    for (uint32_t e = 0; e < p->options.engine_count; e++) {
        part->duties[e] = duty_in(p, task, e, times);
    }
    free(times);
    for (size_t i = 0; i < part->count; i++) {
        uint32_t seat = all_alike ? CLV_NO_SEAT : part->configs[i].seat;
        size_t chair = 0;
        while (chair < part->chair_count && part->chairs[chair] != seat) {
            chair++;
        }
        part->chairs[chair] = seat;
        part->chair_of[i] = (uint32_t)chair;
        part->chair_count += chair == part->chair_count;
    }
    return CLEAVE_OK;
}

/* -- Making -- */

cleave_status clv_product_new(const struct clv_product_options *options,
                              struct clv_product **ret_product,
                              cleave_error *err)
{
    struct clv_product *p;
    cleave_status status;

    if (options->task_count == 0 || options->task_count > CLV_SEATS) {
        return clv_fail(err, CLEAVE_LIMIT, "tasks",
                        "From 1 to %d tasks can be decided on together, not "
                        "%zu.",
                        CLV_SEATS, options->task_count);
    }
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        return clv_fail_memory(err, "product", sizeof *p);
    }
    p->options = *options;
    status = name_processors(p, err);
    for (size_t i = 0; status == CLEAVE_OK && i < options->task_count; i++) {
        status = translate(p, i, &p->parts[i], err);
        if (status == CLEAVE_OK) {
            status = clv_menu_fill(p, i, err);
        }
        if (status == CLEAVE_OK) {
            status = seat(p, i, err);
        }
    }
    if (status != CLEAVE_OK) {
        clv_product_free(p);
        return status;
    }
    *ret_product = p;
    return CLEAVE_OK;
}

void clv_product_free(struct clv_product *product)
{
    if (product == NULL) {
        return;
    }
    for (size_t i = 0; i < CLV_SEATS; i++) {
        struct clv_product_part *part = &product->parts[i];
        free(part->seat_of);
        free(part->server_of);
        free(part->configs);
        free(part->chair_of);
        free(part->chairs);
        free(part->duties);
    }
    free(product->processor_of);
    free(product);
}

const struct clv_product_options *clv_product_options_of(
    const struct clv_product *product)
{
    return &product->options;
}

/* -- Counting -- */

const struct clv_config *clv_product_configs(const struct clv_product *product,
                                             size_t task, size_t *ret_count)
{
    *ret_count = product->parts[task].count;
    return product->parts[task].configs;
}

double clv_product_size(const struct clv_product *product)
{
    double size = 1;

    for (size_t i = 0; i < product->options.task_count; i++) {
        size *= (double)product->parts[i].count;
    }
    return size;
}

void clv_product_choice(const struct clv_product *product, uint64_t design,
                        uint32_t *ret_choice)
{
    for (size_t i = product->options.task_count; i > 0; i--) {
        uint64_t count = product->parts[i - 1].count;
        ret_choice[i - 1] = (uint32_t)(design % count);
        design /= count;
    }
}

uint64_t clv_product_number(const struct clv_product *product,
                            const uint32_t *choice)
{
    uint64_t number = 0;

    for (size_t i = 0; i < product->options.task_count; i++) {
        number = number * product->parts[i].count + choice[i];
    }
    return number;
}

/* -- Values -- */

double clv_product_term(const struct clv_product *product, size_t task,
                        size_t candidate, const struct clv_spread *excess,
                        struct clv_measure measure)
{
    const struct clv_product_task *t = &product->options.tasks[task];

    return clv_stretched_value(t->space, candidate,
                               &product->parts[task].conditions, excess,
                               measure, t->slo->accuracy_surely);
}

enum clv_joining clv_joining_of(struct clv_measure measure)
{
    switch (measure.metric) {
    case CLV_METRIC_ANTT:
        return CLV_JOIN_MEAN;
    case CLV_METRIC_FAIRNESS:
        return CLV_JOIN_RATIO;
    default:
        return CLV_JOIN_SUM;
    }
}

double clv_join(enum clv_joining joining, const double *terms, size_t count)
{
    double sum = 0;
    double least = INFINITY;
    double greatest = 0;

    for (size_t i = 0; i < count; i++) {
        sum += terms[i];
        least = terms[i] < least ? terms[i] : least;
        greatest = terms[i] > greatest ? terms[i] : greatest;
    }
    switch (joining) {
    case CLV_JOIN_MEAN:
        return sum / (double)count;
    case CLV_JOIN_RATIO:
        return least / greatest;
    default:
        return sum;
    }
}

static const struct clv_config *config_of(const struct clv_product *p,
                                          const uint32_t *choice, size_t task)
{
    return &p->parts[task].configs[choice[task]];
}

static void seats_of(const struct clv_product *p, const uint32_t *choice,
                     uint32_t seats[CLV_SEATS])
{
    for (size_t i = 0; i < p->options.task_count; i++) {
        seats[i] = config_of(p, choice, i)->seat;
    }
}

/* Fairness is made of what ntt is. */
static struct clv_measure term_of(struct clv_measure measure)
{
    if (measure.metric == CLV_METRIC_FAIRNESS) {
        measure.metric = CLV_METRIC_NTT;
    }
    return measure;
}

static double value(const struct clv_product *p, const uint32_t *choice,
                    uint32_t task, struct clv_measure measure)
{
    size_t count = p->options.task_count;
    size_t first = task == CLV_ALL_TASKS ? 0 : task;
    size_t end = task == CLV_ALL_TASKS ? count : first + 1;
    double terms[CLV_SEATS] = {0};
    uint32_t seats[CLV_SEATS];

    seats_of(p, choice, seats);
    for (size_t i = first; i < end; i++) {
        struct clv_spread excess = clv_product_excess(p, seats, i);
        terms[i] = clv_product_term(p, i, config_of(p, choice, i)->candidate,
                                    &excess, term_of(measure));
    }
    return task == CLV_ALL_TASKS
               ? clv_join(clv_joining_of(measure), terms, count)
               : terms[task];
}

double clv_product_value(const struct clv_product *product,
                         const uint32_t *choice, uint32_t task,
                         struct clv_measure measure)
{
    double x = value(product, choice, task, measure);

    return isnan(x) ? CLV_UNKNOWN : x;
}

double clv_product_memory(const struct clv_product *product,
                          const uint32_t *choice)
{
    struct clv_measure memory = {CLV_METRIC_MEMORY, CLV_STATISTIC_MEAN};

    return clv_product_value(product, choice, CLV_ALL_TASKS, memory);
}

double clv_product_workload(const struct clv_product *product,
                            const uint32_t *choice)
{
    struct clv_measure workload = {CLV_METRIC_WORKLOAD, CLV_STATISTIC_MEAN};

    return clv_product_value(product, choice, CLV_ALL_TASKS, workload);
}

uint32_t clv_product_processors(const struct clv_product *product,
                                const uint32_t *choice)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < product->options.task_count; i++) {
        bits |= clv_product_processor(product, config_of(product, choice, i));
    }
    return bits;
}

/* -- Bounds -- */

int clv_bound_is_kept(const struct clv_constraint *constraint, double value)
{
    return constraint->at_least ? value >= constraint->bound
                                : value <= constraint->bound;
}

double clv_bound_violation(const struct clv_constraint *constraint,
                           double value)
{
    struct clv_formula f = clv_formula_of(constraint->measure, 0);

    if (clv_bound_is_kept(constraint, value)) {
        return 0;
    }
    if (isnan(value)) {
        return INFINITY;
    }
    return fmax(
        clv_constraint_ratio(&f, constraint, clv_formula_cost_of(&f, value)) -
            1,
        0x1p-50);
}

int clv_product_memory_is_bounded(const struct clv_product *product)
{
    double most = product->options.situation.memory_bytes;

    return most > 0 && isfinite(most);
}

/* Whether the situation lets the design be. */
static double situation_violation(const struct clv_product *p,
                                  const uint32_t *choice)
{
    const struct clv_situation *s = &p->options.situation;
    double memory;

    if (clv_product_processors(p, choice) & s->out_of_order) {
        return INFINITY;
    }
    for (size_t i = 0; i < p->options.task_count; i++) {
        const struct clv_config *c = config_of(p, choice, i);
        if (!clv_reach_is_usable(&s->conditions, c->server)) {
            return INFINITY;
        }
    }
    if (!clv_product_memory_is_bounded(p)) {
        return 0;
    }
    memory = clv_product_memory(p, choice);
    if (memory == CLV_UNKNOWN) {
        return INFINITY;
    }
    return memory > s->memory_bytes ? memory / s->memory_bytes - 1 : 0;
}

double clv_product_violation(const struct clv_product *product,
                             const uint32_t *choice, int *ret_bound)
{
    const struct clv_goals *goals = product->options.goals;
    double worst = situation_violation(product, choice);
    int at = -1;

    for (size_t i = 0; i < goals->bound_count; i++) {
        const struct clv_bound *b = &goals->bounds[i];
        double violation =
            clv_bound_violation(&b->constraint, value(product, choice, b->task,
                                                      b->constraint.measure));
        if (violation > worst) {
            worst = violation;
            at = (int)i;
        }
    }
    if (ret_bound != NULL) {
        *ret_bound = at;
    }
    return worst;
}
