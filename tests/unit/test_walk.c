/*
 * test_walk.c - walks are those of docs/format.md, in its own words, and
 * dealing and gathering move every token there and back, on every path.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/walk.h"
#include "odd_tensors.h"

#define MOST 20000

/* The walk as the format's text has it. */
struct plain_walk {
    size_t planes, height, width, bands, rows, blocks;
};

static struct plain_walk walk_of(const cleave_tensor_info *info, size_t lanes)
{
    struct plain_walk w = {1, 1, 1, 0, 0, 0};
    size_t count = odd_count(info);

    for (uint32_t i = 0; i < info->rank; i++) {
        size_t size = (size_t)info->shape[i];
        w.width = i + 1 == info->rank ? size : w.width;
        w.height = i + 2 == info->rank ? size : w.height;
        w.planes *= i + 2 < info->rank ? size : 1;
    }
    if (w.planes * w.height < 32 && count >= 1024) {
        w.planes = 1;
        w.height = 32;
        w.width = (count + 31) / 32;
    }
    do {
        w.bands++;
    } while (w.bands < w.height && w.planes * w.bands < lanes);
    w.rows = (w.height + w.bands - 1) / w.bands;
    while (w.blocks * lanes < w.planes * w.bands) {
        w.blocks++;
    }
    return w;
}

/* The element at a position, or SIZE_MAX for a void one. */
static size_t element_at(const struct plain_walk *w, size_t count, size_t strip,
                         size_t row, size_t col)
{
    size_t plane = strip / w->bands;
    size_t line = strip % w->bands * w->rows + row;
    size_t element = (plane * w->height + line) * w->width + col;

    return strip < w->planes * w->bands && line < w->height && element < count
               ? element
               : SIZE_MAX;
}

static void check_row(const struct clv_walk *walk, const struct plain_walk *w,
                      size_t block, size_t row)
{
    int has_void = 0;

    for (size_t lane = 0; lane < walk->lanes; lane++) {
        size_t strip = block * walk->lanes + lane;
        size_t columns = 0;
        while (columns < w->width &&
               element_at(w, walk->count, strip, row, columns) != SIZE_MAX) {
            columns++;
        }
        assert_int_equal(clv_walk_columns(walk, strip, row), columns);
        has_void = has_void || columns < w->width;
        if (columns > 0) {
            assert_int_equal(clv_walk_plane(walk, strip), strip / w->bands);
        }
    }
    assert_int_equal(!!clv_walk_has_void(walk, block, row), has_void);
}

/* Where each element's token must lie. */
static void place(const struct clv_walk *walk, const struct plain_walk *w,
                  const uint8_t *tokens, uint8_t *walked)
{
    size_t i = 0;

    for (size_t block = 0; block < w->blocks; block++) {
        for (size_t row = 0; row < w->rows; row++) {
            check_row(walk, w, block, row);
            for (size_t col = 0; col < w->width; col++) {
                for (size_t lane = 0; lane < walk->lanes; lane++, i++) {
                    size_t at = element_at(
                        w, walk->count, block * walk->lanes + lane, row, col);
                    walked[i] = at == SIZE_MAX ? 0 : tokens[at];
                }
            }
        }
    }
    assert_int_equal(i, clv_walk_size(walk));
}

static void check_paths(const struct clv_walk *walk, const uint8_t *tokens,
                        const uint8_t *want)
{
    size_t size = clv_walk_size(walk);
    uint8_t *walked = malloc(size); /* of the exact sizes */
    uint8_t *back = malloc(walk->count);

    assert_non_null(walked);
    assert_non_null(back);
    SEEDED_EACH_PATH(path)
    {
        memset(walked, 0xee, size);
        memset(back, 0xee, walk->count);
        clv_walk_deal((enum clv_path)path, walk, tokens, walked);
        assert_memory_equal(walked, want, size);
        clv_walk_gather((enum clv_path)path, walk, walked, back);
        assert_memory_equal(back, tokens, walk->count);
    }
    free(walked);
    free(back);
}

