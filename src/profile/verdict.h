/*
 * verdict.h - how good one answer of the network is.
 *
 * An answer is judged against the right class, or against what the network
 * answers when nothing is packed (its reference). The card names how:
 *
 *     top1       the best class of the classes' output is the right one
 *     topk       the right class is among the best five
 *     agreement  the best class is the reference's; for a classification
 *                without labels
 *     cosine     the mean over all outputs of the cosine between output
 *                and reference
 *     psnr       20 log10(peak / root mean square error), in dB; the peak of
 *                an output is the reference's greatest less its least
 *                element; the mean over all outputs
 *
 * So that one budget in points serves all, each verdict has a `loss`, a share
 * of 1: being wrong is 1 and right 0, of cosine it is 1 - cosine, of psnr
 * rmse / peak (so 1 point is 40 dB).
 */
#ifndef CLV_VERDICT_H
#define CLV_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/tensor.h"
#include "media/card.h"

/* The best of `topk`. */
#define CLV_VERDICT_TOP 5

/* The psnr of equal outputs. */
#define CLV_VERDICT_PSNR_MAX 100.0

enum clv_judged_by {
    CLV_JUDGED_BY_TOP1,
    CLV_JUDGED_BY_TOPK,
    CLV_JUDGED_BY_AGREEMENT,
    CLV_JUDGED_BY_COSINE,
    CLV_JUDGED_BY_PSNR
};

struct clv_judge {
    enum clv_judged_by by;
    size_t output;       /* the one with classes, the first */
    int64_t first_class; /* of that output's elements, as in the card */
};

struct clv_verdict {
    uint64_t best; /* the element of the classes' output that is greatest */
    double score;  /* 1 or 0; a cosine; dB */
    double loss;
};

/*
 * What the card asks for; `has_labels` tells if right classes are known.
 * Without a card it is top1 with labels and cosine without.
 */
struct clv_judge clv_judge_of(const struct clv_card *card, const char *output,
                              int has_labels);

/* "top1", "topk", "agreement", "cosine", "psnr". */
const char *clv_judge_name(enum clv_judged_by by);

/* The reverse; returns 0 for a name that is none. */
int clv_judge_parse(const char *name, enum clv_judged_by *ret_by);

/* True for what is right or wrong, false for what is more or less. */
int clv_judge_is_binary(enum clv_judged_by by);

/* True if reference outputs are needed, and not only the reference's best. */
int clv_judge_compares(enum clv_judged_by by);

/*
 * Judges outputs. `right` is the right class, for top1 and topk;
 * `reference_best` is for agreement; `reference` are as many tensors as
 * `outputs` for cosine and psnr, else NULL. A NaN among outputs is the worst
 * there is.
 */
struct clv_verdict clv_judge_look(const struct clv_judge *judge,
                                  const cleave_tensor *outputs, size_t count,
                                  const cleave_tensor *reference,
                                  uint64_t reference_best, int64_t right);

#endif
