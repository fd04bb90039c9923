/*
 * oracle.c - the designs worth playing, and the first answer among them.
 *
 * Playing a design costs three searches in the trace; what makes whole sets
 * of traces quick is that few designs are played: those beaten in every term
 * are dropped once, and of the rest one is passed over when its time on the
 * device alone is longer than the best answer so far.
 */
#include "plan/oracle.h"

#include <stdlib.h>

#include "base/fail.h"

/* Constraints on these hold or do not hold whatever the conditions. */
static int is_constant(enum clv_metric metric)
{
    switch (metric) {
    case CLV_METRIC_ACCURACY:
    case CLV_METRIC_DROP:
    case CLV_METRIC_BYTES:
    case CLV_METRIC_MEMORY:
    case CLV_METRIC_SIZE:
    case CLV_METRIC_WORKLOAD:
    case CLV_METRIC_HEAD:
        return 1;
    default:
        return 0;
    }
}

static int is_allowed(const struct clv_space *space, const struct clv_slo *slo,
                      size_t candidate)
{
    struct clv_conditions anyhow =
        clv_conditions_reference(space->costs->server_count);

    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        double value;
        if (!is_constant(c->measure.metric)) {
            continue;
        }
        value = clv_predict(space, candidate, &anyhow, c->measure);
        if (c->measure.metric == CLV_METRIC_DROP && slo->accuracy_surely) {
            value = space->candidates[candidate].drop_high_pp;
        }
        if (c->at_least ? value < c->bound : value > c->bound) {
            return 0;
        }
    }
    return 1;
}

/* Nothing in which `b` is faster; of equal ones the first stays. */
static int beats(const struct clv_candidate *a, const struct clv_candidate *b)
{
    if (a->server == CLV_NO_SERVER) {
        return a->device_ns.mean <= b->device_ns.mean;
    }
    return b->server != CLV_NO_SERVER &&
           a->device_ns.mean <= b->device_ns.mean &&
           a->bytes_up.mean <= b->bytes_up.mean &&
           a->bytes_down <= b->bytes_down &&
           a->server_ns.mean <= b->server_ns.mean;
}

/* What qsort needs to know. */
struct rank {
    double device_ns;
    size_t candidate;
};

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a;
    const struct rank *y = b;

    if (x->device_ns != y->device_ns) {
        return x->device_ns < y->device_ns ? -1 : 1;
    }
    return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

static size_t rank_allowed(const struct clv_space *space,
                           const struct clv_slo *slo,
                           const struct clv_policy *policy, struct rank *ranks)
{
    size_t count = 0;

    for (size_t i = 0; i < space->count; i++) {
        if (policy->knows(space, i) && is_allowed(space, slo, i)) {
            ranks[count++] =
                (struct rank){space->candidates[i].device_ns.mean, i};
        }
    }
    qsort(ranks, count, sizeof *ranks, compare_ranks);
    return count;
}

cleave_status clv_oracle_init(struct clv_oracle *oracle,
                              const struct clv_space *space,
                              const struct clv_slo *slo,
                              const struct clv_policy *policy,
                              cleave_error *err)
{
    struct rank *ranks = malloc((space->count + 1) * sizeof *ranks);
    size_t *kept = malloc((space->count + 1) * sizeof *kept);
    size_t count = 0;
    size_t allowed;

    *oracle = (struct clv_oracle){0};
    if (ranks == NULL || kept == NULL) {
        free(ranks);
        free(kept);
        return clv_fail_memory(err, "oracle", space->count * sizeof *ranks);
    }
    allowed = rank_allowed(space, slo, policy, ranks);
    for (size_t i = 0; i < allowed; i++) {
        const struct clv_candidate *c = &space->candidates[ranks[i].candidate];
        size_t k = 0;
        while (k < count && !beats(&space->candidates[kept[k]], c)) {
            k++;
        }
        if (k == count) {
            kept[count++] = ranks[i].candidate;
        }
    }
    free(ranks);
    *oracle = (struct clv_oracle){kept, count};
    if (count == 0) {
        clv_oracle_fini(oracle);
        return clv_fail(err, CLEAVE_NOT_FOUND, "oracle",
                        "No design meets the constraints on accuracy, memory, "
                        "size, bytes and head; `cleave plan` says which one "
                        "is in the way.");
    }
    return CLEAVE_OK;
}

void clv_oracle_fini(struct clv_oracle *oracle)
{
    free(oracle->candidates);
    *oracle = (struct clv_oracle){0};
}

size_t clv_oracle_best(const struct clv_oracle *oracle,
                       const struct clv_world *world, int64_t begin_ns,
                       int64_t *ret_answer_ns)
{
    const struct clv_space *space = world->options.space;
    struct clv_world fair = *world;
    int64_t first = INT64_MAX;
    size_t best = oracle->candidates[0];

    fair.options.is_noisy = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        size_t candidate = oracle->candidates[i];
        struct clv_passage p;
        double device_ns = fair.options.device_slowdown *
                           space->candidates[candidate].device_ns.mean;
        if (first != INT64_MAX && device_ns >= (double)(first - begin_ns)) {
            break;
        }
        clv_world_play(&fair, candidate, 0, begin_ns, &p);
        if (p.answer_ns < first) {
            first = p.answer_ns;
            best = candidate;
        }
    }
    *ret_answer_ns = first;
    return best;
}
