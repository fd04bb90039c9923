/*
 * calibration.h - what was learnt about the tensors at a model's cuts.
 *
 * For each tensor its range and spread, and for a ladder of steps a code book
 * (codec/book.h). The file is made once, from unlabelled inputs, and travels
 * with the model: device and server must hold the same one. A frame names
 * its book by hash, so a wrong or missing file is noticed at once, and one
 * file may replace another while frames are under way.
 *
 * A calibration is read-only once read and may be used by all threads; what
 * books need for decoding is built at first use, by whoever comes first.
 */
#ifndef CLV_CALIBRATION_H
#define CLV_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_book;
struct clv_calibration;

/* The largest file, the most tensors, the most books of one tensor and of all:
   in memory a book is larger than the two bytes it may take in the file. */
#define CLV_CALIBRATION_BYTES ((size_t)64 << 20)
#define CLV_CALIBRATION_TENSORS 4096
#define CLV_CALIBRATION_BOOKS 64
#define CLV_CALIBRATION_BOOKS_ALL 16384

/* A code book and the step it was made at (0: integers, without loss). */
struct clv_calibrated_book {
    float step;
    uint32_t hash;
    struct clv_book *book;
};

/* What is known of one tensor. */
struct clv_calibrated {
    const char *name;
    cleave_type type;
    uint32_t rank;
    int64_t shape[CLEAVE_MAX_RANK];
    float lo, hi; /* least and greatest element seen */
    float mean;
    float sd;     /* standard deviation over all elements */
    int64_t base; /* integers: the commonest value */
    size_t book_count;
    const struct clv_calibrated_book *books; /* steps ascending */
};

/*
 * Reads a calibration file's bytes; `where` names it in errors. Copies.
 * CLEAVE_CORRUPT, CLEAVE_LIMIT, CLEAVE_MEMORY, CLEAVE_UNSUPPORTED for a
 * later version. The caller frees.
 */
cleave_status clv_calibration_new(clv_bytes bytes, const char *where,
                                  struct clv_calibration **ret_calibration,
                                  cleave_error *err);

/* The same from a file. */
cleave_status clv_calibration_read(const char *path,
                                   struct clv_calibration **ret_calibration,
                                   cleave_error *err);

/* Takes NULL. */
void clv_calibration_free(struct clv_calibration *calibration);

/* SHA-256 of the model it belongs to, in hexadecimal. Borrowed. */
const char *clv_calibration_model(const struct clv_calibration *calibration);

/* CLEAVE_MISMATCH, naming both, if it belongs to another model. */
cleave_status clv_calibration_check(const struct clv_calibration *calibration,
                                    const char *model_sha256, const char *where,
                                    cleave_error *err);

/*
 * The hash by which device and server see that they hold the same file: 16
 * hexadecimal digits. Borrowed.
 */
const char *clv_calibration_id(const struct clv_calibration *calibration);

/* All tensors. Borrowed. */
const struct clv_calibrated *clv_calibration_tensors(
    const struct clv_calibration *calibration, size_t *ret_count);

/* What is known of a tensor, NULL if nothing. Borrowed. */
const struct clv_calibrated *clv_calibration_find(
    const struct clv_calibration *calibration, const char *tensor);

/*
 * The book with this hash, NULL if there is none, and its tensor: the first by
 * name, if several have the same book. Borrowed.
 */
const struct clv_book *clv_calibration_book(
    const struct clv_calibration *calibration, uint32_t hash,
    const struct clv_calibrated **ret_tensor);

#endif
