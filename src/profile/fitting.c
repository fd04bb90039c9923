/*
 * fitting.c - whether two models can be variants of one task.
 *
 * The checks go from the card, which people write, to the tensors. What they
 * leave out: whether classes of the same number mean the same; that shows in
 * the accuracy.
 */
#include "profile/fitting.h"

#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"

static const cleave_tensor_info *inputs_of(const struct clv_fitting *f,
                                           size_t *ret_count)
{
    const cleave_tensor_info *infos;
    uint32_t count;

    if (f->network != NULL) {
        return clv_network_inputs(f->network, ret_count);
    }
    infos = clv_model_inputs(f->model, &count);
    *ret_count = count;
    return infos;
}

static const cleave_tensor_info *outputs_of(const struct clv_fitting *f,
                                            size_t *ret_count)
{
    const cleave_tensor_info *infos;
    uint32_t count;

    if (f->network != NULL) {
        return clv_network_outputs(f->network, ret_count);
    }
    infos = clv_model_outputs(f->model, &count);
    *ret_count = count;
    return infos;
}

struct pair {
    const struct clv_fitting *first;
    const struct clv_fitting *other;
    cleave_error *err;
};

static const char *task_name(enum clv_card_task task)
{
    static const char *const names[] = {
        [CLV_TASK_CLASSIFICATION] = "classification",
        [CLV_TASK_DETECTION] = "detection",
        [CLV_TASK_ARRAY] = "array",
    };

    return names[task];
}

static const char *metric_name(enum clv_card_metric metric)
{
    static const char *const names[] = {
        [CLV_METRIC_TOP1] = "top1",
        [CLV_METRIC_TOPK] = "topk",
        [CLV_METRIC_COSINE] = "cosine",
        [CLV_METRIC_PSNR] = "psnr",
    };

    return names[metric];
}

static cleave_status check_cards(const struct pair *p)
{
    const struct clv_card *a = p->first->card;
    const struct clv_card *b = p->other->card;

    if ((a == NULL) != (b == NULL)) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "This model has %s card, and the task's first one "
                        "(%s) has %s; put a card beside each.",
                        b == NULL ? "no" : "a", p->first->name,
                        a == NULL ? "none" : "one");
    }
    if (a != NULL && a->task != b->task) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "This model does %s, and the task's first one (%s) "
                        "%s; make them tasks of their own.",
                        task_name(b->task), p->first->name, task_name(a->task));
    }
    if (a != NULL && a->metric != b->metric) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "This model is judged by %s, and the task's first one "
                        "(%s) by %s; let both cards say the same.",
                        metric_name(b->metric), p->first->name,
                        metric_name(a->metric));
    }
    return CLEAVE_OK;
}

static int may_be_same(int64_t a, int64_t b)
{
    return a < 0 || b < 0 || a == b;
}

static int has_same_form(const cleave_tensor_info *a,
                         const cleave_tensor_info *b)
{
    if (a->rank != b->rank) {
        return 0;
    }
    for (uint32_t d = 0; d < a->rank; d++) {
        if (!may_be_same(a->shape[d], b->shape[d])) {
            return 0;
        }
    }
    return 1;
}

static cleave_status refuse_tensor(const struct pair *p, const char *what,
                                   const cleave_tensor_info *first,
                                   const cleave_tensor_info *other)
{
    char a[128];
    char b[128];

    return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                    "Its %s '%.60s' is %s, and that of the task's first model "
                    "(%s), '%.60s', is %s: both cannot serve one task.",
                    what, other->name, clv_tensor_describe(other, b, sizeof b),
                    p->first->name, first->name,
                    clv_tensor_describe(first, a, sizeof a));
}

static cleave_status refuse_count(const struct pair *p, const char *what,
                                  size_t first, size_t other)
{
    return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                    "It has %zu %s%s, and the task's first model (%s) has %zu: "
                    "both cannot serve one task.",
                    other, what, other == 1 ? "" : "s", p->first->name, first);
}

/* -- What goes in -- */

static int is_image(const struct clv_card *card, const char *input)
{
    const struct clv_card_input *in =
        card != NULL ? clv_card_input(card, input) : NULL;

    return in != NULL && in->kind == CLV_KIND_IMAGE;
}

static const cleave_tensor_info *find(const cleave_tensor_info *infos,
                                      size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return &infos[i];
        }
    }
    return NULL;
}

