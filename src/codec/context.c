/*
 * context.c - how a position's neighbours choose its table.
 *
 * Everything is small sums of bytes that saturate, for all lanes at once;
 * AVX2 does 32 of them in one instruction, the plain C one by one. The
 * magnitudes of two rows are kept, each with a column of zeros on both
 * sides, so that the edges need no exceptions.
 */
#include "codec/context.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A vector's worth of slack behind every row. */
#define SLACK 64

void clv_contexts_init(struct clv_contexts *c)
{
    memset(c, 0, sizeof *c);
}

void clv_contexts_fini(struct clv_contexts *c)
{
    free(c->memory);
    memset(c, 0, sizeof *c);
}

static size_t row_bytes(const struct clv_walk *walk)
{
    return walk->width * walk->lanes;
}

int clv_contexts_begin(struct clv_contexts *c, enum clv_path path,
                       const struct clv_book *book, const struct clv_walk *walk)
{
    size_t positions = walk->rows * walk->width;
    size_t row = row_bytes(walk) + 2 * walk->lanes + SLACK;
    size_t need = 2 * (positions + SLACK) + 2 * row;

    if (need > c->capacity) {
        uint8_t *memory = realloc(c->memory, need);
        if (memory == NULL) {
            return 0;
        }
        c->memory = memory;
        c->capacity = need;
    }
    c->path = path;
    c->book = book;
    c->walk = walk;
    c->escaped = 0;
    c->energy = c->memory;
    c->term = c->energy + positions + SLACK;
    c->above = c->term + positions + SLACK;
    c->here = c->above + row;
    memset(c->above, 0, 2 * row);
    return 1;
}

static uint8_t saturate(unsigned x)
{
    return (uint8_t)(x < 255 ? x : 255);
}

static uint8_t energy_term(const struct clv_book *book, unsigned energy)
{
    return saturate(book->energy * energy / 64);
}

void clv_contexts_block(struct clv_contexts *c, size_t block)
{
    const struct clv_walk *walk = c->walk;
    size_t positions = walk->rows * walk->width;

    c->block = block;
    for (size_t i = 0; i < CLV_LANES_MAX; i++) {
        size_t strip = block * walk->lanes + i % walk->lanes;
        size_t plane = clv_walk_plane(walk, strip);
        c->bias[i] = plane < c->book->bias_count ? c->book->bias[plane] : 0;
    }
    if (block == 0) {
        memset(c->energy, c->book->e0, positions);
        memset(c->term, energy_term(c->book, c->book->e0), positions);
    }
    memset(c->above, 0, row_bytes(walk) + 2 * walk->lanes);
}

static void base_portable(const struct clv_contexts *c, const uint8_t *term,
                          uint8_t *base)
{
    const struct clv_book *book = c->book;
    size_t lanes = c->walk->lanes;
    const uint8_t *up = c->above + lanes;
    const uint8_t *right = up + lanes;

    for (size_t col = 0; col < c->walk->width; col++) {
        for (size_t lane = 0; lane < lanes; lane++) {
            size_t i = col * lanes + lane;
            unsigned rest = saturate((unsigned)book->up_by_magnitude[up[i]] +
                                     book->right_by_magnitude[right[i]] +
                                     c->bias[lane] + term[col]);
            unsigned group = 0;
            for (unsigned k = 0; k < book->threshold_count; k++) {
                group += rest >= book->thresholds[k];
            }
            base[i] = (uint8_t)(4 * group);
        }
    }
}

static void learn_portable(const struct clv_contexts *c, const uint8_t *tokens,
                           size_t count, uint8_t *magnitudes)
{
    int is_signed = c->book->is_signed;

    for (size_t i = 0; i < count; i++) {
        magnitudes[i] = (uint8_t)clv_token_magnitude(tokens[i], is_signed);
    }
}

/* Sums of min(3, magnitude) over the lanes of each column. */
static void sum_portable(const uint8_t *magnitudes, size_t width, size_t lanes,
                         uint8_t *sums)
{
    for (size_t col = 0; col < width; col++) {
        unsigned sum = 0;
        for (size_t lane = 0; lane < lanes; lane++) {
            unsigned m = magnitudes[col * lanes + lane];
            sum += m < 3 ? m : 3;
        }
        sums[col] = (uint8_t)sum;
    }
}

