/*
 * test_context.c - contexts are those of docs/format.md, computed here one
 * position at a time, on every path; encoder and decoder find the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/context.h"
#include "odd_books.h"
#include "odd_tensors.h"

#define SLACK 64

/* One tensor's tokens, walked, and what is found for them. */
struct scene {
    struct clv_walk walk;
    struct clv_book *book;
    uint8_t limits[CLV_CONTEXTS_ALL];
    size_t size;
    uint8_t *tokens; /* after escapes */
    uint8_t *contexts;
};

/* The energies of the format's text. */
static void next_energy(const struct scene *sc, size_t block, size_t position,
                        unsigned *energy)
{
    size_t positions = sc->walk.rows * sc->walk.width;
    size_t lanes = sc->walk.lanes;
    unsigned s = 0;
    unsigned a;

    for (size_t lane = 0; lane < lanes; lane++) {
        unsigned m = clv_token_magnitude(
            sc->tokens[(block * positions + position) * lanes + lane],
            sc->book->is_signed);
        s += m < 3 ? m : 3;
    }
    a = 64 * s / (unsigned)lanes;
    energy[position] = block == 0 ? a : (3 * energy[position] + a + 2) / 4;
}

/* The magnitude of a neighbour, 0 outside of the strip. */
static unsigned neighbour(const struct scene *sc, size_t block, ptrdiff_t row,
                          ptrdiff_t col, size_t lane)
{
    size_t width = sc->walk.width;

    if (row < 0 || col < 0 || col >= (ptrdiff_t)width) {
        return 0;
    }
    return clv_token_magnitude(
        sc->tokens[((block * sc->walk.rows + (size_t)row) * width +
                    (size_t)col) *
                       sc->walk.lanes +
                   lane],
        sc->book->is_signed);
}

static unsigned context_at(const struct scene *sc, size_t block, size_t row,
                           size_t col, size_t lane, unsigned energy)
{
    const struct clv_book *b = sc->book;
    size_t strip = block * sc->walk.lanes + lane;
    size_t plane = strip / sc->walk.bands;
    ptrdiff_t r = (ptrdiff_t)row;
    ptrdiff_t c = (ptrdiff_t)col;
    unsigned rest = b->up * neighbour(sc, block, r - 1, c, lane) +
                    b->right * neighbour(sc, block, r - 1, c + 1, lane) +
                    (plane < b->bias_count ? b->bias[plane] : 0) +
                    b->energy * energy / 64;
    unsigned left = neighbour(sc, block, r, c - 1, lane);
    unsigned cuts = 0;
    unsigned thresholds = 0;

    rest = rest < 255 ? rest : 255;
    for (unsigned k = 0; k < b->cut_count; k++) {
        cuts += b->cuts[k] <= left;
    }
    for (unsigned k = 0; k < b->threshold_count; k++) {
        thresholds += b->thresholds[k] <= rest;
    }
    return col >= clv_walk_columns(&sc->walk, strip, row)
               ? CLV_CONTEXT_VOID + cuts
               : 4 * thresholds + cuts;
}

/* Finds all contexts, and escapes, in the order of decoding. */
static int find_plainly(struct scene *sc)
{
    size_t positions = sc->walk.rows * sc->walk.width;
    unsigned *energy = malloc(positions * sizeof *energy);
    int escaped = 0;
    size_t i = 0;

    assert_non_null(energy);
    for (size_t p = 0; p < positions; p++) {
        energy[p] = sc->book->e0;
    }
    for (size_t block = 0; block < sc->walk.blocks; block++) {
        for (size_t p = 0; p < positions; p++) {
            for (size_t lane = 0; lane < sc->walk.lanes; lane++, i++) {
                unsigned c = context_at(sc, block, p / sc->walk.width,
                                        p % sc->walk.width, lane, energy[p]);
                sc->contexts[i] = (uint8_t)c;
                if (c < CLV_CONTEXT_VOID && sc->tokens[i] >= sc->limits[c]) {
                    sc->tokens[i] = CLV_TOKEN_ESCAPE;
                    escaped = 1;
                }
            }
        }
        for (size_t p = 0; p < positions; p++) {
            next_energy(sc, block, p, energy);
        }
    }
    free(energy);
    return escaped;
}

static uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + SLACK);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    memset(copy + size, 0xee, SLACK);
    return copy;
}

