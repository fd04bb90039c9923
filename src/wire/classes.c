/*
 * classes.c - the classification extension: scores become "score:index:label".
 *
 * The work is bounded: k is at most MAX_CLASSES.
 */
#include "wire/classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "tensor/rank.h"
#include "wire/json.h"

#define MAX_CLASSES 1000

static size_t elements(const cleave_tensor *tensor)
{
    return tensor->bytes / cleave_type_bytes(tensor->info.type);
}

static size_t rows_of(const cleave_tensor *tensor)
{
    return tensor->info.rank > 1 ? (size_t)tensor->info.shape[0] : 1;
}

uint32_t clv_classes_shape(const struct clv_answer_output *output,
                           int64_t ret_shape[2])
{
    size_t rows = rows_of(output->tensor);
    size_t columns = rows > 0 ? elements(output->tensor) / rows : 0;
    size_t k = output->classes < columns ? output->classes : columns;

    k = k < MAX_CLASSES ? k : MAX_CLASSES;
    if (output->tensor->info.rank < 2) {
        ret_shape[0] = (int64_t)k;
        return 1;
    }
    ret_shape[0] = (int64_t)rows;
    ret_shape[1] = (int64_t)k;
    return 2;
}

static const char *label_of(const struct clv_class_names *labels, size_t index)
{
    if (labels == NULL || index < labels->first_class ||
        index - labels->first_class >= labels->count) {
        return NULL;
    }
    return labels->names[index - labels->first_class];
}

static void write_one(const struct clv_answer_output *output, size_t at,
                      size_t index, struct clv_buffer *scratch,
                      struct clv_buffer *into)
{
    const char *label = label_of(output->labels, index);
    uint32_t length;

    clv_buffer_reset(scratch);
    (void)clv_buffer_printf(scratch, "%f:%zu",
                            clv_rank_score(output->tensor, at), index);
    if (label != NULL) {
        (void)clv_buffer_printf(scratch, ":%s", label);
    }
    if (output->binary) {
        length = (uint32_t)scratch->size;
        (void)clv_buffer_append(into, &length, sizeof length);
        (void)clv_buffer_append(into, scratch->data, scratch->size);
    } else {
        clv_json_put_bytes(into, clv_buffer_bytes(scratch));
    }
}

cleave_status clv_classes_write(const struct clv_answer_output *output,
                                struct clv_buffer *into, cleave_error *err)
{
    int64_t shape[2];
    uint32_t rank = clv_classes_shape(output, shape);
    size_t rows = rank == 2 ? (size_t)shape[0] : 1;
    size_t k = (size_t)shape[rank - 1];
    size_t columns = rows > 0 ? elements(output->tensor) / rows : 0;
    size_t *best = malloc((k > 0 ? k : 1) * sizeof *best);
    struct clv_buffer scratch;
    cleave_status status;

    if (best == NULL) {
        return clv_fail_memory(err, output->tensor->info.name,
                               k * sizeof *best);
    }
    clv_buffer_init(&scratch, CLV_JSON_MAX_BYTES);
    for (size_t row = 0; row < rows; row++) {
        clv_rank_top(output->tensor, row * columns, columns, k, best);
        for (size_t i = 0; i < k; i++) {
            if (!output->binary && (row > 0 || i > 0)) {
                clv_json_put(into, ",");
            }
            write_one(output, best[i], best[i] - row * columns, &scratch, into);
        }
    }
    status = clv_buffer_status(&scratch);
    clv_buffer_fini(&scratch);
    free(best);
    return status;
}
