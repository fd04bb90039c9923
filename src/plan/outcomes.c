/*
 * outcomes.c - what was asked of a task, and what came of it.
 *
 * Counts as it goes, so that a run may be long; only the times themselves are
 * kept, for the percentiles.
 */
#include "plan/outcomes.h"

#include <stdlib.h>

void clv_outcomes_init(struct clv_outcomes *outcomes, const struct clv_slo *slo)
{
    *outcomes = (struct clv_outcomes){.slo = slo};
}

void clv_outcomes_fini(struct clv_outcomes *outcomes)
{
    free(outcomes->times_ns);
    *outcomes = (struct clv_outcomes){0};
}

static void remember(struct clv_outcomes *outcomes, double time_ns)
{
    if (outcomes->times == outcomes->room &&
        outcomes->room < CLV_OUTCOMES_TIMES) {
        size_t room = outcomes->room > 0 ? 2 * outcomes->room : 1024;
        double *more = realloc(outcomes->times_ns, room * sizeof *more);
        if (more == NULL) {
            return;
        }
        outcomes->times_ns = more;
        outcomes->room = room;
    }
    if (outcomes->times < outcomes->room) {
        outcomes->times_ns[outcomes->times++] = time_ns;
    }
}

/* True if one inference alone can break this; a spread is of many. */
static int is_of_one(const struct clv_constraint *constraint)
{
    return (constraint->measure.metric == CLV_METRIC_LATENCY ||
            constraint->measure.metric == CLV_METRIC_BYTES) &&
           constraint->measure.statistic != CLV_STATISTIC_STD;
}

static int breaks(const struct clv_constraint *constraint,
                  const struct clv_outcome *outcome)
{
    double value =
        constraint->measure.metric == CLV_METRIC_LATENCY
            ? (double)outcome->total_ns
            : (double)outcome->bytes_up + (double)outcome->bytes_down;

    return is_of_one(constraint) && value > constraint->bound;
}

void clv_outcomes_add(struct clv_outcomes *outcomes,
                      const struct clv_outcome *outcome)
{
    const struct clv_slo *slo = outcomes->slo;
    int late = slo->deadline_ns > 0 && outcome->total_ns > slo->deadline_ns;
    int any = late;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        int beyond = breaks(&slo->constraints[i], outcome);
        outcomes->beyond[i] += (uint64_t)beyond;
        any |= beyond;
    }
    outcomes->late += (uint64_t)late;
    outcomes->breaking += (uint64_t)any;
    outcomes->done++;
    outcomes->bytes_up += outcome->bytes_up;
    outcomes->bytes_down += outcome->bytes_down;
    outcomes->labelled += (uint64_t)(outcome->is_labelled != 0);
    outcomes->right += (uint64_t)(outcome->is_labelled && outcome->is_right);
    remember(outcomes, (double)outcome->total_ns);
}

void clv_outcomes_fail(struct clv_outcomes *outcomes)
{
    outcomes->failed++;
}

void clv_outcomes_miss(struct clv_outcomes *outcomes, uint64_t count)
{
    outcomes->missed += count;
}

uint64_t clv_outcomes_wanted(const struct clv_outcomes *outcomes)
{
    return outcomes->done + outcomes->failed + outcomes->missed;
}

struct clv_spread clv_outcomes_times(struct clv_outcomes *outcomes)
{
    return clv_spread_of(outcomes->times_ns, outcomes->times);
}

/* What failed or was missed kept no bound. */
static double share_of(const struct clv_outcomes *outcomes, uint64_t count)
{
    uint64_t wanted = clv_outcomes_wanted(outcomes);

    return wanted > 0 ? (double)(count + outcomes->failed + outcomes->missed) /
                            (double)wanted
                      : 0;
}

double clv_outcomes_breaking(const struct clv_outcomes *outcomes)
{
    return share_of(outcomes, outcomes->breaking);
}

double clv_outcomes_beyond(const struct clv_outcomes *outcomes,
                           size_t constraint)
{
    return constraint < outcomes->slo->constraint_count &&
                   is_of_one(&outcomes->slo->constraints[constraint])
               ? share_of(outcomes, outcomes->beyond[constraint])
               : CLV_UNKNOWN;
}

double clv_outcomes_late(const struct clv_outcomes *outcomes)
{
    return outcomes->slo->deadline_ns > 0 ? share_of(outcomes, outcomes->late)
                                          : CLV_UNKNOWN;
}

static double statistic_of(const struct clv_spread *spread,
                           enum clv_statistic statistic)
{
    const double values[CLV_STATISTIC_COUNT] = {
        [CLV_STATISTIC_MEAN] = spread->mean, [CLV_STATISTIC_STD] = spread->std,
        [CLV_STATISTIC_MIN] = spread->min,   [CLV_STATISTIC_MAX] = spread->max,
        [CLV_STATISTIC_P50] = spread->p50,   [CLV_STATISTIC_P90] = spread->p90,
        [CLV_STATISTIC_P95] = spread->p95,   [CLV_STATISTIC_P99] = spread->p99,
    };

    return values[statistic];
}

double clv_outcomes_measured(struct clv_outcomes *outcomes,
                             struct clv_measure measure, double seconds)
{
    double done = (double)outcomes->done;
    int is_mean = measure.statistic == CLV_STATISTIC_MEAN;

    if (measure.metric == CLV_METRIC_LATENCY && outcomes->times > 0) {
        struct clv_spread times = clv_outcomes_times(outcomes);
        return statistic_of(&times, measure.statistic);
    }
    if (measure.metric == CLV_METRIC_BYTES && is_mean && outcomes->done > 0) {
        return ((double)outcomes->bytes_up + (double)outcomes->bytes_down) /
               done;
    }
    if (measure.metric == CLV_METRIC_THROUGHPUT && is_mean && seconds > 0) {
        return done / seconds;
    }
    if (measure.metric == CLV_METRIC_ACCURACY && outcomes->labelled > 0) {
        return (double)outcomes->right / (double)outcomes->labelled;
    }
    return CLV_UNKNOWN;
}
