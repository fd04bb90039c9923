/*
 * calibration.c - reading calibration files; docs/format.md, "Calibration
 * file".
 *
 * The file is read once, checked whole, and turned into tensors sorted by
 * name and books sorted by hash. Everything belongs to one list of
 * allocations per tensor, so that a file that turns out bad half-way is given
 * back by the same function as a good one.
 */
#include "codec/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/sha256.h"
#include "codec/bits.h"
#include "codec/book.h"
#include "codec/layout.h"

#define ID_DIGITS 16

/* Where a hash leads. */
struct named {
    uint32_t hash;
    uint32_t tensor;
    uint32_t book;
};

struct clv_calibration {
    char model[CLV_SHA256_HEX];
    char id[ID_DIGITS + 1];
    size_t count;
    struct clv_calibrated *tensors;
    size_t named_count;
    struct named *named;
};

static void free_tensor(struct clv_calibrated *tensor)
{
    struct clv_calibrated_book *books =
        (struct clv_calibrated_book *)tensor->books;

    for (size_t i = 0; i < tensor->book_count; i++) {
        clv_book_free(books[i].book);
    }
    free(books);
    free((char *)tensor->name);
}

void clv_calibration_free(struct clv_calibration *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        free_tensor(&c->tensors[i]);
    }
    free(c->tensors);
    free(c->named);
    free(c);
}

static cleave_status read_name(struct clv_reader *r,
                               struct clv_calibrated *tensor)
{
    uint64_t length = clv_read_varint(r);
    char *name;

    if (r->failed || length > clv_reader_left(r) ||
        memchr(r->at, '\0', length) != NULL) {
        return CLEAVE_CORRUPT;
    }
    name = strndup((const char *)r->at, length);
    if (name == NULL) {
        return CLEAVE_MEMORY;
    }
    r->at += length;
    tensor->name = name;
    return CLEAVE_OK;
}

static cleave_status read_form(struct clv_reader *r,
                               struct clv_calibrated *tensor)
{
    uint64_t rank;

    tensor->type = clv_layout_type(clv_read_u8(r));
    rank = clv_read_varint(r);
    if (r->failed || tensor->type == CLEAVE_TYPE_NONE ||
        rank > CLEAVE_MAX_RANK) {
        return CLEAVE_CORRUPT;
    }
    tensor->rank = (uint32_t)rank;
    for (size_t i = 0; i < rank; i++) {
        uint64_t size = clv_read_varint(r);
        if (r->failed || size > INT32_MAX) {
            return CLEAVE_CORRUPT;
        }
        tensor->shape[i] = (int64_t)size;
    }
    tensor->lo = clv_read_f32(r);
    tensor->hi = clv_read_f32(r);
    tensor->mean = clv_read_f32(r);
    tensor->sd = clv_read_f32(r);
    tensor->base = clv_unzigzag(clv_read_varint(r));
    return r->failed || !isfinite(tensor->lo) || !isfinite(tensor->hi) ||
                   !isfinite(tensor->sd) || tensor->sd < 0 ||
                   tensor->lo > tensor->hi
               ? CLEAVE_CORRUPT
               : CLEAVE_OK;
}

/* A book with its bytes' length before it, all of which must be used. */
static cleave_status read_one_book(struct clv_reader *r,
                                   struct clv_calibrated_book *book)
{
    struct clv_reader own;
    uint64_t length;
    cleave_status status;

    book->step = clv_read_f32(r);
    length = clv_read_varint(r);
    if (r->failed || length > clv_reader_left(r) || !isfinite(book->step) ||
        book->step < 0) {
        return CLEAVE_CORRUPT;
    }
    clv_reader_init(&own, (clv_bytes){r->at, length});
    book->hash = XXH32(r->at, length, 0);
    status = clv_book_read(&own, &book->book);
    if (status == CLEAVE_OK && clv_reader_left(&own) > 0) {
        status = CLEAVE_CORRUPT;
    }
    r->at += length;
    return status;
}

