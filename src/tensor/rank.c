/*
 * rank.c - scores: reading one, and finding the best.
 *
 * A heap of k would be faster for large k; a few classes of a thousand are
 * usual, so a partial insertion sort does.
 */
#include "tensor/rank.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tensor/element.h"

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

double clv_rank_score(const cleave_tensor *tensor, size_t i)
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

static int better(const cleave_tensor *tensor, size_t a, size_t b)
{
    double x = clv_rank_score(tensor, a);
    double y = clv_rank_score(tensor, b);

    return x > y || (isnan(y) && !isnan(x));
}

void clv_rank_top(const cleave_tensor *tensor, size_t first, size_t count,
                  size_t k, size_t *ret_best)
{
    size_t have = 0;

    for (size_t i = first; k > 0 && i < first + count; i++) {
        size_t at = have;
        if (have == k && !better(tensor, i, ret_best[k - 1])) {
            continue;
        }
        if (have < k) {
            have++;
        } else {
            at = k - 1;
        }
        while (at > 0 && better(tensor, i, ret_best[at - 1])) {
            ret_best[at] = ret_best[at - 1];
            at--;
        }
        ret_best[at] = i;
    }
}
