/*
 * test_frame.c - headers come back as they were written, are the bytes of
 * docs/format.md, and everything that breaks it is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "codec/calibration.h"
#include "codec/frame.h"
#include "hand_calibration.h"
#include "odd_books.h"
#include "odd_tensors.h"

static const cleave_type integer_types[] = {
    CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,  CLEAVE_TYPE_BOOL,
    CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
    CLEAVE_TYPE_I32, CLEAVE_TYPE_U64, CLEAVE_TYPE_I64};

/* A calibration of two tensors, a of 4 x 5 and b of 20, a book each. */
static struct clv_calibration *two_tensors(void)
{
    struct seeded s = {88172645463325252u};
    cleave_tensor_info info = {"a", CLEAVE_TYPE_F32, 2, {4, 5}};
    struct clv_calibration *c = NULL;
    struct clv_buffer b;

    clv_buffer_init(&b, 1 << 20);
    hand_begin(&b, 2);
    for (int i = 0; i < 2; i++) {
        struct clv_book *book = odd_book(&s, i, 1);
        hand_tensor(&b, &info, -1, 1, 0, 1, 0, 1);
        (void)hand_book(&b, 1, book);
        clv_book_free(book);
        info = (cleave_tensor_info){"b", CLEAVE_TYPE_F32, 1, {20}};
    }
    hand_end(&b);
    assert_int_equal(clv_calibration_new(clv_buffer_bytes(&b), "two", &c, NULL),
                     CLEAVE_OK);
    clv_buffer_fini(&b);
    return c;
}

/* Any frame that an encoder might write; its payload is `room`. */
static struct clv_frame any_frame(struct seeded *s,
                                  const struct clv_calibration *c,
                                  uint8_t room[256])
{
    struct clv_frame f = {.coder = (enum clv_coder)seeded_below(s, 4)};
    int is_float = (int)seeded_below(s, 2);
    uint32_t bits = seeded_next(s) & 0x7f7fffffu;
    uint64_t bytes;

    odd_shape(s, f.coder == CLV_CODER_RAW ? 30 : 5000, 1, &f.info);
    f.info.type = is_float ? CLEAVE_TYPE_F32 + 9 * seeded_below(s, 2)
                           : integer_types[seeded_below(s, 9)];
    f.is_signed = (int)seeded_below(s, 2);
    if (f.coder == CLV_CODER_RAW) {
        f.quantiser = f.info.type == CLEAVE_TYPE_F32 && seeded_below(s, 2)
                          ? CLV_QUANTISER_HALF
                          : CLV_QUANTISER_NONE;
    } else if (!is_float) {
        f.base = (int64_t)((uint64_t)seeded_next(s) << 32 | seeded_next(s)) >>
                 (1 + seeded_below(s, 62));
    } else if (seeded_below(s, 2) == 0) {
        bits = seeded_below(s, 2) ? bits & 0xffff0000u : bits;
        bits = bits == 0 ? 0x3f800000u : bits;
        memcpy(&f.step, &bits, sizeof f.step);
        f.quantiser = CLV_QUANTISER_STEP;
    } else {
        f.quantiser = CLV_QUANTISER_RANGE;
        f.lo = (float)odd_unit(s);
        f.hi = f.lo + (float)seeded_unit(s);
        f.bits = 2 + seeded_below(s, 7);
    }
    if (f.coder == CLV_CODER_DENSE && c != NULL && seeded_below(s, 2) == 0) {
        size_t count;
        f.tensor = &clv_calibration_tensors(c, &count)[seeded_below(s, 2)];
        f.book = f.tensor->books[0].book;
        f.hash = f.tensor->books[0].hash;
        f.names_book = 1;
        if (seeded_below(s, 2) == 0) {
            f.info.rank = f.tensor->rank;
            memcpy(f.info.shape, f.tensor->shape, sizeof f.info.shape);
        }
    }
    assert_int_equal(cleave_tensor_count(&f.info, &f.elements, &bytes),
                     CLEAVE_OK);
    f.bytes = bytes;
    f.payload.data = room;
    f.payload.size = f.elements == 0           ? 0
                     : f.coder > CLV_CODER_RAW ? seeded_below(s, 256)
                     : f.quantiser == CLV_QUANTISER_HALF
                         ? (size_t)f.elements * 2
                         : (size_t)f.bytes;
    return f;
}