static cleave_status read_books(struct clv_reader *r,
                                struct clv_calibrated *tensor, size_t *more)
{
    uint64_t count = clv_read_varint(r);
    struct clv_calibrated_book *books;
    cleave_status status = CLEAVE_OK;

    if (r->failed || count > CLV_CALIBRATION_BOOKS || count > *more) {
        return CLEAVE_CORRUPT;
    }
    *more -= count;
    books = calloc(count + 1, sizeof *books);
    if (books == NULL) {
        return CLEAVE_MEMORY;
    }
    tensor->books = books;
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        tensor->book_count = i + 1;
        status = read_one_book(r, &books[i]);
        if (status == CLEAVE_OK && i > 0 &&
            books[i].step <= books[i - 1].step) {
            status = CLEAVE_CORRUPT;
        }
    }
    return status;
}

/* `books` is how many more there may be. */
static cleave_status read_tensor(struct clv_reader *r,
                                 struct clv_calibrated *tensor, size_t *books)
{
    cleave_status status = read_name(r, tensor);

    if (status == CLEAVE_OK) {
        status = read_form(r, tensor);
    }
    return status == CLEAVE_OK ? read_books(r, tensor, books) : status;
}

static cleave_status read_model(struct clv_reader *r, struct clv_calibration *c)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < CLV_LAYOUT_MODEL_BYTES; i++) {
        uint8_t byte = clv_read_u8(r);
        c->model[2 * i] = digits[byte >> 4];
        c->model[2 * i + 1] = digits[byte & 15];
    }
    return r->failed ? CLEAVE_CORRUPT : CLEAVE_OK;
}

static cleave_status read_tensors(struct clv_reader *r,
                                  struct clv_calibration *c)
{
    cleave_status status = read_model(r, c);
    uint64_t count = clv_read_varint(r);
    size_t books = CLV_CALIBRATION_BOOKS_ALL;

    if (status != CLEAVE_OK || r->failed || count > CLV_CALIBRATION_TENSORS) {
        return CLEAVE_CORRUPT;
    }
    c->tensors = calloc(count + 1, sizeof *c->tensors);
    if (c->tensors == NULL) {
        return CLEAVE_MEMORY;
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        c->count = i + 1;
        status = read_tensor(r, &c->tensors[i], &books);
        if (status == CLEAVE_OK && i > 0 &&
            strcmp(c->tensors[i - 1].name, c->tensors[i].name) >= 0) {
            status = CLEAVE_CORRUPT;
        }
    }
    return status == CLEAVE_OK && clv_reader_left(r) > 0 ? CLEAVE_CORRUPT
                                                         : status;
}

/* Tensors may share a book: then the first of them is found. */
static int by_hash(const void *a, const void *b)
{
    const struct named *x = a;
    const struct named *y = b;

    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return x->tensor < y->tensor ? -1 : x->tensor > y->tensor;
}

static cleave_status name_books(struct clv_calibration *c)
{
    size_t count = 0;

    for (size_t i = 0; i < c->count; i++) {
        count += c->tensors[i].book_count;
    }
    c->named = calloc(count + 1, sizeof *c->named);
    if (c->named == NULL) {
        return CLEAVE_MEMORY;
    }
    for (size_t i = 0; i < c->count; i++) {
        for (size_t k = 0; k < c->tensors[i].book_count; k++) {
            c->named[c->named_count++] = (struct named){
                c->tensors[i].books[k].hash, (uint32_t)i, (uint32_t)k};
        }
    }
    qsort(c->named, count, sizeof *c->named, by_hash);
    return CLEAVE_OK;
}

/* Version and checksum; what is between them is left in `r`. */
static cleave_status open_file(clv_bytes bytes, const char *where,
                               struct clv_reader *r, cleave_error *err)
{
    struct clv_reader tail;
    uint32_t magic;

