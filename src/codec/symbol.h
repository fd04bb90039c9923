/*
 * symbol.h - one index as a symbol and back, as docs/format.md says: 2i or
 * -2i - 1 if the tensor is signed, i itself if not.
 */
#ifndef CLV_SYMBOL_H
#define CLV_SYMBOL_H

#include <stdint.h>

static inline uint16_t clv_symbol(int16_t index, int is_signed)
{
    unsigned i = (uint16_t)index;

    return (uint16_t)(is_signed ? (i << 1) ^ (0u - (i >> 15)) : i);
}

/* The reverse. A symbol that stands for no index gives -32768 or, unsigned,
   any negative number. */
static inline int16_t clv_symbol_index(uint16_t symbol, int is_signed)
{
    unsigned u = symbol;

    return (int16_t)(uint16_t)(is_signed ? (u >> 1) ^ (0u - (u & 1)) : u);
}

#endif
