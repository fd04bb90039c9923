/*
 * odd_books.h - code books by chance: any contexts, any tables, as their
 * bytes may say.
 */
#ifndef ODD_BOOKS_H
#define ODD_BOOKS_H

#include <stdlib.h>
#include <string.h>

#include "codec/book.h"
#include "seeded.h"

/* Ascending numbers from `least` on, below 256. */
static inline void odd_ascending(struct seeded *s, unsigned count,
                                 unsigned least, unsigned gap, uint8_t *into)
{
    unsigned at = least;

    for (unsigned i = 0; i < count; i++) {
        at += seeded_below(s, gap);
        into[i] = (uint8_t)at;
        at++;
    }
}

/*
 * A table: a few tokens common, others rare; any may lack but the escape,
 * which has a slot at least. With `dull` one token has all the others.
 */
static inline void odd_table(struct seeded *s, int dull,
                             uint16_t frequency[CLV_TOKENS])
{
    uint32_t counts[CLV_TOKENS] = {0};
    uint32_t most = 1 + seeded_below(s, 12);

    for (unsigned t = 0; t < CLV_TOKEN_ESCAPE; t++) {
        uint32_t rare = t < most ? 100000u >> (t < 16 ? t : 16) : 0;
        counts[t] = seeded_below(s, 8) == 0 ? 0 : seeded_below(s, rare + 1);
    }
    if (dull) {
        memset(counts, 0, sizeof counts);
        counts[seeded_below(s, CLV_TOKENS)] = 1;
    }
    clv_book_scale(counts, 1, frequency);
}

/* A new book, ready, for tensors of `planes` planes. */
static inline struct clv_book *odd_book(struct seeded *s, int is_signed,
                                        size_t planes)
{
    struct clv_book *book = clv_book_new();

    if (book == NULL) {
        abort();
    }
    book->is_signed = is_signed;
    book->threshold_count = seeded_below(s, CLV_THRESHOLDS + 1);
    book->cut_count = seeded_below(s, CLV_CUTS + 1);
    odd_ascending(s, book->cut_count, 1, 4, book->cuts);
    if (seeded_below(s, 3) == 0) {
        clv_book_make_plain(book);
    } else {
        odd_ascending(s, book->threshold_count, 0, 35, book->thresholds);
        book->up = (uint8_t)seeded_below(s, 256);
        book->right = (uint8_t)seeded_below(s, 100);
        book->energy = (uint8_t)seeded_below(s, 256);
        book->e0 = (uint8_t)seeded_below(s, 256);
        if (seeded_below(s, 2) == 0) {
            book->bias = malloc(planes);
            book->bias_count = planes;
            if (book->bias == NULL) {
                abort();
            }
            for (size_t i = 0; i < planes; i++) {
                book->bias[i] = (uint8_t)(seeded_next(s) >> seeded_below(s, 9));
            }
        }
    }
    for (unsigned i = 0; i <= book->threshold_count; i++) {
        for (unsigned k = 0; k <= book->cut_count; k++) {
            odd_table(s, seeded_below(s, 10) == 0, book->frequency[4 * i + k]);
        }
    }
    clv_book_ready(book);
    return book;
}

#endif