static void whole_portable(const struct clv_contexts *c, const uint8_t *here,
                           size_t count, uint8_t *contexts)
{
    for (size_t i = 0; i < count; i++) {
        contexts[i] = (uint8_t)(contexts[i] + c->book->cut_class[here[i]]);
    }
}

static int lacks_portable(const uint8_t *tokens, const uint8_t *contexts,
                          const uint8_t *limits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tokens[i] >= limits[contexts[i]]) {
            return 1;
        }
    }
    return 0;
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2"), always_inline)) static inline
#define AVX2_OUTER __attribute__((target("avx2"))) static

/* A table of 16 bytes in both halves of a vector. */
AVX2 __m256i table_of(const uint8_t bytes[16])
{
    __m128i half;

    memcpy(&half, bytes, sizeof half);
    return _mm256_broadcastsi128_si256(half);
}

AVX2 __m256i load(const uint8_t *from)
{
    return _mm256_loadu_si256((const void *)from);
}

AVX2 void store(uint8_t *to, __m256i x)
{
    _mm256_storeu_si256((void *)to, x);
}

/* Spreads the energy terms of the next 32 / lanes columns over their lanes. */
AVX2 __m256i spread_of(size_t lanes)
{
    const __m256i bytes = _mm256_setr_epi8(
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
        20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    __m128i shift = _mm_cvtsi32_si128(__builtin_ctzl(lanes));

    /* Byte i belongs to column i / lanes; what 16-bit shifts bring in from
       the byte above is masked off. */
    return _mm256_and_si256(_mm256_srl_epi16(bytes, shift),
                            _mm256_set1_epi8((char)(31 / (int)lanes)));
}

/* 4 * how many of the thresholds are not above. */
AVX2 __m256i group_of(__m256i rest, const __m256i *thresholds,
                      const unsigned count)
{
    __m256i groups = _mm256_setzero_si256();

    for (unsigned k = 0; k < count; k++) {
        __m256i most = _mm256_max_epu8(rest, thresholds[k]);
        groups = _mm256_sub_epi8(groups, _mm256_cmpeq_epi8(most, rest));
    }
    return _mm256_slli_epi16(groups, 2);
}

/* `count` of thresholds is a constant where it is the usual one. */
AVX2 void base_vectors(const struct clv_contexts *c, const uint8_t *term,
                       const unsigned count, uint8_t *base)
{
    size_t lanes = c->walk->lanes;
    size_t size = row_bytes(c->walk);
    size_t columns = 32 / lanes;
    __m256i ups = table_of(c->book->up_by_magnitude);
    __m256i rights = table_of(c->book->right_by_magnitude);
    __m256i spread = spread_of(lanes);
    __m256i bias = load(c->bias);
    __m256i thresholds[CLV_THRESHOLDS];
    const uint8_t *up = c->above + lanes;

    for (unsigned k = 0; k < count; k++) {
        thresholds[k] = _mm256_set1_epi8((char)c->book->thresholds[k]);
    }
    for (size_t i = 0; i < size; i += 32) {
        uint64_t eight;
        __m256i rest;
        memcpy(&eight, term, sizeof eight);
        rest =
            _mm256_shuffle_epi8(_mm256_set1_epi64x((long long)eight), spread);
        rest = _mm256_adds_epu8(rest, bias);
        rest = _mm256_adds_epu8(rest, _mm256_shuffle_epi8(ups, load(up + i)));
        rest = _mm256_adds_epu8(
            rest, _mm256_shuffle_epi8(rights, load(up + i + lanes)));
        store(base + i, group_of(rest, thresholds, count));
        term += columns;
    }
}

/* At least 4 lanes; reads and writes up to 32 bytes past the row. */
AVX2_OUTER void base_avx2(const struct clv_contexts *c, const uint8_t *term,
                          uint8_t *base)
{
    if (c->book->threshold_count == CLV_THRESHOLDS) {
        base_vectors(c, term, CLV_THRESHOLDS, base);
    } else {
        base_vectors(c, term, c->book->threshold_count, base);
    }
}

AVX2_OUTER void learn_avx2(const struct clv_contexts *c, const uint8_t *tokens,
                           size_t count, uint8_t *magnitudes)
{
    __m256i most = _mm256_set1_epi8(CLV_MAGNITUDES - 1);
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m256i m = load(tokens + i);
        if (c->book->is_signed) {
            m = _mm256_avg_epu8(m, _mm256_setzero_si256());
        }
        store(magnitudes + i, _mm256_min_epu8(m, most));
    }
    learn_portable(c, tokens + i, count - i, magnitudes + i);
}

