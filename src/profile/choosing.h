/*
 * choosing.h - which cuts are worth measuring.
 *
 * A cut is beaten by one that sends no more for no more work. Which one sends
 * less is not known before it was packed, so there are two looks:
 *
 *     first   by the graph: bytes are guessed from the elements, an
 * activation's at fewer bits, and what is beaten by a good margin falls out
 *     second  by the weight: the cuts left were packed, a few inputs each
 *
 * Baselines cut elsewhere than we would: where raw bytes are few, and behind
 * activations. Both looks therefore keep the best of each of four groups: all
 * cuts by packed bytes, all by raw bytes, single tensors by raw bytes,
 * activations by packed bytes.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_CHOOSING_H
#define CLV_CHOOSING_H

#include <stddef.h>
#include <stdint.h>

#include "network/network.h"

/* Of what groups a cut is among the best. */
enum {
    CLV_CHOSEN_PACKED = 1 << 0,
    CLV_CHOSEN_RAW = 1 << 1,
    CLV_CHOSEN_SINGLE = 1 << 2,
    CLV_CHOSEN_ACTIVATION = 1 << 3
};

/* What is known of a cut. */
struct clv_option {
    const char *name;
    double head_share;
    double raw_bytes;
    double packed_bytes; /* guessed, or weighed */
    int is_single;
    int is_activation;
    unsigned groups; /* what the look gives; 0: not worth it */
};

/* A guess from the graph, for the first look. */
struct clv_option clv_option_of(const struct clv_cut *cut);

/*
 * Sets `groups` of every option. One that another beats in packed bytes
 * still stays in if it is not larger by more than `margin` (1: none, 1.5: by
 * half), for guesses are not exact. Raw bytes are exact. `input` and `output`
 * are not among the options, but beat them: `input_raw`, `input_packed` are
 * what sending the input takes (0: unknown).
 */
void clv_choosing_look(struct clv_option *options, size_t count, double margin,
                       double input_raw, double input_packed);

/* Which option beats option `i` in packed bytes; count if none does. */
size_t clv_choosing_rival(const struct clv_option *options, size_t count,
                          size_t i);

#endif
