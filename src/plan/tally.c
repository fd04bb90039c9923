/*
 * tally.c - what was asked of a task, and what came of it.
 *
 * Counts as it goes, so that a run may be long; only the times themselves are
 * kept, for the percentiles.
 */
#include "plan/tally.h"

#include <stdlib.h>

void clv_tally_init(struct clv_tally *tally, const struct clv_slo *slo)
{
    *tally = (struct clv_tally){.slo = slo};
}

void clv_tally_fini(struct clv_tally *tally)
{
    free(tally->times_ns);
    *tally = (struct clv_tally){0};
}

static void remember(struct clv_tally *tally, double time_ns)
{
    if (tally->times == tally->room && tally->room < CLV_TALLY_TIMES) {
        size_t room = tally->room > 0 ? 2 * tally->room : 1024;
        double *more = realloc(tally->times_ns, room * sizeof *more);
        if (more == NULL) {
            return;
        }
        tally->times_ns = more;
        tally->room = room;
    }
    if (tally->times < tally->room) {
        tally->times_ns[tally->times++] = time_ns;
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

void clv_tally_add(struct clv_tally *tally, const struct clv_outcome *outcome)
{
    const struct clv_slo *slo = tally->slo;
    int late = slo->deadline_ns > 0 && outcome->total_ns > slo->deadline_ns;
    int any = late;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        int beyond = breaks(&slo->constraints[i], outcome);
        tally->beyond[i] += (uint64_t)beyond;
        any |= beyond;
    }
    tally->late += (uint64_t)late;
    tally->breaking += (uint64_t)any;
    tally->done++;
    tally->bytes_up += outcome->bytes_up;
    tally->bytes_down += outcome->bytes_down;
    tally->labelled += (uint64_t)(outcome->is_labelled != 0);
    tally->right += (uint64_t)(outcome->is_labelled && outcome->is_right);
    remember(tally, (double)outcome->total_ns);
}

void clv_tally_fail(struct clv_tally *tally)
{
    tally->failed++;
}

void clv_tally_miss(struct clv_tally *tally, uint64_t count)
{
    tally->missed += count;
}

uint64_t clv_tally_wanted(const struct clv_tally *tally)
{
    return tally->done + tally->failed + tally->missed;
}

struct clv_spread clv_tally_times(struct clv_tally *tally)
{
    return clv_spread_of(tally->times_ns, tally->times);
}

/* What failed or was missed kept no bound. */
static double share_of(const struct clv_tally *tally, uint64_t count)
{
    uint64_t wanted = clv_tally_wanted(tally);

    return wanted > 0 ? (double)(count + tally->failed + tally->missed) /
                            (double)wanted
                      : 0;
}

double clv_tally_breaking(const struct clv_tally *tally)
{
    return share_of(tally, tally->breaking);
}

double clv_tally_beyond(const struct clv_tally *tally, size_t constraint)
{
    return constraint < tally->slo->constraint_count &&
                   is_of_one(&tally->slo->constraints[constraint])
               ? share_of(tally, tally->beyond[constraint])
               : CLV_UNKNOWN;
}

double clv_tally_late(const struct clv_tally *tally)
{
    return tally->slo->deadline_ns > 0 ? share_of(tally, tally->late)
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

double clv_tally_measured(struct clv_tally *tally, struct clv_measure measure,
                          double seconds)
{
    double done = (double)tally->done;
    int is_mean = measure.statistic == CLV_STATISTIC_MEAN;

    if (measure.metric == CLV_METRIC_LATENCY && tally->times > 0) {
        struct clv_spread times = clv_tally_times(tally);
        return statistic_of(&times, measure.statistic);
    }
    if (measure.metric == CLV_METRIC_BYTES && is_mean && tally->done > 0) {
        return ((double)tally->bytes_up + (double)tally->bytes_down) / done;
    }
    if (measure.metric == CLV_METRIC_THROUGHPUT && is_mean && seconds > 0) {
        return done / seconds;
    }
    if (measure.metric == CLV_METRIC_ACCURACY && tally->labelled > 0) {
        return (double)tally->right / (double)tally->labelled;
    }
    return CLV_UNKNOWN;
}
