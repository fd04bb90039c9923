/*
 * trainer.h - makes calibration files from samples of tensors.
 *
 *     clv_trainer_new(sha256, &trainer)
 *     for each cut, for each tensor of it:
 *         clv_trainer_learn(trainer, name, samples, count, err)
 *     clv_trainer_write(trainer, &buffer)
 *
 * Learning looks at the samples several times, so they are all in memory; 30
 * to 60 inputs are enough. For each step of a ladder (in standard
 * deviations) it fits how the neighbours predict a magnitude, groups the
 * predictions into contexts so that the code becomes shortest, and takes each
 * context's table. Integer tensors get one book, without loss.
 *
 * Belongs to one thread.
 */
#ifndef CLV_TRAINER_H
#define CLV_TRAINER_H

#include <stddef.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"

struct clv_trainer;

/* `model_sha256`: 64 hexadecimal digits. */
cleave_status clv_trainer_new(const char *model_sha256,
                              struct clv_trainer **ret_trainer,
                              cleave_error *err);

/* Takes NULL. */
void clv_trainer_free(struct clv_trainer *trainer);

/*
 * Learns a tensor from samples of it: same type and shape, at least one. A
 * tensor learnt already is left alone. A sample with NaN or infinity is
 * passed over. CLEAVE_MISMATCH for samples of unlike shapes,
 * CLEAVE_UNSUPPORTED for f64, CLEAVE_INVALID if nothing is left, CLEAVE_LIMIT
 * for more tensors than a file holds.
 */
cleave_status clv_trainer_learn(struct clv_trainer *trainer, const char *name,
                                const cleave_tensor *samples, size_t count,
                                cleave_error *err);

/* Appends the calibration file. */
cleave_status clv_trainer_write(const struct clv_trainer *trainer,
                                struct clv_buffer *into, cleave_error *err);

#endif
