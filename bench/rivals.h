/*
 * rivals.h - general compressors, as one would put them to symbols of a byte
 * each.
 *
 * A rival compresses `count` symbols into a room and back. What it writes is
 * charged alone: no header of ours, no step, no shape. zstd and c-blosc are
 * benchmarks' libraries; in a build without them their rivals are absent.
 * One thread each.
 */
#ifndef CLV_RIVALS_H
#define CLV_RIVALS_H

#include <stddef.h>
#include <stdint.h>

enum rival {
    /* For size. */
    RIVAL_PLANES, /* bit shuffle and LZ4: of all 8 planes, or of those in
                     use (the coder lz); the shorter */
    RIVAL_ZSTD_19,
    RIVAL_BLOSC_LZ4_9, /* bit shuffle */
    RIVAL_BLOSC_ZSTD_9,
    /* For speed. */
    RIVAL_LZ4,
    RIVAL_ZSTD_1,
    RIVAL_BLOSC_LZ4_1,
    RIVAL_BLOSC_ZSTD_1,
    RIVAL_COUNT
};

#define RIVAL_FIRST_FAST RIVAL_LZ4

/* "zstd-19"; and the same in words. */
const char *rival_name(enum rival rival);
const char *rival_words(enum rival rival);

/* True if this build has it. */
int rival_is_here(enum rival rival);

/* Working memory of all rivals. Ends the program if there is none. */
struct rivals;
struct rivals *rivals_new(void);

/* Takes NULL. */
void rivals_free(struct rivals *rivals);

/* Room that any rival's output fits. */
size_t rival_room(size_t count);

/*
 * Returns the bytes that the symbols become, 0 on failure. Those for size try
 * more than one way and leave any of them in `into`, so they cannot be
 * decompressed.
 */
size_t rival_compress(struct rivals *rivals, enum rival rival,
                      const uint8_t *symbols, size_t count, uint8_t *into,
                      size_t room);

/* Returns 0 if not exactly `count` symbols came back. */
int rival_decompress(struct rivals *rivals, enum rival rival,
                     const uint8_t *bytes, size_t size, uint8_t *symbols,
                     size_t count);

#endif