static void assert_same_frame(const struct clv_frame *a,
                              const struct clv_frame *b)
{
    assert_int_equal(a->coder, b->coder);
    assert_int_equal(a->quantiser, b->quantiser);
    assert_int_equal(a->info.type, b->info.type);
    assert_int_equal(a->info.rank, b->info.rank);
    for (uint32_t i = 0; i < a->info.rank; i++) {
        assert_int_equal(a->info.shape[i], b->info.shape[i]);
    }
    assert_int_equal(a->elements, b->elements);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->is_signed, b->is_signed);
    assert_true(a->step == b->step && a->lo == b->lo && a->hi == b->hi);
    assert_int_equal(a->bits, b->bits);
    assert_int_equal(a->base, b->base);
    assert_int_equal(a->names_book, b->names_book);
    assert_int_equal(a->hash, b->hash);
    assert_ptr_equal(a->book, b->book);
    assert_ptr_equal(a->tensor, b->tensor);
    assert_int_equal(a->payload.size, b->payload.size);
    if (a->payload.size > 0) {
        assert_memory_equal(a->payload.data, b->payload.data, a->payload.size);
    }
}

static void messages_of_any_frames_come_back(void **state)
{
    struct seeded s = seeded_init("messages", 1);
    struct clv_calibration *c = two_tensors();
    struct clv_buffer message;
    uint8_t room[256];

    (void)state;
    for (size_t i = 0; i < sizeof room; i++) {
        room[i] = (uint8_t)seeded_next(&s);
    }
    clv_buffer_init(&message, 1 << 20);
    for (int round = 0; round < 3000; round++) {
        struct clv_frame frames[5];
        size_t count = 1 + seeded_below(&s, 5);
        clv_bytes rest;
        clv_buffer_reset(&message);
        for (size_t i = 0; i < count; i++) {
            frames[i] = any_frame(&s, round % 2 ? c : NULL, room);
            assert_int_equal(
                clv_frame_write(&frames[i], i + 1 == count, &message),
                CLEAVE_OK);
        }
        rest = clv_buffer_bytes(&message);
        for (size_t i = 0; i < count; i++) {
            struct clv_frame got;
            char text[200];
            assert_int_equal(clv_frame_read(rest, c, &got, NULL), CLEAVE_OK);
            assert_same_frame(&got, &frames[i]);
            assert_true(got.size <=
                        got.payload.size + (size_t)CLV_FRAME_OVERHEAD);
            assert_ptr_equal(clv_frame_describe(&got, text, sizeof text), text);
            assert_non_null(strstr(text, clv_coder_name(got.coder)));
            assert_non_null(strstr(text, cleave_type_name(got.info.type)));
            assert_ptr_equal(clv_frame_describe(&got, text, 5), text);
            assert_int_equal(strlen(text), 4);
            rest.data += got.size;
            rest.size -= got.size;
        }
        assert_int_equal(rest.size, 0);
    }
    clv_calibration_free(c);
    clv_buffer_fini(&message);
}

/* Written by hand from the format's text; the checksum is added. */
static void assert_bytes(const struct clv_frame *frame, int last,
                         const uint8_t *bytes, size_t size)
{
    struct clv_buffer message;
    struct clv_buffer want;

    clv_buffer_init(&message, 1000);
    clv_buffer_init(&want, 1000);
    clv_buffer_append(&want, bytes, size);
    hand_end(&want);
    assert_int_equal(clv_frame_write(frame, last, &message), CLEAVE_OK);
    assert_int_equal(message.size, want.size);
    assert_memory_equal(message.data, want.data, want.size);
    clv_buffer_fini(&message);
    clv_buffer_fini(&want);
}

