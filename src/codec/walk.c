/*
 * walk.c - strips, lanes and blocks, and tokens rearranged for them.
 *
 * Rearranging is a transposition of bytes: a strip's tokens lie together in
 * the tensor and `lanes` apart in the walk. It goes by squares of 16, which
 * AVX2 turns in registers; edges go byte by byte.
 */
#include "codec/walk.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Where planes have too few rows for the lanes, the tensor is seen as so
   many rows. */
#define FLAT_ROWS 32
#define FLAT_COUNT 1024

static size_t product(const cleave_tensor_info *info, size_t dimensions)
{
    size_t all = 1;

    for (size_t i = 0; i < dimensions; i++) {
        all *= (size_t)info->shape[i];
    }
    return all;
}

static void see(struct clv_walk *walk, const cleave_tensor_info *info,
                size_t count)
{
    size_t rank = info->rank;

    walk->count = count;
    walk->width = rank > 0 ? (size_t)info->shape[rank - 1] : 1;
    walk->height = rank > 1 ? (size_t)info->shape[rank - 2] : 1;
    walk->planes = rank > 2 ? product(info, rank - 2) : 1;
    if (walk->planes * walk->height < FLAT_ROWS && count >= FLAT_COUNT) {
        walk->planes = 1;
        walk->height = FLAT_ROWS;
        walk->width = (count + FLAT_ROWS - 1) / FLAT_ROWS;
    }
}

void clv_walk_init(struct clv_walk *walk, const cleave_tensor_info *info,
                   size_t count, size_t lanes)
{
    see(walk, info, count);
    walk->lanes = lanes;
    walk->bands = (lanes + walk->planes - 1) / walk->planes;
    if (walk->bands > walk->height) {
        walk->bands = walk->height;
    }
    walk->rows = (walk->height + walk->bands - 1) / walk->bands;
    walk->strips = walk->planes * walk->bands;
    walk->blocks = (walk->strips + lanes - 1) / lanes;
}

/*
 * A lane costs half a byte; few elements for many lanes leave them partly
 * void. 16 lanes are what it takes to decode small tensors fast enough.
 */
size_t clv_walk_lanes(const cleave_tensor_info *info, size_t count)
{
    struct clv_walk walk;
    size_t lanes = count < 256     ? 1
                   : count < 1024  ? 4
                   : count < 3072  ? 8
                   : count < 32768 ? 16
                                   : 32;

    see(&walk, info, count);
    while (lanes > walk.planes * walk.height) {
        lanes /= 2;
    }
    return lanes;
}

size_t clv_walk_size(const struct clv_walk *walk)
{
    return walk->blocks * walk->rows * walk->width * walk->lanes;
}

size_t clv_walk_columns(const struct clv_walk *walk, size_t strip, size_t row)
{
    size_t in_plane = strip % walk->bands * walk->rows + row;
    size_t first;

    if (strip >= walk->strips || in_plane >= walk->height) {
        return 0;
    }
    first = (strip / walk->bands * walk->height + in_plane) * walk->width;
    if (first >= walk->count) {
        return 0;
    }
    return walk->count - first < walk->width ? walk->count - first
                                             : walk->width;
}

int clv_walk_has_void(const struct clv_walk *walk, size_t block, size_t row)
{
    size_t first = block * walk->lanes;

    if (first + walk->lanes <= walk->strips &&
        walk->rows * walk->bands == walk->height &&
        walk->planes * walk->height * walk->width == walk->count) {
        return 0;
    }
    for (size_t i = 0; i < walk->lanes; i++) {
        if (clv_walk_columns(walk, first + i, row) < walk->width) {
            return 1;
        }
    }
    return 0;
}

static size_t strip_start(const struct clv_walk *walk, size_t strip)
{
    return (strip / walk->bands * walk->height +
            strip % walk->bands * walk->rows) *
           walk->width;
}

/* The elements of a strip: all of its rows lie together. */
static size_t strip_size(const struct clv_walk *walk, size_t strip)
{
    size_t above = strip % walk->bands * walk->rows;
    size_t first = strip_start(walk, strip);
    size_t rows;

    if (strip >= walk->strips || above >= walk->height ||
        first >= walk->count) {
        return 0;
    }
    rows =
        walk->height - above < walk->rows ? walk->height - above : walk->rows;
    return rows * walk->width < walk->count - first ? rows * walk->width
                                                    : walk->count - first;
}

/* 16 rows of 16 bytes, `stride` apart, turned. */
#if defined(__x86_64__)
__attribute__((target("avx2"))) static void turn_16(const uint8_t *from,
                                                    const size_t *starts,
                                                    __m128i out[16])
{
    __m128i a[16];
    __m128i b[16];

    for (size_t i = 0; i < 16; i++) {
        memcpy(&a[i], from + starts[i], 16);
    }
    for (size_t i = 0; i < 8; i++) {
        b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
        b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    for (size_t i = 0; i < 8; i++) {
        a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 8]);
        a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 8]);
    }
    for (size_t i = 0; i < 8; i++) {
        b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
        b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    for (size_t i = 0; i < 8; i++) {
        out[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 8]);
        out[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 8]);
    }
}

