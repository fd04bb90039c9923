/*
 * fuzz_dense.c - any indices of any shape: all paths write the same bytes and
 * read the same indices.
 *
 * The input, byte by byte: signs (bit 0), a book by chance (bit 1), wide
 * indices (bit 2), rank (bits 4 to 6); the book's seed; the dimensions; then
 * indices, of one byte or two, over and over until the tensor is full.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/odd_books.h"
#include "codec/dense.h"
#include "codec/walk.h"

#define MOST 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct subject {
    cleave_tensor_info info;
    size_t count;
    int is_signed;
    struct clv_book *book;
    int16_t indices[MOST];
};

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void fill(struct subject *sub, const uint8_t *data, size_t size,
                 int is_wide)
{
    size_t at = 0;

    for (size_t i = 0; i < sub->count; i++) {
        int x = 0;
        if (at < size) {
            x = (int8_t)data[at];
            at++;
        }
        if (is_wide && at < size) {
            x = x * 256 + data[at];
            at++;
        }
        at = at >= size ? 0 : at;
        x = x < -32767 ? -32767 : x;
        sub->indices[i] = (int16_t)(x < 0 && !sub->is_signed ? -x : x);
    }
}

static int make(struct subject *sub, const uint8_t *data, size_t size)
{
    struct clv_walk walk;
    struct seeded s;

    if (size < 2) {
        return 0;
    }
    sub->is_signed = data[0] & 1;
    sub->info =
        (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, data[0] >> 4 & 7, {0}};
    sub->count = 1;
    if (size < 2 + sub->info.rank) {
        return 0;
    }
    for (uint32_t i = 0; i < sub->info.rank; i++) {
        sub->info.shape[i] = data[2 + i];
        sub->count *= data[2 + i];
        if (sub->count == 0 || sub->count > MOST) {
            return 0;
        }
    }
    if ((data[0] & 2) != 0) {
        clv_walk_init(&walk, &sub->info, sub->count, 1);
        s = (struct seeded){data[1] * 0x9E3779B97F4A7C15u + 1};
        sub->book = odd_book(&s, sub->is_signed, walk.planes);
    }
    fill(sub, data + 2 + sub->info.rank, size - 2 - sub->info.rank,
         data[0] & 4);
    return 1;
}

static void code(const struct subject *sub)
{
    struct clv_dense *dense = clv_dense_new(CLV_PATH_PORTABLE);
    struct clv_buffer first;
    struct clv_buffer other;
    int16_t back[MOST];

    require(dense != NULL);
    clv_buffer_init(&first, (size_t)1 << 20);
    clv_buffer_init(&other, (size_t)1 << 20);
    SEEDED_EACH_PATH(path)
    {
        struct clv_buffer *into = path == CLV_PATH_PORTABLE ? &first : &other;
        clv_dense_take(dense, (enum clv_path)path);
        clv_buffer_reset(into);
        require(clv_dense_encode(dense, sub->indices, &sub->info,
                                 sub->is_signed, sub->book, into) == CLEAVE_OK);
        require(into->size == first.size &&
                memcmp(into->data, first.data, first.size) == 0);
        memset(back, 0xee, sizeof back);
        require(clv_dense_decode(dense, clv_buffer_bytes(&first), &sub->info,
                                 sub->is_signed, sub->book, back) == CLEAVE_OK);
        require(memcmp(back, sub->indices, sub->count * sizeof *back) == 0);
    }
    clv_buffer_fini(&first);
    clv_buffer_fini(&other);
    clv_dense_free(dense);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct subject *sub = calloc(1, sizeof *sub);

    require(sub != NULL);
    if (make(sub, data, size)) {
        code(sub);
    }
    clv_book_free(sub->book);
    free(sub);
    return 0;
}
