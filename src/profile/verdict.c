/*
 * verdict.c - how good one answer of the network is.
 */
#include "profile/verdict.h"

#include <math.h>
#include <string.h>

#include "tensor/rank.h"

static const char *const names[] = {"top1", "topk", "agreement", "cosine",
                                    "psnr"};

static enum clv_judged_by by_card(enum clv_card_metric metric, int has_labels)
{
    switch (metric) {
    case CLV_METRIC_COSINE:
        return CLV_JUDGED_BY_COSINE;
    case CLV_METRIC_PSNR:
        return CLV_JUDGED_BY_PSNR;
    case CLV_METRIC_TOPK:
        return has_labels ? CLV_JUDGED_BY_TOPK : CLV_JUDGED_BY_AGREEMENT;
    default:
        return has_labels ? CLV_JUDGED_BY_TOP1 : CLV_JUDGED_BY_AGREEMENT;
    }
}

struct clv_judge clv_judge_of(const struct clv_card *card, const char *output,
                              int has_labels)
{
    struct clv_judge judge = {.by = has_labels ? CLV_JUDGED_BY_TOP1
                                               : CLV_JUDGED_BY_COSINE};
    const struct clv_card_output *described;

    if (card == NULL) {
        return judge;
    }
    described = clv_card_output(card, output);
    judge.by = by_card(card->metric, has_labels);
    judge.first_class = described != NULL ? described->first_class : 0;
    return judge;
}

const char *clv_judge_name(enum clv_judged_by by)
{
    return names[by];
}

int clv_judge_parse(const char *name, enum clv_judged_by *ret_by)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_by = (enum clv_judged_by)i;
            return 1;
        }
    }
    return 0;
}

int clv_judge_is_binary(enum clv_judged_by by)
{
    return by == CLV_JUDGED_BY_TOP1 || by == CLV_JUDGED_BY_TOPK ||
           by == CLV_JUDGED_BY_AGREEMENT;
}

int clv_judge_compares(enum clv_judged_by by)
{
    return by == CLV_JUDGED_BY_COSINE || by == CLV_JUDGED_BY_PSNR;
}

static size_t elements_of(const cleave_tensor *tensor)
{
    size_t bytes = cleave_type_bytes(tensor->info.type);

    return bytes > 0 ? tensor->bytes / bytes : 0;
}

/* True if the right class is among the `k` best; also tells the best. The
   background, below the first class, counts among them: it is an answer. */
static int is_among(const struct clv_judge *judge, const cleave_tensor *scores,
                    size_t k, int64_t right, uint64_t *ret_best)
{
    size_t best[CLV_VERDICT_TOP] = {0};
    size_t count = elements_of(scores);
    int found = 0;

    k = k < count ? k : count;
    clv_rank_top(scores, 0, count, k, best);
    for (size_t i = 0; i < k; i++) {
        found |= (int64_t)best[i] - judge->first_class == right;
    }
    *ret_best = best[0];
    return found;
}

/* Two tensors side by side. */
struct comparison {
    double dot, aa, bb; /* products */
    double error;       /* sum of squares */
    double lo, hi;      /* of the reference */
    size_t count;
};

static struct comparison compare(const cleave_tensor *a,
                                 const cleave_tensor *reference)
{
    struct comparison c = {.lo = INFINITY, .hi = -INFINITY};
    size_t count = elements_of(reference);

    if (elements_of(a) != count) { /* a shape that depends on the content */
        c.error = NAN;
        c.dot = NAN;
        return c;
    }
    for (size_t i = 0; i < count; i++) {
        double x = clv_rank_score(a, i);
        double y = clv_rank_score(reference, i);
        c.dot += x * y;
        c.aa += x * x;
        c.bb += y * y;
        c.error += (x - y) * (x - y);
        c.lo = fmin(c.lo, y);
        c.hi = fmax(c.hi, y);
    }
    c.count = count;
    return c;
}

static double cosine(const struct comparison *c)
{
    double both = sqrt(c->aa) * sqrt(c->bb);

    if (isnan(c->dot) || isnan(both)) {
        return -1;
    }
    if (c->error == 0) {
        return 1;
    }
    return both > 0 ? fmin(c->dot / both, 1) : 0;
}

/* rmse / peak, at most 1. */
static double relative_error(const struct comparison *c)
{
    double rmse = c->count > 0 ? sqrt(c->error / (double)c->count) : 0;
    double peak = c->hi - c->lo;

    if (isnan(c->error)) {
        return 1;
    }
    if (rmse == 0) {
        return 0;
    }
    return peak > 0 ? fmin(rmse / peak, 1) : 1;
}

static double decibel(double relative)
{
    double least = pow(10, -CLV_VERDICT_PSNR_MAX / 20);

    return -20 * log10(fmax(relative, least));
}

static void compare_all(const struct clv_judge *judge,
                        const cleave_tensor *outputs, size_t count,
                        const cleave_tensor *reference, struct clv_verdict *v)
{
    for (size_t i = 0; i < count; i++) {
        struct comparison c = compare(&outputs[i], &reference[i]);
        double n = (double)count;
        if (judge->by == CLV_JUDGED_BY_COSINE) {
            v->score += cosine(&c) / n;
            v->loss += (1 - cosine(&c)) / n;
        } else {
            v->score += decibel(relative_error(&c)) / n;
            v->loss += relative_error(&c) / n;
        }
    }
}

struct clv_verdict clv_judge_look(const struct clv_judge *judge,
                                  const cleave_tensor *outputs, size_t count,
                                  const cleave_tensor *reference,
                                  uint64_t reference_best, int64_t right)
{
    struct clv_verdict v = {0};
    size_t k = judge->by == CLV_JUDGED_BY_TOPK ? CLV_VERDICT_TOP : 1;
    int found = is_among(judge, &outputs[judge->output], k, right, &v.best);

    if (judge->by == CLV_JUDGED_BY_AGREEMENT) {
        found = v.best == reference_best;
    }
    if (clv_judge_compares(judge->by)) {
        compare_all(judge, outputs, count, reference, &v);
    } else {
        v.score = found ? 1 : 0;
        v.loss = found ? 0 : 1;
    }
    return v;
}