static void check_walk(const cleave_tensor_info *info, size_t lanes,
                       const uint8_t *tokens)
{
    size_t count = odd_count(info);
    struct plain_walk w = walk_of(info, lanes);
    struct clv_walk walk;
    uint8_t *exact = malloc(count);
    uint8_t *want;

    assert_non_null(exact);
    memcpy(exact, tokens, count);
    clv_walk_init(&walk, info, count, lanes);
    assert_int_equal(walk.planes, w.planes);
    assert_int_equal(walk.height, w.height);
    assert_int_equal(walk.width, w.width);
    assert_int_equal(walk.bands, w.bands);
    assert_int_equal(walk.rows, w.rows);
    assert_int_equal(walk.strips, w.planes * w.bands);
    assert_int_equal(walk.blocks, w.blocks);
    want = malloc(clv_walk_size(&walk));
    assert_non_null(want);
    place(&walk, &w, exact, want);
    check_paths(&walk, exact, want);
    free(want);
    free(exact);
}

static void tokens_go_where_the_format_says(void **state)
{
    struct seeded s = seeded_init("walks", 1);
    uint8_t *tokens = malloc(MOST);

    (void)state;
    assert_non_null(tokens);
    for (size_t i = 0; i < MOST; i++) {
        tokens[i] = (uint8_t)(1 + seeded_below(&s, 40));
    }
    for (int round = 0; round < 600; round++) {
        cleave_tensor_info info = {0};
        odd_shape(&s, 1u << (4 + seeded_below(&s, 11)), 0, &info);
        check_walk(&info, (size_t)1 << seeded_below(&s, 6), tokens);
    }
    free(tokens);
}

static void small_shapes_go_with_all_lanes(void **state)
{
    uint8_t tokens[5 * 7 * 9];

    (void)state;
    for (size_t i = 0; i < sizeof tokens; i++) {
        tokens[i] = (uint8_t)(i % 41);
    }
    for (int64_t planes = 1; planes <= 5; planes += 2) {
        for (int64_t height = 1; height <= 7; height += 2) {
            for (int64_t width = 1; width <= 9; width += 4) {
                cleave_tensor_info info = {
                    NULL, CLEAVE_TYPE_F32, 3, {planes, height, width}};
                for (size_t lanes = 1; lanes <= CLV_LANES_MAX; lanes *= 2) {
                    check_walk(&info, lanes, tokens);
                }
            }
        }
    }
}

static void an_encoder_takes_no_more_lanes_than_rows(void **state)
{
    struct seeded s = seeded_init("lanes", 2);

    (void)state;
    for (int round = 0; round < 5000; round++) {
        cleave_tensor_info info = {0};
        struct clv_walk walk;
        size_t lanes;
        size_t count;
        odd_shape(&s, 1u << (1 + seeded_below(&s, 19)), 0, &info);
        count = odd_count(&info);
        lanes = clv_walk_lanes(&info, count);
        assert_in_range(lanes, 1, CLV_LANES_MAX);
        assert_int_equal(lanes & (lanes - 1), 0);
        clv_walk_init(&walk, &info, count, lanes);
        assert_true(lanes <= walk.planes * walk.height);
        assert_true(count >= 256 || lanes == 1);
    }
}

/* What a hostile frame can make of an ordinary number of elements. */
static void void_positions_are_bounded(void **state)
{
    struct seeded s = seeded_init("void", 3);

    (void)state;
    for (int round = 0; round < 200000; round++) {
        cleave_tensor_info info = {NULL, CLEAVE_TYPE_U8, 3, {0}};
        struct clv_walk walk;
        size_t count;
        info.shape[0] = 1 + seeded_below(&s, 70);
        info.shape[1] = 1 + seeded_below(&s, 70);
        info.shape[2] = 1 + seeded_below(&s, 200);
        count = odd_count(&info);
        clv_walk_init(&walk, &info, count, (size_t)1 << seeded_below(&s, 6));
        assert_true(clv_walk_size(&walk) <=
                    (count < 1024 ? CLV_LANES_MAX * count : 4 * count));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_go_where_the_format_says),
        cmocka_unit_test(small_shapes_go_with_all_lanes),
        cmocka_unit_test(an_encoder_takes_no_more_lanes_than_rows),
        cmocka_unit_test(void_positions_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
