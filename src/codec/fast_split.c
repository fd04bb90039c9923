/*
 * fast_split.c - fast's symbols and their three turns, one at a time.
 *
 * The reference for what a block codes, and what all paths use for symbols
 * wider than a byte, where no hurry is needed. A turn is made of bytes: a
 * symbol that is wider leaves its lowest bits aside first.
 */
#include <string.h>

#include "codec/fast_paths.h"
#include "codec/symbol.h"

static uint8_t zigzag(uint8_t difference)
{
    return (uint8_t)(difference << 1 ^ (difference >> 7 != 0 ? 0xff : 0));
}

static uint8_t from_zigzag(uint8_t byte)
{
    return (uint8_t)(byte >> 1 ^ ((byte & 1) != 0 ? 0xff : 0));
}

void clv_fast_split(const int16_t *indices, size_t count, int is_signed,
                    struct clv_fast_symbols *s)
{
    uint8_t byte_before = 0;
    uint8_t value_before = 0;

    memset(s->bytes, 0, sizeof s->bytes);
    memset(s->low, 0, sizeof s->low);
    memset(s->sums, 0, sizeof s->sums);
    for (size_t i = 0; i < count; i++) {
        unsigned symbol = clv_symbol(indices[i], is_signed);
        uint8_t byte = (uint8_t)(symbol >> s->shift);
        uint8_t value = s->shift > 0 ? byte : (uint8_t)indices[i];
        s->low[i] = (uint8_t)(symbol & ((1u << s->shift) - 1));
        s->bytes[CLV_FAST_ITSELF][i] = byte;
        s->bytes[CLV_FAST_XOR][i] = byte ^ byte_before;
        s->bytes[CLV_FAST_DELTA][i] = zigzag((uint8_t)(value - value_before));
        for (int turn = 0; turn < 3; turn++) {
            s->sums[turn] += s->bytes[turn][i];
        }
        byte_before = byte;
        value_before = value;
    }
}

int clv_fast_join(const uint8_t *bytes, const uint8_t *low, unsigned shift,
                  size_t count, int is_signed, unsigned turn, int16_t *indices)
{
    uint8_t before = 0;
    int least = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t byte = bytes[i];
        if (turn == CLV_FAST_XOR) {
            byte = before = (uint8_t)(byte ^ before);
        } else if (turn == CLV_FAST_DELTA) {
            byte = before = (uint8_t)(from_zigzag(byte) + before);
        }
        if (turn == CLV_FAST_DELTA && shift == 0) {
            indices[i] = is_signed ? (int8_t)byte : byte;
        } else {
            unsigned symbol = (unsigned)byte << shift | (shift ? low[i] : 0u);
            indices[i] = clv_symbol_index((uint16_t)symbol, is_signed);
        }
        least = indices[i] < least ? indices[i] : least;
    }
    return least >= (is_signed ? -INT16_MAX : 0);
}