static cleave_status check_input(const struct pair *p,
                                 const cleave_tensor_info *a,
                                 const cleave_tensor_info *others, size_t count)
{
    int image = is_image(p->first->card, a->name);
    const cleave_tensor_info *b = find(others, count, a->name);

    if (count == 1) { /* whatever it is called */
        b = others;
    }
    if (b == NULL) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "It has no input '%.100s' as the task's first model "
                        "(%s) has: both cannot read the same arrays.",
                        a->name, p->first->name);
    }
    if (image != is_image(p->other->card, b->name)) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "Its input '%.100s' is %s, and that of the task's "
                        "first model (%s) is %s.",
                        b->name, image ? "an array" : "a picture",
                        p->first->name, image ? "a picture" : "an array");
    }
    if (!image && (a->type != b->type || !has_same_form(a, b))) {
        return refuse_tensor(p, "input", a, b);
    }
    return CLEAVE_OK;
}

static cleave_status check_inputs(const struct pair *p)
{
    size_t n;
    size_t m;
    const cleave_tensor_info *a = inputs_of(p->first, &n);
    const cleave_tensor_info *b = inputs_of(p->other, &m);
    cleave_status status = CLEAVE_OK;

    if (n != m) {
        return refuse_count(p, "input", n, m);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < n; i++) {
        status = check_input(p, &a[i], b, m);
    }
    return status;
}

/* -- What comes out -- */

/* Classes of an output, or -1 if its form does not tell. */
static int64_t count_classes(const struct clv_card *card,
                             const cleave_tensor_info *output)
{
    const struct clv_card_output *out =
        card != NULL ? clv_card_output(card, output->name) : NULL;
    int64_t first = out != NULL ? out->first_class : 0;
    int64_t classes = 1;

    for (uint32_t d = 0; d < output->rank; d++) {
        /* a free first dimension is a batch, of one */
        int64_t size = d == 0 && output->shape[d] < 0 && output->rank > 1
                           ? 1
                           : output->shape[d];
        if (size < 0 || __builtin_mul_overflow(classes, size, &classes)) {
            return -1;
        }
    }
    return output->rank > 0 && classes > first ? classes - first : -1;
}

static cleave_status check_classes(const struct pair *p,
                                   const cleave_tensor_info *a,
                                   const cleave_tensor_info *b)
{
    int64_t first = count_classes(p->first->card, a);
    int64_t other = count_classes(p->other->card, b);

    if (!may_be_same(first, other)) {
        return clv_fail(p->err, CLEAVE_MISMATCH, p->other->name,
                        "It tells %lld classes apart, and the task's first "
                        "model (%s) %lld; where an output begins with a "
                        "background, its card says so with `first_class`.",
                        (long long)other, p->first->name, (long long)first);
    }
    return CLEAVE_OK;
}

static cleave_status check_output(const struct pair *p, size_t i,
                                  const cleave_tensor_info *a,
                                  const cleave_tensor_info *b)
{
    const struct clv_card *card = p->first->card;

    if (card != NULL && card->task == CLV_TASK_CLASSIFICATION) {
        return i == 0 ? check_classes(p, a, b) : CLEAVE_OK;
    }
    if (card != NULL && card->task == CLV_TASK_DETECTION) {
        return a->rank == b->rank ? CLEAVE_OK
                                  : refuse_tensor(p, "output", a, b);
    }
    return has_same_form(a, b) ? CLEAVE_OK : refuse_tensor(p, "output", a, b);
}

static cleave_status check_outputs(const struct pair *p)
{
    size_t n;
    size_t m;
    const cleave_tensor_info *a = outputs_of(p->first, &n);
    const cleave_tensor_info *b = outputs_of(p->other, &m);
    cleave_status status = CLEAVE_OK;

    if (n != m) {
        return refuse_count(p, "output", n, m);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < n; i++) {
        /* what a file does not tell is not held against it */
        if (a[i].type != CLEAVE_TYPE_NONE && b[i].type != CLEAVE_TYPE_NONE) {
            status = check_output(p, i, &a[i], &b[i]);
        }
    }
    return status;
}

cleave_status clv_variants_fit(const struct clv_fitting *first,
                               const struct clv_fitting *other,
                               cleave_error *err)
{
    struct pair p = {first, other, err};
    cleave_status status = check_cards(&p);

    if (status == CLEAVE_OK) {
        status = check_inputs(&p);
    }
    return status == CLEAVE_OK ? check_outputs(&p) : status;
}