    if (bytes.size > CLV_CALIBRATION_BYTES) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The calibration file is larger than %zu bytes.",
                        CLV_CALIBRATION_BYTES);
    }
    clv_reader_init(r, bytes);
    magic = clv_read_u32(r);
    if (r->failed || (magic & 0xffffff) != CLV_LAYOUT_MAGIC) {
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "This is no calibration file. `cleave calibrate` "
                        "makes one.");
    }
    if (magic >> 24 != CLV_LAYOUT_VERSION) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "The calibration file has version %u; this cleave "
                        "reads version %d. Make it anew with `cleave "
                        "calibrate`.",
                        magic >> 24, CLV_LAYOUT_VERSION);
    }
    clv_reader_init(&tail, (clv_bytes){r->end - 4, 4});
    if (XXH32(bytes.data, bytes.size - 4, 0) != clv_read_u32(&tail)) {
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The calibration file's checksum is wrong: it was cut "
                        "off or changed. Copy it again, or make it anew with "
                        "`cleave calibrate`.");
    }
    r->end -= 4;
    return CLEAVE_OK;
}

cleave_status clv_calibration_new(clv_bytes bytes, const char *where,
                                  struct clv_calibration **ret_calibration,
                                  cleave_error *err)
{
    struct clv_calibration *c = NULL;
    struct clv_sha256 digest;
    struct clv_reader r;
    cleave_status status = open_file(bytes, where, &r, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return clv_fail_memory(err, where, sizeof *c);
    }
    status = read_tensors(&r, c);
    if (status == CLEAVE_OK) {
        status = name_books(c);
    }
    if (status != CLEAVE_OK) {
        clv_calibration_free(c);
        return clv_fail(err, status, where,
                        status == CLEAVE_MEMORY
                            ? "There is no memory for the calibration."
                            : "The calibration file does not follow its "
                              "format. Make it anew with `cleave calibrate`.");
    }
    digest = clv_sha256_of(bytes);
    memcpy(c->id, digest.hex, ID_DIGITS);
    *ret_calibration = c;
    return CLEAVE_OK;
}

cleave_status clv_calibration_read(const char *path,
                                   struct clv_calibration **ret_calibration,
                                   cleave_error *err)
{
    struct clv_buffer content;
    cleave_status status;

    clv_buffer_init(&content, CLV_CALIBRATION_BYTES);
    status = clv_file_read(path, CLV_CALIBRATION_BYTES, &content, err);
    if (status == CLEAVE_OK) {
        status = clv_calibration_new(clv_buffer_bytes(&content), path,
                                     ret_calibration, err);
    }
    clv_buffer_fini(&content);
    return status;
}

const char *clv_calibration_model(const struct clv_calibration *c)
{
    return c->model;
}

const char *clv_calibration_id(const struct clv_calibration *c)
{
    return c->id;
}

const struct clv_calibrated *clv_calibration_tensors(
    const struct clv_calibration *c, size_t *ret_count)
{
    *ret_count = c->count;
    return c->tensors;
}

static int by_name(const void *key, const void *tensor)
{
    return strcmp(key, ((const struct clv_calibrated *)tensor)->name);
}

const struct clv_calibrated *clv_calibration_find(
    const struct clv_calibration *c, const char *tensor)
{
    return tensor == NULL ? NULL
                          : bsearch(tensor, c->tensors, c->count,
                                    sizeof *c->tensors, by_name);
}

const struct clv_book *clv_calibration_book(
    const struct clv_calibration *c, uint32_t hash,
    const struct clv_calibrated **ret_tensor)
{
    size_t low = 0;
    size_t high = c->named_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->named[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == c->named_count || c->named[low].hash != hash) {
        return NULL;
    }
    *ret_tensor = &c->tensors[c->named[low].tensor];
    return (*ret_tensor)->books[c->named[low].book].book;
}

cleave_status clv_calibration_check(const struct clv_calibration *c,
                                    const char *model_sha256, const char *where,
                                    cleave_error *err)
{
    if (strcmp(c->model, model_sha256) == 0) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_MISMATCH, where,
                    "This calibration belongs to the model %s, not to %s. "
                    "Make one for this model with `cleave calibrate`.",
                    c->model, model_sha256);
}
