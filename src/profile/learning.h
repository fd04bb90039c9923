/*
 * learning.h - a calibration from inputs: heads run, tensors collected.
 *
 *     clv_learning_new(&options, &learning, err)
 *     clv_learning_cut(learning, "conv4_relu", err)   and other cuts
 *     clv_learning_write(learning, &buffer, err)
 *
 * The codec's trainer wants all samples of a tensor in memory at once; so
 * of a big tensor fewer inputs are taken, spread as evenly, that the samples
 * of one cut stay within a bound. A tensor that belongs to two cuts is learnt
 * once.
 *
 * Belongs to one thread.
 */
#ifndef CLV_LEARNING_H
#define CLV_LEARNING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "media/source.h"
#include "network/network.h"

/* Bytes of one cut's samples unless somebody says otherwise. */
#define CLV_LEARNING_MEMORY ((uint64_t)256 << 20)

struct clv_learning;

/*
 * What happened to one tensor. `problem` is NULL if it was learnt; else it
 * was left out, and this says why. Valid during the call only.
 */
struct clv_lesson {
    const cleave_tensor_info *tensor;
    size_t samples; /* looked at */
    size_t wanted;
    const char *problem;
};

/* Both may be NULL. Progress is told after each input of a cut. */
typedef void clv_learning_progress(void *self, size_t done, size_t count);
typedef void clv_learning_told(void *self, const struct clv_lesson *lesson);

/* All is borrowed and must outlive the learning. */
struct clv_learning_options {
    struct clv_network *network;
    const struct clv_source *source;
    const uint64_t *samples; /* of the source */
    size_t sample_count;     /* at least 1 */
    uint64_t memory_bytes;   /* 0: the default */
    clv_learning_progress *progress;
    clv_learning_told *told;
    void *self; /* for both */
};

cleave_status clv_learning_new(const struct clv_learning_options *options,
                               struct clv_learning **ret_learning,
                               cleave_error *err);

/* Takes NULL. */
void clv_learning_free(struct clv_learning *learning);

/*
 * Learns a cut's tensors, or the inputs at `input`. One that cannot be learnt
 * (f64, nothing finite) is told and left out. Errors of the cut, of inputs
 * that cannot be loaded, CLEAVE_MISMATCH for a tensor whose shape depends on
 * the input, CLEAVE_MEMORY.
 */
cleave_status clv_learning_cut(struct clv_learning *learning, const char *cut,
                               cleave_error *err);

/* How many tensors were learnt. */
size_t clv_learning_count(const struct clv_learning *learning);

/* Appends the calibration file. */
cleave_status clv_learning_write(const struct clv_learning *learning,
                                 struct clv_buffer *into, cleave_error *err);

#endif
