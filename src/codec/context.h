/*
 * context.h - the context of each position of a walk, row by row.
 *
 * docs/format.md, "Contexts". What does not depend on the token to the left is
 * found for a whole row before its first token is known; so a decoder's inner
 * loop adds only the left neighbour.
 *
 *     clv_contexts_begin(c, path, book, walk)
 *     for each block: clv_contexts_block(c, block)
 *         for each row:
 *             clv_contexts_base(c, row, base)         4 * class, or void
 *             ... decode the row's tokens
 *             clv_contexts_learn(c, row, tokens)      neighbours, energy
 *
 * An encoder, which knows the tokens, asks for clv_contexts_whole instead of
 * the middle two.
 */
#ifndef CLV_CONTEXT_H
#define CLV_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "codec/book.h"
#include "codec/processor.h"
#include "codec/walk.h"

struct clv_contexts {
    enum clv_path path;
    const struct clv_book *book;
    const struct clv_walk *walk;
    size_t block;
    int escaped; /* some token became an escape since the beginning */
    uint8_t bias[CLV_LANES_MAX]; /* of the lanes, over and over */
    uint8_t *energy;             /* rows * width */
    uint8_t *term;               /* its part of the sum, likewise */
    uint8_t *above; /* magnitudes of the row above, a column of 0 each side */
    uint8_t *here;
    uint8_t *memory;
    size_t capacity;
};

/* Allocates nothing. */
void clv_contexts_init(struct clv_contexts *c);
void clv_contexts_fini(struct clv_contexts *c);

/* 0 if there is no memory. Book and walk are borrowed. */
int clv_contexts_begin(struct clv_contexts *c, enum clv_path path,
                       const struct clv_book *book,
                       const struct clv_walk *walk);
void clv_contexts_block(struct clv_contexts *c, size_t block);
void clv_contexts_base(struct clv_contexts *c, size_t row, uint8_t *base);
void clv_contexts_learn(struct clv_contexts *c, size_t row,
                        const uint8_t *tokens);

/*
 * The contexts of a row whose tokens are known. Tokens that their context's
 * table lacks become escapes, in place, unless `limits` is NULL; it says for
 * each of CLV_CONTEXTS_ALL contexts the least token that it lacks.
 */
void clv_contexts_whole(struct clv_contexts *c, size_t row,
                        const uint8_t *limits, uint8_t *tokens,
                        uint8_t *contexts);

#endif
