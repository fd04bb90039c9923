/*
 * evidence.c - sums over the inputs of a measurement, and what they prove.
 *
 * A share of right answers changes by those gained and lost, so its interval
 * is of paired proportions; what is more or less right changes by a number for
 * each input, and the interval is of their mean (statistics.h).
 */
#include "profile/evidence.h"

#include <stdlib.h>

#include "base/fail.h"
#include "profile/statistics.h"

cleave_status clv_evidence_init(struct clv_evidence *e, size_t most,
                                cleave_error *err)
{
    *e = (struct clv_evidence){
        .encode_us = calloc(most, sizeof(double)),
        .decode_us = calloc(most, sizeof(double)),
        .sizes = calloc(most, sizeof(double)),
        .change = calloc(most, sizeof(double)),
    };
    if (e->encode_us == NULL || e->decode_us == NULL || e->sizes == NULL ||
        e->change == NULL) {
        return clv_fail_memory(err, "rating", 4 * most * sizeof(double));
    }
    return CLEAVE_OK;
}

void clv_evidence_fini(struct clv_evidence *e)
{
    free(e->encode_us);
    free(e->decode_us);
    free(e->sizes);
    free(e->change);
}

void clv_evidence_clear(struct clv_evidence *e)
{
    *e = (struct clv_evidence){.encode_us = e->encode_us,
                               .decode_us = e->decode_us,
                               .sizes = e->sizes,
                               .change = e->change};
}

void clv_evidence_cost(struct clv_evidence *e,
                       const struct clv_passage *passage)
{
    e->encode_us[e->count] = (double)passage->encode_ns / 1000;
    e->decode_us[e->count] = (double)passage->decode_ns / 1000;
    e->sizes[e->count] = (double)passage->bytes;
    e->bytes += passage->bytes;
    e->elements += passage->elements;
    e->count++;
}

void clv_evidence_answer(struct clv_evidence *e,
                         const struct clv_verdict *before,
                         const struct clv_verdict *now)
{
    double change = before->loss - now->loss;

    e->change[e->count - 1] = change;
    e->score += now->score;
    e->gained += change > 0;
    e->lost += change < 0;
    e->agree += now->best == before->best;
}

struct clv_rate clv_evidence_rate(struct clv_evidence *e, enum clv_judged_by by,
                                  double unpacked)
{
    size_t n = e->count;
    struct clv_interval change =
        clv_judge_is_binary(by) ? clv_paired_proportions(n, e->gained, e->lost)
                                : clv_paired_means(e->change, n);

    return (struct clv_rate){
        .bytes = (double)e->bytes / (double)n,
        .bits_per_element =
            e->elements > 0 ? 8 * (double)e->bytes / (double)e->elements : 0,
        .encode_us = clv_median(e->encode_us, n),
        .decode_us = clv_median(e->decode_us, n),
        .by = by,
        .score = e->score / (double)n,
        .unpacked = unpacked,
        .change_pp = 100 * change.value,
        .ci_low_pp = 100 * change.low,
        .ci_high_pp = 100 * change.high,
        .agreement = (double)e->agree / (double)n,
        .inputs = n,
    };
}

static struct clv_spread spread_of(double *values, size_t count, double unit)
{
    for (size_t i = 0; i < count; i++) {
        values[i] *= unit;
    }
    return clv_spread_of(values, count);
}

struct clv_rater_spreads clv_evidence_spreads(struct clv_evidence *e)
{
    return (struct clv_rater_spreads){
        .encode_ns = spread_of(e->encode_us, e->count, 1000),
        .decode_ns = spread_of(e->decode_us, e->count, 1000),
        .bytes = spread_of(e->sizes, e->count, 1),
    };
}

double clv_rate_ci_pp(const struct clv_rate *rate)
{
    return (rate->ci_high_pp - rate->ci_low_pp) / 2;
}

int clv_rate_is_within(const struct clv_rate *rate, double budget_pp)
{
    return rate->change_pp >= -budget_pp;
}

int clv_rate_is_beyond(const struct clv_rate *rate, double budget_pp)
{
    return rate->ci_high_pp < -budget_pp;
}