/* At least 8 lanes. */
AVX2_OUTER void sum_avx2(const uint8_t *magnitudes, size_t width, size_t lanes,
                         uint8_t *sums)
{
    __m128i three = _mm_set1_epi8(3);
    __m128i zero = _mm_setzero_si128();

    for (size_t col = 0; col < width; col++) {
        int sum = 0;
        for (size_t lane = 0; lane < lanes; lane += 8) {
            __m128i m = _mm_loadl_epi64(
                (const void *)(magnitudes + col * lanes + lane));
            sum +=
                _mm_cvtsi128_si32(_mm_sad_epu8(_mm_min_epu8(m, three), zero));
        }
        sums[col] = (uint8_t)sum;
    }
}

AVX2_OUTER void whole_avx2(const struct clv_contexts *c, const uint8_t *here,
                           size_t count, uint8_t *contexts)
{
    __m256i classes = table_of(c->book->cut_class);
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m256i class = _mm256_shuffle_epi8(classes, load(here + i));
        store(contexts + i, _mm256_add_epi8(load(contexts + i), class));
    }
    whole_portable(c, here + i, count - i, contexts + i);
}

AVX2_OUTER int lacks_avx2(const uint8_t *tokens, const uint8_t *contexts,
                          const uint8_t *limits, size_t count)
{
    __m256i low = table_of(limits);
    __m256i high = table_of(limits + 16);
    __m256i found = _mm256_setzero_si256();
    size_t i = 0;

    for (; i + 32 <= count; i += 32) {
        __m256i context = load(contexts + i);
        __m256i index = _mm256_and_si256(context, _mm256_set1_epi8(15));
        __m256i upper = _mm256_slli_epi16(context, 3);    /* bit 4 to bit 7 */
        __m256i void_too = _mm256_slli_epi16(context, 2); /* bit 5 to bit 7 */
        __m256i limit =
            _mm256_blendv_epi8(_mm256_shuffle_epi8(low, index),
                               _mm256_shuffle_epi8(high, index), upper);
        __m256i token = load(tokens + i);
        __m256i over = _mm256_cmpeq_epi8(_mm256_max_epu8(token, limit), token);
        found = _mm256_or_si256(
            found, _mm256_blendv_epi8(over, _mm256_setzero_si256(), void_too));
    }
    return !_mm256_testz_si256(found, found) ||
           lacks_portable(tokens + i, contexts + i, limits, count - i);
}
#else
#define base_avx2(c, term, base) base_portable(c, term, base)
#define learn_avx2(c, t, n, m) learn_portable(c, t, n, m)
#define sum_avx2(m, w, l, s) sum_portable(m, w, l, s)
#define whole_avx2(c, h, n, x) whole_portable(c, h, n, x)
#define lacks_avx2(t, x, l, n) lacks_portable(t, x, l, n)
#endif

static void mark_void(const struct clv_contexts *c, size_t row, uint8_t *base)
{
    const struct clv_walk *walk = c->walk;

    for (size_t lane = 0; lane < walk->lanes; lane++) {
        size_t strip = c->block * walk->lanes + lane;
        size_t col = clv_walk_columns(walk, strip, row);
        for (; col < walk->width; col++) {
            base[col * walk->lanes + lane] = CLV_CONTEXT_VOID;
        }
    }
}

