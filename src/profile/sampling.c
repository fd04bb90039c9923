/*
 * sampling.c - dividing a data set evenly into teaching and examining.
 */
#include "profile/sampling.h"

#include <stdlib.h>

#include "base/fail.h"

uint64_t clv_sampling_spread(uint64_t i, uint64_t count, uint64_t total)
{
    /* Long products of two 64-bit numbers cannot be had in ISO C; a double is
       exact enough for a few million, and its rounding is the same
       everywhere. */
    double share = (double)total / (double)count;
    uint64_t index = (uint64_t)(share * ((double)i + 0.5));

    return index < total ? index : total - 1;
}

uint64_t clv_sampling_teachers(uint64_t wanted, uint64_t total)
{
    uint64_t half = total / 2 > 0 ? total / 2 : 1;

    if (wanted > 0) {
        return wanted;
    }
    return half < CLV_SAMPLING_DEFAULT ? half : CLV_SAMPLING_DEFAULT;
}

static void spread_teachers(struct clv_sampling *s, uint64_t total)
{
    for (size_t i = 0; i < s->teach_count; i++) {
        s->teach[i] = clv_sampling_spread(i, s->teach_count, total);
    }
}

/* What does not teach and fits, in order. */
static void list_examiners(struct clv_sampling *s, uint64_t total,
                           clv_sampling_fit *fit, void *self)
{
    size_t next = 0;

    for (uint64_t i = 0; i < total; i++) {
        if (next < s->teach_count && s->teach[next] == i) {
            next++;
        } else if (fit == NULL || fit(self, i)) {
            s->examine[s->examine_count++] = i;
        }
    }
}

/* In place: an index never moves up. */
static void thin_examiners(struct clv_sampling *s, uint64_t limit)
{
    size_t all = s->examine_count;

    if (limit == 0 || limit >= all) {
        return;
    }
    for (size_t i = 0; i < limit; i++) {
        s->examine[i] = s->examine[clv_sampling_spread(i, limit, all)];
    }
    s->examine_count = (size_t)limit;
}

cleave_status clv_sampling_init(struct clv_sampling *sampling, uint64_t total,
                                uint64_t teach, uint64_t limit,
                                clv_sampling_fit *fit, void *self,
                                cleave_error *err)
{
    struct clv_sampling s = {0};

    s.teach_count = (size_t)(teach < total ? teach : total);
    s.teach = calloc(s.teach_count + 1, sizeof *s.teach);
    s.examine = calloc((size_t)total + 1, sizeof *s.examine);
    if (s.teach == NULL || s.examine == NULL) {
        clv_sampling_fini(&s);
        return clv_fail_memory(err, "data", (size_t)total * sizeof *s.examine);
    }
    spread_teachers(&s, total);
    list_examiners(&s, total, fit, self);
    thin_examiners(&s, limit);
    *sampling = s;
    return CLEAVE_OK;
}

void clv_sampling_fini(struct clv_sampling *sampling)
{
    free(sampling->teach);
    free(sampling->examine);
    *sampling = (struct clv_sampling){0};
}
