/*
 * test_codec.c - tensors come back as exactly as their packing promises:
 * every shape, coder, step, distribution and element type, the same bytes on
 * every path. With calibrations: test_packer.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "round_trip.h"

/* A coder that quantises. */
static enum clv_coder any_coder(struct seeded *s)
{
    return (enum clv_coder)(CLV_CODER_LZ + seeded_below(s, 3));
}

static void floats_come_back_within_half_a_step(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("steps", 1);
    int lossless = 0;
    int lossy = 0;

    for (int round = 0; round < 700; round++) {
        cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 0, {0}};
        double scale = ldexp(1, (int)seeded_below(&s, 80) - 40);
        struct clv_packing packing = {.coder = any_coder(&s)};
        struct clv_frame frame;
        cleave_tensor t;
        odd_shape(&s, 1u << (2 + seeded_below(&s, 12)), 1, &info);
        t = tensor_of(top, info);
        odd_floats(&s, (enum odd_kind)(round % ODD_KINDS), scale,
                   (float *)top->room, odd_count(&info));
        packing.step = ldexp(scale * (0.5 + seeded_unit(&s)),
                             (int)seeded_below(&s, 30) - 20);
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        if (frame.coder == CLV_CODER_RAW) {
            assert_exact(top, &t);
            lossless++;
        } else {
            assert_true(frame.step == (float)packing.step);
            assert_within((float *)top->back, (float *)top->room,
                          odd_count(&info), packing.step);
            lossy++;
        }
        assert_true(top->first.size <= t.bytes + CLV_FRAME_OVERHEAD);
    }
    assert_true(lossless > 50 && lossy > 150);
}

/* The quantisation of an f16 tensor, then rounding to f16. */
static void halves_come_back_within_half_a_step(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("halves", 2);

    for (int round = 0; round < 200; round++) {
        cleave_tensor_info info = {NULL, CLEAVE_TYPE_F16, 0, {0}};
        struct clv_packing packing = {.coder = any_coder(&s)};
        struct clv_frame frame;
        static float got[MOST];
        cleave_tensor t;
        size_t count;
        odd_shape(&s, 3000, 1, &info);
        count = odd_count(&info);
        t = tensor_of(top, info);
        odd_floats(&s, (enum odd_kind)(round % ODD_KINDS), 1, top->wide, count);
        clv_f32_to_f16(top->wide, count, (uint16_t *)top->room);
        clv_f16_to_f32((uint16_t *)top->room, count, top->wide);
        packing.step = ldexp(1, -(int)seeded_below(&s, 12));
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        if (frame.coder == CLV_CODER_RAW) {
            assert_exact(top, &t);
            continue;
        }
        clv_f16_to_f32((uint16_t *)top->back, count, got);
        for (size_t i = 0; i < count; i++) {
            double x = (double)top->wide[i];
            assert_true(fabs((double)got[i] - x) <=
                        0.5 * packing.step + 1e-3 * (fabs(x) + packing.step));
        }
    }
}

static void ranges_are_split_evenly(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("ranges", 3);

    for (int round = 0; round < 300; round++) {
        cleave_tensor_info info = {NULL, CLEAVE_TYPE_F32, 0, {0}};
        struct clv_packing packing = {.coder = any_coder(&s),
                                      .bits = 2 + seeded_below(&s, 7)};
        double scale = ldexp(1, (int)seeded_below(&s, 200) - 100);
        struct clv_frame frame;
        cleave_tensor t;
        odd_shape(&s, 3000, 1, &info);
        t = tensor_of(top, info);
        odd_floats(&s, (enum odd_kind)(round % ODD_KINDS), scale,
                   (float *)top->room, odd_count(&info));
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        if (frame.coder == CLV_CODER_RAW) {
            assert_exact(top, &t);
        } else {
            double width = (double)frame.hi - (double)frame.lo;
            assert_int_equal(frame.bits, packing.bits);
            assert_within((float *)top->back, (float *)top->room,
                          odd_count(&info),
                          width / ((1u << frame.bits) - 1) * 1.00001);
        }
    }
}

static void integers_come_back_exactly(void **state)
{
    static const cleave_type types[] = {
        CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,  CLEAVE_TYPE_BOOL,
        CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
        CLEAVE_TYPE_I32, CLEAVE_TYPE_U64, CLEAVE_TYPE_I64};
    struct bench_top *top = *state;
    struct seeded s = seeded_init("integers", 4);
    int smaller = 0;

    for (int round = 0; round < 700; round++) {
        cleave_tensor_info info = {NULL, types[round % 9], 0, {0}};
        size_t width = cleave_type_bytes(info.type);
        struct clv_packing packing = {.coder = any_coder(&s),
                                      .step = seeded_unit(&s)};
        int64_t base =
            (int64_t)((uint64_t)seeded_next(&s) << 32 | seeded_next(&s)) >>
            seeded_below(&s, 64);
        int16_t indices[MOST];
        struct clv_frame frame;
        cleave_tensor t;
        odd_shape(&s, 1u << (2 + seeded_below(&s, 12)), 1, &info);
        t = tensor_of(top, info);
        odd_indices(&s, (enum odd_kind)(round / 9 % ODD_KINDS),
                    (int)seeded_below(&s, 2), indices, odd_count(&info));
        for (size_t i = 0; i < odd_count(&info); i++) {
            uint64_t x = (uint64_t)base + (uint64_t)(int64_t)indices[i];
            x = info.type == CLEAVE_TYPE_BOOL ? x & 1 : x;
            memcpy((uint8_t *)top->room + i * width, &x, width);
        }
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_exact(top, &t);
        smaller += frame.coder != CLV_CODER_RAW;
    }
    assert_true(smaller > 150);
}

