/*
 * test_integers.c - integers of every type come back exactly, or are known to
 * be too far apart.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/integers.h"
#include "odd_tensors.h"

#define MOST 300

static const cleave_type types[] = {
    CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,  CLEAVE_TYPE_BOOL,
    CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
    CLEAVE_TYPE_I32, CLEAVE_TYPE_U64, CLEAVE_TYPE_I64};

#define TYPES (sizeof types / sizeof *types)

static const struct clv_extent nothing = {INT32_MAX, INT32_MIN};

struct room {
    uint64_t words[MOST];
    uint64_t back[MOST];
    int16_t indices[MOST + 1];
};

static cleave_tensor tensor_of(struct room *room, cleave_type type,
                               size_t count)
{
    return (cleave_tensor){{NULL, type, 1, {(int64_t)count}},
                           room->words,
                           count * cleave_type_bytes(type)};
}

static void put(struct room *room, cleave_type type, size_t i, int64_t value)
{
    size_t width = cleave_type_bytes(type);

    memcpy((uint8_t *)room->words + i * width, &value, width);
}

/* Returns 0 where there are no indices; else all has come back. */
static int goes_round(struct room *room, const cleave_tensor *t, int64_t base,
                      struct clv_extent *extent)
{
    size_t count = (size_t)t->info.shape[0];
    struct clv_extent seen = {INT32_MAX, INT32_MIN};

    *extent = nothing;
    room->indices[count] = 12345;
    if (!clv_integers_to_indices(t, base, room->indices, extent)) {
        return 0;
    }
    assert_int_equal(room->indices[count], 12345);
    for (size_t i = 0; i < count; i++) {
        int32_t x = room->indices[i];
        assert_in_range(x + 32767, 0, 65534);
        seen.least = x < seen.least ? x : seen.least;
        seen.greatest = x > seen.greatest ? x : seen.greatest;
    }
    assert_int_equal(seen.least, extent->least);
    assert_int_equal(seen.greatest, extent->greatest);
    memset(room->back, 0xee, sizeof room->back);
    assert_true(clv_integers_from_indices(room->indices, count, base,
                                          t->info.type, room->back));
    assert_memory_equal(room->back, t->data, t->bytes);
    return 1;
}

static void integers_near_each_other_come_back(void **state)
{
    struct seeded s = seeded_init("round trip", 1);
    struct room room;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        cleave_type type = types[seeded_below(&s, TYPES)];
        size_t width = cleave_type_bytes(type);
        size_t count = 1 + seeded_below(&s, MOST - 1);
        uint32_t range = width == 1 ? 256 : 1 + seeded_below(&s, 32768);
        int64_t least =
            (int64_t)((uint64_t)seeded_next(&s) << 32 | seeded_next(&s)) >>
            (64 - 8 * width + 1 + seeded_below(&s, 3));
        cleave_tensor t = tensor_of(&room, type, count);
        struct clv_extent extent;
        int is_unsigned = type == CLEAVE_TYPE_U8 || type == CLEAVE_TYPE_U16 ||
                          type == CLEAVE_TYPE_U32 || type == CLEAVE_TYPE_U64;
        least = is_unsigned && least < 0 ? -(least + 1) : least;
        if (width == 2) { /* no overflow of the type itself */
            least /= 4;
            range = range / 2 + 1;
        }
        for (size_t i = 0; i < count; i++) {
            put(&room, type, i,
                type == CLEAVE_TYPE_BOOL
                    ? (int64_t)seeded_below(&s, 2)
                    : least + (int64_t)seeded_below(&s, range));
        }
        assert_int_equal(goes_round(&room, &t, clv_integers_base(&t), &extent),
                         least <= INT64_MAX / 2 - 70000 &&
                             least >= INT64_MIN / 2);
    }
}

static void the_base_is_the_commonest_or_the_least(void **state)
{
    struct room room;

    (void)state;
    for (size_t k = 0; k < TYPES; k++) {
        cleave_tensor t = tensor_of(&room, types[k], 4);
        if (types[k] == CLEAVE_TYPE_BOOL) {
            continue;
        }
        put(&room, types[k], 0, 7);
        put(&room, types[k], 1, 3);
        put(&room, types[k], 2, 7);
        put(&room, types[k], 3, 100);
        assert_int_equal(clv_integers_base(&t), t.bytes == 4 ? 7 : 3);
    }
    put(&room, CLEAVE_TYPE_I8, 0, -5);
    assert_int_equal(clv_integers_base(&(cleave_tensor){
                         {NULL, CLEAVE_TYPE_I8, 1, {1}}, room.words, 1}),
                     -5);
    assert_int_equal(clv_integers_base(&(cleave_tensor){
                         {NULL, CLEAVE_TYPE_U8, 1, {1}}, room.words, 1}),
                     251);
}