static void frames_are_the_bytes_of_the_format(void **state)
{
    const uint8_t raw[] = {0xc1, 0x10, 0x00, 0x02, 0x01, 0x02, 0x07, 0x08};
    const uint8_t more[] = {0xc1, 0x90, 0x00, 0x09, 0x02,
                            0x01, 0x02, 0x07, 0x08};
    const uint8_t step[] = {0xc1, 0x03, 0x21, 0x01, 0x81,
                            0x01, 0x00, 0x3f, 0x07, 0x08};
    const uint8_t long_step[] = {0xc1, 0x0a, 0x05, 0x00, 0xcd,
                                 0xcc, 0xcc, 0x3d, 0x07, 0x08};
    const uint8_t range[] = {0xc1, 0x01, 0x02, 0x00, 0x00, 0x00, 0x80, 0xbf,
                             0x00, 0x00, 0x80, 0x3f, 0x04, 0x07, 0x08};
    const uint8_t whole[] = {0xc1, 0x53, 0x00, 0x00, 0x05, 0x07, 0x08};
    const uint8_t payload[] = {7, 8};
    struct clv_frame f = {.info = {NULL, CLEAVE_TYPE_U8, 2, {1, 2}},
                          .payload = {payload, 2}};

    (void)state;
    assert_bytes(&f, 1, raw, sizeof raw);
    assert_bytes(&f, 0, more, sizeof more);
    f.coder = CLV_CODER_DENSE;
    f.quantiser = CLV_QUANTISER_STEP;
    f.is_signed = 1;
    f.step = 0.5f;
    f.info = (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {129}};
    assert_bytes(&f, 1, step, sizeof step);
    f.coder = CLV_CODER_FAST;
    f.is_signed = 0;
    f.step = 0.1f;
    f.info = (cleave_tensor_info){NULL, CLEAVE_TYPE_F16, 0, {0}};
    assert_bytes(&f, 1, long_step, sizeof long_step);
    f.coder = CLV_CODER_LZ;
    f.quantiser = CLV_QUANTISER_RANGE;
    f.info.type = CLEAVE_TYPE_F32;
    f.lo = -1;
    f.hi = 1;
    f.bits = 4;
    assert_bytes(&f, 1, range, sizeof range);
    f.coder = CLV_CODER_DENSE;
    f.quantiser = CLV_QUANTISER_NONE;
    f.base = -3;
    f.info.type = CLEAVE_TYPE_I64;
    assert_bytes(&f, 1, whole, sizeof whole);
}

static cleave_status status_of(const void *bytes, size_t size)
{
    uint8_t *exact = malloc(size + 1);
    struct clv_frame frame = {.bits = 77};
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status;

    assert_non_null(exact);
    memcpy(exact + 1, bytes, size);
    status = clv_frame_read((clv_bytes){exact + 1, size}, NULL, &frame, &err);
    if (status != CLEAVE_OK) {
        assert_int_equal(frame.bits, 77);
        assert_int_equal(err.code, status);
        assert_true(err.text[0] != '\0');
    }
    free(exact);
    return status;
}

/* The same with the right checksum behind. */
static cleave_status status_with_sum(const void *bytes, size_t size)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, 1 << 16);
    clv_buffer_append(&b, bytes, size);
    hand_end(&b);
    status = status_of(b.data, b.size);
    clv_buffer_fini(&b);
    return status;
}

#define STATUS_WITH_SUM(...)                        \
    status_with_sum((const uint8_t[]){__VA_ARGS__}, \
                    sizeof((const uint8_t[]){__VA_ARGS__}))
#define assert_corrupt(...) \
    assert_int_equal(STATUS_WITH_SUM(__VA_ARGS__), CLEAVE_CORRUPT)
