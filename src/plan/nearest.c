/*
 * nearest.c - the design that comes nearest to what cannot be had.
 */
#include "plan/nearest.h"

#include <math.h>
#include <string.h>

#include "plan/formula.h"
#include "plan/producing.h"

/* What is infinitely far, unknown, or over a bound of nothing: far, and still
   a number that can be added. */
#define FARTHEST 1e9

/* Places to start from in a product that is not gone through. */
#define STARTS 4

/* Rounds of improving; each lowers what it ends with, so few are needed. */
#define ROUNDS 8

static double excess_of(double value, const struct clv_constraint *c)
{
    if (value == CLV_UNKNOWN && c->measure.metric != CLV_METRIC_DROP) {
        return FARTHEST;
    }
    return fmin(clv_bound_violation(c, value), FARTHEST);
}

struct clv_nearness clv_nearness_of(const struct clv_product *product,
                                    const struct clv_goals *goals,
                                    const uint32_t *choice)
{
    const struct clv_product_options *o = clv_product_options_of(product);
    struct clv_nearness far = {
        .out_of_order =
            clv_product_processors(product, choice) & o->situation.out_of_order,
    };

    for (size_t t = 0; t < o->task_count; t++) {
        size_t count;
        const struct clv_config *c =
            &clv_product_configs(product, t, &count)[choice[t]];
        far.away += !clv_reach_is_usable(&o->situation.conditions, c->server);
    }
    if (clv_product_memory_is_bounded(product)) {
        double memory = clv_product_memory(product, choice);
        double most = o->situation.memory_bytes;
        far.memory =
            memory == CLV_UNKNOWN ? FARTHEST : fmax(memory / most - 1, 0);
    }
    for (size_t i = 0; i < goals->bound_count; i++) {
        const struct clv_bound *b = &goals->bounds[i];
        double excess = excess_of(
            clv_product_value(product, choice, b->task, b->constraint.measure),
            &b->constraint);
        far.worst = fmax(far.worst, excess);
        far.sum += excess;
    }
    return far;
}

static int count_bits(uint32_t bits)
{
    return __builtin_popcount(bits);
}

/* Negative if `a` is nearer. */
static int compare(const struct clv_nearness *a, const struct clv_nearness *b)
{
    const double pairs[][2] = {
        {a->away, b->away},
        {count_bits(a->out_of_order), count_bits(b->out_of_order)},
        {a->memory, b->memory},
        {a->worst, b->worst},
        {a->sum, b->sum},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i][0] != pairs[i][1]) {
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* The best that has been seen. */
struct seeking {
    const struct clv_product *product;
    size_t tasks;
    uint32_t best[CLV_SEATS];
    struct clv_nearness far;
    int has_one;
};

static int take_if_nearer(struct seeking *s, const uint32_t *choice)
{
    struct clv_nearness far = clv_nearness_of(
        s->product, clv_product_options_of(s->product)->goals, choice);

    if (s->has_one && compare(&far, &s->far) >= 0) {
        return 0;
    }
    memcpy(s->best, choice, s->tasks * sizeof *choice);
    s->far = far;
    s->has_one = 1;
    return 1;
}

static void go_through(struct seeking *s, uint64_t designs)
{
    uint32_t choice[CLV_SEATS];

    for (uint64_t i = 0; i < designs; i++) {
        clv_product_choice(s->product, i, choice);
        take_if_nearer(s, choice);
    }
}

/* One task's configurations in turn, the others' as they are best. */
static int improve(struct seeking *s, size_t task)
{
    uint32_t choice[CLV_SEATS];
    size_t count;
    int is_better = 0;

    clv_product_configs(s->product, task, &count);
    memcpy(choice, s->best, s->tasks * sizeof *choice);
    for (uint32_t c = 0; c < count; c++) {
        choice[task] = c;
        is_better |= take_if_nearer(s, choice);
    }
    return is_better;
}

static void descend(struct seeking *s, size_t start)
{
    uint32_t choice[CLV_SEATS];
    int is_better = 1;

    for (size_t t = 0; t < s->tasks; t++) {
        size_t count;
        clv_product_configs(s->product, t, &count);
        choice[t] = (uint32_t)(start * (count - 1) / (STARTS - 1));
    }
    take_if_nearer(s, choice);
    for (int round = 0; is_better && round < ROUNDS; round++) {
        is_better = 0;
        for (size_t t = 0; t < s->tasks; t++) {
            is_better |= improve(s, t);
        }
    }
}

void clv_nearest(const struct clv_product *product, uint32_t *ret_choice)
{
    double size = clv_product_size(product);
    struct seeking best = {
        .product = product,
        .tasks = clv_product_options_of(product)->task_count,
    };

    if (size <= CLV_NEAREST_MOST) {
        go_through(&best, (uint64_t)size);
    }
    for (size_t i = 0; size > CLV_NEAREST_MOST && i < STARTS; i++) {
        struct seeking s = {.product = product, .tasks = best.tasks};
        descend(&s, i);
        take_if_nearer(&best, s.best);
    }
    memcpy(ret_choice, best.best, best.tasks * sizeof *ret_choice);
}
