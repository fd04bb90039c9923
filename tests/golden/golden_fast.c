/*
 * golden_fast.c - the coder fast, with ways taken by chance.
 *
 * The library's encoder takes what it guesses is shortest. Here every way
 * that can say a block may be taken, however long it is, so that decoders
 * meet all of them, and all that may follow each other.
 */
#include "golden.h"

#include "../unit/seeded.h"
#include "codec/bits.h"

#define BLOCK 512
#define STRETCH 128 /* blocks */

/* One block on its way into bits. */
struct block {
    struct clv_bit_writer bits;
    size_t count;
    int is_signed;
    unsigned wide; /* planes of all elements before the bytes */
    unsigned turn, mask, low, levels;
    unsigned coded[BLOCK]; /* bytes after their turn */
    unsigned member[BLOCK];
};

static unsigned symbol_of(const struct golden_form *form, int16_t index)
{
    return form->is_signed ? (unsigned)clv_zigzag(index) : (uint16_t)index;
}

static size_t run_of(const struct golden_form *form, const int16_t *indices,
                     size_t at)
{
    size_t end = at + 1;

    while (end < golden_count(form) && indices[end] == indices[at]) {
        end++;
    }
    return end - at;
}

/* Turns the bytes; 0 if this turn cannot say them. */
static int turn_bytes(struct block *b, const unsigned *symbols)
{
    unsigned last = 0;

    for (size_t i = 0; i < b->count; i++) {
        unsigned byte = symbols[i] >> b->wide;
        int d;

        if (b->turn == 2 && b->is_signed && b->wide == 0) {
            byte = (unsigned)clv_unzigzag(symbols[i]) & 255;
            if (symbols[i] > 255) {
                return 0;
            }
        }
        d = (int8_t)(uint8_t)(byte - last);
        b->coded[i] = b->turn == 0   ? byte
                      : b->turn == 1 ? byte ^ last
                                     : (unsigned)clv_zigzag(d);
        last = byte;
    }
    return 1;
}

static void put_wide(struct block *b, const unsigned *symbols)
{
    for (unsigned k = 0; k < b->wide; k++) {
        for (size_t i = 0; i < b->count; i++) {
            clv_put_bits(&b->bits, symbols[i] >> k & 1, 1);
        }
    }
}

/* Is a member among the `size` elements that `at` is one of? */
static int has_member(const struct block *b, size_t at, size_t size)
{
    for (size_t i = at / size * size; i < at / size * size + size; i++) {
        if (i < b->count && b->member[i]) {
            return 1;
        }
    }
    return 0;
}

/* A bit for each group of `size`, up to the end of the last `outer`; if that
   is more than `size`, only for groups in one that has a member. */
static void put_groups(struct block *b, size_t size, size_t outer)
{
    size_t end = (b->count + outer - 1) / outer * outer;

    for (size_t at = 0; at < end; at += size) {
        if (outer == size || has_member(b, at, outer)) {
            clv_put_bits(&b->bits, (unsigned)has_member(b, at, size), 1);
        }
    }
}

static void put_mask(struct block *b)
{
    if (b->mask == 1) {
        put_groups(b, 1, 1);
    } else if (b->mask == 2) {
        put_groups(b, 4, 4);
        put_groups(b, 1, 4);
    } else if (b->mask == 3) {
        put_groups(b, 16, 16);
        put_groups(b, 4, 16);
        put_groups(b, 1, 4);
    }
}

static unsigned number_of(const struct block *b, size_t i)
{
    return b->mask > 0 ? b->coded[i] - 1 : b->coded[i];
}

static void put_numbers(struct block *b)
{
    unsigned most = b->levels == 3 ? 16 : b->levels;

    for (unsigned k = 0; k < b->low; k++) {
        for (size_t i = 0; i < b->count; i++) {
            if (b->member[i]) {
                clv_put_bits(&b->bits, number_of(b, i) >> k & 1, 1);
            }
        }
    }
    for (unsigned t = 1; t <= most; t++) {
        for (size_t i = 0; i < b->count; i++) {
            unsigned h = number_of(b, i) >> b->low;

            if (b->member[i] && h + 1 >= t) {
                clv_put_bits(&b->bits, h >= t, 1);
            }
        }
    }
    for (unsigned k = 0; b->levels == 3 && k < 8 - b->low; k++) {
        for (size_t i = 0; i < b->count; i++) {
            unsigned h = number_of(b, i) >> b->low;

            if (b->member[i] && h >= 16) {
                clv_put_bits(&b->bits, (h - 16) >> k & 1, 1);
            }
        }
    }
}

