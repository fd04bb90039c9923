/*
 * ref_book.c - code books, and the calibration file that holds them.
 *
 * A book says how contexts are made and which frequency each token has in
 * each. Books of a calibration file are kept as bytes, checked once, and
 * read again for the frame that names one. Whether a book has as many biases
 * as a tensor has planes shows when they come together.
 */
#include <math.h>
#include <string.h>

#include "ref.h"

static unsigned bit_length(unsigned value)
{
    unsigned length = 0;

    for (; value > 0; value /= 2) {
        length++;
    }
    return length;
}

static void ascending_read(struct ref_reader *in, unsigned count, int least,
                           unsigned *values)
{
    for (unsigned i = 0; i < count; i++) {
        values[i] = ref_u8(in);
        if ((int)values[i] < least) {
            ref_refuse(in, "cuts or thresholds do not ascend");
        }
        least = (int)values[i] + 1;
    }
}

static void table_read(struct ref_reader *in, unsigned frequency[REF_TOKENS])
{
    unsigned listed = ref_bits(in, 6);
    unsigned left = 1024;

    if (listed > REF_ESCAPE) {
        ref_refuse(in, "a table lists more than 40 tokens");
    }
    for (unsigned token = 0; token < REF_ESCAPE; token++) {
        frequency[token] = 0;
        if (token < listed) {
            frequency[token] = ref_bits(in, bit_length(left));
        }
        if (frequency[token] > left) {
            ref_refuse(in, "a table's frequencies exceed 1024");
        }
        left -= frequency[token];
    }
    frequency[REF_ESCAPE] = left;
}

static void context_numbers_read(struct ref_reader *in, struct ref_book *book)
{
    book->up = ref_u8(in);
    book->right = ref_u8(in);
    book->energy = ref_u8(in);
    book->e0 = ref_u8(in);
    ascending_read(in, book->thresholds, 0, book->threshold);
    book->biases = ref_varint(in);
    book->bias = ref_bytes(in, book->biases);
}

void ref_book_read(struct ref_reader *in, struct ref_book *book)
{
    unsigned first = ref_u8(in);

    memset(book, 0, sizeof *book);
    book->thresholds = first & 7;
    book->cuts = first >> 3 & 3;
    book->is_signed = first >> 6 & 1;
    if (first >> 7 != 0) {
        ref_refuse(in, "bit 7 of a book's first byte is set");
    }
    ascending_read(in, book->cuts, 1, book->cut);
    if (first >> 5 & 1) {
        book->up = 48;
        book->right = 8;
        for (unsigned i = 0; i < book->thresholds; i++) {
            book->threshold[i] = i < 5 ? 24 + 48 * i : 255;
        }
    } else {
        context_numbers_read(in, book);
    }
    for (unsigned i = 0; i <= book->thresholds; i++) {
        for (unsigned j = 0; j <= book->cuts; j++) {
            table_read(in, book->frequency[4 * i + j]);
        }
    }
    ref_bits_end(in);
}

struct ref_walk ref_walk_over(const struct ref_shape *shape)
{
    struct ref_walk walk = {1, 1, 1, shape->elements};

    if (shape->rank >= 1) {
        walk.width = shape->dim[shape->rank - 1];
    }
    if (shape->rank >= 2) {
        walk.height = shape->dim[shape->rank - 2];
    }
    for (unsigned i = 0; i + 2 < shape->rank; i++) {
        walk.planes *= shape->dim[i];
    }
    if (walk.planes * walk.height < 32 && walk.elements >= 1024) {
        walk.planes = 1;
        walk.height = 32;
        walk.width = (walk.elements + 31) / 32;
    }
    return walk;
}

