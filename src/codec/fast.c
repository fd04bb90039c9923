/*
 * fast.c - the coder for speed: runs of blocks, and the portable path.
 *
 * Blocks know nothing of each other, but for one thing: zero blocks and equal
 * blocks in a row become one, within a stretch. The encoder does so after the
 * fact, by looking at how many of its last blocks were of that kind.
 *
 * What a block is stands in fast_encode.h and fast_decode.h. They are compiled
 * here over plain C that takes eight bytes, or 64 bits, at once.
 */
#include "codec/planes.h"
#include "codec/fast_paths.h"
#include "codec/symbol.h"

#include <string.h>

#define KERNEL static inline

#define ONES 0x0101010101010101u
#define TOPS 0x8080808080808080u

KERNEL unsigned ones(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word);
}

/* Whether the number of bits set, up to and with each bit, is odd. */
KERNEL uint64_t running_parity(uint64_t counted)
{
    counted ^= counted << 1;
    counted ^= counted << 2;
    counted ^= counted << 4;
    counted ^= counted << 8;
    counted ^= counted << 16;
    return counted ^ counted << 32;
}

/*
 * Bits of `word` that stand in `mask`, moved together (Warren, Hacker's
 * Delight, "compress"). A bit has to move by as many places as there are gaps
 * below it: by one place if that number is odd, then by two if half of it is,
 * and so on.
 */
KERNEL uint64_t pext(uint64_t word, uint64_t mask)
{
    uint64_t gaps = ~mask << 1;

    word &= mask;
    for (unsigned places = 1; places < 64; places *= 2) {
        uint64_t odd = running_parity(gaps);
        uint64_t moves = odd & mask;
        uint64_t moved = word & moves;
        mask = (mask ^ moves) | moves >> places;
        word = (word ^ moved) | moved >> places;
        gaps &= ~odd;
    }
    return word;
}

KERNEL uint64_t moved_up(uint64_t word, uint64_t moves, unsigned places)
{
    return (word & ~moves) | (word << places & moves);
}

/* The same steps backwards. Not a loop: gcc 12 gets that one wrong on arm64. */
KERNEL uint64_t pdep(uint64_t word, uint64_t mask)
{
    uint64_t moves[6];
    uint64_t gaps = ~mask << 1;
    uint64_t left = mask;

    for (unsigned k = 0; k < 6; k++) {
        uint64_t odd = running_parity(gaps);
        moves[k] = odd & left;
        left = (left ^ moves[k]) | moves[k] >> (1u << k);
        gaps &= ~odd;
    }
    word = moved_up(word, moves[5], 32);
    word = moved_up(word, moves[4], 16);
    word = moved_up(word, moves[3], 8);
    word = moved_up(word, moves[2], 4);
    word = moved_up(word, moves[1], 2);
    return moved_up(word, moves[0], 1) & mask;
}

KERNEL uint64_t eight_bytes(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The lowest bits of eight bytes, together. */
KERNEL uint64_t lowest_bits(uint64_t bytes)
{
    return ((bytes & ONES) * 0x0102040810204080u) >> 56;
}

KERNEL void at_least(const uint8_t *bytes, unsigned least,
                     struct clv_fast_set *set)
{
    uint64_t t = ONES * least;

    memset(set, 0, sizeof *set);
    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 8) {
        uint64_t x = eight_bytes(bytes + i);
        uint64_t lower = (x | TOPS) - (t & ~TOPS); /* compares 7 bits */
        uint64_t tops = (x & ~t) | (~(x ^ t) & lower);
        set->groups[i / 64] |= lowest_bits(tops >> 7) << i % 64;
    }
}

KERNEL void bits_at(const uint8_t *bytes, unsigned k, struct clv_fast_set *set)
{
    memset(set, 0, sizeof *set);
    for (size_t i = 0; i < CLV_FAST_BLOCK; i += 8) {
        set->groups[i / 64] |= lowest_bits(eight_bytes(bytes + i) >> k)
                               << i % 64;
    }
}

KERNEL void less_one(uint8_t *bytes)
{
    for (size_t i = 0; i < CLV_FAST_BLOCK; i++) {
        bytes[i] = (uint8_t)(bytes[i] - (bytes[i] > 0));
    }
}

