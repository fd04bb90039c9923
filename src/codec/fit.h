/*
 * fit.h - learning a code book from tokens.
 *
 * A clv_specimen is one tensor's samples as walked tokens. clv_fit_book makes
 * the book that codes tensors like these in the fewest bits it can find.
 */
#ifndef CLV_FIT_H
#define CLV_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "codec/book.h"
#include "codec/walk.h"

struct clv_specimen {
    const struct clv_walk *walk;
    int is_signed;
    uint8_t *const *samples; /* walked tokens of each */
    size_t count;
};

/* A new book, ready. CLEAVE_MEMORY. The caller frees. */
cleave_status clv_fit_book(const struct clv_specimen *lesson,
                           struct clv_book **ret_book);

#endif
