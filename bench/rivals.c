/*
 * rivals.c - general compressors, as one would put them to symbols of a byte
 * each.
 *
 * Each gets what it asks for to do well: zstd no content size and no checksum
 * (its frame is then the shortest), c-blosc an element size of 1, one thread,
 * and a block as big as the tensor where that is shorter than its own choice.
 */
#include "bench/rivals.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#ifdef CLEAVE_BENCH_RIVALS
#include <blosc.h>
#include <zstd.h>
#endif

#include "base/buffer.h"
#include "bench/stage.h"
#include "codec/planes.h"
#include "codec/shuffle.h"

struct rivals {
    int16_t *indices;
    size_t capacity;
    struct clv_buffer planes;
    struct clv_buffer payload;
#ifdef CLEAVE_BENCH_RIVALS
    ZSTD_CCtx *writer;
    ZSTD_DCtx *reader;
#endif
};

enum family { PLANES, LZ4, ZSTD, BLOSC };

static const struct {
    const char *name;
    const char *words;
    enum family family;
    int level;
    const char *codec; /* of blosc */
} table[RIVAL_COUNT] = {
    [RIVAL_PLANES] = {"planes-lz4", "bit shuffle + LZ4", PLANES, 1, NULL},
    [RIVAL_ZSTD_19] = {"zstd-19", "zstd -19", ZSTD, 19, NULL},
    [RIVAL_BLOSC_LZ4_9] = {"blosc-lz4", "c-blosc (bit shuffle, LZ4)", BLOSC, 9,
                           "lz4"},
    [RIVAL_BLOSC_ZSTD_9] = {"blosc-zstd", "c-blosc (bit shuffle, zstd)", BLOSC,
                            9, "zstd"},
    [RIVAL_LZ4] = {"lz4", "LZ4", LZ4, 1, NULL},
    [RIVAL_ZSTD_1] = {"zstd-1", "zstd -1", ZSTD, 1, NULL},
    [RIVAL_BLOSC_LZ4_1] = {"blosc-lz4-1", "c-blosc -1 (bit shuffle, LZ4)",
                           BLOSC, 1, "lz4"},
    [RIVAL_BLOSC_ZSTD_1] = {"blosc-zstd-1", "c-blosc -1 (bit shuffle, zstd)",
                            BLOSC, 1, "zstd"},
};

const char *rival_name(enum rival rival)
{
    return table[rival].name;
}

const char *rival_words(enum rival rival)
{
    return table[rival].words;
}

int rival_is_here(enum rival rival)
{
#ifdef CLEAVE_BENCH_RIVALS
    return rival < RIVAL_COUNT;
#else
    return table[rival].family == PLANES || table[rival].family == LZ4;
#endif
}

/* Rivals add some bytes to what they cannot shorten; c-blosc at most 16, zstd
   and LZ4 less than one in 128 and some. */
size_t rival_room(size_t count)
{
    return count + count / 64 + 4096;
}

struct rivals *rivals_new(void)
{
    struct rivals *r = calloc(1, sizeof *r);

    stage_must(r != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "rivals");
    clv_buffer_init(&r->planes, SIZE_MAX / 2);
    clv_buffer_init(&r->payload, SIZE_MAX / 2);
#ifdef CLEAVE_BENCH_RIVALS
    r->writer = ZSTD_createCCtx();
    r->reader = ZSTD_createDCtx();
    stage_must(r->writer != NULL && r->reader != NULL ? CLEAVE_OK
                                                      : CLEAVE_MEMORY,
               NULL, "zstd");
#endif
    return r;
}

void rivals_free(struct rivals *r)
{
    if (r != NULL) {
#ifdef CLEAVE_BENCH_RIVALS
        ZSTD_freeCCtx(r->writer);
        ZSTD_freeDCtx(r->reader);
#endif
        clv_buffer_fini(&r->planes);
        clv_buffer_fini(&r->payload);
        free(r->indices);
        free(r);
    }
}

/* -- Bit shuffle and LZ4 -- */

static void widen(struct rivals *r, const uint8_t *symbols, size_t count)
{
    if (count > r->capacity || r->indices == NULL) {
        free(r->indices);
        r->indices = calloc(count + 64, sizeof *r->indices);
        stage_must(r->indices != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL,
                   "indices");
        r->capacity = count;
    }
    for (size_t i = 0; i < count; i++) {
        r->indices[i] = symbols[i];
    }
}