#define assert_fine(...) \
    assert_int_equal(STATUS_WITH_SUM(__VA_ARGS__), CLEAVE_OK)

static void what_is_no_frame_is_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of("", 0), CLEAVE_CORRUPT);
    assert_corrupt(0xc0, 0x10, 0x00, 0x00, 1);
    assert_corrupt(0xd1, 0x10, 0x00, 0x00, 1);
    assert_corrupt('P', 'K', 3, 4, 1);
    assert_fine(0xc1, 0x10, 0x00, 0x00, 1);
    for (uint8_t first = 0xc2; first <= 0xcf; first++) {
        assert_int_equal(STATUS_WITH_SUM(first, 0x10, 0x00, 0x00, 1),
                         CLEAVE_UNSUPPORTED);
    }
    assert_int_equal(status_of("\xc2", 1), CLEAVE_UNSUPPORTED);
}

static void each_header_rule_is_kept(void **state)
{
    (void)state;
    for (uint8_t coder = 4; coder < 8; coder++) {
        assert_corrupt(0xc1, 0x10 | coder, 0x00, 0x00, 1);
    }
    for (uint8_t type = 12; type < 16; type++) {
        assert_corrupt(0xc1, (uint8_t)(type << 3), 0x00, 0x01, 0x00);
    }
    assert_corrupt(0xc1, 0x10, 0x40, 0x00, 1); /* unknown flags */
    assert_corrupt(0xc1, 0x10, 0x80, 0x00, 1);
    assert_corrupt(0xc1, 0x11, 0x08, 1, 2, 3, 4, 0x00, 0, 1); /* lz names */
    assert_corrupt(0xc1, 0x13, 0x10, 0x00, 0, 1); /* shape of no book */
    assert_corrupt(0xc1, 0x10, 0x00, 0x09, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    assert_corrupt(0xc1, 0x10, 0x00, 0x81, 0x00, 1, 1);    /* a long varint */
    assert_corrupt(0xc1, 0x10, 0x00, 0x01);                /* no dimension */
    assert_corrupt(0xc1, 0x10, 0x00, 0x00);                /* no payload */
    assert_corrupt(0xc1, 0x10, 0x00, 0x00, 1, 1);          /* too much of it */
    assert_corrupt(0xc1, 0x13, 0x00, 0x01, 0x00, 0x00, 1); /* none, but some */
}

static void each_quantiser_rule_is_kept(void **state)
{
    (void)state;
    assert_fine(0xc1, 0x03, 0x01, 0x00, 0x80, 0x3f, 1);
    assert_corrupt(0xc1, 0x03, 0x01, 0x00, 0x00, 0x00, 1); /* 0 */
    assert_corrupt(0xc1, 0x03, 0x01, 0x00, 0x80, 0xbf, 1); /* -1 */
    assert_corrupt(0xc1, 0x03, 0x01, 0x00, 0x80, 0x7f, 1); /* infinity */
    assert_corrupt(0xc1, 0x03, 0x01, 0x00, 0xc0, 0x7f, 1); /* NaN */
    assert_corrupt(0xc1, 0x03, 0x05, 0x00, 1, 0, 0x80, 0x7f, 1);
    assert_corrupt(0xc1, 0x03, 0x01, 0x00, 0x80);          /* half a step */
    assert_corrupt(0xc1, 0x13, 0x01, 0x00, 0x80, 0x3f, 1); /* of integers */
    assert_corrupt(0xc1, 0x5b, 0x01, 0x00, 0x80, 0x3f, 1); /* of f64 */
    assert_corrupt(0xc1, 0x00, 0x01, 0x00, 1, 2, 3, 4);    /* raw */
    assert_corrupt(0xc1, 0x00, 0x02, 0x00, 1, 2, 3, 4);
    assert_corrupt(0xc1, 0x03, 0x00, 0x00, 0, 1); /* f32 without one */
    assert_corrupt(0xc1, 0x0b, 0x00, 0x00, 0, 1); /* f16 likewise */
    assert_fine(0xc1, 0x00, 0x03, 0x00, 1, 2);    /* half */
    assert_corrupt(0xc1, 0x03, 0x03, 0x00, 1, 2); /* not raw */
    assert_corrupt(0xc1, 0x08, 0x03, 0x00, 1, 2); /* f16 as f16 */
    assert_corrupt(0xc1, 0x00, 0x03, 0x00, 1, 2, 3, 4);
    assert_fine(0xc1, 0x58, 0x00, 0x00, 1, 2, 3, 4, 5, 6, 7, 8);
    for (uint8_t coder = 1; coder < 4; coder++) { /* f64 is only raw */
        assert_corrupt(0xc1, 0x58 | coder, 0x00, 0x00, 0, 1);
    }
}

static cleave_status status_of_range(float lo, float hi, unsigned bits)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, 100);
    clv_buffer_append(&b, "\xc1\x03\x02", 4);
    clv_put_f32(&b, lo);
    clv_put_f32(&b, hi);
    clv_put_u8(&b, (uint8_t)bits);
    status = status_with_sum(b.data, b.size);
    clv_buffer_fini(&b);
    return status;
}