static void raw_is_raw_and_half_is_half(void **state)
{
#define X(name, text, oip, onnx, bytes) CLEAVE_TYPE_##name,
    static const cleave_type types[] = {CLEAVE_TYPE_LIST(X)};
#undef X
    struct bench_top *top = *state;
    struct seeded s = seeded_init("raw", 5);

    for (size_t round = 0; round < 240; round++) {
        cleave_tensor_info info = {NULL, types[round % 12], 0, {0}};
        struct clv_packing packing = {.half = round % 24 < 12};
        struct clv_frame frame;
        cleave_tensor t;
        odd_shape(&s, 500, 1, &info);
        t = tensor_of(top, info);
        for (size_t i = 0; i < t.bytes / 4 + 1; i++) {
            ((uint32_t *)top->room)[i] = seeded_next(&s);
        }
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder, CLV_CODER_RAW);
        if (info.type == CLEAVE_TYPE_F32 && packing.half) {
            uint16_t half[500];
            float want[500];
            assert_int_equal(frame.quantiser, CLV_QUANTISER_HALF);
            clv_f32_to_f16((float *)top->room, odd_count(&info), half);
            clv_f16_to_f32(half, odd_count(&info), want);
            assert_memory_equal(top->back, want, t.bytes);
        } else {
            assert_exact(top, &t);
        }
    }
}

/* One strange value among ordinary ones, at any place. */
static void what_has_no_index_goes_raw(void **state)
{
    static const struct {
        float value;
        int is_raw;
    } odd[] = {{NAN, 1},       {-NAN, 1},        {INFINITY, 1},
               {-INFINITY, 1}, {FLT_MAX, 1},     {32768, 1},
               {-32767.6f, 1}, {32767, 0},       {-32767, 0},
               {-0.0f, 0},     {0x1p-149f, 0},   {-0x1p-149f, 0},
               {0x1p-126f, 0}, {0.49999997f, 0}, {-0.5f, 0}};
    struct bench_top *top = *state;
    struct seeded s = seeded_init("strange", 6);
    float *values = (float *)top->room;

    for (int round = 0; round < 400; round++) {
        size_t which = (size_t)round % (sizeof odd / sizeof *odd);
        size_t count = 100 + seeded_below(&s, 2000);
        cleave_tensor t = tensor_of(
            top,
            (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {(int64_t)count}});
        struct clv_packing packing = {.coder = any_coder(&s), .step = 1};
        struct clv_frame frame;
        odd_floats(&s, ODD_LAPLACE, 1, values, count);
        values[seeded_below(&s, (uint32_t)count)] = odd[which].value;
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder == CLV_CODER_RAW, odd[which].is_raw);
        if (odd[which].is_raw) {
            assert_exact(top, &t);
        } else {
            assert_within((float *)top->back, values, count, 1);
        }
        packing.step = 0;
        packing.bits = 4;
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder == CLV_CODER_RAW,
                         !isfinite(odd[which].value));
    }
}

static void steps_that_mean_nothing_leave_the_tensor_raw(void **state)
{
    static const double steps[] = {1e-300, 1e-46, 1e-44, 1e-39, 3e38,
                                   1e39,   1e300, 1e-5,  1e-10};
    struct bench_top *top = *state;
    struct seeded s = seeded_init("steps", 7);
    cleave_tensor t =
        tensor_of(top, (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {900}});

    odd_floats(&s, ODD_LAPLACE, 1, (float *)top->room, 900);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct clv_packing packing = {.coder = CLV_CODER_DENSE,
                                      .step = steps[i]};
        struct clv_frame frame;
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder, CLV_CODER_RAW);
        assert_exact(top, &t);
    }
}

static void steps_in_sd_follow_the_tensor(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("spread", 8);
    float *values = (float *)top->room;

    for (int round = 0; round < 100; round++) {
        size_t count = 500 + seeded_below(&s, 2000);
        cleave_tensor t = tensor_of(
            top,
            (cleave_tensor_info){NULL, CLEAVE_TYPE_F32, 1, {(int64_t)count}});
        struct clv_packing packing = {
            .coder = CLV_CODER_DENSE, .step = 0.5, .step_in_sd = 1};
        double scale = ldexp(1, (int)seeded_below(&s, 60) - 30);
        double sum = 0;
        double squares = 0;
        struct clv_frame frame;
        odd_floats(&s, ODD_UNIFORM, scale, values, count);
        for (size_t i = 0; i < count; i++) {
            sum += (double)values[i];
            squares += (double)values[i] * (double)values[i];
        }
        sum /= (double)count;
        squares = sqrt(squares / (double)count - sum * sum);
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder, CLV_CODER_DENSE);
        assert_true(fabs((double)frame.step - 0.5 * squares) < 0.005 * squares);
        assert_within((float *)top->back, values, count, (double)frame.step);
    }
}

