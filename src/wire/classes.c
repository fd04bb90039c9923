/*
 * classes.c - the classification extension: scores become "score:index:label".
 *
 * The top k of n scores by a heap of k would be faster for large k; a few
 * classes of a thousand are usual, so a partial insertion sort does. It is
 * bounded: k is at most MAX_CLASSES.
 */
#include "wire/classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "wire/json.h"

#define MAX_CLASSES 1000

static double signed_at(const void *at, cleave_type type)
{
    int64_t wide = 0;

    memcpy(&wide, at, cleave_type_bytes(type));
    switch (type) {
    case CLEAVE_TYPE_I8:
        return (double)(int8_t)wide;
    case CLEAVE_TYPE_I16:
        return (double)(int16_t)wide;
    case CLEAVE_TYPE_I32:
        return (double)(int32_t)wide;
    case CLEAVE_TYPE_I64:
        return (double)wide;
    default:
        return (double)(uint64_t)wide;
    }
}

static double score_at(const cleave_tensor *tensor, size_t i)
{
    size_t each = cleave_type_bytes(tensor->info.type);
    const uint8_t *at = (const uint8_t *)tensor->data + i * each;
    double wide;
    float single;
    uint16_t half;

    switch (tensor->info.type) {
    case CLEAVE_TYPE_F64:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case CLEAVE_TYPE_F32:
        memcpy(&single, at, sizeof single);
        return (double)single;
    case CLEAVE_TYPE_F16:
        memcpy(&half, at, sizeof half);
        clv_f16_to_f32(&half, 1, &single);
        return (double)single;
    default:
        return signed_at(at, tensor->info.type);
    }
}

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

static bool better(const cleave_tensor *tensor, size_t a, size_t b)
{
    double x = score_at(tensor, a);
    double y = score_at(tensor, b);

    return x > y || (isnan(y) && !isnan(x));
}

/* The indices of the k best of `count` scores from `first` on. */
static void top(const cleave_tensor *tensor, size_t first, size_t count,
                size_t k, size_t *best)
{
    size_t have = 0;

    for (size_t i = first; i < first + count; i++) {
        size_t at = have;
        if (have == k && !better(tensor, i, best[k - 1])) {
            continue;
        }
        if (have < k) {
            have++;
        } else {
            at = k - 1;
        }
        while (at > 0 && better(tensor, i, best[at - 1])) {
            best[at] = best[at - 1];
            at--;
        }
        best[at] = i;
    }
}

static const char *label_of(const struct clv_labels *labels, size_t index)
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
    (void)clv_buffer_printf(scratch, "%f:%zu", score_at(output->tensor, at),
                            index);
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
        top(output->tensor, row * columns, columns, k, best);
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
