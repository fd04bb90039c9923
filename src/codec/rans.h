/*
 * rans.h - interleaved range asymmetric numeral systems: tokens under given
 * contexts to states and words, and back.
 *
 * docs/format.md, "Decoding", is the definition. A lane's state holds what it
 * has coded as one number of 15 to 31 bits; where it would grow out of that,
 * its lower 16 bits become a word. Encoding runs backwards, so that decoding
 * runs forwards.
 *
 * Plain values, the caller's storage; one thread each.
 */
#ifndef CLV_RANS_H
#define CLV_RANS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "codec/bits.h"
#include "codec/book.h"
#include "codec/processor.h"
#include "codec/walk.h"

/* States are below 2^31 and, but for quiet steps, not below 2^15. */
#define CLV_RANS_LOW (1u << 15)

/* The most quiet steps that an encoder takes. */
#define CLV_RANS_QUIET 128

/* Readable bytes that must follow a decoder's words. */
#define CLV_RANS_SLACK 64

struct clv_rans_encoder {
    uint32_t state[CLV_LANES_MAX];
    uint32_t loud; /* lanes that are so, a bit each */
    size_t lanes;
    uint8_t *at; /* words end here and grow downwards */
};

/*
 * Begins at the end of `steps` steps of tokens: codes the last few in
 * silence, and tells how many. `end` is one past the room for words, of
 * which there may be 2 bytes a token, and 16 more bytes below them.
 */
size_t clv_rans_encode_quiet(struct clv_rans_encoder *e,
                             const struct clv_codes *codes, size_t lanes,
                             const uint8_t *contexts, const uint8_t *tokens,
                             size_t steps, uint8_t *end);

/* Codes all other steps, the last first. Contexts that lack their token
   are a bug. */
void clv_rans_encode(enum clv_path path, struct clv_rans_encoder *e,
                     const struct clv_codes *codes, const uint8_t *contexts,
                     const uint8_t *tokens, size_t steps);

/* Appends which lanes are loud, as a bit stream. */
void clv_rans_put_loud(const struct clv_rans_encoder *e,
                       struct clv_buffer *into);

/* Appends the states as a bit stream. */
void clv_rans_put_states(const struct clv_rans_encoder *e,
                         struct clv_buffer *into);

struct clv_rans_decoder {
    uint32_t state[CLV_LANES_MAX];
    uint32_t low[CLV_LANES_MAX]; /* 2^15 for a loud lane, else 0 */
    size_t lanes;
    const uint8_t *at;  /* the next word */
    const uint8_t *end; /* of the words; CLV_RANS_SLACK more are readable */
};

/* The loud lanes; without it all `low` must be 0. */
void clv_rans_read_loud(struct clv_rans_decoder *d, size_t lanes,
                        struct clv_reader *r);

void clv_rans_read_states(struct clv_rans_decoder *d, size_t lanes,
                          struct clv_reader *r);

/*
 * Decodes a row of `width` steps. `base` has each position's context but for
 * the token to the left; only loud lanes take words
 * after the first `loud` steps. If words lack,
 * what is decoded means nothing, and clv_rans_is_done says so at the end.
 */
void clv_rans_decode_row(enum clv_path path, struct clv_rans_decoder *d,
                         const uint32_t *slots, const uint8_t *base,
                         size_t width, size_t loud, uint8_t *tokens);

/* True if words lacked so far: then it is no use to go on. */
int clv_rans_is_short(const struct clv_rans_decoder *d);

/* True if no words lacked and all states are where an encoder starts. */
int clv_rans_is_done(const struct clv_rans_decoder *d);

#endif
