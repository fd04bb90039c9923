/*
 * partition.c - thresholds by dynamic programming.
 *
 * least[k][j] is the cost of the first j bins in k groups; it is the best
 * over i of least[k - 1][i] and the cost of the bins i to j as one group. The
 * cost of a group is the entropy of its tokens under each cut class, in bits.
 */
#include "codec/partition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BINS 48
#define GROUPS (CLV_THRESHOLDS + 1)
#define CLASSES (CLV_CUTS + 1)

static const uint8_t cut_choices[][CLV_CUTS] = {
    {1, 2, 3}, {1, 2, 4}, {1, 3, 6}, {2, 5, 10}};

#define CHOICES (sizeof cut_choices / sizeof cut_choices[0])

typedef double bin_counts[CLASSES][CLV_TOKENS];

struct work {
    size_t bins;
    unsigned first[BINS + 1]; /* predictions of bin b: first[b] to first[b+1] */
    bin_counts counts[BINS];
    double cost[BINS][BINS + 1]; /* of the bins from the one to the other */
};

static double weight_of(const clv_seen *seen)
{
    double weight = 0;

    for (unsigned m = 0; m < CLV_MAGNITUDES; m++) {
        for (unsigned t = 0; t < CLV_TOKENS; t++) {
            weight += (*seen)[m][t];
        }
    }
    return weight;
}

/* Bins of about equal weight; a prediction is in one bin only. */
static void make_bins(const clv_seen seen[CLV_PREDICTIONS], struct work *w)
{
    double weights[CLV_PREDICTIONS];
    double all = 0;
    double held = 0;

    for (unsigned p = 0; p < CLV_PREDICTIONS; p++) {
        weights[p] = weight_of(&seen[p]);
        all += weights[p];
    }
    w->bins = 0;
    w->first[0] = 0;
    for (unsigned p = 0; p < CLV_PREDICTIONS; p++) {
        held += weights[p];
        if (held >= all / BINS && w->bins < BINS - 1) {
            w->first[++w->bins] = p + 1;
            held = 0;
        }
    }
    if (w->first[w->bins] < CLV_PREDICTIONS) {
        w->first[++w->bins] = CLV_PREDICTIONS;
    }
}

static unsigned class_of(unsigned magnitude, const uint8_t cuts[CLV_CUTS])
{
    unsigned class = 0;

    for (unsigned i = 0; i < CLV_CUTS; i++) {
        class += magnitude >= cuts[i];
    }
    return class;
}

static void count_bins(const clv_seen seen[CLV_PREDICTIONS],
                       const uint8_t cuts[CLV_CUTS], struct work *w)
{
    memset(w->counts, 0, sizeof w->counts);
    for (size_t b = 0; b < w->bins; b++) {
        for (unsigned p = w->first[b]; p < w->first[b + 1]; p++) {
            for (unsigned m = 0; m < CLV_MAGNITUDES; m++) {
                double *into = w->counts[b][class_of(m, cuts)];
                for (unsigned t = 0; t < CLV_TOKENS; t++) {
                    into[t] += seen[p][m][t];
                }
            }
        }
    }
}

/* n log2 n - sum of c log2 c. */
static double entropy(const double counts[CLV_TOKENS])
{
    double sum = 0;
    double bits = 0;

    for (unsigned t = 0; t < CLV_TOKENS; t++) {
        if (counts[t] > 0) {
            sum += counts[t];
            bits -= counts[t] * log2(counts[t]);
        }
    }
    return sum > 0 ? bits + sum * log2(sum) : 0;
}

static void find_costs(struct work *w)
{
    bin_counts sum;

    for (size_t i = 0; i < w->bins; i++) {
        memset(sum, 0, sizeof sum);
        for (size_t j = i; j < w->bins; j++) {
            double cost = 0;
            for (unsigned k = 0; k < CLASSES; k++) {
                for (unsigned t = 0; t < CLV_TOKENS; t++) {
                    sum[k][t] += w->counts[j][k][t];
                }
                cost += entropy(sum[k]);
            }
            w->cost[i][j + 1] = cost;
        }
    }
}

/* The best groups; returns their cost and how many thresholds they take. */
static double group(const struct work *w, uint8_t thresholds[CLV_THRESHOLDS],
                    unsigned *ret_count)
{
    double least[GROUPS + 1][BINS + 1];
    size_t from[GROUPS + 1][BINS + 1] = {{0}};
    size_t groups = w->bins < GROUPS ? w->bins : GROUPS;
    size_t at = w->bins;

    for (size_t j = 0; j <= w->bins; j++) {
        least[0][j] = j == 0 ? 0 : INFINITY;
    }
    for (size_t k = 1; k <= groups; k++) {
        least[k][0] = INFINITY;
        for (size_t j = 1; j <= w->bins; j++) {
            least[k][j] = INFINITY;
            for (size_t i = 0; i < j; i++) {
                double cost = least[k - 1][i] + w->cost[i][j];
                if (cost < least[k][j]) {
                    least[k][j] = cost;
                    from[k][j] = i;
                }
            }
        }
    }
    for (size_t k = groups; k > 1; k--) {
        at = from[k][at];
        thresholds[k - 2] = (uint8_t)w->first[at];
    }
    *ret_count = (unsigned)groups - 1;
    return least[groups][w->bins];
}

cleave_status clv_partition(const clv_seen seen[CLV_PREDICTIONS],
                            struct clv_book *book)
{
    struct work *w = malloc(sizeof *w);
    double least = INFINITY;

    if (w == NULL) {
        return CLEAVE_MEMORY;
    }
    make_bins(seen, w);
    for (size_t i = 0; i < CHOICES; i++) {
        uint8_t thresholds[CLV_THRESHOLDS] = {0};
        unsigned count;
        double cost;
        count_bins(seen, cut_choices[i], w);
        find_costs(w);
        cost = group(w, thresholds, &count);
        if (cost < least) {
            least = cost;
            book->threshold_count = count;
            memcpy(book->thresholds, thresholds, sizeof thresholds);
            book->cut_count = CLV_CUTS;
            memcpy(book->cuts, cut_choices[i], CLV_CUTS);
        }
    }
    free(w);
    return CLEAVE_OK;
}
