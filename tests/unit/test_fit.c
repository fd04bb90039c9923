/*
 * test_fit.c - a book learnt from tensors can code any tensor, codes its own
 * kind in nearly as few bits as they hold, and follows neighbours and planes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/dense.h"
#include "codec/fit.h"
#include "codec/token.h"
#include "odd_tensors.h"

#define MOST 8192
#define SAMPLES 4

struct class_room {
    struct clv_walk walk;
    int16_t indices[SAMPLES][MOST];
    uint8_t *walked[SAMPLES];
};

static void deal_all(struct class_room *room, int is_signed)
{
    uint8_t tokens[MOST];

    for (size_t i = 0; i < SAMPLES; i++) {
        room->walked[i] = malloc(clv_walk_size(&room->walk));
        assert_non_null(room->walked[i]);
        (void)clv_tokens_of(CLV_PATH_PORTABLE, room->indices[i],
                            room->walk.count, is_signed, tokens);
        clv_walk_deal(CLV_PATH_PORTABLE, &room->walk, tokens, room->walked[i]);
    }
}

static struct clv_book *learn(struct class_room *room, int is_signed)
{
    struct clv_specimen lesson = {&room->walk, is_signed, room->walked,
                                  SAMPLES};
    struct clv_book *book = NULL;

    deal_all(room, is_signed);
    assert_int_equal(clv_fit_book(&lesson, &book), CLEAVE_OK);
    for (size_t i = 0; i < SAMPLES; i++) {
        free(room->walked[i]);
    }
    return book;
}

static size_t bytes_with(const struct clv_book *book,
                         const cleave_tensor_info *info, int is_signed,
                         const int16_t *indices)
{
    struct clv_dense *dense = clv_dense_new(clv_processor_best());
    struct clv_buffer payload;
    int16_t back[MOST];
    size_t size;

    assert_non_null(dense);
    clv_buffer_init(&payload, 1 << 20);
    assert_int_equal(
        clv_dense_encode(dense, indices, info, is_signed, book, &payload),
        CLEAVE_OK);
    assert_int_equal(clv_dense_decode(dense, clv_buffer_bytes(&payload), info,
                                      is_signed, book, back),
                     CLEAVE_OK);
    assert_memory_equal(back, indices, odd_count(info) * sizeof *back);
    size = payload.size;
    clv_buffer_fini(&payload);
    clv_dense_free(dense);
    return size;
}

/* Every table has its escape, so that everything can be coded. */
static void any_lesson_gives_a_book_for_everything(void **state)
{
    struct seeded s = seeded_init("lessons", 1);
    struct class_room *room = calloc(1, sizeof *room);

    (void)state;
    assert_non_null(room);
    for (int round = 0; round < 60; round++) {
        cleave_tensor_info info = {0};
        int is_signed = round % 2;
        struct clv_book *book;
        size_t count;
        odd_shape(&s, 1u << (1 + seeded_below(&s, 13)), 0, &info);
        count = odd_count(&info);
        clv_walk_init(&room->walk, &info, count, clv_walk_lanes(&info, count));
        for (size_t i = 0; i < SAMPLES; i++) {
            odd_indices(&s, (enum odd_kind)(round / 2 % ODD_KINDS), is_signed,
                        room->indices[i], count);
        }
        book = learn(room, is_signed);
        assert_int_equal(!book->is_signed, !is_signed);
        assert_int_equal(book->bias_count, room->walk.planes);
        for (int kind = 0; kind < ODD_KINDS; kind++) {
            odd_indices(&s, (enum odd_kind)kind, is_signed, room->indices[0],
                        count);
            (void)bytes_with(book, &info, is_signed, room->indices[0]);
        }
        clv_book_free(book);
    }
    free(room);
}

/* Magnitudes that follow the one above, more in some planes than in others. */
static void sample_planes(struct seeded *s, int16_t *indices)
{
    for (size_t i = 0; i < MOST; i++) {
        size_t plane = i / 256;
        double up = i % 256 >= 16 ? indices[i - 16] : 0;
        double mean = 0.05 + 0.8 * up + (plane % 4 == 0 ? 0.5 : 0);
        indices[i] = (int16_t)seeded_geometric(s, 1 / (1 + mean));
    }
}

static void what_was_learnt_saves_bytes(void **state)
{
    struct seeded s = seeded_init("saves", 2);
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 3, {32, 16, 16}};
    struct class_room *room = calloc(1, sizeof *room);
    struct clv_book *book;
    size_t with;
    size_t without;

    (void)state;
    assert_non_null(room);
    clv_walk_init(&room->walk, &info, MOST, clv_walk_lanes(&info, MOST));
    for (size_t i = 0; i < SAMPLES; i++) {
        sample_planes(&s, room->indices[i]);
    }
    book = learn(room, 0);
    assert_true(book->up > book->right);
    assert_true(book->bias[0] > book->bias[1]);
    sample_planes(&s, room->indices[0]);
    with = bytes_with(book, &info, 0, room->indices[0]);
    without = bytes_with(NULL, &info, 0, room->indices[0]);
    assert_true(20 * with < 19 * without);
    clv_book_free(book);
    free(room);
}

/* Tokens that never came, below ones that did, must not drive those out. */
static void holes_cost_no_escapes(void **state)
{
    struct seeded s = seeded_init("holes", 3);
    cleave_tensor_info info = {NULL, CLEAVE_TYPE_U8, 2, {64, 64}};
    struct class_room *room = calloc(1, sizeof *room);
    struct clv_book *book;
    size_t with;
    size_t without;

    (void)state;
    assert_non_null(room);
    clv_walk_init(&room->walk, &info, 4096, clv_walk_lanes(&info, 4096));
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t k = 0; k < 4096; k++) {
            room->indices[i][k] = (int16_t)(3 + 4 * seeded_below(&s, 3));
        }
    }
    book = learn(room, 0);
    with = bytes_with(book, &info, 0, room->indices[0]);
    without = bytes_with(NULL, &info, 0, room->indices[0]);
    assert_true(with <= without + without / 50);
    clv_book_free(book);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_lesson_gives_a_book_for_everything),
        cmocka_unit_test(what_was_learnt_saves_bytes),
        cmocka_unit_test(holes_cost_no_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