KERNEL unsigned greatest(const uint8_t *bytes)
{
    uint8_t most = 0;

    for (size_t i = 0; i < CLV_FAST_BLOCK; i++) {
        most = bytes[i] > most ? bytes[i] : most;
    }
    return most;
}

/* Eight bits as the lowest bits of eight bytes. */
KERNEL uint64_t spread(uint64_t bits)
{
    uint64_t own = ((bits & 0xff) * ONES) & 0x8040201008040201u;

    return (own + ~TOPS) >> 7 & ONES;
}

KERNEL void set_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    for (size_t i = 0; i < 64; i += 8) {
        uint64_t some = spread(word >> i) * number;
        memcpy(bytes + i, &some, sizeof some);
    }
}

KERNEL void add_group(uint8_t *bytes, uint64_t word, unsigned number)
{
    for (size_t i = 0; i < 64; i += 8) {
        uint64_t some = spread(word >> i) * number + eight_bytes(bytes + i);
        memcpy(bytes + i, &some, sizeof some);
    }
}

KERNEL int split_narrow(const int16_t *indices, size_t count, int is_signed,
                        struct clv_fast_symbols *s)
{
    unsigned bits = 0;

    for (size_t i = 0; i < count; i++) {
        bits |= clv_symbol(indices[i], is_signed);
    }
    if (bits > UINT8_MAX) {
        return 0;
    }
    clv_fast_split(indices, count, is_signed, s);
    return 1;
}

KERNEL void join_narrow(const uint8_t *bytes, size_t count, int is_signed,
                        unsigned turn, int16_t *indices)
{
    clv_fast_join(bytes, NULL, 0, count, is_signed, turn, indices);
}

#include "codec/fast_decode.h"
#include "codec/fast_encode.h"

static clv_fast_block_encoder *encoder(enum clv_path path)
{
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        return clv_fast_block_encode_avx512;
    case CLV_PATH_AVX2:
        return clv_fast_block_encode_avx2;
#endif
    default:
        return block_encode;
    }
}

static clv_fast_block_decoder *decoder(enum clv_path path)
{
    switch (path) {
#if defined(__x86_64__)
    case CLV_PATH_AVX512:
        return clv_fast_block_decode_avx512;
    case CLV_PATH_AVX2:
        return clv_fast_block_decode_avx2;
#endif
    default:
        return block_decode;
    }
}

/* ---- encoding a run ---- */

/* The alike blocks that end what is written, of 1 or 3 bytes each. */
struct tail {
    unsigned blocks;
    uint8_t bytes[3];
    size_t size;
};

/* Makes one of them. It takes a byte more than a block, for their number. */
static void tail_fold(struct tail *tail, struct clv_buffer *into)
{
    if (tail->blocks > 1) {
        uint8_t *first;
        into->size -= tail->blocks * tail->size;
        first = into->data + into->size;
        first[0]++; /* ZEROS, EQUALS */
        first[tail->size] = (uint8_t)(tail->blocks - 2);
        into->size += tail->size + 1;
    }
    tail->blocks = 0;
}

/* A block has been written and is about to be appended. */
static void tail_note(struct tail *tail, const uint8_t *block, size_t size,
                      struct clv_buffer *into)
{
    int flat = block[0] == CLV_FAST_ZERO || block[0] == CLV_FAST_EQUAL;

    if (tail->blocks > 0 && flat && tail->size == size &&
        memcmp(tail->bytes, block, size) == 0) {
        tail->blocks++;
        return;
    }
    tail_fold(tail, into);
    if (flat) {
        tail->blocks = 1;
        tail->size = size;
        memcpy(tail->bytes, block, size);
    }
}

cleave_status clv_fast_encode(enum clv_path path, const int16_t *indices,
                              size_t count, int is_signed,
                              struct clv_buffer *into)
{
    clv_fast_block_encoder *encode = encoder(path);
    uint8_t block[CLV_FAST_BLOCK_BYTES + CLV_FAST_SLACK];
    struct tail tail = {0, {0}, 0};
    cleave_status status = clv_buffer_status(into);