/* No spread to take a step from; all the same is easily said. */
static void a_constant_tensor_is_small_and_near(void **state)
{
    static const float constants[] = {0,     1,     -1,     0.1f,     1e-30f,
                                      1e30f, 1e37f, 255.3f, -7.77e-7f};
    struct bench_top *top = *state;
    float *values = (float *)top->room;

    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        for (size_t count = 500; count < 7000; count = 3 * count + 1) {
            cleave_tensor t =
                tensor_of(top, (cleave_tensor_info){
                                   NULL, CLEAVE_TYPE_F32, 1, {(int64_t)count}});
            struct clv_packing packing = {
                .coder = CLV_CODER_DENSE, .step = 1, .step_in_sd = 1};
            struct clv_frame frame;
            for (size_t k = 0; k < count; k++) {
                values[k] = constants[i];
            }
            goes_round(top, top->codec, NULL, &packing, &t, &frame);
            assert_in_range(top->first.size, 1, 150);
            assert_within((float *)top->back, values, count,
                          0.02 * fabs((double)constants[i]));
            packing = (struct clv_packing){.coder = CLV_CODER_LZ, .bits = 4};
            goes_round(top, top->codec, NULL, &packing, &t, &frame);
            assert_exact(top, &t);
        }
    }
}

static void f64_and_wide_integers_go_raw(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("wide", 9);
    static const cleave_type types[] = {CLEAVE_TYPE_F64, CLEAVE_TYPE_I32,
                                        CLEAVE_TYPE_U64, CLEAVE_TYPE_I64};

    for (size_t i = 0; i < 4; i++) {
        cleave_tensor t =
            tensor_of(top, (cleave_tensor_info){NULL, types[i], 1, {50}});
        struct clv_packing packing = {.coder = CLV_CODER_DENSE};
        struct clv_frame frame;
        for (size_t k = 0; k < 50; k++) {
            top->room[k] = (uint64_t)seeded_next(&s) << 32 | seeded_next(&s);
        }
        goes_round(top, top->codec, NULL, &packing, &t, &frame);
        assert_int_equal(frame.coder, CLV_CODER_RAW);
        assert_exact(top, &t);
    }
}

static void messages_hold_several_tensors(void **state)
{
    struct bench_top *top = *state;
    struct seeded s = seeded_init("messages", 13);
    struct clv_packing packings[] = {{.coder = CLV_CODER_DENSE, .step = 0.5},
                                     {.coder = CLV_CODER_LZ, .bits = 3},
                                     {.half = 1},
                                     {.coder = CLV_CODER_RAW}};
    clv_bytes rest;
    size_t sizes[4];

    clv_buffer_reset(&top->message);
    for (size_t i = 0; i < 4; i++) {
        cleave_tensor t = tensor_of(
            top, (cleave_tensor_info){
                     NULL, CLEAVE_TYPE_F32, 1, {(int64_t)(100 * i + 1)}});
        odd_floats(&s, ODD_LAPLACE, 1, (float *)top->room, 100 * i + 1);
        assert_int_equal(clv_codec_pack(top->codec, &packings[i], &t, i == 3,
                                        &top->message, NULL),
                         CLEAVE_OK);
        sizes[i] = t.bytes;
    }
    rest = clv_buffer_bytes(&top->message);
    for (size_t i = 0; i < 4; i++) {
        struct clv_frame frame;
        assert_int_equal(clv_frame_read(rest, NULL, &frame, NULL), CLEAVE_OK);
        assert_int_equal(frame.bytes, sizes[i]);
        assert_int_equal(unpack(top, top->codec, &frame), CLEAVE_OK);
        rest.data += frame.size;
        rest.size -= frame.size;
    }
    assert_int_equal(rest.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_come_back_within_half_a_step),
        cmocka_unit_test(halves_come_back_within_half_a_step),
        cmocka_unit_test(ranges_are_split_evenly),
        cmocka_unit_test(integers_come_back_exactly),
        cmocka_unit_test(raw_is_raw_and_half_is_half),
        cmocka_unit_test(what_has_no_index_goes_raw),
        cmocka_unit_test(steps_that_mean_nothing_leave_the_tensor_raw),
        cmocka_unit_test(steps_in_sd_follow_the_tensor),
        cmocka_unit_test(a_constant_tensor_is_small_and_near),
        cmocka_unit_test(f64_and_wide_integers_go_raw),
        cmocka_unit_test(messages_hold_several_tensors),
    };
    return cmocka_run_group_tests(tests, make_top, clear_top);
}
