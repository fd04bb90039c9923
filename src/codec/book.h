/*
 * book.h - the dense coder's knowledge: contexts, and a table for each.
 *
 * A code book says how a magnitude is predicted from its neighbours, how
 * predictions fall into contexts, and with which frequency each token occurs
 * in each context. It is made by the trainer for a calibration file, or by
 * the encoder for one tensor; its bytes are docs/format.md's "Code book".
 *
 * A book is read-only once it is ready and may be used by all threads. It
 * takes 3 KB and its biases; the tables for encoding (18 KiB) and decoding
 * (144 KiB) are made when first asked for.
 */
#ifndef CLV_BOOK_H
#define CLV_BOOK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "codec/bits.h"

/* Tokens 0 to 39 and the escape. */
#define CLV_TOKENS 41
#define CLV_TOKEN_ESCAPE 40

/* Codes of a context are this many bits' worth apart. */
#define CLV_CODE_BITS 6

/* Symbols below are their own tokens. */
#define CLV_TOKEN_PLAIN 16

#define CLV_THRESHOLDS 7
#define CLV_CUTS 3
#define CLV_CONTEXTS 32 /* 4 * threshold class + cut class */

/* Void positions use contexts of their own, one for each cut class. */
#define CLV_CONTEXT_VOID 32
#define CLV_CONTEXTS_ALL 36

#define CLV_SLOT_BITS 10
#define CLV_SLOTS (1u << CLV_SLOT_BITS)

/* Magnitudes are counted up to here. */
#define CLV_MAGNITUDES 16

/* What the encoder needs to code a token: see rans.c. */
struct clv_code {
    uint32_t reciprocal;
    uint32_t packed; /* frequency, bias << 11, shift << 22 */
};

/* Of each context and token; those without a frequency are zero. */
struct clv_codes {
    struct clv_code of[CLV_CONTEXTS_ALL][1 << CLV_CODE_BITS];
};

struct clv_book {
    int is_signed;
    int plain;
    unsigned threshold_count;
    unsigned cut_count;
    uint8_t cuts[CLV_CUTS];
    uint8_t thresholds[CLV_THRESHOLDS];
    uint8_t up;
    uint8_t right;
    uint8_t energy;
    uint8_t e0;
    size_t bias_count;
    uint8_t *bias;
    uint16_t frequency[CLV_CONTEXTS][CLV_TOKENS];

    /* Made from the above by clv_book_ready. */
    uint8_t up_by_magnitude[CLV_MAGNITUDES];
    uint8_t right_by_magnitude[CLV_MAGNITUDES];
    uint8_t cut_class[CLV_MAGNITUDES];
    _Atomic(struct clv_codes *) codes;
    _Atomic(uint32_t *) slots;
};

/*
 * An empty book: no biases, all frequencies 0. The caller fills it and calls
 * clv_book_ready. NULL if there is no memory.
 */
struct clv_book *clv_book_new(void);

/* Takes NULL. */
void clv_book_free(struct clv_book *book);

/* Sets weights and thresholds of a plain book, whose counts are set. */
void clv_book_make_plain(struct clv_book *book);

/*
 * Makes what contexts need, and brings codes that there are already up to
 * date. Frequencies of each context in use must have the sum CLV_SLOTS.
 */
void clv_book_ready(struct clv_book *book);

/*
 * Scales the counts of a context's tokens to frequencies with the sum
 * CLV_SLOTS. Tokens with a count get at least 1 while there is room, others
 * 0. The escape gets at least `escape`. Without counts, all is the escape's.
 */
void clv_book_scale(const uint32_t counts[CLV_TOKENS], unsigned escape,
                    uint16_t frequency[CLV_TOKENS]);

/* The magnitude of a token, at most 15. */
unsigned clv_token_magnitude(unsigned token, int is_signed);

/* The token of a symbol, and of how many extra bits its symbol has. */
unsigned clv_symbol_token(unsigned symbol);
unsigned clv_token_extra(unsigned token);

/*
 * Reads a book; it is ready. CLEAVE_CORRUPT if the bytes are none,
 * CLEAVE_MEMORY. The caller frees.
 */
cleave_status clv_book_read(struct clv_reader *r, struct clv_book **ret_book);

/* The same into a book that exists, of whatever content. */
cleave_status clv_book_read_into(struct clv_reader *r, struct clv_book *book);

void clv_book_write(const struct clv_book *book, struct clv_buffer *into);

/* The table for encoding. NULL if there is no memory. Thread-safe. */
const struct clv_codes *clv_book_codes(const struct clv_book *book);

/*
 * The table for decoding, [context][slot], of which the bits are
 *
 *     0 to 9    slot - cumulative        10 and 11  the token's cut class
 *     12 to 22  frequency                23 to 28   the token
 *
 * NULL if there is no memory. Thread-safe.
 */
const uint32_t *clv_book_slots(const struct clv_book *book);

#endif