static size_t all_planes(struct rivals *r, size_t count, uint8_t *into,
                         size_t room)
{
    size_t bytes = 8 * clv_plane_bytes(count);
    int made;

    clv_buffer_reset(&r->planes);
    if (clv_buffer_reserve(&r->planes, bytes + 64) != CLEAVE_OK) {
        return 0;
    }
    clv_shuffle(clv_processor_best(), r->indices, count, 0, 8, r->planes.data);
    made = LZ4_compress_default((const char *)r->planes.data, (char *)into,
                                (int)bytes, (int)room);
    return made > 0 ? (size_t)made : 0;
}

static size_t shorter_planes(struct rivals *r, const uint8_t *symbols,
                             size_t count, uint8_t *into, size_t room)
{
    size_t all;

    widen(r, symbols, count);
    all = all_planes(r, count, into, room);
    clv_buffer_reset(&r->payload);
    clv_buffer_reset(&r->planes);
    if (clv_lz_encode(clv_processor_best(), r->indices, count, 0, &r->planes,
                      &r->payload) != CLEAVE_OK) {
        return 0;
    }
    return all > 0 && all < r->payload.size ? all : r->payload.size;
}

/* -- The libraries -- */

#ifdef CLEAVE_BENCH_RIVALS
static size_t zstd_at_level(struct rivals *r, int level, const uint8_t *symbols,
                            size_t count, uint8_t *into, size_t room)
{
    size_t made;

    ZSTD_CCtx_setParameter(r->writer, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(r->writer, ZSTD_c_contentSizeFlag, 0);
    made = ZSTD_compress2(r->writer, into, room, symbols, count);
    return ZSTD_isError(made) ? 0 : made;
}

static size_t blosc_in_blocks(enum rival rival, size_t block,
                              const uint8_t *symbols, size_t count,
                              uint8_t *into, size_t room)
{
    int made =
        blosc_compress_ctx(table[rival].level, BLOSC_BITSHUFFLE, 1, count,
                           symbols, into, room, table[rival].codec, block, 1);

    return made > 0 ? (size_t)made : 0;
}

/* Its own choice of a block, and for size also one block for all. */
static size_t blosc_shorter(enum rival rival, const uint8_t *symbols,
                            size_t count, uint8_t *into, size_t room)
{
    size_t own = blosc_in_blocks(rival, 0, symbols, count, into, room);
    size_t one = 0;

    if (rival < RIVAL_FIRST_FAST) {
        one = blosc_in_blocks(rival, count, symbols, count, into, room);
    }
    return one > 0 && one < own ? one : own;
}
#endif

static size_t lz4_compress(const uint8_t *symbols, size_t count, uint8_t *into,
                           size_t room)
{
    int made = LZ4_compress_default((const char *)symbols, (char *)into,
                                    (int)count, (int)room);

    return made > 0 ? (size_t)made : 0;
}

size_t rival_compress(struct rivals *r, enum rival rival,
                      const uint8_t *symbols, size_t count, uint8_t *into,
                      size_t room)
{
    switch (table[rival].family) {
    case PLANES:
        return shorter_planes(r, symbols, count, into, room);
    case LZ4:
        return lz4_compress(symbols, count, into, room);
#ifdef CLEAVE_BENCH_RIVALS
    case ZSTD:
        return zstd_at_level(r, table[rival].level, symbols, count, into, room);
    case BLOSC:
        return blosc_shorter(rival, symbols, count, into, room);
#endif
    default:
        return 0;
    }
}

int rival_decompress(struct rivals *r, enum rival rival, const uint8_t *bytes,
                     size_t size, uint8_t *symbols, size_t count)
{
    (void)r;
    switch (table[rival].family) {
    case LZ4:
        return LZ4_decompress_safe((const char *)bytes, (char *)symbols,
                                   (int)size, (int)count) == (int)count;
#ifdef CLEAVE_BENCH_RIVALS
    case ZSTD:
        return ZSTD_decompressDCtx(r->reader, symbols, count, bytes, size) ==
               count;
    case BLOSC:
        return blosc_decompress_ctx(bytes, symbols, count, 1) == (int)count;
#endif
    default:
        return 0;
    }
}
