/*
 * fast_paths.h - the ways of fast's blocks, and what codes one block.
 *
 * docs/format.md has the bytes ("Payload: fast"); the names here are its. The
 * portable path and the vector paths are the same code over different
 * primitives (fast_sets.h). Internal to fast*.c.
 */
#ifndef CLV_FAST_PATHS_H
#define CLV_FAST_PATHS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/planes.h"

/* The first byte of a block. */
enum {
    CLV_FAST_ZERO = 0,   /* all symbols 0 */
    CLV_FAST_ZEROS = 1,  /* several such blocks: u8, their number less 2 */
    CLV_FAST_EQUAL = 2,  /* all symbols equal: u16 */
    CLV_FAST_EQUALS = 3, /* several such blocks: u16, u8 */
    CLV_FAST_PLAIN = 4,  /* to 7: 5 to 8 planes of all symbols */
    CLV_FAST_SHIFT = 8,  /* to 15: 1 to 8 planes, then the rest as below */
    CLV_FAST_WAYS = 16   /* 16 + ((turn * 4 + mask) * 5 + low) * 4 + levels */
};

/* What is coded instead of a symbol. */
enum { CLV_FAST_ITSELF, CLV_FAST_XOR, CLV_FAST_DELTA };

/* How it is said which symbols are not 0. */
enum { CLV_FAST_NO_MASK, CLV_FAST_FLAT, CLV_FAST_FOURS, CLV_FAST_SIXTEENS };

#define CLV_FAST_LOW_MAX 4 /* low planes */
#define CLV_FAST_OPEN 3    /* levels: until none is left */
#define CLV_FAST_LEVELS 16 /* at most, then what is left follows in planes */
#define CLV_FAST_GROUPS 8  /* of 64 symbols, in a block */

/* No block has more bytes; and what may be written or read after its end. */
#define CLV_FAST_BLOCK_BYTES 3072
#define CLV_FAST_SLACK 16

/* Before a loop over the groups: the steps of all then overlap. */
#define UNROLLED _Pragma("GCC unroll 8")

/* A set of a block's symbols: bit j of word g is symbol 64 g + j. */
struct clv_fast_set {
    uint64_t groups[CLV_FAST_GROUPS];
};

/*
 * A block's symbols as bytes, in each turn; 0 after the last. Symbols wider
 * than that leave their `shift` lowest bits in `low`.
 */
struct clv_fast_symbols {
    uint8_t bytes[3][CLV_FAST_BLOCK] __attribute__((aligned(64)));
    uint8_t low[CLV_FAST_BLOCK] __attribute__((aligned(64)));
    unsigned sums[3];
    unsigned shift;
};

/*
 * Writes one block of `count` <= CLV_FAST_BLOCK indices; returns its bytes.
 * `out` has room for CLV_FAST_BLOCK_BYTES and the slack.
 */
typedef size_t clv_fast_block_encoder(const int16_t *indices, size_t count,
                                      int is_signed, uint8_t *out);

/*
 * Reads one block that is neither zero nor equal; returns its bytes, 0 if it
 * is corrupt. May look at CLV_FAST_BLOCK_BYTES and the slack of `in`, whatever
 * the block's own length is.
 */
typedef size_t clv_fast_block_decoder(const uint8_t *in, size_t count,
                                      int is_signed, int16_t *indices);

/* Splits symbols of 8 + s->shift bits; for paths that cannot do it faster. */
void clv_fast_split(const int16_t *indices, size_t count, int is_signed,
                    struct clv_fast_symbols *s);

/* The reverse. Returns 0 if a symbol is no index. */
int clv_fast_join(const uint8_t *bytes, const uint8_t *low, unsigned shift,
                  size_t count, int is_signed, unsigned turn, int16_t *indices);

#if defined(__x86_64__)
clv_fast_block_encoder clv_fast_block_encode_avx2;
clv_fast_block_decoder clv_fast_block_decode_avx2;
clv_fast_block_encoder clv_fast_block_encode_avx512;
clv_fast_block_decoder clv_fast_block_decode_avx512;
#endif

#endif
