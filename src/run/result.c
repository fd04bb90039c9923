/*
 * result.c - the answer of one inference, owned by whoever asked.
 *
 * Outputs are copied out of the engine and the connection, so that both are
 * free for the next inference while the caller still reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/rig.h"
#include "tensor/rank.h"

#define DESIGN_TEXT 512 /* as long as any design */

struct whole_result {
    cleave_result base; /* first: the caller's pointer is ours */
    char design[DESIGN_TEXT];
    cleave_tensor outputs[];
};

cleave_result *clv_result_new(const struct clv_network *network)
{
    size_t count;
    struct whole_result *r;

    clv_network_outputs(network, &count);
    r = calloc(1, sizeof *r + count * sizeof r->outputs[0]);
    if (r == NULL) {
        return NULL;
    }
    r->base.outputs = r->outputs;
    r->base.output_count = count;
    return &r->base;
}

void cleave_result_free(cleave_result *result)
{
    struct whole_result *r = (struct whole_result *)result;

    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->base.output_count; i++) {
        free(r->outputs[i].data);
    }
    free(r);
}

cleave_status clv_result_room(cleave_result *result, size_t output,
                              const cleave_tensor_info *info,
                              const cleave_tensor_info *form, size_t bytes,
                              void **ret_data, cleave_error *err)
{
    struct whole_result *r = (struct whole_result *)result;
    cleave_tensor *to = &r->outputs[output];

    free(to->data);
    to->data = malloc(bytes > 0 ? bytes : 1);
    if (to->data == NULL) {
        return clv_fail_memory(err, info->name, bytes);
    }
    to->bytes = bytes;
    to->info = *form;
    to->info.name = info->name;
    *ret_data = to->data;
    return CLEAVE_OK;
}

cleave_status clv_result_set(cleave_result *result, size_t output,
                             const cleave_tensor_info *info,
                             const cleave_tensor *from, cleave_error *err)
{
    void *data = NULL;
    cleave_status status = clv_result_room(result, output, info, &from->info,
                                           from->bytes, &data, err);

    if (status == CLEAVE_OK) {
        memcpy(data, from->data, from->bytes);
    }
    return status;
}

void clv_result_rank(cleave_result *result, const struct clv_card *card)
{
    const struct clv_card_output *output;
    const cleave_tensor *scores = &result->outputs[0];
    size_t best[CLEAVE_TOP];
    size_t each = cleave_type_bytes(scores->info.type);

    if (card == NULL || card->task != CLV_TASK_CLASSIFICATION || each == 0) {
        return;
    }
    output = clv_card_output(card, scores->info.name);
    result->top_count = scores->bytes / each;
    if (result->top_count > CLEAVE_TOP) {
        result->top_count = CLEAVE_TOP;
    }
    clv_rank_top(scores, 0, scores->bytes / each, result->top_count, best);
    for (size_t i = 0; i < result->top_count; i++) {
        result->top[i] = (cleave_class){
            .index = (int64_t)best[i],
            .score = clv_rank_score(scores, best[i]),
        };
        if (output != NULL) {
            result->top[i].index = clv_card_class(output, best[i]);
            result->top[i].label = clv_card_label(output, best[i]);
        }
    }
}

void clv_result_name(cleave_result *result, const char *design)
{
    struct whole_result *r = (struct whole_result *)result;

    snprintf(r->design, sizeof r->design, "%s", design);
    r->base.design = r->design;
}