/* One book of a tensor: its bytes must be a book, all of them. */
static struct ref_named *named_read(struct ref_reader *in,
                                    const struct ref_shape *shape)
{
    struct ref_named *named = ref_take(in, 1, sizeof *named);
    uint64_t size = ref_varint(in);
    struct ref_reader inner = *in;
    struct ref_book book;

    named->data = ref_bytes(in, size);
    named->size = (size_t)size;
    named->shape = *shape;
    named->hash = ref_hash(named->data, named->size);
    inner.size = in->at;
    ref_book_read(&inner, &book);
    if (ref_left(&inner) > 0) {
        ref_refuse(&inner, "something follows a book");
    }
    return named;
}

/* The books of one tensor, put at the end of the list. Returns the new end. */
static struct ref_named **books_read(struct ref_reader *in,
                                     const struct ref_shape *shape,
                                     uint64_t *more, struct ref_named **end)
{
    uint64_t books = ref_varint(in);
    float last = -1;

    if (books > 64) {
        ref_refuse(in, "a tensor has more than 64 books");
    }
    if (books > *more) {
        ref_refuse(in, "there are more than 16384 books");
    }
    *more -= books;
    for (uint64_t i = 0; i < books; i++) {
        float step = ref_f32(in);

        if (!isfinite(step) || step <= last || step < 0) {
            ref_refuse(in, "steps are not finite or do not ascend");
        }
        last = step;
        *end = named_read(in, shape);
        end = &(*end)->next;
    }
    return end;
}

/* A tensor's name, which comes after the last one's. */
static void name_read(struct ref_reader *in, struct ref_reader *last)
{
    uint64_t size = ref_varint(in);
    const uint8_t *name = ref_bytes(in, size);
    size_t least = size < last->size ? (size_t)size : last->size;
    int order = least > 0 ? memcmp(last->data, name, least) : 0;

    if (memchr(name, 0, (size_t)size) != NULL) {
        ref_refuse(in, "a tensor's name has a zero in it");
    }
    if (last->data != NULL &&
        (order > 0 || (order == 0 && last->size >= size))) {
        ref_refuse(in, "the names of tensors do not ascend");
    }
    *last = (struct ref_reader){.data = name, .size = (size_t)size};
}

static struct ref_named **tensor_read(struct ref_reader *in,
                                      struct ref_reader *name, uint64_t *more,
                                      struct ref_named **end)
{
    struct ref_shape shape;
    unsigned type = 0;
    float least = 0, greatest = 0, deviation = 0;

    name_read(in, name);
    type = ref_u8(in);
    if (type >= REF_TYPES) {
        ref_refuse(in, "an unknown element type");
    }
    ref_shape_read(in, &shape);
    least = ref_f32(in);
    greatest = ref_f32(in);
    ref_f32(in); /* mean */
    deviation = ref_f32(in);
    if (!isfinite(least) || !isfinite(greatest) || !isfinite(deviation) ||
        least > greatest || deviation < 0) {
        ref_refuse(in, "a tensor's range or deviation makes no sense");
    }
    ref_base_read(in);
    return books_read(in, &shape, more, end);
}

struct ref_named *ref_calibration_read(struct ref_reader *in)
{
    struct ref_named *books = NULL;
    struct ref_named **end = &books;
    struct ref_reader name = {.data = NULL};
    struct ref_reader tail = *in;
    uint64_t tensors = 0;
    uint64_t more = 16384;

    if (in->size < 8 || memcmp(in->data, "CLC\1", 4) != 0) {
        ref_refuse(in, "this is no calibration file of version 1");
    }
    tail.at = in->size - 4;
    if (ref_u32(&tail) != ref_hash(in->data, in->size - 4)) {
        ref_refuse(in, "the checksum is wrong");
    }
    in->size -= 4;
    ref_bytes(in, 4 + 32); /* and the model's SHA-256 */
    tensors = ref_varint(in);
    if (tensors > 4096) {
        ref_refuse(in, "there are more than 4096 tensors");
    }
    for (uint64_t i = 0; i < tensors; i++) {
        end = tensor_read(in, &name, &more, end);
    }
    if (ref_left(in) > 0) {
        ref_refuse(in, "something follows the last tensor");
    }
    return books;
}