/* Whole squares of 16 lanes, as far as they go. Returns how many steps. */
__attribute__((target("avx2"))) static size_t deal_squares(
    const uint8_t *tokens, const size_t *starts, size_t steps, size_t lanes,
    uint8_t *walked)
{
    __m128i out[16];
    size_t step = 0;

    for (; step + 16 <= steps; step += 16) {
        turn_16(tokens + step, starts, out);
        for (size_t i = 0; i < 16; i++) {
            memcpy(walked + (step + i) * lanes, &out[i], 16);
        }
    }
    return step;
}

__attribute__((target("avx2"))) static size_t gather_squares(
    const uint8_t *walked, const size_t *starts, size_t steps, size_t lanes,
    uint8_t *tokens)
{
    __m128i out[16];
    size_t from[16];
    size_t step = 0;

    for (size_t i = 0; i < 16; i++) {
        from[i] = i * lanes;
    }
    for (; step + 16 <= steps; step += 16) {
        turn_16(walked + step * lanes, from, out);
        for (size_t i = 0; i < 16; i++) {
            memcpy(tokens + starts[i] + step, &out[i], 16);
        }
    }
    return step;
}
#else
static size_t deal_squares(const uint8_t *tokens, const size_t *starts,
                           size_t steps, size_t lanes, uint8_t *walked)
{
    (void)tokens, (void)starts, (void)steps, (void)lanes, (void)walked;
    return 0;
}

static size_t gather_squares(const uint8_t *walked, const size_t *starts,
                             size_t steps, size_t lanes, uint8_t *tokens)
{
    (void)walked, (void)starts, (void)steps, (void)lanes, (void)tokens;
    return 0;
}
#endif

/* Where 16 neighbouring strips start and how many steps all of them have. */
static size_t square_steps(const struct clv_walk *walk, size_t strip,
                           size_t *starts)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < 16; i++) {
        size_t size = strip_size(walk, strip + i);
        starts[i] = strip_start(walk, strip + i);
        least = size < least ? size : least;
    }
    return least;
}

static void deal_block(enum clv_path path, const struct clv_walk *walk,
                       const uint8_t *tokens, size_t block, uint8_t *walked)
{
    size_t starts[16];
    size_t done = 0;

    for (size_t lane = 0; lane < walk->lanes; lane++) {
        size_t strip = block * walk->lanes + lane;
        size_t size = strip_size(walk, strip);
        const uint8_t *from = tokens + strip_start(walk, strip);
        if (lane % 16 == 0) {
            done = 0;
            if (path >= CLV_PATH_AVX2 && walk->lanes >= 16) {
                done = deal_squares(tokens, starts,
                                    square_steps(walk, strip, starts),
                                    walk->lanes, walked + lane);
            }
        }
        for (size_t i = done; i < size; i++) {
            walked[i * walk->lanes + lane] = from[i];
        }
    }
}

void clv_walk_deal(enum clv_path path, const struct clv_walk *walk,
                   const uint8_t *tokens, uint8_t *walked)
{
    size_t block_size = walk->rows * walk->width * walk->lanes;

    for (size_t block = 0; block < walk->blocks; block++) {
        if (block + 1 == walk->blocks || walk->bands > 1) {
            memset(walked, 0, block_size);
        }
        deal_block(path, walk, tokens, block, walked);
        walked += block_size;
    }
}

static void gather_block(enum clv_path path, const struct clv_walk *walk,
                         const uint8_t *walked, size_t block, uint8_t *tokens)
{
    size_t starts[16];
    size_t done = 0;

    for (size_t lane = 0; lane < walk->lanes; lane++) {
        size_t strip = block * walk->lanes + lane;
        size_t size = strip_size(walk, strip);
        uint8_t *to = tokens + strip_start(walk, strip);
        if (lane % 16 == 0) {
            done = 0;
            if (path >= CLV_PATH_AVX2 && walk->lanes >= 16) {
                done = gather_squares(walked + lane, starts,
                                      square_steps(walk, strip, starts),
                                      walk->lanes, tokens);
            }
        }
        for (size_t i = done; i < size; i++) {
            to[i] = walked[i * walk->lanes + lane];
        }
    }
}

void clv_walk_gather(enum clv_path path, const struct clv_walk *walk,
                     const uint8_t *walked, uint8_t *tokens)
{
    size_t block_size = walk->rows * walk->width * walk->lanes;

    for (size_t block = 0; block < walk->blocks; block++) {
        gather_block(path, walk, walked, block, tokens);
        walked += block_size;
    }
}
