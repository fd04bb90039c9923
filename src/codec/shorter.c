/*
 * shorter.c - fast's payload, or lz's where that is the shorter one.
 *
 * lz is slow to write, so it is only tried where it may win: where fast has
 * not gained anything over plain planes, where the tensor is so small that
 * time does not matter, where the tensor repeats itself, and where lz does
 * well on a sample. What is looked at is a small part; that does not see a
 * tensor whose second half repeats its first.
 */
#include "codec/planes.h"
#include "codec/shuffle.h"

#include <string.h>

/* Tensors up to here are their own sample. */
#define SMALL 2048

/* A sample is one part in so many, within bounds. */
#define SAMPLE_PART 32
#define SAMPLE_MIN 512
#define SAMPLE_MAX 2048

/* So many indices that come again in the same order are no chance. */
#define WINDOW 256

struct tensor {
    enum clv_path path;
    const int16_t *indices;
    size_t count;
    struct clv_extent extent;
    struct clv_buffer *scratch;
};

static unsigned width_of(struct clv_extent extent)
{
    unsigned greatest = extent.greatest > 0 ? (unsigned)extent.greatest : 0;
    unsigned width = 0;

    if (extent.least < 0) {
        unsigned low = 2u * (unsigned)-extent.least - 1;
        greatest = 2 * greatest > low ? 2 * greatest : low;
    }
    while (greatest >> width != 0) {
        width++;
    }
    return width;
}

static cleave_status encode(const struct tensor *t, int with_lz,
                            struct clv_buffer *into)
{
    int is_signed = t->extent.least < 0;

    return with_lz ? clv_lz_encode(t->path, t->indices, t->count, is_signed,
                                   t->scratch, into)
                   : clv_fast_encode(t->path, t->indices, t->count, is_signed,
                                     into);
}

static size_t sample_size(size_t count)
{
    size_t size = count / SAMPLE_PART;

    size = size < SAMPLE_MIN ? SAMPLE_MIN : size;
    return size > SAMPLE_MAX ? SAMPLE_MAX : size;
}

static uint64_t four_indices(const int16_t *indices)
{
    uint64_t word;

    memcpy(&word, indices, sizeof word);
    return word;
}

/*
 * Whether a window in the middle comes again within a sample's length. It
 * begins with four indices that are not all alike, by which it is looked for.
 */
static int repeats(const int16_t *indices, size_t count)
{
    size_t from = count / 2;
    size_t end = from + WINDOW;
    uint64_t four;
    size_t reach;

    while (from < end &&
           four_indices(indices + from) ==
               (uint16_t)indices[from] * (uint64_t)0x0001000100010001) {
        from++;
    }
    if (from == end || from + 2 * WINDOW > count) {
        return 0;
    }
    four = four_indices(indices + from);
    reach = count - from - WINDOW;
    reach = reach > sample_size(count) ? sample_size(count) : reach;
    for (size_t i = from + 1; i <= from + reach; i++) {
        if (four_indices(indices + i) == four &&
            memcmp(indices + i, indices + from, WINDOW * sizeof *indices) ==
                0) {
            return 1;
        }
    }
    return 0;
}

/*
 * Whether lz is not clearly the longer one on a sample from the middle. The
 * sample is coded behind the payload and then forgotten. It is worse for lz,
 * which begins without a past: hence the tenth.
 */
static cleave_status lz_may_win(const struct tensor *t, struct clv_buffer *into,
                                int *ret_may)
{
    size_t before = into->size;
    size_t sizes[2] = {0, 0};
    struct tensor part = *t;
    cleave_status status = CLEAVE_OK;

    part.count = sample_size(t->count);
    part.indices = t->indices + (t->count - part.count) / 2;
    for (int with_lz = 0; with_lz < 2 && status == CLEAVE_OK; with_lz++) {
        status = encode(&part, with_lz, into);
        sizes[with_lz] = into->size - before;
        into->size = before;
    }
    *ret_may = 10 * sizes[1] < 11 * sizes[0];
    return status;
}

/* Puts lz's payload in the place of fast's, if it is shorter. */
static cleave_status try_lz(const struct tensor *t, size_t start,
                            struct clv_buffer *into, int *ret_is_lz)
{
    size_t middle = into->size;
    cleave_status status = encode(t, 1, into);
    size_t size = into->size - middle;

    *ret_is_lz = 0;
    if (status == CLEAVE_OK && size < middle - start) {
        memmove(into->data + start, into->data + middle, size);
        into->size = start + size;
        *ret_is_lz = 1;
    } else {
        into->size = middle;
    }
    return status;
}

cleave_status clv_shorter_encode(enum clv_path path, const int16_t *indices,
                                 size_t count, struct clv_extent extent,
                                 struct clv_buffer *scratch,
                                 struct clv_buffer *into, int *ret_is_lz)
{
    const struct tensor t = {path, indices, count, extent, scratch};
    size_t stored = 1 + width_of(extent) * clv_plane_bytes(count);
    size_t start = into->size;
    cleave_status status = encode(&t, 0, into);
    int may = count <= SMALL || into->size - start > stored ||
              repeats(indices, count);

    if (status == CLEAVE_OK && !may) {
        status = lz_may_win(&t, into, &may);
    }
    *ret_is_lz = 0;
    if (status == CLEAVE_OK && may && count > 0) {
        status = try_lz(&t, start, into, ret_is_lz);
    }
    return status;
}