static void too_far_apart_is_told(void **state)
{
    struct room room;
    struct clv_extent extent;

    (void)state;
    for (size_t k = 3; k < TYPES; k++) {
        cleave_tensor t = tensor_of(&room, types[k], 2);
        int64_t low = types[k] == CLEAVE_TYPE_I16 ? -20000 : 10;
        put(&room, types[k], 0, low);
        put(&room, types[k], 1, low + 32767);
        assert_true(goes_round(&room, &t, clv_integers_base(&t), &extent));
        assert_int_equal(extent.greatest, 32767);
        put(&room, types[k], 1, low + 32768);
        assert_false(goes_round(&room, &t, clv_integers_base(&t), &extent));
        assert_true(goes_round(&room, &t, low + 1, &extent));
        assert_int_equal(extent.least, -1);
    }
}

static void a_base_that_no_varint_has_is_told(void **state)
{
    const int64_t most = INT64_MAX / 2;
    const int64_t least = INT64_MIN / 2;
    struct room room;
    struct clv_extent extent;
    cleave_tensor t = tensor_of(&room, CLEAVE_TYPE_I64, 1);

    (void)state;
    put(&room, CLEAVE_TYPE_I64, 0, most);
    assert_true(goes_round(&room, &t, most, &extent));
    put(&room, CLEAVE_TYPE_I64, 0, most + 1);
    assert_false(goes_round(&room, &t, most + 1, &extent));
    assert_true(goes_round(&room, &t, most, &extent));
    put(&room, CLEAVE_TYPE_I64, 0, least);
    assert_true(goes_round(&room, &t, least, &extent));
    put(&room, CLEAVE_TYPE_I64, 0, least - 1);
    assert_false(goes_round(&room, &t, least - 1, &extent));
    put(&room, CLEAVE_TYPE_I64, 0, INT64_MIN);
    assert_false(goes_round(&room, &t, clv_integers_base(&t), &extent));
    t.info.type = CLEAVE_TYPE_U64;
    put(&room, CLEAVE_TYPE_U64, 0, -1);
    assert_true(goes_round(&room, &t, clv_integers_base(&t), &extent));
}

/* What a hostile frame may say: any base with any index. */
static void integers_wrap_in_their_own_width(void **state)
{
    struct room room;
    const int16_t indices[] = {32767, -32767, 0};

    (void)state;
    for (size_t k = 0; k < TYPES; k++) {
        size_t width = cleave_type_bytes(types[k]);
        if (types[k] == CLEAVE_TYPE_BOOL) {
            continue;
        }
        assert_true(clv_integers_from_indices(indices, 3, INT64_MAX / 2,
                                              types[k], room.back));
        for (size_t i = 0; i < 3; i++) {
            uint64_t want =
                (uint64_t)(INT64_MAX / 2) + (uint64_t)(int64_t)indices[i];
            assert_memory_equal((uint8_t *)room.back + i * width, &want, width);
        }
    }
}

static void a_bool_is_0_or_1(void **state)
{
    struct room room;
    struct clv_extent extent;
    cleave_tensor t = tensor_of(&room, CLEAVE_TYPE_BOOL, 3);
    const int16_t indices[] = {0, 1, 2};

    (void)state;
    memcpy(room.words, "\0\1\0", 3);
    assert_true(goes_round(&room, &t, clv_integers_base(&t), &extent));
    memcpy(room.words, "\0\2\0", 3); /* then it goes raw */
    assert_false(goes_round(&room, &t, clv_integers_base(&t), &extent));
    assert_true(
        clv_integers_from_indices(indices, 2, 0, CLEAVE_TYPE_BOOL, room.back));
    assert_false(
        clv_integers_from_indices(indices, 3, 0, CLEAVE_TYPE_BOOL, room.back));
    assert_false(
        clv_integers_from_indices(indices, 1, -1, CLEAVE_TYPE_BOOL, room.back));
    assert_false(clv_integers_from_indices(indices, 1, 256, CLEAVE_TYPE_BOOL,
                                           room.back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_near_each_other_come_back),
        cmocka_unit_test(the_base_is_the_commonest_or_the_least),
        cmocka_unit_test(too_far_apart_is_told),
        cmocka_unit_test(a_base_that_no_varint_has_is_told),
        cmocka_unit_test(integers_wrap_in_their_own_width),
        cmocka_unit_test(a_bool_is_0_or_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
