/*
 * scratch_array.h - writing small .npy files for tests.
 */
#ifndef SCRATCH_ARRAY_H
#define SCRATCH_ARRAY_H

#include "media/npy.h"
#include "scratch_media.h"

/* An f32 array whose elements count up from `start`. */
static inline const char *scratch_array(const char *folder, const char *name,
                                        uint32_t rank, const int64_t *shape,
                                        float start)
{
    float data[1024];
    cleave_tensor t = {{name, CLEAVE_TYPE_F32, rank, {0}}, data, 0};
    struct clv_buffer b;
    const char *path;
    uint64_t elements;
    uint64_t bytes;

    memcpy(t.info.shape, shape, rank * sizeof *shape);
    assert_int_equal(CLEAVE_OK,
                     cleave_tensor_count(&t.info, &elements, &bytes));
    assert_true(bytes <= sizeof data);
    for (uint64_t i = 0; i < elements; i++) {
        data[i] = start + (float)i;
    }
    t.bytes = (size_t)bytes;
    clv_buffer_init(&b, 8192);
    assert_int_equal(CLEAVE_OK, clv_npy_write(&t, &b, NULL));
    path = scratch_write(folder, name, b.data, b.size);
    clv_buffer_fini(&b);
    return path;
}

#define SHAPE(...)                                                  \
    sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]) \
    {                                                               \
        __VA_ARGS__                                                 \
    }

#endif
