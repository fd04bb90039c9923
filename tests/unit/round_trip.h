/*
 * round_trip.h - packs and unpacks a tensor on every path, and sees that all
 * write the same bytes and read the same tensor.
 */
#ifndef ROUND_TRIP_H
#define ROUND_TRIP_H

#include "codec/codec.h"
#include "odd_tensors.h"
#include "tensor/element.h"

/* The most elements. */
#define MOST 20000

struct bench_top {
    struct clv_codec *codec; /* without calibration */
    struct clv_buffer first;
    struct clv_buffer message;
    uint64_t room[MOST];
    uint64_t back[MOST + 1];
    float wide[MOST];
};

static inline int make_top(void **state)
{
    struct bench_top *top = calloc(1, sizeof *top);

    assert_non_null(top);
    assert_int_equal(clv_codec_new(NULL, &top->codec), CLEAVE_OK);
    clv_buffer_init(&top->first, 1 << 24);
    clv_buffer_init(&top->message, 1 << 24);
    *state = top;
    return 0;
}

static inline int clear_top(void **state)
{
    struct bench_top *top = *state;

    clv_codec_free(top->codec);
    clv_codec_free(NULL);
    clv_buffer_fini(&top->first);
    clv_buffer_fini(&top->message);
    free(top);
    return 0;
}

static inline cleave_tensor tensor_of(struct bench_top *top,
                                      cleave_tensor_info info)
{
    return (cleave_tensor){info, top->room,
                           odd_count(&info) * cleave_type_bytes(info.type)};
}

/* Unpacks into `back`, which must hold more than the tensor. */
static inline cleave_status unpack(struct bench_top *top,
                                   struct clv_codec *codec,
                                   const struct clv_frame *frame)
{
    uint8_t *end = (uint8_t *)top->back + frame->bytes;
    cleave_status status;

    *end = 0xa5;
    status =
        clv_codec_unpack(codec, frame, top->back, (size_t)frame->bytes, NULL);
    assert_int_equal(*end, 0xa5);
    return status;
}

/*
 * Packs on every path, to the same bytes, and unpacks on every path, from an
 * odd address: then `back` is the tensor, and the frame borrows `first`.
 */
static inline void goes_round(struct bench_top *top, struct clv_codec *codec,
                              const struct clv_calibration *calibration,
                              const struct clv_packing *packing,
                              const cleave_tensor *t, struct clv_frame *frame)
{
    SEEDED_EACH_PATH(path)
    {
        cleave_status status;
        clv_codec_take(codec, (enum clv_path)path);
        clv_buffer_reset(&top->message);
        clv_buffer_append(&top->message, "", 1);
        status = clv_codec_pack(codec, packing, t, 1, &top->message, NULL);
        assert_int_equal(status, CLEAVE_OK);
        if (path == CLV_PATH_PORTABLE) {
            clv_buffer_reset(&top->first);
            clv_buffer_append(&top->first, top->message.data,
                              top->message.size);
        }
        assert_int_equal(top->message.size, top->first.size);
        assert_memory_equal(top->message.data, top->first.data,
                            top->first.size);
    }
    assert_int_equal(
        clv_frame_read((clv_bytes){top->first.data + 1, top->first.size - 1},
                       calibration, frame, NULL),
        CLEAVE_OK);
    assert_true(clv_tensor_same_form(&frame->info, &t->info));
    assert_int_equal(frame->bytes, t->bytes);
    SEEDED_EACH_PATH(path)
    {
        uint64_t sum = 0;
        clv_codec_take(codec, (enum clv_path)path);
        memset(top->back, 0xee, t->bytes);
        assert_int_equal(unpack(top, codec, frame), CLEAVE_OK);
        for (size_t i = 0; i < t->bytes; i++) {
            sum = 31 * sum + ((uint8_t *)top->back)[i];
        }
        if (path == CLV_PATH_PORTABLE) {
            top->back[MOST] = sum;
        }
        assert_int_equal(sum, top->back[MOST]);
    }
}

static inline void assert_exact(const struct bench_top *top,
                                const cleave_tensor *t)
{
    if (t->bytes > 0) {
        assert_memory_equal(top->back, t->data, t->bytes);
    }
}

/* Within half a step, but for what rounding to f32 adds. */
static inline void assert_within(const float *got, const float *want,
                                 size_t count, double step)
{
    for (size_t i = 0; i < count; i++) {
        double x = (double)want[i];
        double off = fabs((double)got[i] - x);
        if (!(off <= 0.5 * step + 3e-7 * fabs(x))) {
            fail_msg("element %zu: %.9g became %.9g at step %.9g", i, x,
                     (double)got[i], step);
        }
    }
}

#endif
