/*
 * fast_join.h - bytes back to indices, for the paths that have a join_turn of
 * their own.
 *
 * Joining writes whole blocks, so a shorter one goes through a whole one. See
 * fast_sets.h for how this is compiled.
 */
#ifndef CLV_FAST_JOIN_H
#define CLV_FAST_JOIN_H

#include <string.h>

#include "codec/fast_sets.h"

/* A loop for each turn and sign. */
KERNEL void join_signed(const uint8_t *bytes, int is_signed, unsigned turn,
                        int16_t *indices)
{
    if (is_signed) {
        join_turn(bytes, 1, turn, indices);
    } else {
        join_turn(bytes, 0, turn, indices);
    }
}

KERNEL void join_block(const uint8_t *bytes, int is_signed, unsigned turn,
                       int16_t *indices)
{
    if (turn == CLV_FAST_ITSELF) {
        join_signed(bytes, is_signed, CLV_FAST_ITSELF, indices);
    } else if (turn == CLV_FAST_XOR) {
        join_signed(bytes, is_signed, CLV_FAST_XOR, indices);
    } else {
        join_signed(bytes, is_signed, CLV_FAST_DELTA, indices);
    }
}

KERNEL void join_narrow(const uint8_t *bytes, size_t count, int is_signed,
                        unsigned turn, int16_t *indices)
{
    int16_t whole[CLV_FAST_BLOCK];

    if (count == CLV_FAST_BLOCK) {
        join_block(bytes, is_signed, turn, indices);
    } else {
        join_block(bytes, is_signed, turn, whole);
        memcpy(indices, whole, count * sizeof *indices);
    }
}

#endif
