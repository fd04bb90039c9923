/*
 * integers.c - tensors of integers as indices.
 *
 * Elements are read and written one by one with memcpy of their width, which
 * compilers turn into plain loads; types differ only there.
 */
#include "codec/integers.h"

#include <string.h>

#include "codec/frame.h"

/* Bases beyond have no varint. */
#define BASE_MAX (INT64_MAX / 2)
#define BASE_MIN (INT64_MIN / 2)

static int is_signed(cleave_type type)
{
    return type == CLEAVE_TYPE_I8 || type == CLEAVE_TYPE_I16 ||
           type == CLEAVE_TYPE_I32 || type == CLEAVE_TYPE_I64;
}

/* Element i; u64 wraps to i64. */
static int64_t element(const uint8_t *data, size_t i, size_t width,
                       int with_sign)
{
    uint64_t value = 0;
    unsigned unused = 64 - 8 * (unsigned)width;

    memcpy(&value, data + i * width, width);
    return with_sign ? (int64_t)(value << unused) >> unused : (int64_t)value;
}

static int64_t commonest(const uint8_t *data, size_t count)
{
    uint32_t counts[256] = {0};
    unsigned best = 0;

    for (size_t i = 0; i < count; i++) {
        counts[data[i]]++;
    }
    for (unsigned v = 1; v < 256; v++) {
        if (counts[v] > counts[best]) {
            best = v;
        }
    }
    return (int64_t)best;
}

int64_t clv_integers_base(const cleave_tensor *tensor)
{
    size_t width = cleave_type_bytes(tensor->info.type);
    size_t count = tensor->bytes / width;
    int with_sign = is_signed(tensor->info.type);
    int64_t least;

    if (width == 1) {
        uint8_t value = (uint8_t)commonest(tensor->data, count);
        return element(&value, 0, 1, with_sign);
    }
    least = element(tensor->data, 0, width, with_sign);
    for (size_t i = 1; i < count; i++) {
        int64_t value = element(tensor->data, i, width, with_sign);
        least = value < least ? value : least;
    }
    return least < BASE_MIN ? BASE_MIN : least > BASE_MAX ? BASE_MAX : least;
}

int clv_integers_to_indices(const cleave_tensor *tensor, int64_t base,
                            int16_t *indices, struct clv_extent *extent)
{
    size_t width = cleave_type_bytes(tensor->info.type);
    size_t count = tensor->bytes / width;
    int with_sign = is_signed(tensor->info.type);
    uint64_t most = tensor->info.type == CLEAVE_TYPE_BOOL ? 1 : UINT64_MAX;
    struct clv_extent seen = *extent;

    if (base > BASE_MAX || base < BASE_MIN) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)element(tensor->data, i, width, with_sign);
        int64_t index = (int64_t)(value - (uint64_t)base);
        if (index < -CLV_INDEX_MAX || index > CLV_INDEX_MAX || value > most) {
            return 0;
        }
        indices[i] = (int16_t)index;
        seen.least = index < seen.least ? (int32_t)index : seen.least;
        seen.greatest = index > seen.greatest ? (int32_t)index : seen.greatest;
    }
    *extent = seen;
    return 1;
}

int clv_integers_from_indices(const int16_t *indices, size_t count,
                              int64_t base, cleave_type type, void *data)
{
    size_t width = cleave_type_bytes(type);
    uint8_t *out = data;
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)base + (uint64_t)(int64_t)indices[i];
        memcpy(out + i * width, &value, width);
        all |= value;
    }
    return type != CLEAVE_TYPE_BOOL || all <= 1;
}