void clv_contexts_base(struct clv_contexts *c, size_t row, uint8_t *base)
{
    const uint8_t *term = c->term + row * c->walk->width;

    if (c->path >= CLV_PATH_AVX2 && c->walk->lanes >= 4) {
        base_avx2(c, term, base);
    } else {
        base_portable(c, term, base);
    }
    if (clv_walk_has_void(c->walk, c->block, row)) {
        mark_void(c, row, base);
    }
}

/* The energies of a row once its magnitudes are known. */
static void update_energy(struct clv_contexts *c, size_t row)
{
    size_t width = c->walk->width;
    unsigned shift = 6 - (unsigned)__builtin_ctzl(c->walk->lanes);
    uint8_t *energy = c->energy + row * width;
    uint8_t *term = c->term + row * width;

    if (c->book->energy == 0 || c->block + 1 == c->walk->blocks) {
        return;
    }
    if (c->path >= CLV_PATH_AVX2 && c->walk->lanes >= 8) {
        sum_avx2(c->here + c->walk->lanes, width, c->walk->lanes, term);
    } else {
        sum_portable(c->here + c->walk->lanes, width, c->walk->lanes, term);
    }
    for (size_t col = 0; col < width; col++) {
        unsigned now = (unsigned)term[col] << shift;
        energy[col] =
            (uint8_t)(c->block == 0 ? now : (3u * energy[col] + now + 2) / 4);
        term[col] = energy_term(c->book, energy[col]);
    }
}

static void find_magnitudes(struct clv_contexts *c, const uint8_t *tokens)
{
    size_t count = row_bytes(c->walk);
    uint8_t *here = c->here + c->walk->lanes;

    if (c->path >= CLV_PATH_AVX2) {
        learn_avx2(c, tokens, count, here);
    } else {
        learn_portable(c, tokens, count, here);
    }
}

/* The row that was here is now above. */
static void move_on(struct clv_contexts *c, size_t row)
{
    uint8_t *above = c->above;

    update_energy(c, row);
    c->above = c->here;
    c->here = above;
}

void clv_contexts_learn(struct clv_contexts *c, size_t row,
                        const uint8_t *tokens)
{
    find_magnitudes(c, tokens);
    move_on(c, row);
}

/* A row in which some token must escape, which changes the contexts after it:
   one by one. `contexts` holds the base. */
static void escape_row(struct clv_contexts *c, const uint8_t *limits,
                       uint8_t *tokens, uint8_t *contexts)
{
    size_t lanes = c->walk->lanes;
    size_t count = row_bytes(c->walk);

    for (size_t i = 0; i < count; i++) {
        unsigned left = i >= lanes ? clv_token_magnitude(tokens[i - lanes],
                                                         c->book->is_signed)
                                   : 0;
        contexts[i] = (uint8_t)(contexts[i] + c->book->cut_class[left]);
        if (contexts[i] < CLV_CONTEXTS && tokens[i] >= limits[contexts[i]]) {
            tokens[i] = CLV_TOKEN_ESCAPE;
        }
    }
}

static void add_left(const struct clv_contexts *c, uint8_t *contexts)
{
    if (c->path >= CLV_PATH_AVX2) {
        whole_avx2(c, c->here, row_bytes(c->walk), contexts);
    } else {
        whole_portable(c, c->here, row_bytes(c->walk), contexts);
    }
}

void clv_contexts_whole(struct clv_contexts *c, size_t row,
                        const uint8_t *limits, uint8_t *tokens,
                        uint8_t *contexts)
{
    size_t count = row_bytes(c->walk);
    int lacks = 0;

    clv_contexts_base(c, row, contexts);
    find_magnitudes(c, tokens);
    add_left(c, contexts);
    if (limits != NULL) {
        lacks = c->path >= CLV_PATH_AVX2
                    ? lacks_avx2(tokens, contexts, limits, count)
                    : lacks_portable(tokens, contexts, limits, count);
    }
    if (lacks) {
        c->escaped = 1;
        clv_contexts_base(c, row, contexts);
        escape_row(c, limits, tokens, contexts);
        find_magnitudes(c, tokens);
    }
    move_on(c, row);
}