/* As the encoder does it, from tokens without escapes. */
static void check_whole(const struct scene *sc, struct clv_contexts *c,
                        const uint8_t *before, int escaped)
{
    uint8_t *tokens = copy_of(before, sc->size);
    uint8_t *contexts = copy_of(before, sc->size);
    size_t row_size = sc->walk.width * sc->walk.lanes;
    size_t at = 0;

    for (size_t block = 0; block < sc->walk.blocks; block++) {
        clv_contexts_block(c, block);
        for (size_t row = 0; row < sc->walk.rows; row++) {
            clv_contexts_whole(c, row, sc->limits, tokens + at, contexts + at);
            at += row_size;
        }
    }
    assert_memory_equal(tokens, sc->tokens, sc->size);
    assert_memory_equal(contexts, sc->contexts, sc->size);
    assert_int_equal(c->escaped, escaped);
    free(tokens);
    free(contexts);
}

/* As the decoder does it: rows without the left neighbour. */
static void check_rows(const struct scene *sc, struct clv_contexts *c)
{
    size_t lanes = sc->walk.lanes;
    size_t row_size = sc->walk.width * lanes;
    uint8_t *base = malloc(row_size + SLACK);
    size_t at = 0;

    assert_non_null(base);
    for (size_t block = 0; block < sc->walk.blocks; block++) {
        clv_contexts_block(c, block);
        for (size_t row = 0; row < sc->walk.rows; row++, at += row_size) {
            clv_contexts_base(c, row, base);
            for (size_t i = 0; i < row_size; i++) {
                unsigned left =
                    i < lanes ? 0
                              : clv_token_magnitude(sc->tokens[at + i - lanes],
                                                    sc->book->is_signed);
                assert_int_equal(base[i] + sc->book->cut_class[left],
                                 sc->contexts[at + i]);
            }
            clv_contexts_learn(c, row, sc->tokens + at);
        }
    }
    free(base);
}

static void check_scene(struct scene *sc, struct clv_contexts *c)
{
    uint8_t *before = copy_of(sc->tokens, sc->size);
    int escaped = find_plainly(sc);

    SEEDED_EACH_PATH(path)
    {
        assert_true(
            clv_contexts_begin(c, (enum clv_path)path, sc->book, &sc->walk));
        check_whole(sc, c, before, escaped);
        assert_true(
            clv_contexts_begin(c, (enum clv_path)path, sc->book, &sc->walk));
        check_rows(sc, c);
    }
    free(before);
}

static void make_tokens(struct seeded *s, struct scene *sc)
{
    size_t count = sc->walk.count;
    uint8_t *tokens = malloc(count);
    double zero = 0.05 + 0.9 * seeded_unit(s);

    assert_non_null(tokens);
    for (size_t i = 0; i < count; i++) {
        int token = seeded_geometric(s, zero);
        tokens[i] = (uint8_t)(token < CLV_TOKEN_ESCAPE ? token : 39);
    }
    clv_walk_deal(CLV_PATH_PORTABLE, &sc->walk, tokens, sc->tokens);
    free(tokens);
}

static void contexts_are_those_of_the_format(void **state)
{
    struct seeded s = seeded_init("contexts", 1);
    struct clv_contexts c;

    (void)state;
    clv_contexts_init(&c);
    for (int round = 0; round < 400; round++) {
        cleave_tensor_info info = {0};
        struct scene sc;
        odd_shape(&s, 1u << (3 + seeded_below(&s, 10)), 0, &info);
        clv_walk_init(&sc.walk, &info, odd_count(&info),
                      (size_t)1 << seeded_below(&s, 6));
        sc.size = clv_walk_size(&sc.walk);
        sc.book = odd_book(&s, round % 2, sc.walk.planes);
        memset(sc.limits, CLV_TOKENS, sizeof sc.limits);
        for (size_t i = 0; i < CLV_CONTEXTS && round % 3 > 0; i++) {
            sc.limits[i] = (uint8_t)seeded_below(&s, 20);
        }
        sc.tokens = malloc(sc.size + SLACK);
        sc.contexts = malloc(sc.size + SLACK);
        assert_non_null(sc.tokens);
        assert_non_null(sc.contexts);
        make_tokens(&s, &sc);
        check_scene(&sc, &c);
        clv_book_free(sc.book);
        free(sc.tokens);
        free(sc.contexts);
    }
    clv_contexts_fini(&c);
}

static void fini_may_come_first(void **state)
{
    struct clv_contexts c;

    (void)state;
    clv_contexts_init(&c);
    clv_contexts_fini(&c);
    clv_contexts_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_are_those_of_the_format),
        cmocka_unit_test(fini_may_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