/* Takes a way by chance, and makes it one that can say the block. */
static unsigned pick_way(struct block *b, struct seeded *s,
                         const unsigned *symbols)
{
    unsigned most = 0, greatest = 0;

    b->turn = seeded_below(s, 3);
    b->mask = seeded_below(s, 4);
    b->low = seeded_below(s, 5);
    b->levels = seeded_below(s, 4);
    if (!turn_bytes(b, symbols)) {
        b->turn = 0;
        turn_bytes(b, symbols);
    }
    for (size_t i = 0; i < b->count; i++) {
        b->member[i] = b->mask == 0 || b->coded[i] > 0;
        if (b->member[i]) {
            most = number_of(b, i) > most ? number_of(b, i) : most;
            greatest = b->coded[i] > greatest ? b->coded[i] : greatest;
        }
    }
    if (most >> b->low > b->levels || b->low + b->levels + b->mask == 0) {
        b->levels = 3;
    }
    if (b->turn == 0 && seeded_below(s, 3) == 0) { /* planes */
        for (size_t i = 0; i < b->count; i++) {
            b->member[i] = 1;
        }
        b->mask = b->levels = 0;
        for (b->low = 5 + seeded_below(s, 4); greatest >> b->low != 0;) {
            b->low++;
        }
        return b->low - 1;
    }
    return ((b->turn * 4 + b->mask) * 5 + b->low) * 4 + b->levels + 16;
}

static void put_block(struct seeded *s, struct block *b,
                      const unsigned *symbols, struct clv_buffer *into)
{
    unsigned most = 0;
    unsigned way;

    for (size_t i = 0; i < b->count; i++) {
        most = symbols[i] > most ? symbols[i] : most;
    }
    while (most >> b->wide > 255) {
        b->wide++;
    }
    if (seeded_below(s, 4) == 0) {
        b->wide += seeded_below(s, 9 - b->wide);
    }
    way = pick_way(b, s, symbols);
    if (b->wide > 0) {
        clv_put_u8(into, (uint8_t)(b->wide + 7));
    }
    clv_put_u8(into, (uint8_t)way);
    clv_bit_writer_init(&b->bits, into);
    put_wide(b, symbols);
    put_mask(b);
    put_numbers(b);
    clv_bit_writer_end(&b->bits);
}

/* A run of equal symbols, as one block or several; returns how many elements
   it said, 0 if it is none. */
static size_t put_run(struct seeded *s, const struct golden_form *form,
                      const int16_t *indices, size_t at,
                      struct clv_buffer *into)
{
    size_t left = golden_count(form) - at;
    size_t run = run_of(form, indices, at);
    size_t most = STRETCH - at / BLOCK % STRETCH;
    size_t blocks = run == left ? (run + BLOCK - 1) / BLOCK : run / BLOCK;
    unsigned says_value = indices[at] != 0 || seeded_below(s, 4) == 0;

    blocks = blocks < most ? blocks : most;
    if (blocks == 0 || seeded_below(s, 6) == 0) {
        return 0;
    }
    if (seeded_below(s, 4) == 0) {
        blocks = 1 + seeded_below(s, (uint32_t)blocks);
    }
    clv_put_u8(into, (uint8_t)(2 * says_value + (blocks > 1 ? 1 : 0)));
    if (says_value) {
        clv_put_u16(into, (uint16_t)symbol_of(form, indices[at]));
    }
    if (blocks > 1) {
        clv_put_u8(into, (uint8_t)(blocks - 2));
    }
    return blocks * BLOCK < left ? blocks * BLOCK : left;
}

void golden_put_fast(struct seeded *s, const struct golden_form *form,
                     const int16_t *indices, struct clv_buffer *into)
{
    size_t count = golden_count(form);
    size_t said;

    for (size_t at = 0; at < count; at += said) {
        struct block b = {.is_signed = form->is_signed};
        unsigned symbols[BLOCK];

        said = put_run(s, form, indices, at, into);
        if (said == 0) {
            said = b.count = count - at < BLOCK ? count - at : BLOCK;
            for (size_t i = 0; i < b.count; i++) {
                symbols[i] = symbol_of(form, indices[at + i]);
            }
            put_block(s, &b, symbols, into);
        }
    }
}