static void ranges_make_sense(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 256; bits++) {
        assert_int_equal(status_of_range(-1, 1, bits),
                         bits >= 2 && bits <= 8 ? CLEAVE_OK : CLEAVE_CORRUPT);
    }
    assert_int_equal(status_of_range(1, 1, 4), CLEAVE_OK);
    assert_int_equal(status_of_range(-FLT_MAX, FLT_MAX, 4), CLEAVE_OK);
    assert_int_equal(status_of_range(1, -1, 4), CLEAVE_CORRUPT);
    assert_int_equal(status_of_range(NAN, 1, 4), CLEAVE_CORRUPT);
    assert_int_equal(status_of_range(1, NAN, 4), CLEAVE_CORRUPT);
    assert_int_equal(status_of_range(-INFINITY, 1, 4), CLEAVE_CORRUPT);
    assert_int_equal(status_of_range(1, INFINITY, 4), CLEAVE_CORRUPT);
}

static cleave_status status_of_shape(uint32_t rank, const uint64_t *shape)
{
    struct clv_buffer b;
    cleave_status status;

    clv_buffer_init(&b, 200);
    clv_buffer_append(&b, "\xc1\x13", 3);
    clv_put_varint(&b, rank);
    for (uint32_t i = 0; i < rank; i++) {
        clv_put_varint(&b, shape[i]);
    }
    clv_put_varint(&b, 0); /* base */
    status = status_with_sum(b.data, b.size);
    clv_buffer_fini(&b);
    return status;
}

static void too_many_elements_are_refused(void **state)
{
    const uint64_t most[] = {INT32_MAX};
    const uint64_t over[] = {(uint64_t)INT32_MAX + 1};
    const uint64_t square[] = {46341, 46341}; /* just above 2^31 - 1 */
    const uint64_t wraps[] = {65536, 65536, 65536, 65536};
    const uint64_t huge[] = {INT64_MAX, INT64_MAX};
    const uint64_t none[] = {INT32_MAX, 0};

    (void)state;
    assert_int_equal(status_of_shape(1, most), CLEAVE_OK);
    assert_int_equal(status_of_shape(1, over), CLEAVE_CORRUPT);
    assert_int_equal(status_of_shape(2, square), CLEAVE_CORRUPT);
    assert_int_equal(status_of_shape(4, wraps), CLEAVE_CORRUPT);
    assert_int_equal(status_of_shape(2, huge), CLEAVE_CORRUPT);
    assert_int_equal(status_of_shape(2, none), CLEAVE_OK);
}

