/*
 * tiny_calibration.h - a calibration file of the tiny chain, for tests.
 */
#ifndef TINY_CALIBRATION_H
#define TINY_CALIBRATION_H

#include "base/file.h"
#include "codec/trainer.h"
#include "scratch_folder.h"

/* As after a Relu: half a bell, more or less, and neighbours alike. */
static inline void tiny_numbers(float *into, size_t count, uint32_t seed)
{
    float last = 0;

    for (size_t i = 0; i < count; i++) {
        int sum = 0;
        for (int k = 0; k < 4; k++) {
            seed = seed * 1664525u + 1013904223u;
            sum += (int)(seed >> 24) - 128;
        }
        last = last / 2 + (float)sum / 128;
        into[i] = last > 0 ? last : 0;
    }
}

/* Writes one of the tensors a and b, 1 x `size`, of the model. */
static inline void tiny_calibrate(const char *path, const char *sha256,
                                  size_t size, uint32_t seed)
{
    enum { SAMPLES = 4 };
    float *numbers = malloc(SAMPLES * size * sizeof *numbers);
    cleave_tensor samples[SAMPLES];
    struct clv_trainer *trainer = NULL;
    struct clv_buffer file;

    assert_non_null(numbers);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        tiny_numbers(numbers + i * size, size, seed + i);
        samples[i] = (cleave_tensor){
            .info = {"a", CLEAVE_TYPE_F32, 2, {1, (int64_t)size}},
            .data = numbers + i * size,
            .bytes = size * sizeof *numbers};
    }
    clv_buffer_init(&file, (size_t)1 << 24);
    assert_int_equal(clv_trainer_new(sha256, &trainer, NULL), CLEAVE_OK);
    assert_int_equal(clv_trainer_learn(trainer, "a", samples, SAMPLES, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_trainer_learn(trainer, "b", samples, SAMPLES, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_trainer_write(trainer, &file, NULL), CLEAVE_OK);
    scratch_write(path, file.data, file.size);
    clv_trainer_free(trainer);
    clv_buffer_fini(&file);
    free(numbers);
}

#endif