    for (size_t i = 0; i < count && status == CLEAVE_OK;) {
        size_t some = count - i < CLV_FAST_BLOCK ? count - i : CLV_FAST_BLOCK;
        size_t size = encode(indices + i, some, is_signed, block);
        tail_note(&tail, block, size, into);
        status = clv_buffer_append(into, block, size);
        i += some;
        if (status == CLEAVE_OK && (i == count || i % CLV_FAST_RUN == 0)) {
            tail_fold(&tail, into);
        }
    }
    return status;
}

/* ---- decoding a run ---- */

/* A block decoder may look past a payload's end; for its last blocks, that is
   a copy with zeros behind it. */
struct source {
    const uint8_t *at;
    const uint8_t *end;
    int copied;
    uint8_t copy[2 * (CLV_FAST_BLOCK_BYTES + CLV_FAST_SLACK)];
};

static void source_ready(struct source *s)
{
    const size_t most = CLV_FAST_BLOCK_BYTES + CLV_FAST_SLACK;
    size_t left = (size_t)(s->end - s->at);

    if (s->copied || left >= most) {
        return;
    }
    memcpy(s->copy, s->at, left);
    memset(s->copy + left, 0, most);
    s->at = s->copy;
    s->end = s->copy + left;
    s->copied = 1;
}

static void fill(int16_t *indices, size_t count, int16_t index)
{
    for (size_t i = 0; i < count; i++) {
        indices[i] = index;
    }
}

/* Reads a zero or equal block, or several; returns the elements, 0: corrupt.
   `most` are those to the end of the run and of the stretch. */
static size_t decode_flat(struct source *s, size_t most, int is_signed,
                          int16_t *indices)
{
    unsigned code = *s->at;
    int zero = code == CLV_FAST_ZERO || code == CLV_FAST_ZEROS;
    int many = code == CLV_FAST_ZEROS || code == CLV_FAST_EQUALS;
    size_t size = (zero ? 1u : 3u) + (many ? 1u : 0u);
    size_t blocks;
    uint16_t symbol;
    int16_t index;

    if ((size_t)(s->end - s->at) < size) {
        return 0;
    }
    symbol = zero ? 0 : (uint16_t)(s->at[1] + 256u * s->at[2]);
    blocks = many ? s->at[size - 1] + 2u : 1u;
    index = clv_symbol_index(symbol, is_signed);
    if (index < (is_signed ? -INT16_MAX : 0) ||
        (blocks - 1) * CLV_FAST_BLOCK >= most) {
        return 0;
    }
    s->at += size;
    most = blocks * CLV_FAST_BLOCK < most ? blocks * CLV_FAST_BLOCK : most;
    fill(indices, most, index);
    return most;
}

static size_t decode_block(clv_fast_block_decoder *decode, struct source *s,
                           size_t count, int is_signed, int16_t *indices)
{
    size_t some = count < CLV_FAST_BLOCK ? count : CLV_FAST_BLOCK;
    size_t size = decode(s->at, some, is_signed, indices);

    if (size == 0 || size > (size_t)(s->end - s->at)) {
        return 0;
    }
    s->at += size;
    return some;
}

cleave_status clv_fast_decode(enum clv_path path, clv_bytes *payload,
                              size_t count, int is_signed, int16_t *indices)
{
    clv_fast_block_decoder *decode = decoder(path);
    struct source s;
    size_t used;

    if (count == 0 || payload->size == 0) {
        return count == 0 ? CLEAVE_OK : CLEAVE_CORRUPT;
    }
    s.at = payload->data;
    s.end = payload->data + payload->size;
    s.copied = 0;
    for (size_t i = 0; i < count;) {
        size_t most = CLV_FAST_RUN - i % CLV_FAST_RUN;
        size_t done;
        most = count - i < most ? count - i : most;
        source_ready(&s);
        if (s.at == s.end) {
            return CLEAVE_CORRUPT;
        }
        done = *s.at < CLV_FAST_PLAIN
                   ? decode_flat(&s, most, is_signed, indices + i)
                   : decode_block(decode, &s, most, is_signed, indices + i);
        if (done == 0) {
            return CLEAVE_CORRUPT;
        }
        i += done;
    }
    used = payload->size - (size_t)(s.end - s.at);
    *payload = (clv_bytes){payload->data + used, payload->size - used};
    return CLEAVE_OK;
}