static void part_of_a_frame_or_a_changed_one_is_refused(void **state)
{
    struct seeded s = seeded_init("changes", 2);
    struct clv_buffer message;
    uint8_t room[256];

    (void)state;
    memset(room, 0x5a, sizeof room);
    clv_buffer_init(&message, 1 << 16);
    for (int round = 0; round < 100; round++) {
        struct clv_frame frame = any_frame(&s, NULL, room);
        clv_buffer_reset(&message);
        clv_frame_write(&frame, round % 2, &message);
        assert_int_equal(status_of(message.data, message.size), CLEAVE_OK);
        for (size_t size = 0; size < message.size; size++) {
            assert_int_equal(status_of(message.data, size), CLEAVE_CORRUPT);
        }
        for (size_t bit = 0; bit < 8 * message.size; bit++) {
            message.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(status_of(message.data, message.size),
                                 CLEAVE_OK);
            message.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    clv_buffer_fini(&message);
}

static void a_length_beyond_the_message_is_refused(void **state)
{
    struct clv_buffer b;

    (void)state;
    for (uint64_t length = 0; length < 40; length++) {
        clv_buffer_init(&b, 200);
        clv_buffer_append(&b, "\xc1\x90", 3);
        clv_put_varint(&b, length == 39 ? INT64_MAX : length);
        clv_buffer_append(&b, "\0\7", 2);
        hand_end(&b);
        assert_int_equal(status_of(b.data, b.size),
                         length == 6 ? CLEAVE_OK : CLEAVE_CORRUPT);
        clv_buffer_fini(&b);
    }
}

static void a_book_that_is_not_there_is_named(void **state)
{
    struct clv_calibration *c = two_tensors();
    struct clv_frame frame = {
        .coder = CLV_CODER_DENSE,
        .info = {NULL, CLEAVE_TYPE_U8, 1, {7}},
        .names_book = 1,
        .hash = 0xfeedbeef,
    };
    struct clv_frame got;
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 100);
    clv_frame_write(&frame, 1, &b);
    for (int i = 0; i < 2; i++) {
        cleave_error err = CLEAVE_ERROR_INIT;
        assert_int_equal(
            clv_frame_read(clv_buffer_bytes(&b), i ? c : NULL, &got, &err),
            CLEAVE_MISMATCH);
        assert_non_null(strstr(err.text, "feedbeef"));
    }
    assert_corrupt(0xc1, 0x13, 0x08, 1, 2, 3); /* part of a hash */
    clv_calibration_free(c);
    clv_buffer_fini(&b);
}

static void room_that_is_too_small_is_said(void **state)
{
    const uint8_t payload[50] = {1};
    struct clv_frame frame = {.info = {NULL, CLEAVE_TYPE_U8, 1, {50}},
                              .payload = {payload, 50}};
    struct clv_buffer b;

    (void)state;
    for (size_t room = 0; room < 59; room++) {
        clv_buffer_init(&b, room);
        assert_int_equal(clv_frame_write(&frame, 1, &b), CLEAVE_LIMIT);
        clv_buffer_fini(&b);
    }
    clv_buffer_init(&b, 59);
    assert_int_equal(clv_frame_write(&frame, 1, &b), CLEAVE_OK);
    clv_buffer_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_any_frames_come_back),
        cmocka_unit_test(frames_are_the_bytes_of_the_format),
        cmocka_unit_test(what_is_no_frame_is_refused),
        cmocka_unit_test(each_header_rule_is_kept),
        cmocka_unit_test(each_quantiser_rule_is_kept),
        cmocka_unit_test(ranges_make_sense),
        cmocka_unit_test(too_many_elements_are_refused),
        cmocka_unit_test(part_of_a_frame_or_a_changed_one_is_refused),
        cmocka_unit_test(a_length_beyond_the_message_is_refused),
        cmocka_unit_test(a_book_that_is_not_there_is_named),
        cmocka_unit_test(room_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
